//! AWS Signature Version 4 for requests to S3 without a body.
//!
//! The data path signs by itself: the SDK costs 8 to 10 times the CPU on small objects. Nothing
//! but a request with an empty body can be signed here. The SDK is the oracle that the tests
//! hold this against.
//!
//! Source: "Authenticating Requests: Using the Authorization Header (AWS Signature Version 4)",
//! Amazon S3 API Reference.

use std::fmt::Write as _;
use std::sync::Arc;

use arc_swap::ArcSwapOption;
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};

use super::credentials::Credentials;
use crate::clock;
use crate::semantics::dates::UnixTime;

/// SHA-256 of nothing: the body of every request that is signed here.
pub const EMPTY_BODY: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

const DATE: HeaderName = HeaderName::from_static("x-amz-date");
const CONTENT: HeaderName = HeaderName::from_static("x-amz-content-sha256");
const TOKEN: HeaderName = HeaderName::from_static("x-amz-security-token");

/// A signer for one region. The derived key is kept for as long as key id and day stay the same.
#[derive(Debug)]
pub struct Signer {
    region: String,
    key: ArcSwapOption<DayKey>,
}

struct DayKey {
    credentials: Arc<Credentials>,
    day: String,
    key: [u8; 32],
}

impl std::fmt::Debug for DayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "DayKey({})", self.day)
    }
}

impl Signer {
    /// A signer for S3 in `region`.
    #[must_use]
    pub fn new(region: &str) -> Self {
        Self {
            region: region.to_owned(),
            key: ArcSwapOption::empty(),
        }
    }

    /// Adds the signing fields to `headers`, which must hold `Host` and whatever else is sent;
    /// `Host`, `Range` and the `x-amz-` fields are signed. `path` is the path as it is sent.
    ///
    /// # Errors
    /// When a credential holds bytes that no header may have.
    pub fn sign(
        &self,
        method: &Method,
        path: &str,
        headers: &mut HeaderMap,
        credentials: &Arc<Credentials>,
        now: UnixTime,
    ) -> Result<(), http::header::InvalidHeaderValue> {
        self.sign_query(method, path, "", headers, credentials, now)
    }

    /// As [`Signer::sign`], for a request with a query: `name=value` pairs, encoded, sorted by name.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    pub fn sign_query(
        &self,
        method: &Method,
        path: &str,
        query: &str,
        headers: &mut HeaderMap,
        credentials: &Arc<Credentials>,
        now: UnixTime,
    ) -> Result<(), http::header::InvalidHeaderValue> {
        let date = clock::amz_date(now);
        headers.insert(DATE, HeaderValue::from_str(&date)?);
        headers.insert(CONTENT, HeaderValue::from_static(EMPTY_BODY));
        if let Some(token) = &credentials.session_token {
            let mut value = HeaderValue::from_str(token.expose_secret())?;
            value.set_sensitive(true);
            headers.insert(TOKEN, value);
        }
        let mut signed: Vec<(&str, &HeaderValue)> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value))
            .filter(|(name, _)| *name == "host" || *name == "range" || name.starts_with("x-amz-"))
            .collect();
        signed.sort_unstable_by_key(|(name, _)| *name);
        let request = canonical_request(method, path, query, &signed, EMPTY_BODY);
        let day = &date[..8];
        let key = self.day_key(credentials, day);
        let signature = signature(&key, &date, &self.region, &request);
        let mut names = String::new();
        for (name, _) in &signed {
            if !names.is_empty() {
                names.push(';');
            }
            names.push_str(name);
        }
        let mut value = HeaderValue::from_str(&format!(
            "AWS4-HMAC-SHA256 Credential={}/{day}/{}/s3/aws4_request, SignedHeaders={names}, Signature={signature}",
            credentials.key_id, self.region
        ))?;
        value.set_sensitive(true);
        headers.insert(http::header::AUTHORIZATION, value);
        Ok(())
    }

    fn day_key(&self, credentials: &Arc<Credentials>, day: &str) -> [u8; 32] {
        if let Some(kept) = &*self.key.load()
            && Arc::ptr_eq(&kept.credentials, credentials)
            && kept.day == day
        {
            return kept.key;
        }
        let key = derive(credentials.secret_key.expose_secret(), day, &self.region);
        self.key.store(Some(Arc::new(DayKey {
            credentials: Arc::clone(credentials),
            day: day.to_owned(),
            key,
        })));
        key
    }
}

