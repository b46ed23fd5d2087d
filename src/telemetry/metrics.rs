//! Counters of the edge, in the Prometheus (OpenMetrics) text format.
//!
//! What a hit touches is sharded: each worker thread counts in its own cache lines, and the
//! shards are added up at a scrape. Everything else is one atomic. Names begin with `seawall_`.

mod scrape;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http::StatusCode;
use prometheus_client::registry::Registry;

use crate::semantics::reason::Reason;
use crate::verdict::Verdict;
use scrape::Scrape;

/// The media type of the text that [`Metrics::encode`] gives.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Shards of the hot counters. More threads than this share them.
const SHARDS: usize = 32;
/// Upper bounds of the latency histograms, in seconds.
const BOUNDS: [f64; 14] = [
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0,
];
/// The words of the verdicts, in the order of the shards' rows.
const VERDICTS: [&str; 8] = [
    "serve",
    "serve-stale",
    "validate",
    "fetch",
    "pass",
    "refuse",
    "preflight",
    "options",
];
const CLASSES: [&str; 5] = ["1xx", "2xx", "3xx", "4xx", "5xx"];

/// What may be forwarded without being in the key, in the order of [`OriginMetrics::unkeyed`].
const UNKEYED: [&str; 3] = ["query", "header", "cookie"];

/// One counter.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds one.
    pub fn increment(&self) {
        self.add(1);
    }

    /// Adds `n`.
    pub fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }

    /// Takes one off: for gauges that count what is there now.
    pub fn decrement(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    /// The value now.
    #[must_use]
    pub fn value(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug, Default)]
struct Histogram {
    buckets: [AtomicU64; BOUNDS.len() + 1],
    nanos: AtomicU64,
}

impl Histogram {
    fn record(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let at = BOUNDS
            .iter()
            .position(|bound| seconds <= *bound)
            .unwrap_or(BOUNDS.len());
        self.buckets[at].fetch_add(1, Ordering::Relaxed);
        self.nanos.fetch_add(
            u64::try_from(took.as_nanos()).unwrap_or(u64::MAX),
            Ordering::Relaxed,
        );
    }

    fn read(&self) -> Sample {
        let mut sample = Sample::default();
        for (total, bucket) in sample.counts.iter_mut().zip(&self.buckets) {
            *total += bucket.load(Ordering::Relaxed);
        }
        sample.seconds = Duration::from_nanos(self.nanos.load(Ordering::Relaxed)).as_secs_f64();
        sample
    }
}

#[derive(Default)]
struct Sample {
    counts: [u64; BOUNDS.len() + 1],
    seconds: f64,
}

impl Sample {
    fn add(&mut self, other: &Self) {
        for (total, count) in self.counts.iter_mut().zip(&other.counts) {
            *total += count;
        }
        self.seconds += other.seconds;
    }

    fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    fn buckets(&self) -> Vec<(f64, u64)> {
        BOUNDS
            .iter()
            .copied()
            .chain([f64::INFINITY])
            .zip(self.counts)
            .collect()
    }
}

/// What a hit counts, on cache lines that no other thread writes.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard {
    requests: [[AtomicU64; CLASSES.len()]; VERDICTS.len()],
    seconds: [Histogram; VERDICTS.len()],
    viewer_bytes: AtomicU64,
}

/// Counters of one origin.
#[derive(Debug, Default)]
pub struct OriginMetrics {
    outcomes: Mutex<BTreeMap<&'static str, u64>>,
    first_byte: Histogram,
    /// Body bytes received.
    pub bytes: Counter,
    /// Requests that were sent again.
    pub retries: Counter,
    /// Objects whose redirect leads nowhere.
    pub redirects_ignored: Counter,
    /// Requests that were not sent again, because too many had been.
    pub retries_refused: Counter,
    /// Requests with something of a viewer's that is not in the key, by what it is: query, header, cookie.
    pub unkeyed: [Counter; UNKEYED.len()],
    /// Requests on the wire or being read now.
    pub in_flight: Counter,
    /// The key id that is signed with, and when it ends (seconds since the Unix epoch).
    credentials: Mutex<Option<(String, Option<i64>)>>,
}

