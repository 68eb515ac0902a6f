//! Kafka's classes as the JVM has them in memory (JEP 350, a dynamic archive for class data sharing), kept beside the
//! jars. With it a node starts with a third of the processor time: 1 s instead of 3 s.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result};

use super::Installation;
use super::node::{Common, Node, Role};
use super::ports::free_ports;

/// The JVM writes the archive, 50 MB, while it ends.
const WRITTEN_WITHIN: Duration = Duration::from_secs(600);

impl Installation {
    /// Whether nodes start as quickly as they can; see [`Self::prepare`].
    pub fn is_prepared(&self) -> bool {
        self.archive().is_file()
    }

    /// Makes the next starts quicker, at the cost of one start now. A JVM that can't share classes is left as it is.
    pub fn prepare(&self) -> Result<()> {
        if self.is_prepared() {
            return Ok(());
        }
        let scratch = tempfile::tempdir_in(self.home()).context("creating a folder beside Kafka's jars")?;
        let new = scratch.path().join("classes.jsa");
        let ports = free_ports(2)?;
        let common = Common { controller_id: 1, controller_port: ports[0], brokers: 1, settings: Vec::new() };
        let mut node = Node::create(self, scratch.path(), 1, Role::Combined { port: ports[1] }, &common)?;
        node.start(self, &[format!("-XX:ArchiveClassesAtExit={}", new.display())])?;
        node.wait_ready()?;
        if let Some(process) = node.take_process() {
            process.stop(WRITTEN_WITHIN);
        }
        if !new.is_file() {
            // Nothing to share: an empty file says not to try again.
            fs::write(&new, "")?;
        }
        fs::rename(new, self.archive()).context("keeping Kafka's classes")
    }

    /// What makes a JVM use the archive, if there is one.
    pub(super) fn sharing_flags(&self) -> Vec<String> {
        let archive = self.archive();
        let has_content = fs::metadata(&archive).is_ok_and(|file| file.len() > 0);
        if has_content { vec![format!("-XX:SharedArchiveFile={}", archive.display())] } else { Vec::new() }
    }

    /// One for each Java: none takes another's.
    fn archive(&self) -> PathBuf {
        self.home().join(format!("classes-{}.jsa", self.java_version()))
    }
}
