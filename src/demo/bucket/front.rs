//! One request through the store: write it down, let s3s answer it, finish what s3s leaves open.
//!
//! s3s parses, verifies and dispatches. Around it this file logs, notes whom the request claims to
//! come from, gives every answer its `Server` and `x-amz-request-id`, and applies a cut.

use std::sync::Arc;

use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use hyper::body::Incoming;
use s3s::config::{S3Config, StaticConfigProvider};
use s3s::service::{S3Service, S3ServiceBuilder};
use s3s::{Body, HttpError};

use super::BucketOptions;
use super::access::{Claim, Policy, Secrets};
use super::faults::Faults;
use super::log::RequestLog;
use super::store::Store;
use super::wire::{Cut, Flushes, Payload};

/// The type of S3's error documents.
pub(super) const XML: HeaderValue = HeaderValue::from_static("application/xml");

/// Longest XML request body or upload form, in bytes: neither leads anywhere here.
const MAX_FORM_BYTES: usize = 64 * 1024;

/// The HTTP face of one bucket.
pub(super) struct Front {
    s3: S3Service,
    log: RequestLog,
    /// `/bucket/`, before every key in a target.
    key_prefix: String,
}

impl Front {
    pub(super) fn new(options: BucketOptions, faults: Faults, log: RequestLog) -> Self {
        let key_prefix = format!("/{}/", options.bucket);
        let mut builder = S3ServiceBuilder::new(Store::new(&options, faults.clone()));
        builder.set_access(Policy::new(&options, faults));
        builder.set_auth(Secrets::new([options.edge, options.publisher]));
        builder.set_config(Arc::new(StaticConfigProvider::new(Arc::new(limits()))));
        Self {
            s3: builder.build(),
            log,
            key_prefix,
        }
    }

    pub(super) async fn answer(
        &self,
        mut request: Request<Incoming>,
        flushes: Arc<Flushes>,
    ) -> Result<Response<Payload<Body>>, HttpError> {
        let is_head = request.method() == Method::HEAD;
        let claim = Claim::of(request.headers(), request.uri());
        let number = self.log.arrived(
            request.method(),
            request
                .uri()
                .path_and_query()
                .map_or("", |target| target.as_str()),
            self.key_of(request.uri().path()),
            claim.as_ref().map(|claim| claim.access_key.clone()),
            request.headers(),
        );
        if let Some(claim) = claim {
            request.extensions_mut().insert(claim);
        }
        let mut response = self.s3.call(request.map(Body::from)).await?;
        if is_head
            && response.headers().contains_key(header::CONTENT_RANGE)
            && response.status() == StatusCode::OK
        {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        }
        let headers = response.headers_mut();
        headers.insert(header::SERVER, HeaderValue::from_static("seawall-bucket"));
        if let Ok(id) = HeaderValue::from_str(&format!("{number:016X}")) {
            headers.insert("x-amz-request-id", id);
        }
        let cut = response.extensions_mut().remove::<Cut>();
        self.log.answered(number, response.status());
        Ok(response.map(|body| Payload::new(body, cut, flushes)))
    }

    fn key_of(&self, path: &str) -> Option<String> {
        let key = percent_decode(path.strip_prefix(self.key_prefix.as_str())?)?;
        (!key.is_empty()).then_some(key)
    }
}

/// Decodes percent-encoding; `None` if a triplet is broken or the result is not UTF-8.
pub(super) fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, tail)) = rest.split_first() {
        rest = tail;
        if *first != b'%' {
            bytes.push(*first);
            continue;
        }
        let (digits, tail) = tail.split_at_checked(2)?;
        let digit = |at: usize| char::from(digits[at]).to_digit(16);
        // Two hexadecimal digits are at most 255.
        bytes.push((digit(0)? * 16 + digit(1)?) as u8);
        rest = tail;
    }
    String::from_utf8(bytes).ok()
}

fn limits() -> S3Config {
    let mut config = S3Config::default();
    config.xml_max_body_size = MAX_FORM_BYTES;
    config.post_object_max_file_size = MAX_FORM_BYTES as u64;
    config.form_max_field_size = MAX_FORM_BYTES;
    config.form_max_fields_size = MAX_FORM_BYTES;
    config.form_max_parts = 16;
    config
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_decoding() {
        for (text, expected) in [
            ("", Some("")),
            ("a+b~c", Some("a+b~c")),
            ("a%2Fb%2fc", Some("a/b/c")),
            ("%E6%B5%B7", Some("海")),
            ("%252F", Some("%2F")),
            ("%", None),
            ("%2", None),
            ("%zz", None),
            ("%+1", None),
            ("%ff", None),
        ] {
            assert_eq!(percent_decode(text).as_deref(), expected, "{text}");
        }
    }
}
