//! Groups whose members are librdkafka's consumers, one thread polling all of them.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::groups::GroupMemberInfo;
use rdkafka::topic_partition_list::TopicPartitionListElem;
use rdkafka::{ClientContext, TopicPartitionList};
use tests::conformance::Scenario;

use super::consumer::{code, is_passing, reader};
use super::{PATIENCE, config};

/// What a member went through.
#[derive(Clone, Default)]
pub(super) struct Events(Arc<Mutex<Vec<String>>>);

impl Events {
    fn add(&self, event: String) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(event);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl ClientContext for Events {}

impl ConsumerContext for Events {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let partitions = |list: &TopicPartitionList| {
            let mut partitions: Vec<_> =
                list.elements().iter().map(TopicPartitionListElem::partition).collect();
            partitions.sort_unstable();
            partitions
        };
        match rebalance {
            // That nothing is added or taken is said or not as it happens.
            Rebalance::Assign(list) | Rebalance::Revoke(list) if list.count() == 0 => {}
            Rebalance::Assign(list) => self.add(format!("assigned {:?}", partitions(list))),
            Rebalance::Revoke(list) if consumer.assignment_lost() => {
                self.add(format!("lost {:?}", partitions(list)));
            }
            Rebalance::Revoke(list) => self.add(format!("revoked {:?}", partitions(list))),
            Rebalance::Error(error) => self.add(code(error)),
        }
    }
}

/// A consumer in a group.
pub(super) struct Member {
    pub(super) consumer: BaseConsumer<Events>,
    events: Events,
    /// Polled with the others; a member that is not hangs.
    is_polled: bool,
    /// Records that it was given.
    read: Cell<usize>,
}

/// A group over one topic.
pub(super) struct Group {
    pub(super) id: String,
    pub(super) topic: String,
    settings: Vec<(&'static str, &'static str)>,
    members: BTreeMap<&'static str, Member>,
    onlooker: BaseConsumer,
    partitions: usize,
}

impl Group {
    /// A group without members over a new topic with four partitions; each member has these settings.
    pub(super) fn new(s: &mut Scenario<'_>, shown: &str, settings: &[(&'static str, &'static str)]) -> Self {
        let topic = s.topic(&format!("{shown}-log"), 4);
        Self::over(s, shown, topic, settings)
    }

    /// The same over a topic that is there, with four partitions too.
    pub(super) fn over(
        s: &mut Scenario<'_>,
        shown: &str,
        topic: String,
        settings: &[(&'static str, &'static str)],
    ) -> Self {
        let id = s.name(shown);
        s.coordinator(&id);
        let onlooker = reader(s, &[]);
        Self { id, topic, settings: settings.to_vec(), members: BTreeMap::new(), onlooker, partitions: 4 }
    }

    /// A consumer that joins, once [`Self::settle`] polls it.
    pub(super) fn join(&mut self, s: &Scenario<'_>, name: &'static str, settings: &[(&str, &str)]) {
        let own = [
            ("client.id", name),
            ("group.id", self.id.as_str()),
            ("enable.auto.commit", "false"),
            ("auto.offset.reset", "earliest"),
            ("heartbeat.interval.ms", "50"),
            // Longer than a scenario takes: who is to be given up has its own.
            ("session.timeout.ms", "300000"),
            ("max.poll.interval.ms", "300000"),
            ("fetch.wait.max.ms", "20"),
            ("fetch.error.backoff.ms", "10"),
        ];
        let events = Events::default();
        let settings = [&own[..], &self.settings, settings].concat();
        let consumer: BaseConsumer<Events> =
            config(s, &settings).create_with_context(events.clone()).expect("a consumer");
        consumer.subscribe(&[&self.topic]).expect("subscribing");
        self.members.insert(name, Member { consumer, events, is_polled: true, read: Cell::new(0) });
    }

    /// A member closes its consumer.
    pub(super) fn leave(&mut self, name: &str) {
        let member = self.members.remove(name).expect("a member");
        // rdkafka closes without a limit.
        let closing = std::thread::spawn(move || drop(member));
        self.poll_until("a consumer is closed", |_| closing.is_finished());
    }

    /// A member is no longer polled, or is again.
    pub(super) fn hang(&mut self, name: &str, hangs: bool) {
        self.members.get_mut(name).expect("a member").is_polled = !hangs;
    }

    pub(super) fn member(&self, name: &str) -> &BaseConsumer<Events> {
        &self.members[name].consumer
    }

    /// Polls until another broker coordinates the group than `before`, which went, and says which.
    pub(super) fn moved(&mut self, s: &mut Scenario<'_>, before: usize) -> usize {
        let mut now = before;
        s.until("another coordinates", |s| {
            self.poll();
            now = s.coordinator(&self.id);
            now != before
        });
        s.until("everyone knows that a broker went", |s| {
            self.poll();
            let others = s.brokers();
            others.into_iter().all(|broker| s.live_brokers(broker).iter().all(|live| *live != before))
        });
        // A client asks every broker for its groups that it has ever heard of.
        self.onlooker = reader(s, &[]);
        now
    }

