//! Producing: every setting, what became of each record, cancelling, and what is refused.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use shared::kafka::{Bytes, Record, UndeliveredFate};
use shared::{ErrorCode, Event, Outcome};
use tests::{Client, Produced, TestServer};

/// The airports as the repository has them.
fn airports() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../data/airports.json")).expect("JSON")
}

fn text(bytes: Option<&Bytes>) -> Option<&str> {
    match bytes {
        None => None,
        Some(Bytes::Text(text)) => Some(text),
        other => panic!("{other:?}"),
    }
}

fn value(record: &Record) -> Value {
    serde_json::from_str(text(record.value.as_ref()).expect("a value")).expect("JSON")
}

#[tokio::test]
async fn each_record_is_where_its_report_says() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let airports = airports();
    // More than there are airports, so that they come again.
    let count = airports.len() as u64 + 50;
    let produced = page.produce(json!({ "topic": "t", "count": count, "key": "country" })).await;
    assert_eq!((produced.summary.delivered, produced.error), (count, None));
    assert!(produced.summary.elapsed_us > 0 && produced.summary.delivered_bytes > 0);

    let records = page.read_all("t", 3, "readers").await;
    assert_eq!(records.len() as u64, count);
    let by_place: BTreeMap<_, _> =
        records.iter().map(|record| ((record.partition, record.offset), record)).collect();
    let mut bytes = 0;
    for (number, place) in produced.places() {
        let record = by_place[&place];
        let airport = &airports[number as usize % airports.len()];
        assert_eq!(&value(record), airport, "record {number}");
        assert_eq!(text(record.key.as_ref()), airport["country"].as_str(), "record {number}");
        bytes +=
            text(record.key.as_ref()).map_or(0, str::len) + text(record.value.as_ref()).map_or(0, str::len);
    }
    assert_eq!(produced.summary.delivered_bytes, bytes as u64);

    // The same key is always in the same partition, and what one partition has is in the order of sending.
    let mut partition_of = BTreeMap::new();
    for record in &records {
        let key = text(record.key.as_ref()).expect("each airport has a country").to_owned();
        assert_eq!(*partition_of.entry(key).or_insert(record.partition), record.partition);
    }
    let mut last = BTreeMap::new();
    for (number, (partition, offset)) in produced.places() {
        let before = last.insert(partition, offset);
        assert!(before < Some(offset), "record {number} follows the ones before it");
    }

    let described = page.describe_topic("t").await;
    let written: i64 = described.partitions.iter().filter_map(|partition| partition.high_watermark).sum();
    assert_eq!(written, count as i64);
}

#[tokio::test]
async fn without_a_key_records_have_none() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    page.fill("t", 20).await;
    let records = page.read_all("t", 1, "g").await;
    assert!(records.iter().all(|record| record.key.is_none() && record.value.is_some()));
    assert!(records.iter().all(|record| record.timestamp_ms.is_some()));
}

#[tokio::test]
async fn every_combination_of_settings_delivers() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    let mut written = 0;
    for arguments in [
        json!({ "acks": "all" }),
        json!({ "acks": "1" }),
        json!({ "compression": "gzip" }),
        json!({ "compression": "snappy" }),
        json!({ "compression": "lz4" }),
        json!({ "compression": "zstd", "settings": { "compression.level": "3" } }),
        json!({ "linger_ms": 0 }),
        json!({ "linger_ms": 50, "batch_size_bytes": 1000 }),
        json!({ "idempotence": true, "acks": "all" }),
        json!({ "idempotence": true, "compression": "lz4", "linger_ms": 5, "key": "iata" }),
        json!({ "sending": "one_by_one" }),
        json!({ "sending": "one_by_one", "idempotence": true }),
        json!({ "settings": { "partitioner": "murmur2", "client.id": "till-4", "max.in.flight": "1" } }),
    ] {
        let mut command = arguments.clone();
        command["topic"] = json!("t");
        command["count"] = json!(60);
        let produced = page.produce(command).await;
        assert_eq!((produced.summary.delivered, produced.error), (60, None), "{arguments}");
        written += 60;
    }
    let records = page.read_all("t", 2, "g").await;
    assert_eq!(records.len(), written);
    for record in records {
        assert!(value(&record)["name"].is_string());
    }
}

#[tokio::test]
async fn with_acks_0_nobody_says_where_the_records_went() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    let produced = page.produce(json!({ "topic": "t", "count": 100, "acks": "0" })).await;
    assert_eq!(produced.error, None, "it is what was asked for");
    assert_eq!((produced.summary.delivered, produced.summary.unknown), (0, 100));
    assert_eq!(produced.undelivered(UndeliveredFate::Unknown).len(), 100);
    // They arrive all the same, for nothing is wrong with the cluster.
    let consumer = page.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert_eq!(page.records(consumer, 100).await.len(), 100);
}

