//! The objects, and the S3 operations on them.
//!
//! **Invariants.** Keys are compared as they are, in the byte order of UTF-8. An object never
//! changes: a put replaces it as a whole, and whoever reads the old one goes on reading it. An
//! entity tag is the MD5 of the bytes, `Last-Modified` a whole second.
//!
//! Who may call is decided before (`access`); only the answer to a missing key depends on the
//! caller here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::stream;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use md5::{Digest, Md5};
use s3s::dto::*;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use time::OffsetDateTime;

use super::BucketOptions;
use super::access::denied;
use super::conditions::{Conditions, Outcome};
use super::faults::{Failure, Faults};
use super::front::XML;
use super::listing::{self, Marker, Query};
use super::upload;

/// Largest object, in bytes.
pub const MAX_OBJECT_BYTES: u64 = 256 << 20;
/// Most bytes in all objects together.
pub const MAX_BUCKET_BYTES: u64 = 1 << 30;

/// Bytes handed to the connection at a time.
const CHUNK: usize = 64 * 1024;
/// Items on a page of a listing: the default, and the most.
const MAX_KEYS: i32 = 1_000;

/// One bucket's content; `None` until it is created.
pub(super) struct Store {
    objects: Mutex<Option<Objects>>,
    edge: String,
    faults: Faults,
}

type Objects = BTreeMap<String, Arc<Object>>;

/// One object, immutable.
struct Object {
    bytes: Bytes,
    etag: ETag,
    modified: OffsetDateTime,
    cache_control: Option<String>,
    content_disposition: Option<String>,
    content_encoding: Option<String>,
    content_language: Option<String>,
    content_type: Option<String>,
    expires: Option<Timestamp>,
    metadata: Option<Metadata>,
}

impl Store {
    pub(super) fn new(options: &BucketOptions, faults: Faults) -> Self {
        Self {
            objects: Mutex::new(None),
            edge: options.edge.access_key.clone(),
            faults,
        }
    }

    fn objects(&self) -> MutexGuard<'_, Option<Objects>> {
        self.objects.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is under this key now, as this caller may know it.
    fn find<T>(&self, key: &str, request: &S3Request<T>) -> S3Result<Arc<Object>> {
        let objects = self.objects();
        let objects = objects.as_ref().ok_or_else(no_such_bucket)?;
        let caller = request
            .credentials
            .as_ref()
            .map(|known| known.access_key.as_str());
        objects.get(key).cloned().ok_or_else(|| {
            if caller == Some(self.edge.as_str()) && !self.faults.edge_may_list() {
                denied()
            } else {
                s3_error!(NoSuchKey, "The specified key does not exist.")
            }
        })
    }
}

#[async_trait::async_trait]
impl S3 for Store {
    async fn create_bucket(
        &self,
        _: S3Request<CreateBucketInput>,
    ) -> S3Result<S3Response<CreateBucketOutput>> {
        let mut objects = self.objects();
        if objects.is_some() {
            return Err(s3_error!(
                BucketAlreadyOwnedByYou,
                "You have created this bucket already."
            ));
        }
        *objects = Some(BTreeMap::new());
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn head_bucket(
        &self,
        _: S3Request<HeadBucketInput>,
    ) -> S3Result<S3Response<HeadBucketOutput>> {
        match *self.objects() {
            Some(_) => Ok(S3Response::new(HeadBucketOutput::default())),
            None => Err(no_such_bucket()),
        }
    }

    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        upload::check_supported(&request.input)?;
        let trailers = request.trailing_headers.take();
        let bytes = upload::receive(&mut request.input, trailers).await?;
        let input = request.input;
        let etag = ETag::Strong(hex(&Md5::digest(&bytes)));
        let object = Object {
            etag: etag.clone(),
            modified: now(),
            cache_control: input.cache_control,
            content_disposition: input.content_disposition,
            content_encoding: input.content_encoding,
            content_language: input.content_language,
            content_type: input.content_type,
            expires: input.expires,
            metadata: input.metadata,
            bytes,
        };

        // Condition, room and replacement under one lock: two creators cannot both win.
        let mut objects = self.objects();
        let objects = objects.as_mut().ok_or_else(no_such_bucket)?;
        let old = objects.get(&input.key);
        check_put(
            old.map(|old| &old.etag),
            &input.if_match,
            &input.if_none_match,
        )?;
        let others: u64 = objects
            .iter()
            .filter(|(key, _)| **key != input.key)
            .map(|(_, object)| object.bytes.len() as u64)
            .sum();
        if others + object.bytes.len() as u64 > MAX_BUCKET_BYTES {
            let mut error = S3Error::with_message(
                S3ErrorCode::Custom("QuotaExceeded".into()),
                format!("This bucket holds at most {MAX_BUCKET_BYTES} bytes."),
            );
            error.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
            return Err(error);
        }
        objects.insert(input.key, Arc::new(object));
        Ok(S3Response::new(PutObjectOutput {
            e_tag: Some(etag),
            ..PutObjectOutput::default()
        }))
    }

