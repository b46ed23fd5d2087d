//! The follower: feeds the ledger from the journal, and drops what an invalidation names.
//!
//! The ledger is what makes an invalidation hold; dropping only frees memory early and counts
//! what went. Records are applied in order, each once.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::{Journal, JournalError};
use crate::purge::invalidation::Invalidation;
use crate::purge::ledger::{Ledger, Liveness};
use crate::store::memory::Memory;
use crate::telemetry::metrics::Metrics;

/// Records that are read at a time.
const BATCH: usize = 256;
/// Entries that are looked at between two yields to other tasks.
const STRIDE: usize = 4_096;

/// What an edge says of an invalidation that it has applied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt {
    /// Objects dropped from memory.
    pub objects: u64,
    /// Bytes that they took.
    pub bytes: u64,
}

/// The follower of one edge.
#[derive(Clone)]
pub struct Follow(Arc<Inner>);

struct Inner {
    journal: Arc<dyn Journal>,
    ledger: Arc<Ledger>,
    memory: Memory,
    metrics: Arc<Metrics>,
    applied: Mutex<u64>,
}

impl std::fmt::Debug for Follow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Follow")
    }
}

impl Follow {
    /// A follower that has applied nothing after `applied`.
    #[must_use]
    pub fn new(
        journal: Arc<dyn Journal>,
        ledger: Arc<Ledger>,
        memory: Memory,
        metrics: Arc<Metrics>,
        applied: u64,
    ) -> Self {
        Self(Arc::new(Inner {
            journal,
            ledger,
            memory,
            metrics,
            applied: Mutex::new(applied),
        }))
    }

    /// Applies everything that the journal has. The receipt is that of record `of`, if it was
    /// among it.
    ///
    /// # Errors
    /// When the journal cannot be read; what had been read before that is applied.
    pub async fn catch_up(&self, of: u64) -> Result<Receipt, JournalError> {
        let mut applied = self.0.applied.lock().await;
        let mut receipt = Receipt::default();
        loop {
            let records = self.0.journal.read_after(*applied, BATCH).await?;
            if records.is_empty() {
                return Ok(receipt);
            }
            for (seq, invalidation) in records {
                self.0.ledger.apply(seq, &invalidation);
                *applied = seq;
                self.0.metrics.invalidations.increment();
                let dropped = self.drop_matching(&invalidation).await;
                if seq == of {
                    receipt = dropped;
                }
            }
        }
    }

    /// Drops what has become dead, and moves every other entry's mark up to the ledger's head,
    /// so that the records below it can retire.
    async fn drop_matching(&self, invalidation: &Invalidation) -> Receipt {
        let Inner {
            ledger,
            memory,
            metrics,
            ..
        } = &*self.0;
        let mark = ledger.sweep_mark();
        let mut receipt = Receipt::default();
        for (at, entry) in memory.iter().enumerate() {
            let matches = invalidation.matches(&entry.identity);
            if entry.liveness(ledger) == Liveness::Dead && memory.remove(&entry) && matches {
                receipt.objects += 1;
                receipt.bytes += entry.weight() as u64;
            }
            if at % STRIDE == STRIDE - 1 {
                tokio::task::yield_now().await;
            }
        }
        if ledger.needs_sweep() {
            ledger.retire(mark);
        }
        metrics.purged_objects.add(receipt.objects);
        receipt
    }
}
