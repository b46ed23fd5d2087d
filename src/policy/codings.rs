//! The codings in use that a viewer takes: what Accept-Encoding is reduced to, in the key and on its way.
//!
//! Invariant: what is forwarded never allows more than the viewer does.

use http::{HeaderMap, header};

use crate::semantics::fields;

/// The codings in use that a viewer takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Codings {
    gzip: bool,
    br: bool,
    zstd: bool,
    /// Whether it refuses what is not encoded.
    not_identity: bool,
    /// Whether it sent the field at all.
    sent: bool,
}

impl Codings {
    /// Reads Accept-Encoding (RFC 9110 section 12.5.3), all its lines. What cannot be read is not
    /// taken; of contradicting members a refusal counts. So what is forwarded never allows more than
    /// the viewer does.
    pub(super) fn of(viewer: &HeaderMap) -> Self {
        #[derive(Clone, Copy, PartialEq)]
        enum Said {
            Nothing,
            Yes,
            No,
        }
        // gzip, br, zstd, identity, *
        let mut said = [Said::Nothing; 5];
        let mut codings = Self {
            sent: viewer.contains_key(header::ACCEPT_ENCODING),
            ..Self::default()
        };
        for member in fields::members(viewer, header::ACCEPT_ENCODING) {
            let mut parts = member.split(|&byte| byte == b';').map(<[u8]>::trim_ascii);
            let coding = parts.next().unwrap_or_default();
            let is = |name: &str| coding.eq_ignore_ascii_case(name.as_bytes());
            let at = match () {
                () if is("gzip") || is("x-gzip") => 0,
                () if is("br") => 1,
                () if is("zstd") => 2,
                () if is("identity") => 3,
                () if is("*") => 4,
                () => continue,
            };
            let weight = parts.next().map_or(Weight::Some, Weight::of);
            let taken = match weight {
                Weight::Some => Said::Yes,
                Weight::Zero => Said::No,
                // To refuse what is plain takes a plain refusal.
                Weight::Unreadable if at == 3 => Said::Yes,
                Weight::Unreadable if at == 4 => Said::Nothing,
                Weight::Unreadable => Said::No,
            };
            if said[at] != Said::No {
                said[at] = taken;
            }
        }
        let rest = said[4];
        let takes = |said: Said| said == Said::Yes || (said == Said::Nothing && rest == Said::Yes);
        codings.gzip = takes(said[0]);
        codings.br = takes(said[1]);
        codings.zstd = takes(said[2]);
        codings.not_identity =
            said[3] == Said::No || (said[3] == Said::Nothing && rest == Said::No);
        codings
    }

    /// What is forwarded. A viewer without the field takes anything (RFC 9110 section 12.5.3), and
    /// the origin is left to see that it has none.
    pub(super) fn as_str(self) -> Option<&'static str> {
        if !self.sent {
            return None;
        }
        let at = usize::from(self.gzip) | usize::from(self.br) << 1 | usize::from(self.zstd) << 2;
        Some(match self.not_identity {
            false => TAKEN[at],
            true => TAKEN_ENCODED[at],
        })
    }
}

/// By gzip (1), br (2) and zstd (4).
const TAKEN: [&str; 8] = [
    "identity",
    "gzip",
    "br",
    "gzip, br",
    "zstd",
    "gzip, zstd",
    "br, zstd",
    "gzip, br, zstd",
];
const TAKEN_ENCODED: [&str; 8] = [
    "identity;q=0",
    "gzip, identity;q=0",
    "br, identity;q=0",
    "gzip, br, identity;q=0",
    "zstd, identity;q=0",
    "gzip, zstd, identity;q=0",
    "br, zstd, identity;q=0",
    "gzip, br, zstd, identity;q=0",
];

enum Weight {
    Zero,
    Some,
    Unreadable,
}

impl Weight {
    /// `q=` and a number from 0 to 1 with at most three decimals (RFC 9110 section 12.4.2).
    fn of(parameter: &[u8]) -> Self {
        let Some(value) = parameter
            .strip_prefix(b"q=")
            .or_else(|| parameter.strip_prefix(b"Q="))
        else {
            return Self::Unreadable;
        };
        let (whole, decimals) = match value.split_first_chunk::<2>() {
            Some((&[whole, b'.'], decimals)) => (whole, decimals),
            None if value.len() == 1 => (value[0], &[][..]),
            _ => return Self::Unreadable,
        };
        if decimals.len() > 3 || !decimals.iter().all(u8::is_ascii_digit) {
            return Self::Unreadable;
        }
        let zeros = decimals.iter().all(|&digit| digit == b'0');
        match (whole, zeros) {
            (b'0', true) => Self::Zero,
            (b'0', false) | (b'1', true) => Self::Some,
            _ => Self::Unreadable,
        }
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    #[test]
    fn accept_encoding_is_reduced_to_what_is_in_use() {
        for (written, forwarded) in [
            ("gzip", "gzip"),
            ("GZIP ; q=0.5, Br", "gzip, br"),
            ("x-gzip", "gzip"),
            ("br, gzip", "gzip, br"),
            ("zstd,gzip,br,deflate", "gzip, br, zstd"),
            ("gzip, deflate, br, zstd, dcb, dcz", "gzip, br, zstd"),
            ("", "identity"),
            ("identity", "identity"),
            ("deflate", "identity"),
            ("gzip;q=0", "identity"),
            ("gzip;q=0.000", "identity"),
            ("gzip;q=0.001", "gzip"),
            ("gzip;q=1.000", "gzip"),
            // What cannot be read is not taken.
            ("gzip;q=1.001", "identity"),
            ("gzip;q=0.0000", "identity"),
            ("gzip;q=", "identity"),
            ("gzip;q=-1", "identity"),
            ("gzip;level=9", "identity"),
            ("gzip;q=0, gzip", "identity"),
            ("gzip, gzip;q=0", "identity"),
            ("*", "gzip, br, zstd"),
            ("*;q=0.1, br;q=0", "gzip, zstd"),
            ("*;q=0", "identity;q=0"),
            ("gzip, *;q=0", "gzip, identity;q=0"),
            ("gzip, identity;q=0", "gzip, identity;q=0"),
            ("identity;q=0.0, br", "br, identity;q=0"),
            ("identity, *;q=0", "identity"),
            ("identity;q=x, gzip", "gzip"),
            ("deflate, identity;q=0", "identity;q=0"),
        ] {
            let found = Codings::of(&map(&[("accept-encoding", written)])).as_str();
            assert_eq!(found, Some(forwarded), "{written:?}");
        }
        assert_eq!(Codings::of(&HeaderMap::new()).as_str(), None);
        let lines = map(&[("accept-encoding", "br"), ("accept-encoding", "gzip;q=0.1")]);
        assert_eq!(Codings::of(&lines).as_str(), Some("gzip, br"));
    }

    proptest! {
        /// A coding that the viewer did not name is never asked for in its name, but by `*`.
        #[test]
        fn no_more_is_asked_for_than_the_viewer_takes(written in "[gzipbrstd*;q=01., ]{0,24}") {
            let viewer = map(&[("accept-encoding", &written)]);
            let codings = Codings::of(&viewer);
            let lower = written.to_ascii_lowercase();
            for (taken, name) in [(codings.gzip, "gzip"), (codings.br, "br"), (codings.zstd, "zstd")] {
                prop_assert!(!taken || lower.contains(name) || lower.contains('*'), "{}", name);
            }
        }
    }
}
