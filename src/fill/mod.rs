//! Fills: one origin request for everybody who waits for the same object.
//!
//! A fill is a detached task; the client that caused it is just follower number one. Followers
//! share what it brings only if it is storable and answers their own request too (it may vary);
//! otherwise the first follower gets the answer as it comes, and the others ask for themselves at once,
//! without queueing, or wait for their own variant.

pub mod flights;
pub mod task;

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::{HeaderValue, StatusCode};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};

use crate::clock::SharedClock;
use crate::object::head::Exchange;
use crate::origin::{Forwarded, Origin, OriginError, OriginResponse};
use crate::policy::cache_policy::CachePolicy;
use crate::policy::distribution::Distributions;
use crate::policy::key::{Key, KeyHash};
use crate::policy::origin_request::OriginRequest;
use crate::policy::response_headers::ResponseHeaders;
use crate::policy::selection::Selected;
use crate::purge::ledger::Ledger;
use crate::purge::pattern::Identity;
use crate::semantics::age::Instant;
use crate::semantics::reason::Reason;
use crate::store::entry::Entry;
use crate::store::memory::Memory;
use crate::store::splits::Splits;
use crate::telemetry::metrics::Metrics;
use flights::{Flight, Flights};

/// How long a key is remembered whose answer could not be shared.
const UNSHAREABLE_FOR: Duration = Duration::from_secs(10);
/// How many such keys are remembered.
const UNSHAREABLE_KEYS: usize = 16_384;
/// The unit of the in-flight budget, in bytes.
const BUDGET_UNIT: u64 = 1_024;

/// What a fill is to do.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Under which key.
    pub key: Key,
    /// Which requests under that key may wait for it: all of them, or those that have the same values
    /// in the fields that its answers are known to vary on.
    pub group: KeyHash,
    /// What the object is for purging.
    pub identity: Identity,
    /// The configuration that the behaviour is of.
    pub distributions: Arc<Distributions>,
    /// Which behaviour of its distribution holds.
    pub behavior: Selected,
    /// Its path, as [`Ask`](crate::origin::Ask) has it.
    pub path: Arc<str>,
    /// What else of the first follower's request an HTTP origin gets.
    pub viewer: Arc<Forwarded>,
    /// Which fields of a viewer are forwarded: what an answer can vary by.
    pub origin_request: OriginRequest,
    /// Where it comes from.
    pub origin: Arc<dyn Origin>,
    /// How long it may be kept.
    pub policy: CachePolicy,
    /// What is said of it by the edge alone, and so not kept of what the origin says.
    pub response_headers: Option<Arc<ResponseHeaders>>,
    /// The largest body that is stored, in bytes.
    pub max_object_size: u64,
    /// The epoch that the request's configuration belongs to: an answer of another one may come
    /// from another bucket, and is not shared.
    pub epoch: u64,
    /// The entry to ask about; none: fetch.
    pub validate: Option<Arc<Entry>>,
    /// A stale entry that may answer if the origin fails.
    pub covering: Option<Arc<Entry>>,
}

/// How a fill ended, for all its followers.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// A new answer; whether it is still alive must be judged when it is handed over.
    Stored(Arc<Entry>),
    /// The old body with a new head (304); to be judged likewise.
    Renewed(Arc<Entry>),
    /// The answer cannot be shared, or is too large to be.
    Unshareable {
        /// Why not.
        why: Reason,
    },
    /// No answer that could be served.
    Failed(Arc<OriginError>),
    /// The configuration changed underneath: ask again.
    Outdated,
}

/// An answer that only the follower who caused the fill gets, as it comes.
#[derive(Debug)]
pub struct Live {
    /// The answer.
    pub response: OriginResponse,
    /// When it was asked for and came.
    pub exchange: Exchange,
    /// The status of the origin: not the answer's where a 304 stands behind it.
    pub forward_status: StatusCode,
}

impl Live {
    /// The origin's answer itself.
    pub(crate) fn new(response: OriginResponse, exchange: Exchange) -> Self {
        let forward_status = response.status;
        Self {
            response,
            exchange,
            forward_status,
        }
    }
}

/// What of an answer only the follower who caused the fill gets.
#[derive(Debug)]
pub enum Own {
    /// All of it.
    Live(Live),
    /// Its Set-Cookie lines: the rest is shared.
    Cookies(Vec<HeaderValue>),
}

/// All fills of an edge.
#[derive(Clone)]
pub struct Fills(Arc<Inner>);

struct Inner {
    clock: SharedClock,
    ledger: Arc<Ledger>,
    memory: Memory,
    splits: Arc<Splits>,
    metrics: Arc<Metrics>,
    spawner: Handle,
    flights: Flights,
    budget: Arc<Semaphore>,
    budget_units: u32,
    unshareable: Mutex<HashMap<KeyHash, Instant>>,
}

