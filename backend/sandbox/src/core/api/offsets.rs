//! OffsetCommit, OffsetFetch and OffsetDelete: what groups have committed.

use crate::core::coordinators::Write;
use crate::core::group::Reading;
use crate::core::image::Image;
use crate::core::{Answer, Caller, Core};
use crate::wire::messages::{
    OffsetCommitRequestData, OffsetCommitResponseData, OffsetCommitResponsePartition,
    OffsetCommitResponseTopic, OffsetDeleteRequestData, OffsetDeleteResponseData,
    OffsetDeleteResponsePartition, OffsetDeleteResponseTopic, OffsetFetchRequestData,
    OffsetFetchRequestGroup, OffsetFetchRequestTopics, OffsetFetchResponseData, OffsetFetchResponseGroup,
    OffsetFetchResponsePartition, OffsetFetchResponsePartitions, OffsetFetchResponseTopic,
    OffsetFetchResponseTopics,
};
use crate::wire::{ErrorCode, KafkaString, KafkaUuid, message};

/// The first version of OffsetCommit and OffsetFetch that names topics by their ids (KIP-848).
const BY_ID_SINCE: i16 = 10;
/// The first version of OffsetFetch that asks for several groups at a time (KIP-709).
const BATCHED_SINCE: i16 = 8;
/// The first version of OffsetFetch with an error for the whole.
const WHOLE_ERROR_SINCE: i16 = 2;
/// The error where offsets do not become stable in time: consumers before 3.9 know no other that fits.
const NOT_STABLE_IN_TIME: ErrorCode = ErrorCode::NotCoordinator;

impl Core {
    /// OffsetCommit. Partitions that do not exist have errors, the others are committed.
    pub(super) fn offset_commit(
        &mut self,
        caller: &Caller,
        mut request: OffsetCommitRequestData,
    ) -> Option<Answer> {
        let by_id = caller.version >= BY_ID_SINCE;
        let image = self.image_of(caller.broker);
        let mut response = OffsetCommitResponseData::default();
        for topic in &mut request.topics {
            if by_id {
                topic.name = name_of(image, topic.topic_id);
            }
            let error = if by_id && topic.name.is_empty() {
                ErrorCode::UnknownTopicId
            } else {
                ErrorCode::UnknownTopicOrPartition
            };
            let known = image.topic(topic.name.as_str());
            if let Some(known) = known {
                // What is committed is of this topic, even where the client knows only the name.
                topic.topic_id = known.id;
            }
            let is_there = |index| known.is_some_and(|known| known.partition(index).is_some());
            let missing: Vec<_> = topic
                .partitions
                .iter()
                .map(|partition| partition.partition_index)
                .filter(|&index| !is_there(index))
                .map(|index| commit_result(index, error))
                .collect();
            topic.partitions.retain(|partition| is_there(partition.partition_index));
            if !missing.is_empty() || known.is_none() {
                merge(
                    &mut response,
                    OffsetCommitResponseTopic {
                        name: topic.name.clone(),
                        topic_id: topic.topic_id,
                        partitions: missing,
                        ..Default::default()
                    },
                    by_id,
                );
            }
        }
        request.topics.retain(|topic| !topic.partitions.is_empty());
        if request.topics.is_empty() {
            return Some(response.into());
        }
        let host = self.client_host(caller.connection);
        let committed = self.with_writes(caller.broker, request.group_id.as_str(), |desk| {
            desk.groups.commit(desk.now, Self::group_caller(caller, &host), &request, desk.out)
        });
        let whole = |committed: OffsetCommitResponseData| {
            if response.topics.is_empty() {
                return committed;
            }
            let mut response = response.clone();
            for topic in committed.topics {
                merge(&mut response, topic, by_id);
            }
            response
        };
        let failed = |error| whole(commit_error(&request, error));
        match committed {
            Ok((committed, write)) => self.answer_when_committed(caller, write, whole(committed), failed),
            Err(error) => Some(failed(error).into()),
        }
    }

