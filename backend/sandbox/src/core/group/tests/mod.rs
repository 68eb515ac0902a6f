//! A coordinator with a clock that only moves when told, and clients that say what is needed to tell a rule.

mod joining;
mod moving;
mod offsets;
mod overview;
mod property;
mod sessions;
mod statics;
mod syncing;

use std::collections::HashMap;
use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::core::Now;
use crate::wire::messages::{
    HeartbeatRequestData, JoinGroupRequestData, JoinGroupRequestProtocol, JoinGroupResponseData,
    LeaveGroupRequestData, LeaveGroupResponseData, ListGroupsRequestData, MemberIdentity,
    OffsetCommitRequestData, OffsetCommitRequestPartition, OffsetCommitRequestTopic, OffsetDeleteRequestData,
    OffsetDeleteRequestPartition, OffsetDeleteRequestTopic, OffsetFetchRequestGroup,
    OffsetFetchRequestTopics, OffsetFetchResponsePartitions, SyncGroupRequestAssignment,
    SyncGroupRequestData, SyncGroupResponseData, describe_groups_response,
};
use crate::wire::{ErrorCode, KafkaUuid, text};

const GROUP: &str = "readers";

/// A coordinator, its clock, and what it answered.
struct Desk {
    coordinator: Coordinator,
    now: Now,
    waiters: u64,
    ids: u128,
    answers: HashMap<Waiter, Vec<GroupReply>>,
    events: Vec<GroupEvent>,
    /// What was written, each with where the log goes on.
    log: Vec<(GroupRecord, i64)>,
}

impl Desk {
    fn new() -> Self {
        Self::with(GroupSettings { initial_rebalance_delay_ms: 0, ..Default::default() })
    }

    fn with(settings: GroupSettings) -> Self {
        let now = Now { monotonic: Duration::from_secs(7), wall_ms: 1_700_000_000_000 };
        Self {
            coordinator: Coordinator::new(settings, now),
            now,
            waiters: 0,
            ids: 0,
            answers: HashMap::new(),
            events: Vec::new(),
            log: Vec::new(),
        }
    }

    /// Does something, and then what is due at once.
    fn act<R>(
        &mut self,
        act: impl FnOnce(&mut Coordinator, Now, Waiter, &mut dyn FnMut() -> u128, &mut Outbox) -> R,
    ) -> (Waiter, R) {
        self.waiters += 1;
        let waiter = Waiter(self.waiters);
        let mut out = Outbox::default();
        let ids = &mut self.ids;
        let mut new_id = || {
            *ids += 1;
            *ids
        };
        let result = act(&mut self.coordinator, self.now, waiter, &mut new_id, &mut out);
        self.take(out);
        self.pass(0);
        (waiter, result)
    }

    /// Takes what came of something. What is written is committed at once.
    fn take(&mut self, mut out: Outbox) {
        loop {
            for (waiter, reply) in out.replies {
                self.answers.entry(waiter).or_default().push(reply);
            }
            self.events.extend(out.events);
            out.records.append(&mut out.loose);
            if out.records.is_empty() && out.after.is_empty() {
                return;
            }
            let mut next = Outbox::default();
            let to = i64::try_from(self.log.len() + out.records.len()).unwrap();
            self.coordinator.committed_to(to, &mut next);
            for record in out.records {
                self.log.push((record.clone(), to));
                self.coordinator.wrote(record, to, &mut next);
            }
            for after in out.after {
                self.coordinator.finish(self.now, after, Ok(()), &mut next);
            }
            out = next;
        }
    }

    /// Another broker takes over: it knows only what is written.
    fn move_away(&mut self) {
        let mut out = Outbox::default();
        self.coordinator.unload(self.now, &mut out);
        let (settings, records) = (self.coordinator.settings().clone(), self.log.clone().into_iter());
        let to = i64::try_from(self.log.len()).unwrap();
        let before = Some(&self.coordinator);
        self.coordinator = Coordinator::load(settings, self.now, records, to, before, &mut out);
        self.take(out);
        self.pass(0);
    }

