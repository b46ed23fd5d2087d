//! The knobs that make a bucket misbehave, on request and exactly so often.
//!
//! A fault hits requests that were signed well and are allowed; strangers are refused as ever.
//! "Reads" are GET and HEAD of an object. Whatever applies to a read is decided when it arrives:
//! turning a knob later does not change an answer that is on its way. Nothing here sleeps or
//! looks at a clock.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use tokio::sync::watch;

use super::wire::{Cut, Ending};

/// A handle on a bucket's faults. Clones turn the same knobs.
#[derive(Clone, Debug, Default)]
pub struct Faults(Arc<Mutex<Knobs>>);

#[derive(Debug, Default)]
struct Knobs {
    /// `None` stands for every key.
    fail_next: HashMap<Option<String>, VecDeque<(u32, Failure)>>,
    fail_all: HashMap<Option<String>, Failure>,
    cuts: HashMap<String, VecDeque<Cut>>,
    gates: HashMap<String, Vec<Arc<Gate>>>,
    deny_edge: bool,
    list_allowed: bool,
}

/// An S3 error that a fault answers with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) status: StatusCode,
    pub(super) code: String,
}

impl Failure {
    fn new(status: StatusCode, code: &str) -> Self {
        Self {
            status,
            code: code.into(),
        }
    }
}

impl Faults {
    /// The next `times` reads, of whatever key, answer `status` with the S3 error `code`, such as
    /// 503 `SlowDown`. Further calls queue up behind.
    pub fn fail_next(&self, times: u32, status: StatusCode, code: &str) {
        self.queue_failure(None, times, status, code);
    }

    /// Like [`fail_next`](Self::fail_next), for reads of one key. It comes before those for any key.
    pub fn fail_next_of(&self, key: &str, times: u32, status: StatusCode, code: &str) {
        self.queue_failure(Some(key.into()), times, status, code);
    }

    /// Every read answers this status and S3 error code, until the next call with `None`. The
    /// counted failures come first.
    pub fn fail_all(&self, failure: Option<(StatusCode, &str)>) {
        self.set_failure(None, failure);
    }

    /// Like [`fail_all`](Self::fail_all), for reads of one key.
    pub fn fail_all_of(&self, key: &str, failure: Option<(StatusCode, &str)>) {
        self.set_failure(Some(key.into()), failure);
    }

    /// GETs of this key that arrive from now on wait, until the [`Hold`] is released or dropped,
    /// before the first byte of their answer. The answer is made of what the object was when the
    /// request arrived, whatever is put, deleted or broken meanwhile.
    #[must_use = "dropping the hold releases it"]
    pub fn hold(&self, key: &str) -> Hold {
        let gate = Arc::new(Gate::default());
        let mut knobs = self.knobs();
        let gates = knobs.gates.entry(key.into()).or_default();
        gates.push(gate.clone());
        drop(knobs);
        Hold {
            key: key.into(),
            gate,
            faults: self.clone(),
        }
    }

    /// The next GET of this key that has a body announces its full length, sends `after_bytes` of
    /// it (counted from the start of that answer), and breaks the connection. One that has no more
    /// than that is sent whole. Further calls queue up behind, stalls among them.
    pub fn truncate_next(&self, key: &str, after_bytes: u64) {
        self.queue_cut(key, after_bytes, Ending::Break);
    }

    /// Like [`truncate_next`](Self::truncate_next), but the connection stays open and silent.
    pub fn stall_next(&self, key: &str, after_bytes: u64) {
        self.queue_cut(key, after_bytes, Ending::Stall);
    }

    /// Takes the edge's policy away (or gives it back): everything that the edge asks for answers
    /// 403 `AccessDenied`.
    pub fn deny_edge(&self, denied: bool) {
        self.knobs().deny_edge = denied;
    }

    /// Whether the edge may list the bucket, off at the start. As on AWS it is this permission
    /// that makes a missing key a 404 `NoSuchKey`; without it, it is a 403 `AccessDenied`.
    pub fn list_allowed(&self, allowed: bool) {
        self.knobs().list_allowed = allowed;
    }

    pub(super) fn edge_is_denied(&self) -> bool {
        self.knobs().deny_edge
    }

    pub(super) fn edge_may_list(&self) -> bool {
        self.knobs().list_allowed
    }

