//! What an explanation holds: plain values, the same in the admin API and on a terminal.
//!
//! Times are in seconds, moments as RFC 3339 writes them, words those of the headers, the log and the metrics.
//! What is secret in a request or an answer has been replaced before it stands here.

use serde::{Deserialize, Serialize};

/// Why a request would be answered as it would be.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Explanation {
    /// The request as it was understood.
    pub request: Asked,
    /// Whose it is; none if it was refused before that was known.
    pub distribution: Option<Distribution>,
    /// Which rules hold for it.
    pub behavior: Option<Behavior>,
    /// What is tried, in order; the last one decides. Nothing is tried for what is refused.
    pub attempts: Vec<Attempt>,
    /// What comes of it.
    pub decision: Decision,
    /// What became of it, if it was sent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub live: Option<Live>,
}

/// A verdict and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Decision {
    /// The word of the verdict.
    pub verdict: String,
    /// Why the origin is asked, as `Cache-Status` says it after `fwd=`; none: it is not.
    pub forward: Option<String>,
    /// The word for why an answer is refused, passed on or served stale.
    pub reason: Option<String>,
    /// The same in a sentence.
    pub summary: String,
    /// The rule: a section of an RFC, or a key of the configuration.
    pub rule: String,
    /// The status of the answer, where it is known before the origin has answered.
    pub status: Option<u16>,
}

/// A request.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Asked {
    /// The method.
    pub method: String,
    /// The host by which the distribution was looked for.
    pub host: Option<String>,
    /// The target.
    pub target: String,
    /// The fields.
    pub fields: Vec<(String, String)>,
}

/// A distribution, and how it was found.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Distribution {
    /// Its id.
    pub id: String,
    /// The domain that the host is, or is under; none: it is the default one.
    pub domain: Option<String>,
}

/// A behaviour.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Behavior {
    /// The pattern that took the path; none: the default one.
    pub path: Option<String>,
    /// Its origin.
    pub origin: String,
    /// Its cache policy.
    pub cache_policy: String,
    /// What of a request goes to its origin.
    pub origin_request: String,
}

/// One object that is looked for.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Attempt {
    /// Its path.
    pub path: String,
    /// Its key.
    pub key: Key,
    /// What is stored under the key.
    pub stored: Vec<Stored>,
    /// The newest invalidation that the edge remembers and that takes this object.
    pub invalidation: Option<String>,
    /// Whether somebody else is being waited for.
    pub fill_under_way: bool,
    /// What comes of it.
    pub decision: Decision,
    /// What would be sent to the origin; none: nothing.
    pub origin: Option<OriginRequest>,
    /// What would become of an answer that says nothing about caching.
    pub plain_answers: Vec<PlainAnswer>,
}

/// A key and what went into it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Key {
    /// By which it is looked up.
    pub hash: String,
    /// Its parts with their names.
    pub parts: Vec<(String, String)>,
    /// Parameters of the query that are in no part.
    pub dropped: Vec<String>,
    /// What goes to the origin without being in the key: `query`, `header`, `cookie`. An answer to such a
    /// request may be another viewer's.
    pub unkeyed: Vec<String>,
}

/// A stored answer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stored {
    /// Whether it is the one that answers this request, if any does.
    pub selected: bool,
    /// The field by which it is another request's; none: it is not.
    pub differs: Option<Differs>,
    /// Its status.
    pub status: u16,
    /// Bytes of its body.
    pub size: u64,
    /// Its ETag.
    pub etag: Option<String>,
    /// Its Last-Modified.
    pub last_modified: Option<String>,
    /// When it came.
    pub stored_at: String,
    /// How old it is.
    pub age: Age,
    /// How long it lives.
    pub lifetime: Lifetime,
    /// `fresh` or `stale`.
    pub state: String,
    /// Seconds of freshness left; negative once it is stale.
    pub fresh_for: f64,
    /// Until when it may be served while a revalidation runs; none: never.
    pub while_revalidate_until: Option<String>,
    /// Until when it may be served if the origin fails; none: never.
    pub if_error_until: Option<String>,
    /// Seconds for which its origin is left in peace after a failure.
    pub origin_rests_for: Option<f64>,
    /// The position in the journal when it was asked for.
    pub stamp: Stamp,
    /// `alive`, `soft` or `dead`.
    pub liveness: String,
    /// What took it, if it is not alive.
    pub taken_by: Option<String>,
}

/// The field by which a variant is another request's.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Differs {
    /// Its name.
    pub field: String,
    /// What this request would send to the origin.
    pub asked: Option<String>,
}

/// RFC 9111 section 4.2.3: max(apparent, age_value + delay) + resident.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Age {
    /// current_age
    pub current: f64,
    /// apparent_age: receipt less Date.
    pub apparent: f64,
    /// age_value: what Age said.
    pub age_value: f64,
    /// response_delay
    pub delay: f64,
    /// resident_time
    pub resident: f64,
}

/// How long it is fresh, and why.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Lifetime {
    /// What holds.
    pub lifetime: f64,
    /// Where it comes from.
    pub source: String,
    /// What that gave.
    pub given: f64,
    /// Which bound changed that, or `none`.
    pub clamp: String,
    /// `no-cache`: validated on every use all the same.
    pub always_validate: bool,
}

/// A position in the order of invalidations.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Stamp {
    /// The epoch.
    pub epoch: u64,
    /// The journal's sequence number.
    pub seq: u64,
    /// The edge's own count.
    pub local: u64,
}

/// A request to an origin.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct OriginRequest {
    /// The method.
    pub method: String,
    /// Where.
    pub url: String,
    /// The fields.
    pub fields: Vec<(String, String)>,
    /// What keeps it from being sent.
    pub trouble: Option<String>,
}

/// What becomes of an answer without a word about caching.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct PlainAnswer {
    /// Its status.
    pub status: u16,
    /// How long it would be fresh; none: it would not be stored.
    pub lifetime: Option<Lifetime>,
    /// Why it would not be stored.
    pub reason: Option<String>,
}

/// What became of a request that was sent.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Live {
    /// The status.
    pub status: u16,
    /// The fields.
    pub fields: Vec<(String, String)>,
    /// What it cost the origin: the word in X-Cache.
    pub cost: String,
    /// Bytes of the body that came.
    pub bytes: u64,
    /// Whether all of it came.
    pub complete: bool,
}
