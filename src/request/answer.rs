//! *Answer*: from a stored entry, a live response or a refusal to what goes to the viewer.
//!
//! Every answer leaves through [`Engine::finish`], so every one carries `Cache-Status`,
//! `X-Cache`, `Via`, `X-Request-Id` and `X-Edge-Pop`, is counted, and is logged.

use std::net::IpAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, Version, header,
};

use super::body::Body;
use super::found::{Found, Guise, What};
use super::lookup::ready_fields;
use super::pump::pump;
use super::receive::RequestId;
use super::refusal::Refusal;
use super::route::Keyed;
use super::{Engine, Site};
use crate::fill::Live;
use crate::object::head::Head;
use crate::origin::OriginResponse;
use crate::origin::body::OriginBody;
use crate::policy::behavior::Behavior;
use crate::policy::key::Key;
use crate::policy::navigation;
use crate::policy::response_headers::Source;
use crate::semantics::age::Instant;
use crate::semantics::cache_status::{CacheStatus, Forward};
use crate::semantics::conditional::{self, Precondition};
use crate::semantics::multipart;
use crate::semantics::range::{self, Selection};
use crate::semantics::reason::Reason;
use crate::store::entry::Entry;
use crate::telemetry::access_log::Record;
use crate::verdict::Verdict;

/// Lines that the edge adds to a stored head.
pub(super) const OWN_FIELDS: usize = 7;

const CACHE_STATUS: HeaderName = HeaderName::from_static("cache-status");
const X_CACHE: HeaderName = HeaderName::from_static("x-cache");
const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const X_EDGE_POP: HeaderName = HeaderName::from_static("x-edge-pop");

/// What is asked, and what is needed to answer and log it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) at: Instant,
    pub(super) id: &'a RequestId,
    pub(super) site: &'a Arc<Site>,
    /// The other end of the connection.
    pub(super) peer: Option<IpAddr>,
    /// Who has sent the request, by the word of proxies that are trusted.
    pub(super) client: Option<IpAddr>,
    pub(super) method: &'a Method,
    pub(super) uri: &'a Uri,
    pub(super) version: Version,
    pub(super) headers: &'a HeaderMap,
    /// The rules that hold for it; none where it was refused before a behaviour was selected.
    pub(super) behavior: Option<&'a Behavior>,
}

impl<'a> Asked<'a> {
    /// A request whose object is known.
    pub(super) fn keyed<B>(
        request: &'a Request<B>,
        peer: Option<IpAddr>,
        keyed: &'a Keyed<'_>,
    ) -> Self {
        let Keyed { at, id, site, .. } = keyed;
        Self::new(request, peer, *at, id, site, Some(keyed.behavior()))
    }

    pub(super) fn new<B>(
        request: &'a Request<B>,
        peer: Option<IpAddr>,
        at: Instant,
        id: &'a RequestId,
        site: &'a Arc<Site>,
        behavior: Option<&'a Behavior>,
    ) -> Self {
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        Self {
            at,
            id,
            site,
            peer,
            client: peer.map(|peer| site.clients.client(peer, headers)),
            method,
            uri,
            version: request.version(),
            headers,
            behavior,
        }
    }
}

/// How an answer came about: what the verdict was, and what it cost the origin.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) verdict: Verdict,
    pub(super) cost: Cost,
    pub(super) forward: Option<Forward>,
    pub(super) forward_status: Option<StatusCode>,
    pub(super) stored: bool,
    pub(super) collapsed: bool,
    pub(super) detail: Option<Reason>,
    /// What the dearest of several attempts cost; `None`: this was the only one.
    pub(super) dearest: Option<Spent>,
    /// Whether the answer depends on whether the request is a navigation.
    pub(super) varies: bool,
}

/// What one of several attempts for a request cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    verdict: Verdict,
    cost: Cost,
    forward: Option<Forward>,
    forward_status: Option<StatusCode>,
    stored: bool,
    collapsed: bool,
}

