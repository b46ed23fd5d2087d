//! 5. What may be served stale, when, and for how long?

use super::words::{cloudfront, lives, state, state_by};
use super::{Row, hold};

/// The state at age 65 of what lives for 60 seconds, where the operator allows a day on error.
fn at_65(directives: &str) -> String {
    state_by(&format!("cache-control: {directives}"), 65, &cloudfront())
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("5", "RFC 5861 3", || state("cache-control: max-age=60, stale-while-revalidate=10", 59), "fresh"),
    ("5", "RFC 5861 3", || state("cache-control: max-age=60, stale-while-revalidate=10", 60), "stale, while revalidating"),
    ("5", "RFC 5861 3", || state("cache-control: max-age=60, stale-while-revalidate=10", 70), "stale, while revalidating"),
    ("5", "RFC 5861 3", || state("cache-control: max-age=60, stale-while-revalidate=10", 71), "stale"),
    ("5", "RFC 5861 4", || state("cache-control: max-age=60, stale-if-error=10", 70), "stale, on error"),
    ("5", "RFC 5861 4", || state("cache-control: max-age=60, stale-if-error=10", 71), "stale"),
    ("5", "RFC 5861 4", || { state("cache-control: max-age=60, stale-while-revalidate=5, stale-if-error=10", 66) }, "stale, on error"),
    ("5", "RFC 9111 4.2.4", || at_65("max-age=60"), "stale, on error"),
    ("5", "RFC 9111 4.2.4", || state("cache-control: max-age=60", 65), "stale"),
    ("5", "RFC 5861 4", || at_65("max-age=60, stale-if-error=0"), "stale"),
    ("5", "RFC 5861 4", || at_65("max-age=60, stale-if-error=x"), "stale"),
    ("5", "RFC 9111 5.2.2.4", || at_65("max-age=60, no-cache, stale-if-error=10, stale-while-revalidate=10"), "stale"),
    ("5", "RFC 9111 5.2.2.2", || at_65("max-age=60, must-revalidate, stale-if-error=10, stale-while-revalidate=10"), "stale"),
    ("5", "RFC 9111 5.2.2.2", || at_65("max-age=60, must-revalidate=1, stale-if-error=10"), "stale"),
    ("5", "RFC 9111 5.2.2.8", || at_65("max-age=60, proxy-revalidate, stale-if-error=10, stale-while-revalidate=10"), "stale"),
    ("5", "RFC 9111 5.2.2.10", || at_65("s-maxage=60"), "stale"),
    ("5", "policy", || at_65("s-maxage=60, stale-if-error=10"), "stale, on error"),
    ("5", "policy", || at_65("s-maxage=60, stale-while-revalidate=10"), "stale, while revalidating"),
    ("5", "RFC 9213 2.2", || { state("cdn-cache-control: max-age=60\ncache-control: max-age=60, stale-if-error=10", 65) }, "stale"),
    ("5", "RFC 9213 2.2", || { state("cdn-cache-control: max-age=60, stale-if-error=10\ncache-control: must-revalidate", 65) }, "stale, on error"),
    ("5", "RFC 9111 5.2.2.4", || at_65("max-age=60, no-cache=\"x-a\", stale-if-error=10"), "stale"),
    ("5", "RFC 8246 2", || lives("cache-control: max-age=60, immutable"), "60 max-age"),
    ("5", "RFC 8246 2", || state("cache-control: max-age=60, immutable", 60), "stale"),
    ("5", "RFC 5861 3", || { state("cache-control: max-age=2147483648, stale-while-revalidate=99999999999", u64::MAX) }, "stale"),
    ("5", "RFC 5861 3", || { state("cache-control: max-age=60, stale-while-revalidate=9, stale-while-revalidate=3", 65) }, "stale"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
