//! What a store's answer means (the S3-to-viewer map; DESIGN 3.6). Pure.

use ::http::{HeaderMap, Method, StatusCode, header};

use super::OriginError;
use crate::semantics::range::{self, Selection};
use crate::semantics::reason::Reason;

/// What to make of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Judged {
    /// Serve it.
    Serve,
    /// There is no such object; `detail` says how that is known, where the store said otherwise.
    Missing {
        /// That it is archived, or that no object can have its key.
        detail: Option<Reason>,
    },
    /// 403 AccessDenied: missing or refused, which this answer alone does not tell.
    MissingOrDenied,
    /// 412: a condition of the viewer failed.
    PreconditionFailed,
    /// 416: the range lies outside.
    RangeNotSatisfiable,
    /// Nothing that could be served.
    Error(OriginError),
}

/// Whether the store refused who we are, as against what we asked for.
#[must_use]
pub fn refuses_identity(code: &str) -> bool {
    matches!(
        code,
        "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            // MinIO: another session's token, or none beside keys that need one.
            | "InvalidTokenId"
            | "TokenRefreshRequired"
            | "RequestTimeTooSkewed"
            | "InvalidSecurity"
            | "AccountProblem"
    )
}

/// Judges an error answer by its status and its document.
#[must_use]
pub fn refusal(status: StatusCode, document: &str) -> Judged {
    let code = element(document, "Code").unwrap_or_default();
    let message = element(document, "Message").unwrap_or_default();
    let number = status.as_u16();
    let owned = || code.to_owned();
    let denied = || {
        Judged::Error(OriginError::Denied {
            status: number,
            code: owned(),
        })
    };
    let misconfigured = || {
        Judged::Error(OriginError::Misconfigured {
            status: number,
            code: owned(),
        })
    };
    match (number, code) {
        (404, "NoSuchBucket") => misconfigured(),
        (404, _) => Judged::Missing { detail: None },
        (403, "InvalidObjectState") => Judged::Missing {
            detail: Some(Reason::OriginArchived),
        },
        // A key that may not be decrypted is a refusal, not a missing object.
        (403, "AccessDenied") if message.contains("kms:") || message.contains("KMS") => denied(),
        (403, "AccessDenied") => Judged::MissingOrDenied,
        (401 | 403, _) => denied(),
        (400, code) if refuses_identity(code) => denied(),
        (400, "KeyTooLongError" | "KeyTooLong") => Judged::Missing {
            detail: Some(Reason::OriginKeyTooLong),
        },
        // Names that a store takes for no key at all, MinIO for one.
        (400, "XMinioInvalidObjectName" | "InvalidObjectName" | "InvalidURI") => Judged::Missing {
            detail: Some(Reason::OriginBadKey),
        },
        (400, "AuthorizationHeaderMalformed" | "IllegalLocationConstraintException") => {
            misconfigured()
        }
        (300..=399, _) => misconfigured(),
        (412, _) => Judged::PreconditionFailed,
        (416, _) => Judged::RangeNotSatisfiable,
        (400 | 429 | 500..=599, _) => Judged::Error(OriginError::Failed {
            status: number,
            code: owned(),
        }),
        _ => Judged::Error(OriginError::Unasked(format!("status {number}"))),
    }
}

/// Judges any answer of an HTTP origin by what was asked: its final statuses are its own, known or
/// not, but for parts and 304s that nobody asked for.
#[must_use]
pub fn of_web(
    method: &Method,
    asked: &HeaderMap,
    status: StatusCode,
    headers: &HeaderMap,
    length: Option<u64>,
) -> Judged {
    match status.as_u16() {
        206 | 304 => success(method, asked, status, headers, length),
        200.. => Judged::Serve,
        // 101 alone comes this far (RFC 9110 section 15.2.2); no upgrade was asked for.
        other => Judged::Error(OriginError::Unasked(format!("status {other}"))),
    }
}

/// Whether it is certain where the body ends (RFC 9112 section 6.3). What two readers may read in
/// two ways is not passed on, and its connection not used again.
///
/// # Errors
/// [`OriginError::Broken`] for a Transfer-Encoding beside a Content-Length, or for one that is not
/// plainly `chunked`.
pub fn framing(headers: &HeaderMap) -> Result<Framing, OriginError> {
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let (Some(coding), second) = (codings.next(), codings.next()) else {
        return Ok(Framing::Other);
    };
    if second.is_some()
        || !coding
            .as_bytes()
            .trim_ascii()
            .eq_ignore_ascii_case(b"chunked")
    {
        return Err(OriginError::Broken(format!("Transfer-Encoding {coding:?}")));
    }
    if headers.contains_key(header::CONTENT_LENGTH) {
        let both = "both Transfer-Encoding and Content-Length";
        return Err(OriginError::Broken(both.to_owned()));
    }
    Ok(Framing::Chunked)
}

