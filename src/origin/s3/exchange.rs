//! Exchanges with the store: a request built and signed from an [`Ask`], sent, its answer awaited.
//!
//! Nothing but GET and HEAD of an object in the configured bucket leaves this file, and of what a
//! viewer sent only the fields in [`FORWARDED`].

use std::sync::Arc;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;

use super::Inner;
use crate::clock::{self, Clock};
use crate::origin::body::InFlight;
use crate::origin::http::NoAnswer;
use crate::origin::{Ask, OriginError};

/// Bytes of an error document that are read.
const DOCUMENT: usize = 16 * 1024;

/// The fields of a viewer's request that may reach a bucket.
const FORWARDED: [HeaderName; 6] = [
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
];

/// An answer that is served as it comes, or a refusal with its document.
pub(super) struct Documented {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Incoming,
    pub(super) in_flight: InFlight,
    pub(super) served: bool,
    pub(super) document: String,
}

/// An answer, its body unread.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Incoming,
    pub(super) in_flight: InFlight,
}

impl Inner {
    /// One exchange, and the document of a refusal. A HEAD's refusal has none, and so no code: it is
    /// asked for again in a way that has one.
    pub(super) async fn exchange_with_document(
        &self,
        ask: &Ask,
    ) -> Result<Documented, OriginError> {
        let mut answer = self.exchange(ask).await?;
        let wordless = ask.method == Method::HEAD
            && matches!(answer.status.as_u16(), 300..=303 | 305..=399 | 400 | 403 | 404);
        if wordless {
            let again = Ask::get(Arc::clone(&ask.path))
                .with(header::RANGE, HeaderValue::from_static("bytes=0-0"));
            answer = self.exchange(&again).await?;
            if answer.status.is_success() {
                // It has just come to be.
                answer = self.exchange(ask).await?;
            }
        }
        let Answer {
            status,
            headers,
            mut body,
            in_flight,
        } = answer;
        let served = matches!(status.as_u16(), 200 | 206 | 304);
        let document = if served {
            String::new()
        } else {
            read_document(&mut body, &*self.clock, self.wire.limits().idle).await
        };
        Ok(Documented {
            status,
            headers,
            body,
            in_flight,
            served,
            document,
        })
    }

    /// One exchange, and what is tried again of it: GET and HEAD may be sent twice.
    pub(super) async fn exchange(&self, ask: &Ask) -> Result<Answer, OriginError> {
        self.retries
            .exchange(true, || self.exchange_once(ask))
            .await
    }

    async fn exchange_once(&self, ask: &Ask) -> Result<Answer, NoAnswer> {
        let in_flight = InFlight::new(&self.metrics);
        let sent = self.clock.now();
        let result = async { self.wire.send(self.request(ask)?, None).await }.await;
        match result {
            Ok(response) => {
                self.metrics.request("ok");
                self.metrics
                    .first_byte(self.clock.now().saturating_since(sent));
                // Read first: it is written only when something changes.
                if self.trouble.load().is_some() {
                    self.trouble.store(None);
                }
                let (head, body) = response.into_parts();
                Ok(Answer {
                    status: head.status,
                    headers: head.headers,
                    body,
                    in_flight,
                })
            }
            Err(no) => {
                self.metrics.request(no.error.word());
                self.trouble.store(Some(Arc::new(no.error.clone())));
                Err(no)
            }
        }
    }

    pub(super) fn request(&self, ask: &Ask) -> Result<Request<Empty<Bytes>>, OriginError> {
        let key = ask.path.strip_prefix('/').unwrap_or(&ask.path);
        let place = self.place.load();
        let path = format!("{}{key}", place.base);
        let mut headers = HeaderMap::with_capacity(FORWARDED.len() + 6);
        headers.insert(header::HOST, place.host.clone());
        // Some stores evaluate the date although the entity tag decides (RFC 9110 section 13.2.2).
        let outdone = |name: &HeaderName| {
            let has = |tag| ask.conditions.contains_key(tag);
            (*name == header::IF_MODIFIED_SINCE && has(header::IF_NONE_MATCH))
                || (*name == header::IF_UNMODIFIED_SINCE && has(header::IF_MATCH))
        };
        for name in FORWARDED.iter().filter(|name| !outdone(name)) {
            for value in ask.conditions.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        headers.insert(
            header::USER_AGENT,
            HeaderValue::from_static(concat!("seawall/", env!("CARGO_PKG_VERSION"))),
        );
        if self.sign {
            let credentials = self
                .credentials
                .current()
                .ok_or_else(|| OriginError::NoCredentials("none have been found yet".to_owned()))?;
            place
                .signer
                .sign(
                    &ask.method,
                    &path,
                    &mut headers,
                    &credentials,
                    self.store_time(),
                )
                .map_err(|_| {
                    OriginError::NoCredentials(
                        "a credential holds bytes that no header may have".to_owned(),
                    )
                })?;
        }
        let broken = |error: ::http::Error| OriginError::Broken(error.to_string());
        let uri = Uri::builder()
            .scheme(place.scheme.clone())
            .authority(place.authority.clone())
            .path_and_query(path)
            .build()
            .map_err(broken)?;
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(uri)
            .body(Empty::new())
            .map_err(broken)?;
        *request.headers_mut() = headers;
        Ok(request)
    }
}

/// The beginning of an error document; what came, if it breaks off.
pub(crate) async fn read_document(
    body: &mut Incoming,
    clock: &dyn Clock,
    idle: Duration,
) -> String {
    let mut document = Vec::new();
    // To the very end, where there is one within the bound: only then the connection is whole again.
    while document.len() < DOCUMENT {
        let Ok(Some(Ok(frame))) = clock::within(clock, idle, body.frame()).await else {
            break;
        };
        if let Some(bytes) = frame.data_ref() {
            document.extend_from_slice(&bytes[..bytes.len().min(DOCUMENT - document.len())]);
        }
    }
    String::from_utf8_lossy(&document).into_owned()
}
