//! Journals: the one order in which invalidations happened.
//!
//! A journal gives every invalidation a sequence number, dense and rising, and holds it so that no
//! crash takes back what was acknowledged. Edges read on from the last number they applied.
//!
//! Invariants for every implementation: `append` answers with a number only when the record is
//! durable; a number never stands for two different records under one log id; what cannot be
//! understood is read as a purge of everything, never left out.
//!
//! Not here: applying invalidations (the ledger's), and when an edge may trust what it has read
//! (the lease's).

pub mod follow;
pub mod local;

use std::future::Future;
use std::io;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use crate::purge::{Invalidation, InvalidationError};

pub use local::Local;

/// A boxed future, so that a journal can be chosen at run time.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A durable, totally ordered log of invalidations.
pub trait Journal: Send + Sync {
    /// Appends a record and answers with its sequence number once it is durable.
    ///
    /// A future that is dropped early does not take the record back: it may be there or not. The
    /// same holds after [`JournalError::Broken`].
    fn append(&self, invalidation: Invalidation) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// Up to `max` records with numbers above `seq`, in order and without a gap among them.
    ///
    /// This is how a ledger catches up: read after its position, apply in order, until nothing comes.
    /// Any number of callers may do so at once, since applying twice changes nothing; applying one's
    /// own append by its number alone would leave a gap whenever two appends cross.
    ///
    /// Begins at the oldest record kept if `seq + 1` is no longer there: the caller sees it by the
    /// first number, or by [`Head::first`].
    fn read_after(
        &self,
        seq: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<(u64, Invalidation)>, JournalError>>;

    /// Which log this is and what it holds now.
    fn head(&self) -> Head;
}

/// What a journal holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Head {
    /// Random name of the log, 32 hexadecimal digits. Numbers of different logs do not compare.
    pub log_id: Arc<str>,
    /// Number of the oldest record kept; `last + 1` if there is none.
    pub first: u64,
    /// Number of the newest durable record; 0 in a log that never had one.
    pub last: u64,
}

/// Why a journal did not do as asked.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// A file operation failed while opening.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// On which file or directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Another process has the journal.
    #[error("another process holds {}; one edge at a time may use a data directory", path.display())]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// A newer version wrote the file; it was left as it is.
    #[error("{} has format {found}; this version reads up to format {supported}", path.display())]
    Newer {
        /// The journal file.
        path: PathBuf,
        /// Its format.
        found: u64,
        /// The newest format that is understood.
        supported: u64,
    },
    /// A write failed, so what is on disk is in doubt. Nothing is accepted until the journal is
    /// opened again; the edge must raise its epoch.
    #[error("the journal {} failed and takes no more records until it is reopened: {cause}", path.display())]
    Broken {
        /// The journal file.
        path: PathBuf,
        /// The first failure.
        #[source]
        cause: Arc<io::Error>,
    },
    /// The record is over its limits.
    #[error(transparent)]
    Invalid(#[from] InvalidationError),
    /// Too many appends wait for the disk.
    #[error("{limit} appends wait already; no more are taken")]
    Busy {
        /// How many may wait.
        limit: usize,
    },
    /// The system gave no random bytes.
    #[error("no random bytes for an id: {0}")]
    Random(getrandom::Error),
}

impl JournalError {
    /// Whether the same call may succeed a little later.
    pub const fn is_retryable(&self) -> bool {
        matches!(self, Self::Busy { .. } | Self::Random(_))
    }
}
