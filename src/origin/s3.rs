//! An S3-compatible bucket as an origin.
//!
//! Only GET and HEAD of an object in the one configured bucket leave this file, and of what a
//! viewer sent only `Range` and the `If-*` fields. Of what the store answers, its error
//! documents, its `x-amz-*` fields and its `Server` stay here.

mod probe;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use ::http::uri::{Authority, Scheme};
use ::http::{HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::Empty;
use tokio::sync::{Mutex, Notify, Semaphore};

use super::body::{InFlight, OriginBody};
use super::credentials::Source;
use super::http::{Limits, Wire};
use super::judge::{self, Judged};
use super::missing::Knowledge;
use super::sigv4::Signer;
use super::{Ask, BoxFuture, Origin, OriginError, OriginResponse, Permit};
use crate::clock::{self, SharedClock};
use crate::semantics::{fields, range, target};
use crate::telemetry::metrics::{Metrics, OriginMetrics};

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
    /// How the bucket stands in the address; `None`: path style for an endpoint of one's own and
    /// for bucket names with a dot (no certificate matches those), else virtual-host style.
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
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    /// What stands before a key: a slash, the bucket in path style, and the prefix.
    base: String,
    sign: bool,
    missing: bool,
    max_requests: usize,
    roots: Vec<String>,
    signer: Signer,
    credentials: Source,
    wire: Wire,
    permits: Arc<Semaphore>,
    knowledge: Knowledge,
    confirming: Mutex<()>,
    probe_now: Notify,
    standing: AtomicU8,
    clock: SharedClock,
    metrics: Arc<OriginMetrics>,
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
        let endpoint = options.endpoint.clone().unwrap_or_else(|| {
            let suffix = if options.region.starts_with("cn-") {
                "amazonaws.com.cn"
            } else {
                "amazonaws.com"
            };
            format!("https://s3.{}.{suffix}", options.region)
        });
        let uri: Uri = endpoint
            .parse()
            .map_err(|error| format!("endpoint {endpoint:?}: {error}"))?;
        let (Some(scheme), Some(at)) = (uri.scheme().cloned(), uri.authority()) else {
            return Err(format!(
                "endpoint {endpoint:?}: it must be http:// or https:// with a host"
            ));
        };
        let own_endpoint = options.endpoint.is_some();
        let addressing = options.addressing.unwrap_or_else(|| {
            if own_endpoint || options.bucket.contains('.') {
                Addressing::Path
            } else {
                Addressing::Virtual
            }
        });
        let (authority, mut base) = match addressing {
            Addressing::Path => (at.as_str().to_owned(), format!("/{}", options.bucket)),
            Addressing::Virtual => (format!("{}.{at}", options.bucket), String::new()),
        };
        base.push('/');
        base.push_str(&target::encode(options.prefix.as_bytes()));
        let authority: Authority = authority
            .parse()
            .map_err(|error| format!("the address {authority:?} is none: {error}"))?;
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port == default_port => authority.host(),
            _ => authority.as_str(),
        };
        let host =
            HeaderValue::from_str(host).map_err(|error| format!("the host {host:?}: {error}"))?;
        let wire = Wire::new(options.limits, options.ca_file.as_deref(), clock.clone())?;
        Ok(Self(Arc::new(Inner {
            metrics: metrics.origin(&options.name),
            name: options.name,
            scheme,
            authority,
            host,
            base,
            sign: options.sign,
            missing: options.missing,
            max_requests: options.max_requests,
            roots: options.roots,
            signer: Signer::new(&options.region),
            credentials,
            wire,
            permits: Arc::new(Semaphore::new(options.max_requests)),
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
            let refresh =
                refreshed
                    .credentials
                    .clone()
                    .refresh(refreshed.clock.clone(), move || {
                        changed.knowledge.reset();
                        changed.probe_now.notify_one();
                    });
            tokio::join!(refresh, probed.keep_probing());
        }
    }
}

impl Origin for S3 {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn admit(&self) -> BoxFuture<'_, Result<Permit, OriginError>> {
        Box::pin(async {
            let limit = self.0.wire.limits().first_byte;
            let permit = Arc::clone(&self.0.permits).acquire_owned();
            match clock::within(&*self.0.clock, limit, permit).await {
                Ok(Ok(permit)) => Ok(Permit(permit)),
                // The semaphore is never closed, so what is left is the limit.
                _ => {
                    let error = OriginError::Busy(self.0.max_requests);
                    self.0.metrics.request(error.word());
                    Err(error)
                }
            }
        })
    }

    fn fetch(
        &self,
        permit: Permit,
        mut ask: Ask,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        // Stores disagree on a range that is to be ignored: some refuse it, some guess.
        if !range::is_asked(&ask.method, &ask.conditions) {
            ask.conditions.remove(header::RANGE);
            ask.conditions.remove(header::IF_RANGE);
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
        match self.0.standing.load(Ordering::Relaxed) {
            ACCEPTED => Ok(()),
            REFUSED => Err(format!("origin {name}: the store refuses the credentials")),
            _ => Err(format!("origin {name}: the store has not answered yet")),
        }
    }
}

impl Inner {
    async fn fetch(&self, permit: Permit, ask: &Ask) -> Result<OriginResponse, OriginError> {
        let mut answer = self.exchange(ask).await?;
        let hidden = matches!(answer.status.as_u16(), 403 | 404);
        if ask.method == Method::HEAD && hidden {
            // A HEAD's answer has no document, and so no code: ask again in a way that has one.
            let again = Ask::get(Arc::clone(&ask.path))
                .with(header::RANGE, HeaderValue::from_static("bytes=0-0"));
            answer = self.exchange(&again).await?;
            if answer.status.is_success() {
                answer = self.exchange(ask).await?;
            }
        }
        let Answer {
            status,
            mut headers,
            body,
            in_flight,
        } = answer;
        let mut body = OriginBody::coming(
            body,
            self.wire.limits().idle,
            self.clock.clone(),
            Arc::clone(&self.metrics),
            in_flight,
            permit,
        );
        fields::strip_hop_by_hop(&mut headers);
        strip_store_fields(&mut headers);
        if matches!(status.as_u16(), 200 | 206 | 304) {
            self.standing.store(ACCEPTED, Ordering::Relaxed);
            self.knowledge.readable(&ask.path, self.clock.now());
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
        let document = body.up_to(DOCUMENT).await?;
        drop(body);
        let document = String::from_utf8_lossy(&document);
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
        let result = async { self.wire.send(self.request(ask)?).await }.await;
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
        let path = format!("{}{key}", self.base);
        let mut headers = HeaderMap::with_capacity(FORWARDED.len() + 6);
        headers.insert(header::HOST, self.host.clone());
        for name in &FORWARDED {
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
            self.signer
                .sign(
                    &ask.method,
                    &path,
                    &mut headers,
                    &credentials,
                    self.clock.wall(),
                )
                .map_err(|_| {
                    OriginError::NoCredentials(
                        "a credential holds bytes that no header may have".to_owned(),
                    )
                })?;
        }
        let broken = |error: ::http::Error| OriginError::Broken(error.to_string());
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
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
}
