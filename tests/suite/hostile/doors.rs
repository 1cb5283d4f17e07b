//! The one port: who may not come in, and what a node must not dial.

use std::sync::Arc;
use std::time::Duration;

use chrono::{Days, Utc};
use demo::region::authority::{Authority, COORDINATOR_NAME, Issued, Subject};
use demo::region::folder;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tonic::Code;
use wire::{Caller, ClientTls, Desk, DeskError, OrderId, Outcome, TlsFiles};

use super::attacker::{FalseNode, TLS_12, TLS_13, channel, client};
use super::whole::told;
use crate::world::{ANALYST, World, answer_to, logged, until, watch_log};

const LONGEST: Duration = Duration::from_secs(20);

fn analyst(name: &str) -> Subject {
    Subject::Caller(Caller::Analyst(name.parse().unwrap()))
}

fn provider(code: &str) -> Subject {
    Subject::Caller(Caller::Provider(code.parse().unwrap()))
}

/// Puts what was issued into a folder of its own, beside the world's authority.
fn put(world: &World, name: &str, issued: Issued) -> TlsFiles {
    let place = world.root().join("attackers").join(name);
    folder::write(&place.join("certificate.pem"), issued.certificate).unwrap();
    folder::write_private(&place.join("key.pem"), issued.key).unwrap();
    world.tls(&place)
}

