//! Reading the keys of one table by their rules.
//!
//! A [`Section`] knows its path (`origins.site`) and where faults go. Each of its readers adds a fault with the
//! place of the value and gives `None` if a value breaks its rule, so that the caller can read *all* keys before
//! it gives up.

use std::ops::Range;

use toml::Spanned;

use super::error::{Fault, Faults};
use super::rule::{List, Refusal, Rule};

/// A text list as the file has it.
pub(super) type Texts = Option<Spanned<Vec<Spanned<String>>>>;

pub(super) struct Section<'a> {
    path: String,
    faults: &'a mut Faults,
}

impl<'a> Section<'a> {
    pub(super) fn new(path: impl Into<String>, faults: &'a mut Faults) -> Self {
        Self {
            path: path.into(),
            faults,
        }
    }

    /// The meaning of a key, or its default.
    pub(super) fn take<R: Rule>(
        &mut self,
        key: &str,
        written: &Option<Spanned<R::Written>>,
        rule: &R,
    ) -> Option<R::Meant> {
        match written {
            Some(written) => self.read(key, written, rule),
            None => {
                let default = rule.default();
                debug_assert!(default.is_some(), "{key} has no default");
                default
            }
        }
    }

    /// The meaning of a key that may be absent; the outer `None` is a fault.
    pub(super) fn optional<R: Rule>(
        &mut self,
        key: &str,
        written: &Option<Spanned<R::Written>>,
        rule: &R,
    ) -> Option<Option<R::Meant>> {
        match written {
            Some(written) => self.read(key, written, rule).map(Some),
            None => Some(None),
        }
    }

    /// The meaning of a key that must be there; `table` is the place to point at if it is not.
    pub(super) fn required<R: Rule>(
        &mut self,
        key: &str,
        written: &Option<Spanned<R::Written>>,
        rule: &R,
        table: &Range<usize>,
    ) -> Option<R::Meant> {
        let Some(written) = written else {
            self.missing(key, &rule.allowed(), table);
            return None;
        };
        self.read(key, written, rule)
    }

    /// The meanings of a list, or its default.
    pub(super) fn list<T>(&mut self, key: &str, written: &Texts, rule: &List<T>) -> Option<Vec<T>> {
        let Some(written) = written else {
            return Some(rule.default());
        };
        let items = written.get_ref();
        let fits = (rule.min..=rule.max).contains(&items.len());
        if !fits {
            let found = format!("found a list of {}", items.len());
            self.fault(key, written.span(), &found, Some(&rule.allowed()));
        }
        let mut meant = Vec::new();
        for (index, item) in items.iter().enumerate() {
            meant.extend(self.read(&format!("{key}[{index}]"), item, &rule.item));
        }
        (fits && meant.len() == items.len()).then_some(meant)
    }

    /// As [`Section::list`], for a key that must be there.
    pub(super) fn required_list<T>(
        &mut self,
        key: &str,
        written: &Texts,
        rule: &List<T>,
        table: &Range<usize>,
    ) -> Option<Vec<T>> {
        if written.is_none() {
            self.missing(key, &rule.allowed(), table);
            return None;
        }
        self.list(key, written, rule)
    }

    /// Adds a fault of this table: what was found, and what is allowed.
    pub(super) fn fault(
        &mut self,
        key: &str,
        span: Range<usize>,
        found: &str,
        allowed: Option<&str>,
    ) {
        let mut fault = Fault::new(span, format!("{}: {found}", self.path_of(key)));
        if let Some(allowed) = allowed {
            fault = fault.allowed(allowed);
        }
        self.faults.add(fault);
    }

    /// Adds a fault for a value that was refused.
    pub(super) fn refuse(
        &mut self,
        key: &str,
        span: Range<usize>,
        refusal: Refusal,
        allowed: &str,
    ) {
        let message = format!("{}: {}", self.path_of(key), refusal.found);
        let allowed = match refusal.form {
            Some(form) => format!("{allowed}, as {form}"),
            None => allowed.to_owned(),
        };
        self.faults.add(
            Fault::new(span, message)
                .allowed(allowed)
                .nearest(refusal.nearest),
        );
    }

    fn read<R: Rule>(
        &mut self,
        key: &str,
        written: &Spanned<R::Written>,
        rule: &R,
    ) -> Option<R::Meant> {
        match rule.read(written.get_ref()) {
            Ok(meant) => Some(meant),
            Err(refusal) => {
                self.refuse(key, written.span(), refusal, &rule.allowed());
                None
            }
        }
    }

    fn missing(&mut self, key: &str, allowed: &str, table: &Range<usize>) {
        self.fault(
            key,
            table.clone(),
            "found no such key, and it is required",
            Some(allowed),
        );
    }

    fn path_of(&self, key: &str) -> String {
        match (self.path.as_str(), key) {
            ("", key) => key.to_owned(),
            (path, "") => path.to_owned(),
            (path, key) => format!("{path}.{key}"),
        }
    }
}
