//! Records of the journal: what is read is what was written, and what was torn or changed is never another record.
//!
//! The input's first three bytes say where the file is cut or changed. Its lines are records' JSON; each is sealed
//! with its checksum here, so that it gets past that.

#![no_main]

use libfuzzer_sys::fuzz_target;
use seawall::journal::local::bytes::{self, Held};
use seawall::purge::{Invalidation, PathPattern};

const LOG: &str = "0123456789abcdef0123456789abcdef";

fuzz_target!(|input: &[u8]| {
    // As it came: damage, whatever it is, but no panic.
    let _ = bytes::read(input);
    let Some((&[at_high, at_low, flip], lines)) = input.split_first_chunk::<3>() else {
        return;
    };
    let at = usize::from(at_high) << 8 | usize::from(at_low);
    sealed(lines);
    changed(lines, at, flip);
});

/// Lines whose checksum holds: each is a record, or the whole file is damaged.
fn sealed(lines: &[u8]) {
    let mut file = bytes::write(LOG, 0, &[]).unwrap();
    let lines: Vec<&[u8]> = lines.split(|&byte| byte == b'\n').collect();
    for line in &lines {
        file.extend(format!("{:08x} ", crc32fast::hash(line)).as_bytes());
        file.extend_from_slice(line);
        file.push(b'\n');
    }
    let Some(held) = bytes::read(&file) else {
        return;
    };
    assert_eq!((held.records.len(), held.tail), (lines.len(), 0));
    let all = |record: &&Invalidation| {
        record.paths == [PathPattern::All] && record.distribution.is_none() && !record.soft
    };
    assert!(held.records.iter().filter(all).count() >= held.unknown);
    // What is understood goes round.
    if held.unknown == 0 {
        let again = bytes::write(&held.log, held.base, &held.records).unwrap();
        assert_eq!(bytes::read(&again), Some(held));
    }
}

/// A file that was written, and then cut, or one byte of it changed.
fn changed(lines: &[u8], at: usize, flip: u8) {
    let records: Vec<Invalidation> = lines
        .split(|&byte| byte == b'\n')
        .take(8)
        .filter_map(|line| record(&String::from_utf8_lossy(line)))
        .collect();
    let base = u64::from(flip);
    let mut file = bytes::write(LOG, base, &records).unwrap();
    let whole = Held {
        log: LOG.to_owned(),
        base,
        records,
        unknown: 0,
        tail: 0,
    };
    assert_eq!(bytes::read(&file), Some(whole.clone()));
    let at = at % file.len();
    match flip {
        0 => file.truncate(at),
        flip => file[at] ^= flip,
    }
    if let Some(held) = bytes::read(&file) {
        assert_eq!((held.log.as_str(), held.base, held.unknown), (LOG, base, 0));
        assert!(whole.records.starts_with(&held.records), "{held:?}");
        assert!(flip == 0 || held.tail > 0, "a change went unnoticed");
    }
}

/// A record whose path, and everything else, is this text; `None` if it is no path, or too long.
fn record(text: &str) -> Option<Invalidation> {
    let record = Invalidation {
        id: format!("I{text}"),
        distribution: (text.len() % 2 == 0).then(|| text.to_owned()),
        paths: vec![PathPattern::parse(text).ok()?],
        soft: text.len() % 3 == 0,
        created: text.len() as i64,
        caller_reference: (text.len() % 5 == 0).then(|| text.to_owned()),
        by: None,
    };
    record.check().is_ok().then_some(record)
}
