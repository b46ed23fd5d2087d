//! Finds a secret however it is spelled: as it is, percent-encoded, in base64, or a part of one of
//! those, of at least [`PART`] characters.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The shortest part that is found.
const PART: usize = 8;
/// The shortest part of a signature: it is of hexadecimal digits, which stand in ids too.
const PART_OF_A_SIGNATURE: usize = 16;

/// What is looked for: parts of each length, with the name of the secret.
#[derive(Default)]
pub(super) struct Finder(HashMap<usize, HashMap<Vec<u8>, String>>);

impl Finder {
    /// Looks for `secret`, too.
    pub(super) fn seed(&mut self, name: &str, secret: &str) {
        assert!(
            secret.len() >= 2 * PART,
            "{name} is too short to be told from chance"
        );
        let mut spellings = vec![
            secret.to_owned(),
            percent(secret, false),
            percent(secret, true),
        ];
        for before in 0..3 {
            // What stands before it moves it within the groups of three bytes; the characters at
            // both ends depend on what stands around it.
            let text = [&vec![0; before], secret.as_bytes()].concat();
            for spelled in [STANDARD_NO_PAD.encode(&text), URL_SAFE_NO_PAD.encode(&text)] {
                let (first, last) = ((before * 8).div_ceil(6), text.len() * 8 / 6);
                spellings.push(spelled[first..last].to_owned());
            }
        }
        for spelling in spellings {
            self.parts(name, &spelling, PART);
        }
    }

    /// Looks for a signature in hexadecimal digits, too.
    pub(super) fn signature(&mut self, signature: &str) {
        self.parts("a signature", signature, PART_OF_A_SIGNATURE);
    }

    fn parts(&mut self, name: &str, text: &str, length: usize) {
        let parts = self.0.entry(length).or_default();
        for part in text.as_bytes().windows(length) {
            parts.insert(part.to_vec(), name.to_owned());
        }
    }

    /// The first secret in `text`, and what stands around it.
    pub(super) fn find(&self, text: &[u8]) -> Option<String> {
        for (length, parts) in &self.0 {
            for (at, part) in text.windows(*length).enumerate() {
                if let Some(name) = parts.get(part) {
                    let around = &text[at.saturating_sub(200)..text.len().min(at + 100)];
                    return Some(format!("{name} in {:?}", String::from_utf8_lossy(around)));
                }
            }
        }
        None
    }

    /// Holds a text to have none of them.
    #[track_caller]
    pub(super) fn nothing_in(&self, what: &str, text: impl AsRef<[u8]>) {
        if let Some(found) = self.find(text.as_ref()) {
            panic!("{what}: {found}");
        }
    }
}

fn percent(text: &str, everything: bool) -> String {
    let encode = |byte: u8| match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' if !everything => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}

const SECRET: &str = "sEcr3t/Qw8Er2+Ty5Ui9";

fn example() -> Finder {
    let mut finder = Finder::default();
    finder.seed("the example", SECRET);
    finder
}

#[test]
fn a_secret_is_found_however_it_is_spelled() {
    let finder = example();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("control");
    let basic = |before: &str| STANDARD_NO_PAD.encode(format!("{before}:{SECRET} and more"));
    for (what, spelled) in [
        ("plain", SECRET.to_owned()),
        ("its beginning", SECRET[..PART].to_owned()),
        ("its end", SECRET[SECRET.len() - PART..].to_owned()),
        ("percent-encoded", percent(SECRET, false)),
        ("percent-encoded to the last letter", percent(SECRET, true)),
        ("base64", STANDARD_NO_PAD.encode(SECRET)),
        ("base64 for URLs", URL_SAFE_NO_PAD.encode(SECRET)),
        ("base64 behind 2 bytes", basic("a")),
        ("base64 behind 3 bytes", basic("ab")),
        ("base64 behind 4 bytes", basic("abc")),
    ] {
        std::fs::write(&file, format!("{{\"before\":\"{spelled}\"}}\n")).unwrap();
        let found = finder.find(&std::fs::read(&file).unwrap());
        assert!(
            found.is_some_and(|found| found.starts_with("the example in ")),
            "{what}"
        );
    }
}

#[test]
fn nothing_is_found_where_there_is_none() {
    let finder = example();
    for text in ["", "no secret", &SECRET[..PART - 1], &"x".repeat(10_000)] {
        assert_eq!(finder.find(text.as_bytes()), None);
    }
}

#[test]
fn a_signature_is_found() {
    let signature = "0123456789abcdef".repeat(4);
    let mut finder = Finder::default();
    finder.signature(&signature);
    let text = format!("Signature={}", &signature[20..40]);
    assert!(finder.find(text.as_bytes()).is_some());
    assert_eq!(finder.find(b"0123456789abcde0"), None);
}
