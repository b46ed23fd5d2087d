//! The ledger: what was purged, and whether an answer may still be used.
//!
//! Every change (an invalidation, an epoch) gets the next *revision*, a number of this process
//! only. An entry bears the revision at which its origin request was handed to the connection (its
//! stamp) and the one up to which it was found alive (`checked`); the greater of the two is what is
//! *known* of it.
//!
//! Invariants:
//! * an entry is judged by one snapshot of records, floor and head; `checked` becomes the revision
//!   of that snapshot, never a later one, and never passes a soft match;
//! * whatever was forgotten lies at or below the *floor*, and what is not known up to the floor is
//!   dead: forgetting can kill too much, never too little;
//! * at most `capacity` records are held.
//!
//! Not here: where invalidations come from, whether the edge may trust its ledger at the moment
//! (the lease), and who removes dead entries.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, RwLock, RwLockReadGuard, RwLockWriteGuard};

use super::invalidation::Invalidation;
use super::pattern::{Identity, PathPattern};
use super::stamp::{Checked, Position, Stamp};
use super::table::Table;

/// Default capacity in records; each path of an invalidation counts as one.
///
/// A record costs some 350 bytes besides about three times its path's length.
pub const DEFAULT_CAPACITY: usize = 65_536;

/// The invalidations that may still concern something held.
pub struct Ledger {
    /// The newest revision: what every hit compares with.
    head: Head,
    capacity: usize,
    state: RwLock<State>,
}

/// What an entry may be used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Liveness {
    /// Nothing that was purged concerns it.
    Alive,
    /// A soft invalidation took it: stale from now on, whatever its lifetime says.
    Soft,
    /// As if it had never been stored: not served, not validated with, not merged into.
    Dead,
}

/// What an entry may be used for, and why.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Standing {
    /// Nothing that was purged concerns it.
    Alive,
    /// An invalidation took it.
    Taken(Taken),
    /// It is of an epoch before this one.
    OldEpoch,
    /// What was forgotten might have taken it.
    Unknown,
}

/// An invalidation that took an object.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Taken {
    /// Its id.
    pub id: Arc<str>,
    /// Whether it made the object stale, and did not take it altogether.
    pub soft: bool,
}

impl Standing {
    /// What it comes to.
    #[must_use]
    pub const fn liveness(&self) -> Liveness {
        match self {
            Self::Alive => Liveness::Alive,
            Self::Taken(Taken { soft: true, .. }) => Liveness::Soft,
            Self::Taken(_) | Self::OldEpoch | Self::Unknown => Liveness::Dead,
        }
    }
}

/// The revision at which a sweep began; see [`Ledger::retire`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Mark(u64);

impl Ledger {
    /// A ledger that begins after the invalidation `seq`, for an edge that holds nothing older.
    ///
    /// `capacity` is in records ([`DEFAULT_CAPACITY`]); with 0 every purge is a purge of everything.
    pub fn new(epoch: u64, seq: u64, capacity: usize) -> Self {
        let state = State {
            position: Position {
                epoch,
                seq,
                local: 0,
            },
            revision: 1,
            floor: 0,
            records: VecDeque::new(),
            held: 0,
            table: Table::default(),
        };
        Self {
            head: Head(AtomicU64::new(state.revision)),
            capacity,
            state: RwLock::new(state),
        }
    }

    /// The stamp of an origin request; to be taken when it is handed to the connection, after every
    /// queue and permit.
    pub fn stamp(&self) -> Stamp {
        let state = self.read();
        Stamp {
            position: state.position,
            revision: state.revision,
        }
    }

    /// The last invalidation applied.
    pub fn position(&self) -> Position {
        self.read().position
    }

    /// Applies the journal's invalidation number `seq`. When this returns, nothing older that it
    /// takes is alive.
    ///
    /// One that was applied before (`seq` not above the position's) changes nothing. A gap means
    /// that an invalidation was missed: the epoch is raised, which takes everything.
    pub fn apply(&self, seq: u64, invalidation: &Invalidation) {
        let mut state = self.write();
        let held = state.position.seq;
        if seq <= held {
            return;
        }
        state.position.seq = seq;
        // Cannot wrap: `held` is below `seq`.
        if seq == held + 1 {
            state.note(invalidation, self.capacity);
        } else {
            state.raise_epoch();
        }
        self.publish(&state);
    }