impl How {
    pub(super) const fn new(verdict: Verdict, cost: Cost, forward: Option<Forward>) -> Self {
        Self {
            verdict,
            cost,
            forward,
            forward_status: None,
            stored: false,
            collapsed: false,
            detail: match verdict {
                Verdict::ServeStale { reason, .. } | Verdict::Pass { reason, .. } => Some(reason),
                _ => None,
            },
            dearest: None,
            varies: false,
        }
    }

    /// What it cost.
    pub(super) const fn spent(self) -> Spent {
        Spent {
            verdict: self.verdict,
            cost: self.cost,
            forward: self.forward,
            forward_status: self.forward_status,
            stored: self.stored,
            collapsed: self.collapsed,
        }
    }

    /// That of the two which cost the origin more.
    pub(super) fn or_dearer(self, other: Self) -> Self {
        let rank = |how: &Self| (how.cost, how.forward.is_some());
        match rank(&other) > rank(&self) {
            true => other,
            false => self,
        }
    }

    /// With all that was spent on the request: what the viewer and the log are told.
    fn in_all(mut self) -> Self {
        if let Some(spent) = self.dearest {
            self.verdict = spent.verdict;
            self.cost = spent.cost;
            self.forward = spent.forward;
            self.forward_status = spent.forward_status.or(self.forward_status);
            self.stored = spent.stored;
            self.collapsed = spent.collapsed;
        }
        self
    }
}

/// What a request cost the origin.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Cost {
    Nothing,
    Condition,
    Request,
}

/// An answer but for the fields that the edge adds to every one.
struct Draft {
    status: StatusCode,
    headers: HeaderMap,
    body: Body,
    /// Bytes of the body, if it is all there; a body under way is counted at its end.
    bytes: Option<u64>,
    ttl: Option<i64>,
    /// What the policy for response headers finds.
    source: Source,
}

impl Engine {
    /// Answers with what was found; a page in the guise of something else, if that is given.
    pub(super) fn answer(
        &self,
        asked: &Asked<'_>,
        key: Option<&Key>,
        found: Found,
        guise: Option<&Guise>,
    ) -> Response<Body> {
        let Found { what, mut how } = found;
        let disguise = |response: &mut OriginResponse| {
            if let Some(guise) = guise {
                response.status = guise.status;
                response.detail = None;
                guise.put_on(&mut response.headers);
            }
        };
        match what {
            What::Stored(entry, now, cookies) => {
                let mut answer = self.answer_stored(asked, &entry, now, how, guise);
                for cookie in cookies {
                    answer.headers_mut().append(header::SET_COOKIE, cookie);
                }
                answer
            }
            What::Live(mut live) => {
                disguise(&mut live.response);
                self.answer_live(asked, key, live, how)
            }
            What::Passed(mut response) => {
                how.forward_status = how.forward_status.or(Some(response.status));
                disguise(&mut response);
                self.answer_response(asked, key, response, how)
            }
            What::Refused(refusal) => self.answer_refusal(asked, &refusal, how),
            What::Redirected(status, location) => {
                let mut headers = HeaderMap::with_capacity(OWN_FIELDS + 2);
                headers.insert(header::LOCATION, location);
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
                let draft = Draft {
                    status,
                    headers,
                    body: Body::none(),
                    bytes: Some(0),
                    ttl: None,
                    source: Source::Edge,
                };
                self.finish(asked, key, draft, how)
            }
        }
    }

