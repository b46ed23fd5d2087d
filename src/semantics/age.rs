//! Monotonic instants, and how old a response is (RFC 9111 4.2.3).
//!
//! An age is fixed once, when the response arrives ([`AgeBase`]); afterwards only the monotonic clock
//! makes it grow, so a step of the wall clock never makes an entry younger. This file writes no Age
//! field; that is the answer's duty.

use std::time::Duration;

use http::{HeaderMap, header};

use super::dates::UnixTime;
use super::directives::delta_seconds;
use super::fields::members;

/// Monotonic instant: nanoseconds since a start that only the clock knows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Instant(u64);

impl Instant {
    /// The instant `n` nanoseconds after the clock's start.
    pub const fn from_nanos(n: u64) -> Self {
        Self(n)
    }

    /// Nanoseconds since the clock's start.
    pub const fn nanos(self) -> u64 {
        self.0
    }

    /// This instant moved into the future by `d`; saturates.
    pub fn saturating_add(self, d: Duration) -> Self {
        let nanos = u64::try_from(d.as_nanos()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add(nanos))
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// From what a response's age is counted: how old it was on arrival, and when that was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeBase {
    inputs: AgeInputs,
    received: Instant,
}

/// What the age on arrival was computed from, by the names of RFC 9111 section 4.2.3.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AgeInputs {
    /// apparent_age: the time of receipt less Date, in whole seconds.
    pub apparent: Duration,
    /// age_value: what the Age field said.
    pub age_value: Duration,
    /// response_delay: from the sending of the request to the receipt of the response's head.
    pub delay: Duration,
}

impl AgeInputs {
    /// corrected_initial_age
    fn initial(&self) -> Duration {
        let corrected = self.age_value.saturating_add(self.delay);
        self.apparent.max(corrected)
    }
}

impl AgeBase {
    /// The base of a response (RFC 9111 4.2.3). `headers` are the response's, of which Age is read;
    /// `date` is its Date or what stands in for it ([`super::dates::origin_date`]); `sent` is when
    /// the request was sent, `received` and `received_wall` when the response's head came.
    ///
    /// Of Age the first list member counts; what is no non-negative integer counts as 0, and more
    /// than 2^31 as 2^31. The apparent age is counted in whole seconds, as Date is: a fraction of a
    /// second on the edge's own clock does not make a new response older.
    pub fn new(
        headers: &HeaderMap,
        date: UnixTime,
        sent: Instant,
        received: Instant,
        received_wall: UnixTime,
    ) -> Self {
        let apparent = Duration::from_secs(received_wall.saturating_since(date).as_secs());
        let age_value = members(headers, header::AGE)
            .next()
            .and_then(|member| delta_seconds(member.iter().copied()))
            .unwrap_or(0);
        let inputs = AgeInputs {
            apparent,
            age_value: Duration::from_secs(u64::from(age_value)),
            delay: received.saturating_since(sent),
        };
        Self { inputs, received }
    }

    /// A base put together again, for an entry read back from where instants of an earlier process
    /// mean nothing: how old it was at `received`.
    pub const fn from_parts(initial: Duration, received: Instant) -> Self {
        let inputs = AgeInputs {
            apparent: initial,
            age_value: Duration::ZERO,
            delay: Duration::ZERO,
        };
        Self { inputs, received }
    }

    /// current_age at `now`; saturates, and never falls below [`Self::initial`].
    pub fn at(&self, now: Instant) -> Duration {
        self.initial()
            .saturating_add(now.saturating_since(self.received))
    }

    /// How old the response was on arrival.
    pub fn initial(&self) -> Duration {
        self.inputs.initial()
    }

    /// What that was computed from.
    pub const fn inputs(&self) -> AgeInputs {
        self.inputs
    }

