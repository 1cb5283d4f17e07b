//! The program itself, told by a signal to read again what lies in its folder.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use template::ProviderKind;
use wire::{Caller, ClientTls, Desk};

use crate::region::{Node, Region, TEMPLATE, ada, ask};

/// A program that ends with its handle.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.0.kill();
        let _status = self.0.wait();
    }
}

impl Program {
    fn told(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.0.id().to_string()]).status().unwrap();
        assert!(status.success());
    }
}

/// Looks at a condition until it holds.
async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited too long until {what}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_makes_it_read_roster_and_templates_again() {
    let mut region = Region::governed(3);
    // Whoever takes the port in between makes the program end, and the test fail, and nothing worse.
    let address = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let config = region.path("coordinator.toml");
    let text = std::fs::read_to_string(&config).unwrap().replace("127.0.0.1:0", &address);
    std::fs::write(&config, text).unwrap();
    let log = std::fs::File::create(region.path("program.log")).unwrap();
    let program = Program(
        Command::new(env!("CARGO_BIN_EXE_tallyward-coordinator"))
            .arg("serve")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap(),
    );
    let tls = ClientTls::load(&region.enrol(&Caller::Analyst(ada()))).unwrap();
    let mut desk =
        until("the program serves", async || Desk::connect(&address, "coordinator.example", &tls).await.ok()).await;
    let sites =
        |explained: wire::Explanation| explained.sites.iter().map(|s| s.provider.to_string()).collect::<Vec<_>>();
    assert_eq!(desk.templates().await.unwrap().templates.len(), 1);
    assert_eq!(sites(desk.explain(&ask()).await.unwrap()).len(), 3);

    region.nodes.push(Node::new("RZ77", ProviderKind::Hospital));
    region.write_roster();
    region.approve("second", &TEMPLATE.replace("id = \"emergency-stays\"", "id = \"more-stays\""));
    assert_eq!(desk.templates().await.unwrap().templates.len(), 1, "nobody told it");
    program.told("-HUP");
    until("it has read again", async || (desk.templates().await.unwrap().templates.len() == 2).then_some(())).await;
    let known = sites(desk.explain(&ask()).await.unwrap());
    assert_eq!((known.len(), known.last().map(String::as_str)), (4, Some("RZ77")));

    // A roster that cannot be read leaves what was there, and says so; the next good one counts again.
    std::fs::write(region.path("roster.toml"), "[[provider]]\ncode = \"RZ00\"").unwrap();
    program.told("-HUP");
    let told = until("it says that it could not", async || {
        let log = std::fs::read_to_string(region.path("program.log")).unwrap();
        log.contains("what was there stays").then_some(log)
    })
    .await;
    assert!(told.contains("roster.toml"), "{told}");
    assert_eq!(sites(desk.explain(&ask()).await.unwrap()).len(), 4);
    region.nodes.pop();
    region.write_roster();
    program.told("-HUP");
    until("the roster is the first again", async || {
        (sites(desk.explain(&ask()).await.unwrap()).len() == 3).then_some(())
    })
    .await;
}
