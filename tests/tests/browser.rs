//! The three lessons, followed to their end in a real browser as a learner does: by what is written on the buttons.
//! Then a cluster of one's own, broken and reset. Each page is looked at by axe-core on the way, and a picture of it is
//! kept in `tests/artifacts`.

#[path = "browser/cluster.rs"]
mod cluster;
#[path = "browser/happened.rs"]
mod happened;

use anyhow::{Context, Result};
use tests::{Browser, On, Scheme, TestServer, Width, shared_kafka};

/// A learner in front of a lesson. The server ends with it.
struct Learner {
    browser: Browser,
    server: TestServer,
    axe: String,
    /// What was shown, in its order.
    shown: Vec<Shown>,
}

/// What a button brought on screen.
struct Shown {
    button: String,
    text: String,
}

impl Shown {
    /// Without what differs from run to run: times, rates, ids, which of the brokers has which partition, which
    /// partitions librdkafka draws for records without a key, the rows that are in view; and without the internal
    /// topics, which others make on a shared Kafka. Of a consumer also without its rows, which come from the partitions
    /// in any order, and the order in which it was assigned these.
    fn comparable(&self) -> (String, Vec<String>) {
        let text = self.text.split("\nDelivery reports").next().unwrap_or_default();
        let text = text.split("\nRecords and events").next().unwrap_or_default();
        let mut lines = Vec::new();
        let mut rest = text.lines().filter(|line| !line.trim().is_empty()).peekable();
        while let Some(line) = rest.next() {
            let is_figure = |next: &&str| TIMED.iter().any(|unit| next.ends_with(unit));
            if rest.next_if(is_figure).is_some() {
                lines.push(format!("{line}: measured"));
            } else if line.starts_with("Partition\tRecords") && DRAWN.contains(&self.button.as_str()) {
                break;
            } else if self.button == AFTER_DRAWN && line.contains(" – ") {
                // Where they begin depends on the records before them.
            } else if line.starts_with("consumer-1-") {
                lines.push("a member's id".to_owned());
            } else if let Some(line) = CRASHES.iter().find(|beginning| line.starts_with(**beginning)) {
                lines.push(format!("{line}: measured"));
            } else if line == "Assigned" {
                let mut partitions: Vec<_> = rest.next().unwrap_or_default().split(", ").collect();
                partitions.sort_unstable();
                lines.push(format!("Assigned {}", partitions.join(", ")));
            } else if let [partition, leader, replicas, in_sync] = line.split('\t').collect::<Vec<_>>()[..]
                && leader == replicas
                && replicas == in_sync
            {
                lines.push(format!("{partition} on one broker, which leads it"));
            } else if !(line.contains("__consumer_offsets")
                || line == "Topic\tPartitions\tReplicas"
                || line == "The cluster has no topics that you can see.")
            {
                // Apache Kafka has one broker here, a sandbox three.
                let line = line.split(" · ").next().unwrap_or_default();
                lines.push(line.replace("only 1 broker(s)", "only 3 broker(s)"));
            }
        }
        (self.button.clone(), lines)
    }
}

/// How figures end that are measured.
const TIMED: [&str; 4] = [" ms", " s", " records/s", "B/s"];

/// How sentences begin that say after how long a group noticed a crash.
const CRASHES: [&str; 2] = ["The group noticed the crash after", "Crash: "];

/// The buttons that write records without keys.
const DRAWN: [&str; 7] = [
    "Write the airports",
    "Write 600 airports",
    "Write all airports",
    "Asynchronous",
    "One by one",
    "acks=1",
    "Your settings",
];

/// The button that writes records with keys into the same partitions after those.
const AFTER_DRAWN: &str = "Write with a key";

/// In which partitions a group has committed an offset.
#[derive(Clone, Copy, Debug)]
enum Committed {
    None,
    Each,
}

impl Committed {
    /// How many offsets are not there, of three partitions.
    fn unknown(self) -> usize {
        match self {
            Self::None => 3,
            Self::Each => 0,
        }
    }
}

/// What stands for an offset that is not there.
const UNKNOWN: &str = "–";

impl Learner {
    /// At a server that works on this.
    async fn arrives(on: On<'_>, width: Width, scheme: Scheme) -> Result<Self> {
        let axe = std::env::var("KAFKA_WORKSHOP_AXE").context(
            "KAFKA_WORKSHOP_AXE must name axe.min.js: `cargo xtask test --only browser` sees to it",
        )?;
        let axe = std::fs::read_to_string(axe)?;
        let server = TestServer::start(on).await;
        let mut browser = Browser::start(width, scheme).await?;
        browser.open(&server.origin()).await?;
        browser.see("heading", "Learn Kafka by working with it").await?;
        Ok(Self { browser, server, axe, shown: Vec::new() })
    }

