//! What the samples say, for people: which parts split the cache for nothing, and what to write so that they
//! do not.

use std::collections::HashMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::advice::{advise, every};
use super::evidence::{Evidence, weigh};
pub use super::parts::Kind;
use super::parts::Part;
use super::table::{Of, Sample, Seen};
use super::{Splits, WINDOW};
use crate::policy::behavior::Behavior;
use crate::policy::distribution::Distributions;
use crate::semantics::age::Instant;

/// Pairs with the same answer that make a verdict: of five answers of one path each with each other.
pub const ENOUGH: u64 = 10;

/// What a part does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Verdict {
    /// Nothing but to store the same again.
    #[serde(rename = "splits for nothing")]
    Splits,
    /// It tells answers apart.
    #[serde(rename = "changes the answer")]
    Matters,
    /// That cannot be told yet.
    #[serde(rename = "too few samples")]
    Unknown,
}

impl Verdict {
    /// As it is written everywhere.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Splits => "splits for nothing",
            Self::Matters => "changes the answer",
            Self::Unknown => "too few samples",
        }
    }
}

/// All that is known.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Report {
    /// For how long an answer counts.
    pub window_seconds: u64,
    /// Pairs with the same answer that make a verdict.
    pub enough: u64,
    /// Answers that were too large to be looked at.
    pub too_large: u64,
    /// Those that something was stored of, the default behaviour of a distribution last.
    pub behaviors: Vec<BehaviorReport>,
}

/// What is known of a behaviour.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct BehaviorReport {
    /// The id of its distribution.
    pub distribution: String,
    /// Its paths; `*` for the default one.
    pub behavior: String,
    /// Its cache policy.
    pub cache_policy: String,
    /// Answers that were looked at.
    pub answers: u64,
    /// Answers that are compared, within the window.
    pub samples: u64,
    /// Of so many paths.
    pub paths: u64,
    /// Names that had to leave because there were too many.
    pub names_left_out: u64,
    /// The parts, by the bytes that they cost.
    pub parts: Vec<Row>,
    /// What to write; empty if there is nothing.
    pub paste: String,
    /// What else to know or to do.
    pub hints: Vec<String>,
}

/// What is known of a part.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// What it is.
    pub kind: Kind,
    /// Its name; empty: it has none, or none that is kept.
    pub name: String,
    /// What it does.
    pub verdict: Verdict,
    /// Answers that it was seen in, for certain.
    pub answers: u64,
    /// Its distinct values among the samples.
    pub values: u64,
    /// Pairs of samples that differ in it with the same answer.
    pub alike: u64,
    /// Pairs that differ in it alone, with another answer.
    pub different: u64,
    /// Pairs with another answer that nothing else explains for certain.
    pub doubtful: u64,
    /// Bytes of samples that are stored again because of it, at the most.
    pub bytes: u64,
}

impl Splits {
    /// What is known of these distributions, or of all.
    #[must_use]
    pub fn report(&self, only: Option<&str>, now: Instant) -> Report {
        let (distributions, all, too_large) = {
            let mut state = self.state();
            let all = state.table.all(now);
            (Arc::clone(&state.distributions), all, state.too_large)
        };
        // From here on nobody is kept waiting.
        let order = Part::new(Kind::Order, b"").id(&self.keys);
        let mut known: HashMap<Of, (BehaviorReport, &Behavior)> = HashMap::new();
        for (of, seen, paths) in all {
            if only.is_some_and(|only| only != &*of.0) {
                continue;
            }
            if let Some((path, behavior)) = find(&distributions, &of) {
                let report = judged(&of, path, behavior, &seen, &paths, order);
                known.insert(of, (report, behavior));
            }
        }
        let mut places: Vec<Of> = known.keys().cloned().collect();
        let position = |id: &str| distributions.iter().position(|one| one.id == id);
        places.sort_by_key(|(id, place)| (position(id), place.unwrap_or(usize::MAX)));
        let mut taken: Vec<String> = every(&distributions)
            .map(|(_, behavior)| behavior.cache.name.clone())
            .collect();
        let mut behaviors = Vec::new();
        for of in places {
            let Some((mut report, behavior)) = known.get(&of).cloned() else {
                continue;
            };
            let others = known.iter().filter(|(other, _)| **other != of);
            let sharing = others
                .filter(|(_, (_, other))| other.cache.name == behavior.cache.name)
                .map(|(_, (report, _))| report);
            advise(
                &mut report,
                behavior,
                sharing,
                &distributions,
                &mut taken,
                of.1.is_some(),
            );
            behaviors.push(report);
        }
        Report {
            window_seconds: WINDOW.as_secs(),
            enough: ENOUGH,
            too_large,
            behaviors,
        }
    }
}

fn find<'d>(distributions: &'d Distributions, of: &Of) -> Option<(String, &'d Behavior)> {
    let distribution = distributions.by_id(&of.0)?;
    match of.1 {
        None => Some(("*".to_owned(), &distribution.default_behavior)),
        Some(place) => {
            let listed = distribution.behaviors.get(place)?;
            Some((listed.path.to_string(), &listed.behavior))
        }
    }
}

fn judged(
    of: &Of,
    path: String,
    behavior: &Behavior,
    seen: &Seen,
    paths: &[Vec<Sample>],
    order: u64,
) -> BehaviorReport {
    let mut evidence = weigh(paths, order);
    let row = |part: &Part, answers: u64, found: Evidence| Row {
        kind: part.kind,
        name: part.name.to_string(),
        verdict: verdict(&found),
        answers,
        values: found.values,
        alike: found.alike,
        different: found.different,
        doubtful: found.doubtful,
        bytes: found.bytes,
    };
    let mut parts: Vec<Row> = Vec::with_capacity(seen.names.len() + 1);
    for (id, tally) in &seen.names {
        let found = evidence.remove(id).unwrap_or_default();
        parts.push(row(&tally.part, tally.certain(), found));
    }
    if let Some(found) = evidence.remove(&order) {
        parts.push(row(&Part::new(Kind::Order, b""), seen.answers, found));
    }
    parts.sort_by(|one, other| {
        let key = |row: &Row| {
            (
                std::cmp::Reverse((row.bytes, row.alike, row.answers)),
                row.kind,
            )
        };
        key(one)
            .cmp(&key(other))
            .then_with(|| one.name.cmp(&other.name))
    });
    BehaviorReport {
        distribution: of.0.to_string(),
        behavior: path,
        cache_policy: behavior.cache.name.clone(),
        answers: seen.answers,
        samples: paths.iter().map(|samples| samples.len() as u64).sum(),
        paths: paths.iter().filter(|samples| !samples.is_empty()).count() as u64,
        names_left_out: seen.left,
        parts,
        paste: String::new(),
        hints: Vec::new(),
    }
}

fn verdict(found: &Evidence) -> Verdict {
    match found {
        Evidence { different: 1.., .. } => Verdict::Matters,
        Evidence {
            doubtful: 0,
            alike: ENOUGH..,
            ..
        } => Verdict::Splits,
        _ => Verdict::Unknown,
    }
}

/// A part, for people.
#[must_use]
pub fn shown(row: &Row) -> String {
    let what = match row.kind {
        Kind::Query => "parameter",
        Kind::Order => return "order of the query".to_owned(),
        Kind::Header => "header",
        Kind::Cookie => "cookie",
        Kind::Host => return "host".to_owned(),
        Kind::Vary => "Vary",
    };
    match row.name.is_empty() {
        true => format!("{what} without a name"),
        false => format!("{what} {}", row.name),
    }
}
