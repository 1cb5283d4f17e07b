//! When a program stops.

/// Returns on Control-C, or when the service manager asks the process to end.
///
/// Where no handler can be set the process ends at once, which the store bears.
pub async fn interrupted() {
    #[cfg(unix)]
    if let Ok(mut terminate) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = terminate.recv() => return,
            _ = tokio::signal::ctrl_c() => return,
        }
    }
    let _interrupted = tokio::signal::ctrl_c().await;
}