    /// The failure that this read must answer with; a counted one is used up by asking.
    pub(super) fn failure_of_read(&self, key: &str) -> Option<Failure> {
        let mut knobs = self.knobs();
        for scope in [Some(key.to_owned()), None] {
            if let Some(queue) = knobs.fail_next.get_mut(&scope)
                && let Some((left, failure)) = queue.front_mut()
            {
                let failure = failure.clone();
                *left -= 1;
                if *left == 0 {
                    queue.pop_front();
                }
                if queue.is_empty() {
                    knobs.fail_next.remove(&scope);
                }
                return Some(failure);
            }
        }
        [Some(key.to_owned()), None]
            .iter()
            .find_map(|scope| knobs.fail_all.get(scope).cloned())
    }

    /// The cut for this answer, used up by asking.
    pub(super) fn cut_of(&self, key: &str) -> Option<Cut> {
        let mut knobs = self.knobs();
        let queue = knobs.cuts.get_mut(key)?;
        let cut = queue.pop_front();
        if queue.is_empty() {
            knobs.cuts.remove(key);
        }
        cut
    }

    /// What a GET of this key that arrives now has to wait for.
    pub(super) fn gates_of(&self, key: &str) -> Gates {
        let gates = self.knobs().gates.get(key).cloned().unwrap_or_default();
        Gates(gates)
    }

    fn queue_failure(&self, key: Option<String>, times: u32, status: StatusCode, code: &str) {
        if times > 0 {
            let entry = (times, Failure::new(status, code));
            let mut knobs = self.knobs();
            knobs.fail_next.entry(key).or_default().push_back(entry);
        }
    }

    fn set_failure(&self, key: Option<String>, failure: Option<(StatusCode, &str)>) {
        let mut knobs = self.knobs();
        match failure {
            Some((status, code)) => knobs.fail_all.insert(key, Failure::new(status, code)),
            None => knobs.fail_all.remove(&key),
        };
    }

    fn queue_cut(&self, key: &str, after: u64, ending: Ending) {
        let mut knobs = self.knobs();
        let queue = knobs.cuts.entry(key.into()).or_default();
        queue.push_back(Cut { after, ending });
    }

    fn knobs(&self) -> MutexGuard<'_, Knobs> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Holds the GETs of one key back until it is released or dropped.
#[derive(Debug)]
pub struct Hold {
    key: String,
    gate: Arc<Gate>,
    faults: Faults,
}

impl Hold {
    /// Lets the waiting requests go and holds no further ones. The second call does nothing.
    pub fn release(&self) {
        let mut knobs = self.faults.knobs();
        if let Some(gates) = knobs.gates.get_mut(&self.key) {
            gates.retain(|gate| !Arc::ptr_eq(gate, &self.gate));
            if gates.is_empty() {
                knobs.gates.remove(&self.key);
            }
        }
        drop(knobs);
        self.gate.open.send_replace(true);
    }

    /// Resolves while at least one request is waiting, at once if one already is.
    pub fn waiting(&self) -> impl Future<Output = ()> + Send + use<> {
        self.waiting_for(1)
    }

    /// Resolves while at least `requests` requests are waiting. One whose client goes away stops
    /// waiting.
    pub fn waiting_for(&self, requests: usize) -> impl Future<Output = ()> + Send + use<> {
        let gate = self.gate.clone();
        async move {
            let mut waiting = gate.waiting.subscribe();
            // The gate holds the sender, so waiting for it cannot fail.
            let _ = waiting.wait_for(|now| *now >= requests).await;
        }
    }