#[tokio::test]
async fn one_by_one_each_report_comes_before_the_next_record() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let produced = page
        .produce(json!({ "topic": "t", "count": 40, "key": "iata", "sending": "one_by_one", "acks": "all" }))
        .await;
    assert_eq!(produced.summary.delivered, 40);
    // Each was stamped after the one before it had its report, whichever partition they are in.
    let records = page.read_all("t", 3, "g").await;
    let stamps: BTreeMap<_, _> =
        records.iter().map(|record| ((record.partition, record.offset), record.timestamp_ms)).collect();
    let in_order: Vec<_> = produced.places().values().map(|place| stamps[place]).collect();
    assert!(in_order.is_sorted());
}

#[tokio::test]
async fn many_records_are_reported_with_their_progress() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 6).await;
    let finished = page.run(json!({ "produce": { "topic": "t", "count": 100_000, "key": "iata" } })).await;
    let progress: Vec<_> = finished
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Progress { done, total } => Some((*done, *total)),
            _ => None,
        })
        .collect();
    assert!(progress.is_sorted() && progress.iter().all(|(done, total)| done <= total && *total == 100_000));
    assert_eq!(finished.skipped, 0, "a page that reads misses no report");
    let produced = Produced::from(finished);
    assert_eq!(produced.summary.delivered, 100_000);
    assert_eq!(produced.fates.len(), 100_000);
}

#[tokio::test]
async fn a_million_records_are_each_reported() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 3).await;
    let produced = page
        .produce(json!({ "topic": "t", "count": 1_000_000, "compression": "lz4", "linger_ms": 20 }))
        .await;
    assert_eq!((produced.summary.delivered, produced.error, produced.skipped), (1_000_000, None, 0));
    let described = page.describe_topic("t").await;
    let written: i64 = described.partitions.iter().filter_map(|partition| partition.high_watermark).sum();
    assert_eq!(written, 1_000_000);
    page.delete_topic("t").await;
}

#[tokio::test]
async fn cancelling_says_what_became_of_each_record() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 2).await;
    let id = page
        .start_json(json!({ "produce": { "topic": "t", "count": 1_000_000, "sending": "one_by_one" } }))
        .await;
    page.until_event(id, |event| matches!(event, Event::Delivered(_))).await;
    page.cancel(id).await;
    page.cancel(id).await;
    let finished = page.finish(id).await;
    assert!(matches!(finished.outcome, Outcome::Cancelled { partial: Some(_) }));
    let produced = Produced::from(finished);
    assert!(produced.summary.delivered > 0 && produced.summary.not_sent > 0, "{:?}", produced.summary);
    // What was reported is there, and nothing that is known not to have been written.
    let records = page.read_all("t", 2, "g").await;
    let there: BTreeSet<_> = records.iter().map(|record| (record.partition, record.offset)).collect();
    assert!(produced.places().values().all(|place| there.contains(place)));
    let (least, most) = (produced.summary.delivered, produced.summary.delivered + produced.summary.unknown);
    assert!((least..=most).contains(&(records.len() as u64)), "{} of {:?}", records.len(), produced.summary);
    // A cancel for what is settled is ignored, and so is one for what never was.
    page.cancel(id).await;
    page.cancel(shared::RequestId(999)).await;
    page.fill("t", 3).await;
}

#[tokio::test]
async fn records_that_wait_in_the_client_are_not_written_when_they_are_cancelled() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    // They wait for more records for longer than this test.
    let id = page.start_json(json!({ "produce": { "topic": "t", "count": 10, "linger_ms": 10_000 } })).await;
    page.describe_topic("t").await;
    page.cancel(id).await;
    let produced = Produced::from(page.finish(id).await);
    assert_eq!(produced.error, Some(ErrorCode::Cancelled));
    assert_eq!((produced.summary.delivered, produced.summary.unknown), (0, 0), "{:?}", produced.summary);
    assert_eq!(page.read_all("t", 1, "g").await, []);
}

#[tokio::test]
async fn a_record_over_the_limit_is_not_written_and_the_others_are() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    let configs = json!({ "max.message.bytes": "280" });
    page.run(json!({ "create_topic": { "topic": "t", "partitions": 1, "configs": configs } })).await.reply();
    let produced = page
        .produce(json!({ "topic": "t", "count": 78, "sending": "one_by_one", "settings": { "batch.num.messages": "1" } }))
        .await;
    assert!(produced.summary.delivered > 0 && produced.summary.not_written > 0, "{:?}", produced.summary);
    assert_eq!((produced.summary.unknown, produced.summary.not_sent), (0, 0));
    let records = page.read_all("t", 1, "g").await;
    assert_eq!(records.len() as u64, produced.summary.delivered);
    for fate in produced.fates.values() {
        if let shared::kafka::Fate::Undelivered { error, .. } = &fate.1 {
            assert_eq!(error.code, ErrorCode::RecordTooLarge);
        }
    }
}

