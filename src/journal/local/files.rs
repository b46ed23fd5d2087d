//! The files of a local journal, and how they change without ever being half changed.
//!
//! `journal` is the log, `journal.lock` is held as long as it is open, `journal.tmp` is a rewrite
//! not yet done, `journal.cut-N` a torn tail, `journal.damaged-N` a log that was given up.
//!
//! Invariants: nothing replaces `journal` before it is on disk; nothing that was in it is deleted
//! but by compaction; every rename is followed by a sync of the directory.
//!
//! Not here: what the bytes mean.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, BufReader, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::super::JournalError;
use super::scan::{self, Scanned};

/// Where a journal's files are.
#[derive(Debug)]
pub(super) struct Files {
    dir: PathBuf,
    pub(super) journal: PathBuf,
}

impl Files {
    /// In `dir`, which is made if it is not there.
    pub(super) fn new(dir: &Path) -> Result<Self, JournalError> {
        fs::create_dir_all(dir).map_err(failed("create", dir))?;
        Ok(Self {
            dir: dir.to_owned(),
            journal: dir.join("journal"),
        })
    }

    /// Takes the exclusive lock; it is held until the file is dropped.
    pub(super) fn lock(&self) -> Result<File, JournalError> {
        let path = self.dir.join("journal.lock");
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(failed("open", &path))?;
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(TryLockError::WouldBlock) => Err(JournalError::Locked { path }),
            Err(TryLockError::Error(source)) => Err(failed("lock", &path)(source)),
        }
    }

    /// Reads the log; `None` if there is none.
    pub(super) fn scan(&self) -> Result<Option<Scanned>, JournalError> {
        let file = match File::open(&self.journal) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(failed("open", &self.journal)(error)),
        };
        let scanned = scan::scan(BufReader::new(file));
        scanned.map(Some).map_err(failed("read", &self.journal))
    }

    /// Opens the log to append. What is read from it may come from a process that died before its
    /// sync, so it is made durable before anybody acts on it.
    pub(super) fn open(&self) -> io::Result<File> {
        let file = OpenOptions::new().append(true).open(&self.journal)?;
        file.sync_all()?;
        Ok(file)
    }

    /// Replaces the log by `header` and the old log's bytes from `keep_from` on, and opens it.
    pub(super) fn replace(&self, header: &[u8], keep_from: Option<u64>) -> io::Result<File> {
        let path = self.dir.join("journal.tmp");
        let mut new = File::create(&path)?;
        new.write_all(header)?;
        if let Some(offset) = keep_from {
            let mut old = File::open(&self.journal)?;
            old.seek(SeekFrom::Start(offset))?;
            io::copy(&mut old, &mut new)?;
        }
        new.sync_all()?;
        fs::rename(&path, &self.journal)?;
        self.sync_dir()?;
        self.open()
    }

    /// Moves a log that is given up out of the way.
    pub(super) fn set_aside(&self) -> io::Result<PathBuf> {
        let path = self.unused("damaged")?;
        fs::rename(&self.journal, &path)?;
        self.sync_dir()?;
        Ok(path)
    }

    /// Cuts the log at `end`, once what is cut off is safe in a file of its own.
    pub(super) fn cut(&self, end: u64) -> io::Result<PathBuf> {
        let path = self.unused("cut")?;
        let mut log = OpenOptions::new()
            .read(true)
            .write(true)
            .open(&self.journal)?;
        log.seek(SeekFrom::Start(end))?;
        let mut kept = File::create_new(&path)?;
        io::copy(&mut log, &mut kept)?;
        kept.sync_all()?;
        self.sync_dir()?;
        log.set_len(end)?;
        log.sync_all()?;
        Ok(path)
    }

    fn unused(&self, what: &str) -> io::Result<PathBuf> {
        let mut number = 1_u64;
        loop {
            let path = self.dir.join(format!("journal.{what}-{number}"));
            if !path.try_exists()? {
                return Ok(path);
            }
            number += 1;
        }
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }
}

/// Names the action and the file beside the system's error.
pub(super) fn failed(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io {
        action,
        path,
        source,
    }
}
