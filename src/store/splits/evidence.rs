//! What the samples say of each part: pure, over all pairs of samples of one path.
//!
//! The same answer under two keys says that none of the parts in which they differ mattered, however many
//! these are: the parameters of a campaign come together. Another answer says that at least one of them did:
//! surely, where they differ in that one alone; else it is a doubt about each, unless one of them is known to
//! matter.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::parts::is_parameter;
use super::table::Sample;

/// What is known of a part.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Evidence {
    /// Pairs that differ in it, and perhaps in others, with the same answer.
    pub(super) alike: u64,
    /// Pairs that differ in it alone, with another answer.
    pub(super) different: u64,
    /// Pairs with another answer that differ in it and in others, of which none is known to matter.
    pub(super) doubtful: u64,
    /// Distinct values, without that of those that do not have it.
    pub(super) values: u64,
    /// Bytes that are stored again because of it, at the most.
    pub(super) bytes: u64,
}

/// What the samples of these paths say. `order` is the id of the order of the query.
pub(super) fn weigh(paths: &[Vec<Sample>], order: u64) -> HashMap<u64, Evidence> {
    let mut found: HashMap<u64, Evidence> = HashMap::new();
    let mut values: HashSet<(u64, u64)> = HashSet::new();
    for path in paths {
        values.extend(path.iter().flat_map(|sample| sample.values.iter().copied()));
        for (same, differing) in pairs(path, order) {
            match (same, &*differing) {
                (true, all) => {
                    for id in all {
                        found.entry(*id).or_default().alike += 1;
                    }
                }
                (false, [id]) => found.entry(*id).or_default().different += 1,
                (false, _) => {}
            }
        }
        for (id, bytes) in repeated(path, order) {
            found.entry(id).or_default().bytes += bytes;
        }
    }
    for (id, _) in values {
        found.entry(id).or_default().values += 1;
    }
    // Only now is it known what matters.
    let matters: HashSet<u64> = found
        .iter()
        .filter(|(_, evidence)| evidence.different > 0)
        .map(|(id, _)| *id)
        .collect();
    for path in paths {
        for (same, differing) in pairs(path, order) {
            let explained = same || differing.iter().any(|id| matters.contains(id));
            if !explained {
                for id in differing {
                    found.entry(id).or_default().doubtful += 1;
                }
            }
        }
    }
    found
}

/// Each pair of samples: whether the answer is the same, and the parts in which they differ.
fn pairs(path: &[Sample], order: u64) -> impl Iterator<Item = (bool, Vec<u64>)> + '_ {
    let firsts = path.iter().enumerate();
    let both = firsts.flat_map(|(at, one)| path[at + 1..].iter().map(move |other| (one, other)));
    both.map(move |(one, other)| {
        let same = one.digest == other.digest && one.bytes == other.bytes;
        (same, differing(one, other, order))
    })
}

/// The parts that only one of two has, or in another value; the order, if no parameter differs.
fn differing(one: &Sample, other: &Sample, order: u64) -> Vec<u64> {
    let (mut a, mut b) = (&*one.values, &*other.values);
    let mut found = Vec::new();
    loop {
        match (a, b) {
            ([], []) => break,
            ([(first, left), rest @ ..], [(second, right), others @ ..]) if first == second => {
                if left != right {
                    found.push(*first);
                }
                (a, b) = (rest, others);
            }
            ([(first, _), rest @ ..], [(second, _), ..]) if first < second => {
                found.push(*first);
                a = rest;
            }
            ([(first, _), rest @ ..], []) => {
                found.push(*first);
                a = rest;
            }
            (_, [(second, _), others @ ..]) => {
                found.push(*second);
                b = others;
            }
        }
    }
    // A parameter makes the whole query differ, too.
    if !found.iter().any(|id| is_parameter(*id)) && one.query != other.query {
        found.push(order);
    }
    found
}

