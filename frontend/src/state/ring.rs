//! The newest rows of a stream, and how many older ones went.

use std::collections::VecDeque;

/// How many rows of one stream the page keeps.
pub(crate) const KEPT_ROWS: usize = 100_000;

/// The last rows of a stream. A row's number counts from the beginning of the stream, so it never changes.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    rows: VecDeque<T>,
    dropped: u64,
    capacity: usize,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self::with_capacity(KEPT_ROWS)
    }
}

impl<T> Ring<T> {
    /// An empty ring that keeps so many.
    pub(crate) fn with_capacity(capacity: usize) -> Self {
        Self { rows: VecDeque::new(), dropped: 0, capacity }
    }

    /// Adds the newest row. The oldest goes when there are too many.
    pub(crate) fn push(&mut self, row: T) {
        if self.rows.len() == self.capacity {
            self.rows.pop_front();
            self.dropped += 1;
        }
        self.rows.push_back(row);
    }

    /// Takes out the newest row that fits. The numbers of the rows after it are one less then.
    pub(crate) fn take_out(&mut self, fits: impl Fn(&T) -> bool) -> Option<T> {
        let place = self.rows.iter().rposition(fits)?;
        self.rows.remove(place)
    }

    /// How many older rows went.
    pub(crate) fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The number after that of the newest row: how many there were in all.
    pub(crate) fn end(&self) -> u64 {
        self.dropped + self.rows.len() as u64
    }

    /// The row of this number, if it is still kept.
    pub(crate) fn get(&self, number: u64) -> Option<&T> {
        let place = number.checked_sub(self.dropped)?;
        self.rows.get(usize::try_from(place).ok()?)
    }

    /// The rows that are kept, the oldest first.
    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = &T> {
        self.rows.iter()
    }

    /// Lets all rows go; their numbers stay taken.
    pub(crate) fn clear(&mut self) {
        self.dropped = self.end();
        self.rows = VecDeque::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_are_counted() {
        let mut ring = Ring::with_capacity(3);
        (0..5).for_each(|n| ring.push(n));
        assert_eq!((ring.dropped(), ring.end()), (2, 5));
        assert_eq!(ring.get(1), None);
        assert_eq!(ring.get(2), Some(&2));
        assert_eq!(ring.get(4), Some(&4));
        assert_eq!(ring.get(5), None);
    }

    #[test]
    fn clearing_keeps_the_numbering() {
        let mut ring = Ring::with_capacity(3);
        (0..2).for_each(|n| ring.push(n));
        ring.clear();
        ring.push(2);
        assert_eq!((ring.dropped(), ring.end()), (2, 3));
        assert_eq!(ring.get(2), Some(&2));
    }
}
