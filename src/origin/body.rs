//! The body of an origin's answer: chunks as they come, under an idle limit.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Incoming};
use tokio::sync::OwnedSemaphorePermit;

use super::{OriginError, Permit};
use crate::clock::{self, SharedClock};
use crate::telemetry::metrics::OriginMetrics;

/// A body under way. It holds the origin's permit: a request counts until its body is read.
pub struct OriginBody(Kind);

enum Kind {
    Made(Option<Bytes>),
    Coming(Box<Coming>),
}

struct Coming {
    /// What was read of it already and given back.
    before: Option<Bytes>,
    /// Its end cannot be mistaken, although its length is not known.
    tells_its_end: bool,
    incoming: Incoming,
    idle: Duration,
    clock: SharedClock,
    metrics: Arc<OriginMetrics>,
    _in_flight: InFlight,
    permit: Permit,
}

/// Counts a request as under way until it is dropped.
pub(super) struct InFlight(Arc<OriginMetrics>);

impl InFlight {
    pub(super) fn new(metrics: &Arc<OriginMetrics>) -> Self {
        metrics.in_flight.increment();
        Self(Arc::clone(metrics))
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.decrement();
    }
}

impl OriginBody {
    /// A body that is there already.
    #[must_use]
    pub fn made(bytes: Bytes) -> Self {
        Self(Kind::Made(Some(bytes)))
    }

    pub(super) fn coming(
        incoming: Incoming,
        idle: Duration,
        clock: SharedClock,
        metrics: Arc<OriginMetrics>,
        in_flight: InFlight,
        permit: Permit,
    ) -> Self {
        Self(Kind::Coming(Box::new(Coming {
            before: None,
            tells_its_end: false,
            incoming,
            idle,
            clock,
            metrics,
            _in_flight: in_flight,
            permit,
        })))
    }

    /// Notes that the body has a last chunk: without it, it ends with an error.
    pub(super) fn tells_its_end(&mut self) {
        if let Kind::Coming(coming) = &mut self.0 {
            coming.tells_its_end = true;
        }
    }

    /// Whether [`OriginBody::chunk`] can be trusted to know the end of a body without a length: of
    /// one that ends with its connection it cannot (RFC 9112 section 8).
    #[must_use]
    pub fn knows_its_end(&self) -> bool {
        match &self.0 {
            Kind::Made(_) => true,
            Kind::Coming(coming) => coming.tells_its_end,
        }
    }

    /// Gives back what was read: it comes again, before the rest.
    pub fn unread(&mut self, bytes: Bytes) {
        match &mut self.0 {
            Kind::Made(left) => *left = Some(bytes),
            Kind::Coming(coming) => coming.before = Some(bytes),
        }
    }

    /// Counts the body as one that goes at a viewer's pace from now on.
    pub(super) fn pass(&mut self, permit: OwnedSemaphorePermit) {
        if let Kind::Coming(coming) = &mut self.0 {
            coming.permit.pass = Some(permit);
        }
    }

    /// The length in bytes, where it is known.
    #[must_use]
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            Kind::Made(bytes) => Some(bytes.as_ref().map_or(0, |bytes| bytes.len() as u64)),
            Kind::Coming(coming) => coming.incoming.size_hint().exact(),
        }
    }

    /// The next bytes; `None` after the last. A body that is shorter than announced ends with an
    /// error, never with `None`. Trailers are dropped.
    ///
    /// # Errors
    /// [`OriginError::Timeout`] when nothing came within the idle limit, [`OriginError::Broken`]
    /// when the connection broke.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, OriginError> {
        let coming = match &mut self.0 {
            Kind::Made(bytes) => return Ok(bytes.take().filter(|bytes| !bytes.is_empty())),
            Kind::Coming(coming) => coming,
        };
        if let Some(bytes) = coming.before.take().filter(|bytes| !bytes.is_empty()) {
            return Ok(Some(bytes));
        }
        loop {
            let frame = clock::within(&*coming.clock, coming.idle, coming.incoming.frame())
                .await
                .map_err(|_| OriginError::Timeout {
                    what: "go on sending",
                    limit: coming.idle,
                })?;
            match frame {
                None => return Ok(None),
                Some(Err(error)) => return Err(OriginError::Broken(super::http::chain(&error))),
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        coming.metrics.bytes.add(bytes.len() as u64);
                        return Ok(Some(bytes));
                    }
                }
            }
        }
    }

    /// Reads up to `limit` bytes; what is beyond it is left unread.
    ///
    /// # Errors
    /// As [`OriginBody::chunk`].
    pub async fn up_to(&mut self, limit: usize) -> Result<Vec<u8>, OriginError> {
        let mut bytes = Vec::new();
        while bytes.len() < limit {
            let Some(chunk) = self.chunk().await? else {
                break;
            };
            let room = limit - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
        Ok(bytes)
    }
}

impl fmt::Debug for OriginBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "OriginBody({:?} bytes)", self.length())
    }
}
