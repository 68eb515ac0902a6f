//! Apache Kafka's jars: found in the cache, else fetched from Maven Central by Maven. Whether this machine can run
//! them.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fmt};

use anyhow::{Context, Result, bail};

use super::VERSION;
use crate::cache;
use crate::process::{Output, Tethered};

/// The oldest Java that Kafka's brokers run on.
const OLDEST_JAVA: u32 = 17;

/// What Maven copies, with everything these need. The second has the command-line tools, the third lets Kafka log.
const ARTIFACTS: [(&str, &str, &str); 3] = [
    ("org.apache.kafka", "kafka_2.13", VERSION),
    ("org.apache.kafka", "kafka-tools", VERSION),
    ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4"),
];

/// A Java and the jars of Kafka: what a [`super::Cluster`] is started with.
#[derive(Clone, Debug)]
pub struct Installation {
    java: PathBuf,
    /// As in `17.0.15`.
    java_version: String,
    home: PathBuf,
}

/// Why this machine can't run Apache Kafka. Its text ends with the ways out.
#[derive(Debug)]
pub enum Missing {
    /// No Java, or one that is too old.
    Java(String),
    /// Kafka's jars are not in the cache yet, and there is no Maven to fetch them.
    Maven,
}

impl std::error::Error for Missing {}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Java(found) => {
                writeln!(f, "Apache Kafka {VERSION} needs Java {OLDEST_JAVA} or newer, and {found}.")?;
            }
            Self::Maven => {
                writeln!(
                    f,
                    "Fetching Apache Kafka {VERSION} needs Maven, and there is no `mvn` on the PATH."
                )?;
            }
        }
        write!(
            f,
            "Either install both (Debian, Ubuntu: `apt-get install default-jre-headless maven`; macOS: `brew install \
             openjdk maven`), or name a Kafka that runs already: `--bootstrap-servers HOST:PORT` or \
             KAFKA_BOOTSTRAP_SERVERS."
        )
    }
}

impl Installation {
    /// The installation, when its jars are in the cache. `Err` only when this machine has no Java for it.
    pub fn find() -> Result<Option<Self>> {
        let (java, java_version) = find_java()?;
        let home = home()?;
        // The pom is what was asked for: a different one means that other jars are there.
        let complete = fs::read_to_string(home.join("pom.xml")).is_ok_and(|present| present == pom());
        Ok(complete.then_some(Self { java, java_version, home }))
    }

    /// The installation, fetching the jars (55 MB) when they are not in the cache: a minute. Errors that
    /// are a [`Missing`] say that this machine can't.
    pub fn find_or_fetch() -> Result<Self> {
        Self::find_or_fetch_by(run_quietly)
    }

    /// The same; `run` runs Maven to its end, and may show how it goes on.
    pub fn find_or_fetch_by(run: impl FnOnce(&Command) -> Result<()>) -> Result<Self> {
        if let Some(found) = Self::find()? {
            return Ok(found);
        }
        if Command::new("mvn").arg("--version").output().is_err() {
            bail!(Missing::Maven);
        }
        let _lock = cache::lock(&format!("kafka-{VERSION}"))?;
        // Whoever had the lock may have fetched it.
        if let Some(found) = Self::find()? {
            return Ok(found);
        }
        fetch(&home()?, run)?;
        let fetched = Self::find()?.context("Kafka's jars were fetched but are not there")?;
        fetched.prepare()?;
        Ok(fetched)
    }

    /// A command that runs `class` of Kafka's jars.
    pub fn command(&self, class: &str, jvm_flags: &[String]) -> Command {
        let class_path = self.home.join("lib/*");
        let mut command = Command::new(&self.java);
        command.args(jvm_flags).arg("-cp").arg(class_path).arg(class);
        command
    }

    /// A command that runs `class`, one of Kafka's command-line tools: quick to start, rather than fast for long.
    pub fn tool(&self, class: &str) -> Command {
        let small = ["-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"];
        // What the JVM itself has to say would stand in the tool's output.
        let silent = "-Xlog:disable";
        let mut flags: Vec<_> = small.iter().chain([&silent]).map(|&flag| flag.to_owned()).collect();
        flags.extend(self.sharing_flags());
        self.command(class, &flags)
    }

    pub(super) fn java_version(&self) -> &str {
        &self.java_version
    }

    /// The folder of this version in the cache.
    pub(super) fn home(&self) -> &Path {
        &self.home
    }
}

