//! The fills under way, by key and, where its answers are known to vary, by what they vary on: join or
//! start.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::sync::watch;

use super::Outcome;
use crate::origin::OriginError;
use crate::policy::key::KeyHash;
use crate::purge::ledger::{Ledger, Liveness};
use crate::purge::pattern::Identity;
use crate::purge::stamp::{Checked, Stamp};

/// Locks, so that unrelated keys seldom wait for each other.
const SHARDS: usize = 16;

/// One fill under way.
pub(crate) struct Flight {
    epoch: u64,
    stamp: OnceLock<Stamp>,
    checked: Checked,
    state: watch::Sender<FillState>,
}

/// Where a fill stands. It only goes forward.
#[derive(Clone, Debug)]
enum FillState {
    Requesting,
    Ended(Outcome),
}

impl Flight {
    fn new(epoch: u64) -> Self {
        Self {
            epoch,
            stamp: OnceLock::new(),
            checked: Checked::default(),
            state: watch::Sender::new(FillState::Requesting),
        }
    }

    /// The origin request is about to be handed to the connection.
    pub(crate) fn sent(&self, stamp: Stamp) {
        // A fill that asks again (a 304 that did not fit) keeps the oldest stamp.
        let _ = self.stamp.set(stamp);
    }

    /// Whether a request of now may join: not before the origin request is sent can anything
    /// have made it old.
    pub(crate) fn is_alive(&self, epoch: u64, identity: &Identity, ledger: &Ledger) -> bool {
        let alive = |stamp| ledger.judge(stamp, &self.checked, identity) == Liveness::Alive;
        self.epoch == epoch && self.stamp.get().is_none_or(alive)
    }

    /// Waits for the end.
    pub(crate) async fn outcome(&self) -> Outcome {
        let mut state = self.state.subscribe();
        loop {
            if let FillState::Ended(outcome) = &*state.borrow_and_update() {
                return outcome.clone();
            }
            if state.changed().await.is_err() {
                // Not reached: the sender lives in this very flight.
                return Outcome::Failed(Arc::new(OriginError::Broken(
                    "the fill is gone".to_owned(),
                )));
            }
        }
    }

    pub(super) fn end(&self, outcome: Outcome) {
        self.state.send_replace(FillState::Ended(outcome));
    }
}

impl fmt::Debug for Flight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Flight({:?})", *self.state.borrow())
    }
}

/// The fills under way.
#[derive(Debug)]
pub(crate) struct Flights(Box<[Mutex<Shard>]>);

/// By key; the last one may be joined, those before it were overtaken and have not ended yet.
type Shard = HashMap<KeyHash, Vec<Arc<Flight>>>;

impl Default for Flights {
    fn default() -> Self {
        Self((0..SHARDS).map(|_| Mutex::default()).collect())
    }
}

impl Flights {
    /// The flight under `key` if it is `joinable`, else a new one in its place. True: it is new.
    pub(crate) fn join_or_start(
        &self,
        key: KeyHash,
        epoch: u64,
        joinable: impl Fn(&Flight) -> bool,
    ) -> (Arc<Flight>, bool) {
        let mut flights = self.shard(key);
        let under = flights.entry(key).or_default();
        if let Some(flight) = under.last().filter(|flight| joinable(flight)) {
            return (Arc::clone(flight), false);
        }
        let flight = Arc::new(Flight::new(epoch));
        under.push(Arc::clone(&flight));
        (flight, true)
    }

    /// Takes `flight` out.
    pub(crate) fn remove(&self, key: KeyHash, flight: &Arc<Flight>) {
        let mut flights = self.shard(key);
        if let Some(under) = flights.get_mut(&key) {
            under.retain(|other| !Arc::ptr_eq(other, flight));
            if under.is_empty() {
                flights.remove(&key);
            }
        }
    }

    /// Whether there is any under `key`, for whichever group of its requests, one that was overtaken
    /// included.
    pub(crate) fn has(&self, key: KeyHash) -> bool {
        self.shard(key).keys().any(|group| group.may_be_of(key))
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.0
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner))
            .map(|shard| shard.values().map(Vec::len).sum::<usize>())
            .sum()
    }

    fn shard(&self, key: KeyHash) -> std::sync::MutexGuard<'_, Shard> {
        // The map is whole after every statement.
        self.0[key.shard(SHARDS)]
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