    /// Answers from a stored entry: the viewer's preconditions first, then its range
    /// (RFC 9110 section 13.2.2).
    fn answer_stored(
        &self,
        asked: &Asked<'_>,
        entry: &Entry,
        now: Instant,
        mut how: How,
        guise: Option<&Guise>,
    ) -> Response<Body> {
        let head = &entry.head;
        let mut headers = ready_fields(entry);
        // Who caused the fetch gets the answer as it came, with an Age only if it came with one
        // (RFC 9111 section 5.1); everybody else learns its age.
        if how.cost != Cost::Request || head.aged {
            headers.insert(header::AGE, HeaderValue::from(head.age.at(now).as_secs()));
        }
        how.detail = how.detail.or(entry.detail);
        let status = worn(head, guise, &mut headers);
        let (status, body) = select_as(asked, entry, status, &mut headers);
        let mut source = Source::Whole;
        let (body, bytes) = match body {
            Selected::Bytes(bytes) => sent(asked, status, bytes),
            Selected::Pieces { pieces, length } => (Body::pieces(pieces), length),
            Selected::Unchanged(whole) => {
                source = Source::Unchanged(Some(whole));
                (Body::none(), 0)
            }
        };
        let draft = Draft {
            status,
            headers,
            bytes: Some(bytes),
            body,
            ttl: Some(head.ttl(now)),
            source,
        };
        self.finish(asked, Some(&entry.key), draft, how)
    }

    /// Answers with what a fill brought that only this request may have.
    fn answer_live(
        &self,
        asked: &Asked<'_>,
        key: Option<&Key>,
        live: Live,
        mut how: How,
    ) -> Response<Body> {
        let Live {
            mut response,
            exchange,
            forward_status,
        } = live;
        how.forward_status = Some(forward_status);
        // The fill asked without the viewer's conditions; they are applied to the result.
        let unchanged = response.status.is_success()
            && conditional::evaluate(asked.headers, &response.headers, exchange.received_wall)
                == Precondition::NotModified;
        if !unchanged {
            return self.answer_response(asked, key, response, how);
        }
        let fields = conditional::not_modified_fields(&response.headers);
        let whole = std::mem::replace(&mut response.headers, fields);
        response.status = StatusCode::NOT_MODIFIED;
        response.body = OriginBody::made(Bytes::new());
        let source = Source::Unchanged(Some(whole));
        self.answer_as_it_comes(asked, key, response, how, source)
    }

    /// Answers with an origin's response as it comes.
    fn answer_response(
        &self,
        asked: &Asked<'_>,
        key: Option<&Key>,
        response: OriginResponse,
        how: How,
    ) -> Response<Body> {
        let source = match response.status {
            StatusCode::NOT_MODIFIED => Source::Unchanged(None),
            _ => Source::Whole,
        };
        self.answer_as_it_comes(asked, key, response, how, source)
    }

    fn answer_as_it_comes(
        &self,
        asked: &Asked<'_>,
        key: Option<&Key>,
        response: OriginResponse,
        mut how: How,
        source: Source,
    ) -> Response<Body> {
        let OriginResponse {
            status,
            mut headers,
            body,
            detail,
        } = response;
        how.forward_status = how.forward_status.or(Some(status));
        // What the origin said weighs more than why it was asked.
        how.detail = detail.or(how.detail);
        let bodiless = *asked.method == Method::HEAD
            || matches!(status, StatusCode::NOT_MODIFIED | StatusCode::NO_CONTENT);
        if status == StatusCode::NO_CONTENT {
            // It must not announce a length (RFC 9110 section 8.6).
            headers.remove(header::CONTENT_LENGTH);
        }
        let (body, bytes) = if bodiless {
            (Body::none(), Some(0))
        } else {
            let length = body.length();
            if let Some(length) = length {
                headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
            }
            let (moving, receiver) = pump(body, Arc::clone(&self.clock));
            self.spawner.spawn(moving);
            let done = self.log_at_the_end(asked, status, how);
            (Body::coming(receiver, length, done), None)
        };
        self.finish(
            asked,
            key,
            Draft {
                status,
                headers,
                body,
                bytes,
                ttl: None,
                source,
            },
            how,
        )
    }

    /// Answers a preflight that is allowed: what the policy says is all there is to say.
    pub(super) fn answer_preflight(&self, asked: &Asked<'_>) -> Response<Body> {
        self.answer_at_once(asked, Verdict::Preflight, HeaderMap::new())
    }

