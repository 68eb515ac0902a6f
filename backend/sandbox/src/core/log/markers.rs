//! The markers with which a transaction ends in a partition.

use super::batch::BatchHeader;
use super::records::plain_records;

/// The end of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct EndTxnMarker {
    /// Whether it was committed; otherwise it was aborted.
    pub(crate) is_commit: bool,
    /// The epoch of the coordinator that ended it.
    pub(crate) coordinator_epoch: i32,
    /// When.
    pub(crate) timestamp: i64,
}

impl EndTxnMarker {
    /// Reads the marker of a control batch; `None` if there is none.
    pub(crate) fn read(header: &BatchHeader, batch: &[u8]) -> Option<Self> {
        if !header.is_control() {
            return None;
        }
        let record = plain_records(batch).next()?;
        let (_version, kind) = record.key?.split_first_chunk::<2>()?;
        let is_commit = match i16::from_be_bytes(*kind.first_chunk()?) {
            0 => false,
            1 => true,
            _ => return None,
        };
        let (_version, coordinator_epoch) = record.value?.split_first_chunk::<2>()?;
        let coordinator_epoch = i32::from_be_bytes(*coordinator_epoch.first_chunk()?);
        Some(Self { is_commit, coordinator_epoch, timestamp: record.timestamp })
    }
}
