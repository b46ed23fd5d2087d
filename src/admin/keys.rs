//! `GET /v1/keys`: which parts of the keys split the cache for nothing, of one distribution or of all.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::Deserialize;

use super::Desk;
use super::auth::Caller;
use super::error::ApiError;
use crate::store::splits::report::Report;

/// What is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    distribution: Option<String>,
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    wanted: Result<Query<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Report>, ApiError> {
    caller.may_read()?;
    let Query(Wanted { distribution }) = wanted.map_err(|error| {
        ApiError::argument(format!(
            "allowed is ?distribution=ID: {}",
            error.body_text()
        ))
    })?;
    let engine = &desk.0.engine;
    if let Some(id) = &distribution
        && engine.site.load().distributions.by_id(id).is_none()
    {
        return Err(ApiError::argument(format!(
            "there is no distribution {id:?}"
        )));
    }
    let engine = std::sync::Arc::clone(engine);
    // All pairs of samples are compared, which is no work for a thread that others wait for.
    let reporting = tokio::task::spawn_blocking(move || {
        let now = engine.clock.now();
        engine.fills.splits().report(distribution.as_deref(), now)
    });
    Ok(Json(reporting.await.map_err(|_| ApiError::internal())?))
}
