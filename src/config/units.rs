//! Sizes and durations as people write them: `64MiB`, `1h30m`.
//!
//! Both directions: what [`format_size`] and [`format_duration`] print parses back to the same value.
//! Ranges are not judged here; see `rule`.

use std::time::Duration;

/// What a size may look like, for messages.
pub const SIZE_FORM: &str =
    "digits and a unit (B, KiB, MiB, GiB, TiB, KB, MB, GB), or a whole number of bytes";

/// What a duration may look like, for messages.
pub const DURATION_FORM: &str =
    "digits and a unit (d, h, m, s, ms), or a sum in that order such as \"1h30m\"";

/// Why a text is no size or duration.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("found {found:?}, {flaw}; allowed: {allowed}")]
pub struct UnitError {
    found: String,
    flaw: Flaw,
    allowed: &'static str,
}

/// What is wrong with the text.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Flaw {
    /// It, or what follows a unit, does not begin with a digit. Signs and spaces end up here or in [`Flaw::Unit`].
    #[error("which has no digits where they are needed")]
    NoDigits,
    /// Digits and nothing after them, where a unit is needed.
    #[error("which has no unit")]
    NoUnit,
    /// A number with a point: the smaller unit says it exactly.
    #[error("which is not a whole number")]
    Fraction,
    /// A unit that is not in the list; units are case-sensitive.
    #[error("whose unit {0:?} is not known")]
    Unit(String),
    /// The unit does not come after all larger ones, or comes twice.
    #[error("whose units are not in falling order at {0:?}")]
    Order(String),
    /// More than 2^64 - 1 bytes or milliseconds.
    #[error("which is more than can be counted")]
    Overflow,
}

impl UnitError {
    /// What is wrong, without the text and without what is allowed.
    pub const fn flaw(&self) -> &Flaw {
        &self.flaw
    }

    /// The form that the text should have.
    pub const fn allowed(&self) -> &'static str {
        self.allowed
    }
}

/// Bytes: digits and one unit. `KiB`, `MiB`, `GiB`, `TiB` are powers of 1024; `KB`, `MB`, `GB` powers
/// of 1000; `B`, or no unit, is bytes.
///
/// # Errors
/// If the text has another form or the size does not fit in 64 bits.
pub fn parse_size(text: &str) -> Result<u64, UnitError> {
    size(text).map_err(|flaw| UnitError {
        found: shortened(text),
        flaw,
        allowed: SIZE_FORM,
    })
}

/// A duration: digits and a unit (`d`, `h`, `m`, `s`, `ms`), or a sum of such terms without spaces, each
/// unit at most once, the larger first.
///
/// # Errors
/// If the text has another form or the duration does not fit in 2^64 - 1 milliseconds.
pub fn parse_duration(text: &str) -> Result<Duration, UnitError> {
    duration(text).map_err(|flaw| UnitError {
        found: shortened(text),
        flaw,
        allowed: DURATION_FORM,
    })
}

/// The shortest exact form: the largest unit that divides the size, powers of 1024 first.
pub fn format_size(bytes: u64) -> String {
    let fitting = |units: &'static [(&'static str, u64)]| {
        units
            .iter()
            .find(|(_, factor)| bytes >= *factor && bytes.is_multiple_of(*factor))
    };
    match fitting(BINARY).or_else(|| fitting(DECIMAL)) {
        Some((unit, factor)) => format!("{}{unit}", bytes / factor),
        None => format!("{bytes}B"),
    }
}

/// The sum of terms from days to milliseconds, without those that are zero; finer parts are cut off.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_millis();
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut text = String::new();
    for (unit, factor) in DURATIONS {
        let (count, left) = (rest / u128::from(*factor), rest % u128::from(*factor));
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
        rest = left;
    }
    text
}

/// At most 60 characters of what was written, so that a message stays a line.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}...", &text[..at]),
        None => text.to_owned(),
    }
}

