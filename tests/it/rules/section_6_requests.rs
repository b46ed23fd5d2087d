//! 6. What a viewer's Cache-Control asks for, where it is honoured.

use super::words::takes;
use super::{Row, hold};

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("6", "RFC 9111 5.2.1", || takes("", 30, 60), "as it is"),
    ("6", "RFC 9111 5.2.1.4", || takes("cache-control: no-cache", 0, 60), "validated"),
    ("6", "RFC 9111 5.2.1.4", || takes("cache-control: foo, No-Cache", 0, 60), "validated"),
    ("6", "RFC 9111 5.2.1.1", || takes("cache-control: max-age=0", 0, 60), "validated"),
    ("6", "RFC 9111 5.2.1.1", || takes("cache-control: max-age=30", 30, 60), "as it is"),
    ("6", "RFC 9111 5.2.1.1", || takes("cache-control: max-age=29", 30, 60), "validated"),
    ("6", "RFC 9111 5.2.1.1", || takes("cache-control: max-age=90, max-age=9", 30, 60), "validated"),
    ("6", "policy", || takes("cache-control: max-age=x", 30, 60), "as it is"),
    ("6", "RFC 9111 5.2.1.3", || takes("cache-control: min-fresh=30", 30, 60), "as it is"),
    ("6", "RFC 9111 5.2.1.3", || takes("cache-control: min-fresh=31", 30, 60), "validated"),
    ("6", "RFC 9111 5.2.1.3", || takes("cache-control: min-fresh=99999999999", 30, 60), "validated"),
    ("6", "policy", || takes("cache-control: max-stale=1000", 30, 60), "as it is"),
    ("6", "RFC 9111 5.2.1.5", || takes("cache-control: no-store", 0, 60), "from the origin, not stored"),
    ("6", "RFC 9111 5.4", || takes("pragma: no-cache", 0, 60), "validated"),
    ("6", "RFC 9111 5.4", || takes("pragma: x, No-Cache", 0, 60), "validated"),
    ("6", "RFC 9111 5.4", || takes("pragma: no-cache\ncache-control: max-age=60", 0, 60), "as it is"),
    ("6", "RFC 9111 5.4", || takes("pragma: no-cache\ncache-control: foo", 0, 60), "as it is"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
