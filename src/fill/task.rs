//! The fetch machine: asks the origin once, for all followers.
//!
//! Invariants: the stamp is taken after every queue and just before the request is sent; a body
//! is kept only when all of it has come; an answer that an invalidation has overtaken is never
//! published (nor handed to anybody who came after that invalidation).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use tokio::sync::{SemaphorePermit, oneshot};

use super::flights::Flight;
use super::{BUDGET_UNIT, Inner, Live, Outcome, Own, Plan};
use crate::clock;
use crate::object::head::{Exchange, Head};
use crate::origin::body::OriginBody;
use crate::origin::{Ask, Forwarded, OriginError, OriginResponse, Purpose};
use crate::policy::cache_policy::SetCookie;
use crate::purge::ledger::Liveness;
use crate::purge::stamp::Stamp;
use crate::semantics::fields;
use crate::semantics::reason::Reason;
use crate::semantics::storable::{self, Asked};
use crate::semantics::vary::{self, Selecting};
use crate::store::entry::Entry;
use crate::store::splits::Question;
use crate::store::variants::Variants;

/// To wait for room in the in-flight budget; then the answer passes through.
const ROOM: Duration = Duration::from_secs(1);
/// A body must come within this time, and a second more for each [`LEAST_RATE`] bytes: an origin
/// that drips must not hold those who wait for ever.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes that are reserved at a time for a body whose length is not known.
const UNMEASURED: u64 = 64 * 1_024;
/// Bytes a second.
const LEAST_RATE: u64 = 64 * 1_024;

pub(super) async fn run(
    inner: Arc<Inner>,
    plan: Plan,
    flight: Arc<Flight>,
    own: oneshot::Sender<Own>,
) {
    let key = plan.group;
    let landing = Landing {
        inner: &inner,
        flight: &flight,
        key,
    };
    let outcome = fill(&inner, &plan, &flight, own).await;
    if let (Outcome::Failed(error), Some(entry)) = (&outcome, &plan.validate)
        && error.permits_stale()
    {
        // Here and not with the followers: a refresh in the background has none.
        entry.rest_origin(inner.clock.now().saturating_add(plan.policy.error_ttl));
    }
    inner.metrics.fill(match &outcome {
        Outcome::Stored(_) => "stored",
        Outcome::Renewed(_) => "renewed",
        Outcome::Unshareable { .. } => "unshareable",
        Outcome::Failed(_) => "failed",
        Outcome::Outdated => "outdated",
    });
    let stored = match &outcome {
        Outcome::Stored(entry) | Outcome::Renewed(entry) => Some(Arc::clone(entry)),
        _ => None,
    };
    let is_new = matches!(outcome, Outcome::Stored(_));
    landing.end(outcome);
    // Nobody waits for this any more.
    if let Some(entry) = stored {
        let question = Question {
            distributions: &plan.distributions,
            distribution: &plan.identity.distribution,
            behavior: plan.behavior,
            policy: &plan.origin_request,
            path: &plan.path,
            viewer: &plan.viewer,
        };
        let now = inner.clock.now();
        match is_new {
            true => inner.splits.stored(&question, &entry, now).await,
            false => inner.splits.renewed(&question, &entry, now),
        }
    }
}

/// Takes the flight off the map and tells its followers, also when the task panics.
struct Landing<'a> {
    inner: &'a Inner,
    flight: &'a Arc<Flight>,
    key: crate::policy::key::KeyHash,
}

impl Landing<'_> {
    /// The flight leaves the map first: who comes after the end must find the entry or start anew.
    fn end(self, outcome: Outcome) {
        self.inner.flights.remove(self.key, self.flight);
        self.flight.end(outcome);
        std::mem::forget(self);
    }
}

impl Drop for Landing<'_> {
    fn drop(&mut self) {
        self.inner.metrics.panics.increment();
        self.inner.flights.remove(self.key, self.flight);
        let error = OriginError::Broken("the fill ended without a result".to_owned());
        self.flight.end(Outcome::Failed(Arc::new(error)));
    }
}