    /// Applies one of the edge's own invalidations (an unsafe method succeeded, RFC 9111
    /// section 4.4), which is in no journal.
    pub fn apply_own(&self, invalidation: &Invalidation) {
        let mut state = self.write();
        state.position.local += 1;
        state.note(invalidation, self.capacity);
        self.publish(&state);
    }

    /// Continuity is in doubt: everything held is dead from now on.
    pub fn raise_epoch(&self) {
        let mut state = self.write();
        state.raise_epoch();
        self.publish(&state);
    }

    /// Whether what bears this stamp may be used now; to be asked when an answer is handed over.
    ///
    /// One atomic compare if nothing was applied since the last time; else a lookup under a read
    /// lock, linear in the length of the identity.
    pub fn judge(&self, stamp: &Stamp, checked: &Checked, identity: &Identity) -> Liveness {
        if known(stamp, checked) == self.head.0.load(Ordering::Acquire) {
            return Liveness::Alive;
        }
        let state = self.read();
        let standing = state.standing(stamp, checked, identity);
        if standing == Standing::Alive {
            checked.raise(state.revision);
        }
        standing.liveness()
    }

    /// As [`Ledger::judge`], with the reason, and without leaving a mark: for whoever only looks.
    pub fn standing(&self, stamp: &Stamp, checked: &Checked, identity: &Identity) -> Standing {
        self.read().standing(stamp, checked, identity)
    }

    /// The newest invalidation held that takes this object.
    pub fn latest(&self, identity: &Identity) -> Option<Taken> {
        let state = self.read();
        let latest = state.table.latest(identity);
        state.taken(latest.hard.max(latest.soft), latest.soft > latest.hard)
    }

    /// Begins a sweep: after this, judge every entry held, remove the dead, then [`Self::retire`].
    pub fn sweep_mark(&self) -> Mark {
        Mark(self.read().revision)
    }

    /// Ends a sweep: forgets the records up to `mark`.
    ///
    /// What was not found alive since the mark is dead from now on: an entry that the sweep did not
    /// reach, a fill that began before it, and an entry that is soft, whose softness would be
    /// forgotten otherwise.
    pub fn retire(&self, mark: Mark) {
        let mut state = self.write();
        while state
            .records
            .front()
            .is_some_and(|record| record.revision <= mark.0)
        {
            state.forget_oldest();
        }
        state.floor = state.floor.max(mark.0.min(state.revision));
    }

    /// How many records are held, a path each.
    pub fn len(&self) -> usize {
        self.read().held
    }

    /// Whether no record is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether more than three quarters of the capacity are in use: time to sweep, before an
    /// overflow takes what nobody had the time to check.
    pub fn needs_sweep(&self) -> bool {
        self.len().saturating_mul(4) > self.capacity.saturating_mul(3)
    }

    /// To be called before the lock is let go: whoever sees the new head finds its records.
    fn publish(&self, state: &State) {
        self.head.0.store(state.revision, Ordering::Release);
    }

    fn read(&self) -> RwLockReadGuard<'_, State> {
        if let Ok(state) = self.state.read() {
            return state;
        }
        drop(self.write());
        // Poisoned once more in between: still a whole number of steps behind, and mended by the
        // next writer.
        self.state
            .read()
            .unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        match self.state.write() {
            Ok(state) => state,
            Err(poisoned) => {
                // A writer panicked half-way, so what the records hold is in doubt.
                let mut state = poisoned.into_inner();
                self.state.clear_poison();
                state.raise_epoch();
                self.publish(&state);
                state
            }
        }
    }
}

impl fmt::Debug for Ledger {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.read();
        f.debug_struct("Ledger")
            .field("position", &state.position)
            .field("revision", &state.revision)
            .field("floor", &state.floor)
            .field("records", &state.held)
            .finish_non_exhaustive()
    }
}

/// A cache line of its own: readers of the lock beside it write to theirs.
#[repr(align(128))]
struct Head(AtomicU64);

struct State {
    position: Position,
    revision: u64,
    /// The newest revision that was forgotten or declared checked.
    floor: u64,
    /// Oldest first; one for each invalidation.
    records: VecDeque<Record>,
    /// Paths in `records`.
    held: usize,
    table: Table,
}

