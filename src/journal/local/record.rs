//! Lines of the local journal, as bytes.
//!
//! Every line is `CRC JSON\n`: CRC-32 (IEEE) of the JSON's bytes in eight lower-case hexadecimal
//! digits, a space, the JSON. The first line is the header; it keeps this shape in every format, so
//! that an old version can tell a newer file from a damaged one.
//!
//! Invariant: a line that is sound but not understood is never dropped: it reads as a purge of
//! everything, or is reported.
//!
//! Not here: the order of lines, and files.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::purge::{Invalidation, PathPattern};

/// The format that is written, and the newest that is read.
pub(super) const FORMAT: u64 = 1;

/// Longest line that is read, in bytes; more than the largest valid record needs.
pub(super) const MAX_LINE: usize = 25 * 1024 * 1024;

const KIND: &str = "invalidation";

/// The first line.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    pub(super) format: u64,
    /// 32 lower-case hexadecimal digits.
    pub(super) log: String,
    /// Number of the record before the first.
    pub(super) base: u64,
}

/// What stands in a first line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum FirstLine {
    Header(Header),
    /// Sound, of a newer format.
    Newer(u64),
    Bad,
}

/// Any other line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Record {
    pub(super) seq: u64,
    pub(super) invalidation: Invalidation,
    /// Whether it was understood; if not, `invalidation` takes everything.
    pub(super) known: bool,
}

/// Why a line is no record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Flaw {
    /// Its checksum does not hold: it was not written to its end, or changed since.
    Torn,
    /// It is as it was written, but no record of a journal.
    Foreign,
}

#[derive(Serialize, Deserialize)]
struct Envelope<'a> {
    seq: u64,
    /// Dense per publisher; a local journal has one publisher, so it is the same as `seq`.
    k: u64,
    id: Cow<'a, str>,
    kind: Option<Cow<'a, str>>,
    invalidation: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct AnyFormat {
    format: u64,
}

impl Header {
    pub(super) fn encode(&self) -> serde_json::Result<Vec<u8>> {
        frame(self)
    }

    /// Reads the first line, without its newline.
    pub(super) fn decode(line: &[u8]) -> FirstLine {
        let Some(json) = unframe(line) else {
            return FirstLine::Bad;
        };
        match serde_json::from_slice::<AnyFormat>(json) {
            Ok(AnyFormat { format }) if format > FORMAT => return FirstLine::Newer(format),
            Ok(AnyFormat { format: FORMAT }) => {}
            _ => return FirstLine::Bad,
        }
        match serde_json::from_slice::<Self>(json) {
            Ok(header) if is_id(&header.log) => FirstLine::Header(header),
            _ => FirstLine::Bad,
        }
    }
}

/// Writes a record's line with its newline. `id` is the record's own random one.
pub(super) fn encode(
    seq: u64,
    id: &str,
    invalidation: &Invalidation,
) -> serde_json::Result<Vec<u8>> {
    frame(&Envelope {
        seq,
        k: seq,
        id: id.into(),
        kind: Some(KIND.into()),
        invalidation: Some(serde_json::to_value(invalidation)?),
    })
}

/// Reads a record's line, without its newline.
pub(super) fn decode(line: &[u8]) -> Result<Record, Flaw> {
    let json = unframe(line).ok_or(Flaw::Torn)?;
    let envelope: Envelope<'_> = serde_json::from_slice(json).map_err(|_| Flaw::Foreign)?;
    if envelope.k != envelope.seq {
        return Err(Flaw::Foreign);
    }
    let understood = match (envelope.kind.as_deref(), envelope.invalidation) {
        (Some(KIND), Some(body)) => serde_json::from_value::<Invalidation>(body).ok(),
        _ => None,
    }
    // Over a limit of this version: not written by it, so not trusted to mean the same.
    .filter(|invalidation| invalidation.check().is_ok());
    Ok(Record {
        seq: envelope.seq,
        known: understood.is_some(),
        invalidation: understood.unwrap_or_else(|| everything(envelope.id.into_owned())),
    })
}

/// Whether the line's checksum holds.
pub(super) fn is_sound(line: &[u8]) -> bool {
    unframe(line).is_some()
}

fn everything(id: String) -> Invalidation {
    Invalidation {
        id,
        distribution: None,
        paths: vec![PathPattern::All],
        soft: false,
        created: 0,
        caller_reference: None,
        by: None,
    }
}

fn frame<T: Serialize>(value: &T) -> serde_json::Result<Vec<u8>> {
    let json = serde_json::to_vec(value)?;
    let mut line = format!("{:08x} ", crc32fast::hash(&json)).into_bytes();
    line.extend_from_slice(&json);
    line.push(b'\n');
    Ok(line)
}

fn unframe(line: &[u8]) -> Option<&[u8]> {
    let (sum, rest) = line.split_at_checked(8)?;
    let json = rest.strip_prefix(b" ")?;
    // Compared as text: `from_str_radix` would also take capitals and a sign.
    (format!("{:08x}", crc32fast::hash(json)).as_bytes() == sum).then_some(json)
}

