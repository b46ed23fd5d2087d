//! Which names count: none, all, those of a list, or all but those of a list.
//!
//! Names are bytes as they mean, not as they are sent: whoever asks has decoded them. A name of a list
//! that ends in `*` stands for all that begin so. Letter case counts.
//!
//! Invariant: a look-up costs two binary searches, however long the list is.

/// Names in one list at the most (CloudFront: 10).
pub const MAX_NAMES: usize = 64;
/// Characters of all names of one list together at the most (CloudFront's limit too).
pub const MAX_CHARACTERS: usize = 1_024;

/// Which names count.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Choice {
    /// None.
    None,
    /// All.
    All,
    /// Those of the list.
    Allow(Names),
    /// All but those of the list.
    Except(Names),
}

/// A list of names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Names {
    /// As written, for people.
    written: Vec<String>,
    /// In order.
    exact: Vec<Box<[u8]>>,
    /// In order, and none begins with another.
    beginnings: Vec<Box<[u8]>>,
}

/// Why a list is none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NamesError {
    /// No name.
    #[error("found an empty list")]
    Empty,
    /// Over [`MAX_NAMES`].
    #[error("found {0} names")]
    TooMany(usize),
    /// Over [`MAX_CHARACTERS`].
    #[error("found names of {0} characters together")]
    TooLong(usize),
    /// The name at this place is empty, or `*` alone, which is what a word stands for.
    #[error("found a name that stands for every one")]
    Everything(usize),
    /// The name at this place has a `*` before its end.
    #[error("found a name with a `*` before its end")]
    InnerStar(usize),
}

impl Choice {
    /// Whether this name counts.
    #[must_use]
    pub fn takes(&self, name: &[u8]) -> bool {
        match self {
            Self::None => false,
            Self::All => true,
            Self::Allow(names) => names.has(name),
            Self::Except(names) => !names.has(name),
        }
    }

    /// Whether it is a list of what is allowed, and has a name that takes all that begin so.
    #[must_use]
    pub fn allows_all_of(&self, beginning: &str) -> bool {
        let beginning = beginning.as_bytes();
        matches!(self, Self::Allow(names) if names.beginnings.iter().any(|one| beginning.starts_with(one)))
    }

    /// Whether it is a choice at all: neither none nor all.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        matches!(self, Self::Allow(_) | Self::Except(_))
    }
}

/// As it is written in a configuration, without its quotes.
impl std::fmt::Display for Choice {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::All => f.write_str("all"),
            Self::Allow(names) => write!(f, "only {}", names.written.join(" ")),
            Self::Except(names) => write!(f, "all but {}", names.written.join(" ")),
        }
    }
}

impl Names {
    /// The list of these names.
    ///
    /// # Errors
    /// What is wrong with it; the first fault only.
    pub fn new<'a>(names: impl IntoIterator<Item = &'a str>) -> Result<Self, NamesError> {
        let written: Vec<String> = names.into_iter().map(str::to_owned).collect();
        let characters = written.iter().map(|name| name.chars().count()).sum();
        match written.len() {
            0 => return Err(NamesError::Empty),
            1..=MAX_NAMES => {}
            found => return Err(NamesError::TooMany(found)),
        }
        if characters > MAX_CHARACTERS {
            return Err(NamesError::TooLong(characters));
        }
        let (mut exact, mut beginnings) = (Vec::new(), Vec::<Box<[u8]>>::new());
        for (place, name) in written.iter().enumerate() {
            let (list, name) = match name.strip_suffix('*') {
                Some(beginning) => (&mut beginnings, beginning),
                None => (&mut exact, name.as_str()),
            };
            if name.is_empty() {
                return Err(NamesError::Everything(place));
            }
            if name.contains('*') {
                return Err(NamesError::InnerStar(place));
            }
            list.push(Box::from(name.as_bytes()));
        }
        exact.sort_unstable();
        beginnings.sort_unstable();
        // In order, the ones that begin with another come right behind it.
        beginnings.dedup_by(|later, kept| later.starts_with(kept));
        Ok(Self {
            written,
            exact,
            beginnings,
        })
    }

    /// As they were written.
    #[must_use]
    pub fn written(&self) -> &[String] {
        &self.written
    }

    fn has(&self, name: &[u8]) -> bool {
        if self.exact.binary_search_by(|one| (**one).cmp(name)).is_ok() {
            return true;
        }
        // What stands between a beginning and a name that begins so begins so too, and none here begins
        // with another: only the last one that is not behind the name can be its beginning.
        let behind = self.beginnings.partition_point(|one| **one <= *name);
        self.beginnings[..behind]
            .last()
            .is_some_and(|beginning| name.starts_with(beginning))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_limits_of_a_list_are_exact() {
        let many = |count: usize| -> Vec<String> { (0..count).map(|n| format!("n{n}")).collect() };
        let of = |names: &[String]| Names::new(names.iter().map(String::as_str)).map(|_| ());
        assert_eq!(of(&many(MAX_NAMES)), Ok(()));
        let one_more = NamesError::TooMany(MAX_NAMES + 1);
        assert_eq!(of(&many(MAX_NAMES + 1)), Err(one_more));
        let long = |length: usize| vec!["n".repeat(length - 1), "m".to_owned()];
        assert_eq!(of(&long(MAX_CHARACTERS)), Ok(()));
        let too_long = NamesError::TooLong(MAX_CHARACTERS + 1);
        assert_eq!(of(&long(MAX_CHARACTERS + 1)), Err(too_long));
    }

    #[test]
    fn what_is_no_list() {
        for (names, why) in [
            (&[][..], NamesError::Empty),
            (&["a", ""], NamesError::Everything(1)),
            (&["*"], NamesError::Everything(0)),
            (&["a", "b", "c*d"], NamesError::InnerStar(2)),
            (&["a**"], NamesError::InnerStar(0)),
        ] {
            assert_eq!(Names::new(names.iter().copied()), Err(why), "{names:?}");
        }
    }

    #[test]
    fn letter_case_counts_and_a_beginning_takes_itself() {
        let choice = Choice::Allow(Names::new(["utm_*", "Id"]).unwrap());
        for (name, expected) in [
            ("utm_", true),
            ("utm_source", true),
            ("UTM_source", false),
            ("utm", false),
            ("Id", true),
            ("id", false),
            ("Id2", false),
            ("", false),
        ] {
            assert_eq!(choice.takes(name.as_bytes()), expected, "{name}");
        }
    }

    proptest! {
        /// Against one name after the other.
        #[test]
        fn a_list_takes_what_one_of_its_names_takes(
            list in prop::collection::vec("[ab]{1,3}\\*?", 1..8),
            name in "[abc]{0,4}",
        ) {
            let slow = list.iter().any(|one| match one.strip_suffix('*') {
                Some(beginning) => name.starts_with(beginning),
                None => *one == name,
            });
            let names = Names::new(list.iter().map(String::as_str)).unwrap();
            prop_assert_eq!(Choice::Allow(names.clone()).takes(name.as_bytes()), slow);
            prop_assert_eq!(Choice::Except(names).takes(name.as_bytes()), !slow);
        }
    }
}
