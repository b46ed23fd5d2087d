//! An S3-compatible bucket as an origin.
//!
//! Only GET and HEAD of an object in the one configured bucket leave this room, and of what a
//! viewer sent only `Range` and the `If-*` fields (`exchange`). Of what the store answers, its error
//! documents, its `x-amz-*` fields and its `Server` stay here (`answer`).

mod answer;
pub(crate) mod exchange;
pub(crate) mod learn;
pub(crate) mod place;
mod probe;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption};
use bytes::Bytes;
use http_body_util::Empty;
use tokio::sync::{Mutex, Notify};

use super::credentials::{self, Credentials, Source};
use super::http::{Limits, Wire};
use super::missing::Knowledge;
use super::queue::Queue;
use super::retry::Retries;
use super::{Ask, BoxFuture, Origin, OriginError, OriginResponse, Outline, Permit, Purpose};
use crate::clock::SharedClock;
use crate::semantics::dates::UnixTime;
use crate::telemetry::metrics::{Metrics, OriginMetrics};
use place::{Bucket, Place};

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
    roots: Vec<String>,
    credentials: Source,
    wire: Wire<Empty<Bytes>>,
    queue: Queue,
    retries: Retries,
    knowledge: Knowledge,
    confirming: Mutex<()>,
    probe_now: Notify,
    standing: AtomicU8,
    trouble: ArcSwapOption<OriginError>,
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
        let bucket = Bucket {
            name: options.bucket,
            prefix: options.prefix,
            endpoint: options.endpoint,
            addressing: options.addressing,
        };
        let place = Place::new(&bucket, &options.region)?;
        let wire = Wire::new(options.limits, options.ca_file.as_deref(), clock.clone())?;
        let metrics = metrics.origin(&options.name);
        Ok(Self(Arc::new(Inner {
            retries: Retries::new(clock.clone(), Arc::clone(&metrics)),
            metrics,
            name: options.name,
            bucket,
            place: ArcSwap::from_pointee(place),
            clock_offset: AtomicI64::new(0),
            sign: options.sign,
            missing: options.missing,
            roots: options.roots,
            credentials,
            wire,
            queue: Queue::new(options.max_requests),
            knowledge: Knowledge::default(),
            confirming: Mutex::new(()),
            probe_now: Notify::new(),
            standing: AtomicU8::new(UNTRIED),
            trouble: ArcSwapOption::empty(),
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
            let limit = inner.wire.limits().first_byte;
            let admitted = inner.queue.admit(purpose, limit, &*inner.clock).await;
            admitted.inspect_err(|error| inner.metrics.request(error.word()))
        })
    }

    fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError> {
        response.body.pass(self.0.queue.pass_now()?);
        Ok(())
    }

    fn fetch(
        &self,
        permit: Permit,
        ask: Ask,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        let ask = ask.with_forwardable_range();
        Box::pin(async move {
            let inner = &self.0;
            let result = inner.fetch(permit, &ask).await;
            if let Err(error) = &result {
                tracing::debug!(origin = inner.name, path = &*ask.path, %error, "origin request failed");
            }
            result
        })
    }

    fn outline(&self, ask: Ask) -> Result<Outline, OriginError> {
        let request = self.0.request(&ask.with_forwardable_range())?;
        Ok(request.into())
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

    fn trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.load();
        trouble
            .as_ref()
            .map(|error| format!("origin {}: {error}", self.0.name))
    }
}