/// How it shows where a body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// By its last chunk, which cannot be mistaken.
    Chunked,
    /// By its length, by its status, or by the end of the connection.
    Other,
}

/// Judges a 200, 206 or 304 by what was asked.
#[must_use]
pub fn success(
    method: &Method,
    asked: &HeaderMap,
    status: StatusCode,
    headers: &HeaderMap,
    length: Option<u64>,
) -> Judged {
    let unasked = |text: String| Judged::Error(OriginError::Unasked(text));
    match status.as_u16() {
        200 => Judged::Serve,
        304 if asked.contains_key(header::IF_NONE_MATCH)
            || asked.contains_key(header::IF_MODIFIED_SINCE) =>
        {
            Judged::Serve
        }
        304 => unasked("304 to a request without a condition".to_owned()),
        206 if asked.contains_key(header::RANGE) => match part(method, asked, headers, length) {
            Ok(()) => Judged::Serve,
            Err(text) => unasked(text),
        },
        206 => unasked("206 to a request without a range".to_owned()),
        other => unasked(format!("status {other}")),
    }
}

/// A part must be the one that was asked for, and as long as it says.
fn part(
    method: &Method,
    asked: &HeaderMap,
    headers: &HeaderMap,
    length: Option<u64>,
) -> Result<(), String> {
    let Some(value) = headers.get(header::CONTENT_RANGE) else {
        // Several parts come as multipart/byteranges, each with a Content-Range of its own.
        let kind = headers
            .get(header::CONTENT_TYPE)
            .map_or(&b""[..], |value| value.as_bytes());
        let multipart = kind
            .to_ascii_lowercase()
            .starts_with(b"multipart/byteranges");
        return if multipart {
            Ok(())
        } else {
            Err("206 without Content-Range".to_owned())
        };
    };
    let shown = || String::from_utf8_lossy(value.as_bytes()).into_owned();
    let given = range::parse_content_range(value.as_bytes())
        .ok_or_else(|| format!("206 with the unreadable Content-Range {:?}", shown()))?;
    // A last byte below the first is no Content-Range; the greatest number plus one is no length.
    let Some(bytes) = (given.last - given.first).checked_add(1) else {
        return Err(format!(
            "206 with the impossible Content-Range {:?}",
            shown()
        ));
    };
    if *method == Method::GET && length.is_some_and(|length| length != bytes) {
        return Err(format!(
            "206 of {length:?} bytes with Content-Range {:?}",
            shown()
        ));
    }
    let mut plain = HeaderMap::new();
    for range in asked.get_all(header::RANGE) {
        plain.append(header::RANGE, range.clone());
    }
    // Of an unknown length only the beginning must fit, and the end must not lie beyond.
    let total = given.total.unwrap_or(u64::MAX);
    let fits = match range::select(&Method::GET, &plain, headers, total) {
        Selection::Part { first, last } => {
            given.first == first
                && (given.last == last || (given.total.is_none() && given.last < last))
        }
        // Several ranges are never asked of an origin.
        Selection::Unsatisfiable | Selection::Parts(_) => false,
        Selection::Whole => true,
    };
    if !fits {
        return Err(format!(
            "206 with Content-Range {:?} for another range",
            shown()
        ));
    }
    Ok(())
}

