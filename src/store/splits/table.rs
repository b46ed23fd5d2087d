//! The bounded memory of [`super::Splits`].
//!
//! Whoever invents names and paths gets the places of those that were seen as rarely: names are counted as
//! by *space-saving* (a new one takes the place and the count of the least, so that a name of a share of more
//! than one in [`NAMES`] never leaves for good), and of a full path the samples leave first whose names are not
//! established.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use super::parts::{Asked, Part};
use super::{BEHAVIORS, NAMES, PATHS, SAMPLES, WINDOW};
use crate::semantics::age::Instant;

/// A distribution's id, and the place of the behaviour in its list.
pub(super) type Of = (Arc<str>, Option<usize>);

/// A name that was seen this often for certain is no invention.
const ESTABLISHED: u64 = 8;

/// An answer that was stored just now.
pub(super) struct Fresh {
    /// The hash of the behaviour and the path.
    pub(super) path: u64,
    pub(super) asked: Asked,
    pub(super) digest: [u8; 16],
    pub(super) bytes: u64,
    pub(super) at: Instant,
}

/// What is remembered of a stored answer.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    pub(super) values: Arc<[(u64, u64)]>,
    pub(super) query: u64,
    pub(super) digest: [u8; 16],
    pub(super) bytes: u64,
    pub(super) at: Instant,
}

impl Sample {
    fn is_of(&self, asked: &Asked) -> bool {
        *self.values == *asked.values && self.query == asked.query
    }

    fn is_past(&self, now: Instant) -> bool {
        now.saturating_since(self.at) >= WINDOW
    }
}

/// How often a name was seen.
#[derive(Clone, Debug)]
pub(super) struct Tally {
    pub(super) part: Part,
    count: u64,
    /// By how much that may be too many.
    error: u64,
    last: Instant,
}

impl Tally {
    /// How often for certain.
    pub(super) fn certain(&self) -> u64 {
        self.count - self.error
    }
}

/// What is remembered of a behaviour.
#[derive(Clone, Debug, Default)]
pub(super) struct Seen {
    pub(super) names: HashMap<u64, Tally>,
    /// Answers that were looked at.
    pub(super) answers: u64,
    /// Names that had to leave.
    pub(super) left: u64,
}

#[derive(Default)]
pub(super) struct Table {
    behaviors: HashMap<Of, Seen>,
    paths: HashMap<u64, Path>,
    /// The paths in the order in which they leave.
    order: BTreeSet<Rank>,
    sequence: u64,
    answers: u64,
}

struct Path {
    of: Of,
    samples: Vec<Sample>,
    rank: Rank,
}

/// Those with something to compare last; then by time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    several: bool,
    at: u64,
    sequence: u64,
    path: u64,
}

impl Table {
    pub(super) fn paths(&self) -> usize {
        self.paths.len()
    }

    pub(super) fn answers(&self) -> u64 {
        self.answers
    }

    pub(super) fn observe(&mut self, of: Of, fresh: Fresh) {
        self.forget(fresh.at);
        if !self.behaviors.contains_key(&of) && self.behaviors.len() >= BEHAVIORS {
            return;
        }
        self.answers += 1;
        let seen = self.behaviors.entry(of.clone()).or_default();
        seen.answers += 1;
        for (id, part) in &fresh.asked.parts {
            seen.note(*id, part, fresh.at);
        }
        let mut samples = self.take(fresh.path).unwrap_or_default();
        let same = samples.iter().position(|one| one.is_of(&fresh.asked));
        if let Some(same) = same {
            let old = samples.swap_remove(same);
            if old.digest != fresh.digest {
                // The same key, another answer: the path changes with time, and what is known of its other
                // keys may be of before.
                samples.clear();
            }
        }
        samples.push(Sample {
            values: fresh.asked.values.into_vec().into(),
            query: fresh.asked.query,
            digest: fresh.digest,
            bytes: fresh.bytes,
            at: fresh.at,
        });
        if samples.len() > SAMPLES {
            // It was just read, so it is there.
            let leaving = self
                .behaviors
                .get(&of)
                .and_then(|seen| seen.leaving(&samples));
            samples.swap_remove(leaving.unwrap_or(0));
        }
        self.put(fresh.path, of, samples, fresh.at);
    }

    pub(super) fn renew(&mut self, path: u64, asked: &Asked, now: Instant) {
        let known = self.paths.get(&path);
        let Some(of) = known.map(|known| known.of.clone()) else {
            return;
        };
        let mut samples = self.take(path).unwrap_or_default();
        if let Some(same) = samples.iter_mut().find(|one| one.is_of(asked)) {
            same.at = now;
        }
        self.put(path, of, samples, now);
    }

