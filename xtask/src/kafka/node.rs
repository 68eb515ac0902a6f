//! One process of Kafka: its settings, its log, starting it and waiting until it is ready.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::{Installation, storage};
use crate::process::{Output, Tethered};

/// Kafka's own line when a broker is registered, unfenced and answers, or a controller runs.
const READY: &str = "Kafka Server started";

/// 5 s where nothing else runs; a slow machine that starts several at once and compiles meanwhile takes much longer.
const READY_WITHIN: Duration = Duration::from_secs(600);

/// What a node says whose port another process took before it did.
const TAKEN: &str = "java.net.BindException";

/// How much of the log a failure shows.
const TAIL_LINES: usize = 25;

const LOG4J: &str = "\
status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
# Else each start prints hundreds of settings.
logger.config.name = org.apache.kafka.common.config
logger.config.level = warn
";

/// What a node does. Its id and ports are chosen once, so that a restarted one is the same to its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Combined { port: u16 },
    Broker { port: u16 },
    Controller,
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: u32,
    role: Role,
    dir: PathBuf,
    process: Option<Tethered>,
    /// Where the log of the present run begins: an earlier run was ready too.
    log_start: u64,
    started: Instant,
}

/// What all nodes of a cluster have in common.
#[derive(Debug)]
pub(super) struct Common {
    pub(super) controller_id: u32,
    pub(super) controller_port: u16,
    pub(super) brokers: usize,
    /// Settings on top of those below, which they override.
    pub(super) settings: Vec<(String, String)>,
}

impl Node {
    /// Writes the node's settings into a new folder in `parent` and formats its storage there.
    pub(super) fn create(
        installation: &Installation,
        parent: &Path,
        id: u32,
        role: Role,
        common: &Common,
    ) -> Result<Self> {
        let dir = parent.join(format!("node-{id}"));
        fs::create_dir(&dir).with_context(|| format!("creating {}", dir.display()))?;
        fs::write(dir.join("log4j2.properties"), LOG4J)?;
        fs::write(dir.join("server.properties"), properties(&settings(id, role, &dir, common)))?;
        storage::format(installation, &dir.join("data"), id)?;
        Ok(Self { id, role, dir, process: None, log_start: 0, started: Instant::now() })
    }

    /// Starts the process, with these flags for its JVM besides the usual ones, and returns at once.
    pub(super) fn start(&mut self, installation: &Installation, flags: &[String]) -> Result<()> {
        let log = File::options().create(true).append(true).open(self.log())?;
        self.log_start = log.metadata()?.len();
        let mut command = installation.command("kafka.Kafka", &[&self.jvm_flags(), flags].concat());
        command.arg(self.dir.join("server.properties")).current_dir(&self.dir);
        self.started = Instant::now();
        self.process = Some(Tethered::spawn(&command, Output::File(log))?);
        Ok(())
    }

    /// Whether the node takes part and answers by now; an error when it ended or takes too long.
    pub(super) fn is_ready(&mut self) -> Result<bool> {
        if self.present_log()?.contains(READY) {
            return Ok(true);
        }
        if let Some(ended) = self.ended()? {
            bail!("{} ended while starting ({ended}). The end of its log:\n{}", self.name(), self.log_tail());
        }
        if self.started.elapsed() > READY_WITHIN {
            let seconds = READY_WITHIN.as_secs();
            bail!(
                "{} was not ready within {seconds} s. The end of its log:\n{}",
                self.name(),
                self.log_tail()
            );
        }
        Ok(false)
    }

    /// Waits until the node takes part and answers.
    pub(super) fn wait_ready(&mut self) -> Result<()> {
        while !self.is_ready()? {
            thread::sleep(Duration::from_millis(50));
        }
        Ok(())
    }

    /// Whether it ended because another process has its port.
    pub(super) fn lost_its_port(&mut self) -> bool {
        self.ended().is_ok_and(|ended| ended.is_some())
            && self.present_log().is_ok_and(|log| log.contains(TAKEN))
    }

    /// The running process, if it is meant to run.
    pub(super) fn process(&self) -> Option<&Tethered> {
        self.process.as_ref()
    }

    /// Takes the process out, to be ended.
    pub(super) fn take_process(&mut self) -> Option<Tethered> {
        self.process.take()
    }

    /// How the process ended, when it did so by itself.
    pub(super) fn ended(&mut self) -> Result<Option<std::process::ExitStatus>> {
        match &mut self.process {
            Some(process) => process.try_wait().context("asking for Kafka's state"),
            None => Ok(None),
        }
    }

    pub(super) fn name(&self) -> String {
        match self.role {
            Role::Combined { .. } => "Apache Kafka".to_owned(),
            Role::Broker { .. } => format!("broker {}", self.id),
            Role::Controller => "the controller".to_owned(),
        }
    }

    /// The last lines of the present run's log.
    pub(super) fn log_tail(&self) -> String {
        let log = self.present_log().unwrap_or_default();
        let lines: Vec<_> = log.lines().collect();
        lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n")
    }

