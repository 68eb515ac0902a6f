//! The page of the cluster: on a sandbox brokers are stopped and started, faults set and cleared, the whole is reset; on
//! a shared Kafka the page says what it takes.

use anyhow::{Context, Result};
use tests::{On, Scheme, Width, shared_kafka};

use super::Learner;

/// What the partitions of the lesson's topic are in.
const PARTITIONS: &str = "Partitions of airports-data";

/// A lesson is followed on a sandbox until there is a topic on all brokers, with the cluster beside it.
async fn beside_a_topic(width: Width, scheme: Scheme) -> Result<Learner> {
    let mut learner = Learner::arrives(On::Sandbox, width, scheme).await?;
    learner.browser.see("button", "Your own sandbox cluster: 3 brokers, in memory").await?;
    learner.begins("Topics").await?;
    learner.goes_on_to("Create a topic").await?;
    learner.browser.fill("textbox", "Partitions", "3").await?;
    learner.browser.fill("textbox", "Replication factor", "3").await?;
    learner.presses("Create airports-data", "Done").await?;

    learner.browser.click("button", "Cluster").await?;
    learner.browser.see_text("main", "", "kcat -b 127.0.0.1:").await?;
    learner.browser.see_focus("button", "Cluster").await?;
    let before = learner.browser.see_text("region", PARTITIONS, "broker 1").await?;
    assert!(!before.contains("not in sync"), "{before}");
    Ok(learner)
}

/// A broker is stopped, and started again.
async fn a_stopped_broker(width: Width, scheme: Scheme) -> Result<()> {
    let mut learner = beside_a_topic(width, scheme).await?;
    learner.browser.see_text("region", "Broker 1", "Leads 1 partition.").await?;
    learner.looks("cluster-beside").await?;

    learner.browser.click("button", "Stop broker 1").await?;
    learner.browser.see_text("region", "Broker 1", "Down: stopped").await?;
    learner.browser.see_text("region", "Broker 1", "Leads no partitions.").await?;
    let after = learner.browser.see_text("region", PARTITIONS, "under-replicated").await?;
    assert!(!after.contains("broker 1"), "its leaders moved: {after}");
    learner.looks("cluster-stopped").await?;

    learner.browser.click("button", "Start broker 1").await?;
    learner.browser.see_text("region", "Broker 1", "Up").await?;
    learner.browser.click("button", "Results").await?;
    learner.browser.see_text("region", "Create airports-data", "Done").await?;
    learner.leaves().await.map(drop)
}

/// A broker is killed: at first nobody notices, then its partitions have other leaders; it is started, and catches up.
async fn a_killed_broker(width: Width, scheme: Scheme) -> Result<()> {
    let mut learner = beside_a_topic(width, scheme).await?;
    learner.browser.see_text("region", "Broker 2", "Leads 1 partition.").await?;
    learner.browser.click("button", "Kill broker 2").await?;
    let unnoticed = "Down: killed, the controller has not noticed yet";
    let killed = learner.browser.see_text("region", "Broker 2", unnoticed).await?;
    assert!(killed.contains("Leads 1 partition."), "{killed}");
    let noticed = learner
        .browser
        .see_that("region", "Broker 2", "that it leads nothing", |text| text.contains("Leads no partitions."))
        .await?;
    assert!(noticed.contains("Down: killed") && !noticed.contains(unnoticed), "{noticed}");
    let after = learner.browser.see_text("region", PARTITIONS, "under-replicated").await?;
    assert!(!after.contains("broker 2"), "its leaders moved: {after}");
    learner.looks("cluster-killed").await?;

    learner.browser.click("button", "Start broker 2").await?;
    learner.browser.see_text("region", "Broker 2", "Up").await?;
    let whole = |text: &str| !text.contains("under-replicated") && text.contains("broker 1");
    learner.browser.see_that("region", PARTITIONS, "that all replicas are in sync", whole).await?;
    learner.leaves().await.map(drop)
}

/// A defect has stopped the cluster: the page says so and what to do, and after a reset everything works again.
async fn a_failed_cluster(width: Width, scheme: Scheme) -> Result<()> {
    let mut learner = Learner::arrives(On::Sandbox, width, scheme).await?;
    learner.begins("Consuming").await?;
    let consumer = "Consumer in group east-coast-dpt";
    learner.browser.click("button", "Start a consumer").await?;
    learner.browser.see_text("region", consumer, "60").await?;
    learner.browser.click("link", "Cluster").await?;
    let said = learner.browser.see_text("main", "", "kcat -b 127.0.0.1:").await?;
    let (_, rest) = said.split_once("kcat -b 127.0.0.1:").context("an address")?;
    let port = rest.split(|char: char| !char.is_ascii_digit()).next().context("a port")?;

    learner.server.fail_cluster_at(port.parse()?).await;
    let defect = "Your cluster has stopped by a defect of the sandbox.";
    let said = learner.browser.see_text("main", "", defect).await?;
    assert!(said.contains("Reset the cluster"), "{said}");
    assert!(said.contains("as it was last seen"), "{said}");
    learner.looks("cluster-failed").await?;

    learner.browser.click("button", "Reset my cluster").await?;
    learner.browser.see("dialog", "Reset my cluster?").await?;
    learner.browser.press("Tab").await?;
    learner.browser.press("Enter").await?;
    learner.browser.see_text("main", "", "The cluster was reset.").await?;
    learner
        .browser
        .see_that("main", "", "no more of the defect", |text| {
            !text.contains(defect) && text.contains("There are no topics yet.")
        })
        .await?;
    // It is looked into again.
    learner.browser.click("button", "Stop broker 1").await?;
    learner.browser.see_text("region", "Broker 1", "Down: stopped").await?;

    learner.browser.click("link", "Consuming").await?;
    let ended = learner.browser.see_text("region", consumer, defect).await?;
    assert!(ended.contains("Reset the cluster"), "{ended}");
    learner.browser.click("button", "Start over").await?;
    learner.browser.see("dialog", "Start over?").await?;
    learner.browser.press("Tab").await?;
    learner.browser.press("Enter").await?;
    learner.browser.see_text("article", "Consuming", "Started over.").await?;
    learner.browser.click("button", "Start a consumer").await?;
    // What was over is forgotten, and this is the first one again.
    learner
        .browser
        .see_that("region", consumer, "60, of one that runs", |text| {
            text.contains("60") && !text.contains(defect)
        })
        .await?;
    learner.leaves().await.map(drop)
}

