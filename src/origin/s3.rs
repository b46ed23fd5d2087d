//! An S3-compatible bucket as an origin.
//!
//! Only GET and HEAD of an object in the one configured bucket leave this file, and of what a
//! viewer sent only `Range` and the `If-*` fields. Of what the store answers, its error
//! documents, its `x-amz-*` fields and its `Server` stay here.

mod learn;
mod place;
mod probe;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicUsize, Ordering};

use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use arc_swap::ArcSwap;
use bytes::Bytes;
use http_body_util::Empty;
use tokio::sync::{Mutex, Notify, Semaphore};

use super::body::{InFlight, OriginBody};
use super::credentials::{self, Credentials, Source};
use super::http::{Limits, Wire};
use super::judge::{self, Judged};
use super::missing::Knowledge;
use super::{Ask, BoxFuture, Origin, OriginError, OriginResponse, Permit, Purpose};
use crate::clock::{self, SharedClock};
use crate::semantics::dates::UnixTime;
use crate::semantics::{fields, range};
use crate::telemetry::metrics::{Metrics, OriginMetrics};
use place::{Bucket, Place};
use probe::read_document;

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

/// How the bucket stands in the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Addressing {
    /// `https://endpoint/bucket/key`
    Path,
    /// `https://bucket.endpoint/key`
    Virtual,
}

/// What there is to know about a bucket.
#[derive(Debug)]
pub struct S3Options {
    /// The origin's name in the configuration.
    pub name: String,
    /// The bucket.
    pub bucket: String,
    /// The region that requests are signed for.
    pub region: String,
    /// `http://` or `https://` with host and port; `None`: AWS, by the region.
    pub endpoint: Option<String>,
    /// How the bucket stands in the address; `None`: virtual-host style at AWS, unless the bucket's
    /// name has a dot (no certificate matches that); path style everywhere else.
    pub addressing: Option<Addressing>,
    /// Put before every key.
    pub prefix: String,
    /// Whether requests are signed.
    pub sign: bool,
    /// Whether a 403 AccessDenied may turn out to be a 404.
    pub missing: bool,
    /// More certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// Time limits.
    pub limits: Limits,
    /// Requests at once.
    pub max_requests: usize,
    /// Paths of objects that ought to exist (default root objects): asked for when it must be
    /// proven that the bucket can be read.
    pub roots: Vec<String>,
}

/// A bucket.
pub struct S3(Arc<Inner>);

struct Inner {
    name: String,
    bucket: Bucket,
    /// Where the bucket is: as configured, or as the store has told.
    place: ArcSwap<Place>,
    /// Milliseconds by which the store's clock is ahead of ours, as far as it has told.
    clock_offset: AtomicI64,
    sign: bool,
    missing: bool,
    max_requests: usize,
    roots: Vec<String>,
    credentials: Source,
    wire: Wire<Empty<Bytes>>,
    permits: Arc<Semaphore>,
    /// The part of the permits that answers at a viewer's pace may take.
    passes: Arc<Semaphore>,
    /// Requests that wait for a permit.
    waiting: AtomicUsize,
    knowledge: Knowledge,
    confirming: Mutex<()>,
    probe_now: Notify,
    standing: AtomicU8,
    clock: SharedClock,
    metrics: Arc<OriginMetrics>,
}

/// Requests that may wait for a permit, for each permit that there is; more are refused at once.
const WAITING: usize = 4;

/// A place among those that wait for a permit.
struct Waiting<'a> {
    all: &'a AtomicUsize,
    place: usize,
}

impl<'a> Waiting<'a> {
    fn new(all: &'a AtomicUsize) -> Self {
        Self {
            all,
            place: all.fetch_add(1, Ordering::Relaxed) + 1,
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.all.fetch_sub(1, Ordering::Relaxed);
    }
}

const UNTRIED: u8 = 0;
const ACCEPTED: u8 = 1;
const REFUSED: u8 = 2;

impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3({})", self.0.name)
    }
}