    /// Answers `OPTIONS *`, which goes to no origin.
    pub(super) fn answer_options(
        &self,
        asked: &Asked<'_>,
        allowed: &HeaderValue,
    ) -> Response<Body> {
        let headers = HeaderMap::from_iter([(header::ALLOW, allowed.clone())]);
        self.answer_at_once(asked, Verdict::Options, headers)
    }

    fn answer_at_once(
        &self,
        asked: &Asked<'_>,
        verdict: Verdict,
        headers: HeaderMap,
    ) -> Response<Body> {
        let draft = Draft {
            status: StatusCode::NO_CONTENT,
            headers,
            body: Body::none(),
            bytes: Some(0),
            ttl: None,
            source: Source::Edge,
        };
        let how = How::new(verdict, Cost::Nothing, None);
        self.finish(asked, None, draft, how)
    }

    /// Answers with a refusal.
    fn answer_refusal(&self, asked: &Asked<'_>, refusal: &Refusal, mut how: How) -> Response<Body> {
        let (headers, text) = refusal.answer(asked.id.as_str());
        how.detail = Some(refusal.reason());
        if let Refusal::Origin { error, .. } = refusal {
            how.forward_status = error.status().and_then(|s| StatusCode::from_u16(s).ok());
        }
        let status = refusal.status();
        let (body, bytes) = sent(asked, status, text);
        let draft = Draft {
            status,
            headers,
            bytes: Some(bytes),
            body,
            ttl: None,
            source: Source::Edge,
        };
        self.finish(asked, None, draft, how)
    }

    /// Applies the policy for response headers, adds the edge's own fields, counts and logs.
    fn finish(
        &self,
        asked: &Asked<'_>,
        key: Option<&Key>,
        draft: Draft,
        how: How,
    ) -> Response<Body> {
        let Draft {
            status,
            mut headers,
            body,
            bytes,
            ttl,
            source,
        } = draft;
        let how = how.in_all();
        if how.varies {
            // Merged by being one more line; `*` says more already.
            headers.append(header::VARY, HeaderValue::from_static(navigation::FIELDS));
        }
        let behavior = asked.behavior;
        if let Some(policy) = behavior.and_then(|behavior| behavior.response_headers.as_ref()) {
            policy.apply(asked.method, asked.headers, status, &mut headers, &source);
        }
        let site = &**asked.site;
        let shown = key.filter(|_| site.debug_headers).map(Key::to_string);
        let cache_status = CacheStatus {
            cache: &site.name,
            hit: how.forward.is_none() && key.is_some(),
            forward: how.forward,
            forward_status: how.forward_status.map(|status| status.as_u16()),
            stored: how.stored,
            collapsed: how.collapsed,
            ttl,
            key: shown.as_deref(),
            detail: how
                .detail
                .filter(|_| site.debug_headers)
                .map(Reason::as_str),
        };
        // Appended: an origin that is a cache has lines of its own.
        headers.append(CACHE_STATUS, cache_status.render());
        let cache = word(how.cost, status);
        headers.insert(X_CACHE, HeaderValue::from_static(cache.1));
        headers.append(header::VIA, site.via.clone());
        headers.insert(X_REQUEST_ID, asked.id.value());
        headers.insert(X_EDGE_POP, site.pop.clone());
        self.metrics.answer(how.verdict, status);
        if let Some(reason) = how.detail {
            self.metrics.reason(reason);
        }
        if how.verdict != Verdict::Serve {
            self.metrics
                .took(how.verdict, self.clock.now().saturating_since(asked.at));
        }
        if let Some(bytes) = bytes {
            self.metrics.viewer_bytes(bytes);
            let took = match how.verdict {
                Verdict::Serve => Duration::ZERO,
                _ => self.clock.now().saturating_since(asked.at),
            };
            self.log.record(&Record {
                at: asked.at,
                took,
                client: asked.client,
                method: asked.method.as_str(),
                host: host(asked),
                target: target(asked),
                protocol: protocol(asked.version),
                status: status.as_u16(),
                bytes,
                verdict: how.verdict.as_str(),
                cache: cache.0,
                detail: how.detail.map_or("", Reason::as_str),
                request_id: asked.id.as_str(),
                user_agent: user_agent(asked),
            });
        }
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }

