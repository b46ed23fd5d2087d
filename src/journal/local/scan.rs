//! Reading a journal file from its start: what is good, what is a torn tail, what is damage.
//!
//! A process that dies while it appends leaves at most a torn end: bad bytes with no sound line
//! after them. Anything else (a bad line before a sound one, numbers that do not follow) did not
//! come from a crash, so nothing in the file can be relied upon.
//!
//! Invariants: never more than one line is held besides the result; no record is returned that was
//! not written as it stands.
//!
//! Not here: what is done about it.

use std::io::{self, BufRead, Read};
use std::sync::Arc;

use super::record::{self, FirstLine, Flaw, Header, MAX_LINE};
use crate::purge::Invalidation;

/// What a file holds.
#[derive(Debug)]
pub(super) enum Scanned {
    Good(Contents),
    Damaged(Damage),
    /// A newer format.
    Newer(u64),
}

/// A file whose records follow each other, up to `end`.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) header: Header,
    pub(super) entries: Vec<Entry>,
    /// Where the last whole record ends, in bytes from the start.
    pub(super) end: u64,
    /// Bytes of the torn tail after it.
    pub(super) tail: u64,
    /// Records that were not understood and count as purges of everything.
    pub(super) unknown: usize,
}

/// A record and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) offset: u64,
    pub(super) invalidation: Arc<Invalidation>,
}

/// Why nothing in a journal file is relied upon.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Damage {
    /// The first line is no header.
    #[error("its first line is no journal header")]
    Header,
    /// A bad line stands before a sound one.
    #[error("line {line} is damaged, though what follows it is not")]
    Line {
        /// Its number, from 1.
        line: u64,
    },
    /// A sound line is no record of a journal.
    #[error("line {line} is whole, but no journal record")]
    Foreign {
        /// Its number, from 1.
        line: u64,
    },
    /// A record is missing, doubled or out of place.
    #[error("line {line} has number {found}, where {expected} must follow")]
    Sequence {
        /// Its number in the file, from 1.
        line: u64,
        /// The record's number.
        found: u64,
        /// The one that must stand there.
        expected: u64,
    },
}

/// Reads all of a journal file.
///
/// # Errors
/// Only what the reader says; no content is an error.
pub(super) fn scan(mut reader: impl BufRead) -> io::Result<Scanned> {
    let mut line = Vec::new();
    let first = next_line(&mut reader, &mut line)?;
    let header = match Header::decode(&line) {
        FirstLine::Header(header) if first.terminated => header,
        FirstLine::Newer(format) => return Ok(Scanned::Newer(format)),
        _ => return Ok(Scanned::Damaged(Damage::Header)),
    };
    let mut contents = Contents {
        end: first.bytes,
        entries: Vec::new(),
        tail: 0,
        unknown: 0,
        header,
    };
    let mut seq = contents.header.base;
    let mut number = 1;
    loop {
        let read = next_line(&mut reader, &mut line)?;
        number += 1;
        if read.bytes == 0 {
            return Ok(Scanned::Good(contents));
        }
        let record = match record::decode(&line) {
            Ok(record) if read.terminated => record,
            Err(Flaw::Foreign) => return Ok(Scanned::Damaged(Damage::Foreign { line: number })),
            Ok(_) | Err(Flaw::Torn) => {
                contents.tail = read.bytes;
                break;
            }
        };
        let expected = seq.saturating_add(1);
        if record.seq != expected || seq == u64::MAX {
            return Ok(Scanned::Damaged(Damage::Sequence {
                line: number,
                found: record.seq,
                expected,
            }));
        }
        seq = expected;
        contents.unknown += usize::from(!record.known);
        contents.entries.push(Entry {
            offset: contents.end,
            invalidation: Arc::new(record.invalidation),
        });
        contents.end += read.bytes;
    }
    loop {
        let read = next_line(&mut reader, &mut line)?;
        if read.bytes == 0 {
            return Ok(Scanned::Good(contents));
        }
        if record::is_sound(&line) {
            return Ok(Scanned::Damaged(Damage::Line { line: number }));
        }
        contents.tail += read.bytes;
    }
}

struct Line {
    /// With the newline; 0 at the end of the file.
    bytes: u64,
    terminated: bool,
}

