//! What tests do most, in a line each.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use shared::kafka::{
    ClusterView, GroupDescription, PartitionOffset, Record, TopicDescription, TopicPartition,
};
use shared::{ConsumerEvent, ConsumerId, Event, Outcome, Reply, RequestId};

use crate::{Client, Produced};

impl Client {
    /// Makes a topic.
    pub async fn make_topic(&mut self, topic: &str, partitions: u32) -> TopicDescription {
        let command = json!({ "create_topic": { "topic": topic, "partitions": partitions } });
        match self.run(command).await.reply() {
            Reply::TopicCreated(description) => description,
            other => panic!("{other:?}"),
        }
    }

    /// Deletes a topic.
    pub async fn delete_topic(&mut self, topic: &str) {
        self.run(json!({ "delete_topic": { "topic": topic } })).await.reply();
    }

    /// Describes a topic that is there.
    pub async fn describe_topic(&mut self, topic: &str) -> TopicDescription {
        match self.run(json!({ "describe_topic": { "topic": topic } })).await.reply() {
            Reply::Topic(description) => description,
            other => panic!("{other:?}"),
        }
    }

    /// The names of the learner's own topics.
    pub async fn topic_names(&mut self) -> Vec<String> {
        match self.run(json!({ "list_topics": {} })).await.reply() {
            Reply::Topics(topics) => {
                topics.iter().filter(|topic| !topic.internal).map(|topic| topic.name.to_string()).collect()
            }
            other => panic!("{other:?}"),
        }
    }

    /// Describes a group that is there.
    pub async fn describe_group(&mut self, group: &str) -> GroupDescription {
        match self.run(json!({ "describe_group": { "group": group } })).await.reply() {
            Reply::Group(description) => description,
            other => panic!("{other:?}"),
        }
    }

    /// Describes a group again and again until it is as `wanted`.
    pub async fn until_group(
        &mut self,
        group: &str,
        wanted: impl Fn(&GroupDescription) -> bool,
    ) -> GroupDescription {
        loop {
            let description = self.describe_group(group).await;
            if wanted(&description) {
                return description;
            }
            // Between two questions, so that the answer may change; not waited for by luck.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
    }

    /// What the group committed, by partition, where it committed anything.
    pub async fn committed(&mut self, group: &str) -> BTreeMap<i32, i64> {
        let offsets = self.describe_group(group).await.offsets;
        offsets.iter().filter_map(|it| it.offset.map(|offset| (it.partition, offset))).collect()
    }

    /// Produces, to the end, whichever it is.
    pub async fn produce(&mut self, arguments: Value) -> Produced {
        Produced::from(self.run(json!({ "produce": arguments })).await)
    }

    /// Produces records that all have to be delivered.
    pub async fn fill(&mut self, topic: &str, count: u64) -> Produced {
        let produced = self.produce(json!({ "topic": topic, "count": count })).await;
        assert_eq!((produced.summary.delivered, produced.error), (count, None));
        produced
    }

    /// The next assignment of a consumer that has partitions in it.
    pub async fn assigned(&mut self, consumer: ConsumerId) -> Vec<PartitionOffset> {
        self.next_that(consumer, |event| match event {
            ConsumerEvent::Assigned { partitions } if !partitions.is_empty() => Some(partitions),
            _ => None,
        })
        .await
    }

    /// The next revocation of a consumer that has partitions in it.
    pub async fn revoked(&mut self, consumer: ConsumerId) -> Vec<TopicPartition> {
        self.next_that(consumer, |event| match event {
            ConsumerEvent::Revoked { partitions } if !partitions.is_empty() => Some(partitions),
            _ => None,
        })
        .await
    }

    /// The next records of a consumer, so many.
    pub async fn records(&mut self, consumer: ConsumerId, count: usize) -> Vec<Record> {
        let mut records = Vec::with_capacity(count);
        while records.len() < count {
            let record = self.next_that(consumer, |event| match event {
                ConsumerEvent::Record(record) => Some(record),
                _ => None,
            });
            records.push(record.await);
        }
        records
    }

    /// The records of a consumer up to the end of each of so many partitions.
    pub async fn records_to_the_end(&mut self, consumer: ConsumerId, partitions: usize) -> Vec<Record> {
        let (mut records, mut ends) = (Vec::new(), BTreeMap::new());
        while ends.len() < partitions {
            match self.next_event(consumer).await {
                ConsumerEvent::Record(record) => records.push(record),
                ConsumerEvent::EndOfPartition { partition, offset } => {
                    ends.insert(partition, offset);
                }
                _ => {}
            }
        }
        records
    }

    /// All records of a topic of so many partitions, read by a consumer in a group of its own.
    pub async fn read_all(&mut self, topic: &str, partitions: usize, group: &str) -> Vec<Record> {
        let consumer = self.consume(json!({ "group": group, "topics": [topic] })).await;
        let records = self.records_to_the_end(consumer, partitions).await;
        assert_eq!(self.skipped(consumer), 0, "a page that reads misses nothing");
        self.stop_consumer(consumer).await;
        records
    }

    /// Stops a consumer.
    pub async fn stop_consumer(&mut self, consumer: ConsumerId) {
        let stopped = self.run(json!({ "stop_consumer": { "consumer": consumer } })).await.reply();
        assert_eq!(stopped, Reply::ConsumerStopped(consumer));
    }

    /// Waits until a running `watch` has shown a cluster that is as `wanted`, and gives that view.
    pub async fn until_view(
        &mut self,
        watch: RequestId,
        wanted: impl Fn(&ClusterView) -> bool,
    ) -> ClusterView {
        self.until_event_that(watch, |event| match event {
            Event::View(view) if wanted(view) => Some(view.clone()),
            _ => None,
        })
        .await
    }

    /// A look at the learner's sandbox.
    pub async fn view(&mut self) -> ClusterView {
        let watch = self.start_json(json!({ "watch": {} })).await;
        let view = self.until_view(watch, |_| true).await;
        self.cancel(watch).await;
        assert!(matches!(self.finish(watch).await.outcome, Outcome::Cancelled { partial: None }));
        view
    }

    /// What the learner's names begin with on the cluster: the cookie ends with who the learner is.
    pub fn prefix(&self) -> String {
        let cookie = self.cookie.as_deref().expect("a cookie");
        format!("kw-{}-", &cookie[cookie.len() - 16..])
    }
}