    /// What is not past, by behaviour: what was seen, and the samples of each path.
    pub(super) fn all(&mut self, now: Instant) -> Vec<(Of, Seen, Vec<Vec<Sample>>)> {
        self.forget(now);
        let mut paths: HashMap<&Of, Vec<Vec<Sample>>> = HashMap::new();
        for path in self.paths.values() {
            let samples = path.samples.iter().filter(|one| !one.is_past(now));
            let of = paths.entry(&path.of).or_default();
            of.push(samples.cloned().collect());
        }
        let behaviors = self.behaviors.iter();
        let all = behaviors.map(|(of, seen)| {
            let mut seen = seen.clone();
            seen.names.retain(|_, tally| !tally.is_past(now));
            (of.clone(), seen, paths.remove(of).unwrap_or_default())
        });
        all.collect()
    }

    /// Drops the paths that are past.
    fn forget(&mut self, now: Instant) {
        for several in [false, true] {
            let from = Rank {
                several,
                at: 0,
                sequence: 0,
                path: 0,
            };
            while let Some(first) = self.order.range(from..).next().copied()
                && now.saturating_since(Instant::from_nanos(first.at)) >= WINDOW
            {
                self.take(first.path);
            }
        }
    }

    fn take(&mut self, path: u64) -> Option<Vec<Sample>> {
        let taken = self.paths.remove(&path)?;
        self.order.remove(&taken.rank);
        Some(taken.samples)
    }

    fn put(&mut self, path: u64, of: Of, mut samples: Vec<Sample>, now: Instant) {
        samples.retain(|one| !one.is_past(now));
        if self.paths.len() >= PATHS
            && let Some(first) = self.order.first().copied()
        {
            self.take(first.path);
        }
        self.sequence += 1;
        let rank = Rank {
            several: samples.len() > 1,
            at: now.nanos(),
            sequence: self.sequence,
            path,
        };
        self.order.insert(rank);
        self.paths.insert(path, Path { of, samples, rank });
    }
}

impl Tally {
    fn is_past(&self, now: Instant) -> bool {
        now.saturating_since(self.last) >= WINDOW
    }
}

impl Seen {
    fn note(&mut self, id: u64, part: &Part, now: Instant) {
        if let Some(tally) = self.names.get_mut(&id) {
            tally.count += 1;
            tally.last = now;
            return;
        }
        let mut error = 0;
        if self.names.len() >= NAMES {
            // What is past leaves first; its count is nobody's.
            let least = self.names.iter();
            let least = least.min_by_key(|(_, tally)| (!tally.is_past(now), tally.count));
            if let Some((&least, tally)) = least {
                error = if tally.is_past(now) { 0 } else { tally.count };
                self.names.remove(&least);
                self.left += 1;
            }
        }
        let tally = Tally {
            part: part.clone(),
            count: error + 1,
            error,
            last: now,
        };
        self.names.insert(id, tally);
    }

