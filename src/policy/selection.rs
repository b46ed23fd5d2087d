//! Which behaviour of its distribution holds for a path: the first whose pattern takes it, else the
//! distribution's own.
//!
//! A bucket decodes what it is asked for, so a path can be one behaviour's as it was sent and another's as
//! an object. [`Distribution::select`] chooses by the first, and [`Distribution::holds_for_object`] says
//! whether the second agrees; what becomes of one that does not is the request path's business (DESIGN
//! 3.13).

use std::borrow::Cow;

use super::behavior::Behavior;
use super::distribution::Distribution;
use super::names::Choice;
use super::path_pattern::{PathPattern, Subject};
use crate::semantics::target;

/// Behaviours of one distribution besides its own (CloudFront's quota is 75).
pub const MAX_BEHAVIORS: usize = 100;

/// The rules for the paths that a pattern takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathBehavior {
    /// Which paths.
    pub path: PathPattern,
    /// What holds for them.
    pub behavior: Behavior,
}

/// One of a distribution's behaviours: its place in the list, or `None` for the default one.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Selected(Option<usize>);

impl Selected {
    /// Its place in the list; `None`: it is the default one.
    #[must_use]
    pub const fn place(self) -> Option<usize> {
        self.0
    }
}

/// Why no request can select a behaviour.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unreachable {
    /// Its pattern takes nothing that the one at this place in the list does not take before.
    Covered(usize),
    /// It is for `/` alone, and the root object stands for `/`.
    Root,
}

impl Distribution {
    /// The behaviour for a path as the viewer sent it.
    ///
    /// Where the root object stands for `/`, that of its own path: what CloudFront does is written nowhere,
    /// and only so can a pattern such as `*.html` hold for the page however it is asked for, and both names
    /// of the one object have one set of rules.
    #[must_use]
    pub fn select(&self, path: &str) -> Selected {
        if self.behaviors.is_empty() {
            return Selected(None);
        }
        if path == "/"
            && let Some(root) = self.root_path()
        {
            return self.first(&Subject::sent(&root));
        }
        self.first(&Subject::sent(path))
    }

    /// Whether the behaviour that was selected is that of this object of a bucket too, by its path in any
    /// spelling. There are stores that take several slashes for one, at the beginning of a key (MinIO) or
    /// anywhere (those on a file system), so the path must be its own without empty segments as well.
    #[must_use]
    pub fn holds_for_object(&self, selected: Selected, path: &str) -> bool {
        if self.behaviors.is_empty() {
            return true;
        }
        let object = Subject::object(path);
        let fewer = object.without_empty_segments();
        self.first(&object) == selected
            && fewer.is_none_or(|object| self.first(&object) == selected)
    }

    /// The rules of a behaviour of this distribution.
    #[must_use]
    pub fn behavior(&self, selected: Selected) -> &Behavior {
        let listed = selected.0.and_then(|place| self.behaviors.get(place));
        listed.map_or(&self.default_behavior, |listed| &listed.behavior)
    }

    /// What of this query is in the key of a request for this path, as the viewer sends both; `None` where
    /// no query is.
    #[must_use]
    pub fn keyed_query<'q>(&self, path: &str, query: &'q str) -> Option<Cow<'q, str>> {
        let policy = &self.behavior(self.select(path)).origin_request;
        match policy.keyed().query {
            Choice::None => None,
            _ => Some(policy.queries(Some(query)).keyed.unwrap_or_default()),
        }
    }

    /// The pattern by which a behaviour was selected; `None`: the default one.
    #[must_use]
    pub fn pattern(&self, selected: Selected) -> Option<&PathPattern> {
        let listed = selected.0.and_then(|place| self.behaviors.get(place));
        listed.map(|listed| &listed.path)
    }

    /// The canonical path of the root object.
    #[must_use]
    pub fn root_path(&self) -> Option<String> {
        // It was checked when the configuration was read.
        let root = self.root_object.as_deref()?;
        Some(format!("/{}", target::encode(root.as_bytes())))
    }

    /// Whether the root object comes from this origin.
    #[must_use]
    pub fn has_root_in(&self, origin: &str) -> bool {
        self.root_object.is_some() && self.behavior(self.select("/")).origin == origin
    }

    /// The behaviours that no request can select, by their places in the list.
    #[must_use]
    pub fn unreachable(&self) -> Vec<(usize, Unreachable)> {
        let mut found = Vec::new();
        for (place, later) in self.behaviors.iter().enumerate() {
            let mut earlier = self.behaviors[..place].iter();
            if later.path.is_root() && self.root_object.is_some() {
                found.push((place, Unreachable::Root));
            } else if let Some(by) = earlier.position(|earlier| earlier.path.covers(&later.path)) {
                found.push((place, Unreachable::Covered(by)));
            }
        }
        found
    }

    fn first(&self, subject: &Subject) -> Selected {
        let mut listed = self.behaviors.iter();
        Selected(listed.position(|listed| listed.path.matches(subject)))
    }
}
