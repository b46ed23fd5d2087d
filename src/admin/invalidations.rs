//! Invalidations: `POST /v1/invalidations`, and what became of them.
//!
//! An answer of 201 means: the record is durable in the journal, and this edge has applied it.

use axum::extract::{Path, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};

use super::auth::Caller;
use super::error::ApiError;
use super::{BODY_BYTES, Desk, Inner, received};
use crate::clock;
use crate::journal::follow::Receipt;
use crate::journal::{Journal, JournalError};
use crate::purge::{Invalidation, PathPattern};
use crate::semantics::dates::UnixTime;

/// Most invalidations that one list shows.
const PAGE: usize = 1_000;
/// Shown without `limit`.
const DEFAULT_PAGE: usize = 100;

/// The body of a call.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    /// Exact paths, and paths that end in `*`. `/*` is everything.
    paths: Vec<String>,
    /// Only in this distribution; without it in all.
    #[serde(default)]
    distribution: Option<String>,
    /// The same reference with the same paths is the same invalidation, not another one.
    #[serde(default)]
    caller_reference: Option<String>,
}

/// An invalidation as it is shown.
#[derive(Debug, Serialize)]
struct Shown {
    id: String,
    status: &'static str,
    position: u64,
    created: String,
    paths: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    distribution: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    caller_reference: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// How much was dropped, in the answer to the call that dropped it.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    dropped: Option<Dropped>,
}

#[derive(Debug, Serialize)]
struct Dropped {
    objects: u64,
    bytes: u64,
}

/// What a list is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    limit: Option<usize>,
    before: Option<u64>,
}

pub(super) async fn create(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    request: Request,
) -> Result<impl IntoResponse, ApiError> {
    let body = received(request, BODY_BYTES).await?;
    let wanted: Wanted = serde_json::from_slice(&body).map_err(|error| {
        ApiError::argument(format!(
            "the body is not what is allowed, {{\"paths\": [\"/index.html\", \"/img/*\"]}} with \"distribution\" \
             and \"caller_reference\" as further fields: {error}"
        ))
    })?;
    let invalidation = desk.invalidation(wanted, &caller)?;
    let desk = desk.clone();
    // Detached: a record that is written down is applied, also if the caller has hung up meanwhile.
    let done = tokio::spawn(async move { desk.invalidate(invalidation, &caller.name).await });
    let (id, shown) = match done.await {
        Ok(done) => done?,
        Err(_) => return Err(ApiError::internal()),
    };
    Ok((StatusCode::CREATED, location(&id), Json(shown)))
}

pub(super) async fn list(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    page: Result<Query<Page>, axum::extract::rejection::QueryRejection>,
) -> Result<impl IntoResponse, ApiError> {
    caller.may_read()?;
    let Query(page) = page.map_err(|error| {
        ApiError::argument(format!(
            "allowed are ?limit=1..{PAGE} and ?before=POSITION: {}",
            error.body_text()
        ))
    })?;
    let limit = page.limit.unwrap_or(DEFAULT_PAGE);
    if limit == 0 || limit > PAGE {
        return Err(ApiError::argument(format!(
            "limit is {limit}; allowed: 1 to {PAGE}"
        )));
    }
    let records = desk
        .0
        .journal
        .list_before(page.before.unwrap_or(u64::MAX), limit);
    let items: Vec<Shown> = records
        .into_iter()
        .map(|(position, record)| desk.shown(position, record, None))
        .collect();
    Ok(Json(serde_json::json!({ "invalidations": items })))
}

