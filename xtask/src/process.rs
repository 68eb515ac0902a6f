//! Child processes that end with their parent, however it ends: by returning, a panic, Ctrl-C or `kill -9`.
//!
//! The child's stdin is a pipe whose other end only the parent holds. A small `sh` in the child's process group
//! waits on it: when the parent is gone the kernel closes the pipe, and the `sh` kills the group. Unlike
//! `PR_SET_PDEATHSIG` this needs no `unsafe`, works on macOS, and does not depend on which *thread* started the
//! child, so a test may keep one in a `static`.

use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, kill_process_group, waitid};

/// `$0` of the shell below, to recognise it in a list of processes.
const TETHER: &str = "kafka-workshop-tether";

/// The watcher keeps no output of the child open, and becomes part of its group; `exec` makes the child's pid the
/// one that the parent started.
const WATCH_AND_EXEC: &str = r#"exec 3<&0
( read -r _ <&3; kill -KILL 0 ) >/dev/null 2>&1 &
exec "$@" </dev/null 3<&-"#;

/// The kernel stops a process when it next gives it a processor.
const STOPS_WITHIN: Duration = Duration::from_secs(120);

/// A running child that is killed, with all it started, when this is dropped or the process ends.
#[derive(Debug)]
pub struct Tethered {
    child: Child,
}

/// Where a child's stdout and stderr go.
#[derive(Debug)]
pub enum Output {
    /// Where this process's own go.
    Inherit,
    /// Both into this file.
    File(File),
}

impl Tethered {
    /// Starts `command` (program, arguments, environment, folder). Its stdin is taken over.
    pub fn spawn(command: &Command, output: Output) -> Result<Self> {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut tethered = tethered(command);
        if let Output::File(file) = output {
            let other = file.try_clone().context("sharing a log file")?;
            tethered.stdout(file).stderr(other);
        }
        let child = tethered.spawn().with_context(|| format!("starting {name}"))?;
        Ok(Self { child })
    }

    /// The child's process id, which is its process group too.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it did.
    pub fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        self.child.try_wait()
    }

    /// Waits for its end.
    pub fn wait(mut self) -> io::Result<ExitStatus> {
        // `Child::wait` would close the pipe, and the watcher take that for our end.
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Stops the child as if the machine had stalled (SIGSTOP), and waits until it has: where processors are scarce its
    /// threads go on for a while.
    pub fn pause(&self) -> Result<()> {
        kill_process(self.pid(), Signal::STOP).context("pausing the process")?;
        let deadline = Instant::now() + STOPS_WITHIN;
        let stopped = WaitIdOptions::STOPPED | WaitIdOptions::NOHANG;
        while waitid(WaitId::Pid(self.pid()), stopped).context("waiting for a paused process")?.is_none() {
            ensure!(Instant::now() < deadline, "the process does not stop, or has ended");
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }

    /// Lets a paused child go on (SIGCONT).
    pub fn resume(&self) -> Result<()> {
        kill_process(self.pid(), Signal::CONT).context("resuming the process")
    }

    /// Asks the child to end (SIGTERM), waits for `patience`, then kills it and whatever it left.
    pub fn stop(mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        // Fails when it has ended already, which is what is wanted.
        kill_process(self.pid(), Signal::TERM).ok();
        while Instant::now() < deadline && matches!(self.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the child and whatever it started (SIGKILL), and waits until it is gone.
    pub fn kill(self) {
        drop(self);
    }

    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Tethered {
    fn drop(&mut self) {
        // The watcher is in the group still, even when the child ended by itself: the id can't be another's.
        kill_process_group(self.pid(), Signal::KILL).ok();
        self.child.wait().ok();
    }
}

/// Runs `script` in a shell once this process is gone or the result is dropped, whichever comes first; `$1` is
/// `argument`. For what must be cleaned up after children that are killed.
pub fn afterwards(script: &str, argument: &str) -> Result<Afterwards> {
    let child = Command::new("sh")
        .args(["-c", &format!("read -r _; {script}"), TETHER, argument])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .context("starting sh")?;
    Ok(Afterwards { child })
}

/// What [`afterwards`] is waiting with. Dropping it runs the script and waits for its end.
#[derive(Debug)]
pub struct Afterwards {
    child: Child,
}

impl Drop for Afterwards {
    fn drop(&mut self) {
        // `wait` closes the pipe first, which is the script's signal.
        self.child.wait().ok();
    }
}

fn tethered(command: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", WATCH_AND_EXEC, TETHER]).arg(command.get_program()).args(command.get_args());
    for (key, value) in command.get_envs() {
        match value {
            Some(value) => shell.env(key, value),
            None => shell.env_remove(key),
        };
    }
    if let Some(dir) = command.get_current_dir() {
        shell.current_dir(dir);
    }
    shell.stdin(Stdio::piped()).process_group(0);
    shell
}