    /// Chooses a lesson, and brings it to its first state.
    async fn begins(&mut self, lesson: &str) -> Result<()> {
        self.browser.see("link", &format!("Start {lesson}")).await?;
        self.looks(&format!("home-{}", lesson.to_lowercase())).await?;
        self.browser.click("link", &format!("Start {lesson}")).await?;
        self.browser.see("heading", lesson).await?;
        self.browser.click("button", "Start over").await?;
        self.browser.see("dialog", "Start over?").await?;
        self.browser.press("Tab").await?;
        self.browser.press("Enter").await?;
        self.browser.see_text("article", lesson, "Started over.").await.map(drop)
    }

    /// Goes to the next step, whose title is given.
    async fn goes_on_to(&mut self, step: &str) -> Result<()> {
        self.browser.click("link", &format!("Next {step}")).await?;
        self.browser.see("heading", step).await?;
        self.browser.see_focus("heading", step).await
    }

    /// Presses a button of the step, and waits for what its result says.
    async fn presses(&mut self, button: &str, result: &str) -> Result<()> {
        self.browser.click("button", button).await?;
        let text = self.browser.see_text("region", button, result).await?;
        self.shown.push(Shown { button: button.to_owned(), text });
        Ok(())
    }

    /// Waits until a consumer has read so many records, all there are, and shows what its group has committed.
    async fn watches(&mut self, panel: &str, records: u64, committed: Committed) -> Result<()> {
        let read = [format!("\nRecords read\n{records}\n"), "\nLeft to read\n0\n".to_owned()];
        let wanted = |text: &str| {
            let text = text.split("\nRecords and events").next().unwrap_or_default();
            let unknown = text.lines().filter(|line| *line == UNKNOWN).count();
            read.iter().all(|line| text.contains(line)) && unknown == committed.unknown()
        };
        let what = format!("{records} records, {committed:?}");
        let text = self.browser.see_that("region", panel, &what, wanted).await?;
        self.shown.push(Shown { button: panel.to_owned(), text });
        Ok(())
    }

    /// Keeps a picture, and has axe-core look. On a laptop the panes of a lesson scroll, the page does not.
    async fn looks(&mut self, name: &str) -> Result<()> {
        self.browser.screenshot(name).await?;
        let overflow = "document.querySelector('.lesson-page') && innerWidth > 960
            ? document.documentElement.scrollHeight - innerHeight : 0";
        assert_eq!(self.browser.evaluate(overflow).await?, 0, "{name}: the page scrolls");
        let violations = self.browser.accessibility_violations(&self.axe).await?;
        assert!(violations.is_empty(), "{name}: {violations:#?}");
        Ok(())
    }

    /// The page has nothing to complain about, and the server stops well.
    async fn leaves(mut self) -> Result<Vec<Shown>> {
        let errors = self.browser.console_errors().await?;
        assert!(errors.is_empty(), "{errors:#?}");
        drop(self.browser);
        self.server.stop().await;
        Ok(self.shown)
    }
}

async fn topics(on: On<'_>, width: Width, scheme: Scheme) -> Result<Vec<Shown>> {
    let mut learner = Learner::arrives(on, width, scheme).await?;
    learner.begins("Topics").await?;
    learner.presses("List the topics", "Done").await?;
    learner.looks("topics-list").await?;

    learner.goes_on_to("Create a topic").await?;
    learner.browser.fill("textbox", "Partitions", "4").await?;
    learner.presses("Create airports-data", "Done").await?;
    learner.looks("topics-create").await?;

    learner.goes_on_to("Look again").await?;
    learner.presses("List the topics", "airports-data").await?;

    learner.goes_on_to("What the cluster says about it").await?;
    learner.presses("Describe the topic", "configs at their default").await?;
    learner.looks("topics-describe").await?;

    learner.goes_on_to("Four famous errors").await?;
    learner.presses("Create it again", "TOPIC_ALREADY_EXISTS").await?;
    learner.presses("Create “airports data”", "does not allow").await?;
    learner.presses("Ask for 100 copies", "INVALID_REPLICATION_FACTOR").await?;
    learner.presses("Describe “airprots-data”", "There is no topic").await?;
    learner.looks("topics-errors").await?;

    learner.goes_on_to("Delete it").await?;
    learner.presses("Delete airports-data", "Done").await?;
    learner.presses("Describe airports-data", "There is no topic").await?;
    learner.looks("topics-delete").await?;
    learner.leaves().await
}

