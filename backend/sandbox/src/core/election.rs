//! How the controller changes a partition: who leads, who is in sync, who is eligible (`PartitionChangeBuilder` in
//! Apache Kafka, with eligible leader replicas, KIP-966).

use super::ids::BrokerId;
use super::image::PartitionRegistration;

/// How a leader is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Election {
    /// The leader stays if it can; else the first replica in sync.
    Online,
    /// The first replica, if it is in sync.
    Preferred,
    /// As online; if nobody is in sync, any live replica, at the loss of records.
    Unclean,
}

/// What the controller wants of a partition.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    /// The in-sync set to be.
    pub(crate) isr: Vec<BrokerId>,
    /// Brokers that came back after an unclean end: what they have is not to be trusted.
    pub(crate) unclean: &'a [BrokerId],
    /// How to look for a leader.
    pub(crate) election: Election,
    /// The smaller of `min.insync.replicas` and the number of replicas.
    pub(crate) min_isr: usize,
}

/// The partition after a change. `None`: nothing changes.
pub(crate) fn change(
    partition: &PartitionRegistration,
    change: Change<'_>,
    is_live: impl Fn(BrokerId) -> bool,
) -> Option<PartitionRegistration> {
    let Change { isr, unclean, election, min_isr } = change;
    let mut next = partition.clone();
    next.isr = isr;
    populate_eligible(partition, &mut next, unclean, min_isr);

    let electable = |broker: BrokerId| {
        (next.isr.contains(&broker) || (next.isr.is_empty() && next.elr.contains(&broker))) && is_live(broker)
    };
    let first = |replicas: &[BrokerId]| replicas.iter().copied().find(|&replica| electable(replica));
    let current = partition.leader.filter(|&leader| electable(leader));
    let clean = match election {
        Election::Preferred => {
            let (preferred, others) = partition.replicas.split_at(1.min(partition.replicas.len()));
            first(preferred).or(current).or_else(|| first(others))
        }
        Election::Online | Election::Unclean => current.or_else(|| first(&partition.replicas)),
    };
    let unclean_leader = || match partition.last_known_elr.as_slice() {
        [last] if next.isr.is_empty() && next.elr.is_empty() && is_live(*last) => Some(*last),
        _ if election == Election::Unclean => {
            partition.replicas.iter().copied().find(|&replica| is_live(replica))
        }
        _ => None,
    };
    let (leader, is_unclean) = match clean {
        Some(leader) => (Some(leader), false),
        None => (unclean_leader(), true),
    };

    if leader != partition.leader {
        next.leader = leader;
        next.leader_epoch += 1;
        if let Some(leader) = leader.filter(|leader| is_unclean || next.elr.contains(leader)) {
            next.isr = vec![leader];
            next.elr.retain(|&replica| !is_unclean && replica != leader);
        }
    }
    if next.leader.is_some() {
        next.last_known_elr.clear();
    } else if next.isr.is_empty() {
        next.last_known_elr.extend(partition.leader);
    }
    if next == *partition {
        return None;
    }
    next.partition_epoch += 1;
    Some(next)
}

/// Fewer in sync than the minimum: who leaves the in-sync set stays eligible. Enough in sync: nobody else is.
fn populate_eligible(
    partition: &PartitionRegistration,
    next: &mut PartitionRegistration,
    unclean: &[BrokerId],
    min_isr: usize,
) {
    if next.isr.len() >= min_isr {
        next.elr.clear();
        return;
    }
    let candidates = partition.elr.iter().chain(&partition.isr).copied();
    next.elr =
        candidates.filter(|replica| !next.isr.contains(replica) && !unclean.contains(replica)).collect();
    next.elr.sort_unstable();
    next.elr.dedup();
}
