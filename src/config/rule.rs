//! Kinds of rules that a value must keep: what is written, what it means, what is allowed.
//!
//! A key has one rule (see `keys`), and three parties use it: `resolve` reads values with it, `schema` describes
//! the key by it, and refusals quote it. So the check, the JSON Schema and the messages cannot drift apart.

use std::borrow::Cow;
use std::time::Duration;

use schemars::Schema;
use serde_json::{Value, json};

use super::raw::Scalar;
use super::units;

/// A rule for one value.
pub(super) trait Rule {
    /// The value as the file has it.
    type Written;
    /// The value as the program uses it.
    type Meant;

    /// The meaning of what is written, or why it has none.
    fn read(&self, written: &Self::Written) -> Result<Self::Meant, Refusal>;

    /// The meaning of an absent key; `None` if the key has no default.
    fn default(&self) -> Option<Self::Meant>;

    /// What may be written, as a phrase.
    fn allowed(&self) -> String;

    /// JSON Schema keywords that say the same.
    fn keywords(&self) -> Vec<(&'static str, Value)>;
}

/// Why a value was refused.
#[derive(Debug)]
pub(super) struct Refusal {
    /// A phrase that begins with "found".
    pub(super) found: String,
    /// The word that was probably meant, in quotes.
    pub(super) nearest: Option<String>,
    /// The form that the text does not have, if it is that and not the value that is wrong.
    pub(super) form: Option<&'static str>,
}

/// Text that a function judges.
pub(super) struct Text<T> {
    pub(super) default: Option<&'static str>,
    pub(super) allowed: &'static str,
    /// The same as a regular expression, where one can say it.
    pub(super) pattern: Option<&'static str>,
    /// The error is a clause that goes on after the text: "has a path".
    pub(super) read: fn(&str) -> Result<T, Cow<'static, str>>,
}

/// One of a few words.
pub(super) struct Words<T: 'static> {
    pub(super) words: &'static [(&'static str, T)],
    /// Index of the default word.
    pub(super) default: usize,
}

/// A size in bytes between two bounds, both allowed.
pub(super) struct Size {
    pub(super) default: u64,
    pub(super) min: u64,
    pub(super) max: u64,
}

/// A duration between two bounds, both allowed.
pub(super) struct Time {
    pub(super) default: Option<Duration>,
    pub(super) min: Duration,
    pub(super) max: Duration,
}

/// A whole number between two bounds, both allowed.
pub(super) struct Count {
    pub(super) default: Option<u32>,
    pub(super) min: u32,
    pub(super) max: u32,
}

/// Yes or no.
pub(super) struct Switch {
    pub(super) default: bool,
}

/// A list of texts with a bounded length.
pub(super) struct List<T> {
    pub(super) item: Text<T>,
    pub(super) default: &'static [&'static str],
    pub(super) min: usize,
    pub(super) max: usize,
}

impl Refusal {
    /// `found "text", which FLAW`.
    pub(super) fn text(text: &str, flaw: &str) -> Self {
        let shown = shown(text);
        Self {
            found: format!("found {shown}, which {flaw}"),
            nearest: None,
            form: None,
        }
    }

    /// `FOUND`, as it is.
    pub(super) fn plain(found: impl Into<String>) -> Self {
        Self {
            found: found.into(),
            nearest: None,
            form: None,
        }
    }

    fn scalar(written: &Scalar, flaw: &str) -> Self {
        match written {
            Scalar::Text(text) => Self::text(text, flaw),
            Scalar::Whole(number) => Self::plain(format!("found {number}, which {flaw}")),
        }
    }

    /// `found "text"`, with the nearest of the known words.
    pub(super) fn word<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            found: format!("found {}", quoted(text)),
            nearest: nearest(text, known).map(|word| format!("{word:?}")),
            form: None,
        }
    }
}

