//! `cargo bench -p tests --bench region`: how long a question to 108 idle nodes takes, and where the time goes.
//!
//! `-- --people N --times N` changes the size.
#![expect(clippy::unwrap_used, reason = "a benchmark stops at the first surprise")]

use std::time::{Duration, Instant};

use demo::region::{self, Silence, Spec};
use futures::StreamExt as _;
use tokio::net::TcpListener;
use wire::{Ask, ClientTls, Desk, ParameterValue, SiteOutcome};

#[tokio::main]
async fn main() {
    let (people, times) = size();
    let folder = tempfile::tempdir().unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let spec = Spec { dir: folder.path().join("region"), people, seed: 2013 };
    let began = Instant::now();
    let prepared = region::prepare(&spec, &address, &Silence).unwrap();
    line("the region made", began.elapsed());
    let began = Instant::now();
    let running = region::start(&prepared, listener, &[]).await.unwrap();
    running.connected(Duration::from_secs(60)).await;
    line("coordinator and 108 nodes started, connected", began.elapsed());

    let settings = cli::Settings::read(&prepared.folder.analyst().join("tallyward.toml")).unwrap();
    let tls = ClientTls::load(&settings.tls).unwrap();
    let mut desk = Desk::connect(&settings.coordinator, &settings.server_name, &tls).await.unwrap();
    let mut cold = Vec::new();
    let mut again = Vec::new();
    for time in 0..times {
        // Another first month is another question; the same one is answered from the ledgers.
        let from = format!("2023-{:02}", 4 + time % 9);
        cold.push(ask(&mut desk, &settings.signing, &from).await);
        again.push(ask(&mut desk, &settings.signing, &from).await);
    }
    for (name, of) in [
        ("asked: bound, 108 orders signed and stored", (|t: &Times| t.asked) as fn(&Times) -> Duration),
        ("first release verified and stored", |t| t.first),
        ("last release verified and stored", |t| t.last),
        ("answer combined and fetched", |t| t.answered),
    ] {
        line(&format!("a new question: {name}"), median(&cold, of));
    }
    line("the same question again: answer fetched", median(&again, |t| t.answered));
    running.stop().await;
}

/// From the start of one question.
struct Times {
    asked: Duration,
    first: Duration,
    last: Duration,
    answered: Duration,
}

async fn ask(desk: &mut Desk, signing: &cli::Signing, from: &str) -> Times {
    let parameter = |name: &str, value: &str| ParameterValue { name: name.to_owned(), value: value.to_owned() };
    let ask = Ask {
        template: "long-term-condition-cost".to_owned(),
        version: None,
        parameters: vec![parameter("from", from), parameter("to", "2025-03")],
        purpose: "Measure".to_owned(),
        deadline_s: Some(60),
        grouping: None,
    };
    let began = Instant::now();
    let run = cli::ask(desk, signing, &ask).await.unwrap();
    let asked = began.elapsed();
    let mut progress = desk.watch(run).await.unwrap();
    let (mut first, mut last) = (Duration::ZERO, Duration::ZERO);
    while let Some(step) = progress.next().await {
        let step = step.unwrap();
        if step.released > 0 && first.is_zero() {
            first = began.elapsed();
        }
        last = began.elapsed();
    }
    let answer = desk.answer(run).await.unwrap();
    assert!(answer.sites.iter().all(|site| site.outcome == SiteOutcome::Released));
    assert_eq!(answer.sites.len(), 108);
    Times { asked, first, last, answered: began.elapsed() }
}

fn size() -> (u32, usize) {
    let (mut people, mut times) = (500_000, 5);
    let arguments: Vec<String> = std::env::args().collect();
    for pair in arguments.windows(2) {
        match pair[0].as_str() {
            "--people" => people = pair[1].parse().unwrap(),
            "--times" => times = pair[1].parse().unwrap(),
            _ => {}
        }
    }
    (people, times)
}

fn median(times: &[Times], of: impl Fn(&Times) -> Duration) -> Duration {
    let mut sorted: Vec<Duration> = times.iter().map(of).collect();
    sorted.sort();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

fn line(what: &str, time: Duration) {
    println!("{what:64} {:>8.3} s", time.as_secs_f64());
}