impl OriginMetrics {
    /// Counts a request that ended with `outcome`: `ok`, or an error's word.
    pub fn request(&self, outcome: &'static str) {
        *self
            .outcomes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(outcome)
            .or_default() += 1;
    }

    /// Notes which credentials are in force; the key id is no secret.
    pub fn credentials(&self, key_id: &str, expires: Option<i64>) {
        *self
            .credentials
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some((key_id.to_owned(), expires));
    }

    /// Records the time from sending a request to the head of its answer.
    pub fn first_byte(&self, took: Duration) {
        self.first_byte.record(took);
    }
}

/// All counters of an edge.
pub struct Metrics {
    shards: Box<[Shard]>,
    origins: Mutex<BTreeMap<String, Arc<OriginMetrics>>>,
    fills: Mutex<BTreeMap<&'static str, u64>>,
    /// By the reasons' discriminants.
    reasons: [Counter; Reason::ALL.len()],
    /// Requests that joined a fill begun by another.
    pub collapsed: Counter,
    /// Variants that left because their key had too many.
    pub variants_evicted: Counter,
    /// Connections accepted.
    pub connections: Counter,
    /// Connections open now.
    pub connections_open: Counter,
    /// Connections closed at once because `max_connections` were open.
    pub connections_refused: Counter,
    /// Connections closed at once because their address had `max_connections_per_address`.
    pub connections_refused_by_address: Counter,
    /// HTTP/2 connections cut for more frames than their requests need.
    pub http2_flooded: Counter,
    /// HTTP/2 connections cut for cancelled requests.
    pub http2_cancelled: Counter,
    /// HTTP/2 connections cut because their viewers took nothing of what was in flight.
    pub http2_stalled: Counter,
    /// HTTP/2 streams that were reset for an error of their viewer's.
    pub http2_resets: Counter,
    /// HTTP/2 connections that were ended for an error of their viewer's.
    pub http2_errors: Counter,
    /// Invalidations applied.
    pub invalidations: Counter,
    /// Objects dropped by invalidations.
    pub purged_objects: Counter,
    /// Access-log records dropped because the writer was behind.
    pub log_dropped: Counter,
    /// Requests that ended in a panic.
    pub panics: Counter,
    /// Configurations put in force after the first.
    pub reloads: Counter,
    /// Configurations that were rejected at a reload.
    pub reloads_rejected: Counter,
}

/// Values that are read, not counted, at a scrape.
#[derive(Clone, Copy, Debug, Default)]
pub struct Gauges {
    /// Objects in memory.
    pub objects: u64,
    /// Bytes that they take.
    pub cache_bytes: u64,
    /// Bytes that they may take.
    pub cache_capacity: u64,
    /// Bytes of fills under way.
    pub in_flight_bytes: u64,
    /// Fills under way.
    pub fills: u64,
    /// Records in the ledger.
    pub ledger_records: u64,
    /// Paths whose keys are compared.
    pub key_paths: u64,
    /// 1 when ready.
    pub ready: bool,
}

