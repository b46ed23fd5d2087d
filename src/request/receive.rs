//! *Receive*: what arrived, within the limits, with the configuration that it will travel with.

use std::borrow::Cow;
use std::cell::Cell;
use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Uri, Version, header};

use super::Site;
use super::refusal::Refusal;
use crate::semantics::age::Instant;
use crate::semantics::fields;

/// Bytes of a request's head: names, values, and four for each line. More is a 431.
pub const HEAD_BYTES: usize = 32 * 1024;
/// Bytes of a request's target. More is a 414.
pub const TARGET_BYTES: usize = 8_192;

const CDN_LOOP: HeaderName = HeaderName::from_static("cdn-loop");

/// The port of `http`, the one scheme that viewers have here.
const DEFAULT_PORT: &str = "80";

/// Our id of a request: 128 random bits, as 32 hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestId([u8; 32]);

impl RequestId {
    /// An id that no other request has.
    #[must_use]
    pub fn next() -> Self {
        thread_local! {
            // A random start and a counter: as unique as 128 random bits, without a system call.
            static STATE: Cell<u128> = Cell::new(seed());
        }
        let state = STATE
            .get()
            .wrapping_add(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        STATE.set(state);
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 32];
        for (pair, byte) in text.chunks_exact_mut(2).zip(mix(state).to_be_bytes()) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        Self(text)
    }

