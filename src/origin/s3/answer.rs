//! From what a store answers to what a viewer may have: its refusals judged, its errors worded by
//! the edge, what it says about itself taken out.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use ::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use bytes::Bytes;

use super::exchange::Documented;
use super::{ACCEPTED, Inner, REFUSED};
use crate::origin::body::OriginBody;
use crate::origin::judge::{self, Judged};
use crate::origin::{Ask, OriginError, OriginResponse, Permit};
use crate::semantics::reason::Reason;
use crate::semantics::{fields, location, range};

/// Where an object leads, as its publisher said (S3 `PutObject`, `WebsiteRedirectLocation`).
const WEBSITE_REDIRECT: HeaderName = HeaderName::from_static("x-amz-website-redirect-location");

impl Inner {
    pub(super) async fn fetch(
        &self,
        permit: Permit,
        ask: &Ask,
    ) -> Result<OriginResponse, OriginError> {
        // The permit is held to the end, also while a refusal is looked into.
        let mut answer = self.exchange_with_document(ask).await?;
        if !answer.served
            && self
                .learn(answer.status, &answer.headers, &answer.document)
                .await
        {
            self.metrics.retries.increment();
            answer = self.exchange_with_document(ask).await?;
        }
        if answer.status == StatusCode::PARTIAL_CONTENT
            && !range::if_range_holds(&ask.conditions, &answer.headers)
        {
            // A store that does not know If-Range: a part of another version than the viewer has.
            let mut whole = ask.clone();
            whole.conditions.remove(header::RANGE);
            whole.conditions.remove(header::IF_RANGE);
            answer = self.exchange_with_document(&whole).await?;
        }
        if answer.status == StatusCode::RANGE_NOT_SATISFIABLE && is_empty(&answer) {
            // Of an empty object there are no ranges, but it may lead somewhere, which this refusal does
            // not tell.
            let mut whole = ask.clone();
            whole.conditions.remove(header::RANGE);
            whole.conditions.remove(header::IF_RANGE);
            let again = self.exchange_with_document(&whole).await?;
            if again.headers.contains_key(WEBSITE_REDIRECT) {
                answer = again;
            }
        }
        let Documented {
            status,
            mut headers,
            body,
            in_flight,
            served,
            document,
        } = answer;
        fields::strip_hop_by_hop(&mut headers);
        let leads_to = headers.remove(WEBSITE_REDIRECT);
        strip_store_fields(&mut headers);
        if served {
            self.standing.store(ACCEPTED, Ordering::Relaxed);
            self.knowledge.readable(&ask.path, self.clock.now());
            let (clock, metrics) = (self.clock.clone(), Arc::clone(&self.metrics));
            let body = OriginBody::coming(
                body,
                self.wire.limits().idle,
                clock,
                metrics,
                in_flight,
                permit,
            );
            return match judge::success(
                &ask.method,
                &ask.conditions,
                status,
                &headers,
                body.length(),
            ) {
                Judged::Error(error) => Err(error),
                _ => Ok(self.led(
                    leads_to,
                    OriginResponse {
                        status,
                        headers,
                        body,
                        detail: None,
                    },
                )),
            };
        }
        let judged = judge::refusal(status, &document);
        self.note_standing(&judged);
        let missing = |detail| {
            Ok(made(
                StatusCode::NOT_FOUND,
                HeaderMap::new(),
                "Not Found\n",
                detail,
            ))
        };
        match judged {
            Judged::Serve => Err(OriginError::Unasked(format!("status {status}"))),
            Judged::Missing { detail } => {
                self.knowledge.forget(&ask.path);
                missing(detail)
            }
            Judged::MissingOrDenied if self.is_missing(&ask.path).await => {
                self.standing.store(ACCEPTED, Ordering::Relaxed);
                missing(Some(Reason::OriginHidesMissing))
            }
            Judged::MissingOrDenied => {
                let error = OriginError::Denied {
                    status: status.as_u16(),
                    code: "AccessDenied".to_owned(),
                };
                tracing::warn!(origin = self.name, path = &*ask.path, "{error}");
                Err(error)
            }
            Judged::PreconditionFailed => Ok(made(
                StatusCode::PRECONDITION_FAILED,
                HeaderMap::new(),
                "Precondition Failed\n",
                None,
            )),
            Judged::RangeNotSatisfiable => {
                let mut fields = HeaderMap::new();
                let given = headers.remove(header::CONTENT_RANGE);
                let total = judge::element(&document, "ActualObjectSize")
                    .and_then(|size| size.parse().ok());
                if let Some(value) = given.or_else(|| total.map(range::unsatisfied_range)) {
                    fields.insert(header::CONTENT_RANGE, value);
                }
                Ok(made(
                    StatusCode::RANGE_NOT_SATISFIABLE,
                    fields,
                    "Range Not Satisfiable\n",
                    None,
                ))
            }
            Judged::Error(error) => {
                if !matches!(error, OriginError::Failed { .. }) {
                    tracing::warn!(origin = self.name, path = &*ask.path, "{error}");
                }
                Err(error)
            }
        }
    }