    /// Lets time pass, with each deadline at its own moment.
    fn pass(&mut self, ms: u64) {
        let end = self.now.monotonic + Duration::from_millis(ms);
        while let Some(at) = self.coordinator.next_deadline().filter(|at| *at <= end) {
            self.set_clock(at.max(self.now.monotonic));
            let mut out = Outbox::default();
            self.coordinator.fire(self.now, &mut out);
            self.take(out);
        }
        self.set_clock(end);
    }

    fn set_clock(&mut self, to: Duration) {
        let passed = i64::try_from((to - self.now.monotonic).as_millis()).unwrap();
        self.now = Now { monotonic: to, wall_ms: self.now.wall_ms + passed };
    }

    fn join(&mut self, joining: &Joining) -> Waiter {
        let request = joining.request();
        let version = joining.version;
        let client_id = joining.client;
        self.act(|it, now, waiter, ids, out| {
            it.join(now, Caller { client_id, ..caller(version, waiter) }, &request, ids, out);
        })
        .0
    }

    /// Joins and expects the answer at once.
    fn joined(&mut self, joining: &Joining) -> JoinGroupResponseData {
        let waiter = self.join(joining);
        self.join_answer(waiter)
    }

    /// Joins as a dynamic member does: first for an id, then with it.
    fn join_twice(&mut self, joining: Joining) -> (Waiter, Joining) {
        let promised = self.joined(&joining);
        assert_eq!(promised.error_code, ErrorCode::MemberIdRequired.code());
        let joining = Joining { member_id: promised.member_id.to_string(), ..joining };
        (self.join(&joining), joining)
    }

    fn sync(&mut self, joined: &JoinGroupResponseData) -> Waiter {
        let assignments = joined.members.iter().map(|member| SyncGroupRequestAssignment {
            member_id: member.member_id.clone(),
            assignment: Bytes::from(format!("for {}", member.member_id)),
            ..Default::default()
        });
        let request = SyncGroupRequestData {
            group_id: text(GROUP),
            generation_id: joined.generation_id,
            member_id: joined.member_id.clone(),
            protocol_type: Some(text("consumer")),
            protocol_name: joined.protocol_name.clone(),
            assignments: assignments.collect(),
            ..Default::default()
        };
        self.sync_with(&request, 5)
    }

    fn sync_with(&mut self, request: &SyncGroupRequestData, version: i16) -> Waiter {
        self.act(|it, now, waiter, _, out| it.sync(now, caller(version, waiter), request, out)).0
    }

    fn heartbeat(&mut self, member_id: &str, generation_id: i32) -> ErrorCode {
        let request = HeartbeatRequestData {
            group_id: text(GROUP),
            generation_id,
            member_id: text(member_id),
            ..Default::default()
        };
        self.heartbeat_with(&request)
    }

    fn heartbeat_with(&mut self, request: &HeartbeatRequestData) -> ErrorCode {
        code(self.act(|it, now, _, _, out| it.heartbeat(now, request, out)).1.error_code)
    }

    fn leave(&mut self, members: Vec<MemberIdentity>) -> LeaveGroupResponseData {
        let request = LeaveGroupRequestData { group_id: text(GROUP), members, ..Default::default() };
        self.act(|it, now, waiter, _, out| it.leave(now, caller(5, waiter), &request, out)).1
    }

    fn commit(&mut self, commit: &Commit) -> ErrorCode {
        let request = commit.request();
        let version = commit.version;
        let response =
            self.act(|it, now, waiter, _, out| it.commit(now, caller(version, waiter), &request, out)).1;
        code(response.topics[0].partitions[0].error_code)
    }

    /// The offset that is committed for partition 0 of a topic.
    fn committed(&self, topic: &str) -> i64 {
        self.committed_with(topic, KafkaUuid::ZERO).committed_offset
    }

