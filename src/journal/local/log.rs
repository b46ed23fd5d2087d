//! The writing side of the local journal: what waits, what is durable, and how the one becomes the
//! other.
//!
//! Invariants: numbers are given in the order of the queue; a record is in `kept` if and only if it
//! was synced, or read from the file at open; offsets in `kept` are those of the file on disk;
//! locks are taken in the order writer, then waiting or kept, never both of these.
//!
//! Not here: opening, and the public face.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use tokio::sync::oneshot;

use super::super::JournalError;
use super::files::Files;
use super::record::{self, Header};
use super::scan::{Contents, Entry};
use super::{KEEP, KEEP_BYTES, MAX_WAITING};
use crate::purge::Invalidation;

/// When to compact; smaller in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) keep: usize,
    pub(super) keep_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            keep: KEEP,
            keep_bytes: KEEP_BYTES,
        }
    }
}

/// One open log.
#[derive(Debug)]
pub(super) struct Log {
    pub(super) files: Files,
    pub(super) log_id: Arc<str>,
    limits: Limits,
    /// Held while writing and syncing.
    pub(super) writer: Mutex<File>,
    /// What is durable; never locked across a disk operation.
    kept: Mutex<Kept>,
    pub(super) waiting: Mutex<Vec<Waiting>>,
    broken: OnceLock<Arc<io::Error>>,
    _lock: File,
}

#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: String,
    pub(super) invalidation: Arc<Invalidation>,
    pub(super) answer: oneshot::Sender<Result<u64, JournalError>>,
}

/// The durable records.
#[derive(Debug)]
pub(super) struct Kept {
    /// Number before the first.
    pub(super) base: u64,
    pub(super) entries: VecDeque<Entry>,
    /// Length of the file.
    end: u64,
}

impl Kept {
    pub(super) fn last(&self) -> u64 {
        // The scan and `write` refuse what would not fit.
        self.base.saturating_add(self.entries.len() as u64)
    }

    pub(super) fn iter(&self) -> impl DoubleEndedIterator<Item = (u64, &Invalidation)> {
        let numbered = self.entries.iter().enumerate();
        numbered.map(|(index, entry)| (self.base + 1 + index as u64, &*entry.invalidation))
    }

    pub(super) fn first(
        &self,
        wanted: impl Fn(&Invalidation) -> bool,
    ) -> Option<(u64, Invalidation)> {
        self.iter().find(|(_, found)| wanted(found)).map(owned)
    }
}

impl Log {
    /// A log as it was read, to be appended to through `file`; `lock` is held as long as it lives.
    pub(super) fn new(
        files: Files,
        lock: File,
        contents: Contents,
        file: File,
        limits: Limits,
    ) -> Self {
        Self {
            log_id: contents.header.log.into(),
            limits,
            writer: Mutex::new(file),
            kept: Mutex::new(Kept {
                base: contents.header.base,
                end: contents.end,
                entries: contents.entries.into(),
            }),
            waiting: Mutex::new(Vec::new()),
            broken: OnceLock::new(),
            files,
            _lock: lock,
        }
    }

    /// Puts a record in the queue; the next [`Self::commit`] writes it.
    ///
    /// # Errors
    /// [`JournalError::Busy`].
    pub(super) fn enqueue(&self, record: Waiting) -> Result<(), JournalError> {
        let mut waiting = lock_of(&self.waiting);
        if waiting.len() >= MAX_WAITING {
            let limit = MAX_WAITING;
            return Err(JournalError::Busy { limit });
        }
        waiting.push(record);
        Ok(())
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken.get().is_some()
    }