struct Record {
    revision: u64,
    id: Arc<str>,
    distribution: Option<Arc<str>>,
    paths: Box<[PathPattern]>,
}

impl State {
    fn standing(&self, stamp: &Stamp, checked: &Checked, identity: &Identity) -> Standing {
        if stamp.position.epoch != self.position.epoch {
            return Standing::OldEpoch;
        }
        // `checked` again, under the lock: a sweep may have moved it up and the floor after it. An
        // old epoch lies below the floor, too; the comparison above does not lean on that.
        if known(stamp, checked) < self.floor {
            return Standing::Unknown;
        }
        let latest = self.table.latest(identity);
        let taken = |revision, soft| match self.taken(revision, soft) {
            Some(taken) => Standing::Taken(taken),
            // What the table holds has a record.
            None => Standing::Unknown,
        };
        if latest.hard > stamp.revision {
            taken(latest.hard, false)
        } else if latest.soft > stamp.revision {
            taken(latest.soft, true)
        } else {
            Standing::Alive
        }
    }

    /// The invalidation of that revision, if its record is held.
    fn taken(&self, revision: u64, soft: bool) -> Option<Taken> {
        let at = self
            .records
            .binary_search_by_key(&revision, |record| record.revision)
            .ok()?;
        let id = Arc::clone(&self.records[at].id);
        Some(Taken { id, soft })
    }

    fn note(&mut self, invalidation: &Invalidation, capacity: usize) {
        self.revision += 1;
        let record = Record {
            revision: self.revision,
            id: Arc::from(&*invalidation.id),
            distribution: invalidation.distribution.as_deref().map(Arc::from),
            paths: invalidation.paths.as_slice().into(),
        };
        let distribution = record.distribution.as_ref();
        for path in &record.paths {
            self.table
                .note(distribution, path, record.revision, invalidation.soft);
        }
        self.held += record.paths.len();
        self.records.push_back(record);
        while self.held > capacity {
            self.forget_oldest();
        }
    }

    /// Whole records only: the floor at a revision stands for all paths of its invalidation.
    fn forget_oldest(&mut self) {
        let Some(record) = self.records.pop_front() else {
            return;
        };
        for path in &record.paths {
            self.table
                .forget(record.distribution.as_ref(), path, record.revision);
        }
        self.held -= record.paths.len();
        self.floor = self.floor.max(record.revision);
    }

    fn raise_epoch(&mut self) {
        self.position.epoch = self.position.epoch.saturating_add(1);
        self.revision += 1;
        self.floor = self.revision;
        self.records.clear();
        self.held = 0;
        self.table = Table::default();
    }
}

