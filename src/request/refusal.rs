//! The one place where errors become answers. The public text is apart from the logged cause: a
//! viewer learns what it needs to act, never what stands behind the edge.

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

use crate::origin::OriginError;
use crate::policy::response_headers::cors::PreflightError;
use crate::semantics::framing::Violation;
use crate::semantics::reason::Reason;
use crate::semantics::target::TargetError;

/// Why a request gets no object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 400, 414, 431, 501 or 505: it is no request as HTTP has it.
    Malformed(Violation),
    /// 400: the host is none, missing, or contradicted.
    BadHost(&'static str),
    /// 400: the path is none.
    BadTarget(TargetError),
    /// 400: the path as it was sent is one behaviour's, and the object that it names another's.
    OtherBehavior,
    /// 403: a preflight, for what the response headers policy does not allow.
    Preflight(PreflightError),
    /// 404: `/` of a distribution without a root object, which no object can be.
    NoRootObject,
    /// 405: the method is not allowed here; these are.
    Method(HeaderValue),
    /// 414
    TargetTooLong,
    /// 408: the viewer's body did not come on.
    SlowBody,
    /// 400: the viewer's body did not come to its end.
    BrokenBody,
    /// 417: it expects what is not 100-continue.
    Expectation,
    /// 421: no distribution has this host.
    UnknownHost,
    /// 431
    HeadTooLong,
    /// 508: the request has been here before.
    Loop,
    /// 500: a bug of ours.
    Internal,
    /// 504: only a stored answer was wanted (`only-if-cached`), and there is none.
    NotCached,
    /// The origin gave nothing that could be served; `validating`: a stored answer had to be
    /// validated and could not be (RFC 9111 section 5.2.2.2: 504).
    Origin {
        /// The origin's error.
        error: OriginError,
        /// Whether a stored answer was to be validated.
        validating: bool,
    },
}