impl S3 {
    /// A bucket, without a request to it yet.
    ///
    /// # Errors
    /// A text that says which option is wrong.
    pub fn new(
        options: S3Options,
        credentials: Source,
        clock: SharedClock,
        metrics: &Metrics,
    ) -> Result<Self, String> {
        let bucket = Bucket {
            name: options.bucket,
            prefix: options.prefix,
            endpoint: options.endpoint,
            addressing: options.addressing,
        };
        let place = Place::new(&bucket, &options.region)?;
        let wire = Wire::new(options.limits, options.ca_file.as_deref(), clock.clone())?;
        Ok(Self(Arc::new(Inner {
            metrics: metrics.origin(&options.name),
            name: options.name,
            bucket,
            place: ArcSwap::from_pointee(place),
            clock_offset: AtomicI64::new(0),
            sign: options.sign,
            missing: options.missing,
            max_requests: options.max_requests,
            roots: options.roots,
            credentials,
            wire,
            permits: Arc::new(Semaphore::new(options.max_requests)),
            passes: Arc::new(Semaphore::new((options.max_requests * 3 / 4).max(1))),
            waiting: AtomicUsize::new(0),
            knowledge: Knowledge::default(),
            confirming: Mutex::new(()),
            probe_now: Notify::new(),
            standing: AtomicU8::new(UNTRIED),
            clock,
        })))
    }

    /// What runs beside the requests, for ever: refreshes the credentials, and asks for a random
    /// key every 5 minutes and after each change of the identity.
    pub fn background(&self) -> impl Future<Output = ()> + Send + 'static {
        let refreshed = Arc::clone(&self.0);
        let probed = Arc::clone(&self.0);
        async move {
            let changed = Arc::clone(&refreshed);
            let note = move |now: &Credentials, first: bool| {
                changed
                    .metrics
                    .credentials(&now.key_id, now.expires.map(UnixTime::secs));
                if !first {
                    changed.knowledge.reset();
                    changed.probe_now.notify_one();
                }
            };
            let refresh = refreshed
                .credentials
                .clone()
                .refresh(refreshed.clock.clone(), note);
            tokio::join!(refresh, probed.keep_probing());
        }
    }
}

impl Origin for S3 {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn admit(&self, purpose: Purpose) -> BoxFuture<'_, Result<Permit, OriginError>> {
        Box::pin(async move {
            let inner = &self.0;
            let busy = || {
                let error = OriginError::Busy(inner.max_requests);
                inner.metrics.request(error.word());
                error
            };
            let waiting = Waiting::new(&inner.waiting);
            if waiting.place > inner.max_requests.saturating_mul(WAITING) {
                return Err(busy());
            }
            let admitted = async {
                // The semaphores are never closed.
                let pass = match purpose {
                    Purpose::Fill => None,
                    Purpose::Pass => Arc::clone(&inner.passes).acquire_owned().await.ok(),
                };
                let request = Arc::clone(&inner.permits).acquire_owned().await.ok()?;
                Some(Permit { request, pass })
            };
            let limit = inner.wire.limits().first_byte;
            match clock::within(&*inner.clock, limit, admitted).await {
                Ok(Some(permit)) => Ok(permit),
                _ => Err(busy()),
            }
        })
    }

    fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError> {
        match Arc::clone(&self.0.passes).try_acquire_owned() {
            Ok(permit) => {
                response.body.pass(permit);
                Ok(())
            }
            Err(_) => Err(OriginError::Busy(self.0.max_requests)),
        }
    }

    fn fetch(
        &self,
        permit: Permit,
        mut ask: Ask,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        // Stores disagree on a range that is to be ignored (RFC 9110 section 14.2): some refuse it,
        // some guess. And what is signed must be what is sent, however a viewer has spelled it.
        match range::forwardable(&ask.method, &ask.conditions) {
            Some(range) => {
                ask.conditions.insert(header::RANGE, range);
            }
            None => {
                ask.conditions.remove(header::RANGE);
                ask.conditions.remove(header::IF_RANGE);
            }
        }
        Box::pin(async move {
            let inner = &self.0;
            let result = inner.fetch(permit, &ask).await;
            if let Err(error) = &result {
                tracing::debug!(origin = inner.name, path = &*ask.path, %error, "origin request failed");
            }
            result
        })
    }

    fn ready(&self) -> Result<(), String> {
        let name = &self.0.name;
        if self.0.sign {
            let Some(credentials) = self.0.credentials.current() else {
                return Err(format!("origin {name}: there are no credentials yet"));
            };
            let left = |at: UnixTime| at.saturating_since(self.0.clock.wall());
            if credentials
                .expires
                .is_some_and(|at| left(at) < credentials::MARGIN)
            {
                return Err(format!(
                    "origin {name}: the credentials run out and could not be renewed"
                ));
            }
        }
        match self.0.standing.load(Ordering::Relaxed) {
            ACCEPTED => Ok(()),
            REFUSED => Err(format!("origin {name}: the store refuses the credentials")),
            _ => Err(format!("origin {name}: the store has not answered yet")),
        }
    }
}

