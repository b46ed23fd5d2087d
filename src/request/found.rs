//! What was found for a request, and in what guise it is sent.
//!
//! Between finding and answering a request may still take another way: a 404 may become a page. So what
//! was found is a value, and nothing has been counted or logged of it yet.

use std::sync::Arc;

use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use super::answer::{Cost, How};
use super::refusal::Refusal;
use crate::fill::Live;
use crate::origin::OriginResponse;
use crate::policy::redirects::Redirect;
use crate::semantics::age::Instant;
use crate::semantics::reason::Reason;
use crate::store::entry::Entry;
use crate::verdict::Verdict;

/// What was found, and how it came about.
pub(super) struct Found {
    pub(super) what: What,
    pub(super) how: How,
}

pub(super) enum What {
    /// A stored answer, as of that instant; the Set-Cookie lines are of this request alone.
    Stored(Arc<Entry>, Instant, Vec<HeaderValue>),
    /// What a fill brought for this request alone.
    Live(Live),
    /// An origin's answer as it comes.
    Passed(OriginResponse),
    /// No answer.
    Refused(Refusal),
    /// It is there, with this status.
    Redirected(StatusCode, HeaderValue),
}

impl Found {
    pub(super) const fn stored(entry: Arc<Entry>, now: Instant, how: How) -> Self {
        let what = What::Stored(entry, now, Vec::new());
        Self { what, how }
    }

    pub(super) const fn refused(refusal: Refusal, how: How) -> Self {
        let what = What::Refused(refusal);
        Self { what, how }
    }

    /// Where a rule of the distribution sends a request.
    pub(super) fn by_rule(redirect: Redirect) -> Self {
        let mut how = How::new(Verdict::Serve, Cost::Nothing, None);
        how.detail = Some(Reason::RedirectRule);
        // What a rule makes of a request is visible ASCII.
        let what = match HeaderValue::from_str(&redirect.location) {
            Ok(location) => What::Redirected(redirect.status, location),
            Err(_) => What::Refused(Refusal::Internal),
        };
        Self { what, how }
    }

    /// With Set-Cookie lines that belong to whoever gets this answer.
    pub(super) fn with_cookies(mut self, lines: Vec<HeaderValue>) -> Self {
        if let What::Stored(_, _, cookies) = &mut self.what {
            *cookies = lines;
        }
        self
    }

    /// Its status before conditions and ranges.
    pub(super) fn status(&self) -> StatusCode {
        match &self.what {
            What::Stored(entry, ..) => entry.head.status,
            What::Live(live) => live.response.status,
            What::Passed(response) => response.status,
            What::Refused(refusal) => refusal.status(),
            What::Redirected(status, _) => *status,
        }
    }

    /// Why it is what it is.
    pub(super) fn reason(&self) -> Option<Reason> {
        match &self.what {
            What::Refused(refusal) => Some(refusal.reason()),
            What::Stored(entry, ..) => self.how.detail.or(entry.detail),
            What::Passed(response) => response.detail.or(self.how.detail),
            What::Live(live) => live.response.detail.or(self.how.detail),
            What::Redirected(..) => self.how.detail,
        }
    }

    /// Whether it is the failure of an origin, or the edge's own word: nobody's to keep.
    pub(super) fn is_fleeting(&self) -> bool {
        matches!(self.what, What::Refused(_)) || self.status().is_server_error()
    }

    /// A field that a status may not be without, of what is not sent itself.
    fn field(&self, name: &HeaderName) -> Option<HeaderValue> {
        match &self.what {
            What::Stored(entry, ..) => {
                let value = entry.head.fields.first(name)?;
                HeaderValue::from_bytes(value).ok()
            }
            What::Live(live) => live.response.headers.get(name).cloned(),
            What::Passed(response) => response.headers.get(name).cloned(),
            What::Refused(refusal) => refusal.field(name),
            What::Redirected(..) => None,
        }
    }
}

/// The guise in which a page is sent instead of something else.
pub(super) struct Guise {
    pub(super) status: StatusCode,
    /// What the status cannot be without: Allow with 405 (RFC 9110 section 15.5.6), Retry-After.
    carried: Vec<(HeaderName, HeaderValue)>,
    fleeting: bool,
}

impl Guise {
    pub(super) fn of(instead: &Found, status: StatusCode) -> Self {
        let carried = match instead.status() == status {
            true => [header::ALLOW, header::RETRY_AFTER]
                .into_iter()
                .filter_map(|name| instead.field(&name).map(|value| (name, value)))
                .collect(),
            false => Vec::new(),
        };
        Self {
            status,
            carried,
            fleeting: instead.is_fleeting(),
        }
    }

    /// Makes a page's fields those of the guise.
    ///
    /// As anything but a success it has no validators and no ranges. Validators are about the selected
    /// representation of the *target* (RFC 9110 section 8.8), and an error says that there is none: a
    /// cache that kept the page's ETag under that target could take a later 304, or another object with
    /// the same bytes, for the error being confirmed.
    pub(super) fn put_on(&self, headers: &mut HeaderMap) {
        if !self.status.is_success() {
            for name in [header::ETAG, header::LAST_MODIFIED, header::ACCEPT_RANGES] {
                headers.remove(name);
            }
        }
        if self.fleeting {
            headers.remove(header::EXPIRES);
            headers.remove("cdn-cache-control");
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        for (name, value) in &self.carried {
            headers.insert(name, value.clone());
        }
    }
}
