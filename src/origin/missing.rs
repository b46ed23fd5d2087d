//! What a 403 means: a missing object, or a refusal (DESIGN 3.6).
//!
//! A store whose identity may not list answers 403 AccessDenied for a key that does not exist.
//! That may be shown as 404 only while two things are known: (a) this bucket answers 403 for a
//! random key that cannot exist, and (b) an object of it was readable a moment ago. Else a policy
//! that was taken away would turn the whole site into cached 404s.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::semantics::age::Instant;

/// How long a readable object proves that the edge may read.
pub const PROOF: Duration = Duration::from_secs(60);
/// How long the answer for a random key is believed.
pub const PROBE_EVERY: Duration = Duration::from_secs(300);

/// How long a refusal of everything is believed, so that a herd of requests for missing objects does
/// not find it out one by one.
pub const DENIED_FOR: Duration = Duration::from_secs(5);

/// What is known of a bucket.
#[derive(Debug, Default)]
pub struct Knowledge(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    probed: Option<(Instant, bool)>,
    readable: Option<(Instant, String)>,
    denied: Option<Instant>,
}

impl Knowledge {
    /// It was found out that reads are refused, or that nothing can be found out.
    pub fn denied(&self, now: Instant) {
        self.lock().denied = Some(now);
    }

    /// Whether that was found out a moment ago.
    #[must_use]
    pub fn is_denied(&self, now: Instant) -> bool {
        self.lock()
            .denied
            .is_some_and(|at| now.saturating_since(at) <= DENIED_FOR)
    }

    /// An object could be read.
    pub fn readable(&self, path: &str, now: Instant) {
        let mut state = self.lock();
        state.denied = None;
        match &mut state.readable {
            Some((at, known)) => {
                // The name is copied now and then only: each read would cost an allocation.
                if now.saturating_since(*at) > PROOF / 2 {
                    path.clone_into(known);
                }
                *at = now;
            }
            none => *none = Some((now, path.to_owned())),
        }
    }

    /// The object that was thought readable is not there any more.
    pub fn forget(&self, path: &str) {
        let mut state = self.lock();
        if state
            .readable
            .as_ref()
            .is_some_and(|(_, known)| known == path)
        {
            state.readable = None;
        }
    }

    /// A random key was asked for; `hidden`: the store answered 403 AccessDenied.
    pub fn probed(&self, hidden: bool, now: Instant) {
        self.lock().probed = Some((now, hidden));
    }

    /// The identity changed: what was known of the old one proves nothing.
    pub fn reset(&self) {
        *self.lock() = State::default();
    }

    /// Whether missing keys are known to answer 403; `None` when it must be asked (again).
    #[must_use]
    pub fn hides_missing(&self, now: Instant) -> Option<bool> {
        let (at, hidden) = self.lock().probed?;
        (now.saturating_since(at) <= PROBE_EVERY).then_some(hidden)
    }

    /// Whether an object was readable within [`PROOF`].
    #[must_use]
    pub fn is_readable(&self, now: Instant) -> bool {
        self.lock()
            .readable
            .as_ref()
            .is_some_and(|(at, _)| now.saturating_since(*at) <= PROOF)
    }

    /// The object to ask for when the proof has grown old.
    #[must_use]
    pub fn known(&self) -> Option<String> {
        self.lock().readable.as_ref().map(|(_, path)| path.clone())
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        // Every statement leaves the state whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(seconds * 1_000_000_000)
    }

    #[test]
    fn what_is_known_grows_old() {
        let known = Knowledge::default();
        assert_eq!(known.hides_missing(at(1)), None);
        assert!(!known.is_readable(at(1)));
        known.probed(true, at(1));
        known.readable("/index.html", at(1));
        assert_eq!(known.hides_missing(at(301)), Some(true));
        assert_eq!(known.hides_missing(at(302)), None);
        assert!(known.is_readable(at(61)));
        assert!(!known.is_readable(at(62)));
        assert_eq!(known.known().as_deref(), Some("/index.html"));
    }

    #[test]
    fn a_refusal_is_believed_for_a_while_or_until_something_can_be_read() {
        let known = Knowledge::default();
        assert!(!known.is_denied(at(1)));
        known.denied(at(1));
        assert!(known.is_denied(at(6)));
        assert!(!known.is_denied(at(6).saturating_add(Duration::from_nanos(1))));
        known.denied(at(10));
        known.readable("/index.html", at(10));
        assert!(!known.is_denied(at(10)));
    }

    #[test]
    fn a_new_identity_knows_nothing() {
        let known = Knowledge::default();
        known.probed(true, at(1));
        known.readable("/index.html", at(1));
        known.reset();
        assert_eq!(known.hides_missing(at(1)), None);
        assert!(!known.is_readable(at(1)));
        assert_eq!(known.known(), None);
    }
}