impl Inner {
    async fn fetch(&self, permit: Permit, ask: &Ask) -> Result<OriginResponse, OriginError> {
        // The permit is held to the end, also while a refusal is looked into.
        let mut answer = self.exchange_with_document(ask).await?;
        if !answer.served
            && self
                .learn(answer.status, &answer.headers, &answer.document)
                .await
        {
            self.metrics.retries.increment();
            answer = self.exchange_with_document(ask).await?;
        }
        if answer.status == StatusCode::PARTIAL_CONTENT
            && !range::if_range_holds(&ask.conditions, &answer.headers)
        {
            // A store that does not know If-Range: a part of another version than the viewer has.
            let mut whole = ask.clone();
            whole.conditions.remove(header::RANGE);
            whole.conditions.remove(header::IF_RANGE);
            answer = self.exchange_with_document(&whole).await?;
        }
        let Documented {
            status,
            mut headers,
            body,
            in_flight,
            served,
            document,
        } = answer;
        fields::strip_hop_by_hop(&mut headers);
        strip_store_fields(&mut headers);
        if served {
            self.standing.store(ACCEPTED, Ordering::Relaxed);
            self.knowledge.readable(&ask.path, self.clock.now());
            let (clock, metrics) = (self.clock.clone(), Arc::clone(&self.metrics));
            let body = OriginBody::coming(
                body,
                self.wire.limits().idle,
                clock,
                metrics,
                in_flight,
                permit,
            );
            return match judge::success(
                &ask.method,
                &ask.conditions,
                status,
                &headers,
                body.length(),
            ) {
                Judged::Error(error) => Err(error),
                _ => Ok(OriginResponse {
                    status,
                    headers,
                    body,
                    detail: "",
                }),
            };
        }
        let judged = judge::refusal(status, &document);
        self.note_standing(&judged);
        let missing = |detail| {
            Ok(made(
                StatusCode::NOT_FOUND,
                HeaderMap::new(),
                "Not Found\n",
                detail,
            ))
        };
        match judged {
            Judged::Serve => Err(OriginError::Unasked(format!("status {status}"))),
            Judged::Missing { detail } => {
                self.knowledge.forget(&ask.path);
                missing(detail)
            }
            Judged::MissingOrDenied if self.is_missing(&ask.path).await => {
                self.standing.store(ACCEPTED, Ordering::Relaxed);
                missing("origin-403-no-list")
            }
            Judged::MissingOrDenied => {
                let error = OriginError::Denied {
                    status: status.as_u16(),
                    code: "AccessDenied".to_owned(),
                };
                tracing::warn!(origin = self.name, path = &*ask.path, "{error}");
                Err(error)
            }
            Judged::PreconditionFailed => Ok(made(
                StatusCode::PRECONDITION_FAILED,
                HeaderMap::new(),
                "Precondition Failed\n",
                "",
            )),
            Judged::RangeNotSatisfiable => {
                let mut fields = HeaderMap::new();
                let given = headers.remove(header::CONTENT_RANGE);
                let total = judge::element(&document, "ActualObjectSize")
                    .and_then(|size| size.parse().ok());
                if let Some(value) = given.or_else(|| total.map(range::unsatisfied_range)) {
                    fields.insert(header::CONTENT_RANGE, value);
                }
                Ok(made(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    fields,
                    "Range Not Satisfiable\n",
                    "",
                ))
            }
            Judged::Error(error) => {
                if !matches!(error, OriginError::Failed { .. }) {
                    tracing::warn!(origin = self.name, path = &*ask.path, "{error}");
                }
                Err(error)
            }
        }
    }