async fn fill(inner: &Inner, plan: &Plan, flight: &Flight, own: oneshot::Sender<Own>) -> Outcome {
    let mut validate = plan.validate.clone();
    loop {
        let answer = match ask(inner, plan, flight, &mut validate).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Outcome::Outdated,
            Err(error) => return Outcome::Failed(Arc::new(error)),
        };
        let status = answer.response.status;
        if is_failure(status)
            && let Some(stale) = &plan.covering
            && stale.covers_a_failure(&inner.ledger, inner.clock.now())
        {
            return Outcome::Failed(Arc::new(OriginError::Failed {
                status: status.as_u16(),
                code: String::new(),
            }));
        }
        if status != StatusCode::NOT_MODIFIED {
            return keep(inner, plan, answer, own).await;
        }
        // The origin only answers 304 when it was asked about an entry.
        let Some(asked_about) = validate.take() else {
            return Outcome::Failed(Arc::new(OriginError::Unasked("304".to_owned())));
        };
        match renew(inner, plan, &asked_about, &answer) {
            Renewal::Done(renewed, cookies) => {
                // If its follower has left, nobody else may have them.
                let _ = own.send(Own::Cookies(cookies));
                return Outcome::Renewed(renewed);
            }
            Renewal::ForOneOnly { live, why } => {
                if !is_of_the_viewer(why) {
                    // It was good for the one who asked, and is for nobody else any more
                    // (RFC 9111 section 3.2: the merged fields forbid to keep it).
                    inner.memory.remove(&asked_about);
                    inner.remember_unshareable(plan.group);
                }
                return pass_on(plan, live, own, why);
            }
            // It does not fit the entry: that goes, and the origin is asked again without a
            // condition, which it cannot answer with 304.
            Renewal::No => {
                inner.memory.remove(&asked_about);
            }
        }
    }
}

struct Answered {
    response: OriginResponse,
    exchange: Exchange,
    stamp: Stamp,
}

/// Sends one request. `None`: the configuration changed underneath.
async fn ask(
    inner: &Inner,
    plan: &Plan,
    flight: &Flight,
    validate: &mut Option<Arc<Entry>>,
) -> Result<Option<Answered>, OriginError> {
    let permit = plan.origin.admit(Purpose::Fill).await?;
    let stamp = inner.ledger.stamp();
    flight.sent(stamp);
    if stamp.position.epoch != plan.epoch {
        return Ok(None);
    }
    // Judged after the stamp was taken: a purge later than the stamp makes the new answer dead,
    // one before it shows here. A dead entry is no base for a question, nor is a softly purged
    // one with a validator that promises nothing.
    let usable = |entry: &Arc<Entry>| match entry.liveness(&inner.ledger) {
        Liveness::Alive => true,
        Liveness::Soft => entry.head.has_strong_etag(),
        Liveness::Dead => false,
    };
    *validate = validate.take().filter(usable);
    let ask = question(&plan.path, &plan.viewer, validate.as_deref());
    if ask.conditions.is_empty() {
        *validate = None;
    }
    let sent = inner.clock.now();
    let mut response = plan.origin.fetch(permit, ask).await?;
    if let Some(policy) = &plan.response_headers {
        policy.before_storing(&mut response.headers);
    }
    let exchange = Exchange {
        sent,
        received: inner.clock.now(),
        received_wall: inner.clock.wall(),
    };
    Ok(Some(Answered {
        response,
        exchange,
        stamp,
    }))
}

/// What a fill asks of the origin; conditional if there is an entry to ask about.
pub(crate) fn question(path: &Arc<str>, viewer: &Arc<Forwarded>, validate: Option<&Entry>) -> Ask {
    let mut ask = Ask::get(Arc::clone(path));
    ask.viewer = Arc::clone(viewer);
    let Some(entry) = validate else {
        return ask;
    };
    // Both where there are both (RFC 9110 section 13.1.3); a bucket leaves out the date, since
    // some stores evaluate it even if the tag differs.
    let modified = entry.head.fields.first(&header::LAST_MODIFIED);
    for (name, value) in [
        (header::IF_NONE_MATCH, entry.head.etag()),
        (header::IF_MODIFIED_SINCE, modified),
    ] {
        if let Some(Ok(value)) = value.map(HeaderValue::from_bytes) {
            ask = ask.with(name, value);
        }
    }
    ask
}

