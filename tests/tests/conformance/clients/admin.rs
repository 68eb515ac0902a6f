//! The admin client, whose calls are recorded with their outcomes.

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigEntry, NewPartitions, NewTopic, ResourceSpecifier,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaResult, RDKafkaErrorCode};
use rdkafka::{Offset, TopicPartitionList};
use tests::conformance::Scenario;
use tokio::runtime::{Builder, Runtime};

use super::consumer::code;
use super::{PATIENCE, config};

pub(super) struct Admin {
    client: AdminClient<DefaultClientContext>,
    runtime: Runtime,
    options: AdminOptions,
}

impl Admin {
    pub(super) fn new(s: &Scenario<'_>) -> Self {
        Self {
            client: config(s, &[]).create().expect("an admin client"),
            runtime: Builder::new_current_thread().build().expect("a runtime"),
            options: AdminOptions::new().operation_timeout(Some(PATIENCE)).request_timeout(Some(PATIENCE)),
        }
    }

    /// From now on nothing is done that is asked for, only checked.
    pub(super) fn only_checking(mut self) -> Self {
        self.options = self.options.validate_only(true);
        self
    }

    pub(super) fn create_topics(&self, s: &mut Scenario<'_>, label: &str, topics: &[NewTopic<'_>]) {
        let outcome = self.runtime.block_on(self.client.create_topics(topics, &self.options));
        s.saw(&format!("create topics {label}"), &each(outcome));
    }

    pub(super) fn delete_topics(&self, s: &mut Scenario<'_>, label: &str, topics: &[&str]) {
        let outcome = self.runtime.block_on(self.client.delete_topics(topics, &self.options));
        s.saw(&format!("delete topics {label}"), &each(outcome));
    }

    pub(super) fn create_partitions(
        &self,
        s: &mut Scenario<'_>,
        label: &str,
        partitions: &[NewPartitions<'_>],
    ) {
        let outcome = self.runtime.block_on(self.client.create_partitions(partitions, &self.options));
        s.saw(&format!("create partitions {label}"), &each(outcome));
    }

    pub(super) fn delete_groups(&self, s: &mut Scenario<'_>, label: &str, groups: &[&str]) {
        let outcome = self.runtime.block_on(self.client.delete_groups(groups, &self.options));
        s.saw(&format!("delete groups {label}"), &each(outcome));
    }

    pub(super) fn alter_configs(&self, s: &mut Scenario<'_>, label: &str, config: &AlterConfig<'_>) {
        let outcome = match self.runtime.block_on(self.client.alter_configs([config], &self.options)) {
            Ok(results) => results.iter().map(|result| format!("{result:?}")).collect::<Vec<_>>().join(", "),
            Err(error) => code(&error),
        };
        s.saw(&format!("alter configs {label}"), &outcome);
    }

    /// Deletes what stands before an offset; [`Offset::End`] stands for all.
    pub(super) fn delete_records(&self, s: &mut Scenario<'_>, label: &str, before: &[(&str, i32, Offset)]) {
        let mut list = TopicPartitionList::new();
        for (topic, partition, offset) in before {
            list.add_partition_offset(topic, *partition, *offset).expect("an offset");
        }
        let outcome = match self.runtime.block_on(self.client.delete_records(&list, &self.options)) {
            Ok(results) => results
                .elements()
                .iter()
                .map(|one| match one.error() {
                    Ok(()) => format!("{} begins at {:?}", one.partition(), one.offset()),
                    Err(error) => format!("{}: {}", one.partition(), code(&error)),
                })
                .collect::<Vec<_>>()
                .join(", "),
            Err(error) => code(&error),
        };
        s.saw(&format!("delete records {label}"), &outcome);
    }

    /// Records the configs of a resource that `shown` lets through.
    pub(super) fn describe_configs(
        &self,
        s: &mut Scenario<'_>,
        label: &str,
        resource: &ResourceSpecifier<'_>,
        shown: impl Fn(&ConfigEntry) -> bool,
    ) {
        let outcome = match self.runtime.block_on(self.client.describe_configs([resource], &self.options)) {
            Ok(results) => results
                .iter()
                .map(|result| match result {
                    Err(error) => format!("{error:?}"),
                    Ok(resource) => {
                        let mut entries: Vec<_> =
                            resource.entries.iter().filter(|entry| shown(entry)).collect();
                        entries.sort_by(|one, other| one.name.cmp(&other.name));
                        entries.iter().map(|entry| config_entry(entry)).collect::<Vec<_>>().join(", ")
                    }
                })
                .collect(),
            Err(error) => code(&error),
        };
        s.saw(&format!("describe configs {label}"), &outcome);
    }
}

fn config_entry(entry: &ConfigEntry) -> String {
    let mut shown = format!("{}={} {:?}", entry.name, entry.value.as_deref().unwrap_or("null"), entry.source);
    for (is_so, what) in [
        (entry.is_default, " default"),
        (entry.is_read_only, " read-only"),
        (entry.is_sensitive, " sensitive"),
    ] {
        if is_so {
            shown += what;
        }
    }
    shown
}

fn each(outcome: KafkaResult<Vec<Result<String, (String, RDKafkaErrorCode)>>>) -> String {
    let results = match outcome {
        Ok(results) => results,
        Err(error) => return code(&error),
    };
    let show = |result: &Result<String, (String, RDKafkaErrorCode)>| match result {
        Ok(name) => format!("{name} done"),
        Err((name, code)) => format!("{name} {code:?}"),
    };
    results.iter().map(show).collect::<Vec<_>>().join(", ")
}
