//! *Explain*: what would become of a request, and why, without anything becoming of it.
//!
//! Invariants: every step is the request path's own function ([`Received::route`], the key, the
//! facts, [`decide`], and those that make what is sent to an origin); nothing is counted, logged,
//! fetched, stored or marked, and the store does not learn that somebody looked. What is secret in a request
//! is replaced before it is put into an [`Explanation`].
//!
//! Not here: what an origin would answer, which nobody knows before.

pub mod explanation;
mod shown;
pub mod text;
mod words;

pub(crate) use shown::fields;

use std::net::IpAddr;
use std::sync::Arc;

use http::{HeaderMap, Request, StatusCode};

use self::explanation::{
    Attempt, Behavior, Decision, Distribution, Explanation, PlainAnswer, Stored,
};
use self::shown::{asked, behavior, key, lifetime, origin_request};
use self::words::About;
use super::answer::{Asked, Cost, How, status_of};
use super::found::{Found, What};
use super::receive::Received;
use super::refusal::Refusal;
use super::route::{Ending, Keyed, Under, Unserved};
use super::walk::{Walk, Walked};
use super::{Engine, forwarded, lookup, pass, rules_for};
use crate::fill::task;
use crate::object::head::{Exchange, Head};
use crate::origin::{Ask, Forwarded};
use crate::semantics::age::Instant;
use crate::semantics::reason::Reason;
use crate::semantics::storable::storable;
use crate::store::entry::Entry;
use crate::telemetry::redact;
use crate::verdict::{Verdict, decide};

/// The statuses whose plain answers are judged.
const PLAIN: [StatusCode; 2] = [StatusCode::OK, StatusCode::NOT_FOUND];

impl Engine {
    /// Explains what would become of a request that came now.
    pub fn explain<B>(&self, request: &Request<B>, client: Option<IpAddr>) -> Explanation {
        let now = self.clock.now();
        let received = Received::new(request, client, self.site.load_full(), now);
        let host = received.check().ok();
        let domain = host
            .as_deref()
            .and_then(|host| received.site.distributions.by_host_as(host))
            .and_then(|(_, named)| named.map(|named| named.to_string()));
        let asked = asked(request, host.as_deref());
        let (held, attempts, decision) = self.explain_received(request, client, received);
        let (distribution, behavior) = held.unzip();
        Explanation {
            request: asked,
            distribution: distribution.map(|id| Distribution { id, domain }),
            behavior,
            attempts,
            decision,
            live: None,
        }
    }

