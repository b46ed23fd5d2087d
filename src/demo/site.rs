//! The sample site: files embedded in the program, and one large download made up at run time.
//!
//! **Duty.** Create the bucket and put every object of the site into it, each with the type and
//! the lifetime that a sensible publisher would give it.
//!
//! **Not here.** Nothing is removed: an object that the site no longer has stays in the bucket.

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Config, Credentials, Region, RequestChecksumCalculation,
    ResponseChecksumValidation, StalledStreamProtectionConfig,
};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use rust_embed::RustEmbed;

use super::bucket::Identity;

/// The key of the large download.
pub const DOWNLOAD_KEY: &str = "downloads/harbour.bin";
/// Its length in bytes: 8 MiB.
pub const DOWNLOAD_BYTES: u64 = 8 << 20;
/// The length of each of its lines in bytes, line feed included.
pub const DOWNLOAD_LINE: u64 = 64;

/// What was put into the bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seeded {
    /// The keys, in byte order.
    pub keys: Vec<String>,
    /// The sizes of all objects together, in bytes.
    pub bytes: u64,
}

/// Why seeding failed.
#[derive(Debug, thiserror::Error)]
pub enum SeedError {
    /// The bucket could not be created, and not because it was there already.
    #[error("cannot create the bucket {bucket:?}")]
    Create {
        /// The bucket.
        bucket: String,
        /// What the store or the way there said.
        #[source]
        source: Box<aws_sdk_s3::Error>,
    },
    /// An object could not be put.
    #[error("cannot put {key:?} into the bucket {bucket:?}")]
    Put {
        /// The bucket.
        bucket: String,
        /// The object's key.
        key: String,
        /// What the store or the way there said.
        #[source]
        source: Box<aws_sdk_s3::Error>,
    },
}

impl SeedError {
    /// Whether another try may go better: not when the store refused the publisher.
    pub fn is_retryable(&self) -> bool {
        use aws_sdk_s3::error::ProvideErrorMetadata;
        let (Self::Create { source, .. } | Self::Put { source, .. }) = self;
        !matches!(
            source.code(),
            Some(
                "AccessDenied"
                    | "InvalidAccessKeyId"
                    | "SignatureDoesNotMatch"
                    | "AuthorizationHeaderMalformed"
                    | "InvalidBucketName"
                    | "BucketAlreadyExists"
            )
        )
    }
}

/// Creates the bucket if the publisher does not have it yet, and puts every object of the site.
///
/// # Errors
/// [`SeedError`] at the first request that fails; what was put before stays.
pub async fn seed(client: &Client, bucket: &str) -> Result<Seeded, SeedError> {
    create(client, bucket).await?;
    let mut seeded = Seeded {
        keys: Vec::new(),
        bytes: 0,
    };
    for (key, body) in objects() {
        seeded.bytes += body.len() as u64;
        client
            .put_object()
            .bucket(bucket)
            .key(&key)
            .content_type(content_type(&key))
            .cache_control(cache_control(&key))
            .body(ByteStream::from(body))
            .send()
            .await
            .map_err(|error| SeedError::Put {
                bucket: bucket.into(),
                key: key.clone(),
                source: Box::new(error.into()),
            })?;
        seeded.keys.push(key);
    }
    Ok(seeded)
}

/// An S3 client that does one thing a call: path style, no retries, no checksums beyond the
/// signature, and no opinion about slow bodies.
///
/// `endpoint` is a URL without a path, such as [`Bucket::url`](super::bucket::Bucket::url).
pub fn client(endpoint: &str, region: &str, id: &Identity) -> Client {
    let credentials = Credentials::new(&id.access_key, &id.secret_key, None, None, "seawall");
    Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::v2026_01_12())
            .endpoint_url(endpoint)
            .region(Region::new(region.to_owned()))
            .credentials_provider(credentials)
            .force_path_style(true)
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .retry_config(RetryConfig::disabled())
            .build(),
    )
}

/// The large download: lines of [`DOWNLOAD_LINE`] bytes, each naming the offset of its first byte,
/// so that any piece of it tells where it belongs.
pub fn download() -> Bytes {
    let mut bytes = Vec::with_capacity(DOWNLOAD_BYTES as usize); // 8 MiB fits
    for offset in (0..DOWNLOAD_BYTES).step_by(DOWNLOAD_LINE as usize) {
        bytes.extend_from_slice(download_line(offset).as_bytes());
    }
    bytes.into()
}

/// The line of the download that starts at this offset.
pub fn download_line(offset: u64) -> String {
    format!(
        "harbour.bin offset {offset:>8} of {DOWNLOAD_BYTES} {:~<24}\n",
        ""
    )
}

