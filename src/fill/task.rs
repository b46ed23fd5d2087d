//! The fetch machine: asks the origin once, for all followers.
//!
//! Invariants: the stamp is taken after every queue and just before the request is sent; a body
//! is kept only when all of it has come; an answer that an invalidation has overtaken is never
//! published (nor handed to anybody who came after that invalidation).

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, StatusCode, header};
use tokio::sync::oneshot;

use super::flights::Flight;
use super::{BUDGET_UNIT, Inner, Live, Outcome, Plan};
use crate::clock;
use crate::object::head::{Exchange, Head};
use crate::origin::{Ask, OriginError, OriginResponse, Purpose};
use crate::purge::ledger::Liveness;
use crate::purge::stamp::Stamp;
use crate::semantics::fields;
use crate::semantics::storable::{self, Asked};
use crate::store::entry::Entry;

/// To wait for room in the in-flight budget; then the answer passes through.
const ROOM: Duration = Duration::from_secs(1);
/// A body must come within this time, and a second more for each [`LEAST_RATE`] bytes: an origin
/// that drips must not hold those who wait for ever.
const GRACE: Duration = Duration::from_secs(30);
/// Bytes a second.
const LEAST_RATE: u64 = 64 * 1_024;

pub(super) async fn run(
    inner: Arc<Inner>,
    plan: Plan,
    flight: Arc<Flight>,
    live: oneshot::Sender<Live>,
) {
    let key = plan.key.hash();
    let landing = Landing {
        inner: &inner,
        flight: &flight,
        key,
    };
    let outcome = fill(&inner, &plan, &flight, live).await;
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
    landing.end(outcome);
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

async fn fill(inner: &Inner, plan: &Plan, flight: &Flight, live: oneshot::Sender<Live>) -> Outcome {
    let mut validate = plan.validate.clone();
    loop {
        let answer = match ask(inner, plan, flight, &mut validate).await {
            Ok(Some(answer)) => answer,
            Ok(None) => return Outcome::Outdated,
            Err(error) => return Outcome::Failed(Arc::new(error)),
        };
        if answer.response.status != StatusCode::NOT_MODIFIED {
            return keep(inner, plan, answer, live).await;
        }
        // The origin only answers 304 when it was asked about an entry.
        let Some(asked_about) = validate.take() else {
            return Outcome::Failed(Arc::new(OriginError::Unasked("304".to_owned())));
        };
        if let Some(renewed) = renew(inner, plan, &asked_about, &answer) {
            return Outcome::Renewed(renewed);
        }
        // It does not fit the entry, or makes it unstorable: the entry goes, and the origin is
        // asked again without a condition, which it cannot answer with 304.
        inner.memory.remove(&asked_about);
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
    let mut ask = Ask::get(Arc::clone(&plan.path));
    ask.viewer = Arc::clone(&plan.viewer);
    if let Some(entry) = validate {
        // To buckets goes If-None-Match alone: some evaluate the date even if the tag differs.
        let (name, value) = match entry.head.etag() {
            Some(etag) => (header::IF_NONE_MATCH, Some(etag)),
            None => (
                header::IF_MODIFIED_SINCE,
                entry.head.fields.first(&header::LAST_MODIFIED),
            ),
        };
        match value.map(HeaderValue::from_bytes) {
            Some(Ok(value)) => ask = ask.with(name, value),
            _ => *validate = None,
        }
    }
    let sent = inner.clock.now();
    let response = plan.origin.fetch(permit, ask).await?;
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

/// The old body with a new head, if the 304 answers for it (RFC 9111 section 4.3.4; DESIGN 3.3).
fn renew(inner: &Inner, plan: &Plan, entry: &Arc<Entry>, answer: &Answered) -> Option<Arc<Entry>> {
    let update = &answer.response.headers;
    let agrees = |name| match (update.get(&name), entry.head.fields.first(&name)) {
        (Some(given), Some(kept)) => given.as_bytes() == kept,
        // Without the field, the 304 answers the validator that was sent.
        (None, _) => true,
        (Some(_), None) => name == header::LAST_MODIFIED,
    };
    if !agrees(header::ETAG) || !agrees(header::LAST_MODIFIED) {
        return None;
    }
    let merged = fields::merge_not_modified(&entry.head.fields.to_map(update.len()), update);
    let status = entry.head.status;
    let head = Head::new(status, merged.clone(), answer.exchange, &plan.policy.bounds);
    storable::storable(&ASKED, status, &merged, &head.freshness).ok()?;
    let (key, identity) = (entry.key.clone(), plan.identity.clone());
    let renewed = Arc::new(Entry::new(
        key,
        identity,
        head,
        entry.body.clone(),
        answer.stamp,
        entry.detail,
    ));
    publish(inner, &renewed);
    Some(renewed)
}

/// A request as the edge itself makes it: no viewer's credentials, no viewer's cookies.
const ASKED: Asked = Asked {
    get: true,
    authorization: false,
    unkeyed_cookie: false,
};

/// Stores a full answer, or hands it to the follower who caused it.
async fn keep(
    inner: &Inner,
    plan: &Plan,
    answer: Answered,
    live: oneshot::Sender<Live>,
) -> Outcome {
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
    let judged = storable::storable(&ASKED, response.status, &response.headers, &head.freshness)
        .map_err(storable::Unstorable::as_str)
        .and_then(|()| length.ok_or("no-length"))
        .and_then(|length| {
            if length > plan.max_object_size {
                Err("too-large")
            } else {
                Ok(length)
            }
        });
    let length = match judged {
        Ok(length) => length,
        Err(why) => {
            // The origin has changed its mind about this key: what was stored goes, unless it is
            // newer than this answer.
            if let Some(old) = inner.memory.find(&plan.key)
                && old.head.exchange.sent <= exchange.sent
            {
                inner.memory.remove(&old);
            }
            inner.remember_unshareable(&plan.key);
            return pass_on(plan, Live { response, exchange }, live, why);
        }
    };
    // The semaphore is never closed; so what is left is that there is no room for a while.
    let units = u32::try_from(length.div_ceil(BUDGET_UNIT))
        .unwrap_or(u32::MAX)
        .min(inner.budget_units);
    let Ok(Ok(_reserved)) =
        clock::within(&*inner.clock, ROOM, inner.budget.acquire_many(units)).await
    else {
        return pass_on(plan, Live { response, exchange }, live, "in-flight");
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
    let mut headers = response.headers;
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let head = Head::new(response.status, headers, exchange, &plan.policy.bounds);
    let entry = Entry::new(
        plan.key.clone(),
        plan.identity.clone(),
        head,
        body,
        stamp,
        response.detail,
    );
    let entry = Arc::new(entry);
    publish(inner, &entry);
    inner.forget_unshareable(&plan.key);
    Outcome::Stored(entry)
}

/// Hands an answer to the one follower who may have it. It goes at that viewer's pace from now on.
fn pass_on(plan: &Plan, mut live: Live, to: oneshot::Sender<Live>, why: &'static str) -> Outcome {
    if let Err(error) = plan.origin.let_pass(&mut live.response) {
        return Outcome::Failed(Arc::new(error));
    }
    // If its follower has left, nobody wants it.
    let _ = to.send(live);
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

fn publish(inner: &Inner, entry: &Arc<Entry>) {
    // One that was overtaken would be found dead at every look-up; it is not worth its memory.
    if entry.liveness(&inner.ledger) == Liveness::Alive {
        inner.memory.publish(entry);
    }
}
