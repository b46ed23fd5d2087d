//! An HTTP origin: any web server or balancer.
//!
//! The viewer's target goes on byte for byte; of its fields, those that the behaviour forwards. The
//! edge adds itself: `Via` (RFC 9110 section 7.6.3), `CDN-Loop` (RFC 8586). What concerns one connection only stays behind in both directions (RFC 9110 section 7.6.1), so do
//! interim answers and trailers. The origin's statuses are its own: all final ones pass through.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use ::http::uri::{Authority, PathAndQuery, Scheme};
use ::http::{
    HeaderMap, HeaderName, HeaderValue, Method, Request, StatusCode, Uri, Version, header,
};
use arc_swap::ArcSwapOption;
use bytes::Bytes;

use super::body::{InFlight, OriginBody};
use super::http::{Limits, NoAnswer, Wire};
use super::judge::{self, Judged};
use super::queue::Queue;
use super::retry::Retries;
use super::upload::{Outgoing, Upload};
use super::{Ask, BoxFuture, Origin, OriginError, OriginResponse, Outline, Permit, Purpose};
use crate::clock::SharedClock;
use crate::semantics::{fields, range};
use crate::telemetry::metrics::{Metrics, OriginMetrics};

const CDN_LOOP: HeaderName = HeaderName::from_static("cdn-loop");

/// The conditions that the edge, or a viewer whose request passes through, may set.
const CONDITIONS: [HeaderName; 6] = [
    header::RANGE,
    header::IF_MATCH,
    header::IF_NONE_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_UNMODIFIED_SINCE,
    header::IF_RANGE,
];

/// What there is to know about an HTTP origin.
#[derive(Debug)]
pub struct WebOptions {
    /// The origin's name in the configuration.
    pub name: String,
    /// `http` or `https`.
    pub scheme: Scheme,
    /// Host, and perhaps port.
    pub authority: Authority,
    /// What it gets as Host; `None`: the host of its address. A viewer's host comes with the request.
    pub host: Option<Authority>,
    /// The edge's name, in `Via` and `CDN-Loop`.
    pub edge: String,
    /// More certificates to trust.
    pub ca_file: Option<PathBuf>,
    /// Time limits.
    pub limits: Limits,
    /// Requests at once.
    pub max_requests: usize,
}

/// An HTTP origin.
pub struct Web(Arc<Inner>);

struct Inner {
    name: String,
    scheme: Scheme,
    authority: Authority,
    host: HeaderValue,
    edge: HeaderValue,
    wire: Wire<Outgoing>,
    queue: Queue,
    retries: Retries,
    trouble: ArcSwapOption<OriginError>,
    clock: SharedClock,
    metrics: Arc<OriginMetrics>,
}

impl fmt::Debug for Web {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Web({})", self.0.name)
    }
}

impl Web {
    /// An HTTP origin, without a request to it yet.
    ///
    /// # Errors
    /// A text that says which option is wrong.
    pub fn new(options: WebOptions, clock: SharedClock, metrics: &Metrics) -> Result<Self, String> {
        let wire = Wire::new(options.limits, options.ca_file.as_deref(), clock.clone())?;
        let value = |text: &str| {
            HeaderValue::from_str(text).map_err(|error| format!("{text:?} in a field: {error}"))
        };
        let host = match &options.host {
            Some(host) => value(host.as_str())?,
            None => value(shown_host(&options.scheme, &options.authority))?,
        };
        let metrics = metrics.origin(&options.name);
        Ok(Self(Arc::new(Inner {
            trouble: ArcSwapOption::empty(),
            retries: Retries::new(clock.clone(), Arc::clone(&metrics)),
            metrics,
            name: options.name,
            scheme: options.scheme,
            authority: options.authority,
            host,
            edge: value(&options.edge)?,
            wire,
            queue: Queue::new(options.max_requests),
            clock,
        })))
    }
}

/// The host as Host has it: without the scheme's own port (RFC 9110 section 4.2.3).
fn shown_host<'a>(scheme: &Scheme, authority: &'a Authority) -> &'a str {
    let default_port = if *scheme == Scheme::HTTPS { 443 } else { 80 };
    match authority.port_u16() {
        Some(port) if port == default_port => authority.host(),
        _ => authority.as_str(),
    }
}

impl Origin for Web {
    fn name(&self) -> &str {
        &self.0.name
    }

