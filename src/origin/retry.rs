//! How often an origin may be asked again: a tenth of the requests, and always three a second.
//!
//! [`Budget`] is pure arithmetic on instants that are given; `Retries` keeps one for an origin, and
//! sends again what died before the first byte of an answer. Whether a request *may* be sent twice (it
//! has no body, its method is safe) is the caller's to know.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::OriginError;
use super::http::NoAnswer;
use crate::clock::SharedClock;
use crate::semantics::age::Instant;
use crate::telemetry::metrics::OriginMetrics;

/// How often one request is sent at the most.
const TRIES: usize = 3;

/// Seconds that are looked back at.
const WINDOW: u64 = 10;
/// Of so many requests one may be sent again.
const SHARE: u64 = 10;
/// Requests that may be sent again in any second, however few there are.
const FLOOR: u64 = 3;

/// What has been asked, and asked again, in the last ten seconds.
#[derive(Debug, Default)]
pub struct Budget {
    /// One slot a second, by its number.
    slots: [Slot; WINDOW as usize],
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    second: u64,
    requests: u64,
    retries: u64,
}

impl Budget {
    /// A request was sent for the first time.
    pub fn request(&mut self, now: Instant) {
        self.slot(now).requests += 1;
    }

    /// Takes one retry out of the budget; false if there is none left.
    pub fn retry(&mut self, now: Instant) -> bool {
        let second = second(now);
        let (mut requests, mut retries) = (0, 0);
        for slot in &self.slots {
            if slot.second <= second && second - slot.second < WINDOW {
                requests += slot.requests;
                retries += slot.retries;
            }
        }
        let slot = self.slot(now);
        let allowed = slot.retries < FLOOR || (retries + 1) * SHARE <= requests;
        slot.retries += u64::from(allowed);
        allowed
    }

    fn slot(&mut self, now: Instant) -> &mut Slot {
        let second = second(now);
        // The remainder is below the number of slots.
        let slot = &mut self.slots[(second % WINDOW) as usize];
        if slot.second != second {
            *slot = Slot {
                second,
                ..Slot::default()
            };
        }
        slot
    }
}

fn second(at: Instant) -> u64 {
    at.nanos() / Duration::from_secs(1).as_nanos() as u64
}

/// What an origin is asked again.
pub(super) struct Retries {
    budget: Mutex<Budget>,
    clock: SharedClock,
    metrics: Arc<OriginMetrics>,
}

impl Retries {
    pub(super) fn new(clock: SharedClock, metrics: Arc<OriginMetrics>) -> Self {
        Self {
            budget: Mutex::default(),
            clock,
            metrics,
        }
    }

    /// Sends a request without a body by `once`. Where it died before the first byte of an answer, and
    /// it is `safe` to send it twice, it is sent again: as often as [`TRIES`] allows over connections
    /// that had been used before, which the origin may close at any time, and once within the budget
    /// otherwise.
    pub(super) async fn exchange<T, F>(
        &self,
        safe: bool,
        mut once: impl FnMut() -> F,
    ) -> Result<T, OriginError>
    where
        F: Future<Output = Result<T, NoAnswer>>,
    {
        self.budget(Budget::request);
        let mut charged = false;
        for _ in 1..TRIES {
            let no = match once().await {
                Ok(answer) => return Ok(answer),
                Err(no) => no,
            };
            let died = matches!(no.error, OriginError::Broken(_) | OriginError::Connect(_));
            if !safe || !died || no.heard {
                return Err(no.error);
            }
            if !no.reused {
                if charged || !self.budget(Budget::retry) {
                    self.metrics.retries_refused.increment();
                    return Err(no.error);
                }
                charged = true;
            }
            self.metrics.retries.increment();
        }
        once().await.map_err(|no| no.error)
    }