    /// OffsetFetch, of one group or of several.
    pub(super) fn offset_fetch(
        &mut self,
        caller: &Caller,
        request: OffsetFetchRequestData,
    ) -> Option<Answer> {
        let reading = if request.require_stable { Reading::Written } else { Reading::Committed };
        if caller.version >= BATCHED_SINCE {
            let (mut groups, mut writes) = (Vec::new(), Vec::new());
            for group in request.groups {
                let (fetched, write) = self.fetch_offsets(caller, group, reading);
                groups.push((fetched, write.is_some()));
                writes.extend(write);
            }
            return self.answer_when_settled(caller, writes, NOT_STABLE_IN_TIME, move |settled| {
                let mut settled = settled.iter();
                let groups = groups.into_iter().map(|(group, waits)| {
                    let settled = if waits { settled.next() } else { None };
                    let Some(Err(error)) = settled else { return group };
                    let (group_id, error_code) = (group.group_id, error.code());
                    OffsetFetchResponseGroup { group_id, error_code, ..Default::default() }
                });
                OffsetFetchResponseData { groups: groups.collect(), ..Default::default() }.into()
            });
        }
        let topics = request.topics.map(|topics| {
            let topics = topics.into_iter().map(|topic| OffsetFetchRequestTopics {
                name: topic.name,
                partition_indexes: topic.partition_indexes,
                ..Default::default()
            });
            topics.collect()
        });
        let group = OffsetFetchRequestGroup { group_id: request.group_id, topics, ..Default::default() };
        let (fetched, write) = self.fetch_offsets(caller, group, reading);
        let topics = fetched.topics.into_iter().map(|topic| {
            let partitions = topic.partitions.into_iter().map(|partition| OffsetFetchResponsePartition {
                partition_index: partition.partition_index,
                committed_offset: partition.committed_offset,
                committed_leader_epoch: partition.committed_leader_epoch,
                metadata: partition.metadata,
                error_code: partition.error_code,
                ..Default::default()
            });
            let partitions = partitions.collect();
            OffsetFetchResponseTopic { name: topic.name, partitions, ..Default::default() }
        });
        let error_code = fetched.error_code;
        let response = OffsetFetchResponseData { topics: topics.collect(), error_code, ..Default::default() };
        let writes = write.into_iter().collect();
        self.answer_when_settled(caller, writes, NOT_STABLE_IN_TIME, move |settled| match settled {
            [Err(error)] => OffsetFetchResponseData { error_code: error.code(), ..Default::default() }.into(),
            _ => response.into(),
        })
    }

    fn fetch_offsets(
        &mut self,
        caller: &Caller,
        mut group: OffsetFetchRequestGroup,
        reading: Reading,
    ) -> (OffsetFetchResponseGroup, Option<Write>) {
        let by_id = caller.version >= BY_ID_SINCE;
        let mut unknown = Vec::new();
        if by_id && let Some(topics) = &mut group.topics {
            let image = self.image_of(caller.broker);
            for topic in &mut *topics {
                topic.name = name_of(image, topic.topic_id);
            }
            for topic in topics.extract_if(.., |topic| topic.name.is_empty()) {
                unknown.push(fetch_error(&topic, ErrorCode::UnknownTopicId));
            }
        }
        let fetched = self
            .with_writes(caller.broker, group.group_id.as_str(), |desk| desk.groups.fetch(&group, reading));
        let (mut fetched, write) = match fetched {
            Ok(fetched) => fetched,
            Err(error) => return (group_error(&group, error, caller.version), None),
        };
        if by_id && group.topics.is_none() {
            let image = self.image_of(caller.broker);
            for topic in &mut fetched.topics {
                topic.topic_id = image.topic(topic.name.as_str()).map_or(KafkaUuid::ZERO, |topic| topic.id);
            }
            fetched.topics.retain(|topic| topic.topic_id != KafkaUuid::ZERO);
        }
        fetched.topics.extend(unknown);
        (fetched, Some(write).filter(|_| reading == Reading::Written))
    }

