//! Wall-clock time and the three date formats of HTTP (RFC 9110 5.6.7).
//!
//! Parsing is our own: the formatting crate refuses wrong weekdays and lower case, and knows no
//! fifty-year rule. Formatting is the crate's. This file reads no clock; whoever needs "now" is
//! handed it.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderValue, header};

use super::fields::{Sole, sole};

/// Wall-clock time: milliseconds since the Unix epoch.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct UnixTime(i64);

impl UnixTime {
    /// The instant `s` seconds after the epoch (before it, if negative); saturates.
    pub const fn from_secs(s: i64) -> Self {
        Self(s.saturating_mul(1000))
    }

    /// The instant `ms` milliseconds after the epoch (before it, if negative).
    pub const fn from_millis(ms: i64) -> Self {
        Self(ms)
    }

    /// Whole seconds since the epoch, rounded towards the past.
    pub const fn secs(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// This instant moved into the future by `d`, in whole milliseconds; saturates.
    pub fn saturating_add(self, d: Duration) -> Self {
        let ms = u64::try_from(d.as_millis()).unwrap_or(u64::MAX);
        Self(self.0.saturating_add_unsigned(ms))
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    pub fn saturating_since(self, earlier: Self) -> Duration {
        if earlier >= self {
            return Duration::ZERO;
        }
        Duration::from_millis(self.0.abs_diff(earlier.0))
    }
}

/// Reads an HTTP date: IMF-fixdate, RFC 850 or asctime form, in any letter case.
///
/// A weekday that does not fit the date is accepted, a word that is no weekday is not. The zone must
/// be `GMT`. A leap second (`:60`) is the second after `:59`. A two-digit year is the latest one that
/// is not more than 50 years after `received` (RFC 9110 5.6.7). `None`: not a date.
pub fn parse(value: &[u8], received: UnixTime) -> Option<UnixTime> {
    let value = value.trim_ascii();
    let civil = imf_fixdate(value)
        .or_else(|| rfc850(value, received))
        .or_else(|| asctime(value))?;
    civil.checked().map(UnixTime::from_secs)
}

/// The instant as an IMF-fixdate, whole seconds. What lies before 1970 or after 9999 is clamped,
/// since the format cannot say it.
pub fn format(t: UnixTime) -> HeaderValue {
    let secs = u64::try_from(t.secs().clamp(0, LAST_SECOND)).unwrap_or(0);
    let text = httpdate::fmt_http_date(UNIX_EPOCH + Duration::from_secs(secs));
    // A date is ASCII letters, digits, spaces, a comma and colons: always a legal value.
    HeaderValue::try_from(text).expect("an IMF-fixdate is a legal field value")
}

/// When the origin made this response: its Date, or `received` where Date is absent, malformed or
/// given several times with different values (RFC 9110 6.6.1).
pub fn origin_date(headers: &HeaderMap, received: UnixTime) -> UnixTime {
    field(headers, header::DATE, received).unwrap_or(received)
}

/// The date that a singleton field names; `None` if it is absent, malformed, or differs between lines.
pub(super) fn field(
    headers: &HeaderMap,
    name: header::HeaderName,
    received: UnixTime,
) -> Option<UnixTime> {
    match sole(headers, name) {
        Sole::Same(value) => parse(value, received),
        Sole::Absent | Sole::Differing => None,
    }
}

/// 9999-12-31 23:59:59, the last second that four digits can name.
const LAST_SECOND: i64 = 253_402_300_799;

const WEEKDAYS: [&[u8]; 7] = [
    b"Sunday",
    b"Monday",
    b"Tuesday",
    b"Wednesday",
    b"Thursday",
    b"Friday",
    b"Saturday",
];
const MONTHS: [&[u8]; 12] = [
    b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec",
];
const MONTH_DAYS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A date and time of day as written, not yet known to exist.
struct Civil {
    year: i64,
    /// 0 is January.
    month: usize,
    day: i64,
    hour: i64,
    minute: i64,
    second: i64,
}

impl Civil {
    /// Seconds since the epoch, if there is such a day and time.
    fn checked(&self) -> Option<i64> {
        let mut days = MONTH_DAYS[self.month];
        if self.month == 1 && is_leap(self.year) {
            days += 1;
        }
        let exists = (1..=days).contains(&self.day)
            && self.hour <= 23
            && self.minute <= 59
            && self.second <= 60;
        exists.then(|| self.secs())
    }

    /// Seconds since the epoch; a day past the end of its month runs over into the next.
    fn secs(&self) -> i64 {
        /// Days from 0001-01-01 to 1970-01-01.
        const EPOCH_DAY: i64 = 719_162;
        let before = self.year - 1;
        let mut days = before * 365 + before.div_euclid(4) - before.div_euclid(100)
            + before.div_euclid(400)
            - EPOCH_DAY;
        days += MONTH_DAYS[..self.month].iter().sum::<i64>() + self.day - 1;
        if self.month > 1 && is_leap(self.year) {
            days += 1;
        }
        ((days * 24 + self.hour) * 60 + self.minute) * 60 + self.second
    }
}

fn is_leap(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// `Sun, 06 Nov 1994 08:49:37 GMT`
fn imf_fixdate(value: &[u8]) -> Option<Civil> {
    let mut text = Text(value);
    text.short_weekday()?;
    text.literal(b", ")?;
    let day = text.digits(2)?;
    text.literal(b" ")?;
    let month = text.month()?;
    text.literal(b" ")?;
    let year = text.digits(4)?;
    text.literal(b" ")?;
    let (hour, minute, second) = text.time()?;
    text.literal(b" GMT")?;
    text.end()?;
    Some(Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    })
}

/// `Sunday, 06-Nov-94 08:49:37 GMT`
fn rfc850(value: &[u8], received: UnixTime) -> Option<Civil> {
    let mut text = Text(value);
    text.long_weekday()?;
    text.literal(b", ")?;
    let day = text.digits(2)?;
    text.literal(b"-")?;
    let month = text.month()?;
    text.literal(b"-")?;
    let two_digits = text.digits(2)?;
    text.literal(b" ")?;
    let (hour, minute, second) = text.time()?;
    text.literal(b" GMT")?;
    text.end()?;

    /// Mean length of a Gregorian year in seconds: good enough to find the year give or take one.
    const YEAR: i64 = 31_556_952;
    let horizon = 1970 + received.secs().div_euclid(YEAR) + 51;
    let mut civil = Civil {
        year: horizon - (horizon - two_digits).rem_euclid(100) - 50,
        month,
        day,
        hour,
        minute,
        second,
    };
    // Compared fifty years back, so that "more than 50 years" is counted by the calendar.
    if civil.secs() > received.secs() {
        civil.year -= 100;
    }
    civil.year += 50;
    Some(civil)
}

/// `Sun Nov  6 08:49:37 1994`
fn asctime(value: &[u8]) -> Option<Civil> {
    let mut text = Text(value);
    text.short_weekday()?;
    text.literal(b" ")?;
    let month = text.month()?;
    text.literal(b" ")?;
    let day = match text.literal(b" ") {
        Some(()) => text.digits(1)?,
        None => text.digits(2)?,
    };
    text.literal(b" ")?;
    let (hour, minute, second) = text.time()?;
    text.literal(b" ")?;
    let year = text.digits(4)?;
    text.end()?;
    Some(Civil {
        year,
        month,
        day,
        hour,
        minute,
        second,
    })
}

/// What is left to read of a date; each step takes its piece off the front or fails.
struct Text<'a>(&'a [u8]);

impl Text<'_> {
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        let (head, rest) = self.0.split_at_checked(expected.len())?;
        head.eq_ignore_ascii_case(expected).then(|| self.0 = rest)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (head, rest) = self.0.split_at_checked(count)?;
        let mut number = 0;
        for byte in head {
            if !byte.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    fn month(&mut self) -> Option<usize> {
        MONTHS.iter().position(|name| self.literal(name).is_some())
    }

    fn short_weekday(&mut self) -> Option<()> {
        WEEKDAYS.iter().find_map(|name| self.literal(&name[..3]))
    }

    fn long_weekday(&mut self) -> Option<()> {
        WEEKDAYS.iter().find_map(|name| self.literal(name))
    }

    fn time(&mut self) -> Option<(i64, i64, i64)> {
        let hour = self.digits(2)?;
        self.literal(b":")?;
        let minute = self.digits(2)?;
        self.literal(b":")?;
        Some((hour, minute, self.digits(2)?))
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026-07-01 00:00:00.
    const RECEIVED: UnixTime = UnixTime::from_secs(1_782_864_000);

    fn secs(text: &str) -> Option<i64> {
        parse(text.as_bytes(), RECEIVED).map(UnixTime::secs)
    }

    #[test]
    fn rule_2_4_the_three_formats_name_the_same_second() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
            "sun, 06 nov 1994 08:49:37 gmt",
            "SUNDAY, 06-NOV-94 08:49:37 GMT",
            "sUn nOV  6 08:49:37 1994",
            "Tue, 06 Nov 1994 08:49:37 GMT",
            "Friday, 06-Nov-94 08:49:37 GMT",
            " Sun, 06 Nov 1994 08:49:37 GMT\t",
        ] {
            assert_eq!(secs(text), Some(784_111_777), "{text}");
        }
    }