/// The old body with a new head, if the 304 answers for it (RFC 9111 section 4.3.4; DESIGN 3.3); or
/// for its viewer alone, if its fields forbid to keep it.
fn renew(inner: &Inner, plan: &Plan, entry: &Arc<Entry>, answer: &Answered) -> Renewal {
    let update = &answer.response.headers;
    let agrees = |name| match (update.get(&name), entry.head.fields.first(&name)) {
        (Some(given), Some(kept)) => given.as_bytes() == kept,
        // Without the field, the 304 answers the validator that was sent.
        (None, _) => true,
        (Some(_), None) => name == header::LAST_MODIFIED,
    };
    if !agrees(header::ETAG) || !agrees(header::LAST_MODIFIED) {
        return Renewal::No;
    }
    let mut merged = fields::merge_not_modified(&entry.head.fields.to_map(update.len()), update);
    let status = entry.head.status;
    let judged = Head::new(status, merged.clone(), answer.exchange, &plan.policy.bounds);
    let storable = storable::storable(&asked(plan), status, &merged, &judged.freshness)
        .and_then(|()| may_be_kept(plan, &merged));
    if let Err(why) = storable {
        let mut headers = judged.fields.to_map(1);
        // It comes from the store, so it says its age (RFC 9111 section 5.1).
        let age = judged.age.initial().as_secs();
        headers.insert(header::AGE, HeaderValue::from(age));
        let response = OriginResponse {
            status,
            headers,
            body: OriginBody::made(entry.body.clone()),
            detail: entry.detail,
        };
        let live = Live {
            response,
            exchange: answer.exchange,
            forward_status: StatusCode::NOT_MODIFIED,
        };
        return Renewal::ForOneOnly { live, why };
    }
    let cookies = take_cookies(plan, &mut merged);
    let selecting = Selecting::of(&merged, &plan.viewer.fields);
    let head = Head::new(status, merged, answer.exchange, &plan.policy.bounds);
    let renewed = Arc::new(Entry::new(
        entry.key.clone(),
        selecting,
        plan.identity.clone(),
        head,
        entry.body.clone(),
        answer.stamp,
        entry.detail,
    ));
    publish(inner, plan, &renewed);
    Renewal::Done(renewed, cookies)
}

/// What a 304 is good for.
enum Renewal {
    /// The entry with a new head, and Set-Cookie lines for who caused it.
    Done(Arc<Entry>, Vec<HeaderValue>),
    /// It answers this viewer, and nobody else.
    ForOneOnly {
        /// With the status of the origin.
        live: Live,
        /// Why it is not stored.
        why: Reason,
    },
    /// It does not fit the entry.
    No,
}

fn asked(plan: &Plan) -> Asked {
    asked_by(&plan.viewer)
}

/// What of the request, as it was forwarded, bears on storing.
pub(crate) fn asked_by(viewer: &Forwarded) -> Asked {
    Asked {
        get: true,
        authorization: viewer.fields.contains_key(header::AUTHORIZATION),
        unkeyed_cookie: viewer.unkeyed.cookie,
    }
}

/// Whether it is the viewer's request that forbids storing: the same answer to another's may be
/// stored, so nothing is to be concluded for the key.
const fn is_of_the_viewer(why: Reason) -> bool {
    matches!(why, Reason::Authorization | Reason::UnkeyedCookie)
}

/// The statuses of a failed origin (RFC 5861 section 4).
fn is_failure(status: StatusCode) -> bool {
    matches!(status.as_u16(), 500 | 502 | 503 | 504)
}

/// Takes the Set-Cookie lines out, unless the operator wants them stored: nobody gets those of somebody
/// else.
fn take_cookies(plan: &Plan, headers: &mut HeaderMap) -> Vec<HeaderValue> {
    if plan.policy.set_cookie == SetCookie::Store {
        return Vec::new();
    }
    let cookies = headers
        .get_all(header::SET_COOKIE)
        .iter()
        .cloned()
        .collect();
    headers.remove(header::SET_COOKIE);
    cookies
}

