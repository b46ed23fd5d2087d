//! What of a viewer's request reaches an origin, as far as it is neither the target nor the edge's own.
//!
//! Invariants: [`OriginRequest::fields`] and [`OriginRequest::lines`] agree, so that Vary is matched
//! against what the origin has really seen; `lines` allocates nothing, so that it may stand on the
//! hit path; what concerns one connection only, what the edge makes itself (`Range`, `If-*`, framing)
//! and what it adds to (`Via`, `CDN-Loop`, `X-Forwarded-For`) is in neither.
//!
//! Not here: the target and the key ([`super::key`]), and the fields of the edge itself (`origin`).

use http::{HeaderMap, HeaderName, HeaderValue, Method, header};

use crate::semantics::fields;

/// Which fields of a viewer's request are forwarded, and whether its host is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OriginRequest {
    /// Name of the preset.
    pub name: &'static str,
    fields: Fields,
    host: bool,
}

/// Own lists will be further variants.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Fields {
    /// None: a bucket is asked for an object, whoever wants it.
    None,
    /// [`DEFAULT`], and with a body what describes it.
    Default,
    /// Every one that a viewer may send on.
    All,
}

impl OriginRequest {
    /// Names that [`OriginRequest::preset`] knows, the default one first.
    pub const PRESETS: &'static [&'static str] =
        &["Default", "AllViewer", "AllViewerExceptHostHeader"];

    /// What reaches a bucket of a viewer's request: nothing.
    pub const BUCKET: Self = Self {
        name: "none",
        fields: Fields::None,
        host: false,
    };

    /// The preset of that name, case-sensitive; `None` if there is none.
    ///
    /// | | fields of the viewer | its host |
    /// |---|---|---|
    /// | `Default` | Accept-Encoding, Authorization, and those that describe a body | no |
    /// | `AllViewer` | all | yes |
    /// | `AllViewerExceptHostHeader` | all | no |
    ///
    /// In all of them Accept-Encoding is reduced to the codings in use.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let name = *Self::PRESETS.iter().find(|known| **known == name)?;
        let fields = match name {
            "Default" => Fields::Default,
            _ => Fields::All,
        };
        Some(Self {
            name,
            fields,
            host: name == "AllViewer",
        })
    }

    /// The same with the viewer's host, as `host = "viewer"` of an origin wants it.
    #[must_use]
    pub fn with_host(mut self) -> Self {
        self.host = true;
        self
    }

    /// Whether this is what reaches a bucket: no method but GET and HEAD, no query, no field.
    #[must_use]
    pub fn is_bucket(&self) -> bool {
        self.fields == Fields::None
    }

    /// Whether the origin gets the viewer's host. It is then part of the key.
    #[must_use]
    pub const fn forwards_host(&self) -> bool {
        self.host
    }

    /// Whether an answer may be kept that varies by this field. What the edge adds to differs from
    /// viewer to viewer in ways that no stored request can be matched with.
    #[must_use]
    pub fn can_vary_by(&self, name: &HeaderName) -> bool {
        self.is_bucket() || !ADDED_TO.contains(&name.as_str())
    }

    /// The lines of a field of a GET or HEAD **as forwarded**; none if it is not.
    pub fn lines<'h>(
        &self,
        viewer: &'h HeaderMap,
        name: &HeaderName,
    ) -> impl Iterator<Item = &'h [u8]> + use<'h> {
        let forwarded = self.forwards(viewer, name, false);
        let coding = (forwarded && *name == header::ACCEPT_ENCODING)
            .then(|| Codings::of(viewer).as_str())
            .flatten();
        let plain = forwarded && *name != header::ACCEPT_ENCODING;
        let lines = plain.then(|| viewer.get_all(name).iter());
        coding
            .map(str::as_bytes)
            .into_iter()
            .chain(lines.into_iter().flatten().map(HeaderValue::as_bytes))
    }

    /// The viewer's fields that are forwarded with `method`, lines in their order. Of a GET or HEAD
    /// no body goes on, so nothing that describes one does.
    #[must_use]
    pub fn fields(&self, method: &Method, viewer: &HeaderMap) -> HeaderMap {
        let body = *method != Method::GET && *method != Method::HEAD;
        let mut forwarded = HeaderMap::new();
        for name in viewer.keys() {
            if *name == header::ACCEPT_ENCODING || !self.forwards(viewer, name, body) {
                continue;
            }
            for value in viewer.get_all(name) {
                forwarded.append(name, value.clone());
            }
        }
        if self.forwards(viewer, &header::ACCEPT_ENCODING, body)
            && let Some(codings) = Codings::of(viewer).as_str()
        {
            forwarded.insert(header::ACCEPT_ENCODING, HeaderValue::from_static(codings));
        }
        forwarded
    }

    /// Copies the lines of what the edge adds its own member to: they go on with it.
    pub fn keep_added_to(&self, viewer: &HeaderMap, forwarded: &mut HeaderMap) {
        for name in ADDED_TO.iter().map(|name| HeaderName::from_static(name)) {
            for value in viewer.get_all(&name) {
                forwarded.append(&name, value.clone());
            }
        }
    }

    fn forwards(&self, viewer: &HeaderMap, name: &HeaderName, body: bool) -> bool {
        let text = name.as_str();
        let listed = match self.fields {
            Fields::None => false,
            Fields::Default => {
                DEFAULT.contains(&text) || (body && DESCRIBES_A_BODY.contains(&text))
            }
            Fields::All => {
                !OWN.contains(&text)
                    && !ADDED_TO.contains(&text)
                    && (body || !DESCRIBES_A_BODY.contains(&text))
            }
        };
        listed && !fields::is_hop_by_hop(viewer, name)
    }
}

