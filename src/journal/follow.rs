//! The follower: feeds the ledger from the journal, and drops what an invalidation names.
//!
//! The ledger is what makes an invalidation hold; dropping only frees memory early and counts
//! what went. Records are applied in order, each once.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

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

/// Receipts that are remembered, for those whose record another call has applied.
const RECEIPTS: usize = 256;

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
    /// Held while records are applied, so that they are in order. What was applied and is still to
    /// be swept for.
    unswept: Mutex<Vec<(u64, Invalidation)>>,
    /// The last record applied.
    applied: AtomicU64,
    /// Held while entries are dropped. The newest receipts.
    receipts: Mutex<BTreeMap<u64, Receipt>>,
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
            unswept: Mutex::default(),
            applied: AtomicU64::new(applied),
            receipts: Mutex::default(),
        }))
    }

    /// The last record that holds on this edge.
    #[must_use]
    pub fn applied(&self) -> u64 {
        self.0.applied.load(Ordering::Acquire)
    }

    /// Applies everything that the journal has, and drops what that names. The receipt is that of
    /// record `of`; empty if it was applied too long ago to be remembered.
    ///
    /// # Errors
    /// When the journal cannot be read; what had been read before that is applied.
    pub async fn catch_up(&self, of: u64) -> Result<Receipt, JournalError> {
        let applied = self.apply_all().await;
        // What is applied holds already; a purge never waits for another one's sweep to hold.
        let mut receipts = self.0.receipts.lock().await;
        let unswept = std::mem::take(&mut *self.0.unswept.lock().await);
        for (seq, receipt) in self.sweep(&unswept).await {
            receipts.insert(seq, receipt);
            while receipts.len() > RECEIPTS {
                receipts.pop_first();
            }
        }
        applied?;
        Ok(receipts.get(&of).copied().unwrap_or_default())
    }

    async fn apply_all(&self) -> Result<(), JournalError> {
        let mut unswept = self.0.unswept.lock().await;
        loop {
            let records = self.0.journal.read_after(self.applied(), BATCH).await?;
            if records.is_empty() {
                return Ok(());
            }
            for (seq, invalidation) in records {
                self.0.ledger.apply(seq, &invalidation);
                self.0.applied.store(seq, Ordering::Release);
                self.0.metrics.invalidations.increment();
                unswept.push((seq, invalidation));
            }
        }
    }

    /// Drops what has become dead, and moves every other entry's mark up to the ledger's head,
    /// so that the records below it can retire. An entry counts for the first record that names it.
    async fn sweep(&self, records: &[(u64, Invalidation)]) -> Vec<(u64, Receipt)> {
        let Inner {
            ledger,
            memory,
            metrics,
            ..
        } = &*self.0;
        let mut receipts: Vec<(u64, Receipt)> = records
            .iter()
            .map(|(seq, _)| (*seq, Receipt::default()))
            .collect();
        if records.is_empty() {
            return receipts;
        }
        let mark = ledger.sweep_mark();
        for (at, entry) in memory.iter().enumerate() {
            if entry.liveness(ledger) == Liveness::Dead && memory.remove(&entry) {
                let first = records
                    .iter()
                    .position(|(_, record)| record.matches(&entry.identity));
                if let Some((_, receipt)) = first.and_then(|first| receipts.get_mut(first)) {
                    receipt.objects += 1;
                    receipt.bytes += entry.weight() as u64;
                    metrics.purged_objects.increment();
                }
            }
            if at % STRIDE == STRIDE - 1 {
                tokio::task::yield_now().await;
            }
        }
        if ledger.needs_sweep() {
            ledger.retire(mark);
        }
        receipts
    }
}