    fn admit(&self, purpose: Purpose) -> BoxFuture<'_, Result<Permit, OriginError>> {
        Box::pin(async move {
            let inner = &self.0;
            let limit = inner.wire.limits().first_byte;
            let admitted = inner.queue.admit(purpose, limit, &*inner.clock).await;
            if let Err(error) = &admitted {
                inner.metrics.request(error.word());
            }
            admitted
        })
    }

    fn let_pass(&self, response: &mut OriginResponse) -> Result<(), OriginError> {
        response.body.pass(self.0.queue.pass_now()?);
        Ok(())
    }

    fn fetch(
        &self,
        permit: Permit,
        ask: Ask,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        Box::pin(self.0.send(permit, ask, None))
    }

    fn upload(
        &self,
        permit: Permit,
        ask: Ask,
        body: Upload,
    ) -> BoxFuture<'_, Result<OriginResponse, OriginError>> {
        Box::pin(self.0.send(permit, ask, Some(body)))
    }

    fn outline(&self, ask: Ask) -> Result<Outline, OriginError> {
        let request = self.0.request(&ask.with_forwardable_range(), None)?;
        Ok(request.into())
    }

    /// There is no credential that must have been accepted.
    fn ready(&self) -> Result<(), String> {
        Ok(())
    }

    fn trouble(&self) -> Option<String> {
        let trouble = self.0.trouble.load();
        trouble
            .as_ref()
            .map(|error| format!("origin {}: {error}", self.0.name))
    }
}

impl Inner {
    async fn send(
        &self,
        permit: Permit,
        ask: Ask,
        body: Option<Upload>,
    ) -> Result<OriginResponse, OriginError> {
        let ask = ask.with_forwardable_range();
        let unkeyed = ask.viewer.unkeyed;
        let kinds = [unkeyed.query, unkeyed.header, unkeyed.cookie];
        for (counter, _) in self.metrics.unkeyed.iter().zip(kinds).filter(|(_, is)| *is) {
            counter.increment();
        }
        let result = self.judged(permit, &ask, body).await;
        if let Err(error) = &result {
            tracing::debug!(origin = self.name, path = &*ask.path, %error, "origin request failed");
        }
        result
    }

    async fn judged(
        &self,
        permit: Permit,
        ask: &Ask,
        body: Option<Upload>,
    ) -> Result<OriginResponse, OriginError> {
        let mut answer = match body {
            Some(upload) => self.once(ask, Some(upload)).await.map_err(|no| no.error)?,
            None => self.exchange(ask).await?,
        };
        if answer.status == StatusCode::PARTIAL_CONTENT
            && !range::if_range_holds(&ask.conditions, &answer.headers)
        {
            // An origin that does not know If-Range: a part of another version than the viewer has.
            let mut whole = ask.clone();
            whole.conditions.remove(header::RANGE);
            whole.conditions.remove(header::IF_RANGE);
            answer = self.exchange(&whole).await?;
        }
        let Answer {
            status,
            mut headers,
            body,
            in_flight,
        } = answer;
        let framing = judge::framing(&headers)?;
        fields::strip_hop_by_hop(&mut headers);
        let mut body = OriginBody::coming(
            body,
            self.wire.limits().idle,
            self.clock.clone(),
            Arc::clone(&self.metrics),
            in_flight,
            permit,
        );
        if framing == judge::Framing::Chunked {
            body.tells_its_end();
        }
        match judge::of_web(
            &ask.method,
            &ask.conditions,
            status,
            &headers,
            body.length(),
        ) {
            Judged::Error(error) => Err(error),
            _ => Ok(OriginResponse {
                status,
                headers,
                body,
                detail: None,
            }),
        }
    }

    /// One exchange without a body, and what is tried again of it.
    async fn exchange(&self, ask: &Ask) -> Result<Answer, OriginError> {
        let safe = matches!(ask.method, Method::GET | Method::HEAD | Method::OPTIONS);
        self.retries.exchange(safe, || self.once(ask, None)).await
    }