    /// Small and quick to start, rather than fast for days.
    fn jvm_flags(&self) -> Vec<String> {
        let log4j = format!("-Dlog4j2.configurationFile={}", self.dir.join("log4j2.properties").display());
        [
            "-Xmx384m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:-UsePerfData",
            "-Djava.awt.headless=true",
            &log4j,
        ]
        .map(str::to_owned)
        .to_vec()
    }

    fn log(&self) -> PathBuf {
        self.dir.join("server.log")
    }

    fn present_log(&self) -> Result<String> {
        let mut file = File::open(self.log()).context("opening Kafka's log")?;
        file.seek(SeekFrom::Start(self.log_start))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }
}

/// Where a lesson would wait for a default that suits a data centre, it is shorter; and no topic of Kafka's own has
/// more replicas than there are brokers.
pub fn suited_settings(brokers: usize) -> Vec<(String, String)> {
    let replicas = brokers.min(3).to_string();
    [
        ("offsets.topic.replication.factor", replicas.as_str()),
        ("transaction.state.log.replication.factor", &replicas),
        ("transaction.state.log.min.isr", "1"),
        ("share.coordinator.state.topic.replication.factor", &replicas),
        ("share.coordinator.state.topic.min.isr", "1"),
        // Fifty partitions each are slow to create and to load for the first consumer, on a laptop.
        ("offsets.topic.num.partitions", "8"),
        ("transaction.state.log.num.partitions", "8"),
        ("share.coordinator.state.topic.num.partitions", "8"),
        ("group.initial.rebalance.delay.ms", "0"),
        // Lessons on compaction and retention look at what was removed.
        ("log.cleaner.backoff.ms", "1000"),
        ("log.cleaner.dedupe.buffer.size", "4194304"),
        ("log.retention.check.interval.ms", "5000"),
        ("log.initial.task.delay.ms", "1000"),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec()
}

/// The settings of a node, in the order of its file.
fn settings(id: u32, role: Role, dir: &Path, common: &Common) -> Vec<(String, String)> {
    let controller = format!("127.0.0.1:{}", common.controller_port);
    let broker = |port: u16| format!("PLAINTEXT://127.0.0.1:{port}");
    let (roles, listeners, advertised) = match role {
        Role::Combined { port } => {
            ("broker,controller", format!("{},CONTROLLER://{controller}", broker(port)), Some(broker(port)))
        }
        Role::Broker { port } => ("broker", broker(port), Some(broker(port))),
        Role::Controller => ("controller", format!("CONTROLLER://{controller}"), None),
    };
    let mut settings: Vec<(String, String)> = [
        ("process.roles", roles),
        ("node.id", &id.to_string()),
        ("controller.quorum.voters", &format!("{}@{controller}", common.controller_id)),
        ("controller.listener.names", "CONTROLLER"),
        ("listener.security.protocol.map", "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT"),
        ("listeners", &listeners),
        ("log.dirs", &dir.join("data").display().to_string()),
    ]
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .to_vec();
    settings.extend(suited_settings(common.brokers));
    if let Some(advertised) = advertised {
        settings.push(("advertised.listeners".to_owned(), advertised));
    }
    for (key, value) in &common.settings {
        settings.retain(|(present, _)| present != key);
        settings.push((key.clone(), value.clone()));
    }
    settings
}

/// A Java properties file.
fn properties(settings: &[(String, String)]) -> String {
    settings.iter().map(|(key, value)| format!("{key}={}\n", value.replace('\\', "\\\\"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn common(brokers: usize, settings: &[(&str, &str)]) -> Common {
        Common {
            controller_id: 100,
            controller_port: 9093,
            brokers,
            settings: settings.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        }
    }

    fn file(role: Role, common: &Common) -> String {
        properties(&settings(1, role, Path::new("/tmp/it"), common))
    }

    #[test]
    fn one_node_is_broker_and_controller_on_loopback() {
        let file = file(Role::Combined { port: 9092 }, &common(1, &[]));
        assert!(file.contains("process.roles=broker,controller\n"));
        assert!(file.contains("listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093\n"));
        assert!(file.contains("offsets.topic.replication.factor=1\n"));
    }

    #[test]
    fn a_controller_advertises_nothing_to_clients() {
        let file = file(Role::Controller, &common(3, &[]));
        assert!(file.contains("listeners=CONTROLLER://127.0.0.1:9093\n"));
        assert!(!file.contains("advertised"));
    }

    #[test]
    fn a_setting_of_the_caller_replaces_ours() {
        let file =
            file(Role::Broker { port: 9092 }, &common(5, &[("offsets.topic.replication.factor", "2")]));
        let lines: Vec<_> =
            file.lines().filter(|line| line.starts_with("offsets.topic.replication")).collect();
        assert_eq!(lines, ["offsets.topic.replication.factor=2"]);
    }

    #[test]
    fn a_backslash_survives_the_properties_file() {
        assert_eq!(properties(&[("a".to_owned(), r"C:\x".to_owned())]), "a=C:\\\\x\n");
    }
}
