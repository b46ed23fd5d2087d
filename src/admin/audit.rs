//! The audit log: one line for each call that would change something, whatever became of it. A POST that
//! only asks leaves one too: the method is all that is looked at.
//!
//! Invariant: neither the query, nor the body, nor a field of a call is in it, since any of them may hold a secret.
//! What an invalidation took stands in a line of its own (`invalidations`).

use std::net::SocketAddr;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;

use super::auth::Caller;
use super::error::Code;

/// Characters of a method and of a path that are written down.
const SHOWN: usize = 200;

/// Where a call comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Peer(pub(super) SocketAddr);

/// Writes the line, when there is an answer. GET and its like change nothing and leave none.
pub(super) async fn each(request: Request, next: Next) -> Response {
    if request.method().is_safe() {
        return next.run(request).await;
    }
    let client = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let method = shown(request.method().as_str());
    let path = shown(request.uri().path());
    let response = next.run(request).await;
    let extensions = response.extensions();
    tracing::info!(
        client = client.map(tracing::field::display),
        by = extensions.get::<Caller>().map(|caller| &*caller.name),
        %method,
        ?path,
        status = response.status().as_u16(),
        code = extensions.get::<Code>().map(|code| code.0),
        "audit"
    );
    response
}

fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}
