//! The rules of the keys about sites: what stands in for what is no object, and what is answered where
//! nothing is.

use std::borrow::Cow;
use std::path::PathBuf;

use http::StatusCode;
use serde_json::{Value, json};

use super::{Switch, Text, Words, texts};
use crate::config::rule::{Refusal, Rule};
use crate::semantics::target;

/// What `index` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::config) enum Index {
    /// `/` alone has one.
    RootOnly,
    /// Every directory has.
    Directories,
}

pub(in crate::config) const INDEX: Words<Index> = Words {
    words: &[
        ("root-only", Index::RootOnly),
        ("directories", Index::Directories),
    ],
    default: 0,
};
pub(in crate::config) const CLEAN_URLS: Switch = Switch { default: false };
pub(in crate::config) const SPA: Text<Option<String>> = Text {
    default: Some(""),
    allowed: "\"\" for none, or the path of an object: a `/` first, at most 1024 bytes, no query, no `.` or `..` segment",
    pattern: Some("^$|^/[^?#]*$"),
    read: optional_page,
};
pub(in crate::config) const REDIRECTS: Text<Option<PathBuf>> = Text {
    default: Some(""),
    allowed: "\"\" for none, or the path of a file",
    pattern: None,
    read: texts::optional_path,
};
pub(in crate::config) const PAGE: Text<String> = Text {
    default: None,
    allowed: "the path of a page: a `/` first, at most 1024 bytes, no query, no `.` or `..` segment",
    pattern: Some("^/[^?#]*$"),
    read: page,
};
/// CloudFront's (`GeneratingCustomErrorResponses.html`), and 410.
pub(in crate::config) const STATUS: Status = Status {
    statuses: &[400, 403, 404, 405, 410, 414, 416, 500, 501, 502, 503, 504],
};
pub(in crate::config) const AS_STATUS: Status = Status {
    statuses: &[
        200, 400, 403, 404, 405, 410, 414, 416, 500, 501, 502, 503, 504,
    ],
};
/// Statuses that are remembered although the origin gave them no lifetime.
pub(in crate::config) const REMEMBERED: &[u16] = &[404, 410, 414];
/// Error responses of one behaviour: one for each status.
pub(in crate::config) const MOST_ERRORS: usize = STATUS.statuses.len();
pub(in crate::config) const ERRORS_ALLOWED: &str =
    "a list of { status, page, as_status, ttl }, at most one for each status";

/// The longest path of a page, in bytes, as of an object's key.
const LONGEST_PAGE: usize = 1_024;

/// One of some statuses.
pub(in crate::config) struct Status {
    statuses: &'static [u16],
}

impl Rule for Status {
    type Written = i64;
    type Meant = StatusCode;

    fn read(&self, written: &i64) -> Result<StatusCode, Refusal> {
        u16::try_from(*written)
            .ok()
            .filter(|status| self.statuses.contains(status))
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or_else(|| Refusal::plain(format!("found {written}")))
    }

    fn default(&self) -> Option<StatusCode> {
        None
    }

    fn allowed(&self) -> String {
        let words: Vec<String> = self.statuses.iter().map(ToString::to_string).collect();
        words.join(", ")
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        vec![("enum", json!(self.statuses))]
    }
}

fn optional_page(text: &str) -> Result<Option<String>, Cow<'static, str>> {
    match text {
        "" => Ok(None),
        text => page(text).map(Some),
    }
}

/// The canonical path.
fn page(text: &str) -> Result<String, Cow<'static, str>> {
    if !text.starts_with('/') {
        return Err("does not begin with `/`".into());
    }
    if text.len() > LONGEST_PAGE {
        return Err("is longer than 1024 bytes".into());
    }
    if text.contains('?') {
        return Err("has a query".into());
    }
    match target::canonical(text) {
        Ok(path) => Ok(path.into_owned()),
        Err(error) => Err(format!("is no path of an object: {error}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_path_in_its_one_spelling() {
        let long = format!("/{}", "x".repeat(LONGEST_PAGE));
        for (text, expected) in [
            ("/404.html", Some("/404.html")),
            ("/%66ehler%20seite", Some("/fehler%20seite")),
            ("404.html", None),
            ("https://a.test/", None),
            ("/a?b", None),
            ("/../a", None),
            ("/a b", None),
            ("", None),
            (&long[..LONGEST_PAGE], Some(&long[..LONGEST_PAGE])),
            (&long, None),
        ] {
            assert_eq!(page(text).ok().as_deref(), expected, "{text}");
        }
    }
}