/// `kafka-4.3.1` in the cache.
fn home() -> Result<PathBuf> {
    Ok(cache::dir()?.join(format!("kafka-{VERSION}")))
}

/// Java, and its version in full.
fn find_java() -> Result<(PathBuf, String)> {
    let java = match env::var_os("JAVA_HOME") {
        Some(home) if !home.is_empty() => Path::new(&home).join("bin/java"),
        _ => PathBuf::from("java"),
    };
    let Ok(output) = Command::new(&java).arg("-version").output() else {
        bail!(Missing::Java(format!("there is no `{}`", java.display())));
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match feature_release(&said) {
        Some(version) if version >= OLDEST_JAVA => Ok((java, full_version(&said))),
        Some(version) => bail!(Missing::Java(format!("`{}` is Java {version}", java.display()))),
        None => bail!(Missing::Java(format!("`{} -version` names no version", java.display()))),
    }
}

/// The feature release in what `java -version` says: `openjdk version "17.0.15" 2025-04-15`, or `"1.8.0_402"`.
fn feature_release(said: &str) -> Option<u32> {
    let version = said.split('"').nth(1)?;
    let mut numbers = version.split(|c: char| !c.is_ascii_digit()).map(str::parse::<u32>);
    match numbers.next()?.ok()? {
        1 => numbers.next()?.ok(),
        feature => Some(feature),
    }
}

/// Fit for a file's name.
fn full_version(said: &str) -> String {
    said.split('"').nth(1).unwrap_or_default().replace(|c: char| !c.is_ascii_alphanumeric(), ".")
}

fn fetch(home: &Path, run: impl FnOnce(&Command) -> Result<()>) -> Result<()> {
    if home.exists() {
        fs::remove_dir_all(home).with_context(|| format!("removing {}", home.display()))?;
    }
    cache::install(home, |unfinished| {
        fs::write(unfinished.join("pom.xml"), pom())?;
        let mut maven = Command::new("mvn");
        maven
            .args(["--batch-mode", "dependency:copy-dependencies", "-DoutputDirectory=lib"])
            // Without these a server that says nothing is waited for for half an hour. Maven 3.9, and those before.
            .args(["-Daether.connector.requestTimeout=60000", "-Dmaven.wagon.rto=60000"])
            .current_dir(unfinished);
        run(&maven).with_context(|| {
            format!(
                "Maven could not fetch Apache Kafka {VERSION}. Is Maven Central reachable (a proxy goes to \
                 ~/.m2/settings.xml)?"
            )
        })
    })
}

/// Runs Maven with its output in a log in the cache; the error has what Maven calls errors.
fn run_quietly(maven: &Command) -> Result<()> {
    let path = cache::dir()?.join(format!("kafka-{VERSION}.log"));
    let log = File::create(&path).with_context(|| format!("creating {}", path.display()))?;
    let status = Tethered::spawn(maven, Output::File(log))?.wait()?;
    if !status.success() {
        let said = fs::read_to_string(&path).unwrap_or_default();
        let errors: Vec<_> = said.lines().filter(|line| line.contains("ERROR")).take(5).collect();
        bail!("`mvn` failed ({status}). From {}:\n{}", path.display(), errors.join("\n"));
    }
    Ok(())
}

fn pom() -> String {
    let dependencies: String = ARTIFACTS
        .iter()
        .map(|(group, artifact, version)| {
            format!(
                "    <dependency><groupId>{group}</groupId><artifactId>{artifact}</artifactId>\
                 <version>{version}</version></dependency>\n"
            )
        })
        .collect();
    format!(
        "<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n  \
         <groupId>kafka.workshop</groupId><artifactId>kafka</artifactId><version>1</version>\n  \
         <packaging>pom</packaging>\n  <dependencies>\n{dependencies}  </dependencies>\n</project>\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_of_java_is_read_in_both_its_forms() {
        assert_eq!(feature_release("openjdk version \"17.0.15\" 2025-04-15\nOpenJDK Runtime"), Some(17));
        assert_eq!(feature_release("openjdk version \"25\" 2025-09-16"), Some(25));
        assert_eq!(feature_release("java version \"1.8.0_402\""), Some(8));
        assert_eq!(feature_release("openjdk version \"26-ea\" 2026-03-17"), Some(26));
        assert_eq!(feature_release("Unable to locate a Java Runtime."), None);
    }
}
