//! What holds whatever the clients do, and whenever.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use super::*;

const CLIENTS: usize = 4;
const TOPICS: [&str; 2] = ["orders", "payments"];

/// What happens next. Clients are numbered; the last one is static.
#[derive(Clone, Debug)]
enum Act {
    Join { client: usize, topic: usize, forgetful: bool },
    Sync { client: usize },
    Heartbeat { client: usize },
    Leave { client: usize },
    Commit { client: usize, topic: usize, offset: i64 },
    CommitSimple { topic: usize, offset: i64 },
    Pass { ms: u64 },
}

fn act() -> impl Strategy<Value = Act> {
    let client = 0..CLIENTS;
    let topic = 0..TOPICS.len();
    prop_oneof![
        6 => (client.clone(), topic.clone(), proptest::bool::weighted(0.1))
            .prop_map(|(client, topic, forgetful)| Act::Join { client, topic, forgetful }),
        5 => client.clone().prop_map(|client| Act::Sync { client }),
        2 => client.clone().prop_map(|client| Act::Heartbeat { client }),
        1 => client.clone().prop_map(|client| Act::Leave { client }),
        3 => (client, topic.clone(), 0..1_000_i64)
            .prop_map(|(client, topic, offset)| Act::Commit { client, topic, offset }),
        1 => (topic, 0..1_000_i64).prop_map(|(topic, offset)| Act::CommitSimple { topic, offset }),
        4 => prop_oneof![0..50_u64, 0..4_000_u64, 5_000..30_000_u64].prop_map(|ms| Act::Pass { ms }),
    ]
}

/// What a client knows.
#[derive(Clone, Debug, Default)]
struct Client {
    member_id: String,
    joined: Option<JoinGroupResponseData>,
}

/// The clients, and what must be true of what they were told.
struct Crowd {
    desk: Desk,
    clients: Vec<Client>,
    asked: BTreeMap<Waiter, usize>,
    seen: BTreeSet<Waiter>,
    leaders: BTreeMap<i32, String>,
    told_of: BTreeMap<i32, BTreeSet<String>>,
    joined: BTreeMap<i32, BTreeSet<String>>,
    committed: BTreeMap<&'static str, i64>,
    generation: i32,
}

impl Crowd {
    fn new(delay_ms: i32) -> Self {
        Self {
            desk: Desk::with(GroupSettings { initial_rebalance_delay_ms: delay_ms, ..Default::default() }),
            clients: vec![Client::default(); CLIENTS],
            asked: BTreeMap::new(),
            seen: BTreeSet::new(),
            leaders: BTreeMap::new(),
            told_of: BTreeMap::new(),
            joined: BTreeMap::new(),
            committed: BTreeMap::new(),
            generation: 0,
        }
    }

    fn perform(&mut self, act: &Act) {
        match *act {
            Act::Join { client, topic, forgetful } => {
                if forgetful {
                    self.clients[client].member_id.clear();
                }
                let joining = Joining {
                    member_id: self.clients[client].member_id.clone(),
                    instance: (client == CLIENTS - 1).then_some("desk"),
                    rebalance_timeout_ms: 20_000,
                    protocols: vec![("range", subscription(&[TOPICS[topic]]))],
                    ..Joining::named("client")
                };
                let waiter = self.desk.join(&joining);
                self.asked.insert(waiter, client);
            }
            Act::Sync { client } => {
                if let Some(joined) = self.clients[client].joined.clone() {
                    let waiter = self.desk.sync(&joined);
                    self.asked.insert(waiter, client);
                }
            }
            Act::Heartbeat { client } => {
                if let Some(joined) = &self.clients[client].joined {
                    self.desk.heartbeat(joined.member_id.as_str(), joined.generation_id);
                }
            }
            Act::Leave { client } => {
                let id = std::mem::take(&mut self.clients[client].member_id);
                self.desk.leave(vec![by_id(&id)]);
            }
            Act::Commit { client, topic, offset } => {
                let Some(joined) = self.clients[client].joined.clone() else { return };
                let commit = Commit {
                    member_id: joined.member_id.to_string(),
                    generation: joined.generation_id,
                    ..Commit::simple(TOPICS[topic], offset)
                };
                self.commit(&commit);
            }
            Act::CommitSimple { topic, offset } => self.commit(&Commit::simple(TOPICS[topic], offset)),
            Act::Pass { ms } => self.desk.pass(ms),
        }
    }