    async fn once(&self, ask: &Ask, upload: Option<Upload>) -> Result<Answer, NoAnswer> {
        let in_flight = InFlight::new(&self.metrics);
        let sent = self.clock.now();
        let progress = upload.as_ref().map(Upload::progress);
        let result = async {
            let request = self.request(ask, upload)?;
            self.wire.send(request, progress.as_ref()).await
        }
        .await;
        match result {
            Ok(response) => {
                self.metrics.request("ok");
                self.metrics
                    .first_byte(self.clock.now().saturating_since(sent));
                if self.trouble.load().is_some() {
                    self.trouble.store(None);
                }
                let (head, body) = response.into_parts();
                Ok(Answer {
                    status: head.status,
                    headers: head.headers,
                    body,
                    in_flight,
                })
            }
            Err(no) => {
                self.metrics.request(no.error.word());
                // With a body it may have been its viewer who broke it off.
                if progress.is_none() {
                    self.trouble.store(Some(Arc::new(no.error.clone())));
                }
                Err(no)
            }
        }
    }

    fn request(&self, ask: &Ask, upload: Option<Upload>) -> Result<Request<Outgoing>, OriginError> {
        let broken = |error: ::http::Error| OriginError::Broken(error.to_string());
        let uri = Uri::builder()
            .scheme(self.scheme.clone())
            .authority(self.authority.clone())
            .path_and_query(target(ask)?)
            .build()
            .map_err(broken)?;
        let mut request = Request::builder()
            .method(ask.method.clone())
            .uri(uri)
            .body(upload.map_or(Outgoing::Nothing, Outgoing::Upload))
            .map_err(broken)?;
        *request.headers_mut() = self.head(ask);
        Ok(request)
    }

    /// The fields that go out.
    fn head(&self, ask: &Ask) -> HeaderMap {
        let viewer = &ask.viewer;
        let mut headers = viewer.fields.clone();
        let host = viewer.host.as_ref().unwrap_or(&self.host);
        headers.insert(header::HOST, host.clone());
        for name in &CONDITIONS {
            for value in ask.conditions.get_all(name) {
                headers.append(name, value.clone());
            }
        }
        if !headers.contains_key(header::USER_AGENT) {
            headers.insert(
                header::USER_AGENT,
                HeaderValue::from_static(concat!("seawall/", env!("CARGO_PKG_VERSION"))),
            );
        }
        let edge = self.edge.to_str().unwrap_or_default();
        let protocol = match viewer.version {
            Version::HTTP_10 => "1.0",
            Version::HTTP_2 => "2",
            _ => "1.1",
        };
        add(&mut headers, header::VIA, &format!("{protocol} {edge}"));
        add(&mut headers, CDN_LOOP, edge);
        headers
    }
}

/// The target byte for byte: no URL library between the viewer and the wire.
fn target(ask: &Ask) -> Result<PathAndQuery, OriginError> {
    let text = match &ask.viewer.query {
        Some(query) => format!("{}?{query}", ask.path),
        None => ask.path.to_string(),
    };
    PathAndQuery::from_maybe_shared(Bytes::from(text))
        .map_err(|error| OriginError::Broken(format!("the target: {error}")))
}

/// Adds a member at the end of a list. One line: who reads only the first must not miss it.
fn add(headers: &mut HeaderMap, name: HeaderName, member: &str) {
    let mut list = Vec::new();
    for line in headers.get_all(&name) {
        list.extend_from_slice(line.as_bytes());
        list.extend_from_slice(b", ");
    }
    list.extend_from_slice(member.as_bytes());
    // The lines were values, and the edge's name and an address are.
    if let Ok(value) = HeaderValue::from_bytes(&list) {
        headers.insert(name, value);
    }
}

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: hyper::body::Incoming,
    in_flight: InFlight,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_comes_last_on_one_line() {
        let mut headers = HeaderMap::new();
        add(&mut headers, header::VIA, "1.1 edge-1");
        assert_eq!(headers["via"], "1.1 edge-1");
        headers.append(header::VIA, HeaderValue::from_static("2 b"));
        add(&mut headers, header::VIA, "1.1 c");
        assert_eq!(headers.get_all("via").iter().count(), 1);
        assert_eq!(headers["via"], "1.1 edge-1, 2 b, 1.1 c");
    }

    #[test]
    fn the_host_is_without_the_port_of_its_scheme() {
        for (scheme, authority, expected) in [
            (Scheme::HTTP, "a.test:80", "a.test"),
            (Scheme::HTTPS, "a.test:443", "a.test"),
            (Scheme::HTTPS, "a.test:80", "a.test:80"),
            (Scheme::HTTP, "[::1]:8080", "[::1]:8080"),
        ] {
            let authority: Authority = authority.parse().unwrap();
            assert_eq!(shown_host(&scheme, &authority), expected);
        }
    }
}
