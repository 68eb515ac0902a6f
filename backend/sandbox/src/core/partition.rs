//! A partition's replicas, on whatever brokers: who has which records, and how far they count as committed.
//!
//! A replica outlives its broker's process, as a disk does. Followers have no fetch loop: [`Partition::replicate`]
//! brings those that are reached to where their fetches would bring them.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Now;
use super::ids::BrokerId;
use super::log::{AppendRules, ChunkAccount, CompactRules, PartitionLog};

/// The replicas of one partition.
#[derive(Debug)]
pub(crate) struct Partition {
    replicas: Vec<Replica>,
}

/// One broker's copy of a partition.
#[derive(Debug)]
pub(crate) struct Replica {
    /// Whose.
    pub(crate) broker: BrokerId,
    /// The records.
    pub(crate) log: PartitionLog,
    /// Up to where records are known to be committed, exclusive.
    pub(crate) high_watermark: i64,
    /// What it keeps while it leads, in its own belief.
    pub(crate) leading: Option<Leading>,
}

/// What a leader knows.
#[derive(Debug)]
pub(crate) struct Leading {
    /// Its epoch.
    pub(crate) epoch: i32,
    /// The in-sync set as it has last seen it.
    pub(crate) isr: Vec<BrokerId>,
    /// How far each follower had come when it was last reached: what happens to it elsewhere a leader can't know.
    ends: BTreeMap<BrokerId, i64>,
    /// In-sync followers that lack records, and since when.
    behind: BTreeMap<BrokerId, Duration>,
    /// Whether somebody will look at those that are behind.
    lag_watched: bool,
    /// The end of its log when it became leader: followers join the in-sync set only from there.
    pub(crate) start_offset: i64,
}

/// By what a partition is replicated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReplicationRules {
    /// The smaller of `min.insync.replicas` and the number of replicas.
    pub(crate) min_isr: usize,
    /// How batches are kept.
    pub(crate) append: AppendRules,
}

/// What came of a round of replication.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// The high watermark of the leader or of a follower moved, or where a follower's log begins.
    pub(crate) committed: bool,
    /// The high watermark of the leader moved, or where a follower's log begins.
    pub(crate) watermarks: bool,
    /// Followers outside the in-sync set that have caught up.
    pub(crate) caught_up: Vec<BrokerId>,
    /// Since when the member of the in-sync set that is behind longest is so, if nobody has been told of it yet.
    pub(crate) behind_since: Option<Duration>,
}

impl Partition {
    /// A new partition on these brokers, without records.
    pub(crate) fn new(brokers: &[BrokerId], account: &ChunkAccount) -> Self {
        let replica = |&broker| Replica {
            broker,
            log: PartitionLog::charged_to(account.clone()),
            high_watermark: 0,
            leading: None,
        };
        Self { replicas: brokers.iter().map(replica).collect() }
    }

    /// A broker's replica.
    pub(crate) fn replica(&self, broker: BrokerId) -> Option<&Replica> {
        self.replicas.iter().find(|replica| replica.broker == broker)
    }

    /// A broker's replica, to be changed.
    pub(crate) fn replica_mut(&mut self, broker: BrokerId) -> Option<&mut Replica> {
        self.replicas.iter_mut().find(|replica| replica.broker == broker)
    }

    /// All of them.
    pub(crate) fn replicas(&self) -> &[Replica] {
        &self.replicas
    }

    /// A broker learns that it leads, in `epoch`, with this in-sync set.
    pub(crate) fn lead(&mut self, broker: BrokerId, epoch: i32, isr: &[BrokerId]) {
        let Some(replica) = self.replica_mut(broker) else { return };
        match &mut replica.leading {
            Some(leading) if leading.epoch == epoch => {
                leading.isr = isr.to_vec();
                leading.behind.retain(|follower, _| isr.contains(follower));
                leading.lag_watched = false;
            }
            leading => {
                let start_offset = replica.log.end_offset();
                replica.log.assign_epoch(epoch);
                *leading = Some(Leading::new(epoch, isr, start_offset));
            }
        }
    }

    /// A broker learns that it does not lead.
    pub(crate) fn follow(&mut self, broker: BrokerId) {
        if let Some(replica) = self.replica_mut(broker) {
            replica.leading = None;
        }
    }

    /// Brings the followers that `reached` says, in the in-sync set and out of it, to the leader's log, truncating what
    /// diverges; then moves the high watermark. Below the minimum of in-sync replicas it stands still (KIP-966).
    pub(crate) fn replicate(
        &mut self,
        leader: BrokerId,
        rules: &ReplicationRules,
        now: Now,
        reached: impl Fn(BrokerId) -> bool,
    ) -> Progress {
        let mut progress = Progress::default();
        let Some(at) = self.replicas.iter().position(|replica| replica.broker == leader) else {
            return progress;
        };
        self.replicas.swap(0, at);
        let Some((head, followers)) = self.replicas.split_first_mut() else { return progress };
        let Some(leading) = &mut head.leading else { return progress };

        let end = head.log.end_offset();
        for follower in followers.iter_mut().filter(|follower| reached(follower.broker)) {
            follower.leading = None;
            fetch_from(&head.log, &mut follower.log, &rules.append, now.wall_ms);
            leading.ends.insert(follower.broker, follower.log.end_offset());
            if leading.may_join(follower.broker, head.high_watermark) {
                progress.caught_up.push(follower.broker);
            }
        }
        leading.note_behind(head.broker, end, now.monotonic);
        progress.behind_since = leading.tell_behind();

        let committed = leading.on_all_in_sync(head.broker, end);
        if leading.isr.len() >= rules.min_isr && committed > head.high_watermark {
            head.high_watermark = committed;
            (progress.committed, progress.watermarks) = (true, true);
        }
        for follower in followers.iter_mut().filter(|follower| reached(follower.broker)) {
            let known = head.high_watermark.min(follower.log.end_offset());
            progress.committed |= known != follower.high_watermark;
            follower.high_watermark = known;
            let has_deleted = follower.log.advance_start_offset(head.log.start_offset());
            progress.committed |= has_deleted;
            progress.watermarks |= has_deleted;
        }
        progress
    }