    /// By which distribution and behaviour, what is tried, and what comes of it.
    fn explain_received<B>(
        &self,
        request: &Request<B>,
        client: Option<IpAddr>,
        received: Received<'_>,
    ) -> (Option<(String, Behavior)>, Vec<Attempt>, Decision) {
        let now = received.at;
        let ended = |unserved: Box<Unserved<'_>>| {
            let (attempts, decision) = self.explain_unserved(request, client, &unserved, now);
            let held = unserved.under.as_ref().map(Under::selected);
            (held.map(behavior), attempts, decision)
        };
        let routed = match received.route() {
            Ok(routed) => routed,
            Err(unserved) => return ended(unserved),
        };
        if let Some(redirect) = routed.redirect() {
            let (_, under) = routed.into_parts();
            let found = Found::by_rule(redirect);
            let reason = found.reason();
            let decision = found_decision(found, reason, None);
            return (Some(behavior(under.selected())), Vec::new(), decision);
        }
        let keyed = match routed.key() {
            Ok(keyed) => keyed,
            Err(unserved) => return ended(unserved),
        };
        let asked = Asked::keyed(request, client, &keyed);
        let (attempts, decision) = match &keyed.behavior().site {
            Some(rules) => self.explain_walk(&asked, Walk::of(&asked, &keyed, rules), now),
            None => {
                let (attempt, _) = self.explain_attempt(&asked, &keyed, now);
                let decision = attempt.decision.clone();
                (vec![attempt], decision)
            }
        };
        let held = behavior((&keyed.distribution, keyed.selected()));
        (Some(held), attempts, decision)
    }

    /// What goes no further may still be answered with a page.
    fn explain_unserved<B>(
        &self,
        request: &Request<B>,
        client: Option<IpAddr>,
        unserved: &Unserved<'_>,
        now: Instant,
    ) -> (Vec<Attempt>, Decision) {
        let behavior = unserved.under.as_ref().map(Under::behavior);
        if let Ending::Refused(refusal) = &unserved.ending
            && let Some(rules) = rules_for(refusal, behavior)
        {
            let Received { at, id, site, .. } = &unserved.received;
            let asked = Asked::new(request, client, *at, id, site, behavior);
            let walk = Walk::refused(&asked, refusal.clone(), rules);
            return self.explain_walk(&asked, walk, now);
        }
        (Vec::new(), ended(&unserved.ending))
    }

    /// Walks as far as what is stored tells where to.
    fn explain_walk(
        &self,
        asked: &Asked<'_>,
        walk: Walk<'_>,
        now: Instant,
    ) -> (Vec<Attempt>, Decision) {
        let mut attempts: Vec<Attempt> = Vec::new();
        let walked = walk.ahead(|asked, keyed| {
            let (attempt, found) = self.explain_attempt(asked, keyed, now);
            attempts.push(attempt);
            found
        });
        let decision = match (walked, attempts.last()) {
            (Some(walked), _) => walked_decision(asked, walked, &attempts),
            (None, Some(last)) => Decision {
                summary: format!(
                    "{} What comes next depends on what it brings.",
                    last.decision.summary
                ),
                ..last.decision.clone()
            },
            // A walk ends, or ends with an attempt.
            (None, None) => ended(&Ending::Refused(Refusal::Internal)),
        };
        (attempts, decision)
    }

    /// With what is found, where that is known.
    fn explain_attempt(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        now: Instant,
    ) -> (Attempt, Option<Found>) {
        let viewer = asked.headers;
        let standing = |entry: &Entry| entry.standing(&self.ledger);
        // What else is stored is shown, though no other method is answered with it.
        let stored = self.memory.peek(&keyed.key);
        let found = stored
            .as_ref()
            .filter(|_| !lookup::has_no_use_for_what_is_stored(keyed, asked.method));
        let liveness = |entry: &Entry| standing(entry).liveness();
        let (entry, facts) = self.judge(keyed, asked.method, viewer, now, found, liveness);
        let verdict = decide(&facts);
        let request = keyed.as_forwarded(viewer);
        let shown: Vec<Stored> = stored
            .iter()
            .flat_map(|variants| variants.all())
            .map(|stored| {
                let selected = entry.as_ref().is_some_and(|entry| entry.id == stored.id);
                self.stored(stored, &request, selected, now)
            })
            .collect();
        let invalidation = self.ledger.latest(&keyed.identity());
        let (summary, rule) = words::of(
            verdict,
            &About {
                facts: &facts,
                entry: entry.as_deref(),
                standing: entry.as_deref().map(standing).as_ref(),
                differs: shown
                    .iter()
                    .find_map(|stored| Some(&*stored.differs.as_ref()?.field)),
                invalidation: invalidation.as_ref().map(|taken| &*taken.id),
                now,
            },
        );
        let (forward, reason) = match verdict {
            Verdict::Validate { why } | Verdict::Fetch { why } => (Some(why), None),
            Verdict::Pass { why, reason } => (Some(why), Some(reason)),
            Verdict::ServeStale { reason, .. } => (None, Some(reason)),
            Verdict::Refuse => (None, Some(Refusal::NotCached.reason())),
            Verdict::Serve | Verdict::Preflight | Verdict::Options => (None, None),
        };
        let how = How::new(verdict, Cost::Nothing, None);
        let (status, found) = match (verdict, &entry) {
            (Verdict::Serve | Verdict::ServeStale { .. }, Some(entry)) => (
                Some(status_of(asked, entry, None)),
                Some(Found::stored(Arc::clone(entry), now, how)),
            ),
            (Verdict::Refuse, _) => (
                Some(Refusal::NotCached.status()),
                Some(Found::refused(Refusal::NotCached, how)),
            ),
            _ => (None, None),
        };
        let sent = forwarded(asked, keyed);
        let (ask, fills) = question(verdict, asked, keyed, &sent, entry.as_deref());
        let attempt = Attempt {
            path: redact::target(&keyed.path).into_owned(),
            key: key(keyed, asked),
            stored: shown,
            invalidation: invalidation.map(|taken| taken.id.to_string()),
            fill_under_way: self.fills.has(&keyed.key),
            decision: Decision {
                verdict: verdict.as_str().to_owned(),
                forward: forward.map(|why| why.as_str().to_owned()),
                reason: reason.map(|why| why.as_str().to_owned()),
                summary,
                rule: rule.to_owned(),
                status: status.map(|status| status.as_u16()),
            },
            origin: ask.and_then(|ask| origin_request(keyed, ask)),
            plain_answers: match fills {
                true => PLAIN
                    .iter()
                    .map(|status| self.plain_answer(*status, keyed, &sent, now))
                    .collect(),
                false => Vec::new(),
            },
        };
        (attempt, found)
    }

    /// What a fill makes of an answer that has no word about caching.
    fn plain_answer(
        &self,
        status: StatusCode,
        keyed: &Keyed<'_>,
        sent: &Forwarded,
        now: Instant,
    ) -> PlainAnswer {
        let exchange = Exchange {
            sent: now,
            received: now,
            received_wall: self.clock.wall(),
        };
        let headers = HeaderMap::new();
        let head = Head::new(
            status,
            headers.clone(),
            exchange,
            &keyed.behavior().cache.bounds,
        );
        let judged = storable(&task::asked_by(sent), status, &headers, &head.freshness);
        PlainAnswer {
            status: status.as_u16(),
            lifetime: judged.is_ok().then(|| lifetime(&head.freshness)),
            reason: judged.err().map(|why| why.as_str().to_owned()),
        }
    }
}