    #[test]
    fn rule_2_4_what_is_no_date() {
        for text in [
            "",
            "0",
            "-1",
            "now",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37 EST",
            "Sun, 06 Nov 1994 08:49:37 +0000",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37GMT",
            "Sun 06 Nov 1994 08:49:37 GMT",
            "Sun,06 Nov 1994 08:49:37 GMT",
            "Sun,  06 Nov 1994 08:49:37 GMT",
            "Sun, 06  Nov 1994 08:49:37 GMT",
            "Sun, 06-Nov-1994 08:49:37 GMT",
            "Sun, 06-Nov-94 08:49:37 GMT",
            "Sunday, 06-Nov-1994 08:49:37 GMT",
            "Sunday, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 94 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 8:49:37 GMT",
            "Sun, 06 Nov 1994 08.49.37 GMT",
            "Sun, 06 Nov 1994 08:49 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 1994 08:60:00 GMT",
            "Sun, 06 Nov 1994 08:49:61 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 31 Nov 1994 08:49:37 GMT",
            "Sun, 29 Feb 1900 08:49:37 GMT",
            "Sun, 29 Feb 2023 08:49:37 GMT",
            "Fri, 30 Feb 2024 08:49:37 GMT",
            "Sun, 32 Jan 2024 08:49:37 GMT",
            "Sun, 06 Nob 1994 08:49:37 GMT",
            "Fun, 06 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 GMT x",
            "Sun, 06 Nov 1994 08:49:37 GMT, Sun, 06 Nov 1994 08:49:37 GMT",
            "Sun, -6 Nov 1994 08:49:37 GMT",
            "Sun Nov 6 08:49:37 1994",
            "Sun Nov   6 08:49:37 1994",
            "Sun Nov  6 08:49:37 1994 GMT",
        ] {
            assert_eq!(secs(text), None, "{text}");
        }
    }