fn known(stamp: &Stamp, checked: &Checked) -> u64 {
    stamp.revision.max(checked.revision())
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;
    use std::thread;

    use proptest::prelude::*;

    use super::super::pattern::QueryForm;
    use super::Liveness::{Alive, Dead, Soft};
    use super::*;

    fn purge(distribution: Option<&str>, paths: &[&str], soft: bool) -> Invalidation {
        Invalidation {
            id: "I".into(),
            distribution: distribution.map(String::from),
            paths: paths
                .iter()
                .map(|p| PathPattern::parse(p).unwrap())
                .collect(),
            soft,
            created: 0,
            caller_reference: None,
            by: None,
        }
    }

    fn hard(path: &str) -> Invalidation {
        purge(Some("E1"), &[path], false)
    }

    fn soft(path: &str) -> Invalidation {
        purge(Some("E1"), &[path], true)
    }

    fn object(path: &str) -> Identity {
        Identity {
            distribution: "E1".into(),
            paths: vec![path.as_bytes().into()],
            query: QueryForm::All,
        }
    }

    /// Something held: what a store keeps beside a body.
    struct Entry {
        stamp: Stamp,
        checked: Checked,
        identity: Identity,
    }

    impl Entry {
        fn new(ledger: &Ledger, identity: Identity) -> Self {
            let stamp = ledger.stamp();
            Self {
                stamp,
                checked: Checked::new(&stamp),
                identity,
            }
        }

        fn judge(&self, ledger: &Ledger) -> Liveness {
            ledger.judge(&self.stamp, &self.checked, &self.identity)
        }
    }

    const fn at(epoch: u64, seq: u64, local: u64) -> Position {
        Position { epoch, seq, local }
    }

    #[test]
    fn a_fill_begun_before_a_purge_is_born_dead() {
        let ledger = Ledger::new(1, 10, 100);
        let before = Entry::new(&ledger, object("/a"));
        ledger.apply(11, &hard("/a"));
        let after = Entry::new(&ledger, object("/a"));
        assert_eq!(before.judge(&ledger), Dead);
        assert_eq!(after.judge(&ledger), Alive);
        assert_eq!(before.stamp.position, at(1, 10, 0));
        assert_eq!(after.stamp.position, at(1, 11, 0));
    }

    #[test]
    fn every_kind_of_matcher_takes_what_it_names_and_nothing_else() {
        let table = [
            (purge(Some("E1"), &["/a"], false), Dead),
            (purge(Some("E1"), &["/x", "/a"], false), Dead),
            (purge(Some("E1"), &["/a?q"], false), Dead),
            (purge(Some("E1"), &["/*"], false), Dead),
            (purge(None, &["/a*"], false), Dead),
            (purge(None, &["*"], false), Dead),
            (purge(None, &["*"], true), Soft),
            (purge(Some("E1"), &["/b*"], false), Alive),
            (purge(Some("E2"), &["/*"], false), Alive),
            (purge(Some("E2"), &["/a"], false), Alive),
        ];
        for (invalidation, expected) in table {
            let ledger = Ledger::new(1, 0, 100);
            let entry = Entry::new(&ledger, object("/a"));
            ledger.apply(1, &invalidation);
            assert_eq!(entry.judge(&ledger), expected, "{invalidation:?}");
        }
    }

    #[test]
    fn soft_stays_soft_until_a_new_stamp_or_a_hard_purge() {
        let ledger = Ledger::new(1, 0, 100);
        let entry = Entry::new(&ledger, object("/a"));
        ledger.apply(1, &soft("/a"));
        assert_eq!(entry.judge(&ledger), Soft);
        assert_eq!(entry.judge(&ledger), Soft, "judging must not wear it off");
        let renewed = Entry::new(&ledger, object("/a"));
        assert_eq!(renewed.judge(&ledger), Alive);
        ledger.apply(2, &hard("/a"));
        ledger.apply(3, &soft("/a"));
        assert_eq!(entry.judge(&ledger), Dead, "a later soft one hides nothing");
        assert_eq!(renewed.judge(&ledger), Dead);
    }

    #[test]
    fn an_invalidation_counts_once_and_a_gap_is_an_epoch() {
        let ledger = Ledger::new(1, 10, 100);
        ledger.apply(11, &hard("/b"));
        let entry = Entry::new(&ledger, object("/a"));
        for seq in [0, 10, 11] {
            ledger.apply(seq, &hard("/a"));
        }
        assert_eq!(entry.judge(&ledger), Alive, "old numbers change nothing");
        assert_eq!((ledger.position(), ledger.len()), (at(1, 11, 0), 1));
        ledger.apply(13, &hard("/b"));
        assert_eq!(entry.judge(&ledger), Dead, "12 may have taken it");
        assert_eq!((ledger.position(), ledger.len()), (at(2, 13, 0), 0));
        assert_eq!(Entry::new(&ledger, object("/a")).judge(&ledger), Alive);
        ledger.apply(u64::MAX, &hard("/b"));
        ledger.apply(u64::MAX, &hard("/b"));
        assert_eq!(ledger.position(), at(3, u64::MAX, 0));
    }

    #[test]
    fn an_epoch_takes_all_that_is_held_and_all_that_is_under_way() {
        for epoch in [1, u64::MAX] {
            let ledger = Ledger::new(epoch, 0, 100);
            let entry = Entry::new(&ledger, object("/a"));
            assert_eq!(entry.judge(&ledger), Alive);
            ledger.raise_epoch();
            assert_eq!(entry.judge(&ledger), Dead);
            let unchecked = Checked::default();
            let judged = ledger.judge(&entry.stamp, &unchecked, &entry.identity);
            assert_eq!(judged, Dead);
            assert_eq!(Entry::new(&ledger, object("/a")).judge(&ledger), Alive);
        }
    }

    #[test]
    fn the_edges_own_invalidations_count_locally() {
        let ledger = Ledger::new(1, 10, 100);
        let entry = Entry::new(&ledger, object("/a"));
        ledger.apply_own(&hard("/a"));
        assert_eq!(entry.judge(&ledger), Dead);
        assert_eq!(ledger.position(), at(1, 10, 1));
        ledger.apply(11, &hard("/b"));
        assert_eq!(ledger.position(), at(1, 11, 1));
        assert!(ledger.stamp().position > entry.stamp.position);
    }

    /// Leaves the lock as a writer does that panics.
    fn poison(ledger: &Ledger) {
        thread::scope(|scope| {
            let half_way = scope.spawn(|| {
                let _held = ledger.state.write().unwrap();
                panic!("half-way");
            });
            assert!(half_way.join().is_err());
        });
    }

    #[test]
    fn an_unchanged_ledger_is_judged_without_the_lock() {
        let ledger = Ledger::new(1, 0, 100);
        let entry = Entry::new(&ledger, object("/b"));
        ledger.apply(1, &hard("/a"));
        assert_eq!(entry.judge(&ledger), Alive);
        // Whoever takes the lock finds it poisoned and raises the epoch.
        poison(&ledger);
        assert_eq!(entry.judge(&ledger), Alive);
        assert_eq!(ledger.position().epoch, 2);
    }

    #[test]
    fn a_sweep_lets_records_go_and_spares_what_was_checked() {
        let ledger = Ledger::new(1, 0, 100);
        let checked = Entry::new(&ledger, object("/b"));
        let softened = Entry::new(&ledger, object("/s"));
        let filling = Entry::new(&ledger, object("/c"));
        ledger.apply(1, &hard("/a"));
        ledger.apply(2, &soft("/s"));
        let mark = ledger.sweep_mark();
        ledger.apply(3, &hard("/d"));
        let late = Entry::new(&ledger, object("/d"));
        assert_eq!(checked.judge(&ledger), Alive);
        assert_eq!(softened.judge(&ledger), Soft);
        ledger.retire(mark);
        assert_eq!(ledger.len(), 1, "what came after the mark stays");
        assert_eq!(checked.judge(&ledger), Alive);
        assert_eq!(late.judge(&ledger), Alive);
        assert_eq!(filling.judge(&ledger), Dead, "nobody checked it");
        assert_eq!(softened.judge(&ledger), Dead, "its softness is forgotten");
        assert!(!ledger.state.read().unwrap().table.is_empty());
        ledger.retire(ledger.sweep_mark());
        assert!(ledger.is_empty());
        assert!(ledger.state.read().unwrap().table.is_empty());
    }

    #[test]
    fn a_mark_of_the_past_or_of_another_ledger_lowers_nothing() {
        let ledger = Ledger::new(1, 0, 100);
        let old = ledger.sweep_mark();
        ledger.apply(1, &hard("/a"));
        ledger.retire(Mark(u64::MAX));
        let entry = Entry::new(&ledger, object("/b"));
        ledger.retire(old);
        assert_eq!(entry.judge(&ledger), Alive);
        let forged = Stamp {
            revision: 1,
            ..entry.stamp
        };
        ledger.apply(2, &hard("/c"));
        let judged = ledger.judge(&forged, &Checked::default(), &object("/b"));
        assert_eq!(judged, Dead, "the floor must not have come down");
        assert_eq!(entry.judge(&ledger), Alive, "nor have gone beyond the head");
    }

    #[test]
    fn an_overflow_takes_the_unchecked_and_only_them() {
        let ledger = Ledger::new(1, 0, 4);
        let unchecked = Entry::new(&ledger, object("/z"));
        let checked = Entry::new(&ledger, object("/y"));
        for seq in 1..=3 {
            ledger.apply(seq, &hard(&format!("/{seq}")));
            assert!(!ledger.needs_sweep());
        }
        ledger.apply(4, &hard("/4"));
        assert!(ledger.needs_sweep());
        assert_eq!(checked.judge(&ledger), Alive);
        ledger.apply(5, &hard("/5"));
        assert_eq!(ledger.len(), 4);
        assert_eq!(checked.judge(&ledger), Alive);
        assert_eq!(unchecked.judge(&ledger), Dead);
    }

    #[test]
    fn one_invalidation_over_the_capacity_takes_everything() {
        for capacity in [0, 2] {
            let ledger = Ledger::new(1, 0, capacity);
            let entry = Entry::new(&ledger, object("/z"));
            ledger.apply(1, &purge(None, &["/a", "/b", "/c"], true));
            assert_eq!(ledger.len(), 0);
            assert_eq!(entry.judge(&ledger), Dead);
            assert_eq!(Entry::new(&ledger, object("/a")).judge(&ledger), Alive);
        }
    }

    #[test]
    fn a_writer_that_panics_costs_an_epoch_and_no_more() {
        let ledger = Ledger::new(1, 0, 100);
        let entry = Entry::new(&ledger, object("/a"));
        ledger.apply(1, &hard("/b"));
        poison(&ledger);
        assert_eq!(entry.judge(&ledger), Dead);
        assert_eq!(ledger.position(), at(2, 1, 0));
        let after = Entry::new(&ledger, object("/a"));
        assert_eq!(after.judge(&ledger), Alive);
        ledger.apply(2, &hard("/a"));
        assert_eq!(after.judge(&ledger), Dead);
    }

    #[test]
    fn when_apply_has_returned_nothing_older_is_alive_on_any_thread() {
        const PATHS: usize = 400;
        // Small enough that the floor rises all the while, too.
        const CAPACITY: usize = 16;
        let ledger = Ledger::new(1, 0, CAPACITY);
        let applied = AtomicUsize::new(0);
        let entries: Vec<Entry> = (0..PATHS)
            .map(|i| Entry::new(&ledger, object(&format!("/p{i}"))))
            .collect();
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    loop {
                        let done = applied.load(Ordering::Acquire);
                        for (i, entry) in entries.iter().enumerate() {
                            let judged = entry.judge(&ledger);
                            assert!(i >= done || judged == Dead, "{i} of {done}: {judged:?}");
                        }
                        if done == PATHS {
                            break;
                        }
                        let gone = Entry::new(&ledger, object(&format!("/p{}", done / 2)));
                        let judged = gone.judge(&ledger);
                        // A thread that was held up while the ledger overflowed finds the floor above
                        // its entry; else nothing can have made it dead.
                        let overflowed = applied.load(Ordering::Acquire) + 1 >= done + CAPACITY;
                        assert!(
                            done == 0 || judged == Alive || overflowed,
                            "asked for after its purge"
                        );
                    }
                });
            }
            scope.spawn(|| {
                for i in 0..PATHS {
                    let path = format!("/p{i}");
                    let pattern = if i % 2 == 0 { path } else { format!("{path}*") };
                    ledger.apply(i as u64 + 1, &hard(&pattern));
                    applied.store(i + 1, Ordering::Release);
                }
            });
        });
    }

    #[derive(Clone, Debug)]
    enum Step {
        Apply(Invalidation),
        Own(Invalidation),
        Replay(Invalidation),
        Gap(Invalidation),
        Epoch,
        Enter(Identity),
        Judge(prop::sample::Index),
        Mark,
        Sweep,
        RetireUnchecked,
    }

    fn step() -> impl Strategy<Value = Step> {
        let distribution = prop::option::of(prop_oneof![Just("E1"), Just("E2")]);
        let path = "/[ab]{0,2}(\\?[xy]?)?\\*?";
        let paths = prop::collection::vec(path, 1..4);
        let invalidation = (distribution, paths, any::<bool>()).prop_map(|(d, paths, soft)| {
            let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
            purge(d, &paths, soft)
        });
        let query = prop_oneof![
            Just(QueryForm::All),
            "[xy]?".prop_map(|q| QueryForm::Exact(q.into_bytes().into())),
        ];
        let identity = ("E[12]", prop::collection::vec("/[ab]{0,3}", 1..3), query).prop_map(
            |(distribution, paths, query)| Identity {
                distribution: distribution.into(),
                paths: paths.into_iter().map(|p| p.into_bytes().into()).collect(),
                query,
            },
        );
        prop_oneof![
            8 => invalidation.clone().prop_map(Step::Apply),
            2 => invalidation.clone().prop_map(Step::Own),
            1 => invalidation.clone().prop_map(Step::Replay),
            1 => invalidation.prop_map(Step::Gap),
            1 => Just(Step::Epoch),
            6 => identity.prop_map(Step::Enter),
            8 => any::<prop::sample::Index>().prop_map(Step::Judge),
            1 => Just(Step::Mark),
            2 => Just(Step::Sweep),
            1 => Just(Step::RetireUnchecked),
        ]
    }

    /// The ledger as its documentation has it, by lists that forget nothing.
    struct Reference {
        capacity: usize,
        position: Position,
        revision: u64,
        floor: u64,
        every: Vec<(u64, Invalidation)>,
        held: VecDeque<(u64, usize)>,
        entries: Vec<(Entry, Position, u64, u64)>,
    }

    impl Reference {
        fn note(&mut self, invalidation: &Invalidation) {
            self.revision += 1;
            self.every.push((self.revision, invalidation.clone()));
            self.held
                .push_back((self.revision, invalidation.paths.len()));
            while self.len() > self.capacity {
                self.floor = self.held.pop_front().unwrap().0;
            }
        }

        fn epoch(&mut self) {
            self.revision += 1;
            self.position.epoch += 1;
            self.floor = self.revision;
            self.held.clear();
        }

        fn retire(&mut self, mark: u64) {
            self.held.retain(|(revision, _)| *revision > mark);
            self.floor = self.floor.max(mark);
        }

        fn len(&self) -> usize {
            self.held.iter().map(|(_, paths)| paths).sum()
        }

        fn judge(&mut self, index: usize) -> Liveness {
            let (entry, born, stamp, known) = &mut self.entries[index];
            let later = |soft| {
                self.every.iter().any(|(revision, invalidation)| {
                    *revision > *stamp
                        && invalidation.soft == soft
                        && invalidation.matches(&entry.identity)
                })
            };
            if born.epoch != self.position.epoch || *known < self.floor || later(false) {
                Dead
            } else if later(true) {
                Soft
            } else {
                *known = self.revision;
                Alive
            }
        }
    }

    proptest! {
        #[test]
        fn it_says_what_a_ledger_that_forgets_nothing_says(
            capacity in 0_usize..12,
            steps in prop::collection::vec(step(), 1..60),
        ) {
            let ledger = Ledger::new(1, 0, capacity);
            let mut reference = Reference {
                capacity,
                position: at(1, 0, 0),
                revision: 1,
                floor: 0,
                every: Vec::new(),
                held: VecDeque::new(),
                entries: Vec::new(),
            };
            let mut mark = (ledger.sweep_mark(), reference.revision);
            for step in steps {
                match step {
                    Step::Apply(invalidation) => {
                        reference.position.seq += 1;
                        reference.note(&invalidation);
                        ledger.apply(reference.position.seq, &invalidation);
                    }
                    Step::Own(invalidation) => {
                        reference.position.local += 1;
                        reference.note(&invalidation);
                        ledger.apply_own(&invalidation);
                    }
                    Step::Replay(invalidation) => {
                        ledger.apply(reference.position.seq, &invalidation);
                    }
                    Step::Gap(invalidation) => {
                        reference.position.seq += 2;
                        reference.epoch();
                        ledger.apply(reference.position.seq, &invalidation);
                    }
                    Step::Epoch => {
                        reference.epoch();
                        ledger.raise_epoch();
                    }
                    Step::Enter(identity) => {
                        let now = reference.revision;
                        let entry = Entry::new(&ledger, identity);
                        prop_assert_eq!(entry.stamp.position, reference.position);
                        reference.entries.push((entry, reference.position, now, now));
                    }
                    Step::Judge(index) if !reference.entries.is_empty() => {
                        let index = index.index(reference.entries.len());
                        let expected = reference.judge(index);
                        prop_assert_eq!(reference.entries[index].0.judge(&ledger), expected);
                    }
                    Step::Judge(_) => {}
                    Step::Mark => mark = (ledger.sweep_mark(), reference.revision),
                    Step::Sweep => {
                        for index in 0..reference.entries.len() {
                            let expected = reference.judge(index);
                            prop_assert_eq!(reference.entries[index].0.judge(&ledger), expected);
                        }
                        reference.retire(mark.1);
                        ledger.retire(mark.0);
                    }
                    Step::RetireUnchecked => {
                        reference.retire(mark.1);
                        ledger.retire(mark.0);
                    }
                }
                prop_assert_eq!(ledger.position(), reference.position);
                prop_assert_eq!(ledger.len(), reference.len());
                prop_assert!(ledger.len() <= capacity);
            }
            for index in 0..reference.entries.len() {
                let expected = reference.judge(index);
                prop_assert_eq!(reference.entries[index].0.judge(&ledger), expected);
            }
        }
    }
}
