//! What a cluster does when it is full. What it says of its bytes is held against what a client of Kafka reads.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use serde_json::json;
use shared::kafka::{ClusterView, ReplicaView};
use tests::{Client, TestServer};

const MEGABYTES: u64 = 8;
const CAP: u64 = MEGABYTES * 1_000_000;
/// Much more than has room.
const MANY: u64 = 200_000;

async fn small_cluster() -> (TestServer, Client) {
    let server = TestServer::with_sandboxes(|settings| settings.cluster_megabytes = MEGABYTES).await;
    let mut page = Client::new(&server).await;
    assert_eq!(page.view().await.max_log_bytes, CAP);
    (server, page)
}

fn first_replica(view: &ClusterView) -> &ReplicaView {
    let topic = view.topics.iter().find(|topic| topic.name.as_str() == "t").expect("the topic");
    &topic.partitions[0].replicas[0]
}

/// The offsets of partition 0 of the topic, and how many bytes their keys and values have.
async fn read(view: &ClusterView) -> (Vec<i64>, u64) {
    let servers = view.bootstrap_servers.clone().expect("the page is on this machine");
    let read = tokio::task::spawn_blocking(move || {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", servers).set("group.id", "none").set("enable.auto.commit", "false");
        let consumer: BaseConsumer = config.create().expect("a client");
        let patience = Duration::from_secs(120);
        let (_, end) = consumer.fetch_watermarks("t", 0, patience).expect("watermarks");
        let mut from = TopicPartitionList::new();
        from.add_partition_offset("t", 0, Offset::Beginning).expect("a partition");
        consumer.assign(&from).expect("it can be read");
        let (mut offsets, mut bytes) = (Vec::new(), 0);
        while offsets.last() != Some(&(end - 1)) {
            let record = consumer.poll(patience).expect("a record").expect("no error");
            bytes += record.key().map_or(0, <[u8]>::len) + record.payload().map_or(0, <[u8]>::len);
            offsets.push(record.offset());
        }
        (offsets, bytes as u64)
    });
    read.await.expect("no panic")
}

#[tokio::test]
async fn the_oldest_records_of_a_full_cluster_go_and_what_is_left_is_whole() {
    let (_server, mut page) = small_cluster().await;
    page.make_topic("t", 1).await;
    let written = page.fill("t", MANY).await.summary;
    assert!(written.delivered_bytes > CAP, "it has no room for {} bytes", written.delivered_bytes);

    let view = page.view().await;
    let (log_start, log_end) = (first_replica(&view).log_start, first_replica(&view).log_end);
    assert_eq!(log_end, i64::try_from(MANY).expect("few"));
    assert!(log_start > 0, "the oldest went");
    let (offsets, bytes) = read(&view).await;
    assert!(offsets.iter().copied().eq(log_start..log_end), "from {log_start} to {log_end}");
    assert!(bytes <= view.log_bytes && view.log_bytes <= CAP, "{bytes} are read, {} told", view.log_bytes);
    assert!(bytes > CAP / 4, "only what had to go went: {bytes} are left");
}

#[tokio::test]
async fn where_nothing_may_go_records_are_refused_until_there_is_room() {
    let (_server, mut page) = small_cluster().await;
    let compacted = json!({ "topic": "t", "partitions": 1, "configs": { "cleanup.policy": "compact" } });
    page.run(json!({ "create_topic": compacted })).await.reply();
    let refused = page.produce(json!({ "topic": "t", "count": MANY, "key": "iata" })).await;
    let written = &refused.summary;
    assert!(written.delivered > 0 && written.not_written > 0, "{written:?}");
    assert_eq!(written.delivered + written.not_written, MANY, "what became of each is known");

    let view = page.view().await;
    let (log_start, log_end) = (first_replica(&view).log_start, first_replica(&view).log_end);
    assert_eq!((log_start, log_end), (0, i64::try_from(written.delivered).expect("few")));
    let (offsets, bytes) = read(&view).await;
    assert!(offsets.iter().copied().eq(0..log_end), "what was acknowledged is there");
    assert_eq!(bytes, written.delivered_bytes);
    assert!(bytes <= view.log_bytes && view.log_bytes <= CAP, "{bytes} are read, {} told", view.log_bytes);
    assert!(bytes > CAP / 4, "{bytes} had room");

    page.delete_topic("t").await;
    page.make_topic("u", 1).await;
    page.fill("u", 1_000).await;
}