    /// Counts and logs an answer whose body is still coming, once it is done with.
    fn log_at_the_end(
        &self,
        asked: &Asked<'_>,
        status: StatusCode,
        how: How,
    ) -> impl FnOnce(u64) + Send + 'static + use<> {
        let (log, metrics, clock) = (
            self.log.clone(),
            Arc::clone(&self.metrics),
            Arc::clone(&self.clock),
        );
        let how = how.in_all();
        let (at, client, version, id) = (asked.at, asked.client, asked.version, *asked.id);
        let method = asked.method.clone();
        let texts = [host(asked), target(asked), user_agent(asked)].map(str::to_owned);
        move |bytes| {
            metrics.viewer_bytes(bytes);
            let [host, target, user_agent] = &texts;
            log.record(&Record {
                at,
                took: clock.now().saturating_since(at),
                client,
                method: method.as_str(),
                host,
                target,
                protocol: protocol(version),
                status: status.as_u16(),
                bytes,
                verdict: how.verdict.as_str(),
                cache: word(how.cost, status).0,
                detail: how.detail.map_or("", Reason::as_str),
                request_id: id.as_str(),
                user_agent,
            });
        }
    }
}

/// The body that goes out, and its length: none to a HEAD and with a 304.
fn sent(asked: &Asked<'_>, status: StatusCode, body: Bytes) -> (Body, u64) {
    if *asked.method == Method::HEAD || status == StatusCode::NOT_MODIFIED {
        return (Body::none(), 0);
    }
    let length = body.len() as u64;
    (Body::whole(body), length)
}

/// What a stored success becomes.
enum Selected {
    Bytes(Bytes),
    /// Parts with what stands between them: `length` bytes in all.
    Pieces {
        pieces: Vec<Bytes>,
        length: u64,
    },
    /// None: a 304. These are the fields that it stands for.
    Unchanged(HeaderMap),
}

/// The status with which a stored entry answers, in a guise if there is one.
pub(super) fn status_of(asked: &Asked<'_>, entry: &Entry, guise: Option<&Guise>) -> StatusCode {
    let mut headers = entry.head.fields.to_map(0);
    let status = worn(&entry.head, guise, &mut headers);
    select_as(asked, entry, status, &mut headers).0
}

/// The status before conditions and ranges; a guise is put on.
fn worn(head: &Head, guise: Option<&Guise>, headers: &mut HeaderMap) -> StatusCode {
    match guise {
        Some(guise) => {
            guise.put_on(headers);
            guise.status
        }
        None => head.status,
    }
}

fn select_as(
    asked: &Asked<'_>,
    entry: &Entry,
    status: StatusCode,
    headers: &mut HeaderMap,
) -> (StatusCode, Selected) {
    // To anything but a success the conditions do not apply (RFC 9110 section 13.2.1).
    if status.is_success() {
        select(asked, &entry.head, headers, &entry.body)
    } else {
        (status, Selected::Bytes(entry.body.clone()))
    }
}

