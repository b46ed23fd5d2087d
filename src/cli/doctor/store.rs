//! Requests to the bucket as anybody: as the edge, as nobody, with a wrong secret, as somebody else.
//!
//! The edge's own client asks for objects with GET and HEAD alone; what else must be refused is
//! asked for here. No request has a body.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::Empty;

use crate::clock::{self, SharedClock};
use crate::origin::OriginError;
use crate::origin::credentials::Credentials;
use crate::origin::http::Wire;
use crate::origin::judge;
use crate::origin::s3::S3Options;
use crate::origin::s3::exchange::read_document;
use crate::origin::s3::learn::{SKEW, told_region, told_time};
use crate::origin::s3::place::{Bucket, Place};
use crate::semantics::dates::UnixTime;
use crate::semantics::target;

/// The longest error code that is shown.
const LONGEST_CODE: usize = 64;

/// What is asked for.
#[derive(Clone, Copy, Debug)]
pub(super) enum What<'a> {
    /// The bucket itself.
    Bucket,
    /// One key of the bucket that begins with the origin's prefix.
    List,
    /// An object by its path without the slash, encoded; the origin's prefix comes before it.
    Object(&'a str),
}

/// Whom a request is signed as; `None`: nobody.
pub(super) type Who<'a> = Option<&'a Arc<Credentials>>;

/// The bucket.
pub(super) struct Store {
    wire: Wire<Empty<Bytes>>,
    bucket: Bucket,
    place: Place,
    clock: SharedClock,
    /// Milliseconds by which the store's clock is ahead.
    offset: i64,
}

/// What the store said.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    document: String,
}

impl Answer {
    /// The error code, fit to be shown; empty if there is none.
    pub(super) fn code(&self) -> &str {
        let code = judge::element(&self.document, "Code").unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if code.len() <= LONGEST_CODE && code.bytes().all(plain) {
            code
        } else {
            "with a code that is none"
        }
    }

    /// The message of an error; never shown, because a store may quote the request in it.
    pub(super) fn message(&self) -> &str {
        judge::element(&self.document, "Message").unwrap_or_default()
    }

    /// Status and code.
    pub(super) fn shown(&self) -> String {
        format!("{} {}", self.status.as_u16(), self.code())
            .trim_end()
            .to_owned()
    }

    /// Whether the store said that whoever asked may not.
    pub(super) fn is_refusal(&self) -> bool {
        matches!(self.status.as_u16(), 401 | 403)
    }

    /// The region of the bucket, if it was told.
    pub(super) fn region(&self) -> Option<&str> {
        told_region(&self.headers, &self.document)
    }

    /// Whether the store said that the bucket is in another region.
    pub(super) fn is_elsewhere(&self) -> bool {
        let code = self.code();
        matches!(
            code,
            "AuthorizationHeaderMalformed"
                | "PermanentRedirect"
                | "TemporaryRedirect"
                | "IllegalLocationConstraintException"
        ) || self.status.is_redirection()
    }
}

impl Store {
    /// The bucket, without a request to it yet.
    ///
    /// # Errors
    /// A text that says which option is wrong.
    pub(super) fn new(options: S3Options, clock: SharedClock) -> Result<Self, String> {
        let bucket = Bucket {
            name: options.bucket,
            prefix: options.prefix,
            endpoint: options.endpoint,
            addressing: options.addressing,
        };
        Ok(Self {
            place: Place::new(&bucket, &options.region)?,
            wire: Wire::new(options.limits, options.ca_file.as_deref(), clock.clone())?,
            bucket,
            clock,
            offset: 0,
        })
    }

    pub(super) fn place(&self) -> &Place {
        &self.place
    }

    /// From now on requests go to, and are signed for, another region. False: it is none.
    pub(super) fn move_to(&mut self, region: &str) -> bool {
        let place = Place::new(&self.bucket, region);
        let is_one = place.is_ok();
        if let Ok(place) = place {
            self.place = place;
        }
        is_one
    }

