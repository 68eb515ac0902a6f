//! A program that a test runs: given input, waited for with a limit, its output shown when it disappoints.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use xtask::process::{Output, Tethered};

/// Far beyond what any of them takes, on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(300);

/// How long one that is asked to end may take.
const ENDS_WITHIN: Duration = Duration::from_secs(120);

/// The tether has the program's stdin: its input is a file, as its output.
const REDIRECT: &str = r#"dir=$1; shift; exec "$@" <"$dir/in" >"$dir/out" 2>"$dir/err""#;

/// A program that runs. It is killed when this is dropped.
pub(crate) struct Running {
    name: String,
    dir: tempfile::TempDir,
    process: Tethered,
}

/// What a program said, and how it ended.
#[derive(Debug)]
pub(crate) struct Ended {
    name: String,
    status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a program to its end, with nothing to read.
pub(crate) fn run(command: &Command) -> Ended {
    feed(command, "")
}

/// Runs a program to its end, with `input` to read.
pub(crate) fn feed(command: &Command, input: &str) -> Ended {
    start(command, input).ended()
}

/// Starts a program that reads `input`.
pub(crate) fn start(command: &Command, input: &str) -> Running {
    let dir = tempfile::tempdir().expect("a folder");
    fs::write(dir.path().join("in"), input).expect("a file");
    let mut shell = Command::new("sh");
    shell.args(["-c", REDIRECT, "sh"]).arg(dir.path()).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        shell.env(key, value.expect("a test sets variables only"));
    }
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
    }
    let own = File::create(dir.path().join("shell")).expect("a file");
    let process = Tethered::spawn(&shell, Output::File(own)).expect("a program that can be started");
    Running { name: format!("{command:?}"), dir, process }
}

impl Running {
    /// What it said by now on its stdout.
    pub(crate) fn stdout(&self) -> String {
        self.said("out")
    }

    /// What it said by now on its stderr.
    pub(crate) fn stderr(&self) -> String {
        self.said("err")
    }

    /// Waits until `holds` is true of what it has said on stdout and stderr; it must not end before.
    pub(crate) fn until(&mut self, what: &str, holds: impl Fn(&str, &str) -> bool) {
        let begin = Instant::now();
        loop {
            let ended = self.process.try_wait().expect("the state of a child");
            let (stdout, stderr) = (self.stdout(), self.stderr());
            if holds(&stdout, &stderr) {
                return;
            }
            let name = &self.name;
            assert!(ended.is_none(), "{name} ended before {what}:\n{stdout}\n{stderr}");
            assert!(begin.elapsed() < LIMIT, "{name} still without {what}:\n{stdout}\n{stderr}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Asks it to end (SIGTERM), and waits for that.
    pub(crate) fn stop(self) -> (String, String) {
        let Self { dir, process, .. } = self;
        process.stop(ENDS_WITHIN);
        (read(dir.path().join("out")), read(dir.path().join("err")))
    }

    /// Waits for its end.
    pub(crate) fn ended(mut self) -> Ended {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().expect("the state of a child") {
                break status;
            }
            let said = || format!("{}\n{}", self.stdout(), self.stderr());
            assert!(begin.elapsed() < LIMIT, "{} does not end:\n{}", self.name, said());
            thread::sleep(Duration::from_millis(20));
        };
        Ended { status, stdout: self.stdout(), stderr: self.stderr(), name: self.name }
    }

    fn said(&self, file: &str) -> String {
        read(self.dir.path().join(file))
    }
}

/// A file that the shell may not have made yet.
fn read(path: PathBuf) -> String {
    String::from_utf8_lossy(&fs::read(path).unwrap_or_default()).into_owned()
}

impl Ended {
    /// Its stdout; it must have succeeded.
    pub(crate) fn succeeded(self) -> String {
        assert!(self.status.success(), "{} failed: {self:#?}", self.name);
        self.stdout
    }

    /// All that it said; it must have failed.
    pub(crate) fn failed(self) -> String {
        assert!(!self.status.success(), "{} succeeded: {self:#?}", self.name);
        assert!(self.status.code().is_some(), "{} was killed: {self:#?}", self.name);
        self.stdout + &self.stderr
    }
}

/// The words of each line that has any.
pub(crate) fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|line| line.split_whitespace().collect())
        .filter(|row: &Vec<_>| !row.is_empty())
        .collect()
}