    /// How many records a member was given.
    pub(super) fn read_by(&self, name: &str) -> usize {
        self.members[name].read.get()
    }

    /// Whether something that begins like this happened to a member since it was last recorded.
    pub(super) fn went_through(&self, name: &str, what: &str) -> bool {
        let events = self.members[name].events.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.iter().any(|event| event.starts_with(what))
    }

    /// Polls the members once.
    pub(super) fn poll(&self) {
        for member in self.members.values().filter(|member| member.is_polled) {
            match member.consumer.poll(Duration::from_millis(5)) {
                Some(Ok(_)) => member.read.set(member.read.get() + 1),
                Some(Err(error)) if !is_passing(&error) => {
                    member.events.add(format!("error {}", code(&error)));
                }
                _ => {}
            }
        }
    }

    /// Polls until something is so.
    pub(super) fn poll_until(&self, what: &str, mut is_so: impl FnMut(&Self) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        while !is_so(self) {
            assert!(Instant::now() < deadline, "waiting until {what}: {}", self.describe());
            self.poll();
        }
    }

    /// Polls until the members that are polled share all partitions, and each knows its own; records what each has, and
    /// what it went through.
    pub(super) fn settle(&self, s: &mut Scenario<'_>, label: &str) {
        self.poll_until("a group is stable", Self::is_settled);
        self.record(s, label);
    }

    /// Records what the group is, and what its members went through.
    pub(super) fn record(&self, s: &mut Scenario<'_>, label: &str) {
        s.saw(label, &self.describe());
        for (name, member) in &self.members {
            let mut events = member.events.take();
            // An error comes as often as the client tries.
            events.dedup();
            s.saw(&format!("{label}, {name}"), &events.join(", "));
        }
    }

    fn is_settled(&self) -> bool {
        let Ok(list) = self.onlooker.fetch_group_list(Some(&self.id), PATIENCE) else { return false };
        let Some(group) = list.groups().first() else { return self.members.is_empty() };
        if self.members.is_empty() {
            return group.state() == "Empty";
        }
        let assigned: BTreeMap<_, _> =
            group.members().iter().map(|member| (member.client_id(), assignment(member))).collect();
        let mut polled = self.members.iter().filter(|(_, member)| member.is_polled);
        let count = polled.clone().count();
        let each_knows = polled.all(|(name, member)| {
            let own = member.consumer.assignment().expect("an assignment");
            let mut own: Vec<_> = own.elements().iter().map(TopicPartitionListElem::partition).collect();
            own.sort_unstable();
            assigned.get(name) == Some(&own)
        });
        group.state() == "Stable"
            && each_knows
            && assigned.len() == count
            && assigned.values().map(Vec::len).sum::<usize>() == self.partitions
    }

    /// The group as its coordinator describes it to a client.
    pub(super) fn describe(&self) -> String {
        let list = match self.onlooker.fetch_group_list(Some(&self.id), PATIENCE) {
            Ok(list) => list,
            Err(error) => return code(&error),
        };
        let Some(group) = list.groups().first() else { return "not there".to_owned() };
        let mut members: Vec<_> = group
            .members()
            .iter()
            .map(|member| {
                let metadata = member.metadata().map_or(0, <[u8]>::len);
                let id = member.id().rsplit_once('-').map_or("", |_| member.client_id());
                format!("{id} at {} has {:?} ({metadata} bytes)", member.client_host(), assignment(member))
            })
            .collect();
        members.sort();
        let (state, kind, protocol) = (group.state(), group.protocol_type(), group.protocol());
        format!("{state}, {kind}, {protocol}: {}", members.join("; "))
    }

    /// The state that the coordinator says.
    pub(super) fn state(&self) -> String {
        let list = self.onlooker.fetch_group_list(Some(&self.id), PATIENCE).expect("a list of groups");
        list.groups().first().map_or("", |group| group.state()).to_owned()
    }
}

/// The partitions of the only topic in a member's assignment, in order.
fn assignment(member: &GroupMemberInfo) -> Vec<i32> {
    fn partitions(bytes: &[u8]) -> Option<Vec<i32>> {
        // The version and the number of topics, and the first topic's name.
        let rest = bytes.get(6..)?;
        let (length, rest) = rest.split_first_chunk::<2>()?;
        let rest = rest.get(usize::from(u16::from_be_bytes(*length))..)?;
        let (count, mut rest) = rest.split_first_chunk::<4>()?;
        let mut partitions = Vec::new();
        for _ in 0..u32::from_be_bytes(*count) {
            let (partition, after) = rest.split_first_chunk::<4>()?;
            partitions.push(i32::from_be_bytes(*partition));
            rest = after;
        }
        partitions.sort_unstable();
        Some(partitions)
    }
    member.assignment().and_then(partitions).unwrap_or_default()
}
