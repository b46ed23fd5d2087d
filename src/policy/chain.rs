//! What a request may be answered with, one attempt after the other.
//!
//! Each attempt is an object of its own, with its own entry, lifetime and identity: nothing is stored
//! twice, and a purge of a page takes the page wherever it was sent. This file only says what comes
//! next; the request path makes the attempts.
//!
//! Invariants: a chain only goes forward, and has at most [`MAX_ATTEMPTS`]. What is answered with a page
//! was 404 before, or had a status with a page of its own. A page is never answered with another page.
//!
//! ```text
//! /about ─▶ /about.html ─404▶ /about ─404▶ /about/index.html? ─200▶ 302 to /about/
//!                                                 └─404▶ spa? ─▶ error page? ─▶ the 404 itself
//! ```

use std::borrow::Cow;

use http::StatusCode;

use super::navigation;
use super::site::{ENDING, INDEX, SiteRules};
use crate::semantics::reason::Reason;

/// Attempts of one request: two objects, the look for an index, and two pages.
pub const MAX_ATTEMPTS: usize = 5;

/// What a chain must know of its request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Asked<'p> {
    /// The canonical path of the object that it names; an HTTP origin's as it was sent.
    pub path: &'p str,
    /// Whether the root object stands for its path, which is then nothing's clean URL.
    pub root: bool,
    /// Whether it is a GET or HEAD.
    pub reads: bool,
    /// Whether it is a navigation.
    pub navigates: bool,
}

/// How an attempt ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// With this status.
    Status(StatusCode),
    /// It was not made: its path is another behaviour's.
    Elsewhere,
}

/// What comes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step<'p> {
    /// Ask for this object, as the viewer asked.
    Object(Cow<'p, str>),
    /// See whether this object is there.
    Look(String),
    /// Send the viewer to the path with a slash at its end.
    Redirect,
    /// Ask for this page; if it comes with 200, answer with it as this status.
    Page {
        /// Its path.
        path: &'p str,
        /// The status to send it with.
        as_status: StatusCode,
        /// Why it is sent.
        reason: Reason,
    },
    /// Answer with what the last object, or a failed look for an index, gave.
    Answer,
}

/// Where a request is on its chain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Chain {
    at: At,
    /// The status that is to be answered, unless something better comes.
    status: StatusCode,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    /// The object of the clean URL or of the directory was asked for.
    StandIn,
    /// The object of the path itself was.
    Itself,
    /// The index below it was.
    Looked,
    /// The page for navigations was.
    Spa,
    /// The error page was.
    Page,
}

impl Chain {
    /// The chain of a request for an object, and its first attempt.
    #[must_use]
    pub fn begin<'p>(rules: &SiteRules, asked: &Asked<'p>) -> (Self, Step<'p>) {
        let stand_in = match asked.path {
            _ if asked.root || !asked.reads => None,
            path if path.ends_with('/') => rules.directories.then_some(INDEX),
            path => (rules.clean_urls && navigation::may_be_a_page(path)).then_some(ENDING),
        };
        let (at, path) = match stand_in {
            Some(ending) => (At::StandIn, Cow::Owned(format!("{}{ending}", asked.path))),
            None => (At::Itself, Cow::Borrowed(asked.path)),
        };
        (Self::at(at), Step::Object(path))
    }

    /// The chain of a request that was refused with this status, and what comes next.
    #[must_use]
    pub fn refused<'p>(
        rules: &'p SiteRules,
        asked: &Asked<'p>,
        status: StatusCode,
    ) -> (Self, Step<'p>) {
        let mut chain = Self::at(At::Looked);
        let step = chain.failed(rules, asked, status);
        (chain, step)
    }

    /// What comes after an attempt that ended so.
    #[must_use]
    pub fn next<'p>(
        &mut self,
        rules: &'p SiteRules,
        asked: &Asked<'p>,
        outcome: Outcome,
    ) -> Step<'p> {
        let missing = matches!(
            outcome,
            Outcome::Elsewhere | Outcome::Status(StatusCode::NOT_FOUND)
        );
        let status = match outcome {
            Outcome::Status(status) => status,
            Outcome::Elsewhere => StatusCode::NOT_FOUND,
        };
        match self.at {
            // An index that is missing is missing: the path itself is no object that anybody means. If
            // another behaviour holds for the index, the path is like any other.
            At::StandIn
                if missing && (outcome == Outcome::Elsewhere || !asked.path.ends_with('/')) =>
            {
                self.at = At::Itself;
                Step::Object(Cow::Borrowed(asked.path))
            }
            At::Itself if missing && may_be_a_directory(rules, asked) => {
                self.at = At::Looked;
                Step::Look(format!("{}/{INDEX}", asked.path))
            }
            At::Looked if status.as_u16() < 400 => Step::Redirect,
            At::StandIn | At::Itself | At::Looked => self.failed(rules, asked, status),
            At::Spa => match rules.page_for(self.status) {
                Some(page) if rules.spa.as_deref() != Some(&page.path) => {
                    self.at = At::Page;
                    Step::Page {
                        path: &page.path,
                        as_status: page.as_status,
                        reason: Reason::ErrorPage,
                    }
                }
                _ => Step::Answer,
            },
            At::Page => Step::Answer,
        }
    }

    /// Whether what is answered to this status depends on the fields of [`navigation::FIELDS`]: so on
    /// both sides, the page and the 404.
    #[must_use]
    pub fn varies(rules: &SiteRules, asked: &Asked<'_>, status: StatusCode) -> bool {
        rules.spa.is_some()
            && status == StatusCode::NOT_FOUND
            && asked.reads
            && navigation::may_be_a_page(asked.path)
    }

    fn at(at: At) -> Self {
        Self {
            at,
            status: StatusCode::OK,
        }
    }

    /// What is answered with this status unless a page is.
    fn failed<'p>(
        &mut self,
        rules: &'p SiteRules,
        asked: &Asked<'p>,
        status: StatusCode,
    ) -> Step<'p> {
        self.status = status;
        if asked.navigates
            && Self::varies(rules, asked, status)
            && let Some(path) = rules.spa.as_deref()
        {
            self.at = At::Spa;
            return Step::Page {
                path,
                as_status: StatusCode::OK,
                reason: Reason::Spa,
            };
        }
        let Some(page) = rules.page_for(status) else {
            return Step::Answer;
        };
        self.at = At::Page;
        Step::Page {
            path: &page.path,
            as_status: page.as_status,
            reason: Reason::ErrorPage,
        }
    }
}

/// A Location that begins with two slashes would name another host (RFC 3986 section 4.2).
fn may_be_a_directory(rules: &SiteRules, asked: &Asked<'_>) -> bool {
    rules.directories
        && asked.reads
        && !asked.root
        && !asked.path.ends_with('/')
        && !asked.path.starts_with("//")
}

#[cfg(test)]
mod tests;
