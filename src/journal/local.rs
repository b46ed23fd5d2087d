//! The local journal: one file, one edge, no service.
//!
//! A header line (log id, number before the first record), then a line a record, each with its
//! checksum. Appends that wait at the same time share one sync.
//!
//! Invariants:
//! * a number is given, and a record shown to readers, only after `sync_data` returned;
//! * after a failed write or sync nothing more is written: what the file holds is in doubt until it
//!   has been read again;
//! * opening cuts only a torn tail and keeps its bytes; a file damaged otherwise is moved aside and
//!   a log with a new id begun; a file of a newer format is not touched;
//! * one process at a time, by an exclusive lock on `journal.lock`;
//! * memory and disk are bounded by [`KEEP`] and [`KEEP_BYTES`].
//!
//! Not here: raising the epoch. The caller does, when [`Opened::report`] tells of a new log and when
//! [`Local::broken`] turns true.

#[doc(hidden)]
pub mod bytes;
mod files;
mod log;
mod record;
mod scan;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::oneshot;

use self::files::{Files, failed};
use self::log::{Limits, Log, Waiting, lock_of, owned};
use self::record::Header;
use self::scan::{Contents, Scanned};
use super::{BoxFuture, Head, Journal, JournalError};
use crate::purge::Invalidation;

pub use self::scan::Damage;

/// Records that survive a compaction. One happens when more are found at open, or twice as many
/// after an append.
pub const KEEP: usize = 10_000;

/// Bytes of records that survive a compaction (the newest record always does), with the same two
/// thresholds.
pub const KEEP_BYTES: u64 = 16 * 1024 * 1024;

/// Appends that may wait for the disk.
pub const MAX_WAITING: usize = 256;

/// A journal in a directory of its own edge.
#[derive(Debug)]
pub struct Local {
    log: Arc<Log>,
}

/// An open journal and what was found.
#[derive(Debug)]
pub struct Opened {
    /// Ready to append.
    pub journal: Local,
    /// What opening found and did; worth a log line wherever it is not plain.
    pub report: Report,
}

/// What opening found and did.
#[derive(Debug, Default)]
pub struct Report {
    /// Records kept.
    pub records: usize,
    /// A torn tail that was cut: what a crash during an append leaves.
    pub cut: Option<Cut>,
    /// Set if a log with a new id was begun, and why. Everything held from before is to be taken
    /// for dead.
    pub begun: Option<Begun>,
    /// Oldest records dropped by compaction.
    pub dropped: usize,
    /// Records found that this version does not understand; each counts as a purge of everything.
    pub unknown: usize,
}

/// A torn tail.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cut {
    /// Its length in bytes.
    pub bytes: u64,
    /// Where they are now.
    pub kept_in: PathBuf,
}

/// Why a new log was begun.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Begun {
    /// There was none.
    First,
    /// The old one cannot be relied upon.
    Damaged {
        /// What is wrong with it.
        damage: Damage,
        /// Where it is now.
        moved_to: PathBuf,
    },
}

impl Local {
    /// Opens the journal in `dir` (made if need be) and takes its lock. Blocks on the disk: call it
    /// at start, outside the runtime's workers.
    ///
    /// # Errors
    /// [`JournalError::Locked`], [`JournalError::Newer`], [`JournalError::Io`],
    /// [`JournalError::Random`].
    pub fn open(dir: &Path) -> Result<Opened, JournalError> {
        Self::open_within(dir, Limits::default())
    }

    /// Whether a write or sync failed: appends are refused until the journal is opened again, and
    /// the edge must raise its epoch, since the last record may or may not be there.
    pub fn broken(&self) -> bool {
        self.log.is_broken()
    }

    /// The record with this id, and its number.
    pub fn find(&self, id: &str) -> Option<(u64, Invalidation)> {
        self.log.kept().first(|found| found.id == id)
    }

    /// The first record kept that bears this caller reference, for this distribution (`None`: for
    /// all of them).
    pub fn by_caller_reference(
        &self,
        distribution: Option<&str>,
        reference: &str,
    ) -> Option<(u64, Invalidation)> {
        self.log.kept().first(|found| {
            found.caller_reference.as_deref() == Some(reference)
                && found.distribution.as_deref() == distribution
        })
    }

    /// Up to `limit` records, newest first.
    pub fn list(&self, limit: usize) -> Vec<(u64, Invalidation)> {
        let kept = self.log.kept();
        kept.iter().rev().take(limit).map(owned).collect()
    }