const BINARY: &[(&str, u64)] = &[
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
];
const DECIMAL: &[(&str, u64)] = &[("GB", 1_000_000_000), ("MB", 1_000_000), ("KB", 1_000)];
/// In milliseconds, falling.
const DURATIONS: &[(&str, u64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

fn size(text: &str) -> Result<u64, Flaw> {
    let (count, unit) = leading_number(text)?;
    let factor = match unit {
        "" | "B" => 1,
        _ => BINARY
            .iter()
            .chain(DECIMAL)
            .find_map(|(name, factor)| (*name == unit).then_some(*factor))
            .ok_or_else(|| Flaw::Unit(shortened(unit)))?,
    };
    count.checked_mul(factor).ok_or(Flaw::Overflow)
}

fn duration(text: &str) -> Result<Duration, Flaw> {
    let mut rest = text;
    let mut units = DURATIONS;
    let mut millis = 0_u64;
    loop {
        let (count, tail) = leading_number(rest)?;
        let end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(end);
        if unit.is_empty() {
            return Err(Flaw::NoUnit);
        }
        // Only the units below the last one are left to choose from.
        let Some(at) = units.iter().position(|(name, _)| *name == unit) else {
            let known = DURATIONS.iter().any(|(name, _)| *name == unit);
            let unit = shortened(unit);
            return Err(if known {
                Flaw::Order(unit)
            } else {
                Flaw::Unit(unit)
            });
        };
        let factor = units[at].1;
        millis = count
            .checked_mul(factor)
            .and_then(|term| millis.checked_add(term))
            .ok_or(Flaw::Overflow)?;
        units = &units[at + 1..];
        rest = tail;
        if rest.is_empty() {
            return Ok(Duration::from_millis(millis));
        }
    }
}

fn leading_number(text: &str) -> Result<(u64, &str), Flaw> {
    let end = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    if digits.is_empty() {
        return Err(Flaw::NoDigits);
    }
    if rest.starts_with('.') {
        return Err(Flaw::Fraction);
    }
    // Only digits are left, so the one way to fail is size.
    let number = digits.parse().map_err(|_| Flaw::Overflow)?;
    Ok((number, rest))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn sizes() {
        let unit = |text: &str| Err(Flaw::Unit(text.to_owned()));
        for (text, expected) in [
            ("0", Ok(0)),
            ("1024", Ok(1024)),
            ("7B", Ok(7)),
            ("64KiB", Ok(65_536)),
            ("256MiB", Ok(268_435_456)),
            ("1GiB", Ok(1_073_741_824)),
            ("1TiB", Ok(1_099_511_627_776)),
            ("2KB", Ok(2_000)),
            ("2MB", Ok(2_000_000)),
            ("2GB", Ok(2_000_000_000)),
            ("18446744073709551615", Ok(u64::MAX)),
            ("18446744073709551616", Err(Flaw::Overflow)),
            ("16777216TiB", Err(Flaw::Overflow)),
            ("", Err(Flaw::NoDigits)),
            ("MiB", Err(Flaw::NoDigits)),
            ("-1MiB", Err(Flaw::NoDigits)),
            (" 1MiB", Err(Flaw::NoDigits)),
            ("1 MiB", unit(" MiB")),
            ("1mib", unit("mib")),
            ("1.5GiB", Err(Flaw::Fraction)),
            ("1MiB1KiB", unit("MiB1KiB")),
            ("1TB", unit("TB")),
            ("٣MiB", Err(Flaw::NoDigits)),
        ] {
            assert_eq!(parse_size(text).map_err(|e| e.flaw), expected, "{text}");
        }
    }

    #[test]
    fn durations() {
        let unit = |text: &str| Err(Flaw::Unit(text.to_owned()));
        let order = |text: &str| Err(Flaw::Order(text.to_owned()));
        for (text, expected) in [
            ("0s", Ok(0)),
            ("500ms", Ok(500)),
            ("10s", Ok(10_000)),
            ("5m", Ok(300_000)),
            ("2h", Ok(7_200_000)),
            ("1d", Ok(86_400_000)),
            ("1h30m", Ok(5_400_000)),
            ("1d2h3m4s5ms", Ok(93_784_005)),
            ("90m", Ok(5_400_000)),
            ("30m1h", order("h")),
            ("1s1s", order("s")),
            ("5ms1s", order("s")),
            ("10", Err(Flaw::NoUnit)),
            ("1h30", Err(Flaw::NoUnit)),
            ("", Err(Flaw::NoDigits)),
            ("s", Err(Flaw::NoDigits)),
            ("-1s", Err(Flaw::NoDigits)),
            ("1.5s", Err(Flaw::Fraction)),
            ("1m1.5s", Err(Flaw::Fraction)),
            ("1h 30m", unit("h ")),
            ("3 parrots", unit(" parrots")),
            ("10S", unit("S")),
            ("1y", unit("y")),
            ("18446744073709551615ms", Ok(u64::MAX)),
            ("18446744073709551616ms", Err(Flaw::Overflow)),
            ("18446744073709551615s", Err(Flaw::Overflow)),
            ("18446744073709551s616ms", Err(Flaw::Overflow)),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(parse_duration(text).map_err(|e| e.flaw), expected, "{text}");
        }
    }

    #[test]
    fn messages_say_what_was_found_and_what_is_allowed() {
        assert_eq!(
            parse_size("12 parrots").unwrap_err().to_string(),
            "found \"12 parrots\", whose unit \" parrots\" is not known; allowed: digits and a unit \
             (B, KiB, MiB, GiB, TiB, KB, MB, GB), or a whole number of bytes"
        );
        assert_eq!(
            parse_duration("10").unwrap_err().to_string(),
            "found \"10\", which has no unit; allowed: digits and a unit (d, h, m, s, ms), or a sum \
             in that order such as \"1h30m\""
        );
        let long = parse_size(&"é".repeat(1_000)).unwrap_err().to_string();
        assert!(long.contains("...") && long.len() < 300, "{long}");
    }

    #[test]
    fn the_printed_form_is_the_short_one() {
        for (bytes, text) in [
            (0, "0B"),
            (1, "1B"),
            (1_025, "1025B"),
            (1 << 20, "1MiB"),
            (3 << 19, "1536KiB"),
            (5_000_000, "5MB"),
        ] {
            assert_eq!(format_size(bytes), text);
        }
        for (millis, text) in [
            (0, "0s"),
            (90_000, "1m30s"),
            (1_001, "1s1ms"),
            (604_800_000, "7d"),
        ] {
            assert_eq!(format_duration(Duration::from_millis(millis)), text);
        }
    }

    proptest! {
        #[test]
        fn what_is_printed_parses_back(number: u64, shift in 0_u32..64) {
            let number = number >> shift;
            prop_assert_eq!(parse_size(&format_size(number)), Ok(number));
            let duration = Duration::from_millis(number);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn no_text_panics(text in ".{0,40}", near in "[0-9]{0,22}[a-zA-Z.é ]{0,4}[0-9]{0,3}[dhms]{0,2}") {
            for text in [text, near] {
                let _ = parse_size(&text);
                let _ = parse_duration(&text);
            }
        }
    }
}
