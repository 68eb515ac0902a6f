//! Each learner's cluster is theirs: no command of another learner shows, reads, changes or breaks anything of it.

use serde_json::{Value, json};
use shared::kafka::ClusterView;
use shared::{ErrorCode, Reply};
use tests::{Client, On, TestServer};

use crate::watching::is_settled;

/// What a learner has, but for the time.
async fn all_of(page: &mut Client) -> ClusterView {
    ClusterView { at_ms: 0, ..page.view().await }
}

async fn cluster_id(page: &mut Client) -> String {
    match page.run(json!({ "describe_cluster": {} })).await.reply() {
        Reply::Cluster(cluster) => cluster.cluster_id.expect("it has an id"),
        other => panic!("{other:?}"),
    }
}

async fn refused(page: &mut Client, command: Value, code: ErrorCode) {
    let said = command.to_string();
    assert_eq!(page.run(command).await.error_code(), code, "{said}");
}

#[tokio::test]
async fn no_command_of_one_learner_reaches_the_cluster_of_another() {
    let server = TestServer::start(On::Sandbox).await;
    let (mut one, mut other) = (Client::new(&server).await, Client::new(&server).await);
    one.make_topic("t", 2).await;
    one.fill("t", 20).await;
    let consumer = one.consume(json!({ "group": "g", "topics": ["t"] })).await;
    one.records(consumer, 20).await;
    one.run(json!({ "commit": { "consumer": consumer } })).await.reply();
    // Once it is there, nothing changes by itself.
    let watching = one.start_json(json!({ "watch": {} })).await;
    one.until_view(watching, |view| {
        let committed = view.groups.iter().flat_map(|group| &group.offsets).map(|it| it.offset);
        committed.sum::<i64>() == 20 && is_settled(view)
    })
    .await;
    one.cancel(watching).await;
    one.finish(watching).await;
    let before = all_of(&mut one).await;

    // Under the same names there is nothing.
    assert_ne!(cluster_id(&mut one).await, cluster_id(&mut other).await);
    assert_eq!(other.topic_names().await, [""; 0]);
    let seen = other.view().await;
    assert!(seen.topics.is_empty() && seen.groups.is_empty(), "{seen:?}");
    let ports = |view: &ClusterView| view.brokers.iter().map(|it| it.port).collect::<Vec<_>>();
    assert!(ports(&seen).iter().all(|port| !ports(&before).contains(port)));
    for command in [
        json!({ "describe_topic": { "topic": "t" } }),
        json!({ "delete_topic": { "topic": "t" } }),
        json!({ "produce": { "topic": "t", "count": 1 } }),
        json!({ "start_consumer": { "group": "g", "topics": ["t"] } }),
    ] {
        refused(&mut other, command, ErrorCode::UnknownTopic).await;
    }
    refused(&mut other, json!({ "describe_group": { "group": "g" } }), ErrorCode::UnknownGroup).await;
    for command in ["commit", "stop_consumer", "crash_consumer"] {
        refused(&mut other, json!({ command: { "consumer": consumer } }), ErrorCode::UnknownConsumer).await;
    }

    // The same names are other things there: another shape, other records, another member.
    let theirs = other.make_topic("t", 1).await;
    assert_eq!((theirs.partitions.len(), theirs.partitions[0].high_watermark), (1, Some(0)));
    other.produce(json!({ "topic": "t", "count": 3, "key": "country" })).await;
    let reader = other.consume(json!({ "group": "g", "topics": ["t"] })).await;
    assert_eq!(other.records_to_the_end(reader, 1).await.len(), 3);
    assert_eq!(other.describe_group("g").await.members.len(), 1);
    assert!(other.committed("g").await.is_empty());

    // What is deleted there, broken and made anew is so there.
    other.stop_consumer(reader).await;
    other.run(json!({ "start_over": { "delete_topics": ["t"], "delete_groups": ["g"] } })).await.reply();
    for command in [
        json!({ "inject_error": { "api": "Produce", "error": "NOT_LEADER_OR_FOLLOWER", "times": 5 } }),
        json!({ "delay_broker": { "broker": 1, "delay_ms": 100 } }),
        json!({ "cut_off_broker": { "broker": 2 } }),
        json!({ "stop_broker": { "broker": 3 } }),
        json!({ "kill_broker": { "broker": 1 } }),
    ] {
        other.run(command).await.reply();
        assert_eq!(all_of(&mut one).await, before);
    }
    other.run(json!({ "reset_cluster": {} })).await.reply();
    assert_eq!(all_of(&mut one).await, before);

    // And theirs works on: the member that it had reads on.
    one.fill("t", 4).await;
    assert_eq!(one.records(consumer, 4).await.len(), 4);
}