    /// OffsetDelete.
    pub(super) fn offset_delete(
        &mut self,
        caller: &Caller,
        mut request: OffsetDeleteRequestData,
    ) -> Option<Answer> {
        let failed =
            |error: ErrorCode| OffsetDeleteResponseData { error_code: error.code(), ..Default::default() };
        let group = request.group_id.clone();
        if group.is_empty() {
            return Some(failed(ErrorCode::InvalidGroupId).into());
        }
        let image = self.image_of(caller.broker);
        let mut topics: Vec<OffsetDeleteResponseTopic> = Vec::new();
        for topic in &mut request.topics {
            let known = image.topic(topic.name.as_str());
            let is_there = |index| known.is_some_and(|known| known.partition(index).is_some());
            let missing = topic.partitions.extract_if(.., |partition| !is_there(partition.partition_index));
            let missing: Vec<_> = missing
                .map(|partition| OffsetDeleteResponsePartition {
                    partition_index: partition.partition_index,
                    error_code: ErrorCode::UnknownTopicOrPartition.code(),
                    ..Default::default()
                })
                .collect();
            if !missing.is_empty() || known.is_none() {
                topics.push(OffsetDeleteResponseTopic {
                    name: topic.name.clone(),
                    partitions: missing,
                    ..Default::default()
                });
            }
        }
        request.topics.retain(|topic| !topic.partitions.is_empty());
        let deleted = self
            .with_writes(caller.broker, group.as_str(), |desk| desk.groups.offset_delete(&request, desk.out));
        let (mut response, write) = match deleted {
            Ok(deleted) => deleted,
            Err(error) => return Some(failed(error).into()),
        };
        if response.error_code != 0 || topics.is_empty() {
            return self.answer_when_committed(caller, write, response, failed);
        }
        for topic in response.topics {
            match topics.iter_mut().find(|other| other.name == topic.name) {
                Some(other) => other.partitions.extend(topic.partitions),
                None => topics.push(topic),
            }
        }
        response.topics = topics;
        self.answer_when_committed(caller, write, response, failed)
    }
}

/// The name of a topic; empty if it is unknown.
fn name_of(image: &Image, id: KafkaUuid) -> KafkaString {
    image.topic_by_id(id).map(|topic| topic.name.clone()).unwrap_or_default()
}

/// Puts what came of a topic's partitions to what is already said of the topic.
fn merge(response: &mut OffsetCommitResponseData, topic: OffsetCommitResponseTopic, by_id: bool) {
    let same = |other: &&mut OffsetCommitResponseTopic| match by_id {
        true => other.topic_id == topic.topic_id,
        false => other.name == topic.name,
    };
    match response.topics.iter_mut().find(same) {
        Some(other) => other.partitions.extend(topic.partitions),
        None => response.topics.push(topic),
    }
}

fn commit_result(index: i32, error: ErrorCode) -> OffsetCommitResponsePartition {
    OffsetCommitResponsePartition { partition_index: index, error_code: error.code(), ..Default::default() }
}

fn commit_error(request: &OffsetCommitRequestData, error: ErrorCode) -> OffsetCommitResponseData {
    let topics = request.topics.iter().map(|topic| OffsetCommitResponseTopic {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: topic
            .partitions
            .iter()
            .map(|partition| commit_result(partition.partition_index, error))
            .collect(),
        ..Default::default()
    });
    OffsetCommitResponseData { topics: topics.collect(), ..Default::default() }
}

fn fetch_error(topic: &OffsetFetchRequestTopics, error: ErrorCode) -> OffsetFetchResponseTopics {
    let partitions = topic.partition_indexes.iter().map(|&index| OffsetFetchResponsePartitions {
        partition_index: index,
        committed_offset: -1,
        committed_leader_epoch: -1,
        metadata: message(""),
        error_code: error.code(),
        ..Default::default()
    });
    OffsetFetchResponseTopics {
        name: topic.name.clone(),
        topic_id: topic.topic_id,
        partitions: partitions.collect(),
        ..Default::default()
    }
}

/// An error of a whole group: version 1 has no place for it but with each partition.
fn group_error(group: &OffsetFetchRequestGroup, error: ErrorCode, version: i16) -> OffsetFetchResponseGroup {
    let group_id = group.group_id.clone();
    if version >= WHOLE_ERROR_SINCE {
        return OffsetFetchResponseGroup { group_id, error_code: error.code(), ..Default::default() };
    }
    let topics = group.topics.iter().flatten().map(|topic| fetch_error(topic, error));
    OffsetFetchResponseGroup { group_id, topics: topics.collect(), ..Default::default() }
}