async fn producing(on: On<'_>, width: Width, scheme: Scheme) -> Result<Vec<Shown>> {
    let mut learner = Learner::arrives(on, width, scheme).await?;
    learner.begins("Producing").await?;
    learner.presses("Write the airports", "Done").await?;
    // Delivery reports are rows.
    learner.browser.see_many("row", "", 11).await?;
    learner.looks("producing-sixty").await?;

    learner.goes_on_to("Poll and flush").await?;
    learner.presses("Write 600 airports", "Done").await?;

    learner.goes_on_to("All of them").await?;
    learner.presses("Write all airports", "Done").await?;
    learner.looks("producing-all").await?;

    learner.goes_on_to("One at a time").await?;
    learner.presses("Asynchronous", "Done").await?;
    learner.presses("One by one", "Done").await?;

    learner.goes_on_to("A key decides the partition").await?;
    learner.presses("Write with a key", "Done").await?;

    learner.goes_on_to("Who must have it?").await?;
    learner.presses("acks=0", "Done").await?;
    learner.presses("acks=1", "Done").await?;
    learner.browser.choose("compression.type", "zstd").await?;
    learner.presses("Your settings", "Done").await?;
    learner.looks("producing-acks").await?;

    learner.goes_on_to("Change your mind").await?;
    // One by one, a million records take minutes: there is time to cancel on any machine.
    learner.browser.choose("Sending", "synchronous, one by one").await?;
    learner.browser.click("button", "Write a million records").await?;
    learner.browser.see("progressbar", "Progress").await?;
    learner.browser.click("button", "Cancel").await?;
    learner.browser.see_text("region", "Write a million records", "Cancelled").await?;
    learner.looks("producing-cancelled").await?;
    learner.leaves().await
}

async fn consuming(on: On<'_>, width: Width, scheme: Scheme) -> Result<Vec<Shown>> {
    let mut learner = Learner::arrives(on, width, scheme).await?;
    learner.begins("Consuming").await?;
    let [panel, again, other] = [
        "Consumer in group east-coast-dpt",
        "Consumer 2 in group east-coast-dpt",
        "Consumer in group west-coast-arr",
    ];
    learner.browser.click("button", "Start a consumer").await?;
    learner.browser.see_text("region", "Records and events", "Reached the end of P").await?;
    learner.watches(panel, 60, Committed::None).await?;
    learner.looks("consuming-start").await?;

    learner.goes_on_to("Commit").await?;
    learner.browser.click("button", "Commit now").await?;
    learner.browser.see_text("region", panel, "Commit now: ").await?;
    learner.presses("Describe the group", "Stable").await?;
    learner.watches(panel, 60, Committed::Each).await?;
    learner.looks("consuming-commit").await?;

    learner.goes_on_to("Stop, and go on").await?;
    learner.browser.click("button", "Stop").await?;
    learner.browser.see_text("region", panel, "Stopped").await?;
    learner.presses("Write 20 airports", "Done").await?;
    learner.browser.click("button", "Start a consumer again").await?;
    learner.watches(again, 20, Committed::Each).await?;
    learner.looks("consuming-go-on").await?;

    learner.goes_on_to("Another group").await?;
    learner.browser.click("button", "Start a consumer in another group").await?;
    learner.watches(other, 80, Committed::None).await?;
    learner.looks("consuming-second-group").await?;

    learner.goes_on_to("The script as it stands").await?;
    learner.goes_on_to("A crash").await?;
    learner.browser.click("button", "Crash").await?;
    learner.browser.see("progressbar", "Time until the group notices").await?;
    learner.browser.screenshot("consuming-crash").await?;
    learner.browser.see_text("main", "", "The group noticed the crash after").await?;
    for panel in [again, other] {
        let text = learner.browser.see_text("region", panel, panel).await?;
        learner.shown.push(Shown { button: panel.to_owned(), text });
    }
    learner.looks("consuming-noticed").await?;
    learner.leaves().await
}

/// Follows a lesson on a sandbox on a phone, and on Apache Kafka on a laptop: it shows the same.
macro_rules! on_both {
    ($($lesson:ident: $test:ident;)*) => { $(
        #[tokio::test(flavor = "multi_thread")]
        async fn $test() -> Result<()> {
            let ours = $lesson(On::Sandbox, Width::Phone, Scheme::Dark).await?;
            let Some(kafka) = shared_kafka() else { return Ok(()) };
            let theirs = $lesson(On::Kafka(kafka), Width::Wide, Scheme::Light).await?;
            assert!(!theirs.is_empty());
            let comparable = |shown: Vec<Shown>| shown.iter().map(Shown::comparable).collect::<Vec<_>>();
            assert_eq!(comparable(ours), comparable(theirs));
            Ok(())
        }
    )* };
}

on_both! {
    topics: topics_on_apache_kafka_and_on_a_sandbox;
    producing: producing_on_apache_kafka_and_on_a_sandbox;
    consuming: consuming_on_apache_kafka_and_on_a_sandbox;
}
