//! The newest purge of everything that a pattern can name, arranged for lookup by identity.
//!
//! Exact paths and queries by map (keyed hashes, so that chosen paths cannot collide), beginnings
//! by radix tree, whole distributions and everything by plain numbers. A lookup is linear in the
//! length of the identity and does not depend on how many purges there are.
//!
//! Invariants: hard and soft purges are kept apart; purges are forgotten from the oldest on, so
//! what is not newer than the forgotten one may go with it; what holds nothing is removed.
//!
//! Not here: what is forgotten when, and what a purge means for an entry (the ledger's).

use std::collections::HashMap;
use std::sync::Arc;

use super::pattern::{Identity, PathPattern, QueryForm, QueryPattern};
use super::trie::{Latest, Prefixes};

/// All purges that are remembered.
#[derive(Debug, Default)]
pub(super) struct Table {
    everywhere: Scope,
    distributions: HashMap<Arc<str>, Scope>,
}

impl Table {
    /// Takes note of a purge; `distribution: None` is all of them.
    pub(super) fn note(
        &mut self,
        distribution: Option<&Arc<str>>,
        pattern: &PathPattern,
        revision: u64,
        soft: bool,
    ) {
        let scope = match distribution {
            None => &mut self.everywhere,
            Some(id) => self.distributions.entry(Arc::clone(id)).or_default(),
        };
        scope.note(pattern, revision, soft);
    }

    /// Forgets a purge, and older ones of the same pattern. Older ones of every pattern must have
    /// been forgotten before.
    pub(super) fn forget(
        &mut self,
        distribution: Option<&Arc<str>>,
        pattern: &PathPattern,
        revision: u64,
    ) {
        let Some(id) = distribution else {
            return self.everywhere.forget(pattern, revision);
        };
        if let Some(scope) = self.distributions.get_mut(id) {
            scope.forget(pattern, revision);
            if scope.is_empty() {
                self.distributions.remove(id);
            }
        }
    }

    /// The newest purges that take this object.
    pub(super) fn latest(&self, identity: &Identity) -> Latest {
        let mut found = self.everywhere.latest(identity);
        if let Some(scope) = self.distributions.get(&identity.distribution) {
            found.merge(scope.latest(identity));
        }
        found
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.everywhere.is_empty() && self.distributions.is_empty()
    }
}

#[derive(Debug, Default)]
struct Scope {
    all: Latest,
    exact: HashMap<Arc<[u8]>, Queries>,
    prefixes: Prefixes,
}

impl Scope {
    fn note(&mut self, pattern: &PathPattern, revision: u64, soft: bool) {
        match pattern {
            PathPattern::All => self.all.note(revision, soft),
            PathPattern::Prefix { path, .. } => self.prefixes.note(path, revision, soft),
            PathPattern::Exact { path, query, .. } => self
                .exact
                .entry(Arc::clone(path))
                .or_default()
                .note(query, revision, soft),
        }
    }

    fn forget(&mut self, pattern: &PathPattern, revision: u64) {
        match pattern {
            PathPattern::All => self.all.forget(revision),
            PathPattern::Prefix { path, .. } => self.prefixes.forget(path, revision),
            PathPattern::Exact { path, query, .. } => {
                if let Some(queries) = self.exact.get_mut(path) {
                    queries.forget(query, revision);
                    if queries.is_empty() {
                        self.exact.remove(path);
                    }
                }
            }
        }
    }

    fn latest(&self, identity: &Identity) -> Latest {
        let mut found = self.all;
        for path in &identity.paths {
            if let Some(queries) = self.exact.get(&**path) {
                found.merge(queries.latest(&identity.query));
            }
            found.merge(self.prefixes.latest(path));
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.all.is_none() && self.exact.is_empty() && self.prefixes.is_empty()
    }
}

/// The purges of one path.
#[derive(Debug, Default)]
struct Queries {
    /// Patterns without `?`.
    any: Latest,
    /// The newest of all patterns with `?`: an object that answers every query is taken by each.
    some: Latest,
    exact: HashMap<Arc<[u8]>, Latest>,
    prefixes: Prefixes,
}

impl Queries {
    fn note(&mut self, query: &QueryPattern, revision: u64, soft: bool) {
        match query {
            QueryPattern::Any => return self.any.note(revision, soft),
            QueryPattern::Exact(query) => self
                .exact
                .entry(Arc::clone(query))
                .or_default()
                .note(revision, soft),
            QueryPattern::Prefix(begin) => self.prefixes.note(begin, revision, soft),
        }
        self.some.note(revision, soft);
    }

    fn forget(&mut self, query: &QueryPattern, revision: u64) {
        match query {
            QueryPattern::Any => return self.any.forget(revision),
            QueryPattern::Exact(query) => {
                if let Some(latest) = self.exact.get_mut(query) {
                    latest.forget(revision);
                    if latest.is_none() {
                        self.exact.remove(query);
                    }
                }
            }
            QueryPattern::Prefix(begin) => self.prefixes.forget(begin, revision),
        }
        self.some.forget(revision);
    }

    fn latest(&self, query: &QueryForm) -> Latest {
        let mut found = self.any;
        match query {
            QueryForm::All => found.merge(self.some),
            QueryForm::Exact(query) => {
                if let Some(latest) = self.exact.get(&**query) {
                    found.merge(*latest);
                }
                found.merge(self.prefixes.latest(query));
            }
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.any.is_none() && self.exact.is_empty() && self.prefixes.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern() -> impl Strategy<Value = PathPattern> {
        prop_oneof!["/[ab]{0,2}(\\?[xy]{0,2})?\\*?", Just("*".to_string()),]
            .prop_map(|text| PathPattern::parse(&text).unwrap())
    }

    fn distribution() -> impl Strategy<Value = Arc<str>> {
        prop_oneof![Just("E1"), Just("E2")].prop_map(Arc::from)
    }

    fn identity() -> impl Strategy<Value = Identity> {
        let query = prop_oneof![
            Just(QueryForm::All),
            "[xy]{0,3}".prop_map(|q| QueryForm::Exact(q.into_bytes().into())),
        ];
        let paths = prop::collection::vec("/[ab]{0,3}", 0..3);
        (distribution(), paths, query).prop_map(|(distribution, paths, query)| Identity {
            distribution,
            paths: paths.into_iter().map(|p| p.into_bytes().into()).collect(),
            query,
        })
    }

    proptest! {
        /// Against a list that is matched pattern by pattern.
        #[test]
        fn it_answers_as_a_list_does(
            purges in prop::collection::vec((prop::option::of(distribution()), pattern(), any::<bool>()), 1..30),
            objects in prop::collection::vec(identity(), 1..10),
        ) {
            let mut table = Table::default();
            let revision = |index: usize| index as u64 + 1;
            for (index, (distribution, pattern, soft)) in purges.iter().enumerate() {
                table.note(distribution.as_ref(), pattern, revision(index), *soft);
            }
            for forgotten in 0..=purges.len() {
                for object in &objects {
                    let mut expected = Latest::default();
                    for (index, (distribution, pattern, soft)) in purges.iter().enumerate().skip(forgotten) {
                        let here = distribution.as_ref().is_none_or(|d| *d == object.distribution);
                        if here && pattern.matches(object) {
                            expected.note(revision(index), *soft);
                        }
                    }
                    prop_assert_eq!(table.latest(object), expected, "{:?}", object);
                }
                prop_assert_eq!(table.is_empty(), forgotten == purges.len());
                if let Some((distribution, pattern, _)) = purges.get(forgotten) {
                    table.forget(distribution.as_ref(), pattern, revision(forgotten));
                }
            }
        }
    }
}