    /// One exchange, and the document of a refusal. A HEAD's refusal has none, and so no code: it is
    /// asked for again in a way that has one.
    async fn exchange_with_document(&self, ask: &Ask) -> Result<Documented, OriginError> {
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

    /// One exchange. A connection that broke before the first byte of an answer is tried once
    /// more: GET and HEAD are idempotent, and a kept connection may close at any time.
    async fn exchange(&self, ask: &Ask) -> Result<Answer, OriginError> {
        match self.exchange_once(ask).await {
            Err(OriginError::Broken(_)) => {
                self.metrics.retries.increment();
                self.exchange_once(ask).await
            }
            result => result,
        }
    }

    async fn exchange_once(&self, ask: &Ask) -> Result<Answer, OriginError> {
        let in_flight = InFlight::new(&self.metrics);
        let sent = self.clock.now();
        let result = async {
            self.wire
                .send(self.request(ask)?, None)
                .await
                .map_err(|none| none.error)
        }
        .await;
        match result {
            Ok(response) => {
                self.metrics.request("ok");
                self.metrics
                    .first_byte(self.clock.now().saturating_since(sent));
                let (head, body) = response.into_parts();
                Ok(Answer {
                    status: head.status,
                    headers: head.headers,
                    body,
                    in_flight,
                })
            }
            Err(error) => {
                self.metrics.request(error.word());
                Err(error)
            }
        }
    }

    fn request(&self, ask: &Ask) -> Result<Request<Empty<Bytes>>, OriginError> {
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

    fn note_standing(&self, judged: &Judged) {
        match judged {
            Judged::Missing { .. } | Judged::PreconditionFailed | Judged::RangeNotSatisfiable => {
                self.standing.store(ACCEPTED, Ordering::Relaxed);
            }
            Judged::Error(OriginError::Denied { code, .. }) if judge::refuses_identity(code) => {
                self.standing.store(REFUSED, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// An answer that is served as it comes, or a refusal with its document.
struct Documented {
    status: StatusCode,
    headers: HeaderMap,
    body: hyper::body::Incoming,
    in_flight: InFlight,
    served: bool,
    document: String,
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: hyper::body::Incoming,
    in_flight: InFlight,
}

fn made(
    status: StatusCode,
    mut headers: HeaderMap,
    text: &'static str,
    detail: &'static str,
) -> OriginResponse {
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    OriginResponse {
        status,
        headers,
        body: OriginBody::made(Bytes::from_static(text.as_bytes())),
        detail,
    }
}

/// Takes out what a store says about itself.
fn strip_store_fields(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            // `x-amzn-requestid` is as much the store's own as `x-amz-request-id`.
            name.starts_with("x-amz-") || name.starts_with("x-amzn-")
        })
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
    headers.remove(header::SERVER);
    // No bucket sets cookies; a balancer before one may, and nobody else may ever get them.
    headers.remove(header::SET_COOKIE);
}
