//! What an operator adds to answers and takes from them on their way to a viewer: cross-origin sharing,
//! security fields, fields of one's own.
//!
//! It is applied to each answer as it leaves, whatever it comes from, so a stored copy knows nothing of it
//! and a reload holds for what is stored at once. What decides about storing has been decided before:
//! `Cache-Control` as it is set here is for browsers, and changes nothing about how long the edge keeps an
//! answer. All values are made when the configuration is read.

pub mod cors;
pub mod names;
pub mod origins;
mod presets;

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};

use self::cors::{Cors, PreflightError};
use crate::semantics::directives::Directives;

/// Policies in one configuration.
pub const MOST_POLICIES: usize = 100;

/// A response headers policy.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ResponseHeaders {
    /// Its name in the configuration, or that of a preset.
    pub name: String,
    /// Cross-origin sharing.
    pub cors: Option<Cors>,
    /// Fields that are set, each name once.
    pub set: Vec<SetField>,
    /// Fields of the origin that go. What is also set is set after that.
    pub remove: Vec<HeaderName>,
}

/// A field that is set.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SetField {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
    /// Whether it takes the place of what the origin sent under its name; else that stays.
    pub replaces: bool,
}

/// What the fields of an answer are so far.
#[derive(Debug)]
pub enum Source {
    /// All that the origin sent, or that is stored of it.
    Whole,
    /// A 304, which repeats a few fields of the answer that it stands for (RFC 9110 section 15.4.5). A
    /// browser puts the fields of a 304 in the place of those it has (RFC 9111 section 3.2), so it must
    /// carry what that answer would. `None`: the origin's own 304, and what it stands for is not known.
    Unchanged(Option<HeaderMap>),
    /// The edge worded it itself, and what it says of it stays: no policy makes an error cacheable.
    Edge,
}

impl SetField {
    /// Whether it would have browsers keep an answer: what is meant for an object is not meant for the
    /// 404 that stands where it is going to be.
    fn permits_keeping(&self) -> bool {
        if self.name != header::CACHE_CONTROL {
            return false;
        }
        let mut field = HeaderMap::new();
        field.insert(header::CACHE_CONTROL, self.value.clone());
        let said = Directives::of(&field);
        !(said.no_store || said.no_cache)
    }
}

impl ResponseHeaders {
    /// Judges a preflight; `None` if the request is none, or the policy says nothing of sharing.
    #[must_use]
    pub fn preflight(
        &self,
        method: &Method,
        viewer: &HeaderMap,
    ) -> Option<Result<(), PreflightError>> {
        self.cors.as_ref()?.preflight(method, viewer)
    }

    /// Takes out of an origin's answer what is said by the edge alone, before it is stored.
    pub fn before_storing(&self, answer: &mut HeaderMap) {
        if let Some(cors) = &self.cors {
            cors.strip(answer);
        }
    }

    /// Changes the fields of an answer to this request, which has this status.
    pub fn apply(
        &self,
        method: &Method,
        viewer: &HeaderMap,
        status: StatusCode,
        answer: &mut HeaderMap,
        source: &Source,
    ) {
        let failed = status.as_u16() >= 400;
        if !matches!(source, Source::Edge) {
            for name in &self.remove {
                answer.remove(name);
            }
        }
        for field in &self.set {
            let stays = match source {
                Source::Whole => !field.replaces && answer.contains_key(&field.name),
                Source::Edge => answer.contains_key(&field.name),
                // The browser has what the origin sent with the whole answer, and keeps it.
                Source::Unchanged(Some(whole)) => {
                    let removed = self.remove.contains(&field.name);
                    !field.replaces && !removed && whole.contains_key(&field.name)
                }
                Source::Unchanged(None) => !field.replaces,
            };
            if stays || (failed && field.permits_keeping()) {
                continue;
            }
            answer.insert(&field.name, field.value.clone());
        }
        if let Some(cors) = &self.cors {
            cors.apply(method, viewer, answer, source);
        }
    }
}

#[cfg(test)]
mod tests;