/// For each part the bytes that the same answer is stored again under its values.
fn repeated(path: &[Sample], order: u64) -> HashMap<u64, u64> {
    let mut groups: BTreeMap<([u8; 16], u64), Vec<&Sample>> = BTreeMap::new();
    for sample in path {
        let group = groups.entry((sample.digest, sample.bytes)).or_default();
        group.push(sample);
    }
    let mut found = HashMap::new();
    for ((_, bytes), group) in groups {
        let ids: HashSet<u64> = group
            .iter()
            .flat_map(|sample| sample.values.iter().map(|(id, _)| *id))
            .collect();
        for id in ids {
            let value = |sample: &&Sample| {
                let at = sample.values.binary_search_by_key(&id, |(id, _)| *id);
                at.ok().map(|at| sample.values[at].1)
            };
            let distinct: HashSet<Option<u64>> = group.iter().map(value).collect();
            *found.entry(id).or_default() += bytes * (distinct.len() as u64 - 1);
        }
        let sets: HashSet<&[(u64, u64)]> = group.iter().map(|sample| &*sample.values).collect();
        let again = (group.len() - sets.len()) as u64;
        *found.entry(order).or_default() += bytes * again;
    }
    found.retain(|_, bytes| *bytes > 0);
    found
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::semantics::age::Instant;

    /// The ids of parameters end in three zero bits.
    const A: u64 = 8;
    const B: u64 = 16;
    const ORDER: u64 = 1;

    fn sample(values: &[(u64, u64)], query: u64, body: u8) -> Sample {
        Sample {
            values: Arc::from(values),
            query,
            digest: [body; 16],
            bytes: 100,
            at: Instant::from_nanos(0),
        }
    }

    fn weighed(samples: &[(&[(u64, u64)], u8)]) -> HashMap<u64, Evidence> {
        let samples = samples.iter().zip(1..);
        let samples = samples.map(|((values, body), query)| sample(values, query, *body));
        weigh(&[samples.collect()], ORDER)
    }

    fn counts(found: &HashMap<u64, Evidence>, id: u64) -> (u64, u64, u64) {
        let found = found.get(&id).cloned().unwrap_or_default();
        (found.alike, found.different, found.doubtful)
    }

    #[test]
    fn parts_that_come_together_are_cleared_together() {
        let found = weighed(&[(&[], 1), (&[(A, 1), (B, 1)], 1), (&[(A, 2), (B, 2)], 1)]);
        assert_eq!(counts(&found, A), (3, 0, 0));
        assert_eq!(counts(&found, B), (3, 0, 0));
        assert_eq!((found[&A].values, found[&A].bytes), (2, 200));
    }

    #[test]
    fn of_two_that_change_together_both_are_in_doubt() {
        let found = weighed(&[(&[(A, 1), (B, 1)], 1), (&[(A, 2), (B, 2)], 2)]);
        assert_eq!(counts(&found, A), (0, 0, 1));
        assert_eq!(counts(&found, B), (0, 0, 1));
        // Until it is known which of them it is.
        let found = weighed(&[
            (&[(A, 1), (B, 1)], 1),
            (&[(A, 2), (B, 2)], 2),
            (&[(A, 1), (B, 2)], 1),
        ]);
        assert_eq!(counts(&found, A), (0, 1, 0));
        assert_eq!(counts(&found, B), (1, 0, 0));
    }

    #[test]
    fn a_part_that_is_absent_differs_from_every_value() {
        let found = weighed(&[(&[], 1), (&[(A, 1)], 2)]);
        assert_eq!(counts(&found, A), (0, 1, 0));
        assert_eq!(found[&A].bytes, 0);
    }

    #[test]
    fn the_order_counts_where_no_parameter_differs() {
        let both: &[(u64, u64)] = &[(A, 1), (B, 1)];
        let found = weighed(&[(both, 1), (both, 1)]);
        assert_eq!(counts(&found, ORDER), (1, 0, 0));
        assert_eq!(found[&ORDER].bytes, 100);
        assert_eq!(counts(&found, A), (0, 0, 0));
    }

    #[test]
    fn paths_are_not_compared_with_each_other() {
        let paths = [vec![sample(&[(A, 1)], 1, 1)], vec![sample(&[(A, 2)], 2, 1)]];
        let found = weigh(&paths, ORDER);
        assert_eq!(counts(&found, A), (0, 0, 0));
        assert_eq!(found[&A].values, 2);
    }

    /// By another way: a part's value is looked up, absent or not, for every pair in both orders.
    fn slow(path: &[(Vec<Option<u64>>, u8)]) -> Vec<(u64, u64, u64)> {
        let parts = path.first().map_or(0, |(values, _)| values.len());
        let differ = |one: &[Option<u64>], other: &[Option<u64>]| -> Vec<usize> {
            (0..parts).filter(|at| one[*at] != other[*at]).collect()
        };
        let count = |wanted: &dyn Fn(&[usize], bool) -> bool| -> u64 {
            let mut found = 0;
            for (one, body) in path {
                for (other, theirs) in path {
                    found += u64::from(wanted(&differ(one, other), body == theirs));
                }
            }
            found / 2
        };
        let different: Vec<u64> = (0..parts)
            .map(|part| count(&|differing, same| !same && differing == [part]))
            .collect();
        (0..parts)
            .map(|part| {
                let alike = count(&|differing, same| same && differing.contains(&part));
                let doubtful = count(&|differing, same| {
                    let unknown = differing.iter().all(|at| different[*at] == 0);
                    !same && differing.contains(&part) && unknown
                });
                (alike, different[part], doubtful)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn as_the_slow_way(
            path in prop::collection::vec(
                (prop::collection::vec(prop::option::of(0..3_u64), 3), 0..3_u8),
                0..10,
            ),
        ) {
            let mut path = path;
            // A key is stored once.
            path.sort();
            path.dedup_by(|one, other| one.0 == other.0);
            let samples = path.iter().zip(1..).map(|((values, body), query)| {
                let values = values.iter().zip([8, 16, 24]);
                let values: Vec<(u64, u64)> =
                    values.filter_map(|(value, id)| Some((id, (*value)?))).collect();
                sample(&values, query, *body)
            });
            let found = weigh(&[samples.collect()], ORDER);
            for (expected, id) in slow(&path).into_iter().zip([8, 16, 24]) {
                prop_assert_eq!(counts(&found, id), expected, "{}", id);
            }
        }

        /// If the answer is a function of some parts, no other is ever said to change it, and none of
        /// those that make it is cleared.
        #[test]
        fn what_matters_is_never_cleared(
            rows in prop::collection::vec(prop::collection::vec(0..4_u64, 3), 2..16),
            matters in prop::collection::vec(any::<bool>(), 3),
        ) {
            let ids = [8, 16, 24];
            let body = |row: &[u64]| -> u8 {
                let counted = row.iter().zip(&matters).filter(|(_, matters)| **matters);
                counted.fold(1, |sum, (value, _)| sum * 4 + u8::try_from(*value).unwrap_or(0))
            };
            let mut rows = rows;
            rows.sort();
            rows.dedup();
            let samples = rows.iter().zip(1..).map(|(row, query)| {
                let values: Vec<(u64, u64)> = ids.into_iter().zip(row.iter().copied()).collect();
                sample(&values, query, body(row))
            });
            let found = weigh(&[samples.collect()], ORDER);
            for (id, matters) in ids.into_iter().zip(&matters) {
                let (alike, different, _) = counts(&found, id);
                if *matters {
                    prop_assert_eq!(alike, 0, "{}", id);
                } else {
                    prop_assert_eq!(different, 0, "{}", id);
                }
            }
        }
    }
}
