//! Who may ask an origin now: permits for requests at once, and a bounded queue for them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::Semaphore;

use super::{OriginError, OriginResponse, Permit, Purpose};
use crate::clock::{self, SharedClock};

/// Requests that may wait for a permit, for each permit that there is; more are refused at once.
const WAITING: usize = 4;

/// The permits of one origin.
#[derive(Debug)]
pub(super) struct Permits {
    most: usize,
    requests: Arc<Semaphore>,
    /// The part of the permits that answers at a viewer's pace may take.
    passes: Arc<Semaphore>,
    waiting: AtomicUsize,
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

impl Permits {
    /// `most` requests at once.
    pub(super) fn new(most: usize) -> Self {
        Self {
            most,
            requests: Arc::new(Semaphore::new(most)),
            passes: Arc::new(Semaphore::new((most * 3 / 4).max(1))),
            waiting: AtomicUsize::new(0),
        }
    }

    /// Waits for a permit, for at most `limit`.
    pub(super) async fn admit(
        &self,
        purpose: Purpose,
        clock: &SharedClock,
        limit: Duration,
    ) -> Result<Permit, OriginError> {
        let waiting = Waiting::new(&self.waiting);
        if waiting.place > self.most.saturating_mul(WAITING) {
            return Err(OriginError::Busy(self.most));
        }
        let admitted = async {
            // The semaphores are never closed.
            let pass = match purpose {
                Purpose::Fill => None,
                Purpose::Pass => Arc::clone(&self.passes).acquire_owned().await.ok(),
            };
            let request = Arc::clone(&self.requests).acquire_owned().await.ok()?;
            Some(Permit { request, pass })
        };
        match clock::within(&**clock, limit, admitted).await {
            Ok(Some(permit)) => Ok(permit),
            _ => Err(OriginError::Busy(self.most)),
        }
    }

    /// Lets a fill's answer pass through to a viewer after all, if there is room for one more.
    pub(super) fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError> {
        match Arc::clone(&self.passes).try_acquire_owned() {
            Ok(permit) => {
                response.body.pass(permit);
                Ok(())
            }
            Err(_) => Err(OriginError::Busy(self.most)),
        }
    }
}
