//! CreatePartitions.

use super::Refusal;
use crate::core::api::repeats::counts;
use crate::core::controller::Assignment;
use crate::core::{Caller, Core};
use crate::wire::messages::create_partitions_request::{CreatePartitionsRequestData, CreatePartitionsTopic};
use crate::wire::messages::create_partitions_response::{
    CreatePartitionsResponseData, CreatePartitionsTopicResult,
};
use crate::wire::{ErrorCode, message};

impl Core {
    /// CreatePartitions.
    pub(in crate::core::api) fn create_partitions(
        &mut self,
        caller: &Caller,
        request: &CreatePartitionsRequestData,
    ) -> CreatePartitionsResponseData {
        let mut response = CreatePartitionsResponseData::default();
        let mut counts = counts(request.topics.iter().map(|topic| topic.name.as_str()));
        for topic in &request.topics {
            let count = counts.get_mut(topic.name.as_str()).map_or(0, std::mem::take);
            if count == 0 {
                continue;
            }
            let outcome = if count > 1 {
                Err((ErrorCode::InvalidRequest, "Duplicate topic name.".to_owned()))
            } else if !self.is_connected(caller.broker) || request.timeout_ms <= 0 {
                Err((ErrorCode::RequestTimedOut, String::new()))
            } else {
                self.grow(topic, request.validate_only)
            };
            let (error, reason) = outcome.err().unwrap_or((ErrorCode::None, String::new()));
            response.results.push(CreatePartitionsTopicResult {
                name: topic.name.clone(),
                error_code: error.code(),
                error_message: if reason.is_empty() { None } else { message(reason) },
                ..Default::default()
            });
        }
        response
    }

    fn grow(&mut self, request: &CreatePartitionsTopic, validate_only: bool) -> Result<(), Refusal> {
        let name = request.name.as_str();
        let topic =
            self.image.topic(name).ok_or_else(|| (ErrorCode::UnknownTopicOrPartition, String::new()))?;
        let (id, present) = (topic.id, topic.partitions.len());
        let factor = topic.partitions.first().map_or(1, |partition| partition.replicas.len());
        let wanted = usize::try_from(request.count).unwrap_or(0);
        if wanted == present {
            let reason = format!("Topic already has {present} partition(s).");
            return Err((ErrorCode::InvalidPartitions, reason));
        }
        if wanted < present {
            let reason = format!(
                "The topic {name} currently has {present} partition(s); {} would not be an increase.",
                request.count
            );
            return Err((ErrorCode::InvalidPartitions, reason));
        }
        let additional = wanted - present;
        self.check_room(0, additional)?;
        let assignment = match &request.assignments {
            Some(given) => {
                if given.len() != additional {
                    let reason = format!(
                        "Attempted to add {additional} additional partition(s), but only {} assignment(s) were \
                         specified.",
                        given.len()
                    );
                    return Err((ErrorCode::InvalidReplicaAssignment, reason));
                }
                let mut assignment = Assignment::new();
                for (index, replicas) in (request.count - i32::try_from(additional).unwrap_or(0)..).zip(given)
                {
                    self.check_replicas(index, &replicas.broker_ids, Some(factor))?;
                    assignment.push(replicas.broker_ids.clone());
                }
                assignment
            }
            None => self
                .place(additional, factor)
                .map_err(|reason| (ErrorCode::InvalidReplicationFactor, reason))?,
        };
        if !validate_only {
            self.add_partitions(id, &assignment);
        }
        Ok(())
    }
}
