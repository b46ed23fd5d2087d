//! How often an origin may be asked again: a tenth of the requests, and always three a second.
//!
//! Pure arithmetic on instants that are given. Whether a request *may* be sent again (no byte of an
//! answer has come, it has no body, its method is safe) is the caller's to know.

use std::time::Duration;

use crate::semantics::age::Instant;

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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

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
