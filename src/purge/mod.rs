//! Invalidation as data: what is purged, when it was, and what that means for a stored answer.
//!
//! * [`pattern`]: which paths an invalidation names, and what an object is for purging;
//! * [`invalidation`]: the record that a journal holds and every edge applies;
//! * [`stamp`]: the position that a stored answer bears;
//! * [`ledger`]: what was purged, asked in one atomic compare by whoever hands out an answer.
//!
//! Invariants: an answer whose origin request was handed to the connection before a matching hard
//! invalidation was applied is never alive again; forgetting a record kills every entry that was
//! not checked against it, so no record is ever forgotten silently.
//!
//! This room does no I/O and knows no clock: it does not learn of invalidations by itself (that is
//! the journal's follower), does not drop entries (that is the store), and does not decide what a
//! soft purge still allows (that is the verdict).

pub mod invalidation;
pub mod ledger;
pub mod pattern;
pub mod stamp;
mod table;
mod trie;

pub use invalidation::{Invalidation, InvalidationError};
pub use ledger::{Ledger, Liveness, Mark};
pub use pattern::{Identity, PathPattern, PatternError, QueryForm, QueryPattern};
pub use stamp::{Checked, Position, Stamp};
