//! Origins: where objects come from.
//!
//! An [`Origin`] is asked in two steps: [`Origin::admit`] waits for one of its permits, then
//! [`Origin::fetch`] sends. Between the two the caller takes its stamp, because that is the
//! moment that counts for invalidation (DESIGN 3.3): the request is about to be handed to the
//! connection, and has waited in no queue since.
//!
//! What comes back is ready for a viewer: no hop-by-hop field, and of a bucket nothing that the store
//! says about itself, no error document of its.

pub mod body;
mod connection;
pub mod credentials;
pub mod http;
pub mod judge;
pub mod missing;
mod queue;
pub mod retry;
pub mod s3;
pub mod sigv4;
pub mod upload;
pub mod web;

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use ::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, Version, header};
use tokio::sync::OwnedSemaphorePermit;

use body::OriginBody;
use upload::Upload;

use crate::policy::origin_request::Unkeyed;
use crate::semantics::range;
use crate::semantics::reason::Reason;

/// A boxed future that can move between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a request at an origin is for. An answer that passes through goes at its viewer's pace,
/// so all of those together get only a part of an origin's permits: slow viewers must not keep
/// fills from going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// The answer is read at the origin's pace.
    Fill,
    /// The answer is read at a viewer's pace.
    Pass,
}

/// The right to one request at an origin; given back when it is dropped.
#[derive(Debug)]
pub struct Permit {
    #[allow(
        dead_code,
        reason = "held, not read: dropping it gives the permit back"
    )]
    pub(crate) request: OwnedSemaphorePermit,
    #[allow(
        dead_code,
        reason = "held, not read: dropping it gives the permit back"
    )]
    pub(crate) pass: Option<OwnedSemaphorePermit>,
}

/// What is asked of an origin. Only what is in here can reach it.
#[derive(Clone, Debug)]
pub struct Ask {
    /// GET or HEAD; an HTTP origin may be asked with others.
    pub method: Method,
    /// The path with its leading slash: the canonical one of an object of a bucket
    /// (`semantics::target`), the viewer's byte for byte to an HTTP origin.
    pub path: Arc<str>,
    /// Fields of the viewer, or of the edge, of which an origin takes `Range` and the `If-*` fields, and
    /// nothing else.
    pub conditions: HeaderMap,
    /// What else of the viewer's request an HTTP origin gets; nothing of it reaches a bucket.
    pub viewer: Arc<Forwarded>,
}

/// What of a viewer's request an HTTP origin gets, besides path and conditions.
#[derive(Clone, Debug, Default)]
pub struct Forwarded {
    /// The query without its `?`.
    pub query: Option<Box<str>>,
    /// The host, where the origin is to get the viewer's.
    pub host: Option<HeaderValue>,
    /// The fields that the behaviour forwards, what origins are told of the client, and those that the edge
    /// adds a member to.
    pub fields: HeaderMap,
    /// What of all this is not in the key.
    pub unkeyed: Unkeyed,
    /// The protocol that the request came by.
    pub version: Version,
}

impl Ask {
    /// With no range but one that an origin is to be asked for. Stores disagree on a range that is to be
    /// ignored (RFC 9110 section 14.2): some refuse it, some guess. And what is signed must be what is
    /// sent, however a viewer has spelled it.
    #[must_use]
    fn with_forwardable_range(mut self) -> Self {
        match range::forwardable(&self.method, &self.conditions) {
            Some(range) => {
                self.conditions.insert(header::RANGE, range);
            }
            None => {
                self.conditions.remove(header::RANGE);
                self.conditions.remove(header::IF_RANGE);
            }
        }
        self
    }

    /// A plain GET of an object.
    #[must_use]
    pub fn get(path: Arc<str>) -> Self {
        Self {
            method: Method::GET,
            path,
            conditions: HeaderMap::new(),
            viewer: Arc::default(),
        }
    }

    /// The same with one more condition.
    #[must_use]
    pub fn with(mut self, name: ::http::HeaderName, value: HeaderValue) -> Self {
        self.conditions.insert(name, value);
        self
    }
}

/// An origin's answer: a head, and a body that is still coming.
#[derive(Debug)]
pub struct OriginResponse {
    /// 200, 206, 304, 404, 412 or 416 from a bucket.
    pub status: StatusCode,
    /// Its fields, ready for a viewer.
    pub headers: HeaderMap,
    /// Its body. Of a status that the edge words itself (404, 412, 416) it is the edge's text.
    pub body: OriginBody,
    /// Why the status is not what the store said, where it is not.
    pub detail: Option<Reason>,
}

/// The head of a request to an origin, with what is secret in it.
#[derive(Clone)]
pub struct Outline {
    /// The method.
    pub method: Method,
    /// Scheme, host and target.
    pub uri: Uri,
    /// The fields.
    pub headers: HeaderMap,
}

impl fmt::Debug for Outline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Outline({} {} fields)", self.method, self.headers.len())
    }
}

