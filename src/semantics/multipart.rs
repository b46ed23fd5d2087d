//! How several parts of one representation are laid out: multipart/byteranges (RFC 9110 14.6).
//!
//! The layout is texts between which the parts stand; the bytes themselves are the caller's. The
//! boundary is the caller's too, because it must be one that no publisher can foresee: a body that
//! held it could pass off a part as two.

use std::ops::RangeInclusive;

use bytes::{BufMut, Bytes, BytesMut};
use http::HeaderValue;

use super::range::content_range;

/// The media type that says where the parts end.
#[must_use]
pub fn content_type(boundary: &str) -> HeaderValue {
    HeaderValue::try_from(format!("multipart/byteranges; boundary={boundary}"))
        // Callers make boundaries of letters and digits; any other is no boundary at all.
        .unwrap_or_else(|_| HeaderValue::from_static("multipart/byteranges"))
}

/// The pieces of the body in their order: before each part its head, after the last one the end.
/// `slice` gives the bytes of a part; `kind` is the Content-Type of the representation, if it has
/// one, and `len` its length.
#[must_use]
pub fn pieces(
    parts: &[RangeInclusive<u64>],
    kind: Option<&HeaderValue>,
    len: u64,
    boundary: &str,
    slice: impl Fn(&RangeInclusive<u64>) -> Bytes,
) -> Vec<Bytes> {
    let mut pieces = Vec::with_capacity(2 * parts.len() + 1);
    for part in parts {
        let mut head = BytesMut::new();
        // The line break before a boundary belongs to the boundary (RFC 2046 section 5.1.1).
        head.put(&b"\r\n--"[..]);
        head.put(boundary.as_bytes());
        if let Some(kind) = kind {
            head.put(&b"\r\ncontent-type: "[..]);
            head.put(kind.as_bytes());
        }
        head.put(&b"\r\ncontent-range: "[..]);
        head.put(content_range(*part.start(), *part.end(), len).as_bytes());
        head.put(&b"\r\n\r\n"[..]);
        pieces.push(head.freeze());
        pieces.push(slice(part));
    }
    pieces.push(Bytes::from(format!("\r\n--{boundary}--\r\n")));
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_stand_between_boundaries_with_their_own_type_and_range() {
        let whole = Bytes::from_static(b"0123456789");
        let kind = HeaderValue::from_static("text/plain");
        let slice =
            |part: &RangeInclusive<u64>| whole.slice(*part.start() as usize..=*part.end() as usize);
        let laid = pieces(&[0..=1, 8..=9], Some(&kind), 10, "B", slice).concat();
        let expected = "\r\n--B\r\ncontent-type: text/plain\r\ncontent-range: bytes 0-1/10\r\n\r\n01\
            \r\n--B\r\ncontent-type: text/plain\r\ncontent-range: bytes 8-9/10\r\n\r\n89\r\n--B--\r\n";
        assert_eq!(String::from_utf8(laid).unwrap(), expected);
        let untyped = pieces(&[3..=3, 9..=9], None, 10, "B", slice).concat();
        assert!(!String::from_utf8(untyped).unwrap().contains("content-type"));
    }
}