/// What is asked of the origin, and whether a fill asks it.
fn question(
    verdict: Verdict,
    asked: &Asked<'_>,
    keyed: &Keyed<'_>,
    sent: &Arc<Forwarded>,
    entry: Option<&Entry>,
) -> (Option<Ask>, bool) {
    let path = || Arc::from(&*keyed.path);
    match verdict {
        Verdict::Fetch { .. } => (Some(task::question(&path(), sent, None)), true),
        Verdict::Validate { .. } | Verdict::ServeStale { refresh: true, .. } => {
            (Some(task::question(&path(), sent, entry)), true)
        }
        Verdict::Pass { .. } => (Some(pass::question(asked, keyed)), false),
        Verdict::Serve
        | Verdict::ServeStale { refresh: false, .. }
        | Verdict::Refuse
        | Verdict::Preflight
        | Verdict::Options => (None, false),
    }
}

/// What a walk has come to.
fn walked_decision(asked: &Asked<'_>, walked: Walked, attempts: &[Attempt]) -> Decision {
    let Walked {
        key, found, guise, ..
    } = walked;
    let reason = found.reason();
    let What::Stored(entry, ..) = &found.what else {
        return found_decision(found, reason, None);
    };
    let status = status_of(asked, entry, guise.as_ref());
    let hash = key.map(|key| format!("{:?}", key.hash()));
    let by = attempts
        .iter()
        .rfind(|attempt| Some(&attempt.key.hash) == hash.as_ref());
    let (summary, rule) = match by {
        Some(by) => (by.decision.summary.clone(), by.decision.rule.clone()),
        None => Default::default(),
    };
    let summary = match &guise {
        Some(guise) => format!(
            "A page is sent with {} instead of what was asked for. {summary}",
            guise.status.as_u16()
        ),
        None => summary,
    };
    found_decision(found, reason, Some((status, summary, rule)))
}

/// Of what is found without asking an origin.
fn found_decision(
    found: Found,
    reason: Option<Reason>,
    stored: Option<(StatusCode, String, String)>,
) -> Decision {
    let (status, summary, rule) = match (found.what, stored) {
        (_, Some(stored)) => stored,
        (What::Refused(refusal), None) => {
            let (summary, rule) = words::refused(&refusal);
            (refusal.status(), summary, rule.to_owned())
        }
        (What::Redirected(status, location), None) => {
            let location = String::from_utf8_lossy(location.as_bytes()).into_owned();
            let location = redact::target(&location);
            let rule = match reason {
                Some(Reason::RedirectRule) => "redirects",
                _ => "directories",
            };
            let summary = format!("It is sent to {location}.");
            (status, summary, rule.to_owned())
        }
        // Only what is stored is found without asking, and it is given.
        (What::Stored(..) | What::Live(_) | What::Passed(_), None) => {
            (StatusCode::OK, String::new(), String::new())
        }
    };
    Decision {
        verdict: found.how.verdict.as_str().to_owned(),
        forward: None,
        reason: reason.map(|why| why.as_str().to_owned()),
        summary,
        rule,
        status: Some(status.as_u16()),
    }
}

fn ended(ending: &Ending) -> Decision {
    let (verdict, (summary, rule), reason, status) = match ending {
        Ending::Refused(refusal) => (
            Verdict::Refuse,
            words::refused(refusal),
            Some(refusal.reason()),
            refusal.status(),
        ),
        Ending::Preflight => (
            Verdict::Preflight,
            words::preflight(),
            None,
            StatusCode::NO_CONTENT,
        ),
        Ending::Options(_) => (
            Verdict::Options,
            words::options(),
            None,
            StatusCode::NO_CONTENT,
        ),
    };
    Decision {
        verdict: verdict.as_str().to_owned(),
        forward: None,
        reason: reason.map(|why| why.as_str().to_owned()),
        summary,
        rule: rule.to_owned(),
        status: Some(status.as_u16()),
    }
}