    /// Resolves while no request is waiting.
    pub fn idle(&self) -> impl Future<Output = ()> + Send + use<> {
        let gate = self.gate.clone();
        async move {
            let mut waiting = gate.waiting.subscribe();
            let _ = waiting.wait_for(|now| *now == 0).await; // as above
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.release();
    }
}

#[derive(Debug, Default)]
struct Gate {
    open: watch::Sender<bool>,
    waiting: watch::Sender<usize>,
}

/// The gates in front of one request.
#[derive(Debug)]
pub(super) struct Gates(Vec<Arc<Gate>>);

impl Gates {
    /// Waits until all of them are open, counting as a waiting request at each of them meanwhile.
    pub(super) async fn pass(&self) {
        let _present: Vec<Present<'_>> = self.0.iter().map(|gate| Present::at(gate)).collect();
        for gate in &self.0 {
            let mut open = gate.open.subscribe();
            // `self` holds the sender, so waiting for it cannot fail.
            let _ = open.wait_for(|open| *open).await;
        }
    }
}

/// Counts as one waiting request for as long as it lives.
struct Present<'a>(&'a Gate);

impl<'a> Present<'a> {
    fn at(gate: &'a Gate) -> Self {
        gate.waiting.send_modify(|waiting| *waiting += 1);
        Self(gate)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.waiting.send_modify(|waiting| *waiting -= 1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes(faults: &Faults, keys: &[&str]) -> Vec<Option<String>> {
        let failure = |key: &&str| faults.failure_of_read(key).map(|failure| failure.code);
        keys.iter().map(failure).collect()
    }

    fn some(code: &str) -> Option<String> {
        Some(code.into())
    }

    #[test]
    fn counted_failures_are_used_up_and_the_keyed_ones_come_first() {
        let faults = Faults::default();
        faults.fail_next(2, StatusCode::SERVICE_UNAVAILABLE, "Any");
        faults.fail_next_of("a", 1, StatusCode::FORBIDDEN, "OfA");
        assert_eq!(
            codes(&faults, &["b", "a", "a", "a"]),
            [some("Any"), some("OfA"), some("Any"), None]
        );
        assert!(
            faults.knobs().fail_next.is_empty(),
            "nothing is left behind"
        );
    }

    #[test]
    fn counted_failures_queue_up() {
        let faults = Faults::default();
        faults.fail_next(0, StatusCode::BAD_GATEWAY, "Never");
        faults.fail_next(1, StatusCode::BAD_GATEWAY, "First");
        faults.fail_next(1, StatusCode::BAD_GATEWAY, "Second");
        assert_eq!(
            codes(&faults, &["a", "a", "a"]),
            [some("First"), some("Second"), None]
        );
    }

    #[test]
    fn failing_all_lasts_until_it_is_taken_back() {
        let faults = Faults::default();
        faults.fail_all(Some((StatusCode::INTERNAL_SERVER_ERROR, "All")));
        faults.fail_all_of("a", Some((StatusCode::INTERNAL_SERVER_ERROR, "OfA")));
        assert_eq!(
            codes(&faults, &["a", "b", "b"]),
            [some("OfA"), some("All"), some("All")]
        );
        faults.fail_all(None);
        assert_eq!(codes(&faults, &["a", "b"]), [some("OfA"), None]);
        faults.fail_all_of("a", None);
        assert_eq!(codes(&faults, &["a"]), [None]);
    }

    #[test]
    fn cuts_are_taken_in_order_by_their_key() {
        let faults = Faults::default();
        faults.truncate_next("a", 5);
        faults.stall_next("a", 0);
        let cut = |after, ending| Some(Cut { after, ending });
        assert_eq!(faults.cut_of("b"), None);
        assert_eq!(faults.cut_of("a"), cut(5, Ending::Break));
        assert_eq!(faults.cut_of("a"), cut(0, Ending::Stall));
        assert_eq!(faults.cut_of("a"), None);
    }

    #[tokio::test]
    async fn a_hold_counts_who_waits_and_lets_all_go() {
        let faults = Faults::default();
        let hold = faults.hold("a");
        faults.gates_of("b").pass().await; // another key
        let waiters: Vec<_> = (0..2)
            .map(|_| {
                let gates = faults.gates_of("a");
                tokio::spawn(async move { gates.pass().await })
            })
            .collect();
        hold.waiting_for(2).await;
        assert!(waiters.iter().all(|waiter| !waiter.is_finished()));
        hold.release();
        for waiter in waiters {
            waiter.await.unwrap();
        }
        faults.gates_of("a").pass().await; // holds no further ones
        assert!(faults.knobs().gates.is_empty(), "nothing is left behind");
        assert_eq!(*hold.gate.waiting.borrow(), 0);
    }

    #[tokio::test]
    async fn a_request_that_goes_away_no_longer_waits() {
        let faults = Faults::default();
        let hold = faults.hold("a");
        let gates = faults.gates_of("a");
        let waiter = tokio::spawn(async move { gates.pass().await });
        hold.waiting().await;
        waiter.abort();
        let _ = waiter.await;
        assert_eq!(*hold.gate.waiting.borrow(), 0);
    }

    #[tokio::test]
    async fn with_two_holds_both_must_open_and_a_drop_opens() {
        let faults = Faults::default();
        let (first, second) = (faults.hold("a"), faults.hold("a"));
        let gates = faults.gates_of("a");
        let waiter = tokio::spawn(async move { gates.pass().await });
        first.waiting().await;
        second.waiting().await;
        drop(second);
        assert!(!waiter.is_finished());
        drop(first);
        waiter.await.unwrap();
    }
}