    /// From where on records are there on the leader and on those followers that are counted.
    pub(crate) fn low_watermark(&self, leader: BrokerId, counts: impl Fn(BrokerId) -> bool) -> i64 {
        let counted = self.replicas.iter().filter(|it| it.broker == leader || counts(it.broker));
        counted.map(|replica| replica.log.start_offset()).min().unwrap_or(-1)
    }

    /// Lets records before `offset` go, which are committed, on all replicas: those that did not know so know it then.
    pub(crate) fn drop_before(&mut self, offset: i64) {
        for replica in &mut self.replicas {
            replica.log.advance_start_offset(offset);
            replica.high_watermark = replica.high_watermark.max(replica.log.start_offset());
        }
    }

    /// Compacts what is committed, on each replica for itself.
    pub(crate) fn compact(&mut self, rules: &CompactRules, now_wall_ms: i64) {
        for replica in &mut self.replicas {
            replica.log.compact(replica.high_watermark, rules, now_wall_ms);
        }
    }

    /// Somebody has looked at those that are behind: the next round of replication tells of them again.
    pub(crate) fn lag_seen(&mut self, leader: BrokerId) {
        if let Some(leading) = self.replica_mut(leader).and_then(|replica| replica.leading.as_mut()) {
            leading.lag_watched = false;
        }
    }

    /// Members of the leader's in-sync set that have lacked records for `lag` or longer.
    pub(crate) fn lagging(&self, leader: BrokerId, now: Duration, lag: Duration) -> Vec<BrokerId> {
        let leading = self.replica(leader).and_then(|replica| replica.leading.as_ref());
        let behind = leading.into_iter().flat_map(|leading| &leading.behind);
        behind.filter(|(_, since)| now.saturating_sub(**since) >= lag).map(|(broker, _)| *broker).collect()
    }
}

impl Leading {
    /// Nothing is known of the followers.
    fn new(epoch: i32, isr: &[BrokerId], start_offset: i64) -> Self {
        Self {
            epoch,
            isr: isr.to_vec(),
            ends: BTreeMap::new(),
            behind: BTreeMap::new(),
            lag_watched: false,
            start_offset,
        }
    }

    /// Whether a follower that is not in sync has caught up: it has what is committed, and what was there when the
    /// leader's epoch began.
    fn may_join(&self, follower: BrokerId, high_watermark: i64) -> bool {
        let end = self.end_of(follower);
        !self.isr.contains(&follower) && end >= high_watermark && end >= self.start_offset
    }

    /// Notes which members of the in-sync set lack records.
    fn note_behind(&mut self, leader: BrokerId, end: i64, now: Duration) {
        for &member in self.isr.iter().filter(|&&member| member != leader) {
            if self.end_of(member) < end {
                self.behind.entry(member).or_insert(now);
            } else {
                self.behind.remove(&member);
            }
        }
    }

    /// Since when the one that is behind longest is so; said once.
    fn tell_behind(&mut self) -> Option<Duration> {
        let since = self.behind.values().min().copied().filter(|_| !self.lag_watched);
        self.lag_watched |= since.is_some();
        since
    }

    /// Up to where all members of the in-sync set have the log that ends at `end`.
    fn on_all_in_sync(&self, leader: BrokerId, end: i64) -> i64 {
        let others = self.isr.iter().filter(|&&member| member != leader);
        others.map(|&member| self.end_of(member)).fold(end, i64::min)
    }

    /// How far a follower is known to have come; before it is first reached, nowhere.
    fn end_of(&self, follower: BrokerId) -> i64 {
        self.ends.get(&follower).copied().unwrap_or(-1)
    }
}

/// What a follower's fetches come to: it truncates by epoch (KIP-101, KIP-279) and takes over what it lacks.
fn fetch_from(leader: &PartitionLog, follower: &mut PartitionLog, rules: &AppendRules, now_wall_ms: i64) {
    while let Some((epoch, end)) = diverging(leader, follower) {
        follower.truncate_to(end.max(follower.start_offset()));
        if end <= follower.start_offset() || follower.latest_epoch() == Some(epoch) {
            break;
        }
    }
    let end = follower.end_offset();
    if end < leader.start_offset() || end > leader.end_offset() {
        follower.truncate_fully_and_start_at(leader.start_offset());
    }
    for batch in leader.batches_from(follower.end_offset()) {
        if follower.append_stored(batch.clone(), rules, now_wall_ms).is_err() {
            tracing::error!(base_offset = batch.base_offset(), "a follower can't take over a batch");
            break;
        }
    }
}

/// Where a follower is to truncate, and the epoch in which it is: an epoch that the leader doesn't have, be it one in
/// which the follower led and appended nothing, or one that ended earlier with the leader.
fn diverging(leader: &PartitionLog, follower: &PartitionLog) -> Option<(i32, i64)> {
    let epoch = follower.latest_epoch()?;
    let (shared_epoch, leader_end) = leader.epoch_end_offset(epoch).unwrap_or((-1, leader.start_offset()));
    if shared_epoch == epoch && leader_end >= follower.end_offset() {
        return None;
    }
    let own_end = follower.epoch_end_offset(shared_epoch).map_or(follower.start_offset(), |(_, end)| end);
    Some((epoch, leader_end.min(own_end)))
}
