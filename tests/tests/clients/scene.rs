//! What a test runs programs on, and how each kind of program is pointed at it.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use tests::conformance::UnderTest;
use xtask::kafka::Installation;

/// A cluster of three brokers of a test's own.
pub(crate) struct Scene {
    pub(crate) cluster: UnderTest,
}

/// `None`, with the reason printed: there is no such program here, and the run is not CI's.
fn program<T>(found: Option<T>, lacks: &str) -> Option<T> {
    let in_ci = env::var_os("CI").is_some_and(|ci| !ci.is_empty());
    assert!(found.is_some() || !in_ci, "with CI set nothing is skipped, but {lacks}");
    if found.is_none() {
        eprintln!("skipped: {lacks}");
    }
    found
}

/// A cluster for kcat.
pub(crate) fn for_kcat() -> Option<Scene> {
    let kcat = Command::new("kcat").arg("-V").output().ok();
    program(kcat, "there is no `kcat` on the PATH (Debian: apt-get install kcat)")?;
    Scene::new()
}

/// A cluster for the scripts in `data/scripts`.
pub(crate) fn for_python() -> Option<Scene> {
    program(
        python(),
        "there is no Python with confluent-kafka: `cargo xtask test --only clients` fetches it",
    )?;
    Scene::new()
}

/// A cluster for Apache Kafka's tools.
pub(crate) fn for_tools() -> Option<Scene> {
    program(installation(), "Apache Kafka's jars, or Java, are not there: `cargo xtask kafka` fetches them")?;
    Scene::new()
}

fn python() -> Option<PathBuf> {
    xtask::python::find().expect("a cache folder")
}

fn installation() -> Option<&'static Installation> {
    static INSTALLATION: OnceLock<Option<Installation>> = OnceLock::new();
    INSTALLATION.get_or_init(|| Installation::find().ok().flatten()).as_ref()
}

impl Scene {
    fn new() -> Option<Self> {
        let on_kafka = env::var_os("CLIENTS_ON_KAFKA").is_some_and(|on| !on.is_empty());
        let cluster = if on_kafka { UnderTest::kafka(3)? } else { UnderTest::sandbox(3) };
        Some(Self { cluster })
    }

    /// The brokers' addresses as clients take them.
    pub(crate) fn servers(&self) -> String {
        self.cluster.addresses().join(",")
    }

    /// Makes a topic.
    pub(crate) fn topic(&self, name: &str, partitions: i32, replicas: i32) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let admin: AdminClient<DefaultClientContext> =
            ClientConfig::new().set("bootstrap.servers", self.servers()).create().expect("a client");
        let topic = NewTopic::new(name, partitions, TopicReplication::Fixed(replicas));
        let made = runtime.block_on(admin.create_topics([&topic], &AdminOptions::new())).expect("an answer");
        assert_eq!(made, [Ok(name.to_owned())]);
    }

    /// `kcat`.
    pub(crate) fn kcat(&self, arguments: &[&str]) -> Command {
        let mut kcat = Command::new("kcat");
        kcat.args(["-b", &self.servers()]).args(arguments);
        kcat
    }

    /// A script in `data/scripts`.
    pub(crate) fn script(&self, name: &str, arguments: &[&str]) -> Command {
        let mut python = Command::new(python().expect("a scene for Python"));
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/scripts");
        // Unbuffered, and leaving nothing beside the scripts.
        python.args(["-u", "-B"]).arg(scripts.join(name)).args(arguments);
        python.args(["--bootstrap-servers", &self.servers()]);
        python
    }

    /// One of Apache Kafka's tools, by its class in `org.apache.kafka.tools`, or else in full.
    pub(crate) fn tool(&self, class: &str, arguments: &[&str]) -> Command {
        let class = match class {
            full if full.starts_with("kafka.") => full.to_owned(),
            short => format!("org.apache.kafka.tools.{short}"),
        };
        let mut tool = installation().expect("a scene for tools").tool(&class);
        tool.args(["--bootstrap-server", &self.servers()]).args(arguments);
        tool
    }
}
