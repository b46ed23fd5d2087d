//! The redirects of a distribution: `FROM TO [STATUS]` a line, as static hosts have it in `_redirects`.
//!
//! | written | takes |
//! |---|---|
//! | `/old` | that path, in any spelling |
//! | `/blog/:year/:slug` | paths with one segment for each name, and not an empty one |
//! | `/docs/*` | `/docs/` and every path below it; `:splat` in TO is what `*` took |
//!
//! The first rule that takes a path holds. Invariants: a rule leads to a path of the same host, or to an
//! http(s) URL whose authority is written out, so that nothing of a request chooses the host; no chain of
//! rules comes back to one of its own; what is made of a request has no byte that ends a field.

mod rules;

use std::collections::HashMap;

use http::StatusCode;

use self::rules::Rule;
use crate::semantics::target;

pub use rules::Flaw;

/// Longest file, in bytes.
pub const LONGEST_FILE: usize = 1 << 20;
/// Rules in one file.
pub const MAX_RULES: usize = 10_000;
/// Rules with `*` or names in one file: each request is held against them one by one.
pub const MAX_PATTERNS: usize = 1_000;

/// All rules of a file.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Redirects {
    rules: Vec<Rule>,
    /// The rules for one path each, by the path.
    exact: HashMap<String, usize>,
    /// The others, in order.
    patterns: Vec<usize>,
}

/// Where a request is sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Redirect {
    /// 301, 302, 303, 307 or 308.
    pub status: StatusCode,
    /// The value of Location.
    pub location: String,
}

impl Redirects {
    /// Reads a file.
    ///
    /// # Errors
    /// All flaws of its lines, or else those of its rules together, in the order of the lines.
    pub fn parse(text: &str) -> Result<Self, Vec<Flaw>> {
        let (mut redirects, mut flaws) = (Self::default(), Vec::new());
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            match Rule::parse(number, line) {
                Ok(None) => {}
                Ok(Some(rule)) => {
                    if let Err(flaw) = redirects.add(rule) {
                        flaws.push(flaw);
                    }
                }
                Err(flaw) => flaws.push(flaw),
            }
            if redirects.rules.len() > MAX_RULES || redirects.patterns.len() > MAX_PATTERNS {
                let found = "found one rule more than fits".to_owned();
                let allowed =
                    format!("at most {MAX_RULES} rules, {MAX_PATTERNS} of them with `*` or `:`");
                return Err(vec![Flaw::new(number, found, allowed)]);
            }
        }
        if flaws.is_empty() {
            flaws = redirects.loops();
        }
        match flaws.is_empty() {
            true => Ok(redirects),
            false => Err(flaws),
        }
    }

    /// How many rules there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rules.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Where a request for this path, as it was sent, goes. Its query goes along, unless the rule has one.
    #[must_use]
    pub fn find(&self, path: &str, query: Option<&str>) -> Option<Redirect> {
        // What has no canonical spelling is refused later, or is nothing that a rule can name.
        let path = target::canonical(path).ok()?;
        let (rule, taken) = self.first(&path)?;
        let to = &self.rules[rule].to;
        Some(Redirect {
            status: self.rules[rule].status,
            location: to.location(&taken, query),
        })
    }

    fn add(&mut self, rule: Rule) -> Result<(), Flaw> {
        let place = self.rules.len();
        match rule.from.as_path() {
            Some(path) => {
                if let Some(earlier) = self.exact.get(&path) {
                    let found = format!("found {path:?}, which has a rule already");
                    let line = self.rules[*earlier].line;
                    return Err(Flaw::new(
                        rule.line,
                        found,
                        format!("one rule for it; the other is in line {line}"),
                    ));
                }
                self.exact.insert(path, place);
            }
            None => self.patterns.push(place),
        }
        self.rules.push(rule);
        Ok(())
    }

    /// The first rule that takes a canonical path, and what its names took.
    fn first<'p>(&self, path: &'p str) -> Option<(usize, Vec<&'p str>)> {
        let exact = self.exact.get(path).copied();
        let before = |place: &&usize| exact.is_none_or(|exact| **place < exact);
        self.patterns
            .iter()
            .take_while(before)
            .find_map(|place| Some((*place, self.rules[*place].from.takes(path)?)))
            .or_else(|| Some((exact?, Vec::new())))
    }

    /// A flaw for each circle of rules. Names and `*` are tried with a word that no rule has.
    fn loops(&self) -> Vec<Flaw> {
        const WORD: &str = "a-word-that-no-rule-has";
        // Then each rule leads to one other at most, and one walk over all of them finds every circle.
        let next = |rule: &Rule| {
            let path = rule.to.own_path(&vec![WORD; rule.from.names()])?;
            Some(self.first(&path)?.0)
        };
        let next: Vec<Option<usize>> = self.rules.iter().map(next).collect();
        let mut flaws = Vec::new();
        // In which walk a rule was first come by.
        let mut walks = vec![usize::MAX; next.len()];
        for begin in 0..next.len() {
            let mut at = Some(begin);
            while let Some(place) = at.filter(|place| walks[*place] == usize::MAX) {
                walks[place] = begin;
                at = next[place];
            }
            if let Some(again) = at.filter(|place| walks[*place] == begin) {
                flaws.push(self.circle(again, &next));
            }
        }
        flaws
    }

    /// The flaw of the rules that lead from this one to itself.
    fn circle(&self, begin: usize, next: &[Option<usize>]) -> Flaw {
        let mut places = vec![begin];
        let mut at = next[begin];
        while let Some(place) = at.filter(|place| *place != begin) {
            places.push(place);
            at = next[place];
        }
        let first = (0..places.len()).min_by_key(|at| places[*at]);
        places.rotate_left(first.unwrap_or_default());
        let lines: Vec<String> = places
            .iter()
            .map(|place| self.rules[*place].line.to_string())
            .collect();
        let found = format!(
            "found a rule that leads back to itself, by the rules in line {}",
            lines.join(", ")
        );
        let allowed = "a TO that these rules do not take".to_owned();
        Flaw::new(self.rules[places[0]].line, found, allowed)
    }
}

#[cfg(test)]
mod tests;
