//! All objects, and the S3 operations on them.
//!
//! **Invariants.** Keys are compared as they are, in the byte order of UTF-8. A put replaces an
//! object as a whole, and whoever reads the old one goes on reading it.
//!
//! Who may call is decided before (`access`); only the answer to a missing key depends on the
//! caller here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{HeaderMap, StatusCode, header};
use s3s::dto::{self, *};
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};

use super::BucketOptions;
use super::access::denied;
use super::conditions::Conditions;
use super::faults::{Failure, Faults};
use super::listing::{self, Marker, Query};
use super::object::Object;
use super::upload;

/// Largest object, in bytes.
pub const MAX_OBJECT_BYTES: u64 = 256 << 20;
/// Most bytes in all objects together.
pub const MAX_BUCKET_BYTES: u64 = 1 << 30;

/// Items on a page of a listing: the default, and the most.
const MAX_KEYS: i32 = 1_000;

/// One bucket's content; `None` until it is created.
pub(super) struct Store {
    objects: Mutex<Option<Objects>>,
    edge: String,
    faults: Faults,
}

type Objects = BTreeMap<String, Arc<Object>>;

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
        let bytes = upload::receive(&mut request.input, trailers, MAX_OBJECT_BYTES).await?;
        let input = request.input;
        let (if_match, if_none_match) = (input.if_match.clone(), input.if_none_match.clone());
        let key = input.key.clone();
        let object = Object::new(input, bytes);
        let etag = object.etag.clone();

        // Condition, room and replacement under one lock: two creators cannot both win.
        let mut objects = self.objects();
        let objects = objects.as_mut().ok_or_else(no_such_bucket)?;
        let old = objects.get(&key).map(|old| &old.etag);
        check_put(old, if_match.as_ref(), if_none_match.as_ref())?;
        let others = objects.iter().filter(|(other, _)| **other != key);
        check_room(others.map(|(_, object)| object.len()).sum(), object.len())?;
        objects.insert(key, Arc::new(object));
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
        let selection = object.select(&conditions)?;
        let mut response = S3Response::new(GetObjectOutput {
            accept_ranges: Some("bytes".into()),
            cache_control: object.cache_control.clone(),
            content_disposition: object.content_disposition.clone(),
            content_encoding: object.content_encoding.clone(),
            content_language: object.content_language.clone(),
            content_length: Some(selection.content_length()),
            content_range: selection.content_range.clone(),
            content_type: Some(object.content_type()),
            e_tag: Some(object.etag.clone()),
            expires: object.expires.clone(),
            last_modified: Some(object.modified.into()),
            metadata: object.metadata.clone(),
            website_redirect_location: object.website_redirect_location.clone(),
            body: Some(selection.into_stream()),
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
        let selection = object.select(&conditions)?;
        Ok(S3Response::new(HeadObjectOutput {
            accept_ranges: Some("bytes".into()),
            cache_control: object.cache_control.clone(),
            content_disposition: object.content_disposition.clone(),
            content_encoding: object.content_encoding.clone(),
            content_language: object.content_language.clone(),
            content_length: Some(selection.content_length()),
            content_range: selection.content_range,
            content_type: Some(object.content_type()),
            e_tag: Some(object.etag.clone()),
            expires: object.expires.clone(),
            last_modified: Some(object.modified.into()),
            metadata: object.metadata.clone(),
            website_redirect_location: object.website_redirect_location.clone(),
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
            .map(|(key, object)| dto::Object {
                key: Some(encode(key)),
                e_tag: Some(object.etag.clone()),
                last_modified: Some(object.modified.into()),
                size: object.len().try_into().ok(),
                storage_class: Some(ObjectStorageClass::from_static(
                    ObjectStorageClass::STANDARD,
                )),
                ..dto::Object::default()
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
    if_match: Option<&IfMatch>,
    if_none_match: Option<&IfNoneMatch>,
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

fn check_room(others: u64, new: u64) -> S3Result<()> {
    if others + new <= MAX_BUCKET_BYTES {
        return Ok(());
    }
    let mut error = S3Error::with_message(
        S3ErrorCode::Custom("QuotaExceeded".into()),
        format!("This bucket holds at most {MAX_BUCKET_BYTES} bytes."),
    );
    error.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
    Err(error)
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

fn if_range(headers: &HeaderMap) -> Option<String> {
    let value = headers.get(header::IF_RANGE)?;
    Some(String::from_utf8_lossy(value.as_bytes()).into_owned())
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_is_full_at_its_limit_and_not_before() {
        assert!(check_room(MAX_BUCKET_BYTES - 1, 1).is_ok());
        let error = check_room(MAX_BUCKET_BYTES, 1).unwrap_err();
        assert_eq!(error.code().as_str(), "QuotaExceeded");
        assert_eq!(error.status_code(), Some(StatusCode::INSUFFICIENT_STORAGE));
    }
}