/// Stores a full answer, or hands it to the follower who caused it.
async fn keep(inner: &Inner, plan: &Plan, answer: Answered, own: oneshot::Sender<Own>) -> Outcome {
    let Answered {
        mut response,
        exchange,
        stamp,
    } = answer;
    let head = Head::new(
        response.status,
        response.headers.clone(),
        exchange,
        &plan.policy.bounds,
    );
    let length = response.body.length();
    let judged = storable::storable(
        &asked(plan),
        response.status,
        &response.headers,
        &head.freshness,
    );
    let of_the_viewer = judged.is_err_and(is_of_the_viewer);
    let judged = judged
        .and_then(|()| may_be_kept(plan, &response.headers))
        .and_then(|()| match length {
            Some(length) if length > plan.max_object_size => Err(Reason::TooLarge),
            None if !response.body.knows_its_end() => Err(Reason::NoLength),
            length => Ok(length),
        });
    let length = match judged {
        Ok(length) => length,
        Err(why) => {
            // A failure says nothing about the object: the next try may bring it (DESIGN 3.7).
            if !of_the_viewer && !response.status.is_server_error() {
                changed_its_mind(inner, plan, exchange);
            }
            return pass_on(plan, Live::new(response, exchange), own, why);
        }
    };
    let Some(length) = length else {
        return keep_unmeasured(inner, plan, response, exchange, stamp, own).await;
    };
    // The semaphore is never closed; so what is left is that there is no room for a while.
    let units = u32::try_from(length.div_ceil(BUDGET_UNIT))
        .unwrap_or(u32::MAX)
        .min(inner.budget_units);
    let Ok(Ok(_reserved)) =
        clock::within(&*inner.clock, ROOM, inner.budget.acquire_many(units)).await
    else {
        return pass_on(plan, Live::new(response, exchange), own, Reason::InFlight);
    };
    let limit = GRACE.saturating_add(Duration::from_secs(length / LEAST_RATE));
    let body = match clock::within(&*inner.clock, limit, read(&mut response, length)).await {
        Ok(Ok(body)) => body,
        Ok(Err(error)) => return Outcome::Failed(Arc::new(error)),
        Err(_) => {
            return Outcome::Failed(Arc::new(OriginError::Timeout {
                what: "send the whole",
                limit,
            }));
        }
    };
    store(inner, plan, response, body, exchange, stamp, own)
}

/// As [`keep`], of a body that tells its end but not its length: room is reserved as it comes.
async fn keep_unmeasured(
    inner: &Inner,
    plan: &Plan,
    mut response: OriginResponse,
    exchange: Exchange,
    stamp: Stamp,
    own: oneshot::Sender<Own>,
) -> Outcome {
    let begun = inner.clock.now();
    let mut body = Vec::new();
    let mut reserved: Vec<SemaphorePermit<'_>> = Vec::new();
    let mut room = 0;
    loop {
        let limit = GRACE.saturating_add(Duration::from_secs(body.len() as u64 / LEAST_RATE));
        let left = begun
            .saturating_add(limit)
            .saturating_since(inner.clock.now());
        let chunk = match clock::within(&*inner.clock, left, response.body.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => break,
            Ok(Err(error)) => return Outcome::Failed(Arc::new(error)),
            Err(_) => {
                return Outcome::Failed(Arc::new(OriginError::Timeout {
                    what: "send the whole",
                    limit,
                }));
            }
        };
        body.extend_from_slice(&chunk);
        let length = body.len() as u64;
        let mut why = (length > plan.max_object_size).then_some(Reason::TooLarge);
        if why.is_none() && length > room {
            // At least a segment at a time, so that small chunks do not ask a thousand times.
            let units = u32::try_from((length - room).max(UNMEASURED).div_ceil(BUDGET_UNIT))
                .unwrap_or(u32::MAX)
                .min(inner.budget_units);
            match clock::within(&*inner.clock, ROOM, inner.budget.acquire_many(units)).await {
                Ok(Ok(permit)) => {
                    reserved.push(permit);
                    room += u64::from(units) * BUDGET_UNIT;
                }
                _ => why = Some(Reason::InFlight),
            }
        }
        if let Some(why) = why {
            if why == Reason::TooLarge {
                changed_its_mind(inner, plan, exchange);
            }
            response.body.unread(Bytes::from(body));
            return pass_on(plan, Live::new(response, exchange), own, why);
        }
    }
    body.shrink_to_fit();
    store(inner, plan, response, body.into(), exchange, stamp, own)
}

