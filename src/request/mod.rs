//! The path of a request: receive → route → key → look up → verdict → answer.
//!
//! Each step consumes the last value and returns a richer one, so a wrong order does not compile.
//! [`Engine::try_hit`] goes the whole path for a hit without an await point;
//! [`Engine::handle`] goes on where the origin, or another fill, must be waited for.

pub(crate) mod answer;
pub mod body;
pub mod explain;
mod found;
mod head;
mod lookup;
mod pass;
mod pump;
pub mod receive;
pub mod refusal;
pub mod route;
mod walk;

use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode};
use tokio::runtime::Handle;

use crate::clock::{self, SharedClock};
use crate::fill::{Fills, Outcome, Own, Plan};
use crate::origin::upload::Upload;
use crate::origin::{Forwarded, Origin, OriginError};
use crate::policy::behavior::Behavior;
use crate::policy::clients::{Clients, X_FORWARDED_FOR};
use crate::policy::distribution::Distributions;
use crate::policy::site::SiteRules;
use crate::purge::ledger::{Ledger, Liveness};
use crate::semantics::age::Instant;
use crate::semantics::cache_status::Forward;
use crate::semantics::framing::Violation;
use crate::semantics::freshness::State;
use crate::semantics::reason::Reason;
use crate::store::entry::Entry;
use crate::store::memory::Memory;
use crate::telemetry::access_log::AccessLog;
use crate::telemetry::metrics::Metrics;
use crate::verdict::{Verdict, decide};
use answer::{Asked, Cost, How};
use body::Body;
use found::{Found, What};
use receive::{Received, RequestId};
use refusal::Refusal;
use route::{Ending, Keyed, Under};
use walk::Walk;

/// An origin as a site knows it.
pub type OriginSite = Arc<dyn Origin>;

/// For a request to wait for a fill; then it asks by itself.
const WAIT: Duration = Duration::from_secs(300);
/// Fills that a request waits for, one after the other, when purges overtake them; then it asks
/// by itself, which no purge of before its arrival can overtake.
const ROUNDS: usize = 3;

/// What a request travels with: one configuration, from its arrival to its answer.
#[derive(Debug)]
pub struct Site {
    /// The edge's name in `Cache-Status`.
    pub name: String,
    /// The edge's member of `Via`.
    pub via: HeaderValue,
    /// `X-Edge-Pop`.
    pub pop: HeaderValue,
    /// The distributions.
    pub distributions: Arc<Distributions>,
    /// The origins, by name.
    pub origins: HashMap<String, OriginSite>,
    /// The largest body that is stored, in bytes.
    pub max_object_size: u64,
    /// Whose word about clients counts, and what origins are told of them.
    pub clients: Clients,
    /// Whether `Cache-Status` shows `key` and `detail`.
    pub debug_headers: bool,
}

/// What an edge answers requests with.
pub struct Engine {
    /// The configuration in force.
    pub site: ArcSwap<Site>,
    /// The time.
    pub clock: SharedClock,
    /// What has been invalidated.
    pub ledger: Arc<Ledger>,
    /// What is kept.
    pub memory: Memory,
    /// What is being fetched.
    pub fills: Fills,
    /// What is counted.
    pub metrics: Arc<Metrics>,
    /// What is logged.
    pub log: AccessLog,
    /// The runtime of origin requests.
    pub spawner: Handle,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Engine")
    }
}