/// The known word that `text` was probably meant to be: a third of it may differ, letter case is free.
pub(super) fn nearest<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const LONGEST: usize = 64;
    if text.len() > LONGEST {
        return None;
    }
    let text = text.to_lowercase();
    known
        .into_iter()
        .map(|word| {
            (
                strsim::damerau_levenshtein(&text, &word.to_lowercase()),
                word,
            )
        })
        .filter(|(distance, word)| *distance <= word.chars().count().div_ceil(3))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

/// A text as a refusal shows it. Of what looks like a URL the parts that may hold a secret are left
/// out: a name and a password before an `@`, a signature in the query.
fn shown(text: &str) -> String {
    if text.contains('@') {
        return "a text (not shown here)".to_owned();
    }
    match text.split_once(['?', '#']) {
        Some((before, _)) if before.contains("://") => {
            format!("{} and more (not shown here)", quoted(before))
        }
        _ => quoted(text),
    }
}

/// A text in double quotes, shortened, with control characters escaped.
pub(super) fn quoted(text: &str) -> String {
    format!("{:?}", units::shortened(text))
}

/// Several words, each in double quotes.
pub(super) fn quoted_list<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<String> = words.into_iter().map(quoted).collect();
    words.join(", ")
}

/// Writes a rule into the schema of its key (for schemars' `transform`).
pub(super) fn described<R: Rule>(rule: &R) -> impl FnMut(&mut Schema) {
    let allowed = rule.allowed();
    let keywords = rule.keywords();
    move |schema| {
        schema.insert("x-allowed".to_owned(), json!(allowed));
        for (keyword, value) in &keywords {
            schema.insert((*keyword).to_owned(), value.clone());
        }
    }
}

/// As [`described`], for a key that a behaviour takes from its distribution where it has none itself.
pub(super) fn inherited<R: Rule>(rule: &R) -> impl FnMut(&mut Schema) {
    otherwise(rule, INHERITED)
}

/// As [`described`], for a key whose default is a phrase, whatever its rule says.
pub(super) fn otherwise<R: Rule>(rule: &R, phrase: &'static str) -> impl FnMut(&mut Schema) {
    let mut described = described(rule);
    move |schema| {
        described(schema);
        schema.remove("default");
        schema.insert("x-default".to_owned(), json!(phrase));
    }
}

/// What holds without a key of a behaviour.
pub(super) const INHERITED: &str = "as the distribution";

impl<T> Rule for Text<T> {
    type Written = String;
    type Meant = T;

    fn read(&self, written: &String) -> Result<T, Refusal> {
        (self.read)(written).map_err(|flaw| Refusal::text(written, &flaw))
    }

    fn default(&self) -> Option<T> {
        self.default.and_then(|text| (self.read)(text).ok())
    }

    fn allowed(&self) -> String {
        self.allowed.to_owned()
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        let pattern = self.pattern.map(|pattern| ("pattern", json!(pattern)));
        let default = self.default.map(|default| ("default", json!(default)));
        pattern.into_iter().chain(default).collect()
    }
}

impl<T: Copy> Rule for Words<T> {
    type Written = String;
    type Meant = T;

    fn read(&self, written: &String) -> Result<T, Refusal> {
        self.words
            .iter()
            .find_map(|(word, meaning)| (word == written).then_some(*meaning))
            .ok_or_else(|| Refusal::word(written, self.names()))
    }

    fn default(&self) -> Option<T> {
        self.words.get(self.default).map(|(_, meaning)| *meaning)
    }

    fn allowed(&self) -> String {
        quoted_list(self.names())
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        let names: Vec<&str> = self.names().collect();
        vec![
            ("default", json!(names.get(self.default))),
            ("enum", json!(names)),
        ]
    }
}

impl<T> Words<T> {
    fn names(&self) -> impl Iterator<Item = &'static str> {
        self.words.iter().map(|(word, _)| *word)
    }
}

impl Rule for Size {
    type Written = Scalar;
    type Meant = u64;