/// What fills are made of.
#[derive(Clone, Debug)]
pub struct Parts {
    /// The time.
    pub clock: SharedClock,
    /// What has been invalidated.
    pub ledger: Arc<Ledger>,
    /// Where answers are kept.
    pub memory: Memory,
    /// What is told of all that is stored.
    pub splits: Arc<Splits>,
    /// Where fills are counted.
    pub metrics: Arc<Metrics>,
    /// The runtime that they run on.
    pub spawner: Handle,
    /// Bytes that all fills under way may hold.
    pub in_flight: u64,
}

/// A place among a fill's followers.
#[derive(Debug)]
pub struct Ticket {
    flight: Arc<Flight>,
    own: Option<oneshot::Receiver<Own>>,
}

impl Ticket {
    /// Whether this follower caused the fill.
    #[must_use]
    pub fn is_first(&self) -> bool {
        self.own.is_some()
    }

    /// Waits for the end of the fill; with what only this follower may have of its answer.
    pub async fn wait(self) -> (Outcome, Option<Own>) {
        let outcome = self.flight.outcome().await;
        // It was sent before the outcome was told, or never will be, so this does not wait.
        let own = match self.own {
            Some(own) => own.await.ok(),
            None => None,
        };
        (outcome, own)
    }
}

impl Fills {
    /// No fills yet.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        // Semaphores hold 2^61 permits; a budget of u32::MAX KiB is 4 TiB.
        let budget_units = u32::try_from(parts.in_flight / BUDGET_UNIT)
            .unwrap_or(u32::MAX)
            .max(1);
        Self(Arc::new(Inner {
            clock: parts.clock,
            ledger: parts.ledger,
            memory: parts.memory,
            splits: parts.splits,
            metrics: parts.metrics,
            spawner: parts.spawner,
            flights: Flights::default(),
            budget: Arc::new(Semaphore::new(budget_units as usize)),
            budget_units,
            unshareable: Mutex::default(),
        }))
    }

    /// Joins the fill under the plan's key, if there is one that is alive for a request of now,
    /// or starts one.
    #[must_use]
    pub fn join_or_start(&self, plan: Plan) -> Ticket {
        let inner = &self.0;
        let joinable = |flight: &Flight| flight.is_alive(plan.epoch, &plan.identity, &inner.ledger);
        let (flight, is_new) = inner
            .flights
            .join_or_start(plan.group, plan.epoch, joinable);
        if !is_new {
            inner.metrics.collapsed.increment();
            return Ticket { flight, own: None };
        }
        let (own, receiver) = oneshot::channel();
        let task = task::run(Arc::clone(inner), plan, Arc::clone(&flight), own);
        inner.spawner.spawn(task);
        Ticket {
            flight,
            own: Some(receiver),
        }
    }

    /// Whether the last answer to such a request could not be shared, a short while ago.
    #[must_use]
    pub fn is_unshareable(&self, group: impl FnOnce() -> KeyHash) -> bool {
        let keys = self
            .0
            .unshareable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Usually there is none, and then nothing reads the clock.
        !keys.is_empty()
            && keys
                .get(&group())
                .is_some_and(|until| self.0.clock.now() < *until)
    }

    /// Bytes reserved by fills under way.
    #[must_use]
    pub fn in_flight_bytes(&self) -> u64 {
        let free = self.0.budget.available_permits() as u64;
        u64::from(self.0.budget_units).saturating_sub(free) * BUDGET_UNIT
    }

    /// Whether a fill under `key` has not ended yet.
    #[must_use]
    pub fn has(&self, key: &Key) -> bool {
        self.0.flights.has(key.hash())
    }

    /// What is known of the keys of all that was stored.
    #[must_use]
    pub fn splits(&self) -> &Splits {
        &self.0.splits
    }

    /// Fills under way.
    #[must_use]
    pub fn open(&self) -> usize {
        self.0.flights.len()
    }
}

impl Inner {
    fn remember_unshareable(&self, group: KeyHash) {
        let now = self.clock.now();
        let mut keys = self
            .unshareable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if keys.len() >= UNSHAREABLE_KEYS {
            keys.retain(|_, until| now < *until);
            if keys.len() >= UNSHAREABLE_KEYS {
                // Forgetting costs a collapsed wait, nothing more.
                keys.clear();
            }
        }
        keys.insert(group, now.saturating_add(UNSHAREABLE_FOR));
    }

    fn forget_unshareable(&self, group: KeyHash) {
        let mut keys = self
            .unshareable
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !keys.is_empty() {
            keys.remove(&group);
        }
    }
}

impl fmt::Debug for Fills {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fills({} open)", self.open())
    }
}