    /// Which of too many samples of one path leaves: one with names that are not established; of those of the
    /// set of names that has most; the oldest.
    fn leaving(&self, samples: &[Sample]) -> Option<usize> {
        let ids =
            |sample: &Sample| -> Vec<u64> { sample.values.iter().map(|(id, _)| *id).collect() };
        let shapes: Vec<Vec<u64>> = samples.iter().map(ids).collect();
        let established = |shape: &[u64]| {
            shape.iter().all(|id| {
                let tally = self.names.get(id);
                tally.is_some_and(|tally| tally.certain() >= ESTABLISHED)
            })
        };
        let key = |at: usize| {
            let shape = &shapes[at];
            let alike = shapes.iter().filter(|other| *other == shape).count();
            (established(shape), Reverse(alike), samples[at].at)
        };
        (0..samples.len()).min_by_key(|at| key(*at))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::parts::Kind;
    use super::*;

    fn of(place: usize) -> Of {
        (Arc::from("E1"), Some(place))
    }

    fn asked(names: &[(u64, u64)]) -> Asked {
        let mut values = names.to_vec();
        values.sort_unstable();
        let part = |id: u64| Part::new(Kind::Query, format!("n{id}").as_bytes());
        Asked {
            parts: values.iter().map(|(id, _)| (*id, part(*id))).collect(),
            values: values.into(),
            query: 0,
        }
    }

    fn fresh(path: u64, names: &[(u64, u64)], body: u8, seconds: u64) -> Fresh {
        Fresh {
            path,
            asked: asked(names),
            digest: [body; 16],
            bytes: 1,
            at: at(seconds),
        }
    }

    fn at(seconds: u64) -> Instant {
        Instant::from_nanos(0).saturating_add(Duration::from_secs(seconds))
    }

    fn samples(table: &mut Table, seconds: u64) -> Vec<Sample> {
        let all = table.all(at(seconds));
        all.into_iter()
            .flat_map(|(_, _, paths)| paths.into_iter().flatten())
            .collect()
    }

    #[test]
    fn past_the_limit_of_paths_those_leave_that_nothing_can_be_compared_on() {
        let mut table = Table::default();
        table.observe(of(0), fresh(0, &[], 1, 0));
        table.observe(of(0), fresh(0, &[(1, 1)], 1, 0));
        for path in 1..PATHS as u64 {
            table.observe(of(0), fresh(path, &[], 1, path));
        }
        assert_eq!(table.paths(), PATHS);
        table.observe(of(0), fresh(PATHS as u64, &[], 1, PATHS as u64));
        assert_eq!(table.paths(), PATHS);
        assert!(table.paths.contains_key(&0), "it has two samples");
        assert!(!table.paths.contains_key(&1), "the oldest of the others");
        assert!(table.paths.contains_key(&2));
        assert_eq!(table.order.len(), PATHS);
    }

    #[test]
    fn past_the_limit_of_samples_the_oldest_of_the_most_common_kind_leaves() {
        let mut table = Table::default();
        table.observe(of(0), fresh(0, &[], 1, 0));
        for n in 1..SAMPLES as u64 {
            table.observe(of(0), fresh(0, &[(1, n)], 1, n));
        }
        assert_eq!(samples(&mut table, 0).len(), SAMPLES);
        table.observe(of(0), fresh(0, &[(1, 99)], 1, 99));
        let left = samples(&mut table, 99);
        assert_eq!(left.len(), SAMPLES);
        assert!(
            left.iter().any(|one| one.values.is_empty()),
            "the plain one stays"
        );
        assert!(
            !left.iter().any(|one| *one.values == [(1, 1)]),
            "the oldest"
        );
        assert!(left.iter().any(|one| *one.values == [(1, 99)]));
    }

    #[test]
    fn invented_names_do_not_drive_out_what_is_known() {
        let mut table = Table::default();
        for n in 0..ESTABLISHED {
            table.observe(of(0), fresh(0, &[(1, n)], 1, 0));
        }
        for invented in 0..20 * NAMES as u64 {
            table.observe(of(0), fresh(0, &[(1_000 + invented, 0)], 1, 1));
            // Once in a while a real one.
            if invented % 64 == 0 {
                table.observe(of(0), fresh(1, &[(1, invented)], 1, 1));
            }
        }
        let left = samples(&mut table, 1);
        let known = left
            .iter()
            .filter(|one| one.values[0].0 == 1 && one.at == at(0));
        assert_eq!(known.count() as u64, ESTABLISHED);
        let seen = &table.behaviors[&of(0)];
        assert_eq!(seen.names.len(), NAMES);
        assert_eq!(seen.names[&1].certain(), ESTABLISHED + 40);
        assert!(seen.left > 0);
        let certain = |id: &u64| seen.names[id].certain();
        assert!(
            seen.names
                .keys()
                .filter(|id| **id != 1)
                .all(|id| certain(id) == 1)
        );
    }

    #[test]
    fn names_over_the_limit_take_the_place_of_the_least() {
        let mut table = Table::default();
        for name in 0..NAMES as u64 {
            let times = if name == 7 { 1 } else { 2 };
            for n in 0..times {
                table.observe(of(0), fresh(name, &[(name, n)], 1, 0));
            }
        }
        assert_eq!(table.behaviors[&of(0)].left, 0);
        table.observe(of(0), fresh(0, &[(999, 0)], 1, 0));
        let seen = &table.behaviors[&of(0)];
        assert_eq!((seen.names.len(), seen.left), (NAMES, 1));
        assert!(!seen.names.contains_key(&7));
        assert_eq!(seen.names[&999].certain(), 1);
    }

    #[test]
    fn behaviors_over_the_limit_are_not_looked_at() {
        let mut table = Table::default();
        for place in 0..=BEHAVIORS {
            table.observe(of(place), fresh(place as u64, &[], 1, 0));
        }
        assert_eq!(table.behaviors.len(), BEHAVIORS);
        assert_eq!(table.answers(), BEHAVIORS as u64);
        assert_eq!(table.paths(), BEHAVIORS);
    }

    #[test]
    fn what_is_a_window_old_is_forgotten_unless_it_was_renewed() {
        let mut table = Table::default();
        let window = WINDOW.as_secs();
        table.observe(of(0), fresh(0, &[(1, 1)], 1, 0));
        table.observe(of(0), fresh(0, &[(1, 2)], 1, 0));
        table.observe(of(0), fresh(5, &[], 1, 0));
        assert_eq!(samples(&mut table, window - 1).len(), 3);
        table.renew(0, &asked(&[(1, 2)]), at(window - 1));
        let left = samples(&mut table, window);
        assert_eq!(left.len(), 1);
        assert_eq!(*left[0].values, [(1, 2)]);
        assert_eq!(table.paths(), 1);
        assert!(samples(&mut table, 2 * window - 1).is_empty());
        assert_eq!(table.paths(), 0);
        assert!(table.all(at(3 * window))[0].1.names.is_empty());
    }

    #[test]
    fn a_path_that_changes_with_time_begins_anew() {
        let mut table = Table::default();
        table.observe(of(0), fresh(0, &[(1, 1)], 1, 0));
        table.observe(of(0), fresh(0, &[(1, 2)], 1, 0));
        // The same answer again is no change.
        table.observe(of(0), fresh(0, &[(1, 2)], 1, 1));
        assert_eq!(samples(&mut table, 1).len(), 2);
        table.observe(of(0), fresh(0, &[(1, 2)], 9, 2));
        let left = samples(&mut table, 2);
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].digest, [9; 16]);
    }
}