    /// When the response arrived.
    pub const fn received(&self) -> Instant {
        self.received
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    const fn at(secs: u64) -> Instant {
        Instant::from_nanos(secs * 1_000_000_000)
    }

    fn with_age(lines: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::AGE, HeaderValue::from_str(line).unwrap());
        }
        headers
    }

    #[test]
    fn rule_3_the_age_field_is_read_as_written_or_not_at_all() {
        for (lines, expected) in [
            (&[][..], 0),
            (&["30"][..], 30),
            (&["0030"], 30),
            (&["30, 60"], 30),
            (&["30", "60"], 30),
            (&["", "60"], 60),
            (&[", 60"], 60),
            (&[""], 0),
            (&["-30"], 0),
            (&["+30"], 0),
            (&["30.5"], 0),
            (&["30s"], 0),
            (&["abc"], 0),
            (&["abc, 60"], 0),
            (&["30;a=b"], 0),
            (&["\"30\""], 0),
            (&["2147483648"], 1 << 31),
            (&["4294967296"], 1 << 31),
            (&["99999999999999999999999999"], 1 << 31),
        ] {
            let wall = UnixTime::from_secs(1000);
            let base = AgeBase::new(&with_age(lines), wall, at(5), at(5), wall);
            assert_eq!(base.initial().as_secs(), expected, "{lines:?}");
        }
    }

    #[test]
    fn rule_3_the_larger_of_apparent_and_corrected_age_counts() {
        // (Date, received wall ms, sent s, received s, Age) -> initial age in ms
        for (date, wall, sent, received, age, expected) in [
            (1000, 1_000_000, 5, 5, "0", 0),
            (1000, 1_010_000, 5, 5, "0", 10_000),
            (1000, 1_010_000, 5, 5, "30", 30_000),
            (1000, 1_040_000, 5, 5, "30", 40_000),
            (1000, 1_000_000, 5, 9, "30", 34_000),
            (2000, 1_000_000, 5, 5, "3", 3_000),
            (1000, 1_000_900, 5, 5, "0", 0),
            (1000, 1_001_100, 5, 5, "0", 1_000),
            (1000, 1_000_000, 9, 5, "0", 0),
        ] {
            let base = AgeBase::new(
                &with_age(&[age]),
                UnixTime::from_secs(date),
                at(sent),
                at(received),
                UnixTime::from_millis(wall),
            );
            assert_eq!(base.initial().as_millis(), expected, "{date} {wall} {age}");
        }
    }

    #[test]
    fn rule_3_an_age_grows_with_the_monotonic_clock_from_the_time_of_receipt() {
        let base = AgeBase::from_parts(Duration::from_secs(30), at(100));
        assert_eq!(base.at(at(100)), Duration::from_secs(30));
        assert_eq!(base.at(at(160)), Duration::from_secs(90));
        assert_eq!(base.at(at(40)), Duration::from_secs(30));
        assert_eq!(base.received(), at(100));
        let endless = AgeBase::from_parts(Duration::MAX, at(0));
        assert_eq!(endless.at(at(1)), Duration::MAX);
    }

    proptest! {
        #[test]
        fn an_age_never_runs_backwards(
            age in "[0-9]{0,24}",
            date in any::<i64>(), wall in any::<i64>(),
            sent in any::<u64>(), received in any::<u64>(),
            now in any::<u64>(), later in any::<u64>(),
        ) {
            let base = AgeBase::new(
                &with_age(&[&age]),
                UnixTime::from_millis(date),
                Instant::from_nanos(sent),
                Instant::from_nanos(received),
                UnixTime::from_millis(wall),
            );
            let first = base.at(Instant::from_nanos(now));
            let second = base.at(Instant::from_nanos(now).saturating_add(Duration::from_nanos(later)));
            prop_assert!(first >= base.initial());
            prop_assert!(second >= first);
        }

        #[test]
        fn instants_saturate(a in any::<u64>(), b in any::<u64>()) {
            let (a, b) = (Instant::from_nanos(a), Instant::from_nanos(b));
            prop_assert_eq!(a.saturating_since(b).as_nanos(), u128::from(a.nanos().saturating_sub(b.nanos())));
            prop_assert!(a.saturating_add(Duration::MAX) == Instant::from_nanos(u64::MAX));
            prop_assert_eq!(b.saturating_add(a.saturating_since(b)), a.max(b));
        }
    }
}
