//! `POST /v1/explain`: what would become of a request, and why; with `live` also what did become of it.
//!
//! Without `live` nothing is asked, stored, counted or logged. With it the request goes the way of any
//! viewer's, and may do no more than that.

use std::str::FromStr;

use axum::body::Bytes;
use axum::extract::{Request, State};
use axum::{Extension, Json};
use http::{HeaderName, HeaderValue, Method, Uri, header};
use http_body_util::{BodyExt, Empty};
use serde::Deserialize;

use super::auth::Caller;
use super::error::ApiError;
use super::{Desk, received};
use crate::request::Engine;
use crate::request::explain;
use crate::request::explain::explanation::{Explanation, Live};

/// Bytes of a call. More is a 413.
pub const BODY_BYTES: usize = 256 * 1024;
/// Fields of a request that is explained; as many as a viewer may send.
pub const FIELDS: usize = crate::semantics::framing::FIELDS;
/// Bytes of the body of a live answer that are read, and thrown away.
pub const LIVE_BYTES: u64 = 16 * 1024 * 1024;

/// The body of a call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// `http://host/path?query`
    #[serde(default)]
    url: Option<String>,
    /// The host, where there is no URL.
    #[serde(default)]
    host: Option<String>,
    /// The target, where there is no URL.
    #[serde(default)]
    target: Option<String>,
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    headers: Vec<(String, String)>,
    /// Send it, too.
    #[serde(default)]
    live: bool,
}

pub(super) async fn explain(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<Json<Explanation>, ApiError> {
    caller.may_read()?;
    let body = received(request, BODY_BYTES).await?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| {
        // What is wrong is told by its place: the text itself may hold a viewer's secrets.
        let (line, column) = (error.line(), error.column());
        ApiError::argument(format!(
            "the body is not what is allowed, {{\"url\": \"http://www.example.com/index.html\"}}, or \"host\" and \
             \"target\" in its place, with \"method\", \"headers\" (a list of [name, value]) and \"live\" as \
             further fields: line {line}, column {column}"
        ))
    })?;
    let live = wanted.live;
    let request = wanted.request()?;
    let engine = std::sync::Arc::clone(&desk.0.engine);
    // To look at the store without a mark takes time by the number of its keys.
    let looking = tokio::task::spawn_blocking(move || {
        let explanation = engine.explain(&request, None);
        (explanation, request)
    });
    let (mut explanation, request) = looking.await.map_err(|_| ApiError::internal())?;
    if live {
        explanation.live = Some(send(&desk.0.engine, request).await);
    }
    Ok(Json(explanation))
}

/// Sends a request the way of any viewer's.
async fn send(engine: &Engine, request: http::Request<()>) -> Live {
    let request = request.map(|()| Empty::<Bytes>::new());
    let answer = match engine.try_hit(&request, None) {
        Ok(answer) => answer,
        Err(pending) => engine.handle(pending, request, None).await,
    };
    let (head, mut body) = answer.into_parts();
    let mut bytes: u64 = 0;
    let complete = loop {
        match body.frame().await {
            None => break true,
            Some(Err(_)) => break false,
            Some(Ok(frame)) => {
                bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
                if bytes > LIVE_BYTES {
                    break false;
                }
            }
        }
    };
    let cost = head.headers.get("x-cache");
    let cost = cost.and_then(|value| value.to_str().ok()?.split(' ').next());
    Live {
        status: head.status.as_u16(),
        cost: cost.unwrap_or_default().to_owned(),
        fields: explain::fields(&head.headers),
        bytes,
        complete,
    }
}

impl Wanted {
    /// The request that is meant. Messages repeat nothing of a field's value, nor of a URL.
    fn request(&self) -> Result<http::Request<()>, ApiError> {
        let bad = |message: &str| ApiError::argument(message.to_owned());
        let (host, target) = match (&self.url, &self.host, &self.target) {
            (Some(url), None, None) => split(url)?,
            (None, Some(host), Some(target)) => (host.clone(), target.clone()),
            _ => return Err(bad("give either \"url\", or \"host\" and \"target\"")),
        };
        if !target.starts_with('/') {
            return Err(bad("the target must begin with '/'"));
        }
        let uri = Uri::from_str(&target)
            .map_err(|error| ApiError::argument(format!("the target is none: {error}")))?;
        let method = self.method.as_deref().unwrap_or("GET");
        let method = Method::from_bytes(method.as_bytes())
            .map_err(|_| bad("the method is none: allowed are the letters and marks of a token"))?;
        if self.headers.len() > FIELDS {
            return Err(ApiError::argument(format!(
                "there are {} headers; at most {FIELDS} are allowed",
                self.headers.len()
            )));
        }
        let mut request = http::Request::new(());
        *request.method_mut() = method;
        *request.uri_mut() = uri;
        for (name, value) in &self.headers {
            let known = HeaderName::from_str(name)
                .map_err(|_| ApiError::argument(format!("{name:?} is no name of a header")))?;
            let value = HeaderValue::from_str(value).map_err(|_| {
                ApiError::argument(format!(
                    "the value of {known} is none: it holds control bytes"
                ))
            })?;
            request.headers_mut().append(known, value);
        }
        if !request.headers().contains_key(header::HOST) {
            let host = HeaderValue::from_str(&host)
                .map_err(|_| bad("the host is none: it holds control bytes"))?;
            request.headers_mut().insert(header::HOST, host);
        }
        Ok(request)
    }
}

/// Host and target of a URL, byte for byte: nothing is taken out of the path as browsers do.
fn split(url: &str) -> Result<(String, String), ApiError> {
    let bad = || {
        ApiError::argument(
            "the URL cannot be used (it is not repeated here); it is one as \
             http://www.example.com/index.html?a=b, without user information",
        )
    };
    let rest = ["http://", "https://"]
        .iter()
        .find_map(|scheme| url.strip_prefix(scheme))
        .ok_or_else(bad)?;
    // A fragment is for browsers, and never sent.
    let rest = rest.split('#').next().unwrap_or_default();
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (host, target) = rest.split_at(end);
    if host.is_empty() || host.contains('@') {
        return Err(bad());
    }
    let target = match target.starts_with('/') {
        true => target.to_owned(),
        false => format!("/{target}"),
    };
    Ok((host.to_owned(), target))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_is_split_byte_for_byte() {
        for (url, host, target) in [
            ("http://a.test", "a.test", "/"),
            ("https://a.test:81/b/../c?d#e", "a.test:81", "/b/../c?d"),
            ("http://a.test?b=/c", "a.test", "/?b=/c"),
            ("http://[::1]:80/%2e", "[::1]:80", "/%2e"),
        ] {
            let found = split(url).unwrap();
            assert_eq!(found, (host.to_owned(), target.to_owned()), "{url}");
        }
        for url in [
            "",
            "/a",
            "a.test/",
            "ftp://a.test/",
            "http:///a",
            "http://me:pw@a.test/",
        ] {
            assert!(split(url).is_err(), "{url}");
        }
    }
}
