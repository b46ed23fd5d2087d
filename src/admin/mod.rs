//! The administrative listener: axum throughout, loopback by default, closed by default.
//!
//! `/healthz`, `/readyz` and `/metrics` need no token; everything else does. Nothing of this is
//! ever served on a viewer's port.

mod audit;
pub mod auth;
pub mod error;
pub mod explain;
pub mod health;
pub mod invalidations;
mod keys;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::body::Bytes;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware;
use axum::routing::{get, post};
use axum::{Extension, Router};
use http_body::Body as _;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;
use tower::Layer;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;

use crate::clock;
use crate::config;
use crate::journal::Local;
use crate::journal::follow::Follow;
use crate::request::Engine;
use crate::serve::connection::Protocols;
use crate::serve::{Phase, limits};

/// Bytes of a request's body; more is a 413.
pub const BODY_BYTES: usize = 16 * 1024 * 1024;
/// For one call.
pub const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// Connections open at once; those beyond it wait.
pub const CONNECTIONS: usize = 256;

/// What the administrative calls work on.
#[derive(Clone)]
pub struct Desk(Arc<Inner>);

struct Inner {
    engine: Arc<Engine>,
    journal: Arc<Local>,
    follow: Follow,
    /// Tokens and hosts in force.
    access: ArcSwap<config::Admin>,
    listening: std::sync::OnceLock<SocketAddr>,
    draining: std::sync::atomic::AtomicBool,
    /// Held from the look-up of a caller reference to its record.
    referring: tokio::sync::Mutex<()>,
}

impl Desk {
    /// A desk for `engine`.
    #[must_use]
    pub fn new(
        engine: Arc<Engine>,
        journal: Arc<Local>,
        follow: Follow,
        access: config::Admin,
    ) -> Self {
        Self(Arc::new(Inner {
            engine,
            journal,
            follow,
            access: ArcSwap::from_pointee(access),
            listening: std::sync::OnceLock::new(),
            draining: std::sync::atomic::AtomicBool::new(false),
            referring: tokio::sync::Mutex::new(()),
        }))
    }

    /// Puts other tokens and hosts in force.
    pub fn grant(&self, access: config::Admin) {
        self.0.access.store(Arc::new(access));
    }

    /// From now on `/readyz` says no.
    pub fn drain(&self) {
        self.0
            .draining
            .store(true, std::sync::atomic::Ordering::Release);
    }

    fn router(&self) -> Router {
        let panics = Arc::clone(&self.0.engine.metrics);
        let caught = CatchPanicLayer::custom(move |_: Box<dyn std::any::Any + Send>| {
            panics.panics.increment();
            error::ApiError::internal().into_response_now()
        });
        let closed = Router::new()
            .route(
                "/v1/invalidations",
                get(invalidations::list).post(invalidations::create),
            )
            .route("/v1/invalidations/{id}", get(invalidations::show))
            .route("/v1/explain", post(explain::explain))
            .route("/v1/keys", get(keys::show))
            .fallback(error::not_found)
            .method_not_allowed_fallback(error::method_not_allowed)
            .layer(middleware::from_fn_with_state(self.clone(), auth::token));
        Router::new()
            .route("/healthz", get(health::healthz))
            .route("/readyz", get(health::readyz))
            .route("/metrics", get(health::metrics))
            .method_not_allowed_fallback(error::method_not_allowed)
            .merge(closed)
            .layer(middleware::from_fn_with_state(self.clone(), auth::origin))
            .layer(middleware::map_response(plain))
            .layer(TimeoutLayer::with_status_code(
                StatusCode::GATEWAY_TIMEOUT,
                CALL_TIMEOUT,
            ))
            .layer(caught)
            .layer(middleware::from_fn(audit::each))
            .with_state(self.clone())
    }
}

impl std::fmt::Debug for Desk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Desk")
    }
}

/// What the admin listener says is for this moment and this caller.
async fn plain(mut response: axum::response::Response) -> axum::response::Response {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    );
    response
}

/// The body of a call, within its limit: one that is announced to be larger is not waited for.
async fn received(request: Request, limit: usize) -> Result<Bytes, error::ApiError> {
    let too_large = || {
        let message = format!("the body is too large; at most {limit} bytes are allowed");
        error::ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "BodyTooLarge", message)
    };
    let body = request.into_body();
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(broken) if broken.is::<LengthLimitError>() => Err(too_large()),
        Err(broken) => {
            let message = format!("the body broke off: {broken}");
            Err(error::ApiError::argument(message))
        }
    }
}

/// A running admin listener.
#[derive(Debug)]
pub struct AdminServer {
    address: SocketAddr,
    phase: watch::Sender<Phase>,
    accepting: JoinHandle<()>,
    places: Arc<Semaphore>,
}

impl AdminServer {
    /// Binds and serves.
    ///
    /// # Errors
    /// When the address cannot be bound; the error names it.
    pub async fn start(listen: SocketAddr, desk: &Desk) -> io::Result<Self> {
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            io::Error::new(error.kind(), format!("cannot listen on {listen}: {error}"))
        })?;
        let address = listener.local_addr()?;
        // A desk serves one listener.
        let _ = desk.0.listening.set(address);
        let (phase, watching) = watch::channel(Phase::Open);
        let engine = &desk.0.engine;
        let protocols = Arc::new(Protocols::new(&engine.clock, Arc::clone(&engine.metrics)));
        let router = desk.router();
        let clock = Arc::clone(&desk.0.engine.clock);
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let all_places = Arc::clone(&places);
        let accepting = tokio::spawn(async move {
            loop {
                // The semaphore is never closed.
                let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                    return;
                };
                match listener.accept().await {
                    Ok((stream, peer)) => {
                        let (protocols, phase) = (Arc::clone(&protocols), watching.clone());
                        let service = Extension(audit::Peer(peer)).layer(router.clone());
                        let service = TowerToHyperService::new(service);
                        tokio::spawn(async move {
                            protocols.serve(stream, service, phase).await;
                            drop(place);
                        });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "accepting on the admin listener pauses");
                        clock::sleep(&*clock, limits::ACCEPT_PAUSE).await;
                    }
                }
            }
        });
        Ok(Self {
            address,
            phase,
            accepting,
            places: all_places,
        })
    }

    /// The address, its port filled in.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops. Afterwards nothing here holds on to the journal, so that it can be opened again.
    pub async fn shut_down(self) {
        self.phase.send_replace(Phase::Closed);
        self.accepting.abort();
        // Aborted: there is nothing to learn from how it ended.
        let _ = self.accepting.await;
        // A call that is cut lets go of its desk only when its connection has ended.
        let all = u32::try_from(CONNECTIONS).unwrap_or(u32::MAX);
        // The semaphore is never closed.
        drop(self.places.acquire_many(all).await);
    }
}