fn is_id(text: &str) -> bool {
    text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::purge::invalidation::{MAX_NAME, MAX_PATHS};
    use crate::purge::pattern::MAX_PATTERN;

    fn of(paths: Vec<PathPattern>) -> Invalidation {
        Invalidation {
            paths,
            soft: true,
            created: 5,
            caller_reference: Some("r".into()),
            ..everything("I1".into())
        }
    }

    fn body(mut line: Vec<u8>) -> Vec<u8> {
        assert_eq!(line.pop(), Some(b'\n'));
        assert!(!line.contains(&b'\n'));
        line
    }

    fn sealed(value: &serde_json::Value) -> Vec<u8> {
        body(frame(value).unwrap())
    }

    #[test]
    fn a_record_goes_round() {
        let invalidation = of(vec![PathPattern::parse("/a?x").unwrap()]);
        let line = body(encode(7, "ab", &invalidation).unwrap());
        assert!(is_sound(&line));
        let record = decode(&line).unwrap();
        assert_eq!((record.seq, record.known), (7, true));
        assert_eq!(record.invalidation, invalidation);
        let json: serde_json::Value = serde_json::from_slice(&line[9..]).unwrap();
        assert_eq!(
            (&json["seq"], &json["k"], &json["id"]),
            (&json!(7), &json!(7), &json!("ab"))
        );
    }

    #[test]
    fn what_is_not_understood_is_a_purge_of_everything() {
        let good = serde_json::to_value(of(vec![PathPattern::All])).unwrap();
        let mut tagged = good.clone();
        tagged["tags"] = json!(["t"]);
        let mut glob = good.clone();
        glob["paths"] = json!(["/*/x"]);
        let mut pathless = good.clone();
        pathless["paths"] = json!([]);
        let table = [
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "invalidation", "invalidation": pathless}),
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "member", "member": {}}),
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "member", "invalidation": good}),
            json!({"seq": 1, "k": 1, "id": "ab", "invalidation": good}),
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "invalidation"}),
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "invalidation", "invalidation": tagged}),
            json!({"seq": 1, "k": 1, "id": "ab", "kind": "invalidation", "invalidation": glob}),
        ];
        for value in table {
            let record = decode(&sealed(&value)).unwrap();
            assert!(!record.known, "{value}");
            assert_eq!(record.invalidation, everything("ab".into()));
            assert!(!record.invalidation.soft);
        }
    }

    #[test]
    fn torn_and_foreign_lines_are_told_apart() {
        let line = body(encode(7, "ab", &of(vec![PathPattern::All])).unwrap());
        for cut in 0..line.len() {
            assert_eq!(decode(&line[..cut]), Err(Flaw::Torn));
        }
        let mut capitals = line;
        capitals[..8].make_ascii_uppercase();
        let unlike = capitals[..8].iter().any(u8::is_ascii_uppercase);
        assert_eq!(decode(&capitals).is_err(), unlike);
        for value in [
            json!({}),
            json!(7),
            json!({"seq": 1, "k": 2, "id": "ab", "kind": "invalidation"}),
            json!({"seq": -1, "k": -1, "id": "ab", "kind": "invalidation"}),
        ] {
            assert_eq!(decode(&sealed(&value)), Err(Flaw::Foreign), "{value}");
        }
    }

    #[test]
    fn a_header_is_read_refused_or_known_to_be_newer() {
        let log = "0123456789abcdef0123456789abcdef";
        let header = Header {
            format: FORMAT,
            log: log.into(),
            base: 9,
        };
        let line = body(header.encode().unwrap());
        assert_eq!(Header::decode(&line), FirstLine::Header(header));
        assert_eq!(Header::decode(&line[..line.len() - 1]), FirstLine::Bad);
        let table = [
            (
                json!({"format": 2, "something": "else"}),
                FirstLine::Newer(2),
            ),
            (json!({"format": 0, "log": log, "base": 9}), FirstLine::Bad),
            (json!({"format": 1, "log": "x", "base": 9}), FirstLine::Bad),
            (json!({"format": 1, "log": log}), FirstLine::Bad),
            (json!({"log": log, "base": 9}), FirstLine::Bad),
            (json!([]), FirstLine::Bad),
        ];
        for (value, expected) in table {
            assert_eq!(Header::decode(&sealed(&value)), expected, "{value}");
        }
    }

    #[test]
    fn the_largest_valid_record_fits_a_line() {
        // A quotation mark takes two bytes in JSON, a control character six.
        let path = format!("/{}", "\"".repeat(MAX_PATTERN - 1));
        let name = "\u{1}".repeat(MAX_NAME);
        let length = |paths: usize| {
            let invalidation = Invalidation {
                id: name.clone(),
                distribution: Some(name.clone()),
                paths: vec![PathPattern::parse(&path).unwrap(); paths],
                caller_reference: Some(name.clone()),
                by: Some(name.clone()),
                created: i64::MIN,
                soft: false,
            };
            invalidation.check().unwrap();
            encode(u64::MAX, &"f".repeat(32), &invalidation)
                .unwrap()
                .len()
        };
        // Each further path adds the same; the largest itself takes seconds to make.
        let each = length(2) - length(1);
        let largest = length(1) + (MAX_PATHS - 1) * each;
        assert!((MAX_LINE / 2..=MAX_LINE).contains(&largest), "{largest}");
    }
}
