//! The response of Fetch: its records stay in the pieces in which the log keeps them until they are written.

use bytes::{Bytes, BytesMut};

use super::ProtocolError;
use super::messages::FetchResponseData;

/// A Fetch response whose records are apart from it.
#[derive(Clone, Debug, Default)]
pub(crate) struct FetchResponse {
    /// The response without records.
    pub(crate) head: FetchResponseData,
    /// The record batches of each partition, in the order in which the partitions stand in `head`.
    pub(crate) records: Vec<Vec<Bytes>>,
}

impl FetchResponse {
    pub(super) fn write(&self, frame: &mut BytesMut, version: i16) -> Result<(), ProtocolError> {
        let mut whole = self.head.clone();
        let partitions = whole.responses.iter_mut().flat_map(|topic| &mut topic.partitions);
        for (partition, pieces) in partitions.zip(&self.records) {
            partition.records = Some(match pieces.as_slice() {
                [piece] => piece.clone(),
                pieces => pieces.concat().into(),
            });
        }
        whole.write(frame, version)
    }

    /// How many bytes of records it carries.
    pub(crate) fn records_bytes(&self) -> usize {
        self.records.iter().flatten().map(Bytes::len).sum()
    }
}