/// The media type for a key, by its extension; `application/octet-stream` if that says nothing.
pub fn content_type(key: &str) -> &'static str {
    match extension(key) {
        "html" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" => "text/plain; charset=utf-8",
        "xml" => "text/xml; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "pdf" => "application/pdf",
        "wasm" => "application/wasm",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "webp" => "image/webp",
        "avif" => "image/avif",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

/// Pages live a minute, so that a change shows; what pages are made of, a day; downloads, an hour.
pub fn cache_control(key: &str) -> &'static str {
    match extension(key) {
        "html" => "public, max-age=60",
        "css" | "js" | "mjs" | "svg" | "png" | "jpg" | "jpeg" | "webp" | "avif" | "ico"
        | "woff2" => "public, max-age=86400",
        _ => "public, max-age=3600",
    }
}

#[derive(RustEmbed)]
#[folder = "fixtures/site/"]
struct Files;

/// Everything that belongs into the bucket, in the byte order of the keys.
fn objects() -> Vec<(String, Bytes)> {
    let mut objects: Vec<_> = Files::iter()
        .filter_map(|path| Some((path.to_string(), Files::get(&path)?)))
        .map(|(key, file)| (key, Bytes::from(file.data.into_owned())))
        .collect();
    objects.push((DOWNLOAD_KEY.into(), download()));
    objects.sort_by(|(left, _), (right, _)| left.cmp(right));
    objects
}

async fn create(client: &Client, bucket: &str) -> Result<(), SeedError> {
    let created = client.create_bucket().bucket(bucket).send().await;
    match created.map_err(aws_sdk_s3::Error::from) {
        Ok(_) | Err(aws_sdk_s3::Error::BucketAlreadyOwnedByYou(_)) => Ok(()),
        Err(error) => Err(SeedError::Create {
            bucket: bucket.into(),
            source: Box::new(error),
        }),
    }
}

/// What stands behind the last dot of the last segment; empty if there is none.
fn extension(key: &str) -> &str {
    let name = key.rsplit('/').next().unwrap_or(key);
    match name.rsplit_once('.') {
        Some((_, extension)) => extension,
        None => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_download_names_its_own_offset() {
        let bytes = download();
        assert_eq!(bytes.len() as u64, DOWNLOAD_BYTES);
        for (index, line) in bytes.chunks(DOWNLOAD_LINE as usize).enumerate() {
            let offset = index as u64 * DOWNLOAD_LINE;
            assert_eq!(line.last(), Some(&b'\n'));
            let text = std::str::from_utf8(line).unwrap();
            let named = text.split_whitespace().nth(2).unwrap();
            assert_eq!(named.parse(), Ok(offset));
        }
    }

    #[test]
    fn types_and_lifetimes_follow_the_extension() {
        for (key, media, lifetime) in [
            ("index.html", "text/html; charset=utf-8", 60),
            ("guide/index.html", "text/html; charset=utf-8", 60),
            ("assets/site.css", "text/css; charset=utf-8", 86_400),
            ("assets/site.js", "text/javascript; charset=utf-8", 86_400),
            ("assets/harbour.svg", "image/svg+xml", 86_400),
            ("assets/lighthouse.png", "image/png", 86_400),
            ("downloads/harbour.bin", "application/octet-stream", 3_600),
            ("a.html/b", "application/octet-stream", 3_600),
            ("", "application/octet-stream", 3_600),
        ] {
            assert_eq!(content_type(key), media, "{key}");
            assert_eq!(
                cache_control(key),
                format!("public, max-age={lifetime}"),
                "{key}"
            );
        }
    }

    #[test]
    fn the_site_has_the_parts_that_its_pages_refer_to() {
        let objects = objects();
        assert!(objects.is_sorted_by(|(a, _), (b, _)| a < b));
        let keys: Vec<&str> = objects.iter().map(|(key, _)| key.as_str()).collect();
        for (page, body) in objects.iter().filter(|(key, _)| key.ends_with(".html")) {
            let text = std::str::from_utf8(body).unwrap();
            let references = ["src=\"", "href=\""]
                .iter()
                .flat_map(|start| text.split(start).skip(1))
                .map(|rest| rest.split('"').next().unwrap());
            let mut seen = 0;
            for reference in references.filter(|reference| !reference.starts_with('#')) {
                let path = reference.split('#').next().unwrap();
                let key = path
                    .strip_prefix('/')
                    .unwrap_or_else(|| panic!("{page} refers to {reference}"));
                let key = if key.is_empty() || key.ends_with('/') {
                    format!("{key}index.html")
                } else {
                    key.into()
                };
                assert!(keys.contains(&key.as_str()), "{page} refers to {reference}");
                seen += 1;
            }
            assert!(seen > 0, "{page} refers to nothing");
        }
        for (key, body) in &objects {
            assert_ne!(content_type(key), "", "{key}");
            assert!(!body.is_empty(), "{key} is empty");
        }
    }
}