/// The text of the first element `name` of an error document.
#[must_use]
pub fn element<'a>(document: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = document.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    Some(text.trim())
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn document(code: &str) -> String {
        format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code><Message>m</Message></Error>")
    }

    #[test]
    fn the_map_of_errors() {
        let failed = |status, code: &str| {
            Judged::Error(OriginError::Failed {
                status,
                code: code.to_owned(),
            })
        };
        let denied = |status, code: &str| {
            Judged::Error(OriginError::Denied {
                status,
                code: code.to_owned(),
            })
        };
        let wrong = |status, code: &str| {
            Judged::Error(OriginError::Misconfigured {
                status,
                code: code.to_owned(),
            })
        };
        let rows = [
            (404, "NoSuchKey", Judged::Missing { detail: None }),
            (404, "NoSuchBucket", wrong(404, "NoSuchBucket")),
            (403, "AccessDenied", Judged::MissingOrDenied),
            (
                403,
                "InvalidObjectState",
                Judged::Missing {
                    detail: Some(Reason::OriginArchived),
                },
            ),
            (
                403,
                "SignatureDoesNotMatch",
                denied(403, "SignatureDoesNotMatch"),
            ),
            (403, "InvalidAccessKeyId", denied(403, "InvalidAccessKeyId")),
            (
                403,
                "RequestTimeTooSkewed",
                denied(403, "RequestTimeTooSkewed"),
            ),
            (400, "ExpiredToken", denied(400, "ExpiredToken")),
            (
                400,
                "KeyTooLongError",
                Judged::Missing {
                    detail: Some(Reason::OriginKeyTooLong),
                },
            ),
            (
                400,
                "AuthorizationHeaderMalformed",
                wrong(400, "AuthorizationHeaderMalformed"),
            ),
            (301, "PermanentRedirect", wrong(301, "PermanentRedirect")),
            (307, "TemporaryRedirect", wrong(307, "TemporaryRedirect")),
            (412, "PreconditionFailed", Judged::PreconditionFailed),
            (416, "InvalidRange", Judged::RangeNotSatisfiable),
            (503, "SlowDown", failed(503, "SlowDown")),
            (500, "InternalError", failed(500, "InternalError")),
        ];
        for (status, code, expected) in rows {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(
                refusal(status, &document(code)),
                expected,
                "{status} {code}"
            );
        }
    }

    #[test]
    fn a_key_that_may_not_be_decrypted_is_a_refusal() {
        let text = "<Error><Code>AccessDenied</Code><Message>not authorized to perform: kms:Decrypt</Message></Error>";
        assert!(matches!(
            refusal(StatusCode::FORBIDDEN, text),
            Judged::Error(OriginError::Denied { .. })
        ));
    }

    #[test]
    fn a_key_that_is_named_after_kms_is_a_key() {
        let text = "<Error><Code>AccessDenied</Code><Message>Access Denied</Message><Key>KMS-guide</Key></Error>";
        assert_eq!(
            refusal(StatusCode::FORBIDDEN, text),
            Judged::MissingOrDenied
        );
    }

    #[test]
    fn garbage_for_a_document_is_no_panic() {
        for text in ["", "<Code>", "</Code><Code>", "<Code></Code>", "\u{0}"] {
            assert!(
                matches!(
                    refusal(StatusCode::FORBIDDEN, text),
                    Judged::Error(OriginError::Denied { .. })
                ),
                "{text}"
            );
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_served() {
        let range = |text: &'static str| {
            HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(text))])
        };
        let given = |text: &'static str| {
            HeaderMap::from_iter([(header::CONTENT_RANGE, HeaderValue::from_static(text))])
        };
        let none = HeaderMap::new();
        let condition =
            HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static("\"a\""))]);
        let rows: Vec<(u16, HeaderMap, HeaderMap, Option<u64>, bool)> = vec![
            (200, none.clone(), none.clone(), Some(5), true),
            (304, none.clone(), none.clone(), None, false),
            (304, condition, none.clone(), None, true),
            (206, none.clone(), given("bytes 0-4/10"), Some(5), false),
            (
                206,
                range("bytes=0-4"),
                given("bytes 0-4/10"),
                Some(5),
                true,
            ),
            (
                206,
                range("bytes=0-4"),
                given("bytes 0-4/10"),
                Some(4),
                false,
            ),
            (
                206,
                range("bytes=0-4"),
                given("bytes 1-5/10"),
                Some(5),
                false,
            ),
            (206, range("bytes=-4"), given("bytes 6-9/10"), Some(4), true),
            (206, range("bytes=9-"), given("bytes 0-4/5"), Some(5), false),
            // Of an unknown length the beginning is what can be told.
            (206, range("bytes=1-5"), given("bytes 1-5/*"), Some(5), true),
            (206, range("bytes=1-9"), given("bytes 1-5/*"), Some(5), true),
            (
                206,
                range("bytes=1-5"),
                given("bytes 0-4/*"),
                Some(5),
                false,
            ),
            (
                206,
                range("bytes=1-4"),
                given("bytes 1-5/*"),
                Some(5),
                false,
            ),
            (206, range("bytes=-4"), given("bytes 6-9/*"), Some(4), false),
            (
                206,
                range("bytes=0-"),
                given("bytes 0-18446744073709551615/*"),
                Some(0),
                false,
            ),
            (206, range("bytes=0-4"), none, Some(5), false),
        ];
        for (status, asked, headers, length, good) in rows {
            let status = StatusCode::from_u16(status).unwrap();
            let judged = success(&Method::GET, &asked, status, &headers, length);
            assert_eq!(
                judged == Judged::Serve,
                good,
                "{status} {asked:?} {headers:?} {length:?}"
            );
        }
    }
}
