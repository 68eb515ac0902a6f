//! What Kafka's own tools say of what the workshop did: a second opinion, by no code of ours.

use std::collections::BTreeMap;

use serde_json::json;
use tests::{Client, TestServer, shared_kafka};
use xtask::kafka::Installation;

/// What one of Kafka's command-line tools prints. Skips, with its reason, where there is none.
async fn tool(class: &'static str, arguments: Vec<String>) -> Option<String> {
    let run = move || {
        let installation = match Installation::find_or_fetch() {
            Ok(installation) => installation,
            Err(missing) => {
                eprintln!("skipped: {missing:#}");
                return None;
            }
        };
        let flags = ["-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"].map(str::to_owned);
        let output = installation.command(class, &flags).args(arguments).output().expect("Java runs");
        let (said, wrong) =
            (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(output.status.success(), "{class}: {said}{wrong}");
        Some(said.into_owned())
    };
    tokio::task::spawn_blocking(run).await.expect("the tool ends")
}

fn arguments(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

#[tokio::test]
async fn kafkas_own_tools_find_what_was_made_and_written() {
    let Some(kafka) = shared_kafka() else { return };
    let server = TestServer::start(kafka).await;
    let mut page = Client::new(&server).await;
    let configs = json!({ "retention.ms": "7200000" });
    page.run(json!({ "create_topic": { "topic": "t", "partitions": 3, "replication_factor": 1, "configs": configs } }))
        .await
        .reply();
    let produced = page.produce(json!({ "topic": "t", "count": 500, "key": "iata" })).await;
    let topic = format!("{}t", page.prefix());

    let asked = arguments(&format!("--bootstrap-server {kafka} --topic {topic}"));
    let Some(said) = tool("org.apache.kafka.tools.GetOffsetShell", asked).await else { return };
    let offsets: BTreeMap<i32, i64> = said
        .lines()
        .filter_map(|line| line.strip_prefix(&format!("{topic}:")))
        .filter_map(|rest| rest.split_once(':'))
        .map(|(partition, offset)| (partition.parse().unwrap(), offset.parse().unwrap()))
        .collect();
    let ours: BTreeMap<i32, i64> = page
        .describe_topic("t")
        .await
        .partitions
        .iter()
        .map(|partition| (partition.partition, partition.high_watermark.unwrap()))
        .collect();
    assert_eq!(offsets, ours);
    assert_eq!(offsets.values().sum::<i64>() as u64, produced.summary.delivered);

    let asked = arguments(&format!("--bootstrap-server {kafka} --describe --topic {topic}"));
    let Some(said) = tool("org.apache.kafka.tools.TopicCommand", asked).await else { return };
    assert!(said.contains("PartitionCount: 3"), "{said}");
    assert!(said.contains("ReplicationFactor: 1") && said.contains("retention.ms=7200000"), "{said}");
}

#[tokio::test]
async fn kafkas_own_tools_find_what_a_group_committed_and_who_left() {
    let Some(kafka) = shared_kafka() else { return };
    let server = TestServer::start(kafka).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 12).await;
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    page.records(consumer, 12).await;
    page.run(json!({ "commit": { "consumer": consumer } })).await.reply();
    page.fill("t", 3).await;
    page.stop_consumer(consumer).await;
    let (group, topic) = (format!("{}g", page.prefix()), format!("{}t", page.prefix()));
    let asked = arguments(&format!("--bootstrap-server {kafka} --timeout 120000 --describe --group {group}"));
    let class = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand";
    let Some(said) = tool(class, asked).await else { return };
    // GROUP TOPIC PARTITION CURRENT-OFFSET LOG-END-OFFSET LAG CONSUMER-ID …
    let row: Vec<_> = said
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>())
        .find(|row| row.first() == Some(&group.as_str()))
        .unwrap_or_else(|| panic!("{said}"));
    assert_eq!(row[1..7], [topic.as_str(), "0", "12", "15", "3", "-"], "{said}");
}
