//! The `tallyward` command as a process of its own: this test binary, started again.

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use cli::Exit;

const ARGUMENTS: &str = "TALLYWARD_TEST_ARGUMENTS";
/// Stands between two arguments, and in none.
const BETWEEN: char = '\u{1f}';
/// What the test harness writes to standard output ends here.
const BEGIN: &str = "\u{2}";

/// What a command said, and the code it ended with.
#[derive(Debug)]
pub struct Said {
    pub code: u8,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The command, if it ended as it should.
    #[track_caller]
    pub fn ends(self, exit: Exit) -> Self {
        assert_eq!(self.code, exit.code(), "out: {}\nerr: {}", self.out, self.err);
        self
    }

    /// The command, if standard error holds all these words.
    #[track_caller]
    pub fn tells(self, words: &[&str]) -> Self {
        for word in words {
            assert!(self.err.contains(word), "`{word}` in: {}", self.err);
        }
        self
    }

    /// Standard output as JSON.
    #[track_caller]
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.out).unwrap()
    }
}

/// Runs `tallyward` with these settings, as a script would: nobody is there to type.
pub async fn tallyward(settings: &Path, arguments: &[&str]) -> Said {
    let settings = settings.display().to_string();
    let mut all = vec!["tallyward", "--settings", &settings];
    all.extend(arguments);
    assert!(all.iter().all(|argument| !argument.contains(BETWEEN)));
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "governance::command::child", "--nocapture", "--test-threads=1"])
        .env(ARGUMENTS, all.join(&BETWEEN.to_string()))
        .stdin(Stdio::null());
    let ended = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let out = text(ended.stdout);
    let (_, out) = out.split_once(BEGIN).unwrap_or_default();
    Said { code: u8::try_from(ended.status.code().unwrap()).unwrap(), out: out.to_owned(), err: text(ended.stderr) }
}

/// Not a test of its own: what a started process runs. Without arguments it returns at once.
#[test]
fn child() {
    let Ok(arguments) = std::env::var(ARGUMENTS) else { return };
    print!("{BEGIN}");
    let ended = cli::run(arguments.split(BETWEEN).map(OsString::from));
    let all = [
        Exit::Complete,
        Exit::Internal,
        Exit::Usage,
        Exit::Refused,
        Exit::Hidden,
        Exit::Incomplete,
        Exit::Unreachable,
        Exit::Unverified,
        Exit::Narrowed,
        Exit::Interrupted,
    ];
    let exit = all.into_iter().find(|exit| ExitCode::from(*exit) == ended).unwrap();
    std::process::exit(exit.code().into());
}