    fn read(&self, written: &Scalar) -> Result<u64, Refusal> {
        let bytes = match written {
            Scalar::Text(text) => units::parse_size(text).map_err(|error| flawed(text, &error))?,
            Scalar::Whole(number) => {
                u64::try_from(*number).map_err(|_| Refusal::scalar(written, "is negative"))?
            }
        };
        if bytes < self.min {
            return Err(Refusal::scalar(written, "is too small"));
        }
        if bytes > self.max {
            return Err(Refusal::scalar(written, "is too large"));
        }
        Ok(bytes)
    }

    fn default(&self) -> Option<u64> {
        Some(self.default)
    }

    fn allowed(&self) -> String {
        format!(
            "a size from {} to {}",
            units::format_size(self.min),
            units::format_size(self.max)
        )
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("default", json!(units::format_size(self.default))),
            ("pattern", json!("^[0-9]+(B|[KMGT]iB|[KMG]B)?$")),
            // These bind the form without a unit only: JSON Schema ignores them for text.
            ("minimum", json!(self.min)),
            ("maximum", json!(self.max)),
        ]
    }
}

impl Rule for Time {
    type Written = String;
    type Meant = Duration;

    fn read(&self, written: &String) -> Result<Duration, Refusal> {
        let duration = units::parse_duration(written).map_err(|error| flawed(written, &error))?;
        if duration < self.min {
            return Err(Refusal::text(written, "is too short"));
        }
        if duration > self.max {
            return Err(Refusal::text(written, "is too long"));
        }
        Ok(duration)
    }

    fn default(&self) -> Option<Duration> {
        self.default
    }

    fn allowed(&self) -> String {
        format!(
            "a duration from {} to {}",
            units::format_duration(self.min),
            units::format_duration(self.max)
        )
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        let default = self.default.map(units::format_duration);
        let pattern = [("pattern", json!("^([0-9]+(d|h|ms|m|s))+$"))];
        let default = default.map(|text| ("default", json!(text)));
        pattern.into_iter().chain(default).collect()
    }
}

impl Rule for Count {
    type Written = i64;
    type Meant = usize;

    fn read(&self, written: &i64) -> Result<usize, Refusal> {
        u32::try_from(*written)
            .ok()
            .filter(|number| (self.min..=self.max).contains(number))
            .and_then(|number| usize::try_from(number).ok())
            .ok_or_else(|| Refusal::plain(format!("found {written}")))
    }

    fn default(&self) -> Option<usize> {
        self.default.and_then(|number| usize::try_from(number).ok())
    }

    fn allowed(&self) -> String {
        format!("a whole number from {} to {}", self.min, self.max)
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        let default = self.default.map(|number| ("default", json!(number)));
        let bounds = [("minimum", json!(self.min)), ("maximum", json!(self.max))];
        bounds.into_iter().chain(default).collect()
    }
}

impl Rule for Switch {
    type Written = bool;
    type Meant = bool;

    fn read(&self, written: &bool) -> Result<bool, Refusal> {
        Ok(*written)
    }

    fn default(&self) -> Option<bool> {
        Some(self.default)
    }

    fn allowed(&self) -> String {
        "true or false".to_owned()
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        vec![("default", json!(self.default))]
    }
}

impl<T> List<T> {
    /// What may be written, as a phrase.
    pub(super) fn allowed(&self) -> String {
        let count = match (self.min, self.max) {
            (0, max) => format!("a list of at most {max}"),
            (min, max) => format!("a list of {min} to {max}"),
        };
        format!("{count}, each {}", self.item.allowed)
    }

    /// The meaning of an absent key.
    pub(super) fn default(&self) -> Vec<T> {
        let read = |text: &&str| (self.item.read)(text).ok();
        self.default.iter().filter_map(read).collect()
    }

