//! The newest purges of every prefix, found for a key in one walk.
//!
//! A radix tree: a lookup reads the key once, however many prefixes there are, so neither the
//! number of invalidations nor a viewer's choice of paths can make it slow. Nodes lie in one vector
//! and are walked in loops: a chain of nested prefixes costs no stack, not even when it is dropped.
//!
//! Invariants: siblings differ in the first byte of their labels and are sorted by it; labels are
//! not empty but for the root's; a node without purges has at least two children, the root apart.
//!
//! Not here: what a key is (path or query bytes), and the order in which purges are forgotten.

/// The newest hard and the newest soft purge, as ledger revisions; 0 for none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(super) struct Latest {
    pub(super) hard: u64,
    pub(super) soft: u64,
}

impl Latest {
    /// Takes note of a purge.
    pub(super) fn note(&mut self, revision: u64, soft: bool) {
        let side = if soft { &mut self.soft } else { &mut self.hard };
        *side = revision.max(*side);
    }

    /// Forgets what is not newer than `revision`.
    pub(super) fn forget(&mut self, revision: u64) {
        for side in [&mut self.hard, &mut self.soft] {
            if *side <= revision {
                *side = 0;
            }
        }
    }

    /// The newer of both, side by side.
    pub(super) fn merge(&mut self, other: Self) {
        self.hard = self.hard.max(other.hard);
        self.soft = self.soft.max(other.soft);
    }

    pub(super) const fn is_none(self) -> bool {
        self.hard == 0 && self.soft == 0
    }
}

/// Purges by prefix.
#[derive(Debug)]
pub(super) struct Prefixes {
    nodes: Vec<Node>,
    free: Vec<usize>,
}

#[derive(Debug, Default)]
struct Node {
    label: Box<[u8]>,
    latest: Latest,
    children: Vec<usize>,
}

const ROOT: usize = 0;

impl Default for Prefixes {
    fn default() -> Self {
        Self {
            nodes: vec![Node::default()],
            free: Vec::new(),
        }
    }
}

impl Prefixes {
    /// Takes note of a purge of all that begins with `prefix`.
    pub(super) fn note(&mut self, prefix: &[u8], revision: u64, soft: bool) {
        let at = self.node_of(prefix);
        self.nodes[at].latest.note(revision, soft);
    }

    /// Forgets what `prefix` holds up to `revision`, and the nodes that it leaves without use.
    pub(super) fn forget(&mut self, prefix: &[u8], revision: u64) {
        let mut trail = vec![ROOT];
        let mut at = ROOT;
        let mut rest = prefix;
        while !rest.is_empty() {
            match self.step(at, rest) {
                Some((child, remainder)) => {
                    trail.push(child);
                    (at, rest) = (child, remainder);
                }
                None => return,
            }
        }
        self.nodes[at].latest.forget(revision);
        while let Some(node) = trail.pop()
            && let Some(&parent) = trail.last()
            && self.nodes[node].latest.is_none()
        {
            match *self.nodes[node].children.as_slice() {
                [] => {
                    self.nodes[parent].children.retain(|child| *child != node);
                    self.free(node);
                }
                [child] => {
                    let label = [&*self.nodes[node].label, &*self.nodes[child].label].concat();
                    self.nodes[child].label = label.into();
                    self.replace_child(parent, node, child);
                    self.free(node);
                    return;
                }
                _ => return,
            }
        }
    }

    /// The newest purges of all prefixes of `key`.
    pub(super) fn latest(&self, key: &[u8]) -> Latest {
        let mut at = ROOT;
        let mut rest = key;
        let mut found = self.nodes[ROOT].latest;
        while let Some((child, remainder)) = self.step(at, rest) {
            found.merge(self.nodes[child].latest);
            (at, rest) = (child, remainder);
        }
        found
    }

    pub(super) fn is_empty(&self) -> bool {
        self.nodes[ROOT].latest.is_none() && self.nodes[ROOT].children.is_empty()
    }

