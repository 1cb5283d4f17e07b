//! Accepting connections: handshakes side by side, and a bound on everything that one address or one caller can hold.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::identity::Caller;
use crate::stream::{self, Accepted};
use crate::tls::ServerTls;

/// The most open connections.
const CONNECTIONS_MAX: usize = 4096;
/// The most open connections of one caller, so that none takes the places of the others.
const CONNECTIONS_PER_CALLER_MAX: usize = 32;
/// The most connections whose handshake is under way.
pub(super) const HANDSHAKES_MAX: usize = 256;
/// The most of them from one address; beyond that its oldest gives way to its newest, so that whoever opens connections
/// and stays silent holds up nobody, not even somebody behind the same address.
const HANDSHAKES_PER_ADDRESS_MAX: usize = 128;

/// Accepts connections and finishes their handshakes side by side, so that a slow one holds nobody up.
pub(super) async fn accept(listener: TcpListener, tls: ServerTls, accepted: mpsc::Sender<io::Result<Accepted>>) {
    let handshakes = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    let open = Arc::new(Semaphore::new(CONNECTIONS_MAX));
    let callers = Arc::new(Callers::default());
    let addresses = Arc::new(Addresses::default());
    loop {
        let Ok(place) = Arc::clone(&open).acquire_owned().await else { return };
        let (tcp, address) = match listener.accept().await {
            Ok((tcp, address)) => (tcp, network(address.ip())),
            Err(error) => {
                // Out of descriptors, most likely: what is open goes on.
                tracing::warn!(kind = ?error.kind(), "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (ticket, gives_way) = addresses.enter(address);
        let Ok(handshake) = Arc::clone(&handshakes).acquire_owned().await else { return };
        let (tls, accepted) = (tls.clone(), accepted.clone());
        let (callers, addresses) = (Arc::clone(&callers), Arc::clone(&addresses));
        tokio::spawn(async move {
            let connection = tokio::select! {
                connection = stream::accept(&tls, tcp) => connection,
                _gave_way = gives_way => None,
            };
            addresses.leave(address, ticket);
            drop(handshake);
            let Some(connection) = connection else {
                tracing::debug!("a connection did not prove who it is");
                return;
            };
            let Some(own) = callers.place(connection.caller()) else {
                let caller = connection.caller().uri();
                tracing::warn!(caller, "a caller has too many connections; its newest is closed");
                return;
            };
            // Whoever holds the other end has gone with the server.
            let _gone = accepted.send(Ok(connection.holding(place).holding(own))).await;
        });
    }
}

/// What counts as one address: an IPv4 address, or an IPv6 network of 64 bits, which one subscriber has whole.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// The handshakes under way from each address, the oldest first. Dropping a sender ends the handshake.
#[derive(Default)]
struct Addresses(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    tickets: u64,
    by_address: HashMap<IpAddr, VecDeque<(u64, oneshot::Sender<()>)>>,
}

impl Addresses {
    /// Notes a handshake; what it gets resolves when the handshake must give way.
    fn enter(&self, address: IpAddr) -> (u64, oneshot::Receiver<()>) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.tickets += 1;
        let ticket = waiting.tickets;
        let (holds, gives_way) = oneshot::channel();
        let own = waiting.by_address.entry(address).or_default();
        if own.len() >= HANDSHAKES_PER_ADDRESS_MAX {
            own.pop_front();
        }
        own.push_back((ticket, holds));
        (ticket, gives_way)
    }

    /// Forgets a handshake that has ended.
    fn leave(&self, address: IpAddr, ticket: u64) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = waiting.by_address.get_mut(&address) {
            own.retain(|(entered, _)| *entered != ticket);
            if own.is_empty() {
                waiting.by_address.remove(&address);
            }
        }
    }
}

/// The places of each caller. There are as many callers as the authority has named.
#[derive(Default)]
struct Callers(Mutex<HashMap<String, Arc<Semaphore>>>);

impl Callers {
    /// One of the caller's places, if there is one left.
    fn place(&self, caller: &Caller) -> Option<OwnedSemaphorePermit> {
        let mut callers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let places =
            callers.entry(caller.uri()).or_insert_with(|| Arc::new(Semaphore::new(CONNECTIONS_PER_CALLER_MAX)));
        Arc::clone(places).try_acquire_owned().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_silent_connection_of_an_address_gives_way_and_no_other() {
        let addresses = Addresses::default();
        let (one, other) = (network("10.0.0.1".parse().unwrap()), network("10.0.0.2".parse().unwrap()));
        let (_, mut foreign) = addresses.enter(other);
        let mut silent: Vec<_> = (0..=HANDSHAKES_PER_ADDRESS_MAX).map(|_| addresses.enter(one)).collect();
        assert!(matches!(silent[0].1.try_recv(), Err(oneshot::error::TryRecvError::Closed)));
        for waiting in silent.iter_mut().skip(1).map(|(_, waiting)| waiting).chain([&mut foreign]) {
            assert!(matches!(waiting.try_recv(), Err(oneshot::error::TryRecvError::Empty)));
        }
        for (ticket, _) in &silent {
            addresses.leave(one, *ticket);
        }
        assert_eq!(addresses.0.lock().unwrap().by_address.len(), 1, "only the other address is remembered");
    }

    #[test]
    fn an_ipv6_network_counts_as_one_address() {
        let same = |a: &str, b: &str| network(a.parse().unwrap()) == network(b.parse().unwrap());
        assert!(same("2001:db8::1", "2001:db8::ffff:2"));
        assert!(!same("2001:db8:0:1::1", "2001:db8:0:2::1"));
        assert!(same("::ffff:10.0.0.1", "10.0.0.1"));
    }
}
