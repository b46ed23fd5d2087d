//! The invalidation record: what an operator asked to be forgotten.
//!
//! Invariant: the JSON form is closed. A field that this version does not know makes reading fail,
//! so that a newer kind of matcher can never be skipped in silence; whoever reads records takes
//! such a one for a purge of everything.
//!
//! Not here: its place in the journal, and how far its application has come.

use serde::{Deserialize, Serialize};

use super::pattern::{Identity, PathPattern};

/// Most paths in one invalidation (CloudFront: `InvalidationLimits.html`).
pub const MAX_PATHS: usize = 3_000;

/// Longest id, distribution, caller reference and token name, in bytes.
pub const MAX_NAME: usize = 512;

/// One request to forget.
#[derive(Serialize, Deserialize, Clone, Debug, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct Invalidation {
    /// Names it to people and APIs; unique, 1 to [`MAX_NAME`] bytes.
    pub id: String,
    /// The distribution's id; `None` takes all of them.
    pub distribution: Option<String>,
    /// What is taken: 1 to [`MAX_PATHS`] patterns.
    pub paths: Vec<PathPattern>,
    /// Soft: what matches is stale from now on, and may still be revalidated or serve as a stale
    /// answer. Hard (`false`): it is as if it had never been stored.
    pub soft: bool,
    /// When it was asked for: Unix time, milliseconds.
    pub created: i64,
    /// The caller's own name for it, by which a repeated request is known.
    pub caller_reference: Option<String>,
    /// Name of the token that asked.
    pub by: Option<String>,
}

/// Why an invalidation is refused.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum InvalidationError {
    /// No path.
    #[error("the invalidation names no path; 1 to {MAX_PATHS} are allowed")]
    NoPaths,
    /// Over [`MAX_PATHS`].
    #[error("the invalidation names {found} paths; 1 to {MAX_PATHS} are allowed")]
    TooManyPaths {
        /// How many.
        found: usize,
    },
    /// An empty id.
    #[error("the invalidation has no id; 1 to {MAX_NAME} bytes are allowed")]
    NoId,
    /// A name over [`MAX_NAME`].
    #[error("{field} has {found} bytes; at most {MAX_NAME} are allowed")]
    NameTooLong {
        /// Which field.
        field: &'static str,
        /// Its length in bytes.
        found: usize,
    },
}

impl Invalidation {
    /// Holds the record to its limits.
    ///
    /// # Errors
    /// The first limit that is not kept.
    pub fn check(&self) -> Result<(), InvalidationError> {
        match self.paths.len() {
            0 => return Err(InvalidationError::NoPaths),
            1..=MAX_PATHS => {}
            found => return Err(InvalidationError::TooManyPaths { found }),
        }
        if self.id.is_empty() {
            return Err(InvalidationError::NoId);
        }
        let names = [
            ("id", Some(&self.id)),
            ("distribution", self.distribution.as_ref()),
            ("caller_reference", self.caller_reference.as_ref()),
            ("by", self.by.as_ref()),
        ];
        for (field, name) in names {
            let found = name.map_or(0, String::len);
            if found > MAX_NAME {
                return Err(InvalidationError::NameTooLong { field, found });
            }
        }
        Ok(())
    }

    /// Whether it takes this object.
    pub fn matches(&self, id: &Identity) -> bool {
        let here = |wanted: &String| **wanted == *id.distribution;
        self.distribution.as_ref().is_none_or(here) && self.paths.iter().any(|p| p.matches(id))
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::QueryForm;
    use super::*;

    fn of(paths: &[&str]) -> Invalidation {
        Invalidation {
            id: "I1".into(),
            distribution: Some("E1".into()),
            paths: paths
                .iter()
                .map(|p| PathPattern::parse(p).unwrap())
                .collect(),
            soft: false,
            created: 1_700_000_000_123,
            caller_reference: Some("deploy-7".into()),
            by: Some("deploy".into()),
        }
    }

    #[test]
    fn the_limits_hold_at_the_limit_and_not_beyond() {
        let mut paths = of(&["/a"]);
        assert_eq!(paths.check(), Ok(()));
        paths.paths = vec![PathPattern::All; MAX_PATHS];
        assert_eq!(paths.check(), Ok(()));
        paths.paths.push(PathPattern::All);
        assert_eq!(
            paths.check(),
            Err(InvalidationError::TooManyPaths { found: 3_001 })
        );
        assert_eq!(of(&[]).check(), Err(InvalidationError::NoPaths));

        let mut id = of(&["/a"]);
        id.id.clear();
        assert_eq!(id.check(), Err(InvalidationError::NoId));

        type Field = fn(&mut Invalidation, String);
        let fields: [(&str, Field); 4] = [
            ("id", |i, v| i.id = v),
            ("distribution", |i, v| i.distribution = Some(v)),
            ("caller_reference", |i, v| i.caller_reference = Some(v)),
            ("by", |i, v| i.by = Some(v)),
        ];
        for (field, set) in fields {
            let mut name = of(&["/a"]);
            set(&mut name, "x".repeat(MAX_NAME));
            assert_eq!(name.check(), Ok(()), "{field}");
            set(&mut name, "x".repeat(MAX_NAME + 1));
            let found = MAX_NAME + 1;
            assert_eq!(
                name.check(),
                Err(InvalidationError::NameTooLong { field, found })
            );
        }
    }

    #[test]
    fn it_takes_by_distribution_and_any_of_its_paths() {
        let object = |distribution: &str, path: &str| Identity {
            distribution: distribution.into(),
            paths: vec![path.as_bytes().into()],
            query: QueryForm::All,
        };
        let mut two = of(&["/a", "/b*"]);
        assert!(two.matches(&object("E1", "/a")));
        assert!(two.matches(&object("E1", "/bc")));
        assert!(!two.matches(&object("E1", "/c")));
        assert!(!two.matches(&object("E2", "/a")));
        two.distribution = None;
        assert!(two.matches(&object("E2", "/a")));
    }

    #[test]
    fn json_goes_round_and_is_closed() {
        let record = of(&["/a", "/caf%C3*", "/x?y=1", "/*"]);
        let mut json = serde_json::to_value(&record).unwrap();
        assert_eq!(
            json["paths"],
            serde_json::json!(["/a", "/caf%C3*", "/x?y=1", "/*"])
        );
        assert_eq!(
            serde_json::from_value::<Invalidation>(json.clone()).unwrap(),
            record
        );
        json["tags"] = serde_json::json!(["a"]);
        assert!(serde_json::from_value::<Invalidation>(json).is_err());
    }
}
