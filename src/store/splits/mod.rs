//! Which parts of the keys split the cache, and whether they change what a viewer gets.
//!
//! It is told of what is stored from web servers ([`Splits::stored`]), off the path of any request, and keeps
//! of it a sample: which parts its key has, by their names and by hashes of their values, and a digest of the
//! answer. Two stored answers of one path that are the same although parts of their keys differ were split for
//! nothing by those parts; two that are not, and differ in one part alone, show that it matters.
//!
//! Invariants: no value of a viewer's is kept, nor anything that it could be found again by (the hashes are
//! keyed anew in each process); everything is bounded, [`PATHS`] × [`SAMPLES`] × [`PARTS`] together to some
//! 14 MiB with the names; what was not stored or renewed for [`WINDOW`] is forgotten; what was gathered under other
//! distributions is never shown.

mod advice;
mod evidence;
mod parts;
pub mod report;
mod table;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sha2::{Digest, Sha256};

use crate::origin::Forwarded;
use crate::policy::distribution::Distributions;
use crate::policy::origin_request::OriginRequest;
use crate::policy::selection::Selected;
use crate::semantics::age::Instant;
use crate::store::entry::Entry;
use parts::Asked;
use table::{Fresh, Table};

/// Paths that are remembered, of all behaviours together. Past it the one that was stored longest ago leaves,
/// those with a single sample first: nothing can be compared there.
pub const PATHS: usize = 1_024;
/// Stored answers that are remembered of one path.
pub const SAMPLES: usize = 16;
/// Parts of one key; those beyond count as one without a name, a kind each.
pub const PARTS: usize = 24;
/// Names that are remembered of one behaviour. Past it the one that was seen least leaves.
pub const NAMES: usize = 128;
/// Behaviours that are remembered.
pub const BEHAVIORS: usize = 256;
/// Bytes of a name; a longer one counts as a part without a name.
pub const NAME_BYTES: usize = 64;
/// Bytes of a body that is looked at; larger ones are only counted.
pub const BODY_BYTES: usize = 4 * 1024 * 1024;
/// How long a sample is remembered.
pub const WINDOW: Duration = Duration::from_secs(24 * 3_600);
/// A body is hashed so many bytes at a time; others get their turn in between.
const BODY_STEP: usize = 256 * 1024;

/// The samples of what is stored.
pub struct Splits {
    keys: RandomState,
    state: Mutex<State>,
}

struct State {
    distributions: Arc<Distributions>,
    table: Table,
    /// Answers with a body over [`BODY_BYTES`].
    too_large: u64,
}

/// What was asked for, as the origin got it.
#[derive(Clone, Copy, Debug)]
pub struct Question<'q> {
    /// Of which configuration the behaviour is.
    pub distributions: &'q Arc<Distributions>,
    /// The id of the distribution.
    pub distribution: &'q Arc<str>,
    /// Its behaviour.
    pub behavior: Selected,
    /// What of a request the behaviour forwards and keys.
    pub policy: &'q OriginRequest,
    /// The path.
    pub path: &'q str,
    /// What else of the request was forwarded.
    pub viewer: &'q Forwarded,
}

impl Splits {
    /// Nothing seen yet of these distributions.
    #[must_use]
    pub fn new(distributions: Arc<Distributions>) -> Self {
        Self {
            keys: RandomState::new(),
            state: Mutex::new(State {
                distributions,
                table: Table::default(),
                too_large: 0,
            }),
        }
    }

    /// Puts other distributions in force: all is forgotten unless they are the same.
    pub fn reload(&self, distributions: Arc<Distributions>) {
        let mut state = self.state();
        if !state.distributions.iter().eq(distributions.iter()) {
            state.table = Table::default();
            state.too_large = 0;
        }
        state.distributions = distributions;
    }

    /// An answer was stored.
    pub async fn stored(&self, question: &Question<'_>, entry: &Entry, now: Instant) {
        if !self.concerns(question, entry) {
            return;
        }
        if entry.body.len() > BODY_BYTES {
            self.state().too_large += 1;
            return;
        }
        let digest = digest(entry).await;
        let (path, asked) = self.asked(question, entry);
        let fresh = Fresh {
            path,
            asked,
            digest,
            bytes: entry.body.len() as u64,
            at: now,
        };
        let behavior = behavior(question);
        let mut state = self.state();
        if Arc::ptr_eq(&state.distributions, question.distributions) {
            state.table.observe(behavior, fresh);
        }
    }

    /// A stored answer was found to be still the same (304): so is what is remembered of it.
    pub fn renewed(&self, question: &Question<'_>, entry: &Entry, now: Instant) {
        if self.concerns(question, entry) {
            let (path, asked) = self.asked(question, entry);
            self.state().table.renew(path, &asked, now);
        }
    }

    /// Paths that are remembered.
    #[must_use]
    pub fn paths(&self) -> usize {
        self.state().table.paths()
    }

    /// Answers that were looked at since the distributions came into force.
    #[must_use]
    pub fn answers(&self) -> u64 {
        self.state().table.answers()
    }

    /// Whether something of it could be split: a bucket's key is its path, and an answer that is no success
    /// says nothing about what its parts are for (two unknown products are equal, too).
    fn concerns(&self, question: &Question<'_>, entry: &Entry) -> bool {
        let status = entry.head.status;
        let says = status.is_success() || status.is_redirection();
        says && !question.policy.is_bucket()
    }

    fn asked(&self, question: &Question<'_>, entry: &Entry) -> (u64, Asked) {
        let Question {
            policy,
            viewer,
            path,
            ..
        } = question;
        let asked = Asked::of(&self.keys, policy, viewer, &entry.selecting);
        (self.keys.hash_one((behavior(question), path)), asked)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn behavior(question: &Question<'_>) -> table::Of {
    let distribution = Arc::clone(question.distribution);
    (distribution, question.behavior.place())
}

/// What a viewer gets of an answer: its body, its status, and the fields that say what the body is, where else
/// to go, or who may read it. Dates, tags and lifetimes may differ from one answer to the next, and mean nothing.
async fn digest(entry: &Entry) -> [u8; 16] {
    let mut hash = Sha256::new();
    hash.update(entry.head.status.as_u16().to_be_bytes());
    let fields = entry.head.fields.to_map(0);
    let mut lines: Vec<(&str, &[u8])> = fields
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_bytes()))
        .filter(|(name, _)| is_told(name))
        .collect();
    // Stable: lines of one name keep their order.
    lines.sort_by_key(|(name, _)| *name);
    for (name, value) in lines {
        for part in [name.as_bytes(), value] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
    }
    hash.update(u64::MAX.to_be_bytes());
    for step in entry.body.chunks(BODY_STEP) {
        hash.update(step);
        tokio::task::yield_now().await;
    }
    let mut short = [0; 16];
    short.copy_from_slice(&hash.finalize()[..16]);
    short
}

fn is_told(name: &str) -> bool {
    const FIELDS: [&str; 5] = ["link", "location", "refresh", "set-cookie", "x-robots-tag"];
    let prefixed = name.starts_with("content-") && name != "content-length";
    prefixed || name.starts_with("access-control-") || FIELDS.contains(&name)
}

impl fmt::Debug for Splits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Splits({} paths)", self.paths())
    }
}