    fn committed_with(&self, topic: &str, topic_id: KafkaUuid) -> OffsetFetchResponsePartitions {
        let topic = OffsetFetchRequestTopics {
            name: text(topic),
            topic_id,
            partition_indexes: vec![0],
            ..Default::default()
        };
        let request = OffsetFetchRequestGroup {
            group_id: text(GROUP),
            topics: Some(vec![topic]),
            ..Default::default()
        };
        self.coordinator.fetch(&request, Reading::Committed).topics[0].partitions[0].clone()
    }

    fn join_answer(&self, waiter: Waiter) -> JoinGroupResponseData {
        match self.only_answer(waiter) {
            GroupReply::Join(response) => response.clone(),
            other => panic!("not the answer to a JoinGroup: {other:?}"),
        }
    }

    fn sync_answer(&self, waiter: Waiter) -> SyncGroupResponseData {
        match self.only_answer(waiter) {
            GroupReply::Sync(response) => response.clone(),
            other => panic!("not the answer to a SyncGroup: {other:?}"),
        }
    }

    fn only_answer(&self, waiter: Waiter) -> &GroupReply {
        match self.answers.get(&waiter).map(Vec::as_slice) {
            Some([reply]) => reply,
            other => panic!("{waiter:?} has no one answer: {other:?}"),
        }
    }

    fn waits(&self, waiter: Waiter) -> bool {
        !self.answers.contains_key(&waiter)
    }

    fn described(&self) -> describe_groups_response::DescribedGroup {
        self.coordinator.describe(&text(GROUP), 6)
    }

    fn state(&self) -> String {
        self.described().group_state.to_string()
    }

    fn members(&self) -> Vec<String> {
        self.described().members.iter().map(|member| member.member_id.to_string()).collect()
    }

    /// A stable group of members that can all be told from their names, the leader first.
    fn stable(&mut self, names: &[&str]) -> Vec<Member> {
        let joins: Vec<_> = names.iter().map(|name| self.join_twice(Joining::named(name))).collect();
        let joinings: Vec<_> = joins.into_iter().map(|(_, joining)| joining).collect();
        self.settle(&joinings)
    }

    /// Has all members join again until they are in one generation, and gives out assignments.
    fn settle(&mut self, joinings: &[Joining]) -> Vec<Member> {
        let waiters: Vec<_> = joinings.iter().map(|joining| self.join(joining)).collect();
        let answers: Vec<_> = waiters.iter().map(|waiter| self.join_answer(*waiter)).collect();
        let syncs: Vec<_> = answers.iter().map(|answer| self.sync(answer)).collect();
        assert!(syncs.iter().all(|sync| self.sync_answer(*sync).error_code == 0));
        assert_eq!(self.state(), "Stable");
        let members = answers.into_iter().zip(joinings);
        members
            .map(|(answer, joining)| Member {
                id: answer.member_id.to_string(),
                generation: answer.generation_id,
                is_leader: answer.leader == answer.member_id,
                joining: Joining { member_id: answer.member_id.to_string(), ..joining.clone() },
            })
            .collect()
    }
}

/// A member of a stable group.
#[derive(Clone, Debug)]
struct Member {
    id: String,
    generation: i32,
    is_leader: bool,
    joining: Joining,
}

/// A JoinGroup, with what matters to a test.
#[derive(Clone, Debug)]
struct Joining {
    version: i16,
    client: &'static str,
    member_id: String,
    instance: Option<&'static str>,
    session_timeout_ms: i32,
    rebalance_timeout_ms: i32,
    protocol_type: &'static str,
    protocols: Vec<(&'static str, Bytes)>,
}

impl Joining {
    fn named(client: &str) -> Self {
        Self {
            version: 9,
            client: Box::leak(client.into()),
            member_id: String::new(),
            instance: None,
            session_timeout_ms: 10_000,
            rebalance_timeout_ms: 60_000,
            protocol_type: "consumer",
            protocols: vec![("range", subscription(&["orders"]))],
        }
    }

    fn fixed(instance: &'static str) -> Self {
        Self { instance: Some(instance), ..Self::named(instance) }
    }

