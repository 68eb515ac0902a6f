//! What a replica keeps of a partition.

use bytes::Bytes;

/// The record batches of one partition in a Produce request, looked through.
#[derive(Clone, Debug)]
pub(crate) struct CheckedRecords {}

/// What is wrong with them.
#[derive(Clone, Debug)]
pub(crate) struct RecordsFault {}

impl CheckedRecords {
    /// Looks through the records of a Produce request.
    pub(crate) fn check(_records: Bytes) -> Result<Self, RecordsFault> {
        Ok(Self {})
    }
}
