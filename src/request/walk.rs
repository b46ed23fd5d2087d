//! *Walk*: the attempts of a request that site rules hold for, until one of them is the answer.
//!
//! [`Chain`] says what comes next, the engine makes the attempt, and the walk keeps what is to be
//! answered so far. It is the same at once, from memory, and where an origin must be waited for.
//!
//! Invariant: an attempt is a request for its path like any other. It is routed anew; an object is asked
//! for only by the behaviour that holds for the request *and* for the object, and a page by the behaviour
//! that holds for the page.

use http::{HeaderMap, HeaderValue, Method, Response, StatusCode, header};

use super::Engine;
use super::answer::{Asked, Cost, How};
use super::body::Body;
use super::found::{Found, Guise, What};
use super::refusal::Refusal;
use super::route::Keyed;
use crate::origin::upload::Upload;
use crate::policy::chain::{self, Chain, Outcome, Step};
use crate::policy::key::Key;
use crate::policy::navigation;
use crate::policy::site::SiteRules;
use crate::semantics::reason::Reason;
use crate::verdict::Verdict;

/// A request under site rules, on its way.
pub(super) struct Walk<'a> {
    asked: Asked<'a>,
    rules: &'a SiteRules,
    /// What it asks for; `None`: it was refused.
    keyed: Option<&'a Keyed<'a>>,
    about: chain::Asked<'a>,
    chain: Chain,
    step: Step<'a>,
    /// What is answered if nothing better comes.
    held: Option<(Option<Key>, Found)>,
    guise: Option<Guise>,
    /// Why what a page is sent instead of is what it is.
    instead: Option<Reason>,
    /// The dearest attempt so far.
    dearest: Option<How>,
    /// Whether what is answered depends on the fields of a navigation.
    varies: bool,
    /// The viewer's fields without its conditions and ranges, which are about what it asked for and not
    /// about a page; made when a page is asked for.
    plain: HeaderMap,
}

/// An attempt to be made.
enum Attempt<'a> {
    Itself(&'a Keyed<'a>),
    Another(Box<Keyed<'static>>),
}

impl Attempt<'_> {
    fn keyed(&self) -> &Keyed<'_> {
        match self {
            Self::Itself(keyed) => keyed,
            Self::Another(keyed) => keyed,
        }
    }
}

impl Engine {
    /// Answers from memory; `None`: something must be waited for.
    pub(super) fn walk_at_once(&self, walk: Walk<'_>) -> Option<Response<Body>> {
        let asked = walk.asked;
        let walked = walk.ahead(|asked, keyed| self.at_once(asked, keyed))?;
        Some(self.answer_walked(&asked, walked))
    }

    /// Answers, wherever it must be got.
    pub(super) async fn walk(
        &self,
        mut walk: Walk<'_>,
        mut upload: Option<Upload>,
    ) -> Response<Body> {
        while let Some(attempt) = walk.next() {
            let keyed = attempt.keyed();
            let found = self.attempt(&walk.asking(), keyed, upload.take()).await;
            walk.came(keyed, found);
        }
        let asked = walk.asked;
        self.answer_walked(&asked, walk.end())
    }

    fn answer_walked(&self, asked: &Asked<'_>, walked: Walked) -> Response<Body> {
        let Walked {
            key,
            found,
            guise,
            instead,
        } = walked;
        if let Some(why) = instead {
            self.metrics.reason(why);
        }
        self.answer(asked, key.as_ref(), found, guise.as_ref())
    }
}

/// Where a walk has led: what is answered, and in what guise.
pub(super) struct Walked {
    pub(super) key: Option<Key>,
    pub(super) found: Found,
    pub(super) guise: Option<Guise>,
    /// Why what a page is sent instead of is what it is.
    instead: Option<Reason>,
}

impl<'a> Walk<'a> {
    /// The walk of a request for an object.
    pub(super) fn of(asked: &Asked<'a>, keyed: &'a Keyed<'a>, rules: &'a SiteRules) -> Self {
        let about = about(asked, rules, &keyed.path, keyed.is_root());
        let (chain, step) = Chain::begin(rules, &about);
        Self {
            asked: *asked,
            rules,
            keyed: Some(keyed),
            about,
            chain,
            step,
            held: None,
            guise: None,
            instead: None,
            dearest: None,
            varies: false,
            plain: HeaderMap::new(),
        }
    }

    /// The walk of a request that was refused.
    pub(super) fn refused(asked: &Asked<'a>, refusal: Refusal, rules: &'a SiteRules) -> Self {
        let about = about(asked, rules, asked.uri.path(), false);
        let status = refusal.status();
        let (chain, step) = Chain::refused(rules, &about, status);
        let how = How::new(Verdict::Refuse, Cost::Nothing, None);
        Self {
            asked: *asked,
            rules,
            keyed: None,
            about,
            chain,
            step,
            held: Some((None, Found::refused(refusal, how))),
            guise: None,
            instead: None,
            dearest: None,
            varies: Chain::varies(rules, &about, status),
            plain: HeaderMap::new(),
        }
    }