/// What `Default` forwards with every method.
const DEFAULT: &[&str] = &["accept-encoding", "authorization"];

/// What belongs to a body and goes with it. Content-Range too: a PUT of a part without it would
/// replace the whole (RFC 9110 section 14.5).
const DESCRIBES_A_BODY: &[&str] = &[
    "content-digest",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-location",
    "content-md5",
    "content-range",
    "content-type",
    "digest",
    "repr-digest",
];

/// What the edge makes itself, and never passes on as it came.
const OWN: &[&str] = &[
    "content-length",
    "expect",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "range",
];

/// What the edge adds its own member to.
const ADDED_TO: &[&str] = &["cdn-loop", "via", "x-forwarded-for"];

/// The codings in use that a viewer takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Codings {
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
    fn of(viewer: &HeaderMap) -> Self {
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
    fn as_str(self) -> Option<&'static str> {
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
    use proptest::prelude::*;

    use super::*;

    fn map(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn preset(name: &str) -> OriginRequest {
        OriginRequest::preset(name).unwrap()
    }

    fn names(headers: &HeaderMap) -> Vec<&str> {
        let mut names: Vec<&str> = headers.keys().map(HeaderName::as_str).collect();
        names.sort_unstable();
        names
    }

    fn a_viewer() -> HeaderMap {
        map(&[
            ("host", "www.example.com"),
            ("accept-encoding", "gzip"),
            ("accept-language", "de"),
            ("authorization", "Bearer a"),
            ("cdn-loop", "other"),
            ("connection", "x-hop, keep-alive"),
            ("content-length", "3"),
            ("content-type", "text/plain"),
            ("cookie", "a=b"),
            ("expect", "100-continue"),
            ("if-none-match", "\"a\""),
            ("proxy-authorization", "Basic a"),
            ("range", "bytes=0-1"),
            ("te", "trailers"),
            ("upgrade", "websocket"),
            ("user-agent", "curl"),
            ("via", "1.1 other"),
            ("x-forwarded-for", "192.0.2.1"),
            ("x-hop", "1"),
            ("x-own", "1"),
            ("x-own", "2"),
        ])
    }

    #[test]
    fn what_each_preset_forwards() {
        let viewer = a_viewer();
        let all = ["accept-encoding", "accept-language", "authorization"];
        let rest = ["cookie", "user-agent", "x-own"];
        for (policy, get, post) in [
            (OriginRequest::BUCKET, vec![], vec![]),
            (
                preset("Default"),
                vec!["accept-encoding", "authorization"],
                vec!["accept-encoding", "authorization", "content-type"],
            ),
            (
                preset("AllViewer"),
                [&all[..], &rest].concat(),
                [&all[..], &["content-type"], &rest].concat(),
            ),
            (
                preset("AllViewerExceptHostHeader"),
                [&all[..], &rest].concat(),
                [&all[..], &["content-type"], &rest].concat(),
            ),
        ] {
            let forwarded = |method| policy.fields(&method, &viewer);
            assert_eq!(names(&forwarded(Method::GET)), get, "{policy:?}");
            assert_eq!(names(&forwarded(Method::HEAD)), get, "{policy:?}");
            assert_eq!(names(&forwarded(Method::POST)), post, "{policy:?}");
        }
        let own = preset("AllViewer").fields(&Method::GET, &viewer);
        assert_eq!(own.get_all("x-own").iter().count(), 2);
    }

    #[test]
    fn the_host_goes_with_one_preset_or_where_the_origin_wants_it() {
        assert!(preset("AllViewer").forwards_host());
        assert!(!preset("AllViewerExceptHostHeader").forwards_host());
        assert!(!preset("Default").forwards_host());
        assert!(preset("Default").with_host().forwards_host());
        assert_eq!(OriginRequest::preset("default"), None);
    }

    #[test]
    fn nothing_that_the_edge_adds_to_can_be_matched() {
        for name in ["via", "cdn-loop", "x-forwarded-for"] {
            let name = HeaderName::from_static(name);
            assert!(!preset("Default").can_vary_by(&name), "{name}");
            // A bucket is sent none of them.
            assert!(OriginRequest::BUCKET.can_vary_by(&name), "{name}");
        }
        assert!(preset("Default").can_vary_by(&header::ACCEPT_ENCODING));
        assert!(preset("Default").can_vary_by(&header::COOKIE));
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
        /// What is forwarded is what Vary is matched against.
        #[test]
        fn lines_and_fields_agree(
            lines in prop::collection::vec((0..12_usize, "[a-z;=,*0.]{0,8}"), 0..8),
            which in 0..4_usize,
        ) {
            const NAMES: [&str; 12] = [
                "accept-encoding", "accept-language", "authorization", "connection", "content-type",
                "cookie", "host", "if-none-match", "te", "via", "x-a", "b",
            ];
            let lines: Vec<(&'static str, &str)> =
                lines.iter().map(|(at, value)| (NAMES[*at], value.as_str())).collect();
            let viewer = map(&lines);
            let policy = OriginRequest::PRESETS
                .get(which)
                .map_or(OriginRequest::BUCKET, |name| preset(name));
            let forwarded = policy.fields(&Method::GET, &viewer);
            for name in NAMES {
                let name = HeaderName::from_static(name);
                let expected: Vec<&[u8]> =
                    forwarded.get_all(&name).iter().map(HeaderValue::as_bytes).collect();
                let found: Vec<&[u8]> = policy.lines(&viewer, &name).collect();
                prop_assert_eq!(found, expected, "{}", name);
            }
        }

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