impl<B> From<::http::Request<B>> for Outline {
    fn from(request: ::http::Request<B>) -> Self {
        let (head, _) = request.into_parts();
        Self {
            method: head.method,
            uri: head.uri,
            headers: head.headers,
        }
    }
}

/// Where objects come from.
pub trait Origin: Send + Sync + fmt::Debug {
    /// The name that the configuration gives it.
    fn name(&self) -> &str;
    /// Waits for one of its permits.
    fn admit(&self, purpose: Purpose) -> BoxFuture<'_, Result<Permit, OriginError>>;
    /// Lets a fill's answer pass through to a viewer after all, if there is room for one more.
    fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError>;
    /// Sends `ask` and waits for the head of the answer.
    fn fetch(&self, permit: Permit, ask: Ask)
    -> BoxFuture<'_, Result<OriginResponse, OriginError>>;
    /// As [`Origin::fetch`], for a request with a body. Of a bucket no such thing is asked.
    fn upload(
        &self,
        permit: Permit,
        ask: Ask,
        body: Upload,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        drop((permit, body));
        let error = OriginError::Unasked(format!("{} with a body", ask.method));
        Box::pin(std::future::ready(Err(error)))
    }
    /// What would be sent for `ask`: nothing is. It is made as [`Origin::fetch`] makes it, signed if that is.
    ///
    /// # Errors
    /// What keeps it from being sent.
    fn outline(&self, ask: Ask) -> Result<Outline, OriginError> {
        Err(OriginError::Unasked(format!("an outline of {}", ask.path)))
    }
    /// Whether the credential has been accepted by the origin at least once, and is not known to
    /// be refused now: what `/readyz` asks. `Err` says why not.
    fn ready(&self) -> Result<(), String>;
    /// What went wrong with the last request to it, if it did: a word to whoever asks `/readyz`, and
    /// no reason to send nobody here, since what is stored is served without the origin.
    fn trouble(&self) -> Option<String> {
        None
    }
}

/// Why an origin gave no answer that could be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// No connection could be made.
    #[error("cannot connect to the origin: {0}")]
    Connect(String),
    /// A time limit ran out.
    #[error("the origin did not {what} within {limit:?}")]
    Timeout {
        /// `connect`, `answer` or `go on sending`.
        what: &'static str,
        /// The limit that ran out.
        limit: std::time::Duration,
    },
    /// The connection broke, or what came over it is not HTTP.
    #[error("the origin's answer is broken: {0}")]
    Broken(String),
    /// Every permit was taken for too long.
    #[error("the {0} requests that the origin allows were all taken")]
    Busy(usize),
    /// There are no credentials to sign with.
    #[error("no credentials to sign with: {0}")]
    NoCredentials(String),
    /// The store refused the edge's identity or its signature.
    #[error("the store refused the request: {status} {code}")]
    Denied {
        /// The store's status.
        status: u16,
        /// The store's error code.
        code: String,
    },
    /// The bucket is not there, or is somewhere else.
    #[error("the store says that the bucket is not configured right: {status} {code}")]
    Misconfigured {
        /// The store's status.
        status: u16,
        /// The store's error code.
        code: String,
    },
    /// The store is overloaded or failed.
    #[error("the store failed: {status} {code}")]
    Failed {
        /// The store's status.
        status: u16,
        /// The store's error code.
        code: String,
    },
    /// An answer that nobody asked for: a stray 304, a wrong Content-Range, an unknown status.
    #[error("the origin's answer does not fit the request: {0}")]
    Unasked(String),
}

impl OriginError {
    /// The reason that it is.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Connect(_) => Reason::OriginConnect,
            Self::Timeout { .. } => Reason::OriginTimeout,
            Self::Broken(_) => Reason::OriginBroken,
            Self::Busy(_) => Reason::OriginBusy,
            Self::NoCredentials(_) => Reason::OriginCredentials,
            Self::Denied { .. } => Reason::OriginDenied,
            Self::Misconfigured { .. } => Reason::OriginMisconfigured,
            Self::Failed { .. } => Reason::OriginFailed,
            Self::Unasked(_) => Reason::OriginUnasked,
        }
    }

    /// The error's word in metrics, logs and `detail`.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        self.reason().as_str()
    }

    /// The status that the origin answered with, where it answered.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Denied { status, .. }
            | Self::Misconfigured { status, .. }
            | Self::Failed { status, .. } => Some(*status),
            Self::Connect(_)
            | Self::Timeout { .. }
            | Self::Broken(_)
            | Self::Busy(_)
            | Self::NoCredentials(_)
            | Self::Unasked(_) => None,
        }
    }

    /// Whether the same request may succeed a moment later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        matches!(
            self,
            Self::Connect(_)
                | Self::Timeout { .. }
                | Self::Broken(_)
                | Self::Busy(_)
                | Self::Failed { .. }
        )
    }

    /// Whether the origin failed in the sense of RFC 5861 section 4: no answer, or 500, 502,
    /// 503, 504. A refusal of the edge's identity counts too: the object did not change by it.
    #[must_use]
    pub const fn permits_stale(&self) -> bool {
        !matches!(self, Self::Unasked(_))
    }
}