    /// Its 32 digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        // Only hexadecimal digits are ever put in.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// Its 32 digits as a field value.
    #[must_use]
    pub fn value(&self) -> HeaderValue {
        HeaderValue::from_bytes(&self.0).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

fn seed() -> u128 {
    let mut bytes = [0; 16];
    // Without randomness ids are still unique within the process, which is what logs need.
    let _ = getrandom::fill(&mut bytes);
    u128::from_ne_bytes(bytes)
}

/// A bijection that spreads consecutive states over all bits (the finalizer of MurmurHash3, on
/// both halves).
fn mix(state: u128) -> u128 {
    let spread = |mut half: u64| {
        half = (half ^ (half >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        half = (half ^ (half >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        half ^ (half >> 33)
    };
    let (high, low) = ((state >> 64) as u64, state as u64);
    let low = spread(low ^ high.rotate_left(32));
    (u128::from(spread(high ^ low)) << 64) | u128::from(low)
}

/// A request that has arrived. It borrows the head, which stays with the connection.
#[derive(Debug)]
pub struct Received<'r> {
    /// When.
    pub at: Instant,
    /// Our id of it.
    pub id: RequestId,
    /// The configuration that was in force then; it travels along.
    pub site: Arc<Site>,
    /// The viewer's address.
    pub client: Option<IpAddr>,
    /// The method.
    pub method: &'r Method,
    /// The target.
    pub uri: &'r Uri,
    /// The protocol.
    pub version: Version,
    /// The fields.
    pub headers: &'r HeaderMap,
}

impl<'r> Received<'r> {
    /// Takes a request in. It is not judged yet: see [`Received::check`].
    pub fn new<B>(
        request: &'r Request<B>,
        client: Option<IpAddr>,
        site: Arc<Site>,
        at: Instant,
    ) -> Self {
        Self {
            at,
            id: RequestId::next(),
            site,
            client,
            method: request.method(),
            uri: request.uri(),
            version: request.version(),
            headers: request.headers(),
        }
    }

    /// Checks the limits and finds the host: lower case, without port.
    ///
    /// # Errors
    /// 414, 417, 431, 508, or 400 for a host that is none, missing, twice there, or contradicted.
    pub fn check(&self) -> Result<Cow<'r, str>, Refusal> {
        let target = self
            .uri
            .path_and_query()
            .map_or("", |target| target.as_str());
        if target.len() > TARGET_BYTES {
            return Err(Refusal::TargetTooLong);
        }
        let head: usize = self
            .headers
            .iter()
            .map(|(name, value)| name.as_str().len() + value.len() + 4)
            .sum();
        if head + target.len() > HEAD_BYTES {
            return Err(Refusal::HeadTooLong);
        }
        // HTTP/1.0 has no expectations (RFC 9110 section 10.1.1).
        if self.headers.contains_key(header::EXPECT)
            && self.version != Version::HTTP_10
            && !expects_continue(self.headers)
        {
            return Err(Refusal::Expectation);
        }
        if self.headers.contains_key(CDN_LOOP) && self.has_been_here() {
            return Err(Refusal::Loop);
        }
        let mut lines = self.headers.get_all(header::HOST).iter();
        let (line, second) = (lines.next(), lines.next());
        if second.is_some() {
            return Err(Refusal::BadHost("the request has two Host fields"));
        }
        let line = match line.map(HeaderValue::to_str) {
            None => None,
            Some(Ok(text)) => {
                Some(host(text).ok_or(Refusal::BadHost("the Host field holds no host"))?)
            }
            Some(Err(_)) => return Err(Refusal::BadHost("the Host field holds no host")),
        };
        let authority = match self.uri.authority() {
            // A user name has no business in a request (RFC 9110 section 4.2.4).
            Some(authority) => Some(
                host(authority.as_str())
                    .ok_or(Refusal::BadHost("the target's authority is no host"))?,
            ),
            None => None,
        };
        match (authority, line) {
            // HTTP/2 forbids a Host that differs (RFC 9113 section 8.3.1); in HTTP/1.1 the
            // target in absolute form wins (RFC 9112 section 3.2.2).
            (Some(authority), Some(line))
                if self.version == Version::HTTP_2 && authority != line =>
            {
                Err(Refusal::BadHost("the Host field contradicts :authority"))
            }
            (Some(authority), _) => Ok(authority),
            (None, Some(line)) => Ok(line),
            (None, None) => Err(Refusal::BadHost("the request has no Host field")),
        }
    }

    /// Whether CDN-Loop names this edge (RFC 8586 section 2). Parameters do not count.
    fn has_been_here(&self) -> bool {
        fields::members(self.headers, CDN_LOOP).any(|member| {
            let id = member
                .split(|&byte| byte == b';')
                .next()
                .unwrap_or_default();
            id.trim_ascii() == self.site.name.as_bytes()
        })
    }

    /// `host`, which [`Received::check`] has found, with the request's port, unless that is the
    /// default one.
    #[must_use]
    pub fn authority(&self, host: Cow<'r, str>) -> Cow<'r, str> {
        authority(self.uri, self.headers, host)
    }

    /// The target as received, for the log.
    #[must_use]
    pub fn target(&self) -> &'r str {
        self.uri
            .path_and_query()
            .map_or("", |target| target.as_str())
    }
}

/// Whether the viewer sends its body only when it is told to, and expects nothing else.
#[must_use]
pub fn expects_continue(headers: &HeaderMap) -> bool {
    let mut members = fields::members(headers, header::EXPECT);
    let first = members.next();
    first.is_some_and(|first| first.eq_ignore_ascii_case(b"100-continue"))
        && members.next().is_none()
}

fn authority<'r>(uri: &Uri, headers: &HeaderMap, host: Cow<'r, str>) -> Cow<'r, str> {
    let written = match uri.authority() {
        Some(authority) => authority.as_str(),
        None => headers
            .get(header::HOST)
            .and_then(|line| line.to_str().ok())
            .unwrap_or_default(),
    };
    // Behind the host, which was checked, stands nothing but a port.
    match written
        .get(host.len()..)
        .and_then(|rest| rest.strip_prefix(':'))
    {
        None | Some("" | DEFAULT_PORT) => host,
        Some(port) => Cow::Owned(format!("{host}:{port}")),
    }
}

/// The host of `host[:port]`, in lower case; `None` if it is none. Letters, digits, `-`, `.`, `_`
/// and IP literals in brackets (RFC 3986 section 3.2.2, without escapes).
fn host(text: &str) -> Option<Cow<'_, str>> {
    let (name, port) = match text.strip_prefix('[') {
        Some(_) => {
            let end = text.find(']')?;
            let (literal, rest) = text.split_at(end + 1);
            literal[1..end].parse::<std::net::Ipv6Addr>().ok()?;
            (
                literal,
                rest.strip_prefix(':')
                    .or_else(|| rest.is_empty().then_some("0")),
            )
        }
        None => match text.split_once(':') {
            Some((name, port)) => (name, Some(port)),
            None => (text, Some("0")),
        },
    };
    // An empty port means the default one (RFC 3986 section 3.2.3).
    let port = port?;
    if !port.is_empty()
        && (!port.bytes().all(|byte| byte.is_ascii_digit()) || port.parse::<u16>().is_err())
    {
        return None;
    }
    let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if name.is_empty() || (!name.starts_with('[') && !name.bytes().all(legal)) {
        return None;
    }
    Some(if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_host_and_what_is_not() {
        let rows = [
            ("www.example.com", Some("www.example.com")),
            ("WWW.Example.com:8080", Some("www.example.com")),
            ("localhost:", Some("localhost")),
            ("127.0.0.1:80", Some("127.0.0.1")),
            ("[::1]:80", Some("[::1]")),
            ("[::1]", Some("[::1]")),
            ("", None),
            (":80", None),
            ("a@b", None),
            ("a:99999", None),
            ("a:+80", None),
            ("a:80:80", None),
            ("x/y", None),
            ("a, b", None),
            ("a b", None),
            ("[::1", None),
            ("[::1]x", None),
            ("[not-an-address]", None),
            ("a%2eb", None),
        ];
        for (text, expected) in rows {
            assert_eq!(host(text).as_deref(), expected, "{text:?}");
        }
    }

    #[test]
    fn the_authority_keeps_a_port_that_says_something() {
        for (target, line, expected) in [
            ("/", "WWW.a.test", "www.a.test"),
            ("/", "www.a.test:80", "www.a.test"),
            ("/", "www.a.test:", "www.a.test"),
            ("/", "www.A.test:8080", "www.a.test:8080"),
            ("/", "[::1]:81", "[::1]:81"),
            ("http://b.test:82/", "a.test:81", "b.test:82"),
            ("http://b.test/", "a.test:81", "b.test"),
        ] {
            let request = Request::get(target).header("host", line).body(()).unwrap();
            let host = host(match request.uri().authority() {
                Some(authority) => authority.as_str(),
                None => line,
            });
            let found = authority(request.uri(), request.headers(), host.unwrap());
            assert_eq!(found, expected, "{target} {line}");
        }
    }

    #[test]
    fn ids_differ() {
        let ids: std::collections::HashSet<String> = (0..10_000)
            .map(|_| RequestId::next().as_str().to_owned())
            .collect();
        assert_eq!(ids.len(), 10_000);
        assert!(
            ids.iter()
                .all(|id| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit()))
        );
    }
}
