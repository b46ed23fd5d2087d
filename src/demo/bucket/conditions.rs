//! Preconditions and ranges of a read, as a function of the object and the request.
//!
//! Order of evaluation: RFC 9110 section 13.2.2, steps 1 to 5. Nothing here knows about HTTP
//! messages; [`Conditions`] holds what a GET or HEAD said.

use std::ops;

use s3s::dto::{ETag, ETagCondition, GetObjectInput, HeadObjectInput, Range, Timestamp};
use time::OffsetDateTime;

/// What a read asked for beyond its key.
#[derive(Clone, Debug, Default)]
pub(super) struct Conditions {
    pub(super) if_match: Option<ETagCondition>,
    pub(super) if_unmodified_since: Option<OffsetDateTime>,
    pub(super) if_none_match: Option<ETagCondition>,
    pub(super) if_modified_since: Option<OffsetDateTime>,
    pub(super) if_range: Option<String>,
    pub(super) range: Option<Range>,
}

/// What becomes of the read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// 200.
    Whole,
    /// 206 with these bytes, never empty.
    Part(ops::Range<u64>),
    /// 304.
    NotModified,
    /// 412, and the field that failed.
    Failed(&'static str),
    /// 416.
    Unsatisfiable,
}

impl Conditions {
    /// Judges a read of an object with this entity tag, modification time and length in bytes.
    pub(super) fn judge(&self, etag: &ETag, modified: OffsetDateTime, length: u64) -> Outcome {
        if let Some(wanted) = &self.if_match {
            if !wanted.as_etag().is_none_or(|tag| tag.strong_cmp(etag)) {
                return Outcome::Failed("If-Match");
            }
        } else if self.if_unmodified_since.is_some_and(|at| modified > at) {
            return Outcome::Failed("If-Unmodified-Since");
        }
        if let Some(known) = &self.if_none_match {
            if known.as_etag().is_none_or(|tag| tag.weak_cmp(etag)) {
                return Outcome::NotModified;
            }
        } else if self.if_modified_since.is_some_and(|at| modified <= at) {
            return Outcome::NotModified;
        }
        let Some(range) = self
            .range
            .filter(|_| self.range_still_holds(etag, modified))
        else {
            return Outcome::Whole;
        };
        match range.check(length) {
            // A suffix of an empty object has no byte to send.
            Ok(bytes) if !bytes.is_empty() => Outcome::Part(bytes),
            _ => Outcome::Unsatisfiable,
        }
    }

    /// If-Range: RFC 9110 section 13.1.5, strong comparison, exact dates.
    fn range_still_holds(&self, etag: &ETag, modified: OffsetDateTime) -> bool {
        let Some(validator) = &self.if_range else {
            return true;
        };
        match ETag::parse_http_header(validator.as_bytes()) {
            Ok(tag) => tag.strong_cmp(etag),
            Err(_) => Timestamp::parse(s3s::dto::TimestampFormat::HttpDate, validator)
                .is_ok_and(|at| OffsetDateTime::from(at) == modified),
        }
    }
}

impl From<&GetObjectInput> for Conditions {
    fn from(input: &GetObjectInput) -> Self {
        Self {
            if_match: input.if_match.clone(),
            if_unmodified_since: input.if_unmodified_since.clone().map(Into::into),
            if_none_match: input.if_none_match.clone(),
            if_modified_since: input.if_modified_since.clone().map(Into::into),
            if_range: None,
            range: input.range,
        }
    }
}