    /// How far the store's clock is ahead, in seconds, by the time that an answer bears. From now on
    /// requests are signed with the store's time, as the edge does.
    pub(super) fn follow_clock(&mut self, answer: &Answer) -> Option<i64> {
        let ours = self.clock.wall();
        let theirs = told_time(&answer.headers, ours)?;
        let offset = theirs.millis().saturating_sub(ours.millis());
        if u128::from(offset.unsigned_abs()) >= SKEW.as_millis() {
            self.offset = offset;
        }
        Some(offset / 1_000)
    }

    /// Finds the address of the host.
    ///
    /// # Errors
    /// Why there is none.
    pub(super) async fn look_up(&self, limit: Duration) -> Result<(), String> {
        let authority = &self.place.authority;
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let looking = tokio::net::lookup_host((host, authority.port_u16().unwrap_or(443)));
        match clock::within(&*self.clock, limit, looking).await {
            Ok(Ok(mut found)) => match found.next() {
                Some(_) => Ok(()),
                None => Err("it has no address".to_owned()),
            },
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err(format!("no answer within {limit:?}")),
        }
    }

    /// One exchange. A kept connection may have closed: what broke is asked once more.
    ///
    /// # Errors
    /// If there is no answer.
    pub(super) async fn ask(
        &self,
        method: &Method,
        what: What<'_>,
        who: Who<'_>,
        fields: &[(http::HeaderName, HeaderValue)],
    ) -> Result<Answer, OriginError> {
        let send = || async {
            let request = self.request(method, what, who, fields)?;
            let sent = self.wire.send(request, None).await;
            sent.map_err(|none| none.error)
        };
        let response = match send().await {
            Err(OriginError::Broken(_)) => send().await?,
            result => result?,
        };
        let (head, mut body) = response.into_parts();
        let document = if head.status.is_success() {
            String::new()
        } else {
            read_document(&mut body, &*self.clock, self.wire.limits().idle).await
        };
        Ok(Answer {
            status: head.status,
            headers: head.headers,
            document,
        })
    }

    fn request(
        &self,
        method: &Method,
        what: What<'_>,
        who: Who<'_>,
        fields: &[(http::HeaderName, HeaderValue)],
    ) -> Result<Request<Empty<bytes::Bytes>>, OriginError> {
        let place = &self.place;
        let (path, query) = match what {
            What::Bucket => (place.top.clone(), String::new()),
            What::List => {
                // In a query the slash is encoded too.
                let prefix = target::encode(self.bucket.prefix.as_bytes()).replace('/', "%2F");
                let query = format!("list-type=2&max-keys=1&prefix={prefix}");
                (place.top.clone(), query)
            }
            What::Object(key) => (format!("{}{key}", place.base), String::new()),
        };
        let mut headers = HeaderMap::new();
        headers.insert(header::HOST, place.host.clone());
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("seawall-doctor/", env!("CARGO_PKG_VERSION"))),
        );
        for (name, value) in fields {
            headers.insert(name, value.clone());
        }
        if let Some(credentials) = who {
            let now = UnixTime::from_millis(self.clock.wall().millis() + self.offset);
            place
                .signer
                .sign_query(method, &path, &query, &mut headers, credentials, now)
                .map_err(|_| {
                    OriginError::NoCredentials(
                        "a credential holds bytes that no header may have".to_owned(),
                    )
                })?;
        }
        if method == Method::PUT {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from_static("0"));
        }
        let target = if query.is_empty() {
            path
        } else {
            format!("{path}?{query}")
        };
        let broken = |error: http::Error| OriginError::Broken(error.to_string());
        let uri = Uri::builder()
            .scheme(place.scheme.clone())
            .authority(place.authority.clone())
            .path_and_query(target)
            .build()
            .map_err(broken)?;
        let mut request = Request::builder()
            .method(method.clone())
            .uri(uri)
            .body(Empty::new())
            .map_err(broken)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}
