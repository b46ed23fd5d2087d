//! Time, behind a trait: the only file that reads the machine's clocks.
//!
//! Everything that waits or measures takes a [`Clock`], so that tests step time by hand
//! ([`ManualClock`]) and no test ever sleeps. hyper's timers and the connection pool's go
//! through [`HyperTimer`].
#![allow(
    clippy::disallowed_methods,
    reason = "this is the one file that may read the machine's clocks and start its timers"
)]

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use crate::semantics::age::Instant;
use crate::semantics::dates::UnixTime;

/// A future that ends when its instant has come.
pub type Sleep = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A clock that many parts share.
pub type SharedClock = Arc<dyn Clock>;

/// Where the time comes from.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The monotonic instant now.
    fn now(&self) -> Instant;
    /// The wall-clock time now.
    fn wall(&self) -> UnixTime;
    /// Ends when `at` has come; at once if it has passed.
    fn sleep_until(&self, at: Instant) -> Sleep;
}

/// The time ran out before the future was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the time limit ran out")]
pub struct Elapsed;

/// Ends after `duration`.
pub fn sleep(clock: &dyn Clock, duration: Duration) -> Sleep {
    clock.sleep_until(clock.now().saturating_add(duration))
}

/// Runs `future` for at most `limit`.
///
/// # Errors
/// [`Elapsed`] when the limit comes first; the future is dropped then.
pub async fn within<F: Future>(
    clock: &dyn Clock,
    limit: Duration,
    future: F,
) -> Result<F::Output, Elapsed> {
    let limit = sleep(clock, limit);
    tokio::select! {
        biased;
        output = future => Ok(output),
        () = limit => Err(Elapsed),
    }
}

/// A time as text (RFC 3339, UTC, whole milliseconds): `2026-11-23T19:22:32.123Z`. Times outside
/// the years 0 to 9999 give the epoch.
#[must_use]
pub fn rfc3339(at: UnixTime) -> String {
    let format = time::macros::format_description!(
        "[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:3]Z"
    );
    // The format has no part that an OffsetDateTime lacks.
    civil(at).format(format).unwrap_or_default()
}

/// A time as AWS signatures write it: `20261123T192232Z`; its first eight characters are the day.
#[must_use]
pub fn amz_date(at: UnixTime) -> String {
    let format = time::macros::format_description!("[year][month][day]T[hour][minute][second]Z");
    // As above.
    civil(at).format(format).unwrap_or_default()
}

fn civil(at: UnixTime) -> time::OffsetDateTime {
    let nanos = i128::from(at.millis()) * 1_000_000;
    time::OffsetDateTime::from_unix_timestamp_nanos(nanos)
        .ok()
        .filter(|date| date.year() >= 0)
        .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
}

/// The machine's clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: tokio::time::Instant,
}

impl SystemClock {
    /// A clock whose zero is now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: tokio::time::Instant::now(),
        }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        // 2^64 nanoseconds are 584 years of uptime.
        Instant::from_nanos(u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX))
    }

    fn wall(&self) -> UnixTime {
        let millis = match std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH) {
            Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
            Err(before) => i64::try_from(before.duration().as_millis()).map_or(i64::MIN, |ms| -ms),
        };
        UnixTime::from_millis(millis)
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        let deadline = self.start.checked_add(Duration::from_nanos(at.nanos()));
        match deadline {
            Some(deadline) => Box::pin(tokio::time::sleep_until(deadline)),
            None => Box::pin(std::future::pending()),
        }
    }
}

/// A clock that moves only when it is told to.
#[derive(Debug)]
pub struct ManualClock {
    state: Arc<Mutex<ManualState>>,
}

#[derive(Debug)]
struct ManualState {
    now: Instant,
    wall: UnixTime,
    next_id: u64,
    sleepers: BTreeMap<(Instant, u64), Waker>,
}

impl ManualClock {
    /// A clock that stands at `wall`, its monotonic instant at one second.
    #[must_use]
    pub fn new(wall: UnixTime) -> Self {
        let state = ManualState {
            now: Instant::from_nanos(1_000_000_000),
            wall,
            next_id: 0,
            sleepers: BTreeMap::new(),
        };
        Self {
            state: Arc::new(Mutex::new(state)),
        }
    }

    /// Moves both clocks forward and wakes whoever waited for that.
    pub fn advance(&self, by: Duration) {
        let due: Vec<Waker> = {
            let mut state = lock(&self.state);
            state.now = state.now.saturating_add(by);
            state.wall = state.wall.saturating_add(by);
            let now = state.now;
            let later = state.sleepers.split_off(&(now, u64::MAX));
            std::mem::replace(&mut state.sleepers, later)
                .into_values()
                .collect()
        };
        for waker in due {
            waker.wake();
        }
    }

