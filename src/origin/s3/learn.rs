//! What a store's refusal teaches, so that the next try may succeed: its clock, the bucket's
//! region, that the credentials have run out.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::http::{HeaderMap, HeaderName, StatusCode, header};

use super::Inner;
use super::place::Place;
use crate::origin::judge;
use crate::semantics::dates::{self, UnixTime};

const BUCKET_REGION: HeaderName = HeaderName::from_static("x-amz-bucket-region");
/// A difference below this is the network's, not the clocks'.
pub(crate) const SKEW: Duration = Duration::from_secs(5);

impl Inner {
    /// The time at the store, as far as it has told.
    pub(super) fn store_time(&self) -> UnixTime {
        let offset = self.clock_offset.load(Ordering::Relaxed);
        UnixTime::from_millis(self.clock.wall().millis().saturating_add(offset))
    }

    /// Learns from a refusal. True: something has changed, and the same request is worth a try.
    pub(super) async fn learn(
        &self,
        status: StatusCode,
        headers: &HeaderMap,
        document: &str,
    ) -> bool {
        match judge::element(document, "Code").unwrap_or_default() {
            "RequestTimeTooSkewed" => self.learn_clock(headers),
            "ExpiredToken" | "InvalidToken" | "TokenRefreshRequired" | "InvalidAccessKeyId" => {
                self.credentials.refresh_now(&self.clock).await
            }
            "AuthorizationHeaderMalformed"
            | "PermanentRedirect"
            | "TemporaryRedirect"
            | "IllegalLocationConstraintException" => self.learn_region(headers, document),
            _ if status.is_redirection() => self.learn_region(headers, document),
            _ => false,
        }
    }

    fn learn_clock(&self, headers: &HeaderMap) -> bool {
        let ours = self.clock.wall();
        let Some(theirs) = told_time(headers, ours) else {
            return false;
        };
        let offset = theirs.millis().saturating_sub(ours.millis());
        let known = self.clock_offset.swap(offset, Ordering::Relaxed);
        let changed = u128::from(offset.abs_diff(known)) >= SKEW.as_millis();
        if changed {
            tracing::warn!(
                origin = self.name,
                seconds = offset / 1000,
                "the store's clock differs from this machine's"
            );
        }
        changed
    }

    fn learn_region(&self, headers: &HeaderMap, document: &str) -> bool {
        let Some(region) = told_region(headers, document) else {
            return false;
        };
        let before = self.place.load();
        if before.region == region {
            return false;
        }
        let Ok(place) = Place::new(&self.bucket, region) else {
            return false;
        };
        tracing::warn!(
            origin = self.name,
            configured = before.region,
            region,
            "the bucket is in another region than configured; requests go there from now on"
        );
        self.place.store(Arc::new(place));
        true
    }
}

/// The time that an answer bears.
pub(crate) fn told_time(headers: &HeaderMap, ours: UnixTime) -> Option<UnixTime> {
    let date = headers.get(header::DATE)?;
    dates::parse(date.as_bytes(), ours)
}

/// The region of the bucket, where an answer names one that could be one.
pub(crate) fn told_region<'a>(headers: &'a HeaderMap, document: &'a str) -> Option<&'a str> {
    let given = headers
        .get(BUCKET_REGION)
        .and_then(|value| value.to_str().ok());
    let region = given.or_else(|| judge::element(document, "Region"))?;
    let plain = !region.is_empty()
        && region.len() <= 64
        && region
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'));
    plain.then_some(region)
}