    fn commit(&mut self, commit: &Commit) {
        if self.desk.commit(commit) == ErrorCode::None {
            self.committed.insert(commit.topic, commit.offset);
        }
    }

    /// Reads what was answered since, and holds it against what was answered before.
    fn look(&mut self) {
        let mut answers: Vec<_> =
            self.desk.answers.iter().map(|(waiter, it)| (*waiter, it.clone())).collect();
        answers.sort_by_key(|(waiter, _)| *waiter);
        for (waiter, replies) in answers {
            assert_eq!(replies.len(), 1, "{waiter:?} is answered once");
            if !self.seen.insert(waiter) {
                continue;
            }
            let client = self.asked[&waiter];
            if let GroupReply::Join(answer) = &replies[0] {
                self.learn(client, answer);
            }
        }
        for event in self.desk.events.drain(..) {
            if let GroupEvent::StateChanged { state, generation, .. } = event {
                assert!(
                    generation >= self.generation || state == State::Dead,
                    "{generation} after {}",
                    self.generation
                );
                self.generation = if state == State::Dead { 0 } else { generation };
                if state == State::Dead {
                    self.leaders.clear();
                    self.told_of.clear();
                    self.joined.clear();
                    self.committed.clear();
                }
            }
        }
        for topic in TOPICS {
            assert_eq!(self.desk.committed(topic), self.committed.get(topic).copied().unwrap_or(-1));
        }
        self.check_members();
    }

    fn learn(&mut self, client: usize, answer: &JoinGroupResponseData) {
        match code(answer.error_code) {
            ErrorCode::None => {
                let generation = answer.generation_id;
                let leader = self.leaders.entry(generation).or_insert_with(|| answer.leader.to_string());
                // A static member that comes back has another id, and leads if the one before did.
                if !answer.skip_assignment && client != CLIENTS - 1 && !leader.starts_with("desk") {
                    assert_eq!(*leader, answer.leader.to_string(), "generation {generation} has one leader");
                }
                if answer.leader == answer.member_id && !answer.skip_assignment {
                    let told = answer.members.iter().map(|member| member.member_id.to_string()).collect();
                    self.told_of.entry(generation).or_insert(told);
                }
                self.joined.entry(generation).or_default().insert(answer.member_id.to_string());
                self.clients[client].member_id = answer.member_id.to_string();
                self.clients[client].joined = Some(answer.clone());
            }
            ErrorCode::MemberIdRequired => self.clients[client].member_id = answer.member_id.to_string(),
            _ => {
                self.clients[client].member_id.clear();
                self.clients[client].joined = None;
            }
        }
    }

    /// Whoever joined a generation is among those of whom its leader was told, and only such are members of it.
    fn check_members(&self) {
        let Some(told) = self.told_of.get(&self.generation) else { return };
        let is_dynamic = |id: &&String| !id.starts_with("desk");
        let joined = self.joined.get(&self.generation).into_iter().flatten();
        for id in joined.filter(is_dynamic) {
            assert!(told.contains(id), "{id} joined {} but its leader was told of {told:?}", self.generation);
        }
        if matches!(self.desk.state().as_str(), "CompletingRebalance" | "Stable") {
            for id in self.desk.members().iter().filter(is_dynamic) {
                assert!(told.contains(id), "{id} is a member but was not when all had joined");
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_request_is_answered_once_and_generations_are_of_one_mind(
        delay_ms in prop_oneof![Just(0), Just(3_000)],
        acts in proptest::collection::vec(act(), 1..120),
    ) {
        let mut crowd = Crowd::new(delay_ms);
        for act in &acts {
            crowd.perform(act);
            crowd.look();
        }
        crowd.desk.pass(400_000);
        crowd.look();
        let unanswered: Vec<_> = crowd.asked.keys().filter(|waiter| crowd.desk.waits(**waiter)).collect();
        prop_assert!(unanswered.is_empty(), "not answered: {unanswered:?}");
        prop_assert!(matches!(crowd.desk.state().as_str(), "Empty" | "Dead"), "nobody is left");
    }
}