    /// The child of `at` whose whole label begins `rest`, and what is left after it.
    fn step<'k>(&self, at: usize, rest: &'k [u8]) -> Option<(usize, &'k [u8])> {
        let slot = self.slot(at, *rest.first()?).ok()?;
        let child = self.nodes[at].children[slot];
        Some((child, rest.strip_prefix(&*self.nodes[child].label)?))
    }

    /// Where the child that begins with `first` is, or would be.
    fn slot(&self, at: usize, first: u8) -> Result<usize, usize> {
        // Labels below the root are not empty, so the fallback is never taken.
        let begin = |child: &usize| self.nodes[*child].label.first().copied().unwrap_or(0);
        self.nodes[at].children.binary_search_by_key(&first, begin)
    }

    /// The node of exactly `key`, made if need be.
    fn node_of(&mut self, key: &[u8]) -> usize {
        let mut at = ROOT;
        let mut rest = key;
        while let Some(first) = rest.first() {
            match self.slot(at, *first) {
                Err(slot) => {
                    let leaf = self.take(rest);
                    self.nodes[at].children.insert(slot, leaf);
                    return leaf;
                }
                Ok(slot) => {
                    let child = self.nodes[at].children[slot];
                    let label = &self.nodes[child].label;
                    let common = label.iter().zip(rest).take_while(|(a, b)| a == b).count();
                    at = if common < label.len() {
                        self.split(at, child, common)
                    } else {
                        child
                    };
                    rest = &rest[common..];
                }
            }
        }
        at
    }

    /// Puts a node between `parent` and `child` that holds the first `common` bytes of its label.
    fn split(&mut self, parent: usize, child: usize, common: usize) -> usize {
        let label = std::mem::take(&mut self.nodes[child].label);
        let middle = self.take(&label[..common]);
        self.nodes[middle].children.push(child);
        self.nodes[child].label = label[common..].into();
        self.replace_child(parent, child, middle);
        middle
    }

    fn replace_child(&mut self, parent: usize, old: usize, new: usize) {
        for child in &mut self.nodes[parent].children {
            if *child == old {
                *child = new;
            }
        }
    }

    fn take(&mut self, label: &[u8]) -> usize {
        let node = Node {
            label: label.into(),
            ..Node::default()
        };
        match self.free.pop() {
            Some(at) => {
                self.nodes[at] = node;
                at
            }
            None => {
                self.nodes.push(node);
                self.nodes.len() - 1
            }
        }
    }

    fn free(&mut self, at: usize) {
        self.nodes[at] = Node::default();
        self.free.push(at);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Nodes in use besides the root.
    fn used(tree: &Prefixes) -> usize {
        tree.nodes.len() - tree.free.len() - 1
    }

    #[test]
    fn a_chain_of_nested_prefixes_costs_no_stack() {
        let key = vec![b'a'; 1_000];
        let mut tree = Prefixes::default();
        for length in 1..=key.len() {
            tree.note(&key[..length], length as u64, false);
        }
        assert_eq!(tree.latest(&key).hard, 1_000);
        assert_eq!(tree.latest(&key[..7]).hard, 7);
        for length in 1..=key.len() {
            tree.forget(&key[..length], length as u64);
        }
        assert!(tree.is_empty());
        assert_eq!(used(&tree), 0);
    }

    proptest! {
        /// Against a plain list; forgetting goes from the oldest on, as the ledger does.
        #[test]
        fn it_answers_as_a_list_does(
            purges in prop::collection::vec(("[ab]{0,5}", any::<bool>()), 1..40),
            keys in prop::collection::vec("[abc]{0,7}", 1..10),
        ) {
            let mut tree = Prefixes::default();
            let revision = |index: usize| index as u64 + 1;
            for (index, (prefix, soft)) in purges.iter().enumerate() {
                tree.note(prefix.as_bytes(), revision(index), *soft);
            }
            for forgotten in 0..=purges.len() {
                let mut distinct = std::collections::HashSet::new();
                for key in &keys {
                    let mut expected = Latest::default();
                    for (index, (prefix, soft)) in purges.iter().enumerate().skip(forgotten) {
                        distinct.insert(prefix);
                        if key.starts_with(prefix.as_str()) {
                            expected.note(revision(index), *soft);
                        }
                    }
                    prop_assert_eq!(tree.latest(key.as_bytes()), expected, "{}", key);
                }
                prop_assert_eq!(tree.is_empty(), distinct.is_empty());
                prop_assert!(used(&tree) <= 2 * distinct.len());
                if let Some((prefix, _)) = purges.get(forgotten) {
                    tree.forget(prefix.as_bytes(), revision(forgotten));
                }
            }
            prop_assert_eq!(used(&tree), 0);
        }
    }
}
