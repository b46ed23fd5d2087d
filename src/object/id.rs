//! The identity of one fill's bytes.

use std::sync::atomic::{AtomicU64, Ordering};

/// Unique per fill within this process, so that bytes of two versions cannot be taken for one
/// another.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct ObjectId(u64);

static NEXT: AtomicU64 = AtomicU64::new(1);

impl ObjectId {
    /// An id that no other object of this process has.
    #[must_use]
    pub fn next() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// The plain number, for tables.
    #[must_use]
    pub fn number(self) -> u64 {
        self.0
    }
}
