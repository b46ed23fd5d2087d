//! 3. How old is it?

use super::words::age;
use super::{Row, hold};

fn field(value: &str) -> String {
    age(&format!("age: {value}"), 0, 0)
}

// A row a line, so that the rules read as a list.
#[rustfmt::skip]
pub(super) const ROWS: &[Row] = &[
    ("3", "RFC 9111 4.2.3", || age("", 0, 0), "0"),
    ("3", "RFC 9111 4.2.3", || age("", 0, 7), "7"),
    ("3", "RFC 9111 4.2.3", || age("", 3, 7), "10"),
    ("3", "RFC 9111 4.2.3", || age("age: 5", 3, 7), "15"),
    ("3", "RFC 9111 4.2.3", || age("date: Tue, 30 Jun 2026 23:59:00 GMT", 0, 7), "67"),
    ("3", "RFC 9111 4.2.3", || age("date: Tue, 30 Jun 2026 23:59:00 GMT\nage: 90", 0, 0), "90"),
    ("3", "RFC 9111 4.2.3", || age("date: Tue, 30 Jun 2026 23:59:00 GMT\nage: 50", 3, 0), "60"),
    ("3", "RFC 9111 4.2.3", || age("date: Thu, 02 Jul 2026 00:00:00 GMT", 0, 0), "0"),
    ("3", "RFC 9110 6.6.1", || age("date: yesterday", 0, 4), "4"),
    ("3", "RFC 9111 5.1", || field("007"), "7"),
    ("3", "RFC 9111 5.1", || field("7, 9"), "7"),
    ("3", "RFC 9111 5.1", || field("7\nage: 9"), "7"),
    ("3", "RFC 9111 5.1", || field("-7"), "0"),
    ("3", "RFC 9111 5.1", || field("+7"), "0"),
    ("3", "RFC 9111 5.1", || field("7.5"), "0"),
    ("3", "RFC 9111 5.1", || field("7;a=1"), "0"),
    ("3", "RFC 9111 5.1", || field("x"), "0"),
    ("3", "RFC 9111 1.2.2", || field("2147483648"), "2147483648"),
    ("3", "RFC 9111 1.2.2", || field("99999999999999999999"), "2147483648"),
    ("3", "RFC 9111 4.2.3", || age("age: 99999999999999999999", 0, 10), "2147483658"),
];

#[test]
fn the_rows_hold() {
    hold(ROWS);
}