#[tokio::test]
async fn each_mistake_has_its_own_error() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    for (arguments, code) in [
        (json!({ "topic": "absent", "count": 1 }), ErrorCode::UnknownTopic),
        (json!({ "topic": "a b", "count": 1 }), ErrorCode::InvalidTopic),
        (json!({ "topic": "__consumer_offsets", "count": 1 }), ErrorCode::InvalidTopic),
        (json!({ "topic": "t", "count": 0 }), ErrorCode::InvalidArgument),
        (json!({ "topic": "t", "count": 1_000_001 }), ErrorCode::InvalidArgument),
        (json!({ "topic": "t", "count": u64::MAX }), ErrorCode::InvalidArgument),
        (json!({ "topic": "t", "count": 1, "key": "runway" }), ErrorCode::InvalidArgument),
        (json!({ "topic": "t", "count": 1, "linger_ms": 10_001 }), ErrorCode::InvalidSetting),
        (json!({ "topic": "t", "count": 1, "batch_size_bytes": 0 }), ErrorCode::InvalidSetting),
        (json!({ "topic": "t", "count": 1, "idempotence": true, "acks": "1" }), ErrorCode::InvalidSetting),
        (
            json!({ "topic": "t", "count": 1, "idempotence": true, "settings": { "max.in.flight": "50" } }),
            ErrorCode::InvalidSetting,
        ),
    ] {
        let finished = page.run(json!({ "produce": arguments.clone() })).await;
        assert_eq!(finished.error_code(), code, "{arguments}");
        assert_eq!(finished.events, [], "{arguments}");
    }
    assert_eq!(page.read_all("t", 1, "g").await, [], "nothing was written by mistake");
}

#[tokio::test]
async fn settings_that_name_hosts_files_or_code_are_refused_by_name() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    for name in [
        "bootstrap.servers",
        "metadata.broker.list",
        "plugin.library.paths",
        "sasl.kerberos.kinit.cmd",
        "sasl.oauthbearer.token.endpoint.url",
        "ssl.ca.location",
        "ssl.key.location",
        "ssl.engine.location",
        "security.protocol",
        "allow.auto.create.topics",
        "transactional.id",
        "statistics.interval.ms",
        "debug",
        "no.such.setting",
        "",
    ] {
        for command in [
            json!({ "produce": { "topic": "t", "count": 1, "settings": { name: "x" } } }),
            json!({ "start_consumer": { "group": "g", "topics": ["t"], "settings": { name: "x" } } }),
        ] {
            let refused = page.run(command).await;
            assert_eq!(refused.error_code(), ErrorCode::SettingNotAllowed, "{name}");
            assert!(format!("{:?}", refused.outcome).contains(name), "{name} is named");
        }
    }
    for (command, code) in [
        // What has a field of its own.
        (
            json!({ "produce": { "topic": "t", "count": 1, "settings": { "acks": "1" } } }),
            ErrorCode::SettingNotAllowed,
        ),
        // What only the other kind of client has.
        (
            json!({ "produce": { "topic": "t", "count": 1, "settings": { "session.timeout.ms": "6000" } } }),
            ErrorCode::SettingNotAllowed,
        ),
        (
            json!({ "produce": { "topic": "t", "count": 1, "settings": { "message.timeout.ms": "999999999" } } }),
            ErrorCode::InvalidSetting,
        ),
        (
            json!({ "start_consumer": { "group": "g", "topics": ["t"], "settings": { "session.timeout.ms": "1" } } }),
            ErrorCode::InvalidSetting,
        ),
    ] {
        let said = command.to_string();
        assert_eq!(page.run(command).await.error_code(), code, "{said}");
    }
}

#[tokio::test]
async fn a_learner_writes_a_few_times_at_once_and_no_more() {
    let Some(cluster) = crate::cluster() else { return };
    let server = TestServer::start(cluster).await;
    let mut page = Client::new(&server).await;
    page.make_topic("t", 1).await;
    // For as long as one may: none is done before the last one comes.
    let slow = json!({ "produce": { "topic": "t", "count": 1, "linger_ms": 10_000 } });
    let mut running = Vec::new();
    for _ in 0..5 {
        running.push(page.start_json(slow.clone()).await);
    }
    let mut refused = Vec::new();
    for id in running {
        if let Outcome::Failed { error, .. } = page.finish(id).await.outcome {
            refused.push(error.code);
        }
    }
    assert_eq!(refused, [ErrorCode::LimitReached]);
    page.fill("t", 1).await;
}
