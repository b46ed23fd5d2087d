//! The body of a put: received whole, bounded, and checked against what its sender announced.
//!
//! s3s verifies the signed body hash and the signed chunks while the body is read; this file maps
//! those failures to S3's codes and verifies the `x-amz-checksum-*` values, sent ahead or behind.
//! What a put asks for and this store does not do is refused, never ignored.

use bytes::Bytes;
use futures::StreamExt;
use http::StatusCode;
use s3s::checksum::ChecksumHasher;
use s3s::dto::PutObjectInput;
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, s3_error};

/// Refuses what this store would have to ignore.
pub(super) fn check_supported(input: &PutObjectInput) -> S3Result<()> {
    let is = |value: Option<&str>, neutral: &str| value.is_none_or(|value| value == neutral);
    let refused = [
        (
            "x-amz-acl",
            !is(input.acl.as_ref().map(|acl| acl.as_str()), "private"),
        ),
        (
            "x-amz-grant-*",
            input.grant_full_control.is_some()
                || input.grant_read.is_some()
                || input.grant_read_acp.is_some()
                || input.grant_write_acp.is_some(),
        ),
        (
            "x-amz-object-lock-*",
            input.object_lock_mode.is_some()
                || input.object_lock_legal_hold_status.is_some()
                || input.object_lock_retain_until_date.is_some(),
        ),
        (
            "x-amz-server-side-encryption",
            input.server_side_encryption.is_some()
                || input.sse_customer_algorithm.is_some()
                || input.sse_customer_key.is_some(),
        ),
        (
            "x-amz-storage-class",
            !is(
                input.storage_class.as_ref().map(|class| class.as_str()),
                "STANDARD",
            ),
        ),
        ("x-amz-tagging", input.tagging.is_some()),
        (
            "x-amz-write-offset-bytes",
            input.write_offset_bytes.is_some(),
        ),
        ("Content-MD5", input.content_md5.is_some()),
    ];
    match refused.iter().find(|(_, asked)| *asked) {
        Some((field, _)) => Err(s3_error!(
            NotImplemented,
            "A header you provided, {field}, implies functionality that is not implemented."
        )),
        None => Ok(()),
    }
}

/// Reads the body, of at most `limit` bytes, and checks it.
pub(super) async fn receive(
    input: &mut PutObjectInput,
    trailers: Option<TrailingHeaders>,
    limit: u64,
) -> S3Result<Bytes> {
    let announced = input
        .content_length
        .and_then(|length| u64::try_from(length).ok());
    if announced.is_some_and(|length| length > limit) {
        return Err(too_large(limit));
    }
    let mut bytes = Vec::new();
    if let Some(mut body) = input.body.take() {
        while let Some(chunk) = body.next().await {
            let chunk = chunk.map_err(|cause| body_error(&*cause))?;
            if (bytes.len() + chunk.len()) as u64 > limit {
                return Err(too_large(limit));
            }
            bytes.extend_from_slice(&chunk);
        }
    }
    let trailing = |name: &str| {
        let read = |headers: &http::HeaderMap| Some(headers.get(name)?.to_str().ok()?.to_owned());
        trailers.as_ref().and_then(|trailers| trailers.read(read)?)
    };
    let wanted = [
        ("x-amz-checksum-crc32", &input.checksum_crc32),
        ("x-amz-checksum-crc32c", &input.checksum_crc32c),
        ("x-amz-checksum-crc64nvme", &input.checksum_crc64nvme),
        ("x-amz-checksum-sha1", &input.checksum_sha1),
        ("x-amz-checksum-sha256", &input.checksum_sha256),
    ]
    .map(|(name, ahead)| ahead.clone().or_else(|| trailing(name)));
    check_sums(&bytes, wanted)?;
    Ok(bytes.into())
}

/// Checksums in base64, in the order CRC32, CRC32C, CRC64NVME, SHA-1, SHA-256.
fn check_sums(bytes: &[u8], wanted: [Option<String>; 5]) -> S3Result<()> {
    let mut hasher = ChecksumHasher::default();
    let [crc32, crc32c, crc64nvme, sha1, sha256] = &wanted;
    hasher.crc32 = crc32.is_some().then(Default::default);
    hasher.crc32c = crc32c.is_some().then(Default::default);
    hasher.crc64nvme = crc64nvme.is_some().then(Default::default);
    hasher.sha1 = sha1.is_some().then(Default::default);
    hasher.sha256 = sha256.is_some().then(Default::default);
    hasher.update(bytes);
    let sums = hasher.finalize();
    let found = [
        sums.checksum_crc32,
        sums.checksum_crc32c,
        sums.checksum_crc64nvme,
        sums.checksum_sha1,
        sums.checksum_sha256,
    ];
    if found == wanted {
        return Ok(());
    }
    Err(s3_error!(
        BadDigest,
        "The checksum you sent is not that of the body we received."
    ))
}

fn too_large(limit: u64) -> S3Error {
    s3_error!(EntityTooLarge, "An object has at most {limit} bytes here.")
}

/// s3s keeps its stream errors private, so their text is all there is to tell them apart.
fn body_error(cause: &(dyn std::error::Error + Send + Sync)) -> S3Error {
    let text = cause.to_string();
    if text.contains("Sha256Mismatch") {
        let mut error = S3Error::with_message(
            S3ErrorCode::Custom("XAmzContentSHA256Mismatch".into()),
            "The body is not the one that x-amz-content-sha256 was computed from.",
        );
        error.set_status_code(StatusCode::BAD_REQUEST);
        error
    } else if text.contains("SignatureMismatch") {
        s3_error!(
            SignatureDoesNotMatch,
            "The signature of a chunk does not match."
        )
    } else {
        s3_error!(IncompleteBody, "The body ended early or was malformed.")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use s3s::dto::StreamingBlob;

    /// Receives chunks of these lengths with a limit of 10 bytes.
    async fn received(announced: Option<i64>, chunks: &'static [usize]) -> Result<usize, String> {
        let stream = futures::stream::iter(
            chunks
                .iter()
                .map(|length| Ok::<_, std::convert::Infallible>(Bytes::from(vec![0; *length]))),
        );
        let mut input = PutObjectInput {
            content_length: announced,
            body: Some(StreamingBlob::wrap(stream)),
            ..PutObjectInput::default()
        };
        let received = receive(&mut input, None, 10).await;
        received
            .map(|bytes| bytes.len())
            .map_err(|error| error.code().as_str().to_owned())
    }

    #[tokio::test]
    async fn the_limit_holds_for_what_is_announced_and_for_what_comes() {
        let too_large = || Err("EntityTooLarge".to_owned());
        assert_eq!(received(None, &[]).await, Ok(0));
        assert_eq!(received(Some(10), &[4, 6]).await, Ok(10));
        assert_eq!(received(None, &[4, 6]).await, Ok(10));
        assert_eq!(received(Some(11), &[]).await, too_large());
        assert_eq!(received(None, &[4, 6, 1]).await, too_large());
        assert_eq!(received(Some(1), &[11]).await, too_large());
    }
}