impl From<&HeadObjectInput> for Conditions {
    fn from(input: &HeadObjectInput) -> Self {
        Self {
            if_match: input.if_match.clone(),
            if_unmodified_since: input.if_unmodified_since.clone().map(Into::into),
            if_none_match: input.if_none_match.clone(),
            if_modified_since: input.if_modified_since.clone().map(Into::into),
            if_range: None,
            range: input.range,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const T: i64 = 1_700_000_000;

    fn at(secs: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(secs).unwrap()
    }

    fn tag(text: &str) -> Option<ETagCondition> {
        Some(text.parse().unwrap())
    }

    fn judge(conditions: Conditions) -> Outcome {
        conditions.judge(&ETag::Strong("v1".into()), at(T), 100)
    }

    #[test]
    fn preconditions_follow_rfc_9110_section_13_2_2() {
        let none = Conditions::default;
        use Outcome::{Failed, NotModified, Whole};
        let table = [
            ("nothing asked", none(), Whole),
            (
                "1 If-Match hit",
                Conditions {
                    if_match: tag("\"v1\""),
                    ..none()
                },
                Whole,
            ),
            (
                "1 If-Match any",
                Conditions {
                    if_match: tag("*"),
                    ..none()
                },
                Whole,
            ),
            (
                "1 If-Match miss",
                Conditions {
                    if_match: tag("\"v2\""),
                    ..none()
                },
                Failed("If-Match"),
            ),
            (
                "1 If-Match is strong",
                Conditions {
                    if_match: tag("W/\"v1\""),
                    ..none()
                },
                Failed("If-Match"),
            ),
            (
                "1 beats 2",
                Conditions {
                    if_match: tag("\"v1\""),
                    if_unmodified_since: Some(at(T - 1)),
                    ..none()
                },
                Whole,
            ),
            (
                "2 same second",
                Conditions {
                    if_unmodified_since: Some(at(T)),
                    ..none()
                },
                Whole,
            ),
            (
                "2 changed since",
                Conditions {
                    if_unmodified_since: Some(at(T - 1)),
                    ..none()
                },
                Failed("If-Unmodified-Since"),
            ),
            (
                "3 known",
                Conditions {
                    if_none_match: tag("\"v1\""),
                    ..none()
                },
                NotModified,
            ),
            (
                "3 is weak",
                Conditions {
                    if_none_match: tag("W/\"v1\""),
                    ..none()
                },
                NotModified,
            ),
            (
                "3 any",
                Conditions {
                    if_none_match: tag("*"),
                    ..none()
                },
                NotModified,
            ),
            (
                "3 unknown",
                Conditions {
                    if_none_match: tag("\"v2\""),
                    ..none()
                },
                Whole,
            ),
            (
                "3 beats 4",
                Conditions {
                    if_none_match: tag("\"v2\""),
                    if_modified_since: Some(at(T)),
                    ..none()
                },
                Whole,
            ),
            (
                "4 same second",
                Conditions {
                    if_modified_since: Some(at(T)),
                    ..none()
                },
                NotModified,
            ),
            (
                "4 changed since",
                Conditions {
                    if_modified_since: Some(at(T - 1)),
                    ..none()
                },
                Whole,
            ),
            (
                "1 then 3",
                Conditions {
                    if_match: tag("\"v1\""),
                    if_none_match: tag("\"v1\""),
                    ..none()
                },
                NotModified,
            ),
            (
                "3 beats the range",
                Conditions {
                    if_none_match: tag("\"v1\""),
                    range: Range::parse("bytes=0-0").ok(),
                    ..none()
                },
                NotModified,
            ),
        ];
        for (rule, conditions, expected) in table {
            assert_eq!(judge(conditions), expected, "{rule}");
        }
    }

    #[test]
    fn if_range_switches_a_stale_range_off() {
        let with = |validator: String| Conditions {
            range: Range::parse("bytes=10-19").ok(),
            if_range: Some(validator),
            ..Conditions::default()
        };
        let date = |secs| {
            let mut text = Vec::new();
            Timestamp::from(at(secs))
                .format(s3s::dto::TimestampFormat::HttpDate, &mut text)
                .unwrap();
            String::from_utf8(text).unwrap()
        };
        assert_eq!(judge(with("\"v1\"".into())), Outcome::Part(10..20));
        assert_eq!(judge(with(date(T))), Outcome::Part(10..20));
        for stale in [
            "\"v2\"".into(),
            "W/\"v1\"".into(),
            date(T - 1),
            date(T + 1),
            "nonsense".into(),
        ] {
            assert_eq!(judge(with(stale)), Outcome::Whole);
        }
    }

    proptest! {
        /// Every range agrees with plain arithmetic over the positions of the object.
        #[test]
        fn ranges_agree_with_naive_slicing(length in 0_u64..40, first in 0_u64..50, extra in 0_u64..50, kind in 0..3) {
            let (text, wanted): (String, Vec<u64>) = match kind {
                0 => (format!("bytes={first}-{}", first + extra), (first..=first + extra).collect()),
                1 => (format!("bytes={first}-"), (first..).take(100).collect()),
                _ => (format!("bytes=-{extra}"), (length.saturating_sub(extra)..length).collect()),
            };
            let present: Vec<u64> = wanted.into_iter().filter(|at| *at < length).collect();
            let conditions = Conditions { range: Range::parse(&text).ok(), ..Conditions::default() };
            let outcome = conditions.judge(&ETag::Strong("v1".into()), at(T), length);
            let expected = match (present.first(), present.last()) {
                (Some(first), Some(last)) => Outcome::Part(*first..last + 1),
                _ => Outcome::Unsatisfiable,
            };
            prop_assert_eq!(outcome, expected, "{} of {}", text, length);
        }
    }
}