/// Applies the viewer's preconditions to a stored success, and its range to a stored 200
/// (RFC 9110 sections 13.2.2 and 14.2).
fn select(
    asked: &Asked<'_>,
    head: &Head,
    headers: &mut HeaderMap,
    body: &Bytes,
) -> (StatusCode, Selected) {
    let whole = || (head.status, Selected::Bytes(body.clone()));
    let nothing = |status| (status, Selected::Bytes(Bytes::new()));
    let fields = asked.headers;
    let conditions = fields.contains_key(header::IF_NONE_MATCH)
        || fields.contains_key(header::IF_MODIFIED_SINCE);
    if conditions
        && conditional::evaluate(fields, headers, head.exchange.received_wall)
            == Precondition::NotModified
    {
        let fields = conditional::not_modified_fields(headers);
        let whole = std::mem::replace(headers, fields);
        if let Some(age) = whole.get(header::AGE) {
            headers.insert(header::AGE, age.clone());
        }
        return (StatusCode::NOT_MODIFIED, Selected::Unchanged(whole));
    }
    if head.status != StatusCode::OK || !fields.contains_key(header::RANGE) {
        return whole();
    }
    let length = body.len() as u64;
    match range::select(asked.method, fields, headers, length) {
        Selection::Whole => whole(),
        Selection::Part { first, last } => {
            headers.insert(
                header::CONTENT_RANGE,
                range::content_range(first, last, length),
            );
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(last - first + 1));
            // A selected range lies within the body, whose length is a usize.
            let part = body.slice(first as usize..=last as usize);
            (StatusCode::PARTIAL_CONTENT, Selected::Bytes(part))
        }
        Selection::Parts(parts) => {
            let boundary = boundary();
            let kind = headers.get(header::CONTENT_TYPE);
            // As above: every part lies within the body.
            let slice = |part: &RangeInclusive<u64>| {
                body.slice(*part.start() as usize..=*part.end() as usize)
            };
            let pieces = multipart::pieces(&parts, kind, length, &boundary, slice);
            let sum = pieces.iter().map(|piece| piece.len() as u64).sum();
            // Then the whole is shorter, and says the same.
            if sum >= length {
                return whole();
            }
            headers.insert(header::CONTENT_TYPE, multipart::content_type(&boundary));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(sum));
            let pieces = Selected::Pieces {
                pieces,
                length: sum,
            };
            (StatusCode::PARTIAL_CONTENT, pieces)
        }
        Selection::Unsatisfiable => {
            let date = headers.remove(header::DATE);
            headers.clear();
            if let Some(date) = date {
                headers.insert(header::DATE, date);
            }
            headers.insert(header::CONTENT_RANGE, range::unsatisfied_range(length));
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(0));
            nothing(StatusCode::RANGE_NOT_SATISFIABLE)
        }
    }
}

/// A boundary that no publisher can foresee.
fn boundary() -> String {
    let mut random = [0; 16];
    if getrandom::fill(&mut random).is_err() {
        // Without randomness it is at least one of its own.
        return RequestId::next().as_str().to_owned();
    }
    format!("{:032x}", u128::from_ne_bytes(random))
}

/// What `X-Cache` says: what this request cost the origin, or Error.
const fn word(cost: Cost, status: StatusCode) -> (&'static str, &'static str) {
    if status.as_u16() >= 400 {
        return ("Error", "Error from seawall");
    }
    match cost {
        Cost::Nothing => ("Hit", "Hit from seawall"),
        Cost::Condition => ("RefreshHit", "RefreshHit from seawall"),
        Cost::Request => ("Miss", "Miss from seawall"),
    }
}

fn host<'a>(asked: &Asked<'a>) -> &'a str {
    match asked.uri.authority() {
        Some(authority) => authority.as_str(),
        None => text(asked, &header::HOST),
    }
}

fn target<'a>(asked: &Asked<'a>) -> &'a str {
    asked
        .uri
        .path_and_query()
        .map_or("", |target| target.as_str())
}

fn user_agent<'a>(asked: &Asked<'a>) -> &'a str {
    text(asked, &header::USER_AGENT)
}

fn text<'a>(asked: &Asked<'a>, name: &HeaderName) -> &'a str {
    asked
        .headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default()
}

const fn protocol(version: Version) -> &'static str {
    match version {
        Version::HTTP_10 => "HTTP/1.0",
        Version::HTTP_11 => "HTTP/1.1",
        Version::HTTP_2 => "HTTP/2.0",
        _ => "HTTP",
    }
}
