//! Reads batches out of a log.

use bytes::Bytes;

use super::PartitionLog;
use super::segment::{Entry, StoredBatch};

/// Batches out of a log.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slice {
    /// One batch each, in order.
    pub(crate) pieces: Vec<Bytes>,
    /// Bytes of all of them.
    pub(crate) bytes: usize,
    /// Bytes that Apache Kafka would give: of the batch that has no room it gives the part that has.
    pub(crate) readable: usize,
}

impl PartitionLog {
    /// Whole batches, beginning with the one that contains `from` or is the first after it, of which the last record
    /// is before `up_to`; as many as have room in `max_bytes`, but the first whatever its size if `at_least_one`.
    ///
    /// Apache Kafka cuts the last batch off at `max_bytes`, and its clients pass over it.
    pub(crate) fn read(&self, from: i64, up_to: i64, max_bytes: usize, at_least_one: bool) -> Slice {
        let mut slice = Slice::default();
        for batch in self.batches_from(from).take_while(|batch| batch.last_offset < up_to) {
            let bytes = slice.bytes.saturating_add(batch.bytes.len());
            let is_first = slice.pieces.is_empty() && at_least_one;
            if bytes > max_bytes && !is_first {
                slice.readable = slice.bytes.max(max_bytes);
                return slice;
            }
            slice.bytes = bytes;
            slice.pieces.push(batch.bytes.clone());
        }
        slice.readable = slice.bytes;
        slice
    }

    /// Bytes of the batches from the one that contains `from` on, of which the last record is before `up_to`. Takes no
    /// longer where they are many.
    pub(crate) fn bytes_between(&self, from: i64, up_to: i64) -> usize {
        let place = |offset| {
            let (segment, index) = self.find(offset)?;
            let held = self.segments.get(segment)?;
            Some((segment, held.entries.get(index).map_or(held.bytes, |entry| entry.position)))
        };
        let (Some((first, begin)), Some((last, end))) = (place(from), place(up_to)) else { return 0 };
        let whole: usize = self.segments.range(first..last.max(first)).map(|segment| segment.bytes).sum();
        (whole + end).saturating_sub(begin)
    }

    /// The batches from the one that contains `offset`, or is the first after it.
    pub(crate) fn batches_from(&self, offset: i64) -> impl Iterator<Item = &StoredBatch> {
        let (first, index) = self.find(offset).unwrap_or((self.segments.len(), 0));
        let mut skipped = Some(index);
        self.segments
            .range(first..)
            .flat_map(move |segment| segment.entries.get(skipped.take().unwrap_or(0)..).unwrap_or_default())
            .map(|Entry { batch, .. }| batch)
    }

    /// The segment and the place in it of the first batch whose last offset is not before `offset`; past the
    /// last of a segment where no batch of it is.
    fn find(&self, offset: i64) -> Option<(usize, usize)> {
        let after = self.segments.partition_point(|segment| segment.base_offset <= offset);
        let segment = after.saturating_sub(1);
        let index = self.segments.get(segment)?.index_of(offset);
        Some((segment, index))
    }
}
