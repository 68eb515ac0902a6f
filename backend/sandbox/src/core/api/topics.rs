//! CreateTopics, DeleteTopics, CreatePartitions, and what they share: what topics and partitions there may be.

mod create;
mod delete;
mod grow;
mod names;

pub(super) use self::names::{UnifiedNames, invalid_name};
use crate::core::{BrokerId, Core};
use crate::wire::ErrorCode;

/// Why a change is refused: the code, and what Apache Kafka says with it.
pub(super) type Refusal = (ErrorCode, String);

impl Core {
    /// Whether replicas that a client has chosen will do.
    fn check_replicas(
        &self,
        partition: i32,
        replicas: &[BrokerId],
        factor: Option<usize>,
    ) -> Result<(), Refusal> {
        let refuse = |reason: String| Err((ErrorCode::InvalidReplicaAssignment, reason));
        if replicas.is_empty() {
            return refuse("The manual partition assignment includes an empty replica list.".to_owned());
        }
        let mut sorted = replicas.to_vec();
        sorted.sort_unstable();
        let mut before = None;
        for broker in sorted {
            if !self.image.brokers.contains_key(&broker) {
                return refuse(format!(
                    "The manual partition assignment includes broker {broker}, but no such broker is registered."
                ));
            }
            if before.replace(broker) == Some(broker) {
                return refuse(format!(
                    "The manual partition assignment includes the broker {broker} more than once."
                ));
            }
        }
        if let Some(factor) = factor.filter(|&factor| factor != replicas.len()) {
            return refuse(format!(
                "The manual partition assignment includes a partition with {} replica(s), but this is not consistent \
                 with previous partitions, which have {factor} replica(s).",
                replicas.len()
            ));
        }
        if !replicas.iter().any(|&broker| self.image.is_live(broker)) {
            return refuse(format!(
                "All brokers specified in the manual partition assignment for partition {partition} are fenced or in \
                 controlled shutdown."
            ));
        }
        Ok(())
    }

    /// Whether the cluster may have so much more.
    fn check_room(&self, topics: usize, partitions: usize) -> Result<(), Refusal> {
        let limits = self.limits;
        if self.image.topic_count() + topics > limits.topics {
            let reason = format!("This cluster holds at most {} topics.", limits.topics);
            return Err((ErrorCode::PolicyViolation, reason));
        }
        if self.image.partition_count().saturating_add(partitions) > limits.partitions {
            let reason = format!("This cluster holds at most {} partitions.", limits.partitions);
            return Err((ErrorCode::PolicyViolation, reason));
        }
        Ok(())
    }
}