/// A request that could not be answered at once.
#[derive(Clone, Debug)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly every request is the large one; boxing it would cost every miss"
)]
pub enum Pending {
    /// Its object is known.
    Keyed(Keyed<'static>),
    /// It is refused, and there is a page for that.
    Refused(Box<Refused>),
}

/// A request that is refused with a page.
#[derive(Clone, Debug)]
pub struct Refused {
    at: Instant,
    id: RequestId,
    site: Arc<Site>,
    refusal: Refusal,
    /// There is one: else there is no page.
    under: Option<Under>,
}

impl Pending {
    fn asked<'a, B>(&'a self, request: &'a Request<B>, client: Option<IpAddr>) -> Asked<'a> {
        match self {
            Self::Keyed(keyed) => Asked::keyed(request, client, keyed),
            Self::Refused(refused) => {
                let Refused { at, id, site, .. } = &**refused;
                let behavior = refused.under.as_ref().map(Under::behavior);
                Asked::new(request, client, *at, id, site, behavior)
            }
        }
    }
}

impl Engine {
    /// Answers at once what needs no waiting: hits, and requests that are refused. Everything
    /// else comes back, its object known, for [`Engine::handle`].
    ///
    /// # Errors
    /// Not an error: the request on its way.
    // The large Err is the request itself, moved once, on the path that is about to go to the
    // network anyway.
    #[allow(
        clippy::result_large_err,
        reason = "the request on its way; boxing it would cost every miss"
    )]
    pub fn try_hit<B>(
        &self,
        request: &Request<B>,
        client: Option<IpAddr>,
    ) -> Result<Response<Body>, Pending> {
        let received = Received::new(request, client, self.site.load_full(), self.clock.now());
        let routed = match received.route() {
            Ok(routed) => routed,
            Err(unserved) => return self.refuse(request, client, *unserved),
        };
        if let Some(redirect) = routed.redirect() {
            let (received, under) = routed.into_parts();
            let Received { at, id, site, .. } = received;
            let asked = Asked::new(request, client, at, &id, &site, Some(under.behavior()));
            return Ok(self.answer(&asked, None, Found::by_rule(redirect), None));
        }
        let keyed = match routed.key() {
            Ok(keyed) => keyed,
            Err(unserved) => return self.refuse(request, client, *unserved),
        };
        let asked = Asked::keyed(request, client, &keyed);
        if let Some(rules) = &keyed.behavior().site {
            let walk = Walk::of(&asked, &keyed, rules);
            return match self.walk_at_once(walk) {
                Some(answer) => Ok(answer),
                None => Err(Pending::Keyed(keyed.into_owned())),
            };
        }
        match self.at_once(&asked, &keyed) {
            Some(found) => Ok(self.answer(&asked, Some(&keyed.key), found, None)),
            None => Err(Pending::Keyed(keyed.into_owned())),
        }
    }

    /// Answers a request that goes no further, with a page if there is one.
    #[allow(clippy::result_large_err, reason = "as try_hit")]
    fn refuse<B>(
        &self,
        request: &Request<B>,
        client: Option<IpAddr>,
        unserved: route::Unserved<'_>,
    ) -> Result<Response<Body>, Pending> {
        let route::Unserved {
            received,
            ending,
            under,
        } = unserved;
        let Received { at, id, site, .. } = received;
        let behavior = under.as_ref().map(Under::behavior);
        let asked = Asked::new(request, client, at, &id, &site, behavior);
        let refusal = match ending {
            Ending::Refused(refusal) => refusal,
            Ending::Preflight => return Ok(self.answer_preflight(&asked)),
            Ending::Options(allowed) => return Ok(self.answer_options(&asked, &allowed)),
        };
        let Some(rules) = rules_for(&refusal, behavior) else {
            let found = Found::refused(refusal, How::new(Verdict::Refuse, Cost::Nothing, None));
            return Ok(self.answer(&asked, None, found, None));
        };
        if let Some(answer) = self.walk_at_once(Walk::refused(&asked, refusal.clone(), rules)) {
            return Ok(answer);
        }
        Err(Pending::Refused(Box::new(Refused {
            at,
            id,
            site,
            refusal,
            under,
        })))
    }

    /// Answers what is no request as HTTP has it; of its fields nothing is known.
    pub fn answer_malformed<B>(
        &self,
        request: &Request<B>,
        client: Option<IpAddr>,
        violation: Violation,
    ) -> Response<Body> {
        let (at, id, site) = (self.clock.now(), RequestId::next(), self.site.load_full());
        let asked = Asked::new(request, client, at, &id, &site, None);
        let how = How::new(Verdict::Refuse, Cost::Nothing, None);
        let found = Found::refused(Refusal::Malformed(violation), how);
        self.answer(&asked, None, found, None)
    }

    /// Answers a request whose handling has panicked: that one request ends, and is counted.
    pub fn answer_panic<B>(&self, request: &Request<B>, client: Option<IpAddr>) -> Response<Body> {
        self.metrics.panics.increment();
        let (at, id, site) = (self.clock.now(), RequestId::next(), self.site.load_full());
        let asked = Asked::new(request, client, at, &id, &site, None);
        let how = How::new(Verdict::Refuse, Cost::Nothing, None);
        self.answer(&asked, None, Found::refused(Refusal::Internal, how), None)
    }

    /// Answers a request that may have to wait.
    pub async fn handle<B>(
        &self,
        pending: Pending,
        request: Request<B>,
        client: Option<IpAddr>,
    ) -> Response<Body>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Send,
    {
        let (head, body) = request.into_parts();
        let request = Request::from_parts(head, ());
        let asked = pending.asked(&request, client);
        match &pending {
            Pending::Keyed(keyed) => {
                // A body says nothing about what a GET or HEAD asks for, and goes no further.
                let upload = pass::upload(request.method(), body, self);
                match &keyed.behavior().site {
                    Some(rules) => self.walk(Walk::of(&asked, keyed, rules), upload).await,
                    None => {
                        let found = self.attempt(&asked, keyed, upload).await;
                        self.answer(&asked, Some(&keyed.key), found, None)
                    }
                }
            }
            Pending::Refused(refused) => {
                let rules = asked.behavior.and_then(|behavior| behavior.site.as_deref());
                let refusal = refused.refusal.clone();
                match rules {
                    Some(rules) => self.walk(Walk::refused(&asked, refusal, rules), None).await,
                    None => {
                        let how = How::new(Verdict::Refuse, Cost::Nothing, None);
                        self.answer(&asked, None, Found::refused(refusal, how), None)
                    }
                }
            }
        }
    }

    /// What is kept of an object and may be served as it is.
    fn at_once(&self, asked: &Asked<'_>, keyed: &Keyed<'_>) -> Option<Found> {
        let (entry, facts) = self.look_up(keyed, asked.method, asked.headers, keyed.at);
        match (decide(&facts), entry) {
            (verdict @ Verdict::Serve, Some(entry)) => {
                let how = How::new(verdict, Cost::Nothing, None);
                Some(Found::stored(entry, keyed.at, how))
            }
            _ => None,
        }
    }

    /// What there is of an object, wherever it must be got.
    async fn attempt(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        mut upload: Option<Upload>,
    ) -> Found {
        for _ in 0..ROUNDS {
            let now = self.clock.now();
            let (entry, facts) = self.look_up(keyed, asked.method, asked.headers, now);
            let verdict = decide(&facts);
            match (verdict, entry) {
                (Verdict::Serve, Some(entry)) => {
                    let how = How::new(verdict, Cost::Nothing, None);
                    return Found::stored(entry, now, how);
                }
                (Verdict::ServeStale { refresh, .. }, Some(entry)) => {
                    if refresh
                        && let Some(plan) = self.plan(asked, keyed, Some(Arc::clone(&entry)), None)
                    {
                        // Nobody waits for it: the ticket is thrown away.
                        drop(self.fills.join_or_start(plan));
                    }
                    let how = How::new(verdict, Cost::Nothing, None);
                    return Found::stored(entry, now, how);
                }
                (Verdict::Validate { why } | Verdict::Fetch { why }, entry) => {
                    if let Some(found) = self.follow(asked, keyed, verdict, why, entry).await {
                        return found;
                    }
                }
                (Verdict::Pass { why, reason }, entry) => {
                    let upload = upload.take();
                    return self.pass(asked, keyed, why, reason, entry, upload).await;
                }
                (Verdict::Refuse, _) => {
                    let how = How::new(verdict, Cost::Nothing, None);
                    return Found::refused(Refusal::NotCached, how);
                }
                // A verdict to serve comes with the entry that it is about, and a preflight asks for none.
                (Verdict::Serve | Verdict::ServeStale { .. }, None)
                | (Verdict::Preflight | Verdict::Options, _) => {
                    break;
                }
            }
        }
        let (why, reason) = (Forward::UriMiss, Reason::Overtaken);
        self.pass(asked, keyed, why, reason, None, upload).await
    }

    /// Waits for a fill. `None`: a purge overtook what it brought, it answers other requests than this
    /// one (it varies), or the configuration changed.
    async fn follow(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        verdict: Verdict,
        why: Forward,
        found: Option<Arc<Entry>>,
    ) -> Option<Found> {
        let validate = found
            .clone()
            .filter(|_| matches!(verdict, Verdict::Validate { .. }));
        let Some(plan) = self.plan(asked, keyed, validate.clone(), found.clone()) else {
            let how = How::new(verdict, Cost::Nothing, None);
            return Some(Found::refused(Refusal::Internal, how));
        };
        let ticket = self.fills.join_or_start(plan);
        let first = ticket.is_first();
        let mut how = How::new(verdict, Cost::Nothing, Some(why));
        how.collapsed = !first;
        let Ok((outcome, own)) = clock::within(&*self.clock, WAIT, ticket.wait()).await else {
            let reason = Reason::Waited;
            return Some(self.pass(asked, keyed, why, reason, None, None).await);
        };
        let (live, cookies) = match own {
            Some(Own::Live(live)) => (Some(live), Vec::new()),
            Some(Own::Cookies(cookies)) => (None, cookies),
            None => (None, Vec::new()),
        };
        match outcome {
            Outcome::Stored(entry) | Outcome::Renewed(entry)
                if entry.liveness(&self.ledger) != Liveness::Alive
                    || !entry.selecting.matches(&keyed.as_forwarded(asked.headers)) =>
            {
                None
            }
            Outcome::Stored(entry) => {
                how.stored = true;
                how.forward_status = Some(entry.head.status);
                how.cost = if first { Cost::Request } else { Cost::Nothing };
                let now = self.clock.now();
                Some(Found::stored(entry, now, how).with_cookies(cookies))
            }
            Outcome::Renewed(entry) => {
                how.stored = true;
                how.forward_status = Some(StatusCode::NOT_MODIFIED);
                how.cost = if first {
                    Cost::Condition
                } else {
                    Cost::Nothing
                };
                let now = self.clock.now();
                Some(Found::stored(entry, now, how).with_cookies(cookies))
            }
            Outcome::Unshareable { why } => Some(match live {
                Some(live) => {
                    how.cost = match live.forward_status {
                        StatusCode::NOT_MODIFIED => Cost::Condition,
                        _ => Cost::Request,
                    };
                    how.detail = Some(why);
                    Found {
                        what: What::Live(live),
                        how,
                    }
                }
                None => {
                    let forward = Forward::UriMiss;
                    self.pass(asked, keyed, forward, why, None, None).await
                }
            }),
            Outcome::Failed(error) => {
                how.cost = if first { Cost::Request } else { Cost::Nothing };
                Some(self.failed(keyed, found, validate.is_some(), &error, how))
            }
            Outcome::Outdated => None,
        }
    }

    /// The stale answer where it is allowed and still alive, else the error (SEMANTICS 5).
    fn failed(
        &self,
        keyed: &Keyed<'_>,
        found: Option<Arc<Entry>>,
        validating: bool,
        error: &Arc<OriginError>,
        mut how: How,
    ) -> Found {
        let now = self.clock.now();
        let allowed =
            |entry: &Arc<Entry>| error.permits_stale() && entry.covers_a_failure(&self.ledger, now);
        match found.filter(allowed) {
            Some(entry) => {
                entry.rest_origin(now.saturating_add(keyed.behavior().cache.error_ttl));
                // A fresh one is here if its viewer wanted it validated: better this than an error.
                how.verdict = match entry.head.state(now) {
                    State::Fresh => Verdict::Serve,
                    State::Stale { .. } => Verdict::ServeStale {
                        refresh: false,
                        reason: error.reason(),
                    },
                };
                how.forward_status = error.status().and_then(|s| StatusCode::from_u16(s).ok());
                how.cost = if how.cost == Cost::Request {
                    Cost::Condition
                } else {
                    how.cost
                };
                how.detail = Some(error.reason());
                Found::stored(entry, now, how)
            }
            None => {
                let refusal = Refusal::Origin {
                    error: (**error).clone(),
                    validating,
                };
                Found::refused(refusal, how)
            }
        }
    }

    fn plan(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        validate: Option<Arc<Entry>>,
        covering: Option<Arc<Entry>>,
    ) -> Option<Plan> {
        let request = keyed.as_forwarded(asked.headers);
        let variants = self.memory.find(&keyed.key);
        Some(Plan {
            key: keyed.key.clone(),
            group: lookup::group(keyed, variants.as_ref(), &request),
            identity: keyed.identity(),
            distributions: Arc::clone(&keyed.site.distributions),
            behavior: keyed.selected(),
            path: Arc::from(&*keyed.path),
            viewer: forwarded(asked, keyed),
            origin_request: keyed.behavior().origin_request.clone(),
            origin: Arc::clone(keyed.origin()?),
            policy: keyed.behavior().cache.clone(),
            response_headers: keyed.behavior().response_headers.clone(),
            max_object_size: keyed.site.max_object_size,
            epoch: self.epoch_of(&keyed.site),
            validate,
            covering,
        })
    }

    /// The epoch that belongs to a configuration. A reload puts the new one in force first and
    /// raises the epoch then; so a configuration that is in force after the epoch was read has
    /// that epoch. One that has been replaced has none that any stamp could bear.
    fn epoch_of(&self, site: &Arc<Site>) -> u64 {
        let epoch = self.ledger.position().epoch;
        if Arc::ptr_eq(&self.site.load(), site) {
            epoch
        } else {
            u64::MAX
        }
    }
}