    /// How many sleepers wait at this moment.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        lock(&self.state).sleepers.len()
    }

    /// How many of them wait for exactly `at`: whoever waits for a limit of its own can be told
    /// from the others by when it ends.
    #[must_use]
    pub fn sleeping_until(&self, at: Instant) -> usize {
        let state = lock(&self.state);
        state.sleepers.range((at, 0)..=(at, u64::MAX)).count()
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Instant {
        lock(&self.state).now
    }

    fn wall(&self) -> UnixTime {
        lock(&self.state).wall
    }

    fn sleep_until(&self, at: Instant) -> Sleep {
        Box::pin(ManualSleep {
            state: Arc::clone(&self.state),
            at,
            id: None,
        })
    }
}

struct ManualSleep {
    state: Arc<Mutex<ManualState>>,
    at: Instant,
    id: Option<u64>,
}

impl Future for ManualSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut state = lock(&this.state);
        if state.now >= this.at {
            return Poll::Ready(());
        }
        let id = *this.id.get_or_insert_with(|| {
            state.next_id += 1;
            state.next_id
        });
        state.sleepers.insert((this.at, id), cx.waker().clone());
        Poll::Pending
    }
}

impl Drop for ManualSleep {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            lock(&self.state).sleepers.remove(&(self.at, id));
        }
    }
}

fn lock(state: &Mutex<ManualState>) -> std::sync::MutexGuard<'_, ManualState> {
    // The state is whole after every statement, so a panic elsewhere leaves nothing half done.
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

/// hyper's timer, driven by a [`Clock`].
#[derive(Clone, Debug)]
pub struct HyperTimer {
    clock: SharedClock,
    /// The `std` instant that corresponds to `origin` on our clock: hyper speaks `std` instants.
    base: std::time::Instant,
    origin: Instant,
}

impl HyperTimer {
    /// A timer on `clock`.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        let origin = clock.now();
        Self {
            clock,
            base: std::time::Instant::now(),
            origin,
        }
    }
}

impl hyper::rt::Timer for HyperTimer {
    fn sleep(&self, duration: Duration) -> Pin<Box<dyn hyper::rt::Sleep>> {
        Box::pin(HyperSleep(sleep(&*self.clock, duration)))
    }

    fn sleep_until(&self, deadline: std::time::Instant) -> Pin<Box<dyn hyper::rt::Sleep>> {
        let at = self
            .origin
            .saturating_add(deadline.saturating_duration_since(self.base));
        Box::pin(HyperSleep(self.clock.sleep_until(at)))
    }

    fn now(&self) -> std::time::Instant {
        self.base + self.clock.now().saturating_since(self.origin)
    }
}

struct HyperSleep(Sleep);

impl Future for HyperSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(cx)
    }
}

impl hyper::rt::Sleep for HyperSleep {}

#[cfg(test)]
mod tests {
    use super::*;

    fn manual() -> ManualClock {
        ManualClock::new(UnixTime::from_secs(1_700_000_000))
    }

    #[tokio::test]
    async fn a_sleeper_wakes_when_its_instant_has_come_and_not_before() {
        let clock = Arc::new(manual());
        let at = clock.now().saturating_add(Duration::from_secs(5));
        let sleeper = tokio::spawn(clock.sleep_until(at));
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_millis(4_999));
        assert_eq!(clock.sleepers(), 1);
        clock.advance(Duration::from_millis(1));
        sleeper.await.unwrap();
        assert_eq!(clock.sleepers(), 0);
    }

    #[tokio::test]
    async fn within_prefers_the_future_and_gives_up_at_the_limit() {
        let clock = manual();
        assert_eq!(within(&clock, Duration::ZERO, async { 7 }).await, Ok(7));
        let never = std::future::pending::<()>();
        assert_eq!(within(&clock, Duration::ZERO, never).await, Err(Elapsed));
    }

    #[test]
    fn times_read_as_the_calendar_has_them() {
        let rows = [
            (0, "1970-01-01T00:00:00.000Z", "19700101T000000Z"),
            (
                951_782_400_123,
                "2000-02-29T00:00:00.123Z",
                "20000229T000000Z",
            ),
            (
                4_107_542_399_999,
                "2100-02-28T23:59:59.999Z",
                "21000228T235959Z",
            ),
            (-1, "1969-12-31T23:59:59.999Z", "19691231T235959Z"),
            (i64::MAX, "1970-01-01T00:00:00.000Z", "19700101T000000Z"),
        ];
        for (millis, text, amz) in rows {
            assert_eq!(rfc3339(UnixTime::from_millis(millis)), text);
            assert_eq!(amz_date(UnixTime::from_millis(millis)), amz);
        }
    }

    #[test]
    fn advancing_moves_both_clocks_alike() {
        let clock = manual();
        let (now, wall) = (clock.now(), clock.wall());
        clock.advance(Duration::from_millis(1_500));
        assert_eq!(
            clock.now().saturating_since(now),
            Duration::from_millis(1_500)
        );
        assert_eq!(
            clock.wall().saturating_since(wall),
            Duration::from_millis(1_500)
        );
    }
}
