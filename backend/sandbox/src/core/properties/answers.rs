//! What the clients learn.

use super::checks::payload;
use super::{Asked, Sent, World};
use crate::core::TopicPartition;
use crate::wire::{ErrorCode, FetchResponse, Response};

impl World {
    pub(super) fn take_answers(&mut self) {
        let connections: Vec<_> = self.pending.keys().copied().collect();
        for connection in connections {
            if let Some(answer) = self.cluster.answer(connection) {
                let asked = self.pending.remove(&connection).expect("it is pending");
                self.answered(asked, answer);
            }
        }
    }

    pub(super) fn answered(&mut self, asked: Asked, answer: Response) {
        match (asked, answer) {
            (Asked::Produce(sent), Response::Produce(response)) => {
                let answer = &response.responses[0].partition_responses[0];
                self.produced(&sent, ErrorCode::from(answer.error_code), answer.base_offset);
            }
            (Asked::Fetch(id), Response::Fetch(response)) => self.fetched(id, &response),
            (Asked::Commit(number), Response::OffsetCommit(response)) => {
                match ErrorCode::from(response.topics[0].partitions[0].error_code) {
                    ErrorCode::None => self.committed.retain(|other, _| *other >= number),
                    // It may have been written: it was not committed in time, or another broker leads.
                    ErrorCode::CoordinatorNotAvailable | ErrorCode::NotCoordinator => {}
                    _ => {
                        self.committed.remove(&number);
                    }
                }
            }
            (Asked::Join(member), Response::JoinGroup(response)) => {
                let member = &mut self.members[member];
                match ErrorCode::from(response.error_code) {
                    ErrorCode::UnknownMemberId => member.id.clear(),
                    ErrorCode::None | ErrorCode::MemberIdRequired => {
                        member.id = response.member_id.as_str().to_owned();
                        member.generation = response.generation_id;
                    }
                    _ => {}
                }
            }
            (Asked::Sync(_) | Asked::Other | Asked::Forgotten, _) => {}
            (asked, answer) => panic!("{answer:?} is no answer to {asked:?}"),
        }
    }

    pub(super) fn produced(&mut self, sent: &Sent, error: ErrorCode, base_offset: i64) {
        if error == ErrorCode::None && sent.acks == -1 {
            let before = self.durable.insert((sent.to, base_offset), payload(&sent.batch));
            if let Some(before) = before {
                assert_eq!(before, payload(&sent.batch), "two batches were acknowledged at {base_offset}");
            }
        }
        let producer = &mut self.producers[sent.producer];
        let is_it = producer.unsettled.as_ref().is_some_and(|unsettled| unsettled.batch == sent.batch);
        let is_retried = matches!(
            error,
            ErrorCode::NotLeaderOrFollower
                | ErrorCode::RequestTimedOut
                | ErrorCode::NotEnoughReplicas
                | ErrorCode::NotEnoughReplicasAfterAppend
        );
        if is_it && !is_retried {
            producer.unsettled = None;
            if error != ErrorCode::None
                && let Some((epoch, sequence)) = producer.sequences.get_mut(&sent.to)
            {
                (*epoch, *sequence) = (*epoch + 1, 0);
            }
        }
    }

    pub(super) fn fetched(&mut self, id: TopicPartition, response: &FetchResponse) {
        for batch in response.records.iter().flatten() {
            let offset = i64::from_be_bytes(*batch.first_chunk().expect("a batch"));
            let before = self.seen.insert((id, offset), payload(batch));
            assert!(
                before.is_none_or(|before| before == payload(batch)),
                "consumers saw two different batches at {offset}"
            );
        }
    }
}