    /// Writes all that waits, syncs once, and answers.
    pub(super) fn commit(&self) {
        let mut writer = self.writer.lock().unwrap_or_else(|poisoned| {
            self.set_broken(io::Error::other("an append ended in a panic"));
            poisoned.into_inner()
        });
        let batch = std::mem::take(&mut *lock_of(&self.waiting));
        if batch.is_empty() {
            return;
        }
        let written = if self.is_broken() {
            None
        } else {
            match self.write(&mut writer, &batch) {
                Ok(first) => Some(first),
                Err(error) => {
                    self.set_broken(error);
                    None
                }
            }
        };
        for (index, waiting) in (0_u64..).zip(batch) {
            let answer = match written {
                Some(first) => Ok(first + index),
                None => Err(self.refusal()),
            };
            // A caller that went away wants no answer.
            let _ = waiting.answer.send(answer);
        }
        if written.is_some()
            && let Err(error) = self.compact(&mut writer, 2)
        {
            self.set_broken(error);
        }
    }

    /// Makes the batch durable, then visible; answers with its first number.
    fn write(&self, writer: &mut File, batch: &[Waiting]) -> io::Result<u64> {
        let (last, mut end) = {
            let kept = self.kept();
            (kept.last(), kept.end)
        };
        if last.checked_add(batch.len() as u64).is_none() {
            return Err(io::Error::other("the sequence numbers are used up"));
        }
        let mut entries = Vec::with_capacity(batch.len());
        for (index, waiting) in (0_u64..).zip(batch) {
            let line = record::encode(last + 1 + index, &waiting.id, &waiting.invalidation)?;
            writer.write_all(&line)?;
            entries.push(Entry {
                offset: end,
                invalidation: Arc::clone(&waiting.invalidation),
            });
            end += line.len() as u64;
        }
        writer.sync_data()?;
        let mut kept = self.kept();
        kept.entries.extend(entries);
        kept.end = end;
        Ok(last + 1)
    }

    /// Drops the oldest records if there are more than `times` the limits; answers with how many.
    ///
    /// The kept lines are copied as they are, those that are not understood too.
    pub(super) fn compact(&self, writer: &mut File, times: usize) -> io::Result<usize> {
        let (drop, base, offset) = {
            let kept = self.kept();
            match self.excess(&kept, times) {
                0 => return Ok(0),
                drop => (drop, kept.base + drop as u64, kept.entries[drop].offset),
            }
        };
        let header = Header {
            format: record::FORMAT,
            log: self.log_id.as_ref().into(),
            base,
        }
        .encode()?;
        *writer = self.files.replace(&header, Some(offset))?;
        let mut kept = self.kept();
        kept.entries.drain(..drop);
        kept.base = base;
        let moved = |place: u64| place - offset + header.len() as u64;
        kept.end = moved(kept.end);
        for entry in &mut kept.entries {
            entry.offset = moved(entry.offset);
        }
        Ok(drop)
    }

    /// How many of the oldest records to drop; always fewer than there are.
    fn excess(&self, kept: &Kept, times: usize) -> usize {
        let Limits { keep, keep_bytes } = self.limits;
        let bytes_from = |entry: &Entry| kept.end - entry.offset;
        let held = kept.entries.front().map_or(0, bytes_from);
        let within_count = kept.entries.len() <= keep.saturating_mul(times);
        if within_count && held <= keep_bytes.saturating_mul(times as u64) {
            return 0;
        }
        let newest = kept.entries.len().saturating_sub(1);
        let by_count = kept.entries.len().saturating_sub(keep);
        let by_bytes = kept
            .entries
            .partition_point(|entry| bytes_from(entry) > keep_bytes);
        by_count.max(by_bytes).min(newest)
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        lock_of(&self.kept)
    }

    pub(super) fn set_broken(&self, cause: io::Error) {
        // The first cause is the one that explains.
        let _ = self.broken.set(Arc::new(cause));
    }

    pub(super) fn refusal(&self) -> JournalError {
        let cause = self
            .broken
            .get_or_init(|| Arc::new(io::Error::other("an append was given up")));
        JournalError::Broken {
            path: self.files.journal.clone(),
            cause: Arc::clone(cause),
        }
    }
}

/// What these locks guard is changed in single steps, so a panic elsewhere leaves it whole.
pub(super) fn lock_of<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(super) fn owned((seq, invalidation): (u64, &Invalidation)) -> (u64, Invalidation) {
    (seq, invalidation.clone())
}