/// The key of one day in one region.
#[must_use]
pub fn derive(secret: &str, day: &str, region: &str) -> [u8; 32] {
    let mut first = Vec::with_capacity(4 + secret.len());
    first.extend_from_slice(b"AWS4");
    first.extend_from_slice(secret.as_bytes());
    [region.as_bytes(), b"s3", b"aws4_request"]
        .into_iter()
        .fold(mac(&first, day.as_bytes()), |key, part| mac(&key, part))
}

/// The canonical request. `headers` are lower-case, sorted, and joined by name.
#[must_use]
pub fn canonical_request(
    method: &Method,
    path: &str,
    query: &str,
    headers: &[(&str, &HeaderValue)],
    body: &str,
) -> String {
    let mut text = format!("{method}\n{path}\n{query}\n");
    for (name, value) in headers {
        let value = String::from_utf8_lossy(value.as_bytes());
        text.push_str(name);
        text.push(':');
        // Runs of spaces count as one.
        for (at, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
            if at > 0 {
                text.push(' ');
            }
            text.push_str(word);
        }
        text.push('\n');
    }
    text.push('\n');
    for (at, (name, _)) in headers.iter().enumerate() {
        if at > 0 {
            text.push(';');
        }
        text.push_str(name);
    }
    text.push('\n');
    text.push_str(body);
    text
}

/// The signature of a canonical request, in hexadecimal. `date` is the full `x-amz-date`.
#[must_use]
pub fn signature(key: &[u8; 32], date: &str, region: &str, request: &str) -> String {
    let day = &date[..date.len().min(8)];
    let to_sign = format!(
        "AWS4-HMAC-SHA256\n{date}\n{day}/{region}/s3/aws4_request\n{}",
        hex(&Sha256::digest(request))
    );
    hex(&mac(key, to_sign.as_bytes()))
}

fn mac(key: &[u8], message: &[u8]) -> [u8; 32] {
    // HMAC takes a key of any length (RFC 2104 section 2), so this cannot fail.
    #[allow(clippy::expect_used, reason = "HMAC takes a key of any length")]
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The worked example "GET Object" of the S3 API Reference.
    #[test]
    fn the_documents_own_example() {
        let credentials = Arc::new(Credentials::fixed(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
        ));
        let mut headers = HeaderMap::new();
        headers.insert(
            "host",
            HeaderValue::from_static("examplebucket.s3.amazonaws.com"),
        );
        headers.insert("range", HeaderValue::from_static("bytes=0-9"));
        let signer = Signer::new("us-east-1");
        let at = UnixTime::from_secs(1_369_353_600);
        for _ in 0..2 {
            signer
                .sign(&Method::GET, "/test.txt", &mut headers, &credentials, at)
                .unwrap();
            let value = headers["authorization"].to_str().unwrap();
            let signature = value.rsplit_once("Signature=").unwrap().1;
            assert_eq!(
                signature,
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
            );
            assert!(
                value.contains("SignedHeaders=host;range;x-amz-content-sha256;x-amz-date,"),
                "{value}"
            );
        }
    }

    #[test]
    fn a_new_day_or_key_is_a_new_signature() {
        let signer = Signer::new("eu-central-1");
        let sign = |secret: &str, at: i64| {
            let mut headers = HeaderMap::new();
            headers.insert("host", HeaderValue::from_static("b.example"));
            let credentials = Arc::new(Credentials::fixed("K", secret, Some("t0ken")));
            signer
                .sign(
                    &Method::GET,
                    "/a",
                    &mut headers,
                    &credentials,
                    UnixTime::from_secs(at),
                )
                .unwrap();
            assert!(headers["x-amz-security-token"].is_sensitive());
            headers["authorization"].to_str().unwrap().to_owned()
        };
        let one = sign("s1", 1_700_000_000);
        assert_ne!(one, sign("s2", 1_700_000_000));
        assert_ne!(one, sign("s1", 1_700_086_400));
        assert_eq!(one, sign("s1", 1_700_000_000));
    }
}
