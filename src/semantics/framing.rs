//! Where one HTTP/1 request ends and the next begins (RFC 9112 sections 2, 3, 5, 6 and 7), read strictly;
//! and what a request over HTTP/2 may not be either ([`http2()`]).
//!
//! Whoever reads a message otherwise than the next hop does lets a request hide in it. So nothing here
//! is repaired: what RFC 9112 lets a recipient mend (bare LF, folded lines, blanks before a colon, a length
//! beside a coding) is a [`Violation`], and the connection ends with it.
//!
//! [`Head`] and [`Chunks`] are state machines without I/O. Both are given bytes as they come; neither
//! keeps any. What they pass, any parser of HTTP/1 must read with the same borders.
//!
//! Not here: what a request asks for, its host, and the limits that hold for HTTP/2 as well
//! (`request::receive`).

mod chunks;
mod head;
mod http2;

pub use chunks::{Chunks, EXTENSION_BYTES, TRAILER_BYTES};
pub use head::{Complete, FIELDS, HEAD_BYTES, Head};
pub use http2::http2;

use http::StatusCode;

use super::directives::is_tchar;

/// How the body of a request is delimited.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Delimiter {
    /// There is none, or so many bytes.
    Length(u64),
    /// By its chunks.
    Chunked,
}

/// What a request breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Violation {
    /// A line that does not end with CRLF, or has a CR inside (RFC 9112 section 2.2).
    LineEnd,
    /// The first line is not `METHOD TARGET HTTP/1.x` with one blank each (RFC 9112 section 3).
    RequestLine,
    /// A version other than 1.0 and 1.1 (RFC 9110 section 15.6.6).
    Version,
    /// A target that is none of the four forms (RFC 9112 section 3.2), or of a scheme that is not HTTP's.
    Target,
    /// More than [`HEAD_BYTES`] before the end of the first line.
    TargetTooLong,
    /// A line without a colon, or a name that is no token: a blank before the colon too (RFC 9112
    /// section 5.1).
    FieldName,
    /// A control byte in a value (RFC 9110 section 5.5).
    FieldValue,
    /// A value over HTTP/2 that begins or ends with a blank (RFC 9113 section 8.2.1).
    Blank,
    /// A line that begins with a blank (RFC 9112 section 5.2).
    Fold,
    /// More than [`FIELDS`].
    TooManyFields,
    /// More than [`HEAD_BYTES`].
    HeadTooLong,
    /// Content-Length that is not one whole decimal number, once (RFC 9110 section 8.6).
    ContentLength,
    /// Transfer-Encoding that is not `chunked`, once, or in HTTP/1.0 (RFC 9112 section 6.1).
    TransferEncoding,
    /// A transfer coding that is not known here (RFC 9112 section 6.1).
    UnknownCoding,
    /// Content-Length beside Transfer-Encoding (RFC 9112 section 6.1).
    TwoLengths,
    /// A chunk, its extension, or a trailer that is malformed or over its bound (RFC 9112 section 7.1).
    Chunk,
}

impl Violation {
    /// All of them.
    pub const ALL: &'static [Self] = &[
        Self::LineEnd,
        Self::RequestLine,
        Self::Version,
        Self::Target,
        Self::TargetTooLong,
        Self::FieldName,
        Self::FieldValue,
        Self::Blank,
        Self::Fold,
        Self::TooManyFields,
        Self::HeadTooLong,
        Self::ContentLength,
        Self::TransferEncoding,
        Self::UnknownCoding,
        Self::TwoLengths,
        Self::Chunk,
    ];

    /// The status that it is answered with.
    #[must_use]
    pub const fn status(self) -> StatusCode {
        match self {
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::TooManyFields | Self::HeadTooLong => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::UnknownCoding => StatusCode::NOT_IMPLEMENTED,
            Self::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// What is wrong and what is allowed, for the viewer.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::LineEnd => "A line of the request does not end with CRLF alone",
            Self::RequestLine => "The first line is not METHOD TARGET HTTP/1.1 with one blank each",
            Self::Version => "Allowed versions: HTTP/1.0, HTTP/1.1, HTTP/2",
            Self::Target => "The target is no path, no http or https URI and not *",
            Self::TargetTooLong => "The first line is too long",
            Self::FieldName => "A field has no name, or a name that is no token",
            Self::FieldValue => "A field has a control character in its value",
            Self::Blank => "A field's value begins or ends with a blank",
            Self::Fold => "A line begins with a blank",
            Self::TooManyFields => "At most 100 fields are allowed",
            Self::HeadTooLong => "The head of the request is too long",
            Self::ContentLength => "Content-Length is not one whole decimal number",
            Self::TransferEncoding => {
                "Transfer-Encoding is not chunked, once, in an HTTP/1.1 request"
            }
            Self::UnknownCoding => "The one transfer coding that is known here is chunked",
            Self::TwoLengths => "Content-Length and Transfer-Encoding exclude each other",
            Self::Chunk => "The chunks of the body are malformed",
        }
    }
}

/// Whether each byte may stand in a token: a look-up is quicker than the question.
static TOKEN: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = is_tchar(byte as u8);
        byte += 1;
    }
    table
};

/// Whether these bytes are a token.
fn token(bytes: &[u8]) -> bool {
    !bytes.is_empty() && bytes.iter().all(|byte| TOKEN[usize::from(*byte)])
}

/// Whether a control byte other than HTAB is among these. Without an early end, so that it is done many
/// bytes at a time.
fn has_control(bytes: &[u8]) -> bool {
    bytes.iter().fold(false, |found, &byte| {
        found | ((byte < b' ') & (byte != b'\t')) | (byte == 0x7f)
    })
}

/// The name and the value of a field line without its CRLF.
fn field(line: &[u8]) -> Result<(&[u8], &[u8]), Violation> {
    if matches!(line.first(), Some(b' ' | b'\t')) {
        return Err(Violation::Fold);
    }
    let colon = line.iter().position(|&byte| byte == b':');
    let (name, value) = line.split_at(colon.ok_or(Violation::FieldName)?);
    let value = value[1..].trim_ascii();
    match () {
        () if !token(name) => Err(Violation::FieldName),
        () if has_control(&line[name.len()..]) => Err(match line.contains(&b'\r') {
            true => Violation::LineEnd,
            false => Violation::FieldValue,
        }),
        () => Ok((name, value)),
    }
}