/// Faults are seen while they are on; a reset takes them away with all else, and a consumer is told.
async fn faults_and_a_reset(width: Width, scheme: Scheme) -> Result<()> {
    let mut learner = Learner::arrives(On::Sandbox, width, scheme).await?;
    learner.begins("Consuming").await?;
    let consumer = "Consumer in group east-coast-dpt";
    learner.browser.click("button", "Start a consumer").await?;
    learner.browser.see_text("region", consumer, "60").await?;
    learner.goes_on_to("Commit").await?;
    learner.browser.click("button", "Commit now").await?;
    learner.browser.see_text("region", consumer, "Commit now: ").await?;

    learner.browser.click("link", "Cluster").await?;
    learner.browser.see_text("region", "Members of east-coast-dpt", "airports-data P0, P1, P2").await?;
    learner.browser.see_text("region", "Offsets of east-coast-dpt", "P2").await?;
    learner.browser.see_none("region", "Partitions of __consumer_offsets").await?;
    learner.browser.click("checkbox", "Show Kafka’s own").await?;
    learner.browser.see("region", "Partitions of __consumer_offsets").await?;
    learner.looks("cluster-group").await?;

    learner.browser.see_text("main", "", "No fault is on.").await?;
    learner.browser.click("button", "Cut off broker 3").await?;
    learner.browser.see_text("list", "Faults that are on", "Broker 3 is cut off").await?;
    learner
        .browser
        .evaluate("document.querySelectorAll('.window details').forEach(d => d.open = true)")
        .await?;
    learner.browser.fill("textbox", "Delay in milliseconds", "250").await?;
    learner.browser.click("button", "Delay broker 1").await?;
    learner.browser.see_text("list", "Faults that are on", "Broker 1 answers 250 ms late").await?;
    learner.browser.choose("Requests", "DeleteTopics").await?;
    learner.browser.click("button", "Inject the error").await?;
    learner
        .browser
        .see_text("list", "Faults that are on", "The next DeleteTopics request is answered")
        .await?;
    learner.looks("cluster-faults").await?;
    learner.browser.click("button", "Clear all faults").await?;
    learner.browser.see_text("main", "", "All faults are cleared.").await?;
    learner.browser.see_text("main", "", "No fault is on.").await?;

    learner.browser.click("button", "Reset my cluster").await?;
    learner.browser.see("dialog", "Reset my cluster?").await?;
    learner.looks("cluster-reset-asks").await?;
    learner.browser.press("Tab").await?;
    learner.browser.press("Enter").await?;
    learner.browser.see_text("main", "", "The cluster was reset.").await?;
    learner.browser.see_text("main", "", "There are no topics yet.").await?;
    learner.looks("cluster-reset").await?;

    learner.browser.click("link", "Consuming").await?;
    learner.browser.see_text("region", consumer, "the cluster was reset").await?;
    learner.leaves().await.map(drop)
}

/// What needs a sandbox says so, and no button for it is there.
async fn a_shared_kafka(width: Width, scheme: Scheme) -> Result<()> {
    let Some(kafka) = shared_kafka() else { return Ok(()) };
    let mut learner = Learner::arrives(On::Kafka(kafka), width, scheme).await?;
    learner.browser.see("button", "Shared Kafka at ").await?;
    learner.browser.click("link", "Cluster").await?;
    learner.browser.see_text("main", "", "take a cluster of your own").await?;
    for name in ["Stop broker", "Reset my cluster", "Inject the error"] {
        assert_eq!(learner.browser.count("button", name).await?, 0, "{name}");
    }
    learner.looks("cluster-shared").await?;
    learner.leaves().await.map(drop)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_is_seen_on_a_laptop_in_light() -> Result<()> {
    a_stopped_broker(Width::Wide, Scheme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_broker_is_seen_on_a_phone_in_the_dark() -> Result<()> {
    a_stopped_broker(Width::Phone, Scheme::Dark).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_is_seen_on_a_laptop_in_the_dark() -> Result<()> {
    a_killed_broker(Width::Wide, Scheme::Dark).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_broker_is_seen_on_a_phone_in_light() -> Result<()> {
    a_killed_broker(Width::Phone, Scheme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_cluster_is_seen_on_a_laptop_in_light() -> Result<()> {
    a_failed_cluster(Width::Wide, Scheme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_cluster_is_seen_on_a_phone_in_the_dark() -> Result<()> {
    a_failed_cluster(Width::Phone, Scheme::Dark).await
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_a_reset_are_seen_on_a_laptop_in_the_dark() -> Result<()> {
    faults_and_a_reset(Width::Wide, Scheme::Dark).await
}

#[tokio::test(flavor = "multi_thread")]
async fn faults_and_a_reset_are_seen_on_a_phone_in_light() -> Result<()> {
    faults_and_a_reset(Width::Phone, Scheme::Light).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shared_kafka_says_what_takes_a_cluster_of_ones_own() -> Result<()> {
    a_shared_kafka(Width::Wide, Scheme::Light).await
}
