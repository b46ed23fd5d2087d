//! Positions and stamps: when, in the order of invalidations, an answer was asked for.
//!
//! Invariants: positions are totally ordered by epoch, then seq, then local; a stamp's revision
//! comes from the ledger that gave it and means nothing to another one; [`Checked`] never moves
//! back.
//!
//! Not here: what a stamp is worth, which only [`Ledger::judge`](super::Ledger::judge) can say.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};

/// A place in the order of invalidations. Field order is comparison order.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
pub struct Position {
    /// Raised by the edge whenever continuity with the journal is in doubt; all that was held
    /// before is dead.
    pub epoch: u64,
    /// Sequence number in the journal of the last invalidation applied.
    pub seq: u64,
    /// Count of the edge's own invalidations (unsafe methods, RFC 9111 section 4.4).
    pub local: u64,
}

/// What a stored answer or a run bears: the position when its origin request was handed to the
/// connection.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// The position, for people, receipts and the disk.
    pub position: Position,
    /// The ledger's own count of changes, which orders what `position` cannot.
    pub(super) revision: u64,
}

impl Stamp {
    /// The stamp of what is made from two origin requests: the older one.
    pub fn oldest(self, other: Self) -> Self {
        if other.revision < self.revision {
            other
        } else {
            self
        }
    }
}

/// Up to which ledger revision an entry was found alive. Moves forward only.
///
/// One per entry and stamp: an entry that gets a new stamp (a 304, RFC 9111 section 4.3.4) gets a
/// new `Checked` with it.
#[derive(Debug, Default)]
pub struct Checked(AtomicU64);

impl Checked {
    /// For an entry that bears `stamp`: its origin request came after every earlier invalidation,
    /// so none of them need be looked at.
    pub const fn new(stamp: &Stamp) -> Self {
        Self(AtomicU64::new(stamp.revision))
    }

    pub(super) fn revision(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }

    pub(super) fn raise(&self, revision: u64) {
        self.0.fetch_max(revision, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(epoch: u64, seq: u64, local: u64) -> Position {
        Position { epoch, seq, local }
    }

    #[test]
    fn positions_order_by_epoch_then_seq_then_local() {
        let ascending = [
            at(0, 0, 0),
            at(0, 0, 9),
            at(0, 1, 0),
            at(0, 9, 9),
            at(1, 0, 0),
            at(1, 0, 1),
        ];
        assert!(ascending.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn the_oldest_stamp_wins_in_either_order() {
        let old = Stamp {
            position: at(1, 1, 0),
            revision: 4,
        };
        let new = Stamp {
            position: at(1, 2, 0),
            revision: 5,
        };
        assert_eq!(old.oldest(new), old);
        assert_eq!(new.oldest(old), old);
    }

    #[test]
    fn checked_starts_at_its_stamp_and_never_goes_back() {
        let checked = Checked::new(&Stamp {
            position: at(1, 1, 0),
            revision: 4,
        });
        assert_eq!(checked.revision(), 4);
        checked.raise(7);
        checked.raise(6);
        assert_eq!(checked.revision(), 7);
    }
}