    fn budget<T>(&self, change: impl FnOnce(&mut Budget, Instant) -> T) -> T {
        let now = self.clock.now();
        // Counters are whole after every statement.
        change(
            &mut self.budget.lock().unwrap_or_else(PoisonError::into_inner),
            now,
        )
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::clock::ManualClock;
    use crate::semantics::dates::UnixTime;
    use crate::telemetry::metrics::Metrics;

    fn at(millis: u64) -> Instant {
        Instant::from_nanos(millis * 1_000_000)
    }

    /// How many of `tries` retries at `millis` are allowed.
    fn allowed(budget: &mut Budget, millis: u64, tries: usize) -> usize {
        (0..tries).filter(|_| budget.retry(at(millis))).count()
    }

    #[test]
    fn three_a_second_are_always_allowed_and_the_fourth_is_not() {
        let mut budget = Budget::default();
        for second in 0..25 {
            assert_eq!(allowed(&mut budget, second * 1_000, 5), 3, "{second}");
            assert_eq!(allowed(&mut budget, second * 1_000 + 999, 1), 0, "{second}");
        }
    }

    #[test]
    fn a_tenth_of_the_requests_is_allowed_and_one_more_is_not() {
        let mut budget = Budget::default();
        for _ in 0..1_000 {
            budget.request(at(500));
        }
        assert_eq!(allowed(&mut budget, 900, 200), 100);
        // A second later the share is used up, and the floor is what is left.
        assert_eq!(allowed(&mut budget, 1_100, 200), 3);
        // Requests of more than ten seconds ago do not count, nor do their retries.
        assert_eq!(allowed(&mut budget, 20_000, 200), 3);
    }

    /// How many tries it takes until a request gets this end, and how many of them were charged.
    async fn tries(safe: bool, ends: &[(bool, bool, OriginError)]) -> (usize, u64) {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(0)));
        let metrics = Metrics::default().origin("site");
        let retries = Retries::new(clock, metrics);
        let mut sent = 0;
        let result = retries.exchange(safe, || {
            let end = ends.get(sent).cloned();
            sent += 1;
            async move {
                match end {
                    None => Ok(()),
                    Some((reused, heard, error)) => Err(NoAnswer {
                        error,
                        reused,
                        heard,
                    }),
                }
            }
        });
        assert_eq!(result.await.is_ok(), sent > ends.len());
        let left = (0..FLOOR).filter(|_| retries.budget(Budget::retry)).count();
        (sent, FLOOR - left as u64)
    }

    #[tokio::test]
    async fn a_request_is_sent_three_times_at_the_most() {
        let died = |reused| (reused, false, OriginError::Broken(String::new()));
        let refused = (false, false, OriginError::Connect(String::new()));
        for (ends, expected) in [
            (vec![], (1, 0)),
            (vec![died(true)], (2, 0)),
            (vec![died(true), died(true)], (3, 0)),
            (vec![died(true), died(true), died(true)], (3, 0)),
            (vec![died(true), died(false), died(false)], (3, 1)),
            (vec![died(false), died(true), died(true)], (3, 1)),
            (vec![died(false), died(false), died(false)], (2, 1)),
            (vec![refused.clone(), refused], (2, 1)),
        ] {
            assert_eq!(tries(true, &ends).await, expected, "{ends:?}");
        }
    }

    #[tokio::test]
    async fn what_may_not_be_sent_twice_is_sent_once() {
        let broken = OriginError::Broken(String::new());
        let limit = Duration::from_secs(1);
        let slow = OriginError::Timeout {
            what: "answer",
            limit,
        };
        for (safe, end) in [
            (false, (true, false, broken.clone())),
            (true, (true, true, broken)),
            (true, (true, false, slow)),
        ] {
            assert_eq!(
                tries(safe, std::slice::from_ref(&end)).await,
                (1, 0),
                "{safe} {end:?}"
            );
        }
    }

    #[test]
    fn a_clock_that_stands_at_zero_is_no_special_case() {
        let mut budget = Budget::default();
        assert_eq!(allowed(&mut budget, 0, 9), 3);
    }

    proptest! {
        /// In whatever order things come: never more than a tenth, but for three in each second.
        #[test]
        fn the_extra_load_is_bounded(steps in prop::collection::vec((0..3_000_u64, any::<bool>()), 1..400)) {
            let mut budget = Budget::default();
            let mut now = 0;
            let mut requests = 0;
            let mut retries = 0_u64;
            let mut seconds = std::collections::BTreeSet::new();
            for (wait, retry) in steps {
                now += wait / 100;
                seconds.insert(now / 1_000);
                if retry {
                    retries += u64::from(budget.retry(at(now)));
                } else {
                    budget.request(at(now));
                    requests += 1;
                }
            }
            let floor = FLOOR * u64::try_from(seconds.len()).unwrap();
            prop_assert!(retries <= floor + requests / SHARE);
        }
    }
}