    #[test]
    fn rule_2_4_known_seconds() {
        for (text, expected) in [
            ("Thu, 01 Jan 1970 00:00:00 GMT", 0),
            ("Wed, 31 Dec 1969 23:59:59 GMT", -1),
            ("Tue, 29 Feb 2000 00:00:00 GMT", 951_782_400),
            ("Wed, 01 Mar 2000 00:00:00 GMT", 951_868_800),
            ("Tue, 19 Jan 2038 03:14:08 GMT", 2_147_483_648),
            ("Sun, 07 Feb 2106 06:28:16 GMT", 4_294_967_296),
            ("Fri, 31 Dec 9999 23:59:59 GMT", LAST_SECOND),
            ("Sat, 31 Dec 2016 23:59:60 GMT", 1_483_228_800),
            ("Mon, 01 Jan 0001 00:00:00 GMT", -62_135_596_800),
            ("Sat, 01 Jan 0000 00:00:00 GMT", -62_167_219_200),
        ] {
            assert_eq!(secs(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn rule_2_4_a_two_digit_year_is_never_more_than_fifty_years_ahead() {
        let at = |text: &str| parse(text.as_bytes(), RECEIVED).unwrap();
        let year = |text: &str| parse(text.as_bytes(), RECEIVED);
        for (two_digit, meant) in [
            (
                "Wednesday, 01-Jul-26 00:00:00 GMT",
                "Wed, 01 Jul 2026 00:00:00 GMT",
            ),
            (
                "Wednesday, 01-Jul-76 00:00:00 GMT",
                "Wed, 01 Jul 2076 00:00:00 GMT",
            ),
            (
                "Wednesday, 01-Jul-76 00:00:01 GMT",
                "Thu, 01 Jul 1976 00:00:01 GMT",
            ),
            (
                "Wednesday, 31-Dec-77 00:00:00 GMT",
                "Sat, 31 Dec 1977 00:00:00 GMT",
            ),
            (
                "Tuesday, 29-Feb-00 00:00:00 GMT",
                "Tue, 29 Feb 2000 00:00:00 GMT",
            ),
            (
                "Friday, 31-Dec-99 23:59:59 GMT",
                "Fri, 31 Dec 1999 23:59:59 GMT",
            ),
        ] {
            assert_eq!(year(two_digit), Some(at(meant)), "{two_digit}");
        }
        // Seen from 2095, '05 is ten years ahead, not ninety back.
        let late = parse(b"Sat, 01 Jan 2095 00:00:00 GMT", RECEIVED).unwrap();
        assert_eq!(
            parse(b"Thursday, 01-Jan-05 00:00:00 GMT", late),
            Some(at("Thu, 01 Jan 2105 00:00:00 GMT"))
        );
    }

    #[test]
    fn formatting_clamps_what_the_format_cannot_say() {
        for (t, expected) in [
            (
                UnixTime::from_secs(784_111_777),
                "Sun, 06 Nov 1994 08:49:37 GMT",
            ),
            (
                UnixTime::from_millis(784_111_777_999),
                "Sun, 06 Nov 1994 08:49:37 GMT",
            ),
            (UnixTime::from_secs(-1), "Thu, 01 Jan 1970 00:00:00 GMT"),
            (
                UnixTime::from_secs(i64::MIN),
                "Thu, 01 Jan 1970 00:00:00 GMT",
            ),
            (
                UnixTime::from_secs(i64::MAX),
                "Fri, 31 Dec 9999 23:59:59 GMT",
            ),
        ] {
            assert_eq!(format(t), expected);
        }
    }

    #[test]
    fn origin_date_falls_back_to_the_time_of_receipt() {
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (lines, expected) in [
            (vec![], RECEIVED),
            (vec!["yesterday"], RECEIVED),
            (vec![date], UnixTime::from_secs(784_111_777)),
            (vec![date, date], UnixTime::from_secs(784_111_777)),
            (vec![date, "Sun, 06 Nov 1994 08:49:38 GMT"], RECEIVED),
        ] {
            let mut headers = HeaderMap::new();
            for line in &lines {
                headers.append(header::DATE, HeaderValue::from_static(line));
            }
            assert_eq!(origin_date(&headers, RECEIVED), expected, "{lines:?}");
        }
    }

    #[test]
    fn seconds_round_towards_the_past() {
        assert_eq!(UnixTime::from_millis(-1).secs(), -1);
        assert_eq!(UnixTime::from_millis(1999).secs(), 1);
    }

    proptest! {
        #[test]
        fn what_is_formatted_parses_back(secs in 0..=LAST_SECOND, received in any::<i64>()) {
            let t = UnixTime::from_secs(secs);
            prop_assert_eq!(parse(format(t).as_bytes(), UnixTime::from_millis(received)), Some(t));
        }

        #[test]
        fn no_bytes_and_no_clock_make_parsing_panic(
            bytes in prop::collection::vec(any::<u8>(), 0..40),
            received in any::<i64>(),
            year in 0..100u8,
        ) {
            let received = UnixTime::from_millis(received);
            let _ = parse(&bytes, received);
            let text = format!("Sunday, 06-Nov-{year:02} 08:49:37 GMT");
            let t = parse(text.as_bytes(), received).unwrap();
            // Not more than 50 calendar years (18 263 days at most) ahead, and the latest such year.
            prop_assert!(t.secs() - received.secs() <= 18_263 * 86_400);
            prop_assert!(received.secs() - t.secs() <= 18_263 * 86_400);
        }

        #[test]
        fn arithmetic_saturates(a in any::<i64>(), b in any::<i64>(), d in any::<u64>()) {
            let (a, b) = (UnixTime::from_millis(a), UnixTime::from_millis(b));
            prop_assert!(a.saturating_add(Duration::from_secs(d)) >= a);
            let since = a.saturating_since(b);
            prop_assert_eq!(since.is_zero(), a <= b);
            if a > b {
                prop_assert_eq!(b.saturating_add(since), a);
            }
        }
    }
}
