//! Real processes: this test binary, started again as a node or as a coordinator, which kills itself at a named step.

use std::fs::File;
use std::io::Read as _;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::until;

const CONFIGS: &str = "TALLYWARD_TEST_CONFIGS";
const KILL: &str = "TALLYWARD_TEST_KILL";
const ROLE: &str = "TALLYWARD_TEST_ROLE";

/// What a process is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    Node,
    Coordinator,
}

impl Role {
    const fn name(self) -> &'static str {
        match self {
            Self::Node => "node",
            Self::Coordinator => "coordinator",
        }
    }
}

/// The step, by name, at whose n-th passing a process kills itself.
#[derive(Clone, Copy, Debug)]
pub struct At(pub &'static str, pub u32);

/// A process that ends with its handle.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Process {
    /// Starts a coordinator, or nodes in one process, on configurations.
    pub fn start(role: Role, configs: &[PathBuf], kill: Option<At>) -> Self {
        let log = configs[0].with_extension("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        command
            .args(["--exact", "kill::process::child", "--nocapture", "--test-threads=1"])
            .env(ROLE, role.name())
            .env(CONFIGS, std::env::join_paths(configs).unwrap())
            .env_remove(KILL)
            // The child ends when this end of the pipe does, so that a test that is itself killed leaves nothing behind.
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(file);
        if let Some(At(step, nth)) = kill {
            command.env(KILL, format!("{step}:{nth}"));
        }
        Self { child: command.spawn().unwrap(), log }
    }

    /// Ends the process as a power cut would, whatever it is doing.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits until the process has killed itself.
    pub async fn killed_itself(&mut self, what: &str) {
        let status = self.ended(what).await;
        assert_eq!(status.signal(), Some(libc::SIGKILL), "{what}: {status}\n{}", self.log());
    }

    /// Waits until the process has ended.
    pub async fn ended(&mut self, what: &str) -> ExitStatus {
        until(&format!("the process to end: {what}"), async || self.child.try_wait().unwrap()).await
    }

    /// Whether the process runs still.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// What the processes on this configuration have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ended = self.child.kill();
        let _status = self.child.wait();
    }
}

/// Not a test of its own: what a started process runs. Without a role it returns at once.
#[test]
fn child() {
    let Ok(role) = std::env::var(ROLE) else { return };
    tracing_subscriber::fmt()
        .with_env_filter("warn,node=info,coordinator=info")
        .with_ansi(false)
        .with_writer(std::io::stderr)
        .init();
    let configs = std::env::var_os(CONFIGS).unwrap();
    let configs: Vec<PathBuf> = std::env::split_paths(&configs).collect();
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        // The pipe ends with the test that holds the other end.
        let _ended = std::io::stdin().read_to_end(&mut nothing);
        std::process::exit(2);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let ended = match role.as_str() {
        "node" => runtime.block_on(run_nodes(&configs)),
        _ => runtime.block_on(run_coordinator(&configs[0])),
    };
    if let Err(error) = ended {
        eprintln!("{error:#}");
    }
    std::process::exit(1);
}

async fn run_nodes(configs: &[PathBuf]) -> anyhow::Result<()> {
    let steps: Arc<dyn node::Steps> = Arc::new(Killing::from_environment());
    let configs = configs.iter().map(|config| node::Config::read(config)).collect::<Result<_, _>>()?;
    let providers = node::open_all(configs, &steps)?;
    Ok(node::serve(providers, std::future::pending()).await?)
}

async fn run_coordinator(config: &Path) -> anyhow::Result<()> {
    let coordinator = coordinator::Coordinator::open(coordinator::Config::read(config)?, Killing::from_environment())?;
    let listener = tokio::net::TcpListener::bind(coordinator.config().listen).await?;
    Ok(coordinator::serve(coordinator, listener, std::future::pending()).await?)
}

/// Kills its own process at a step.
struct Killing {
    step: String,
    left: AtomicU32,
}

impl Killing {
    fn from_environment() -> Self {
        let kill = std::env::var(KILL).unwrap_or_default();
        let (step, nth) = kill.split_once(':').unwrap_or_default();
        Self { step: step.to_owned(), left: AtomicU32::new(nth.parse().unwrap_or(0)) }
    }

    fn at(&self, step: &str) {
        if self.step == step && self.left.fetch_sub(1, Ordering::SeqCst) == 1 {
            kill_this_process();
        }
    }
}

impl node::Steps for Killing {
    fn at(&self, step: node::Step) {
        self.at(step.name());
    }
}

impl coordinator::Steps for Killing {
    fn at(&self, step: coordinator::Step) {
        self.at(step.name());
    }
}

#[expect(unsafe_code, reason = "a process can end itself without any cleaning up in no other way")]
fn kill_this_process() -> ! {
    // SAFETY: both calls take and give plain integers; the signal cannot be caught.
    unsafe {
        libc::kill(libc::getpid(), libc::SIGKILL);
    }
    loop {
        std::thread::park();
    }
}
