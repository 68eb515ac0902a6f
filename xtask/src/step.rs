//! Steps that take a while, one after another: each says what it does, how it goes on, how long it took, and what
//! is left. What its programs say goes to a log, whose end is shown when it fails.

use std::fs::{self, File};
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use xtask::process::{Output, Tethered};

use crate::workspace;

/// How many of a log's last lines a failure shows.
const TAIL_LINES: usize = 30;

/// How often a step that runs on says so where there is no terminal to rewrite a line in.
const SAY_EVERY: Duration = Duration::from_secs(30);

/// How long to wait before something is fetched again.
const PAUSES: [Duration; 2] = [Duration::from_secs(2), Duration::from_secs(10)];

/// One thing to do. A step exists only when it has to be done.
pub(crate) struct Step {
    title: String,
    estimate: Duration,
    action: Action,
    optional: bool,
}

type Action = Box<dyn FnOnce(&Log) -> Result<()>>;

impl Step {
    /// `title` reads as in "Building Trunk"; `estimate` is what it takes on two cores.
    pub(crate) fn new(
        title: impl Into<String>,
        estimate: Duration,
        action: impl FnOnce(&Log) -> Result<()> + 'static,
    ) -> Self {
        Self { title: title.into(), estimate, action: Box::new(action), optional: false }
    }

    /// The same step, whose failure is said and stops nothing.
    pub(crate) fn optional(self) -> Self {
        Self { optional: true, ..self }
    }
}

/// Does the steps in their order, until one fails that is not optional.
pub(crate) fn run_all(steps: Vec<Step>) -> Result<()> {
    let count = steps.len();
    let mut left: Duration = steps.iter().map(|step| step.estimate).sum();
    for (number, step) in (1..).zip(steps) {
        println!("[{number}/{count}] {}{}…", step.title, about(step.estimate));
        let log = Log::create(&slug(&step.title))?;
        let start = Instant::now();
        let done = (step.action)(&log).with_context(|| format!("{} failed", step.title));
        left = left.saturating_sub(step.estimate);
        let rest = match count - number {
            0 => String::new(),
            steps => format!("; {steps} left{}", about(left)),
        };
        match done {
            Ok(()) => println!("      done in {}{rest}", words(start.elapsed())),
            Err(error) if step.optional => println!("Note: {error:#}\n      going on without it{rest}"),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Where a step's programs write.
pub(crate) struct Log {
    path: PathBuf,
}

impl Log {
    /// An empty one. What a step's programs say comes into it one after the other.
    fn create(name: &str) -> Result<Self> {
        let path = workspace::target().join("xtask").join(format!("{name}.log"));
        fs::create_dir_all(path.parent().context("a log has a folder")?)?;
        File::create(&path).with_context(|| format!("creating {}", path.display()))?;
        Ok(Self { path })
    }

    /// Runs a program to its end, showing how it goes on; its failure is an error with the end of what it said.
    pub(crate) fn run(&self, command: &Command) -> Result<()> {
        self.run_within(command, None)
    }

    /// As [`Self::run_within`] for a program that fetches something: where it fails it is run again, soon and then once
    /// more, as what it talks to may have a bad moment. All that within `limit`.
    pub(crate) fn fetch(&self, command: &Command, limit: Option<Duration>) -> Result<()> {
        let start = Instant::now();
        for pause in PAUSES {
            let left = limit.map(|limit| limit.saturating_sub(start.elapsed()));
            let Err(error) = self.run_within(command, left) else { return Ok(()) };
            if limit.is_some_and(|limit| start.elapsed() + pause > limit) {
                return Err(error);
            }
            println!("      failed; trying again");
            thread::sleep(pause);
        }
        self.run_within(command, limit.map(|limit| limit.saturating_sub(start.elapsed())))
    }

    /// As [`Self::run`], and kills the program after `limit`.
    pub(crate) fn run_within(&self, command: &Command, limit: Option<Duration>) -> Result<()> {
        let name =
            Path::new(command.get_program()).file_name().unwrap_or_default().to_string_lossy().into_owned();
        let file = File::options().append(true).open(&self.path);
        let file = file.with_context(|| format!("opening {}", self.path.display()))?;
        let mut child = Tethered::spawn(command, Output::File(file))?;
        let mut progress = Progress::new();
        let status = loop {
            if let Some(status) = child.try_wait()? {
                break status;
            }
            if limit.is_some_and(|limit| progress.start.elapsed() > limit) {
                progress.clear();
                bail!("`{name}` did not end within {}", words(progress.start.elapsed()));
            }
            progress.say(&name, &self.path);
            thread::sleep(Duration::from_millis(100));
        };
        progress.clear();
        if !status.success() {
            bail!("`{name}` failed ({status}). The end of {}:\n{}", self.path.display(), tail(&self.path));
        }
        Ok(())
    }
}

struct Progress {
    start: Instant,
    said: Instant,
    terminal: bool,
}

impl Progress {
    fn new() -> Self {
        Self { start: Instant::now(), said: Instant::now(), terminal: io::stdout().is_terminal() }
    }

    fn say(&mut self, program: &str, log: &Path) {
        let every = if self.terminal { Duration::from_secs(1) } else { SAY_EVERY };
        if self.said.elapsed() < every {
            return;
        }
        self.said = Instant::now();
        let now = format!("      {}{}", words(self.start.elapsed()), doing(program, log));
        let now: String = now.chars().take(100).collect();
        if self.terminal {
            print!("\r\x1b[2K{now}");
            io::stdout().flush().ok();
        } else {
            println!("{now}");
        }
    }

    fn clear(&self) {
        if self.terminal {
            print!("\r\x1b[2K");
            io::stdout().flush().ok();
        }
    }
}

/// What the last line of a log says, and how many crates cargo has compiled by now; else what runs.
fn doing(program: &str, log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let crates = said.lines().filter(|line| line.trim_start().starts_with("Compiling ")).count();
    let last = said.lines().rev().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let crates = if crates == 0 { String::new() } else { format!(", {crates} crates") };
    format!("{crates}: {}", if last.is_empty() { program } else { last })
}

fn tail(log: &Path) -> String {
    let said = fs::read(log).unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    let lines: Vec<_> = said.lines().collect();
    lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
}

/// ` (about 2 min)`, or nothing for what takes seconds.
fn about(estimate: Duration) -> String {
    match estimate.as_secs() {
        0..=9 => String::new(),
        seconds @ 10..=50 => format!(" (about {seconds} s)"),
        seconds => format!(" (about {} min)", seconds.div_ceil(60)),
    }
}

/// A duration as a person says it.
pub(crate) fn words(duration: Duration) -> String {
    match duration.as_secs() {
        0..=9 => format!("{:.1} s", duration.as_secs_f32()),
        seconds @ 10..=59 => format!("{seconds} s"),
        seconds => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

fn slug(title: &str) -> String {
    let words = title.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("-").to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_said_in_the_unit_that_matters() {
        assert_eq!(words(Duration::from_millis(1234)), "1.2 s");
        assert_eq!(words(Duration::from_secs(59)), "59 s");
        assert_eq!(words(Duration::from_secs(102)), "1 min 42 s");
        assert_eq!(about(Duration::from_secs(5)), "");
        assert_eq!(about(Duration::from_secs(100)), " (about 2 min)");
    }

    #[test]
    fn a_title_names_its_log() {
        assert_eq!(slug("Building wasm-bindgen-cli 0.2.130"), "building-wasm-bindgen-cli-0-2-130");
    }
}
