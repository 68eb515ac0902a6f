//! What the clients learn.

use super::checks::payload;
use super::steps::ONLY_INJECTED;
use super::{Asked, Asking, Occurrence, Sent, World, is_idempotent};
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
            (Asked::Produce(sent, asking), Response::Produce(response)) => {
                let answer = &response.responses[0].partition_responses[0];
                self.produced(&sent, asking, ErrorCode::from(answer.error_code), answer.base_offset);
            }
            (Asked::Fetch(id, asking), Response::Fetch(response)) => self.fetched(id, asking, &response),
            (Asked::DeleteRecords(offset), Response::DeleteRecords(response)) => {
                let answer = &response.topics[0].partitions[0];
                if answer.error_code == 0 {
                    assert!(answer.low_watermark >= offset, "all that live have followed");
                    self.counts.note(Occurrence::RecordsDeleted, usize::from(answer.low_watermark > 0));
                }
            }
            (Asked::ElectPreferred, Response::ElectLeaders(response)) => {
                let results = &response.replica_election_results;
                let results = results.iter().flat_map(|topic| &topic.partition_result);
                let elected = results.filter(|result| result.error_code == 0).count();
                self.counts.note(Occurrence::PreferredElection, elected);
            }
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

    pub(super) fn produced(&mut self, sent: &Sent, asking: Asking, error: ErrorCode, base_offset: i64) {
        // An idempotent producer may have sent it more than once.
        if error.code() == ONLY_INJECTED && !is_idempotent(sent.producer) {
            self.counts.note(Occurrence::BatchRefused, 1);
            self.refused.insert(payload(&sent.batch));
        }
        // A leader that was cut off may know a batch as sent before whose place was deleted meanwhile.
        let stays = self.is_to_last(sent.to, asking) && !self.is_deleted(sent.to, base_offset);
        if error == ErrorCode::None && sent.acks == -1 && stays {
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

    /// Whether what was answered of a partition is not lost by an unclean election: there was none since the request, and
    /// after one who was asked leads as the controller has it. Another may go on as the leader that it was.
    fn is_to_last(&self, id: TopicPartition, asking: Asking) -> bool {
        self.unclean.get(&id).is_none_or(|moment| asking.leads && *moment < asking.moment)
    }

    pub(super) fn fetched(&mut self, id: TopicPartition, asking: Asking, response: &FetchResponse) {
        if !self.is_to_last(id, asking) {
            return;
        }
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