    /// An object that leads somewhere else answers with that, as a website endpoint of S3 has it: its own
    /// lifetime and validators, and no body.
    fn led(&self, to: Option<HeaderValue>, mut response: OriginResponse) -> OriginResponse {
        let Some(to) = to.filter(|_| response.status.is_success()) else {
            return response;
        };
        if !to.to_str().is_ok_and(location::may_lead_to) {
            self.metrics.redirects_ignored.increment();
            return response;
        }
        for name in [
            header::CONTENT_TYPE,
            header::CONTENT_ENCODING,
            header::CONTENT_DISPOSITION,
            header::CONTENT_LANGUAGE,
            header::CONTENT_RANGE,
            header::ACCEPT_RANGES,
        ] {
            response.headers.remove(name);
        }
        response.headers.insert(header::LOCATION, to);
        response
            .headers
            .insert(header::CONTENT_LENGTH, HeaderValue::from(0));
        OriginResponse {
            status: StatusCode::MOVED_PERMANENTLY,
            headers: response.headers,
            body: OriginBody::made(Bytes::new()),
            detail: Some(Reason::ObjectRedirect),
        }
    }

    pub(super) fn note_standing(&self, judged: &Judged) {
        match judged {
            Judged::Missing { .. } | Judged::PreconditionFailed | Judged::RangeNotSatisfiable => {
                self.standing.store(ACCEPTED, Ordering::Relaxed);
            }
            Judged::Error(OriginError::Denied { code, .. }) if judge::refuses_identity(code) => {
                self.standing.store(REFUSED, Ordering::Relaxed);
            }
            _ => {}
        }
    }
}

/// Whether a refused range was one of an empty object.
fn is_empty(answer: &Documented) -> bool {
    let total = answer.headers.get(header::CONTENT_RANGE);
    total.is_some_and(|value| value.as_bytes() == b"bytes */0")
        || judge::element(&answer.document, "ActualObjectSize") == Some("0")
}

fn made(
    status: StatusCode,
    mut headers: HeaderMap,
    text: &'static str,
    detail: Option<Reason>,
) -> OriginResponse {
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(text.len()));
    OriginResponse {
        status,
        headers,
        body: OriginBody::made(Bytes::from_static(text.as_bytes())),
        detail,
    }
}

/// Takes out what a store says about itself.
fn strip_store_fields(headers: &mut HeaderMap) {
    let own: Vec<HeaderName> = headers
        .keys()
        .filter(|name| {
            let name = name.as_str();
            // `x-amzn-requestid` is as much the store's own as `x-amz-request-id`.
            name.starts_with("x-amz-") || name.starts_with("x-amzn-")
        })
        .cloned()
        .collect();
    for name in own {
        headers.remove(name);
    }
    headers.remove(header::SERVER);
    // No bucket sets cookies; a balancer before one may, and nobody else may ever get them.
    headers.remove(header::SET_COOKIE);
}