/// Stores an answer whose body has come to its end.
fn store(
    inner: &Inner,
    plan: &Plan,
    response: OriginResponse,
    body: Bytes,
    exchange: Exchange,
    stamp: Stamp,
    own: oneshot::Sender<Own>,
) -> Outcome {
    let mut headers = response.headers;
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    // If its follower has left, nobody else may have them.
    let _ = own.send(Own::Cookies(take_cookies(plan, &mut headers)));
    let selecting = Selecting::of(&headers, &plan.viewer.fields);
    let head = Head::new(response.status, headers, exchange, &plan.policy.bounds);
    let entry = Entry::new(
        plan.key.clone(),
        selecting,
        plan.identity.clone(),
        head,
        body,
        stamp,
        response.detail,
    );
    let entry = Arc::new(entry);
    publish(inner, plan, &entry);
    inner.forget_unshareable(plan.group);
    Outcome::Stored(entry)
}

/// The origin has changed its mind about such requests: what was stored for them goes, unless it is
/// newer than this answer, and the next ones do not queue for it.
fn changed_its_mind(inner: &Inner, plan: &Plan, exchange: Exchange) {
    for old in inner.memory.find(&plan.key).iter().flat_map(Variants::all) {
        if old.selecting.matches(&plan.viewer.fields) && old.head.exchange.sent <= exchange.sent {
            inner.memory.remove(old);
        }
    }
    inner.remember_unshareable(plan.group);
}

/// What the messages do not forbid, and the edge still does not keep: what the edge adds to differs with
/// every viewer, so an answer that varies by it fits no other one; and the operator may refuse cookies.
fn may_be_kept(plan: &Plan, headers: &HeaderMap) -> Result<(), Reason> {
    if plan.policy.set_cookie == SetCookie::Refuse && headers.contains_key(header::SET_COOKIE) {
        return Err(Reason::SetCookie);
    }
    let by_viewer = |name: &HeaderName| !plan.origin_request.can_vary_by(name);
    match vary::names(headers).any(|name| by_viewer(&name)) {
        true => Err(Reason::VaryStar),
        false => Ok(()),
    }
}

/// Hands an answer to the one follower who may have it. It goes at that viewer's pace from now on.
fn pass_on(plan: &Plan, mut live: Live, to: oneshot::Sender<Own>, why: Reason) -> Outcome {
    if let Err(error) = plan.origin.let_pass(&mut live.response) {
        return Outcome::Failed(Arc::new(error));
    }
    // If its follower has left, nobody wants it.
    let _ = to.send(Own::Live(live));
    Outcome::Unshareable { why }
}

/// The whole body in an allocation of its own.
async fn read(response: &mut OriginResponse, length: u64) -> Result<Bytes, OriginError> {
    let capacity = usize::try_from(length).unwrap_or(usize::MAX);
    let mut body = Vec::new();
    if body.try_reserve_exact(capacity).is_err() {
        return Err(OriginError::Broken(format!(
            "no memory for a body of {length} bytes"
        )));
    }
    while let Some(chunk) = response.body.chunk().await? {
        if body.len() + chunk.len() > capacity {
            return Err(OriginError::Broken(format!(
                "more than the announced {length} bytes came"
            )));
        }
        body.extend_from_slice(&chunk);
    }
    if body.len() != capacity {
        return Err(OriginError::Broken(format!(
            "{} of the announced {length} bytes came",
            body.len()
        )));
    }
    Ok(Bytes::from(body))
}

fn publish(inner: &Inner, plan: &Plan, entry: &Arc<Entry>) {
    // One that was overtaken would be found dead at every look-up; it is not worth its memory.
    if entry.liveness(&inner.ledger) == Liveness::Alive {
        let left = inner.memory.publish(entry, &plan.viewer.fields);
        inner.metrics.variants_evicted.add(left as u64);
    }
}
