//! Where the bytes of batches are: chunks that are filled from the front, and what they are charged to.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};

/// The first chunk of a log: an idle partition must cost little.
const FIRST_CHUNK_BYTES: usize = 4 << 10;
/// Chunks double until they are this large.
const LARGEST_CHUNK_BYTES: usize = 1 << 20;
/// A batch from this size on that does not fit gets a chunk of its own, so that the rest of the last is not lost.
const OWN_CHUNK_BYTES: usize = LARGEST_CHUNK_BYTES / 4;

/// Counts the bytes of all the chunks that are alive, in a cluster: replicas share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct ChunkAccount(Arc<AtomicUsize>);

impl ChunkAccount {
    /// The capacity of all chunks that a log still holds a batch of, or still fills.
    pub(crate) fn bytes(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// A chunk's entry in the account; it goes with the last batch that is in the chunk.
#[derive(Debug)]
pub(super) struct ChunkCharge {
    capacity: usize,
    account: ChunkAccount,
}

impl ChunkCharge {
    fn new(capacity: usize, account: &ChunkAccount) -> Arc<Self> {
        account.0.fetch_add(capacity, Ordering::Relaxed);
        Arc::new(Self { capacity, account: account.clone() })
    }
}

impl Drop for ChunkCharge {
    fn drop(&mut self) {
        self.account.0.fetch_sub(self.capacity, Ordering::Relaxed);
    }
}

/// The chunk that a log fills.
#[derive(Debug)]
pub(super) struct Chunk {
    free: BytesMut,
    charge: Option<Arc<ChunkCharge>>,
    next_capacity: usize,
    account: ChunkAccount,
}

impl Chunk {
    pub(super) fn new(account: ChunkAccount) -> Self {
        Self { free: BytesMut::new(), charge: None, next_capacity: FIRST_CHUNK_BYTES, account }
    }

    /// What it is charged to.
    pub(super) fn account(&self) -> &ChunkAccount {
        &self.account
    }

    /// Whether so many bytes can be stored without a new chunk.
    pub(super) fn fits(&self, bytes: usize) -> bool {
        self.charge.is_some() && self.free.capacity() >= bytes
    }

    /// Copies a batch, lets `write` change it, and gives it out with what it is charged to. A new chunk is no larger than
    /// `most`, but for a batch that is.
    pub(super) fn store(
        &mut self,
        batch: &[u8],
        most: usize,
        write: impl FnOnce(&mut [u8]),
    ) -> (Bytes, Arc<ChunkCharge>) {
        if let (true, Some(charge)) = (self.fits(batch.len()), &self.charge) {
            return (fill(&mut self.free, batch, write), Arc::clone(charge));
        }
        if batch.len() >= OWN_CHUNK_BYTES {
            let mut own = BytesMut::with_capacity(batch.len());
            let charge = ChunkCharge::new(batch.len(), &self.account);
            return (fill(&mut own, batch, write), charge);
        }
        let capacity = self.next_capacity.min(most).max(batch.len());
        self.next_capacity = (self.next_capacity * 2).min(LARGEST_CHUNK_BYTES);
        self.free = BytesMut::with_capacity(capacity);
        let charge = ChunkCharge::new(capacity, &self.account);
        self.charge = Some(Arc::clone(&charge));
        (fill(&mut self.free, batch, write), charge)
    }

    /// What comes next is in another segment, and so in another chunk: when a segment goes, its memory does. Where little
    /// of the chunk was used, the next is so small.
    pub(super) fn end(&mut self) {
        if let Some(charge) = self.charge.take() {
            let used = charge.capacity.saturating_sub(self.free.capacity());
            self.next_capacity = used.next_power_of_two().clamp(FIRST_CHUNK_BYTES, LARGEST_CHUNK_BYTES);
        }
        self.free = BytesMut::new();
    }

    /// Lets the rest of the chunk go, and begins small again.
    pub(super) fn clear(&mut self) {
        *self = Self::new(self.account.clone());
    }
}

fn fill(free: &mut BytesMut, batch: &[u8], write: impl FnOnce(&mut [u8])) -> Bytes {
    free.extend_from_slice(batch);
    let mut stored = free.split();
    write(&mut stored);
    stored.freeze()
}
