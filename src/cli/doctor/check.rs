//! What a check found, and how it is shown.

use std::fmt::Write;

use serde::Serialize;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Status {
    /// As it should be.
    Pass,
    /// It works, but not as it should be.
    Warn,
    /// It must be mended.
    Fail,
    /// Not tried; `found` says why.
    Skip,
}

/// One check. No text in it holds a secret.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub(super) struct Check {
    /// A name that stays the same.
    pub(super) name: String,
    pub(super) status: Status,
    /// What was found.
    pub(super) found: String,
    /// What to do about it.
    pub(super) fix: Option<String>,
}

/// The checks so far, in the order in which they were made.
#[derive(Default, Debug)]
pub(super) struct Checks(Vec<Check>);

impl Checks {
    pub(super) fn pass(&mut self, name: &str, found: impl Into<String>) {
        self.add(name, Status::Pass, found.into(), None);
    }

    pub(super) fn warn(&mut self, name: &str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Status::Warn, found.into(), Some(fix.into()));
    }

    pub(super) fn fail(&mut self, name: &str, found: impl Into<String>, fix: impl Into<String>) {
        self.add(name, Status::Fail, found.into(), Some(fix.into()));
    }

    /// These were not tried, because of `why`.
    pub(super) fn skip(&mut self, names: &[&str], why: &str) {
        for name in names {
            self.add(name, Status::Skip, format!("not tried: {why}"), None);
        }
    }

    fn add(&mut self, name: &str, status: Status, found: String, fix: Option<String>) {
        self.0.push(Check {
            name: name.to_owned(),
            status,
            found,
            fix,
        });
    }

    pub(super) fn all(&self) -> &[Check] {
        &self.0
    }

    /// Whether nothing failed.
    pub(super) fn healthy(&self) -> bool {
        self.count(Status::Fail) == 0
    }

    fn count(&self, status: Status) -> usize {
        self.0.iter().filter(|check| check.status == status).count()
    }

    /// One line a check, and under it what to do.
    pub(super) fn lines(&self) -> String {
        let width = self.0.iter().map(|check| check.name.len()).max();
        let width = width.unwrap_or_default();
        let mut text = String::new();
        for check in &self.0 {
            let word = match check.status {
                Status::Pass => "ok",
                Status::Warn => "warn",
                Status::Fail => "FAIL",
                Status::Skip => "-",
            };
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{word:<4}  {:<width$}  {}", check.name, check.found);
            if let Some(fix) = &check.fix {
                let _ = writeln!(text, "      {:<width$}  fix: {fix}", "");
            }
        }
        let _ = writeln!(
            text,
            "{} ok, {} warned, {} failed, {} not tried",
            self.count(Status::Pass),
            self.count(Status::Warn),
            self.count(Status::Fail),
            self.count(Status::Skip)
        );
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fix_stands_under_the_failure() {
        let mut checks = Checks::default();
        checks.pass("clock", "within 1 s");
        assert!(checks.healthy());
        checks.warn("edge-list", "200", "take it away");
        assert!(checks.healthy(), "a warning is no failure");
        checks.fail("anonymous-get", "200", "block it");
        checks.skip(&["signed-request"], "no credentials");
        assert!(!checks.healthy());
        assert_eq!(
            checks.lines(),
            "ok    clock           within 1 s\n\
             warn  edge-list       200\n                      fix: take it away\n\
             FAIL  anonymous-get   200\n                      fix: block it\n\
             -     signed-request  not tried: no credentials\n\
             1 ok, 1 warned, 1 failed, 1 not tried\n"
        );
    }
}