    /// The attempt to be made; `None`: it is time to answer.
    fn next(&mut self) -> Option<Attempt<'a>> {
        loop {
            let attempt = match &self.step {
                Step::Object(path) => match self.keyed {
                    Some(keyed) if *path == self.about.path => Some(Attempt::Itself(keyed)),
                    _ => self.another(path),
                },
                Step::Look(path) => {
                    // Where it leads must be the same behaviour's too.
                    let folder = format!("{}/", self.about.path);
                    self.another(&folder).and_then(|_| self.another(path))
                }
                Step::Page { path, .. } => {
                    let keyed = Keyed::elsewhere(&self.asked, &Method::GET, path, None);
                    keyed.map(|keyed| Attempt::Another(Box::new(keyed)))
                }
                Step::Redirect | Step::Answer => return None,
            };
            if let Some(attempt) = attempt {
                if !matches!(self.step, Step::Object(_)) && self.plain.is_empty() {
                    self.plain = plain(self.asked.headers);
                }
                return Some(attempt);
            }
            self.step = self.chain.next(self.rules, &self.about, Outcome::Elsewhere);
        }
    }

    /// Another object of the same behaviour.
    fn another(&self, path: &str) -> Option<Attempt<'a>> {
        let keyed = Keyed::elsewhere(&self.asked, self.asked.method, path, self.asked.uri.query())?;
        let same = self.keyed.is_some_and(|own| keyed.has_the_behavior_of(own));
        same.then(|| Attempt::Another(Box::new(keyed)))
    }

    /// What the attempt asks: an object as the viewer does, a page for itself.
    fn asking(&self) -> Asked<'_> {
        match &self.step {
            Step::Object(_) => self.asked,
            _ => Asked {
                method: &Method::GET,
                headers: &self.plain,
                ..self.asked
            },
        }
    }

    /// Takes in what an attempt came to.
    fn came(&mut self, keyed: &Keyed<'_>, found: Found) {
        let status = found.status();
        self.dearest = Some(match self.dearest {
            Some(dearest) => dearest.or_dearer(found.how),
            None => found.how,
        });
        let key = Some(keyed.key.clone());
        match self.step {
            // Only what is stored was wanted: no page makes up for that.
            Step::Object(_) if matches!(found.what, What::Refused(Refusal::NotCached)) => {
                self.held = Some((key, found));
                self.step = Step::Answer;
                return;
            }
            Step::Object(_) => {
                self.varies = Chain::varies(self.rules, &self.about, status);
                self.held = Some((key, found));
            }
            // Whether there is an index is not known, and so not whether there is anything.
            Step::Look(_) if status.as_u16() >= 400 && status != StatusCode::NOT_FOUND => {
                self.varies = false;
                self.held = Some((key, found));
            }
            Step::Page {
                as_status, reason, ..
            } if status == StatusCode::OK => {
                if let Some((_, instead)) = self.held.take() {
                    self.instead = instead.reason();
                    self.guise = Some(Guise::of(&instead, as_status));
                }
                let mut found = found;
                found.how.detail = Some(reason);
                self.held = Some((key, found));
                self.step = Step::Answer;
                return;
            }
            // The error itself is answered then. CloudFront answers with the status of the page's fetch,
            // which says nothing about what was asked for.
            Step::Page { .. } => {
                if let Some((_, held)) = &mut self.held {
                    held.how.detail = held.how.detail.or(Some(Reason::PageMissing));
                }
            }
            Step::Look(_) | Step::Redirect | Step::Answer => {}
        }
        let outcome = Outcome::Status(status);
        self.step = self.chain.next(self.rules, &self.about, outcome);
    }

    /// Goes to the end; `None`: as far as `look` knows what an attempt comes to.
    pub(super) fn ahead(
        mut self,
        mut look: impl FnMut(&Asked<'_>, &Keyed<'_>) -> Option<Found>,
    ) -> Option<Walked> {
        while let Some(attempt) = self.next() {
            let keyed = attempt.keyed();
            let found = look(&self.asking(), keyed)?;
            self.came(keyed, found);
        }
        Some(self.end())
    }

    fn end(self) -> Walked {
        let (key, mut found) = match (self.step, self.held) {
            (Step::Redirect, held) => {
                let mut how = How::new(Verdict::Serve, Cost::Nothing, None);
                how.detail = Some(Reason::IndexRedirect);
                let location = location(self.about.path, self.asked.uri.query());
                let what = What::Redirected(StatusCode::FOUND, location);
                (held.and_then(|(key, _)| key), Found { what, how })
            }
            (_, Some(held)) => held,
            // Nothing was attempted: every path was another behaviour's, which its own never is.
            (_, None) => {
                let how = How::new(Verdict::Refuse, Cost::Nothing, None);
                (None, Found::refused(Refusal::Internal, how))
            }
        };
        found.how.dearest = self.dearest.map(How::spent);
        found.how.varies = self.varies && !matches!(found.what, What::Redirected(..));
        Walked {
            key,
            found,
            guise: self.guise,
            instead: self.instead,
        }
    }
}

fn about<'a>(asked: &Asked<'a>, rules: &SiteRules, path: &'a str, root: bool) -> chain::Asked<'a> {
    chain::Asked {
        path,
        root,
        reads: matches!(*asked.method, Method::GET | Method::HEAD),
        navigates: rules.spa.is_some() && navigation::is_one(asked.headers),
    }
}

/// The fields of a request for a page. They are not those of the viewer's request: conditions and ranges
/// are about what it asked for (RFC 9110 sections 13.2.1 and 14.2).
fn plain(headers: &HeaderMap) -> HeaderMap {
    let mut plain = headers.clone();
    for name in [
        header::IF_MATCH,
        header::IF_NONE_MATCH,
        header::IF_MODIFIED_SINCE,
        header::IF_UNMODIFIED_SINCE,
        header::IF_RANGE,
        header::RANGE,
    ] {
        plain.remove(name);
    }
    plain
}

/// The path with a slash at its end, and the query with it.
fn location(path: &str, query: Option<&str>) -> HeaderValue {
    let with_query = query.map(|query| format!("{path}/?{query}"));
    with_query
        .and_then(|text| HeaderValue::from_str(&text).ok())
        .or_else(|| HeaderValue::from_str(&format!("{path}/")).ok())
        // A canonical path is visible ASCII.
        .unwrap_or_else(|| HeaderValue::from_static("/"))
}