    /// As [`described`], for a list.
    pub(super) fn described(&self, required: bool) -> impl FnMut(&mut Schema) {
        let allowed = self.allowed();
        let item = json!({ "type": "string", "x-allowed": self.item.allowed, "pattern": self.item.pattern });
        let (min, max) = (self.min, self.max);
        let default = (!required).then(|| json!(self.default));
        move |schema| {
            schema.insert("x-allowed".to_owned(), json!(allowed));
            let mut item = item.clone();
            if let Some(keywords) = item.as_object_mut() {
                keywords.retain(|_, value| !value.is_null());
            }
            schema.insert("items".to_owned(), item);
            schema.insert("minItems".to_owned(), json!(min));
            schema.insert("maxItems".to_owned(), json!(max));
            if let Some(default) = &default {
                schema.insert("default".to_owned(), default.clone());
            }
        }
    }
}

fn flawed(text: &str, error: &units::UnitError) -> Refusal {
    Refusal {
        form: Some(error.allowed()),
        ..Refusal::plain(format!("found {}, {}", quoted(text), error.flaw()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found<R: Rule>(rule: &R, written: impl Into<R::Written>) -> String
    where
        R::Meant: std::fmt::Debug,
    {
        rule.read(&written.into()).unwrap_err().found
    }

    #[test]
    fn bounds_are_allowed_and_their_neighbours_are_not() {
        let size = Size {
            default: 2_048,
            min: 1_024,
            max: 4_096,
        };
        for (written, expected) in [
            (Scalar::Whole(1_023), None),
            (Scalar::Whole(1_024), Some(1_024)),
            (Scalar::Whole(4_096), Some(4_096)),
            (Scalar::Whole(4_097), None),
            (Scalar::Whole(-1), None),
            (Scalar::Text("4KiB".to_owned()), Some(4_096)),
            (Scalar::Text("4097B".to_owned()), None),
        ] {
            assert_eq!(size.read(&written).ok(), expected, "{written:?}");
        }
        let time = Time {
            default: None,
            min: Duration::from_millis(2),
            max: Duration::from_secs(1),
        };
        for (written, expected) in [
            ("1ms", None),
            ("2ms", Some(2)),
            ("1s", Some(1_000)),
            ("1s1ms", None),
        ] {
            let expected = expected.map(Duration::from_millis);
            assert_eq!(time.read(&written.to_owned()).ok(), expected, "{written}");
        }
        let count = Count {
            default: None,
            min: 1,
            max: 512,
        };
        for (written, expected) in [
            (0, None),
            (1, Some(1)),
            (512, Some(512)),
            (513, None),
            (-1, None),
            (i64::MAX, None),
            ((1 << 32) + 1, None),
        ] {
            assert_eq!(count.read(&written).ok(), expected, "{written}");
        }
    }

    #[test]
    fn refusals_say_what_was_found() {
        let size = Size {
            default: 0,
            min: 0,
            max: 10,
        };
        assert_eq!(
            found(&size, Scalar::Whole(11)),
            "found 11, which is too large"
        );
        assert_eq!(
            found(&size, Scalar::Whole(-4)),
            "found -4, which is negative"
        );
        assert_eq!(
            found(&size, Scalar::Text("4x".to_owned())),
            "found \"4x\", whose unit \"x\" is not known"
        );
        let words = Words {
            words: &[("path", 1), ("virtual", 2)],
            default: 0,
        };
        let refusal = words.read(&"Virtuel".to_owned()).unwrap_err();
        assert_eq!(refusal.found, "found \"Virtuel\"");
        assert_eq!(refusal.nearest.as_deref(), Some("\"virtual\""));
        assert_eq!(words.allowed(), "\"path\", \"virtual\"");
    }

    #[test]
    fn only_near_words_are_offered() {
        let known = ["memory", "in_flight", "data", "pop"];
        for (text, expected) in [
            ("memmory", Some("memory")),
            ("MEMORY", Some("memory")),
            ("mmeory", Some("memory")),
            ("inflight", Some("in_flight")),
            ("date", Some("data")),
            ("pod", Some("pop")),
            ("compression", None),
            ("xy", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, known), expected, "{text}");
        }
        assert_eq!(nearest(&"a".repeat(65), ["a"]), None);
    }
}
