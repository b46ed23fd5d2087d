//! *Pass*: one request goes to the origin for itself, its answer comes back as it is, and nothing is
//! stored. What it did at the origin may make stored answers invalid (RFC 9111 section 4.4).

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri, header};

use super::answer::{Asked, Cost, How};
use super::found::{Found, What};
use super::refusal::Refusal;
use super::route::Keyed;
use super::{Engine, forwarded};
use crate::object::head::Exchange;
use crate::origin::upload::{Cut, Upload};
use crate::origin::{Ask, Purpose};
use crate::policy::behavior::Behavior;
use crate::policy::key::Key;
use crate::purge::Invalidation;
use crate::purge::pattern::{Identity, PathPattern, QueryForm};
use crate::semantics::cache_status::Forward;
use crate::semantics::reason::Reason;
use crate::semantics::target;
use crate::store::entry::Entry;
use crate::verdict::Verdict;

/// Ends a task when it is dropped.
struct EndedWith(tokio::task::AbortHandle);

impl Drop for EndedWith {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The body that goes on with a request; none with a GET or HEAD.
pub(super) fn upload<B>(method: &Method, body: B, engine: &Engine) -> Option<Upload>
where
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Send,
{
    if *method == Method::GET || *method == Method::HEAD || body.is_end_stream() {
        return None;
    }
    let (upload, pump) = Upload::new(body, Arc::clone(&engine.clock));
    engine.spawner.spawn(pump);
    Some(upload)
}

/// What is asked of the origin for this one request.
pub(super) fn question(asked: &Asked<'_>, keyed: &Keyed<'_>) -> Ask {
    let mut ask = Ask::get(Arc::from(&*keyed.path));
    ask.method = asked.method.clone();
    // The origin takes out what it does not forward.
    ask.conditions = asked.headers.clone();
    ask.conditions.remove(header::AUTHORIZATION);
    ask.viewer = forwarded(asked, keyed);
    ask
}

impl Engine {
    /// Forwards this one request; its answer is not stored, and reaches nobody else.
    pub(super) async fn pass(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        why: Forward,
        reason: Reason,
        entry: Option<Arc<Entry>>,
        upload: Option<Upload>,
    ) -> Found {
        let how = How::new(Verdict::Pass { why, reason }, Cost::Request, Some(why));
        let Some(origin) = keyed.origin().map(Arc::clone) else {
            return Found::refused(Refusal::Internal, how);
        };
        let ask = question(asked, keyed);
        let viewer = Arc::clone(&ask.viewer);
        let progress = upload.as_ref().map(Upload::progress);
        // On the runtime of origin requests, so that its connections live there.
        let (ledger, clock) = (Arc::clone(&self.ledger), Arc::clone(&self.clock));
        let fetch = self.spawner.spawn(async move {
            let permit = origin.admit(Purpose::Pass).await?;
            let (stamp, sent) = (ledger.stamp(), clock.now());
            let response = match upload {
                Some(body) => origin.upload(permit, ask, body).await?,
                None => origin.fetch(permit, ask).await?,
            };
            Ok((response, stamp, sent))
        });
        // A viewer that leaves while it waits takes its request with it.
        let _ended = EndedWith(fetch.abort_handle());
        match fetch.await {
            Ok(Ok((mut response, stamp, sent))) => {
                if let Some(policy) = &keyed.behavior().response_headers {
                    policy.before_storing(&mut response.headers);
                }
                if let Some(entry) = entry.filter(|_| *asked.method == Method::HEAD) {
                    let exchange = Exchange {
                        sent,
                        received: self.clock.now(),
                        received_wall: self.clock.wall(),
                    };
                    self.note_head(keyed, &viewer, &entry, &response, exchange, stamp);
                }
                if !asked.method.is_safe() {
                    self.invalidate(asked, keyed, response.status, &response.headers);
                }
                Found {
                    what: What::Passed(response),
                    how,
                }
            }
            Ok(Err(error)) => {
                let refusal = match progress.and_then(|body| body.cut()) {
                    Some(Cut::Slow) => Refusal::SlowBody,
                    Some(Cut::Gone) => Refusal::BrokenBody,
                    None => Refusal::Origin {
                        error,
                        validating: false,
                    },
                };
                Found::refused(refusal, how)
            }
            Err(_) => {
                self.metrics.panics.increment();
                Found::refused(Refusal::Internal, how)
            }
        }
    }

    /// After an unsafe method that succeeded, what is stored of its target is invalid, and so is what
    /// it names in Location and Content-Location on the same host (RFC 9111 section 4.4). After a
    /// failed one nothing has changed.
    fn invalidate(
        &self,
        asked: &Asked<'_>,
        keyed: &Keyed<'_>,
        status: StatusCode,
        headers: &HeaderMap,
    ) {
        if !status.is_success() && !status.is_redirection() {
            return;
        }
        self.forget(keyed, &keyed.key, &keyed.identity());
        for name in [header::LOCATION, header::CONTENT_LOCATION] {
            let named = headers.get(name).and_then(|value| value.to_str().ok());
            if let Some((path, query)) = named.and_then(|named| same_host(asked, named)) {
                // What another behaviour reads, this origin has no word about (RFC 9111 section 4.4
                // leaves it free).
                let beside = keyed.beside(&path, query.as_deref(), asked.headers);
                let Some((key, identity)) = beside else {
                    continue;
                };
                self.forget(keyed, &key, &identity);
            }
        }
    }

    /// Forgets what is stored under `key`. Fills under way began before this moment: they must not
    /// bring it back. Only if there are some does the ledger learn of it, so that viewers cannot fill
    /// it with requests for what nobody ever cached; and where fields are in the key, since the answers to
    /// this target are then under keys that nobody can list.
    fn forget(&self, keyed: &Keyed<'_>, key: &Key, identity: &Identity) {
        let Behavior {
            cache,
            origin_request,
            ..
        } = keyed.behavior();
        let unlisted = cache.stores && origin_request.keyed().has_fields();
        if unlisted || self.fills.has(key) {
            let query = match &identity.query {
                QueryForm::All => None,
                QueryForm::Exact(query) => Some(&**query),
            };
            let paths = identity
                .paths
                .iter()
                .map(|path| PathPattern::exactly(path, query));
            self.ledger.apply_own(&Invalidation {
                id: "unsafe-method".to_owned(),
                distribution: Some(identity.distribution.as_ref().to_owned()),
                paths: paths.collect(),
                soft: false,
                created: 0,
                caller_reference: None,
                by: None,
            });
        }
        self.memory.remove_all(key);
    }
}

/// Path and query of a reference to this very host; `None` for any other, and for one that is relative
/// to the path, which need not be followed.
fn same_host(asked: &Asked<'_>, reference: &str) -> Option<(String, Option<String>)> {
    let uri: Uri = reference.parse().ok()?;
    let ours = match asked.uri.authority() {
        Some(authority) => authority.as_str(),
        None => asked.headers.get(header::HOST)?.to_str().ok()?,
    };
    let theirs = uri.authority().map(|authority| authority.as_str());
    if theirs.is_some_and(|theirs| !theirs.eq_ignore_ascii_case(ours)) {
        return None;
    }
    target::check(uri.path()).ok()?;
    Some((uri.path().to_owned(), uri.query().map(str::to_owned)))
}