/// The rules by which a refusal may be answered with a page.
fn rules_for<'b>(refusal: &Refusal, behavior: Option<&'b Behavior>) -> Option<&'b SiteRules> {
    match refusal {
        // A preflight that is refused has to look so: no page makes a success of it.
        Refusal::Preflight(_) => None,
        _ => behavior?.site.as_deref(),
    }
}

/// What of a viewer's request goes on to an HTTP origin; nothing to a bucket.
fn forwarded(asked: &Asked<'_>, keyed: &Keyed<'_>) -> Arc<Forwarded> {
    let policy = &keyed.behavior().origin_request;
    if policy.is_bucket() {
        return Arc::default();
    }
    let mut fields = policy.fields(asked.method, asked.headers);
    policy.keep_added_to(asked.headers, &mut fields);
    fields.remove(X_FORWARDED_FOR);
    let told = asked
        .peer
        .and_then(|peer| asked.site.clients.told(peer, asked.headers));
    if let Some(told) = told {
        fields.insert(X_FORWARDED_FOR, told);
    }
    let host = keyed.authority.as_deref();
    Arc::new(Forwarded {
        query: keyed.queries.forwarded.as_deref().map(Box::from),
        // A host that was checked holds nothing but letters, digits and a few marks.
        host: host.and_then(|host| HeaderValue::from_str(host).ok()),
        fields,
        unkeyed: keyed.unkeyed(asked.method, asked.headers),
        version: asked.version,
    })
}
