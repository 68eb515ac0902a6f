//! How many productions may be under way at once: each has a thread and a client that may hold many records.

use std::sync::Arc;

use shared::{Error, ErrorCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The most that one learner has under way.
pub(super) const OF_A_LEARNER: usize = 4;
/// The most that the server has under way.
pub(super) const OF_THE_SERVER: usize = 64;

/// The places of one learner, which are the server's too. Cheap to clone.
#[derive(Clone)]
pub(in crate::kafka) struct Places {
    own: Arc<Semaphore>,
    server: Arc<Semaphore>,
}

/// A production's place, given up with its last clone.
#[derive(Clone)]
pub(in crate::kafka) struct Place {
    _permits: Arc<[OwnedSemaphorePermit; 2]>,
}

impl Places {
    /// All places of the server.
    pub(in crate::kafka) fn of_the_server() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(OF_THE_SERVER))
    }

    /// A learner's, who shares the server's with all others.
    pub(in crate::kafka) fn of_a_learner(server: Arc<Semaphore>) -> Self {
        Self { own: Arc::new(Semaphore::new(OF_A_LEARNER)), server }
    }

    /// Takes one, without waiting. Fails with [`ErrorCode::LimitReached`].
    pub(in crate::kafka) fn take(&self) -> Result<Place, Error> {
        let own = self.own.clone().try_acquire_owned().map_err(|_| {
            let problem = format!("You write records {OF_A_LEARNER} times at once already.");
            Error::new(ErrorCode::LimitReached, problem).hint("Wait for one of them, or cancel one.")
        })?;
        let server = self.server.clone().try_acquire_owned().map_err(|_| {
            Error::new(ErrorCode::LimitReached, "Too many learners write records at the moment.")
                .hint("Try again in a moment.")
        })?;
        Ok(Place { _permits: Arc::new([own, server]) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_learner_has_a_few_places_and_gets_them_back() {
        let places = Places::of_a_learner(Places::of_the_server());
        let mut taken: Vec<_> = (0..OF_A_LEARNER).map(|_| places.take().unwrap()).collect();
        assert_eq!(places.take().err().map(|error| error.code), Some(ErrorCode::LimitReached));
        let last = taken[0].clone();
        taken.clear();
        let _others: Vec<_> = (1..OF_A_LEARNER).map(|_| places.take().unwrap()).collect();
        assert!(places.take().is_err(), "a clone keeps its place");
        drop(last);
        assert!(places.take().is_ok());
    }

    #[test]
    fn all_learners_together_have_no_more_than_the_server() {
        let server = Places::of_the_server();
        let learners: Vec<_> =
            (0..OF_THE_SERVER).map(|_| Places::of_a_learner(Arc::clone(&server))).collect();
        let _taken: Vec<_> = learners.iter().map(|learner| learner.take().unwrap()).collect();
        assert!(learners[0].take().is_err());
        assert!(server.try_acquire().is_err());
    }
}