impl Refusal {
    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        match self {
            Self::Malformed(violation) => violation.status(),
            Self::BadHost(_) | Self::BadTarget(_) | Self::OtherBehavior | Self::BrokenBody => {
                StatusCode::BAD_REQUEST
            }
            // What the Fetch standard encourages (section 3.3.3).
            Self::Preflight(_) => StatusCode::FORBIDDEN,
            Self::NoRootObject => StatusCode::NOT_FOUND,
            Self::Method(_) => StatusCode::METHOD_NOT_ALLOWED,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::Expectation => StatusCode::EXPECTATION_FAILED,
            Self::UnknownHost => StatusCode::MISDIRECTED_REQUEST,
            Self::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::SlowBody => StatusCode::REQUEST_TIMEOUT,
            Self::Loop => StatusCode::LOOP_DETECTED,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::NotCached => StatusCode::GATEWAY_TIMEOUT,
            Self::Origin { error, validating } => match error {
                OriginError::Timeout { .. } => StatusCode::GATEWAY_TIMEOUT,
                OriginError::Connect(_) | OriginError::Broken(_) if *validating => {
                    StatusCode::GATEWAY_TIMEOUT
                }
                OriginError::Busy(_) | OriginError::Failed { .. } => {
                    StatusCode::SERVICE_UNAVAILABLE
                }
                OriginError::Connect(_)
                | OriginError::Broken(_)
                | OriginError::NoCredentials(_)
                | OriginError::Denied { .. }
                | OriginError::Misconfigured { .. }
                | OriginError::Unasked(_) => StatusCode::BAD_GATEWAY,
            },
        }
    }

    /// The refusal's word in metrics, logs and `detail`.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Malformed(violation) => match violation {
                Violation::TargetTooLong => Reason::TargetTooLong,
                Violation::TooManyFields | Violation::HeadTooLong => Reason::HeadTooLong,
                Violation::Version => Reason::BadVersion,
                Violation::ContentLength
                | Violation::TransferEncoding
                | Violation::UnknownCoding
                | Violation::TwoLengths
                | Violation::Chunk => Reason::BadFraming,
                Violation::LineEnd
                | Violation::RequestLine
                | Violation::Target
                | Violation::FieldName
                | Violation::FieldValue
                | Violation::Blank
                | Violation::Fold => Reason::BadHead,
            },
            Self::BadHost(_) => Reason::BadHost,
            Self::BadTarget(_) => Reason::BadTarget,
            Self::OtherBehavior => Reason::OtherBehavior,
            Self::Preflight(_) => Reason::PreflightNotAllowed,
            Self::NoRootObject => Reason::NoRootObject,
            Self::Method(_) => Reason::MethodNotAllowed,
            Self::TargetTooLong => Reason::TargetTooLong,
            Self::Expectation => Reason::BadExpectation,
            Self::UnknownHost => Reason::UnknownHost,
            Self::HeadTooLong => Reason::HeadTooLong,
            Self::SlowBody => Reason::SlowBody,
            Self::BrokenBody => Reason::BrokenBody,
            Self::Loop => Reason::Loop,
            Self::Internal => Reason::Internal,
            Self::NotCached => Reason::OnlyIfCached,
            Self::Origin { error, .. } => error.reason(),
        }
    }

    /// What the answer says in this field, if it is one that its status needs.
    #[must_use]
    pub fn field(&self, name: &HeaderName) -> Option<HeaderValue> {
        match self {
            Self::Method(allowed) if name == header::ALLOW => Some(allowed.clone()),
            _ if name == header::RETRY_AFTER
                && self.status() == StatusCode::SERVICE_UNAVAILABLE =>
            {
                Some(HeaderValue::from_static("1"))
            }
            _ => None,
        }
    }

    /// What the viewer is told, in a sentence.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Malformed(violation) => format!("{}.", violation.text()),
            Self::BadHost(text) => format!("{text}."),
            Self::BadTarget(error) => format!("The path cannot be used: {error}."),
            Self::OtherBehavior => {
                "The path cannot be used: its percent-encoding hides which one it is.".to_owned()
            }
            Self::Preflight(error) => match error {
                PreflightError::Origin => "Pages of this origin may not ask here.",
                PreflightError::Method => "Pages of other origins may not use this method here.",
                PreflightError::Headers => {
                    "Pages of other origins may not send one of these fields here."
                }
            }
            .to_owned(),
            Self::NoRootObject => "There is no object at this address.".to_owned(),
            Self::Method(allowed) => {
                format!(
                    "Allowed here: {}.",
                    String::from_utf8_lossy(allowed.as_bytes())
                )
            }
            Self::TargetTooLong => format!(
                "At most {} bytes are allowed.",
                super::receive::TARGET_BYTES
            ),
            Self::Expectation => "The one expectation that is met here is 100-continue.".to_owned(),
            Self::UnknownHost => "This edge serves no site of that name.".to_owned(),
            Self::HeadTooLong => {
                format!("At most {} bytes are allowed.", super::receive::HEAD_BYTES)
            }
            Self::SlowBody => "The body of the request did not come in time.".to_owned(),
            Self::BrokenBody => "The body of the request did not come to its end.".to_owned(),
            Self::Loop => "The request has come back to this edge.".to_owned(),
            Self::Internal => "The edge made a mistake.".to_owned(),
            Self::NotCached => "Only a stored answer was asked for, and there is none.".to_owned(),
            Self::Origin { .. } => "The edge could not get this object from its origin.".to_owned(),
        }
    }

    /// Fields and body of the answer.
    #[must_use]
    pub fn answer(&self, request_id: &str) -> (HeaderMap, Bytes) {
        let status = self.status();
        let mut headers = HeaderMap::new();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/plain; charset=utf-8"),
        );
        // What the edge words itself is nobody's to keep.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        for name in [header::ALLOW, header::RETRY_AFTER] {
            if let Some(value) = self.field(&name) {
                headers.insert(name, value);
            }
        }
        let reason = self.text();
        let title = status.canonical_reason().unwrap_or_default();
        let body = format!(
            "{} {title}\n\n{reason}\nRequest id: {request_id}\n",
            status.as_u16()
        );
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        (headers, Bytes::from(body))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn every_origin_error_has_its_status() {
        let failed = || OriginError::Failed {
            status: 500,
            code: String::new(),
        };
        let rows = [
            (OriginError::Connect("secret.internal".into()), false, 502),
            (OriginError::Connect("secret.internal".into()), true, 504),
            (
                OriginError::Timeout {
                    what: "answer",
                    limit: Duration::ZERO,
                },
                false,
                504,
            ),
            (OriginError::Broken(String::new()), false, 502),
            (OriginError::Broken(String::new()), true, 504),
            (OriginError::Busy(1), false, 503),
            (failed(), false, 503),
            (
                OriginError::Denied {
                    status: 403,
                    code: "AccessDenied".into(),
                },
                false,
                502,
            ),
            (
                OriginError::Misconfigured {
                    status: 404,
                    code: "NoSuchBucket".into(),
                },
                false,
                502,
            ),
        ];
        for (error, validating, status) in rows {
            let refusal = Refusal::Origin { error, validating };
            assert_eq!(refusal.status().as_u16(), status, "{refusal:?}");
            let (headers, body) = refusal.answer("id");
            let text = String::from_utf8(body.to_vec()).unwrap();
            assert!(
                !text.contains("secret")
                    && !text.contains("AccessDenied")
                    && !text.contains("Bucket"),
                "{text}"
            );
            assert_eq!(headers.contains_key(header::RETRY_AFTER), status == 503);
            assert_eq!(headers[header::CACHE_CONTROL], "no-store");
        }
    }
}