    /// Up to `limit` records with numbers below `seq`, newest first: the next page.
    pub fn list_before(&self, seq: u64, limit: usize) -> Vec<(u64, Invalidation)> {
        let kept = self.log.kept();
        let older = kept.iter().rev().skip_while(|(found, _)| *found >= seq);
        older.take(limit).map(owned).collect()
    }

    fn open_within(dir: &Path, limits: Limits) -> Result<Opened, JournalError> {
        let files = Files::new(dir)?;
        let lock = files.lock()?;
        let mut report = Report::default();
        let found = match files.scan()? {
            Some(Scanned::Good(contents)) => Some(contents),
            Some(Scanned::Newer(found)) => {
                return Err(JournalError::Newer {
                    path: files.journal,
                    found,
                    supported: record::FORMAT,
                });
            }
            Some(Scanned::Damaged(damage)) => {
                let moved_to = files
                    .set_aside()
                    .map_err(failed("set aside", &files.journal))?;
                report.begun = Some(Begun::Damaged { damage, moved_to });
                None
            }
            None => {
                report.begun = Some(Begun::First);
                None
            }
        };
        let (contents, file) = match found {
            Some(contents) => {
                if contents.tail > 0 {
                    let kept_in = files
                        .cut(contents.end)
                        .map_err(failed("cut", &files.journal))?;
                    report.cut = Some(Cut {
                        bytes: contents.tail,
                        kept_in,
                    });
                }
                let file = files.open().map_err(failed("open", &files.journal))?;
                (contents, file)
            }
            None => begin(&files)?,
        };
        report.unknown = contents.unknown;
        let log = Log::new(files, lock, contents, file, limits);
        report.dropped = log
            .compact(&mut lock_of(&log.writer), 1)
            .map_err(failed("compact", &log.files.journal))?;
        report.records = log.kept().entries.len();
        let journal = Self { log: Arc::new(log) };
        Ok(Opened { journal, report })
    }
}

impl Journal for Local {
    fn append(&self, invalidation: Invalidation) -> BoxFuture<'_, Result<u64, JournalError>> {
        Box::pin(async move {
            invalidation.check()?;
            let id = random_id()?;
            let (answer, answered) = oneshot::channel();
            self.log.enqueue(Waiting {
                id,
                invalidation: Arc::new(invalidation),
                answer,
            })?;
            let log = Arc::clone(&self.log);
            // Whoever has the writer next commits all that wait, so most of these find nothing left
            // to do; but none returns before its own record has its answer.
            if let Err(lost) = tokio::task::spawn_blocking(move || log.commit()).await {
                self.log.set_broken(io::Error::other(lost));
                return Err(self.log.refusal());
            }
            answered.await.unwrap_or_else(|_| Err(self.log.refusal()))
        })
    }

    fn read_after(
        &self,
        seq: u64,
        max: usize,
    ) -> BoxFuture<'_, Result<Vec<(u64, Invalidation)>, JournalError>> {
        Box::pin(async move {
            let kept = self.log.kept();
            let known = seq.saturating_sub(kept.base);
            // More than there is skips everything, on any width of usize.
            let skip = usize::try_from(known).unwrap_or(usize::MAX);
            Ok(kept.iter().skip(skip).take(max).map(owned).collect())
        })
    }

    fn head(&self) -> Head {
        let kept = self.log.kept();
        Head {
            log_id: Arc::clone(&self.log.log_id),
            first: kept.base.saturating_add(1),
            last: kept.last(),
        }
    }
}

fn begin(files: &Files) -> Result<(Contents, File), JournalError> {
    let header = Header {
        format: record::FORMAT,
        log: random_id()?,
        base: 0,
    };
    let created = header.encode().map_err(io::Error::from).and_then(|bytes| {
        let file = files.replace(&bytes, None)?;
        Ok((bytes.len() as u64, file))
    });
    let (end, file) = created.map_err(failed("create", &files.journal))?;
    let contents = Contents {
        header,
        entries: Vec::new(),
        end,
        tail: 0,
        unknown: 0,
    };
    Ok((contents, file))
}

/// 128 random bits as 32 hexadecimal digits.
fn random_id() -> Result<String, JournalError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(JournalError::Random)?;
    Ok(format!("{:032x}", u128::from_be_bytes(bytes)))
}

#[cfg(test)]
mod tests;
