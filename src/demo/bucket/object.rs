//! One object: its bytes, what was said about them, and what a read gets of it.
//!
//! **Invariants.** An object never changes. Its entity tag is the MD5 of its bytes, its
//! modification time a whole second, as HTTP dates are.

use std::ops;

use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, header};
use md5::{Digest, Md5};
use s3s::dto::{ETag, Metadata, PutObjectInput, StreamingBlob, Timestamp, TimestampFormat};
use s3s::{S3Result, s3_error};
use time::OffsetDateTime;

use super::conditions::{Conditions, Outcome};
use super::front::XML;

/// Bytes handed to the connection at a time.
const CHUNK: usize = 64 * 1024;

/// One object, immutable.
pub(super) struct Object {
    pub(super) bytes: Bytes,
    pub(super) etag: ETag,
    pub(super) modified: OffsetDateTime,
    pub(super) cache_control: Option<String>,
    pub(super) content_disposition: Option<String>,
    pub(super) content_encoding: Option<String>,
    pub(super) content_language: Option<String>,
    content_type: Option<String>,
    pub(super) expires: Option<Timestamp>,
    pub(super) metadata: Option<Metadata>,
    pub(super) website_redirect_location: Option<String>,
}

/// What a read gets.
pub(super) struct Selection {
    pub(super) bytes: Bytes,
    /// The `Content-Range`, if these are a part.
    pub(super) content_range: Option<String>,
}

impl Object {
    /// The object that this put makes of these bytes, as of now.
    pub(super) fn new(input: PutObjectInput, bytes: Bytes) -> Self {
        Self {
            etag: ETag::Strong(hex(&Md5::digest(&bytes))),
            modified: now(),
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
            expires: input.expires,
            metadata: input.metadata,
            website_redirect_location: input.website_redirect_location,
            bytes,
        }
    }

    /// The bytes that these conditions leave.
    ///
    /// # Errors
    /// The S3 errors that stand for 304, 412 and 416, complete with their fields.
    pub(super) fn select(&self, conditions: &Conditions) -> S3Result<Selection> {
        let length = self.len();
        match conditions.judge(&self.etag, self.modified, length) {
            Outcome::Whole => Ok(Selection {
                bytes: self.bytes.clone(),
                content_range: None,
            }),
            Outcome::Part(ops::Range { start, end }) => Ok(Selection {
                // `judge` keeps the range inside `length`, which came from a usize.
                bytes: self.bytes.slice(start as usize..end as usize),
                content_range: Some(format!("bytes {start}-{}/{length}", end - 1)),
            }),
            Outcome::NotModified => {
                let mut error = s3_error!(NotModified);
                error.set_headers(self.cache_fields());
                Err(error)
            }
            Outcome::Failed(field) => Err(s3_error!(
                PreconditionFailed,
                "The pre-condition {field} did not hold."
            )),
            Outcome::Unsatisfiable => {
                let mut error = s3_error!(
                    InvalidRange,
                    "The requested range is not satisfiable; the object has {length} bytes."
                );
                let mut headers = HeaderMap::new();
                headers.insert(header::CONTENT_TYPE, XML);
                if let Ok(value) = HeaderValue::from_str(&format!("bytes */{length}")) {
                    headers.insert(header::CONTENT_RANGE, value);
                }
                error.set_headers(headers);
                Err(error)
            }
        }
    }

    /// In bytes.
    pub(super) fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    /// What a 304 must repeat: RFC 9110 section 15.4.5.
    fn cache_fields(&self) -> HeaderMap {
        let date = |at: Timestamp| {
            let mut text = Vec::new();
            at.format(TimestampFormat::HttpDate, &mut text).ok()?;
            HeaderValue::from_bytes(&text).ok()
        };
        let cache_control = self.cache_control.as_deref();
        let fields = [
            (header::ETAG, self.etag.to_http_header().ok()),
            (header::LAST_MODIFIED, date(self.modified.into())),
            (
                header::CACHE_CONTROL,
                cache_control.and_then(|value| HeaderValue::from_str(value).ok()),
            ),
            (header::EXPIRES, self.expires.clone().and_then(date)),
        ];
        let present = |(name, value): (_, Option<_>)| Some((name, value?));
        fields.into_iter().filter_map(present).collect()
    }

    pub(super) fn content_type(&self) -> String {
        let default = || "binary/octet-stream".to_owned();
        self.content_type.clone().unwrap_or_else(default)
    }
}

impl Selection {
    /// For `Content-Length`; objects are far smaller than `i64::MAX` bytes.
    pub(super) fn content_length(&self) -> i64 {
        self.bytes.len().try_into().unwrap_or(i64::MAX)
    }

    /// The bytes as a stream, a chunk at a time.
    pub(super) fn into_stream(self) -> StreamingBlob {
        chunked(self.bytes)
    }
}

fn chunked(bytes: Bytes) -> StreamingBlob {
    let count = bytes.len().div_ceil(CHUNK);
    StreamingBlob::wrap(stream::iter((0..count).map(move |index| {
        let end = bytes.len().min((index + 1) * CHUNK);
        Ok::<_, std::convert::Infallible>(bytes.slice(index * CHUNK..end))
    })))
}

/// Whole seconds, as HTTP dates are.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now) // 0 is in range
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;

    #[tokio::test]
    async fn a_stream_has_every_byte_in_chunks() {
        for length in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK] {
            let bytes: Bytes = (0..length).map(|at| (at % 251) as u8).collect();
            let chunks: Vec<_> = chunked(bytes.clone()).map(Result::unwrap).collect().await;
            assert_eq!(chunks.len(), length.div_ceil(CHUNK), "{length}");
            assert!(chunks.iter().all(|chunk| chunk.len() <= CHUNK));
            assert!(chunks.concat() == bytes, "{length}");
        }
    }

    #[test]
    fn an_object_has_the_md5_of_its_bytes_and_a_whole_second() {
        let object = Object::new(PutObjectInput::default(), Bytes::new());
        // RFC 1321, appendix A.5.
        let empty = ETag::Strong("d41d8cd98f00b204e9800998ecf8427e".into());
        assert_eq!(object.etag, empty);
        assert_eq!(object.modified.nanosecond(), 0);
        assert_eq!(object.content_type(), "binary/octet-stream");
    }
}