/// Whether anything at the port answers to these files: the handshake, or the first call after it, says no.
async fn let_in(world: &World, tls: Arc<rustls::ClientConfig>) -> bool {
    let Ok(channel) = channel(world, tls).await else { return false };
    let order = OrderId::random().unwrap().to_string();
    match FalseNode::over(channel).submit(&order, Outcome::Refusal(vec![])).await {
        Ok(_) => true,
        // A word of the door's own is an answer; a broken connection is none.
        Err(status) => std::error::Error::source(&status).is_none() && status.code() != Code::Unavailable,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_comes_in_without_a_certificate_of_the_region() {
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let today = Utc::now().date_naive();
    let days = |from: u64, until: u64| (today - Days::new(from), today - Days::new(until));
    let foreign = Authority::new(today).unwrap();
    let own = world.tls(&world.folder.provider("RYA"));
    let expired = put(&world, "expired", world.authority.issue_between(&provider("RYA"), days(30, 3)).unwrap());
    let early = (today + Days::new(3), today + Days::new(30));
    let early = put(&world, "early", world.authority.issue_between(&provider("RYA"), early).unwrap());
    let stranger = put(&world, "foreign", foreign.issue(&provider("RYA")).unwrap());
    let server = world.tls(&world.folder.coordinator());
    let authority = &own.authority;
    for (what, tls) in [
        ("no certificate", client(authority, None, TLS_13, b"h2")),
        ("expired", client(authority, Some(&expired), TLS_13, b"h2")),
        ("not valid yet", client(authority, Some(&early), TLS_13, b"h2")),
        ("a foreign authority's", client(authority, Some(&stranger), TLS_13, b"h2")),
        ("the coordinator's own", client(authority, Some(&server), TLS_13, b"h2")),
        ("TLS 1.2", client(authority, Some(&own), TLS_12, b"h2")),
        ("HTTP/1.1", client(authority, Some(&own), TLS_13, b"http/1.1")),
    ] {
        assert!(!let_in(&world, tls).await, "{what} was let in");
    }
    // The same attacker with a good certificate is let in: otherwise none of the above would show anything.
    assert!(let_in(&world, client(authority, Some(&own), TLS_13, b"h2")).await);

    for bytes in
        [&b"GET / HTTP/1.1\r\n\r\n"[..], b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", &[0xff; 4096], &[0x16, 3, 1, 0xff, 0xff]]
    {
        let mut tcp = TcpStream::connect(world.address()).await.unwrap();
        let mut said = Vec::new();
        // Half a record is given some time, and no more than that.
        let talked = async {
            tcp.write_all(bytes).await?;
            tcp.read_to_end(&mut said).await
        };
        let ended = tokio::time::timeout(LONGEST, talked).await;
        assert!(ended.is_ok(), "a connection that never says who it is stays open");
        // At most a TLS alert.
        assert!(said.is_empty() || (said[0] == 0x15 && said.len() == 7), "{said:?}");
    }
    let mut desk = world.desk().await;
    assert_eq!(desk.templates().await.unwrap().templates.len(), 1);
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_door_opens_to_its_own_callers_only() {
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let unknown = put(&world, "unknown", world.authority.issue(&provider("RYZ")).unwrap());
    let analyst_files = world.tls(&world.folder.analyst());
    let stranger = put(&world, "stranger", world.authority.issue(&analyst("eve")).unwrap());

    let tls = client(&unknown.authority, Some(&unknown), TLS_13, b"h2");
    let mut node = FalseNode::over(channel(&world, tls).await.unwrap());
    let Err(status) = node.orders().await else { panic!("an unknown provider got orders") };
    assert_eq!(status.code(), Code::PermissionDenied);
    assert!(status.message().contains("`RYZ` is not on this coordinator's roster; ask its operator"), "{status:?}");

    let tls = client(&analyst_files.authority, Some(&analyst_files), TLS_13, b"h2");
    let mut node = FalseNode::over(channel(&world, tls).await.unwrap());
    let Err(status) = node.orders().await else { panic!("an analyst got orders") };
    assert_eq!(status.code(), Code::Unauthenticated);
    let id = OrderId::random().unwrap().to_string();
    assert_eq!(node.submit(&id, Outcome::Release(vec![])).await.unwrap_err().code(), Code::Unauthenticated);

    let tls = ClientTls::load(&world.tls(&world.folder.provider("RYA"))).unwrap();
    let mut desk = Desk::connect(world.address(), COORDINATOR_NAME, &tls).await.unwrap();
    for error in [
        desk.templates().await.unwrap_err(),
        desk.ask(&world.ask()).await.unwrap_err(),
        desk.runs().await.unwrap_err(),
        desk.explain(&world.ask()).await.unwrap_err(),
    ] {
        assert!(matches!(&error, DeskError::Unauthenticated(told) if told.contains("analysts' door")), "{error:?}");
    }
    let tls = ClientTls::load(&stranger).unwrap();
    let mut desk = Desk::connect(world.address(), COORDINATOR_NAME, &tls).await.unwrap();
    for error in [desk.templates().await.unwrap_err(), desk.ask(&world.ask()).await.unwrap_err()] {
        assert!(matches!(&error, DeskError::NotAllowed(told) if told.contains("ask its operator")), "{error:?}");
    }
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_provider_that_is_not_on_the_roster_is_told_what_to_do() {
    watch_log();
    let world = World::new().await;
    let place = world.folder.provider("RYA");
    world.certify(&place, &provider("RYQ"));
    let coordinator = world.start_coordinator().await;
    let node = world.start_nodes(&["RYA"]).await;
    // Its certificate names nobody whom the coordinator knows, whatever its own configuration says.
    let words = ["provider=RYA", "does not know this provider; ask its operator to put it on the roster"];
    until("the node's log says what to do", async || logged(&words).pop()).await;
    assert!(!logged(&["provider=RYQ", "not on the roster"]).is_empty());
    node.stop().await;
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_analyst_sees_no_run_of_another() {
    let world = World::new().await;
    let config = std::fs::read_to_string(world.coordinator_config()).unwrap();
    let second = "\n[[analyst]]\nname = \"eve\"\norganisation = \"Elsewhere\"\n";
    std::fs::write(world.coordinator_config(), config + second).unwrap();
    let eve = put(&world, "eve", world.authority.issue(&analyst("eve")).unwrap());
    let coordinator = world.start_coordinator().await;
    let nodes = world.start_nodes(&["RYA", "RYB", "RYC"]).await;
    let mut ada = world.desk().await;
    world.connected(&mut ada, &["RYA", "RYB", "RYC"]).await;
    let closed = answer_to(&mut ada, &wire::Ask { deadline_s: Some(1), ..world.ask() }).await.run;
    let open = ada.ask(&world.ask()).await.unwrap();
    let mut eve = Desk::connect(world.address(), COORDINATOR_NAME, &ClientTls::load(&eve).unwrap()).await.unwrap();
    let absent = wire::RunId::random().unwrap();
    let told = |error: DeskError, run: wire::RunId| match error {
        DeskError::NotFound(told) => told.replace(&run.to_string(), "RUN"),
        other => panic!("{other:?}"),
    };
    let expected = told(eve.answer(absent).await.unwrap_err(), absent);
    for run in [closed, open] {
        // Another's run reads exactly as one that never was.
        assert_eq!(told(eve.answer(run).await.unwrap_err(), run), expected);
        let Err(error) = eve.watch(run).await else { panic!("another's run was watched") };
        assert_eq!(told(error, run), expected);
    }
    assert_eq!(eve.runs().await.unwrap(), []);
    assert_eq!(ada.runs().await.unwrap().len(), 2);
    nodes.stop().await;
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_gives_nothing_to_a_false_coordinator() {
    let world = World::new().await;
    let today = Utc::now().date_naive();
    let past = (today - Days::new(30), today - Days::new(3));
    let foreign = Authority::new(today).unwrap();
    let listener = world.take_listener().unwrap();
    let node = world.start_nodes(&["RYA"]).await;
    for (what, issued) in [
        ("a foreign authority", foreign.issue(&Subject::Coordinator).unwrap()),
        ("an expired certificate", world.authority.issue_between(&Subject::Coordinator, past).unwrap()),
        ("another provider's certificate", world.authority.issue(&provider("RYB")).unwrap()),
        ("an analyst's certificate", world.authority.issue(&analyst(ANALYST)).unwrap()),
    ] {
        let chain = CertificateDer::pem_slice_iter(issued.certificate.as_bytes()).collect::<Result<_, _>>().unwrap();
        let key = PrivateKeyDer::from_pem_slice(issued.key.as_bytes()).unwrap();
        let mut tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_protocol_versions(TLS_13)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let (tcp, _) = tokio::time::timeout(LONGEST, listener.accept()).await.expect("the node dials again").unwrap();
        let shaken = tokio::time::timeout(LONGEST, TlsAcceptor::from(Arc::new(tls)).accept(tcp)).await.unwrap();
        let error = shaken.err().unwrap_or_else(|| panic!("the node accepted {what}")).to_string();
        assert!(error.contains("alert") || error.contains("Alert"), "{what}: {error}");
    }
    // TLS 1.2 with the right certificate, and no TLS at all.
    let own = world.tls(&world.folder.coordinator());
    let chain = CertificateDer::pem_file_iter(&own.certificate).unwrap().collect::<Result<_, _>>().unwrap();
    let tls = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(TLS_12)
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_file(&own.key).unwrap())
        .unwrap();
    let (tcp, _) = tokio::time::timeout(LONGEST, listener.accept()).await.unwrap().unwrap();
    assert!(TlsAcceptor::from(Arc::new(tls)).accept(tcp).await.is_err(), "the node accepted TLS 1.2");
    let (mut tcp, _) = tokio::time::timeout(LONGEST, listener.accept()).await.unwrap().unwrap();
    tcp.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    let mut said = Vec::new();
    let ended = tokio::time::timeout(LONGEST, tcp.read_to_end(&mut said)).await;
    assert!(ended.is_ok() && said[0] == 0x16, "the node goes on talking to something that is no TLS");
    node.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_out_of_date_is_told_to_its_operator() {
    let world = World::new().await;
    let today = Utc::now().date_naive();
    let past = (today - Days::new(30), today - Days::new(3));
    for (place, subject, analyst_too) in [
        (world.folder.provider("RYA"), provider("RYA"), false),
        (world.folder.coordinator(), Subject::Coordinator, false),
        (world.folder.analyst(), analyst(ANALYST), true),
    ] {
        let issued = world.authority.issue_between(&subject, past).unwrap();
        folder::write(&place.join("certificate.pem"), issued.certificate).unwrap();
        folder::write_private(&place.join("key.pem"), issued.key).unwrap();
        let told = match subject {
            _ if analyst_too => told(ClientTls::load(&world.tls(&place)).err().unwrap()),
            Subject::Coordinator => told(coordinator::Config::read(&world.coordinator_config()).unwrap_err()),
            Subject::Caller(_) => told(node::Config::read(&world.node_config("RYA")).unwrap_err()),
        };
        assert!(told.contains(&place.join("certificate.pem").display().to_string()), "{told}");
        assert!(told.contains("have a new one issued, or set the clock right"), "{told}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_that_say_nothing_are_cut_and_hold_nobody_up_for_long() {
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let began = std::time::Instant::now();
    let mut silent = Vec::new();
    for _ in 0..400 {
        silent.push(TcpStream::connect(world.address()).await.unwrap());
    }
    let mut desk = world.desk().await;
    assert_eq!(desk.templates().await.unwrap().templates.len(), 1);
    // A handshake's time for as many as may shake hands at once, another for the rest.
    assert!(began.elapsed() < Duration::from_secs(15), "{:?}", began.elapsed());
    coordinator.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_caller_cannot_take_the_places_of_the_others() {
    let world = World::new().await;
    let coordinator = world.start_coordinator().await;
    let mut open = Vec::new();
    let order = OrderId::random().unwrap().to_string();
    for _ in 0..100 {
        let mut node = FalseNode::of(&world, "RYD").await;
        if node.submit(&order, Outcome::Refusal(vec![])).await.is_ok() {
            open.push(node);
        }
    }
    assert!((1..=32).contains(&open.len()), "{} connections of one caller are open", open.len());
    // Places that are given back can be taken again.
    open.clear();
    until("there is a place again", async || {
        FalseNode::of(&world, "RYD").await.submit(&order, Outcome::Refusal(vec![])).await.ok()
    })
    .await;
    let mut desk = world.desk().await;
    assert_eq!(desk.templates().await.unwrap().templates.len(), 1);
    coordinator.stop().await;
}
