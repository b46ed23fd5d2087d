//! Who may ask an origin, and who waits: its permits.
//!
//! Invariants: no more than the given number are under way; those at a viewer's pace take three
//! quarters of them at the most; for each permit [`WAITING`] wait, and none for ever.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{OriginError, Permit, Purpose};
use crate::clock::{self, Clock};

/// Requests that may wait for a permit, for each permit that there is; more are refused at once.
const WAITING: usize = 4;

/// The permits of an origin.
#[derive(Debug)]
pub(super) struct Queue {
    max_requests: usize,
    permits: Arc<Semaphore>,
    /// The part of the permits that answers at a viewer's pace may take.
    passes: Arc<Semaphore>,
    /// Requests that wait for a permit.
    waiting: AtomicUsize,
}

impl Queue {
    /// That many requests at once.
    pub(super) fn new(max_requests: usize) -> Self {
        Self {
            max_requests,
            permits: Arc::new(Semaphore::new(max_requests)),
            passes: Arc::new(Semaphore::new((max_requests * 3 / 4).max(1))),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a permit, for `limit` at the most.
    pub(super) async fn admit(
        &self,
        purpose: Purpose,
        limit: Duration,
        clock: &dyn Clock,
    ) -> Result<Permit, OriginError> {
        let waiting = Waiting::new(&self.waiting);
        if waiting.place > self.max_requests.saturating_mul(WAITING) {
            return Err(self.busy());
        }
        let admitted = async {
            // The semaphores are never closed.
            let pass = match purpose {
                Purpose::Fill => None,
                Purpose::Pass => Arc::clone(&self.passes).acquire_owned().await.ok(),
            };
            let request = self.next().await?;
            Some(Permit { request, pass })
        };
        match clock::within(clock, limit, admitted).await {
            Ok(Some(permit)) => Ok(permit),
            _ => Err(self.busy()),
        }
    }

    /// Waits for a permit as long as it takes: for what the edge asks by itself.
    pub(super) async fn next(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.permits).acquire_owned().await.ok()
    }

    /// What lets an answer under way go at a viewer's pace, if there is room for one more.
    pub(super) fn pass_now(&self) -> Result<OwnedSemaphorePermit, OriginError> {
        let pass = Arc::clone(&self.passes).try_acquire_owned();
        pass.map_err(|_| self.busy())
    }

    const fn busy(&self) -> OriginError {
        OriginError::Busy(self.max_requests)
    }
}

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
