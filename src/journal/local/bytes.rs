//! A journal file as bytes in memory: what it says, and how it is written.
//!
//! Hidden from the documentation: it is there for who tests the format from outside, without a disk.

use std::io;

use super::record::{self, FORMAT, Header};
use super::scan::{self, Scanned};
use crate::purge::Invalidation;

/// What a journal file holds that can be relied upon.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Held {
    /// The log's id.
    pub log: String,
    /// Number of the record before the first.
    pub base: u64,
    /// The records, in order.
    pub records: Vec<Invalidation>,
    /// How many of them were not understood and take everything.
    pub unknown: usize,
    /// Bytes behind the last of them that are none.
    pub tail: u64,
}

/// Reads a file; `None` if it is damaged or of a newer format.
#[must_use]
pub fn read(file: &[u8]) -> Option<Held> {
    // Bytes in memory can always be read.
    let Ok(Scanned::Good(contents)) = scan::scan(file) else {
        return None;
    };
    Some(Held {
        log: contents.header.log,
        base: contents.header.base,
        records: contents
            .entries
            .iter()
            .map(|entry| (*entry.invalidation).clone())
            .collect(),
        unknown: contents.unknown,
        tail: contents.tail,
    })
}

/// Writes a file that holds these records.
///
/// # Errors
/// If a record cannot be written as JSON.
pub fn write(log: &str, base: u64, records: &[Invalidation]) -> io::Result<Vec<u8>> {
    let header = Header {
        format: FORMAT,
        log: log.to_owned(),
        base,
    };
    let mut file = header.encode()?;
    for (record, at) in records.iter().zip(1..) {
        file.extend(record::encode(base.saturating_add(at), &record.id, record)?);
    }
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purge::PathPattern;

    #[test]
    fn what_is_written_is_read_and_what_is_cut_is_less() {
        let record = |path: &str| Invalidation {
            id: format!("I{path}"),
            distribution: None,
            paths: vec![PathPattern::parse(path).unwrap()],
            soft: false,
            created: 1,
            caller_reference: None,
            by: None,
        };
        let log = "0123456789abcdef0123456789abcdef";
        let whole = Held {
            log: log.to_owned(),
            base: 7,
            records: vec![record("/a"), record("/b*")],
            unknown: 0,
            tail: 0,
        };
        let file = write(log, 7, &whole.records).unwrap();
        assert_eq!(read(&file), Some(whole.clone()));
        let held = read(&file[..file.len() - 1]).unwrap();
        assert_eq!(held.records, whole.records[..1]);
        assert!(held.tail > 0);
        assert_eq!(read(&file[1..]), None);
    }
}
