//! Which brokers get the replicas of new partitions (`StripedReplicaPlacer` without racks).

use rand::RngExt;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;

use super::controller::Assignment;
use super::{BrokerId, Core};

/// Brokers in the order in which they come, and where the last partition began.
struct Ring {
    brokers: Vec<BrokerId>,
    offset: usize,
}

impl Ring {
    fn new(brokers: Vec<BrokerId>, rng: &mut StdRng) -> Self {
        let offset = if brokers.is_empty() { 0 } else { rng.random_range(0..brokers.len()) };
        Self { brokers, offset }
    }

    /// All of them, from one further than the last time.
    fn next_round(&mut self) -> impl Iterator<Item = BrokerId> {
        self.offset = (self.offset + 1).checked_rem(self.brokers.len()).unwrap_or(0);
        let (before, from) = self.brokers.split_at(self.offset);
        from.iter().chain(before).copied()
    }
}

impl Core {
    /// Replicas for partitions, spread over brokers, those that are up before the others. The error says why that
    /// can't be.
    pub(super) fn place(
        &mut self,
        partitions: usize,
        replication_factor: usize,
    ) -> Result<Assignment, String> {
        let live: Vec<_> = self.image.live_brokers().map(|(id, _)| id).collect();
        let fenced: Vec<_> =
            self.image.brokers.iter().filter(|(_, broker)| broker.fenced).map(|(id, _)| *id).collect();
        let registered = live.len() + fenced.len();
        if live.is_empty() {
            return Err("All brokers are currently fenced.".to_owned());
        }
        if replication_factor > registered {
            return Err(format!(
                "The target replication factor of {replication_factor} cannot be reached because only {registered} \
                 broker(s) are registered or some brokers have all their log directories cordoned."
            ));
        }
        Ok(spread(live, fenced, partitions, replication_factor, &mut self.rng))
    }
}

fn spread(
    live: Vec<BrokerId>,
    fenced: Vec<BrokerId>,
    partitions: usize,
    replication_factor: usize,
    rng: &mut StdRng,
) -> Assignment {
    let (mut live, mut fenced) = (Ring::new(live, rng), Ring::new(fenced, rng));
    let round = live.brokers.len();
    let mut assignment = Assignment::new();
    for partition in 0..partitions {
        // When each has led one, another order, so that the same brokers don't always stand together.
        if partition > 0 && partition % round == 0 && round > 1 {
            live.brokers.shuffle(rng);
            fenced.brokers.shuffle(rng);
        }
        let mut replicas: Vec<_> = live.next_round().take(replication_factor).collect();
        if replicas.len() < replication_factor {
            replicas.extend(fenced.next_round().take(replication_factor - replicas.len()));
        }
        assignment.push(replicas);
    }
    assignment
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use rand::SeedableRng;

    use super::*;

    fn distinct(brokers: &[BrokerId]) -> usize {
        brokers.iter().collect::<BTreeSet<_>>().len()
    }

    #[test]
    fn each_broker_leads_one_partition_of_each_round() {
        for seed in 0..50 {
            let mut rng = StdRng::seed_from_u64(seed);
            let assignment = spread(vec![1, 2, 3], vec![], 9, 2, &mut rng);
            for round in assignment.chunks(3) {
                let leaders: Vec<_> = round.iter().map(|replicas| replicas[0]).collect();
                assert_eq!(distinct(&leaders), 3, "{assignment:?}");
                assert!(round.iter().all(|replicas| replicas.len() == 2 && distinct(replicas) == 2));
            }
        }
    }

    #[test]
    fn after_a_round_the_order_is_another_one() {
        let follower_of_first = |seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let assignment = spread(vec![1, 2, 3], vec![], 6, 2, &mut rng);
            let of = |leader| {
                assignment
                    .chunks(3)
                    .map(|round| round.iter().find(|replicas| replicas[0] == leader).expect("it leads")[1])
                    .collect::<Vec<_>>()
            };
            of(1)
        };
        let followers: Vec<_> = (0..50).map(follower_of_first).collect();
        assert!(followers.iter().all(|of| of[0] == 2), "the first round is in the order of ids");
        let others = followers.iter().filter(|of| of[1] == 3).count();
        assert!((1..50).contains(&others), "{followers:?}");
    }

    #[test]
    fn brokers_that_are_down_get_only_what_is_left_over() {
        let mut rng = StdRng::seed_from_u64(1);
        for replicas in spread(vec![1, 3], vec![2, 4], 20, 3, &mut rng) {
            assert!([1, 3].contains(&replicas[0]) && [1, 3].contains(&replicas[1]), "{replicas:?}");
            assert!([2, 4].contains(&replicas[2]), "{replicas:?}");
        }
        let alone = spread(vec![1], vec![2], 3, 2, &mut rng);
        assert_eq!(alone, vec![vec![1, 2]; 3]);
    }
}