impl Metrics {
    /// All counters at zero.
    #[must_use]
    pub fn new() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            origins: Mutex::default(),
            fills: Mutex::default(),
            reasons: std::array::from_fn(|_| Counter::default()),
            collapsed: Counter::default(),
            variants_evicted: Counter::default(),
            connections: Counter::default(),
            connections_open: Counter::default(),
            connections_refused: Counter::default(),
            connections_refused_by_address: Counter::default(),
            http2_flooded: Counter::default(),
            http2_cancelled: Counter::default(),
            http2_stalled: Counter::default(),
            http2_resets: Counter::default(),
            http2_errors: Counter::default(),
            invalidations: Counter::default(),
            purged_objects: Counter::default(),
            log_dropped: Counter::default(),
            panics: Counter::default(),
            reloads: Counter::default(),
            reloads_rejected: Counter::default(),
        }
    }

    /// Counts an answer to a viewer.
    pub fn answer(&self, verdict: Verdict, status: StatusCode) {
        let class = usize::from(status.as_u16() / 100).clamp(1, CLASSES.len()) - 1;
        self.shard().requests[row(verdict)][class].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an answer that has a reason.
    pub fn reason(&self, reason: Reason) {
        self.reasons[reason as usize].increment();
    }

    /// Records how long an answer's head took. Every answer that waited for anything is recorded;
    /// of the hits, which read the clock once, none is.
    pub fn took(&self, verdict: Verdict, took: Duration) {
        self.shard().seconds[row(verdict)].record(took);
    }

    /// Counts body bytes handed to a viewer's connection.
    pub fn viewer_bytes(&self, bytes: u64) {
        self.shard()
            .viewer_bytes
            .fetch_add(bytes, Ordering::Relaxed);
    }

    /// Counts a fill that ended with `outcome`.
    pub fn fill(&self, outcome: &'static str) {
        *self
            .fills
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .entry(outcome)
            .or_default() += 1;
    }

    /// The counters of the origin `name`; made when it is first asked for.
    #[must_use]
    pub fn origin(&self, name: &str) -> Arc<OriginMetrics> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(origins.entry(name.to_owned()).or_default())
    }

    /// The text of a scrape.
    #[must_use]
    pub fn encode(self: &Arc<Self>, gauges: Gauges) -> String {
        let mut registry = Registry::with_prefix("seawall");
        registry.register_collector(Box::new(Scrape {
            metrics: Arc::clone(self),
            gauges,
        }));
        let mut text = String::new();
        // Writing to a String cannot fail.
        let _ = prometheus_client::encoding::text::encode(&mut text, &registry);
        text
    }

    fn shard(&self) -> &Shard {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static MINE: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
        }
        &self.shards[MINE.get()]
    }
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

const fn row(verdict: Verdict) -> usize {
    match verdict {
        Verdict::Serve => 0,
        Verdict::ServeStale { .. } => 1,
        Verdict::Validate { .. } => 2,
        Verdict::Fetch { .. } => 3,
        Verdict::Pass { .. } => 4,
        Verdict::Refuse => 5,
        Verdict::Preflight => 6,
        Verdict::Options => 7,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_carry_the_verdicts_own_words() {
        use crate::semantics::cache_status::Forward;
        let all = [
            Verdict::Serve,
            Verdict::ServeStale {
                refresh: true,
                reason: Reason::OriginRests,
            },
            Verdict::Validate {
                why: Forward::Stale,
            },
            Verdict::Fetch {
                why: Forward::UriMiss,
            },
            Verdict::Pass {
                why: Forward::Request,
                reason: Reason::Precondition,
            },
            Verdict::Refuse,
            Verdict::Preflight,
            Verdict::Options,
        ];
        for verdict in all {
            assert_eq!(VERDICTS[row(verdict)], verdict.as_str());
        }
    }

    #[test]
    fn a_scrape_shows_what_was_counted_on_all_threads() {
        let metrics = Arc::new(Metrics::new());
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| metrics.answer(Verdict::Serve, StatusCode::OK));
            }
        });
        let validate = Verdict::Validate {
            why: crate::semantics::cache_status::Forward::Stale,
        };
        metrics.reason(Reason::NoStore);
        metrics.took(validate, Duration::from_millis(3));
        metrics.origin("site").request("ok");
        metrics.fill("stored");
        let text = metrics.encode(Gauges {
            objects: 7,
            ready: true,
            ..Gauges::default()
        });
        for line in [
            "seawall_requests_total{verdict=\"serve\",class=\"2xx\"} 4",
            "seawall_request_duration_seconds_count{verdict=\"validate\"} 1",
            "seawall_request_duration_seconds_bucket{le=\"0.0025\",verdict=\"validate\"} 0",
            "seawall_request_duration_seconds_bucket{le=\"0.005\",verdict=\"validate\"} 1",
            "seawall_request_duration_seconds_bucket{le=\"+Inf\",verdict=\"validate\"} 1",
            "seawall_origin_requests_total{origin=\"site\",outcome=\"ok\"} 1",
            "seawall_fills_total{outcome=\"stored\"} 1",
            "seawall_reasons_total{reason=\"no-store\"} 1",
            "seawall_cache_objects 7",
            "seawall_ready 1",
        ] {
            assert!(
                text.lines().any(|have| have == line),
                "{line} is missing in\n{text}"
            );
        }
        assert!(text.ends_with("# EOF\n"));
    }
}