    fn request(&self) -> JoinGroupRequestData {
        let protocols = self.protocols.iter().map(|(name, metadata)| JoinGroupRequestProtocol {
            name: text(*name),
            metadata: metadata.clone(),
            ..Default::default()
        });
        JoinGroupRequestData {
            group_id: text(GROUP),
            session_timeout_ms: self.session_timeout_ms,
            rebalance_timeout_ms: self.rebalance_timeout_ms,
            member_id: text(self.member_id.as_str()),
            group_instance_id: self.instance.map(text),
            protocol_type: text(self.protocol_type),
            protocols: protocols.collect(),
            ..Default::default()
        }
    }
}

/// An OffsetCommit for partition 0 of one topic.
#[derive(Clone, Debug)]
struct Commit {
    version: i16,
    member_id: String,
    instance: Option<&'static str>,
    generation: i32,
    topic: &'static str,
    topic_id: KafkaUuid,
    offset: i64,
    leader_epoch: i32,
    metadata: String,
    retention_ms: i64,
}

impl Commit {
    /// By nobody.
    fn simple(topic: &'static str, offset: i64) -> Self {
        Self {
            version: 9,
            member_id: String::new(),
            instance: None,
            generation: -1,
            topic,
            topic_id: KafkaUuid::ZERO,
            offset,
            leader_epoch: 3,
            metadata: String::new(),
            retention_ms: -1,
        }
    }

    fn of(member: &Member, topic: &'static str, offset: i64) -> Self {
        Self { member_id: member.id.clone(), generation: member.generation, ..Self::simple(topic, offset) }
    }

    fn request(&self) -> OffsetCommitRequestData {
        let partition = OffsetCommitRequestPartition {
            partition_index: 0,
            committed_offset: self.offset,
            committed_leader_epoch: self.leader_epoch,
            committed_metadata: Some(text(self.metadata.as_str())),
            ..Default::default()
        };
        let topic = OffsetCommitRequestTopic {
            name: text(self.topic),
            topic_id: self.topic_id,
            partitions: vec![partition],
            ..Default::default()
        };
        OffsetCommitRequestData {
            group_id: text(GROUP),
            generation_id_or_member_epoch: self.generation,
            member_id: text(self.member_id.as_str()),
            group_instance_id: self.instance.map(text),
            retention_time_ms: self.retention_ms,
            topics: vec![topic],
            ..Default::default()
        }
    }
}

fn caller(version: i16, waiter: Waiter) -> Caller<'static> {
    Caller { version, client_id: "client", client_host: "/127.0.0.1", waiter }
}

/// A consumer's subscription, version 0.
fn subscription(topics: &[&str]) -> Bytes {
    let mut bytes = vec![0, 0];
    bytes.extend(u32::try_from(topics.len()).unwrap().to_be_bytes());
    for topic in topics {
        bytes.extend(u16::try_from(topic.len()).unwrap().to_be_bytes());
        bytes.extend(topic.as_bytes());
    }
    bytes.extend([0xff; 4]);
    bytes.into()
}

fn code(code: i16) -> ErrorCode {
    ErrorCode::from(code)
}

fn by_id(id: &str) -> MemberIdentity {
    MemberIdentity { member_id: text(id), ..Default::default() }
}

fn by_instance(instance: &str) -> MemberIdentity {
    MemberIdentity { group_instance_id: Some(text(instance)), ..Default::default() }
}

#[test]
fn a_group_is_kept_where_java_would_keep_it() {
    let partitions =
        ["a", "group", "console-consumer-12345", "größe", "😀x"].map(|group| partition_for(group, 50));
    assert_eq!(partitions, [47, 47, 6, 7, 39]);
    assert_eq!(partition_for("", 50), 0);
    assert_eq!(partition_for("polygenelubricants", 50), 0, "its hash is the one number without an absolute");
}

#[test]
fn nothing_is_due_without_groups() {
    assert_eq!(Desk::new().coordinator.next_deadline(), None);
}
