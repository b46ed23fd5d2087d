//! Health and metrics: the calls without a token.

use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use serde_json::json;

use super::Desk;
use crate::telemetry::metrics::{self, Gauges};

impl Desk {
    /// Why the edge is not ready; empty when it is. Ready means: the listeners are up and the
    /// journal has been applied (neither can be asked before), no shutdown has begun, and each
    /// origin's store has accepted the edge's credentials.
    #[must_use]
    pub fn not_ready(&self) -> Vec<String> {
        let mut reasons = Vec::new();
        if self.0.draining.load(Ordering::Acquire) {
            reasons.push("the edge is shutting down".to_owned());
        }
        if self.0.journal.broken() {
            reasons
                .push("the journal takes no more records until the edge is restarted".to_owned());
        }
        let site = self.0.engine.site.load();
        reasons.extend(
            site.origins
                .values()
                .filter_map(|origin| origin.ready().err()),
        );
        reasons.sort();
        reasons
    }

    /// What is wrong, although the edge is ready: origins whose last request failed.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let site = self.0.engine.site.load();
        let mut warnings: Vec<String> = site
            .origins
            .values()
            .filter_map(|origin| origin.trouble())
            .collect();
        warnings.sort();
        warnings
    }
}

/// The process lives. This never depends on an origin.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether traffic should come here: 200 or 503, with the reasons; and what else is wrong, which is no
/// reason: an edge whose store is down goes on with what it has.
pub(super) async fn readyz(State(desk): State<Desk>) -> impl IntoResponse {
    let reasons = desk.not_ready();
    let status = if reasons.is_empty() {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (
        status,
        Json(json!({
            "ready": reasons.is_empty(),
            "reasons": reasons,
            "warnings": desk.warnings(),
        })),
    )
}

/// The counters, in the OpenMetrics text format.
pub(super) async fn metrics(State(desk): State<Desk>) -> impl IntoResponse {
    let engine = &desk.0.engine;
    let usage = engine.memory.usage();
    let gauges = Gauges {
        objects: usage.objects,
        cache_bytes: usage.bytes,
        cache_capacity: engine.memory.capacity(),
        in_flight_bytes: engine.fills.in_flight_bytes(),
        fills: engine.fills.open() as u64,
        ledger_records: engine.ledger.len() as u64,
        key_paths: engine.fills.splits().paths() as u64,
        ready: desk.not_ready().is_empty(),
    };
    (
        [(header::CONTENT_TYPE, metrics::CONTENT_TYPE)],
        engine.metrics.encode(gauges),
    )
}