    async fn get_object(
        &self,
        request: S3Request<GetObjectInput>,
    ) -> S3Result<S3Response<GetObjectOutput>> {
        let key = &request.input.key;
        check_whole_object(&request.input.version_id, request.input.part_number)?;
        let failure = self.faults.failure_of_read(key);
        let gates = self.faults.gates_of(key);
        let found = self.find(key, &request);
        gates.pass().await;
        if let Some(failure) = failure {
            return Err(failure.into());
        }
        let object = found?;

        let mut conditions = Conditions::from(&request.input);
        conditions.if_range = if_range(&request.headers);
        let length = object.bytes.len() as u64;
        let (bytes, content_range) = object.select(&conditions)?;
        let mut response = S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            cache_control: object.cache_control.clone(),
            content_disposition: object.content_disposition.clone(),
            content_encoding: object.content_encoding.clone(),
            content_language: object.content_language.clone(),
            content_length: Some(length_field(bytes.len() as u64)),
            content_range: content_range.map(|range| content_range_field(&range, length)),
            content_type: Some(object.content_type()),
            e_tag: Some(object.etag.clone()),
            expires: object.expires.clone(),
            last_modified: Some(object.modified.into()),
            metadata: object.metadata.clone(),
            body: Some(chunked(bytes)),
            ..GetObjectOutput::default()
        });
        if let Some(cut) = self.faults.cut_of(key) {
            response.extensions.insert(cut);
        }
        Ok(response)
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        let key = &request.input.key;
        check_whole_object(&request.input.version_id, request.input.part_number)?;
        if let Some(failure) = self.faults.failure_of_read(key) {
            return Err(failure.into());
        }
        let object = self.find(key, &request)?;

        let mut conditions = Conditions::from(&request.input);
        conditions.if_range = if_range(&request.headers);
        let length = object.bytes.len() as u64;
        let (bytes, content_range) = object.select(&conditions)?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            cache_control: object.cache_control.clone(),
            content_disposition: object.content_disposition.clone(),
            content_encoding: object.content_encoding.clone(),
            content_language: object.content_language.clone(),
            content_length: Some(length_field(bytes.len() as u64)),
            content_range: content_range.map(|range| content_range_field(&range, length)),
            content_type: Some(object.content_type()),
            e_tag: Some(object.etag.clone()),
            expires: object.expires.clone(),
            last_modified: Some(object.modified.into()),
            metadata: object.metadata.clone(),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        let input = request.input;
        check_whole_object(&input.version_id, None)?;
        if input.if_match.is_some()
            || input.if_match_last_modified_time.is_some()
            || input.if_match_size.is_some()
        {
            return Err(s3_error!(
                NotImplemented,
                "Conditional deletes are not implemented."
            ));
        }
        let mut objects = self.objects();
        let objects = objects.as_mut().ok_or_else(no_such_bucket)?;
        objects.remove(&input.key); // S3 does not say whether there was one
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let query = listing_query(&input)?;
        let objects = self.objects();
        let objects = objects.as_ref().ok_or_else(no_such_bucket)?;
        let page = listing::page(objects, &query);
        let encode = |text: &str| match &input.encoding_type {
            Some(kind) if kind.as_str() == EncodingType::URL => url_encoded(text),
            _ => text.to_owned(),
        };
        let contents: ObjectList = page
            .objects
            .iter()
            .map(|(key, object)| s3s::dto::Object {
                key: Some(encode(key)),
                e_tag: Some(object.etag.clone()),
                last_modified: Some(object.modified.into()),
                size: Some(length_field(object.bytes.len() as u64)),
                storage_class: Some(ObjectStorageClass::from_static(
                    ObjectStorageClass::STANDARD,
                )),
                ..s3s::dto::Object::default()
            })
            .collect();
        let common_prefixes: CommonPrefixList = page
            .prefixes
            .iter()
            .map(|prefix| CommonPrefix {
                prefix: Some(encode(prefix)),
            })
            .collect();
        // Both lists together are at most MAX_KEYS long.
        let key_count = (contents.len() + common_prefixes.len()) as i32;
        Ok(S3Response::new(ListObjectsV2Output {
            name: Some(input.bucket),
            prefix: Some(encode(&query.prefix)),
            delimiter: input.delimiter.as_deref().map(encode),
            start_after: input.start_after.as_deref().map(encode),
            encoding_type: input.encoding_type.clone(),
            continuation_token: input.continuation_token,
            max_keys: Some(query.limit as i32), // came from an i32
            key_count: Some(key_count),
            is_truncated: Some(page.next.is_some()),
            next_continuation_token: page.next.map(|marker| marker.to_token()),
            contents: Some(contents),
            common_prefixes: Some(common_prefixes),
            ..ListObjectsV2Output::default()
        }))
    }
}