pub(super) async fn show(
    State(desk): State<Desk>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<impl IntoResponse, ApiError> {
    caller.may_read()?;
    match desk.0.journal.find(&id) {
        Some((position, record)) => Ok(Json(desk.shown(position, record, None))),
        None => {
            let message = format!("there is no invalidation {id:?}");
            Err(ApiError::new(
                StatusCode::NOT_FOUND,
                "NoSuchInvalidation",
                message,
            ))
        }
    }
}

impl Desk {
    /// Writes an invalidation down and applies it. One that bears a reference known already is not
    /// written again.
    async fn invalidate(
        &self,
        invalidation: Invalidation,
        by: &str,
    ) -> Result<(String, Shown), ApiError> {
        let Inner {
            journal,
            follow,
            engine,
            ..
        } = &*self.0;
        // To look a reference up and to write it down is one step.
        let _turn = match invalidation.caller_reference {
            Some(_) => Some(self.0.referring.lock().await),
            None => None,
        };
        if let Some(reference) = &invalidation.caller_reference
            && let Some((position, before)) =
                journal.by_caller_reference(invalidation.distribution.as_deref(), reference)
        {
            if before.paths != invalidation.paths {
                let message = format!(
                    "caller_reference {reference:?} was used for other paths, in {}",
                    before.id
                );
                return Err(ApiError::new(
                    StatusCode::CONFLICT,
                    "InvalidationBatchAlreadyExists",
                    message,
                ));
            }
            follow.catch_up(position).await.map_err(refused)?;
            return Ok((before.id.clone(), self.shown(position, before, None)));
        }
        let position = match journal.append(invalidation.clone()).await {
            Ok(position) => position,
            Err(error) => {
                if journal.broken() {
                    // What is on disk is in doubt; so nothing that is held may be served.
                    engine.ledger.raise_epoch();
                }
                return Err(refused(error));
            }
        };
        let receipt = follow.catch_up(position).await.map_err(refused)?;
        tracing::info!(
            id = invalidation.id,
            by,
            position,
            paths = invalidation.paths.len(),
            first = invalidation.paths.first().map(ToString::to_string),
            objects = receipt.objects,
            "invalidation"
        );
        Ok((
            invalidation.id.clone(),
            self.shown(position, invalidation, Some(receipt)),
        ))
    }

    fn shown(&self, position: u64, record: Invalidation, receipt: Option<Receipt>) -> Shown {
        Shown {
            id: record.id,
            // In the journal, and perhaps not applied yet: another call may be about to.
            status: if position <= self.0.follow.applied() {
                "Completed"
            } else {
                "InProgress"
            },
            position,
            created: clock::rfc3339(UnixTime::from_millis(record.created)),
            paths: record.paths.iter().map(ToString::to_string).collect(),
            distribution: record.distribution,
            caller_reference: record.caller_reference,
            by: record.by,
            dropped: receipt.map(|receipt| Dropped {
                objects: receipt.objects,
                bytes: receipt.bytes,
            }),
        }
    }

    /// A path with a query names what a request for it would get: where only some of its parameters are in
    /// the key, what is stored bears those alone.
    fn add_keyed_queries(
        &self,
        wanted: &Wanted,
        paths: &mut Vec<PathPattern>,
    ) -> Result<(), ApiError> {
        let site = self.0.engine.site.load();
        let named = |id: &str| wanted.distribution.as_deref().is_none_or(|it| it == id);
        for text in &wanted.paths {
            let Some((path, query)) = text.split_once('?') else {
                continue;
            };
            if query.ends_with('*') {
                continue;
            }
            for distribution in site.distributions.iter().filter(|it| named(&it.id)) {
                let Some(keyed) = distribution.keyed_query(path, query) else {
                    continue;
                };
                if keyed == query {
                    continue;
                }
                let pattern = PathPattern::parse(&format!("{path}?{keyed}")).map_err(|error| {
                    ApiError::argument(format!("the path {text:?} cannot be used: {error}"))
                })?;
                if !paths.contains(&pattern) {
                    paths.push(pattern);
                }
            }
        }
        Ok(())
    }

    fn invalidation(&self, wanted: Wanted, caller: &Caller) -> Result<Invalidation, ApiError> {
        let engine = &self.0.engine;
        if let Some(id) = &wanted.distribution {
            let site = engine.site.load();
            if site.distributions.by_id(id).is_none() {
                let known: Vec<&str> = site.distributions.iter().map(|known| &*known.id).collect();
                let message = format!(
                    "there is no distribution {id:?}; there are: {}",
                    known.join(", ")
                );
                return Err(ApiError::new(
                    StatusCode::NOT_FOUND,
                    "NoSuchDistribution",
                    message,
                ));
            }
        }
        let mut paths = Vec::with_capacity(wanted.paths.len());
        for text in &wanted.paths {
            let pattern = PathPattern::parse(text).map_err(|error| {
                ApiError::argument(format!("the path {text:?} cannot be used: {error}"))
            })?;
            caller.may_purge(wanted.distribution.as_deref(), text)?;
            paths.push(pattern);
        }
        self.add_keyed_queries(&wanted, &mut paths)?;
        let mut random = [0; 10];
        getrandom::fill(&mut random).map_err(|_| ApiError::internal())?;
        let invalidation = Invalidation {
            id: random
                .iter()
                .fold("I".to_owned(), |id, byte| format!("{id}{byte:02X}")),
            distribution: wanted.distribution,
            paths,
            soft: false,
            created: engine.clock.wall().millis(),
            caller_reference: wanted.caller_reference,
            by: Some(caller.name.clone()),
        };
        invalidation
            .check()
            .map_err(|error| ApiError::argument(error.to_string()))?;
        Ok(invalidation)
    }
}

fn location(id: &str) -> [(header::HeaderName, String); 1] {
    [(header::LOCATION, format!("/v1/invalidations/{id}"))]
}

fn refused(error: JournalError) -> ApiError {
    match error {
        JournalError::Invalid(error) => ApiError::argument(error.to_string()),
        error => {
            tracing::error!(%error, "the journal refused");
            let message =
                "the journal takes no record now; nothing was promised. The edge's log says more";
            ApiError::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "JournalUnavailable",
                message,
            )
        }
    }
}