/// Reads a line into `line`, without its newline; one over [`MAX_LINE`] is skipped and comes out
/// empty, which is no sound line.
fn next_line(reader: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<Line> {
    let mut bytes = 0;
    let mut overlong = false;
    loop {
        line.clear();
        // One more than allowed, so that the longest line and its newline come in one piece.
        let limit = MAX_LINE as u64 + 1;
        let read = reader.by_ref().take(limit).read_until(b'\n', line)?;
        bytes += read as u64;
        let terminated = line.pop_if(|byte| *byte == b'\n').is_some();
        let cut_short = !terminated && read as u64 == limit;
        overlong |= cut_short;
        if !cut_short {
            if overlong {
                line.clear();
            }
            return Ok(Line { bytes, terminated });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::purge::PathPattern;

    const LOG: &str = "0123456789abcdef0123456789abcdef";

    fn header(base: u64) -> Vec<u8> {
        let header = Header {
            format: record::FORMAT,
            log: LOG.into(),
            base,
        };
        header.encode().unwrap()
    }

    fn invalidation(seq: u64) -> Invalidation {
        Invalidation {
            id: format!("I{seq}"),
            distribution: None,
            paths: vec![PathPattern::parse(&format!("/{seq}")).unwrap()],
            soft: false,
            created: 0,
            caller_reference: None,
            by: None,
        }
    }

    fn line(seq: u64) -> Vec<u8> {
        record::encode(seq, "ab", &invalidation(seq)).unwrap()
    }

    fn file(parts: &[Vec<u8>]) -> Vec<u8> {
        parts.concat()
    }

    fn good(bytes: &[u8]) -> Contents {
        match scan(bytes).unwrap() {
            Scanned::Good(contents) => contents,
            other => panic!("{other:?}"),
        }
    }

    fn damage(bytes: &[u8]) -> Damage {
        match scan(bytes).unwrap() {
            Scanned::Damaged(damage) => damage,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn whole_records_are_read_with_their_places() {
        let bytes = file(&[header(6), line(7), line(8)]);
        let contents = good(&bytes);
        assert_eq!(contents.header.base, 6);
        assert_eq!((contents.end, contents.tail), (bytes.len() as u64, 0));
        let offsets: Vec<u64> = contents.entries.iter().map(|e| e.offset).collect();
        let first = header(6).len() as u64;
        assert_eq!(offsets, [first, first + line(7).len() as u64]);
        assert_eq!(*contents.entries[1].invalidation, invalidation(8));
    }

    #[test]
    fn a_bad_end_is_a_tail_and_a_bad_middle_is_damage() {
        let garbage = b"garbage\n\0\0\0\n\0\0\n".to_vec();
        let contents = good(&file(&[header(0), line(1), garbage.clone()]));
        assert_eq!(contents.entries.len(), 1);
        assert_eq!(contents.tail, garbage.len() as u64);
        let table = [
            (file(&[header(0), line(1), garbage.clone(), line(2)]), 3),
            (file(&[header(0), b"\n".to_vec(), line(1)]), 2),
        ];
        for (bytes, line) in table {
            assert_eq!(damage(&bytes), Damage::Line { line });
        }
        // Even without its newline, a sound line shows that the bad one was no tail.
        let mut unterminated = file(&[header(0), garbage, line(1)]);
        unterminated.pop();
        assert_eq!(damage(&unterminated), Damage::Line { line: 2 });
    }

    #[test]
    fn numbers_must_follow_from_the_header_on() {
        let table = [
            (header(0), vec![2], 2, 2, 1),
            (header(5), vec![1], 2, 1, 6),
            (header(0), vec![1, 3], 3, 3, 2),
            (header(0), vec![1, 1], 3, 1, 2),
            (header(0), vec![1, 2, 1], 4, 1, 3),
            (header(u64::MAX), vec![u64::MAX], 2, u64::MAX, u64::MAX),
        ];
        for (header, numbers, line_number, found, expected) in table {
            let mut bytes = header;
            for seq in numbers {
                bytes.extend(line(seq));
            }
            let sequence = Damage::Sequence {
                line: line_number,
                found,
                expected,
            };
            assert_eq!(damage(&bytes), sequence);
        }
    }

    #[test]
    fn a_first_line_must_be_a_whole_header() {
        let mut unterminated = header(0);
        unterminated.pop();
        for bytes in [Vec::new(), b"\n".to_vec(), line(1), unterminated] {
            assert_eq!(damage(&bytes), Damage::Header);
        }
    }

    #[test]
    fn an_overlong_line_is_a_bad_line_and_is_not_held() {
        let mut bytes = header(0);
        bytes.extend(std::iter::repeat_n(b'x', MAX_LINE + 2));
        let contents = good(&bytes);
        assert_eq!(contents.tail, MAX_LINE as u64 + 2);
        bytes.push(b'\n');
        bytes.extend(line(1));
        assert_eq!(damage(&bytes), Damage::Line { line: 2 });

        // However it is read in pieces, its end is not a line.
        let mut glued = header(0);
        glued.extend(std::iter::repeat_n(b'x', MAX_LINE + 1));
        glued.extend(line(1));
        assert!(good(&glued).entries.is_empty());
    }

    /// Whatever happens to one byte, what is read is a beginning of what was written.
    #[test]
    fn no_flipped_byte_invents_a_record() {
        let bytes = file(&[header(0), line(1), line(2), line(3)]);
        for at in 0..bytes.len() {
            for with in [0x01, 0x02, 0x10, 0x20, 0x80, 0xff, bytes[at] ^ b'\n'] {
                if with == 0 {
                    continue;
                }
                let mut flipped = bytes.clone();
                flipped[at] ^= with;
                match scan(flipped.as_slice()).unwrap() {
                    Scanned::Damaged(_) => {}
                    Scanned::Newer(format) => panic!("byte {at}: format {format}"),
                    Scanned::Good(contents) => {
                        assert_eq!(contents.header.log, LOG);
                        assert!(contents.tail > 0, "byte {at} ^ {with:#x} went unnoticed");
                        assert_eq!(contents.end + contents.tail, bytes.len() as u64);
                        for (entry, seq) in contents.entries.iter().zip(1..) {
                            assert_eq!(*entry.invalidation, invalidation(seq), "byte {at}");
                        }
                    }
                }
            }
        }
    }
}