impl Object {
    /// The bytes that these conditions leave, and their position if they are a part.
    fn select(&self, conditions: &Conditions) -> S3Result<(Bytes, Option<std::ops::Range<u64>>)> {
        let length = self.bytes.len() as u64;
        match conditions.judge(&self.etag, self.modified, length) {
            Outcome::Whole => Ok((self.bytes.clone(), None)),
            Outcome::Part(range) => {
                // `judge` keeps the range inside `length`, which came from a usize.
                let bytes = self.bytes.slice(range.start as usize..range.end as usize);
                Ok((bytes, Some(range)))
            }
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

    fn content_type(&self) -> String {
        let default = || "binary/octet-stream".to_owned();
        self.content_type.clone().unwrap_or_else(default)
    }
}

impl From<Failure> for S3Error {
    fn from(failure: Failure) -> Self {
        // Unknown codes become `Custom`, so this cannot fail.
        let code =
            S3ErrorCode::from_bytes(failure.code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
        let mut error = Self::with_message(code, "This failure was asked for.");
        error.set_status_code(failure.status);
        error
    }
}

fn check_put(
    old: Option<&ETag>,
    if_match: &Option<IfMatch>,
    if_none_match: &Option<IfNoneMatch>,
) -> S3Result<()> {
    match if_none_match {
        Some(ETagCondition::Any) if old.is_some() => {
            return Err(s3_error!(
                PreconditionFailed,
                "There is an object under this key."
            ));
        }
        Some(ETagCondition::ETag(_)) => {
            return Err(s3_error!(
                NotImplemented,
                "If-None-Match of a put must be *."
            ));
        }
        _ => {}
    }
    match (if_match, old) {
        (Some(_), None) => Err(s3_error!(NoSuchKey, "The specified key does not exist.")),
        (Some(ETagCondition::ETag(wanted)), Some(old)) if !wanted.strong_cmp(old) => {
            Err(s3_error!(
                PreconditionFailed,
                "The object under this key is another one."
            ))
        }
        _ => Ok(()),
    }
}

fn check_whole_object(version: &Option<String>, part: Option<i32>) -> S3Result<()> {
    if version.as_deref().is_some_and(|version| version != "null") || part.is_some() {
        return Err(s3_error!(
            NotImplemented,
            "There are neither versions nor parts here."
        ));
    }
    Ok(())
}

fn listing_query(input: &ListObjectsV2Input) -> S3Result<Query> {
    let invalid = |what: &str| S3Error::with_message(S3ErrorCode::InvalidArgument, what.to_owned());
    let after = match (&input.continuation_token, &input.start_after) {
        (Some(token), _) => Some(
            Marker::from_token(token)
                .ok_or_else(|| invalid("The continuation token is not one of ours."))?,
        ),
        (None, Some(key)) => Some(Marker::Key(key.clone())),
        (None, None) => None,
    };
    let limit = input.max_keys.unwrap_or(MAX_KEYS).min(MAX_KEYS);
    Ok(Query {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().unwrap_or_default(),
        after,
        limit: usize::try_from(limit).map_err(|_| invalid("max-keys must be 0 or more."))?,
    })
}

fn chunked(bytes: Bytes) -> StreamingBlob {
    let count = bytes.len().div_ceil(CHUNK);
    StreamingBlob::wrap(stream::iter((0..count).map(move |index| {
        let end = bytes.len().min((index + 1) * CHUNK);
        Ok::<_, std::convert::Infallible>(bytes.slice(index * CHUNK..end))
    })))
}

fn if_range(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::IF_RANGE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
}

/// Objects are far smaller than `i64::MAX` bytes.
fn length_field(length: u64) -> i64 {
    length.try_into().unwrap_or(i64::MAX)
}

fn content_range_field(range: &std::ops::Range<u64>, length: u64) -> String {
    format!("bytes {}-{}/{length}", range.start, range.end - 1)
}

/// Whole seconds, as HTTP dates are.
fn now() -> OffsetDateTime {
    let now = OffsetDateTime::now_utc();
    now.replace_nanosecond(0).unwrap_or(now) // 0 is in range
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn url_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' | b'/' => {
                encoded.push(char::from(byte));
            }
            _ => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

fn no_such_bucket() -> S3Error {
    s3_error!(NoSuchBucket, "The specified bucket does not exist.")
}
