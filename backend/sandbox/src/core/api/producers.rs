//! InitProducerId and DescribeProducers: idempotent producers (KIP-98, KIP-664).

use super::topics::invalid_name;
use crate::core::{Caller, Core, TopicPartition};
use crate::wire::messages::describe_producers_request::DescribeProducersRequestData;
use crate::wire::messages::describe_producers_response::{
    DescribeProducersResponseData, PartitionResponse, ProducerState, TopicResponse,
};
use crate::wire::messages::init_producer_id_request::InitProducerIdRequestData;
use crate::wire::messages::init_producer_id_response::InitProducerIdResponseData;
use crate::wire::{ErrorCode, message};

impl Core {
    /// InitProducerId. Transactional producers have no coordinator here: there are no transactions yet.
    pub(super) fn init_producer_id(
        &mut self,
        request: &InitProducerIdRequestData,
    ) -> InitProducerIdResponseData {
        let refused = |error: ErrorCode| InitProducerIdResponseData {
            error_code: error.code(),
            producer_id: -1,
            producer_epoch: -1,
            ..Default::default()
        };
        // Both of the producer's id and epoch, or neither (KIP-360).
        if (request.producer_id == -1) != (request.producer_epoch == -1) {
            return refused(ErrorCode::InvalidRequest);
        }
        match &request.transactional_id {
            // So does Apache Kafka if the id is empty; here there are no transactions at all.
            Some(_) => refused(ErrorCode::InvalidRequest),
            None => {
                let producer_id = self.next_producer_id;
                self.next_producer_id += 1;
                InitProducerIdResponseData { producer_id, producer_epoch: 0, ..Default::default() }
            }
        }
    }

    /// DescribeProducers.
    pub(super) fn describe_producers(
        &self,
        caller: &Caller,
        request: &DescribeProducersRequestData,
    ) -> DescribeProducersResponseData {
        let topics = request.topics.iter().map(|topic| {
            let partitions = topic.partition_indexes.iter().map(|&index| {
                let producers = self.producers_of(caller, topic.name.as_str(), index);
                let (error, active_producers) = match producers {
                    Ok(producers) => (ErrorCode::None, producers),
                    Err(error) => (error, Vec::new()),
                };
                let (error, reason) = match invalid_name(topic.name.as_str()) {
                    Some(reason) => (ErrorCode::InvalidTopicException, Some(reason)),
                    None if self.image_of(caller.broker).topic(topic.name.as_str()).is_none() => {
                        (error, Some(error.to_string()))
                    }
                    None => (error, None),
                };
                PartitionResponse {
                    partition_index: index,
                    error_code: error.code(),
                    error_message: reason.and_then(message),
                    active_producers,
                    ..Default::default()
                }
            });
            TopicResponse { name: topic.name.clone(), partitions: partitions.collect(), ..Default::default() }
        });
        DescribeProducersResponseData { topics: topics.collect(), ..Default::default() }
    }

    fn producers_of(&self, caller: &Caller, name: &str, index: i32) -> Result<Vec<ProducerState>, ErrorCode> {
        let topic = self.image_of(caller.broker).topic(name).ok_or(ErrorCode::UnknownTopicOrPartition)?;
        if topic.partition(index).is_none() {
            return Err(ErrorCode::UnknownTopicOrPartition);
        }
        // Followers answer too.
        let id = TopicPartition { topic: topic.id, partition: index };
        let replica = self.replica(id, caller.broker).ok_or(ErrorCode::NotLeaderOrFollower)?;
        let producers = replica.log.producers().describe().into_iter().map(|producer| ProducerState {
            producer_id: producer.producer_id,
            producer_epoch: i32::from(producer.epoch),
            last_sequence: producer.last_sequence,
            last_timestamp: producer.last_timestamp,
            coordinator_epoch: producer.coordinator_epoch,
            current_txn_start_offset: producer.txn_start_offset.unwrap_or(-1),
            ..Default::default()
        });
        Ok(producers.collect())
    }
}
