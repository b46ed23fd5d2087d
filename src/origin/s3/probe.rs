//! What the edge asks of a bucket on its own account: whether missing keys look like refusals, and
//! whether it can still read at all (DESIGN 3.6).

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ::http::{HeaderValue, StatusCode, header};

use super::exchange::read_document;
use super::{ACCEPTED, Inner};
use crate::clock;
use crate::origin::judge::{self, Judged};
use crate::origin::{Ask, missing};

/// How soon a store that has not accepted the credentials yet is asked again.
const UNTIL_ACCEPTED: Duration = Duration::from_secs(1);

impl Inner {
    /// Whether a 403 AccessDenied for `path` means that the object does not exist.
    pub(super) async fn is_missing(&self, path: &str) -> bool {
        if !self.missing {
            return false;
        }
        let known = |now| {
            self.knowledge.hides_missing(now) == Some(true) && self.knowledge.is_readable(now)
        };
        let now = self.clock.now();
        if known(now) {
            return true;
        }
        if self.knowledge.is_denied(now) {
            return false;
        }
        // One at a time finds it out; whoever waits here reads the result.
        let _turn = self.confirming.lock().await;
        let now = self.clock.now();
        if self.knowledge.is_denied(now) {
            return false;
        }
        let hides = match self.knowledge.hides_missing(now) {
            Some(hides) => hides,
            None => self.probe().await,
        };
        if hides && self.knowledge.is_readable(now) {
            return true;
        }
        if hides {
            let last = self.knowledge.known();
            for candidate in last
                .iter()
                .chain(&self.roots)
                .filter(|candidate| *candidate != path)
            {
                if self.can_read(candidate).await {
                    return true;
                }
            }
        }
        self.knowledge.denied(self.clock.now());
        false
    }

    async fn can_read(&self, path: &str) -> bool {
        let ask = Ask::get(path.into()).with(header::RANGE, HeaderValue::from_static("bytes=0-0"));
        let Ok(answer) = self.exchange(&ask).await else {
            return false;
        };
        // An empty object answers 416 to any range, which proves the same.
        let readable =
            answer.status.is_success() || answer.status == StatusCode::RANGE_NOT_SATISFIABLE;
        if readable {
            self.standing.store(ACCEPTED, Ordering::Relaxed);
            self.knowledge.readable(path, self.clock.now());
        }
        readable
    }

    /// Asks for a key that cannot exist. True: the store answered 403 AccessDenied.
    async fn probe(&self) -> bool {
        let mut random = [0; 16];
        if getrandom::fill(&mut random).is_err() {
            return false;
        }
        let path = format!("/seawall-probe-{:032x}", u128::from_be_bytes(random));
        let Ok(mut answer) = self.exchange(&Ask::get(path.into())).await else {
            return false;
        };
        let limits = self.wire.limits();
        let document = read_document(&mut answer.body, &*self.clock, limits.idle).await;
        let judged = judge::refusal(answer.status, &document);
        self.note_standing(&judged);
        let hidden = judged == Judged::MissingOrDenied;
        if hidden {
            // The store knows who we are: it refused what we asked for, not us. That holds after a
            // refusal of us, too: where nobody asks for objects, nothing else would end it.
            self.standing.store(ACCEPTED, Ordering::Relaxed);
        }
        if hidden || matches!(judged, Judged::Missing { .. }) {
            self.knowledge.probed(hidden, self.clock.now());
        }
        hidden
    }

    pub(super) async fn keep_probing(self: Arc<Self>) {
        loop {
            if self.credentials.current().is_some() || !self.sign {
                // A permit first, as a request has one, and then a turn, so that a request that
                // needs the result waits for this one.
                let permit = self.queue.next().await;
                let turn = self.confirming.lock().await;
                self.probe().await;
                drop((turn, permit));
            }
            let tried = self.standing.load(Ordering::Relaxed) == ACCEPTED;
            let pause = if tried {
                missing::PROBE_EVERY
            } else {
                UNTIL_ACCEPTED
            };
            tokio::select! {
                () = clock::sleep(&*self.clock, pause) => {}
                () = self.probe_now.notified() => {}
            }
        }
    }
}
