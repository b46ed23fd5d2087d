//! Why a configuration is not accepted, told so that it can be mended in one go.
//!
//! Invariants: every fault says what was found and, where there is a choice, what is allowed; no message
//! holds the value of an environment variable. `Debug` does not print the text of the file either, since
//! a secret may have been pasted there by mistake; the graphical report does show the faulty line.

use std::fmt;
use std::io;
use std::ops::Range;

use miette::{Diagnostic, LabeledSpan, NamedSource, SourceCode};

/// Why [`load`](super::load) or [`parse`](super::parse) gave no configuration.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be opened or read.
    #[error("{name}: cannot be read: {source}")]
    Read {
        /// The file.
        name: String,
        /// What the system said.
        source: io::Error,
    },
    /// The text is longer than [`LONGEST_FILE`](super::LONGEST_FILE).
    #[error("{name}: found more than {limit} bytes; allowed: at most {limit} bytes")]
    TooLong {
        /// The file.
        name: String,
        /// The limit in bytes.
        limit: u64,
    },
    /// The file is not UTF-8, as TOML must be.
    #[error("{name}:{line}:{column}: found a byte that is not UTF-8; allowed: TOML in UTF-8")]
    NotUtf8 {
        /// The file.
        name: String,
        /// Line of the first such byte, from 1.
        line: usize,
        /// Column of it in characters, from 1.
        column: usize,
    },
    /// The text was read and is wrong.
    #[error(transparent)]
    Rejected(Box<Rejection>),
}

/// All faults that were found in one text.
pub struct Rejection {
    source: NamedSource<String>,
    faults: Vec<Fault>,
    omitted: usize,
}

/// One thing that is wrong, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fault {
    /// Place in bytes; empty at 0 for what is missing from the file as a whole.
    span: Range<usize>,
    /// `key: found ...`.
    message: String,
    allowed: Option<String>,
    nearest: Option<String>,
}

/// Collects faults up to [`MOST_FAULTS`] and counts the rest.
#[derive(Default)]
pub(super) struct Faults {
    kept: Vec<Fault>,
    omitted: usize,
}

/// Faults that one error lists; the rest is counted.
pub const MOST_FAULTS: usize = 100;

impl ConfigError {
    /// One line for each fault, without colour or source lines: `file:line:column: message`, or
    /// `file: message` if there is no place. Lines and columns count from 1, columns in characters. No
    /// line end after the last.
    pub fn render_plain(&self) -> String {
        match self {
            Self::Rejected(rejection) => rejection.render_plain(),
            _ => self.to_string(),
        }
    }
}

impl Diagnostic for ConfigError {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        match self {
            Self::Rejected(rejection) => Some(&rejection.source),
            _ => None,
        }
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        match self {
            Self::Rejected(rejection) => Some(Box::new(
                rejection
                    .faults
                    .iter()
                    .map(|fault| fault as &dyn Diagnostic),
            )),
            _ => None,
        }
    }
}

impl Rejection {
    pub(super) fn new(name: &str, text: &str, faults: Faults) -> Self {
        let Faults { mut kept, omitted } = faults;
        kept.sort_by_key(|fault| fault.span.start);
        Self {
            source: NamedSource::new(name, text.to_owned()),
            faults: kept,
            omitted,
        }
    }

    fn render_plain(&self) -> String {
        let (name, text) = (self.source.name(), self.source.inner());
        let mut lines: Vec<String> = self
            .faults
            .iter()
            .map(|fault| {
                let (line, column) = place(text, fault.span.start);
                format!("{name}:{line}:{column}: {}", fault.plain())
            })
            .collect();
        if self.omitted > 0 {
            lines.push(format!("{name}: and {} more", self.omitted));
        }
        lines.join("\n")
    }
}

impl fmt::Debug for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Rejection")
            .field("name", &self.source.name())
            .field("faults", &self.faults)
            .field("omitted", &self.omitted)
            .finish_non_exhaustive()
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.faults.len() + self.omitted;
        let noun = if count == 1 { "fault" } else { "faults" };
        write!(f, "{}: not accepted, {count} {noun}", self.source.name())
    }
}

impl std::error::Error for Rejection {}

impl Fault {
    /// A fault at `span` (bytes of the text): what was found, in words.
    pub(super) fn new(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span,
            message: message.into(),
            allowed: None,
            nearest: None,
        }
    }

    /// Adds what would have been accepted.
    pub(super) fn allowed(mut self, allowed: impl Into<String>) -> Self {
        self.allowed = Some(allowed.into());
        self
    }

    /// Adds the word that was probably meant.
    pub(super) fn nearest(mut self, nearest: Option<String>) -> Self {
        self.nearest = nearest;
        self
    }

    fn plain(&self) -> String {
        let mut line = self.message.clone();
        if let Some(allowed) = &self.allowed {
            line.push_str("; allowed: ");
            line.push_str(allowed);
        }
        if let Some(nearest) = &self.nearest {
            line.push_str(&format!("; did you mean {nearest}?"));
        }
        line
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl Diagnostic for Fault {
    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let lines: Vec<String> = [
            self.nearest
                .as_ref()
                .map(|word| format!("did you mean {word}?")),
            self.allowed
                .as_ref()
                .map(|allowed| format!("allowed: {allowed}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        (!lines.is_empty()).then(|| Box::new(lines.join("\n")) as Box<dyn fmt::Display>)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_with_span(Some("here".to_owned()), self.span.clone());
        Some(Box::new(std::iter::once(label)))
    }
}

impl Faults {
    pub(super) fn add(&mut self, fault: Fault) {
        if self.is_full() {
            self.omit();
        } else {
            self.kept.push(fault);
        }
    }

    /// Counts a fault whose text nobody will see.
    pub(super) const fn omit(&mut self) {
        self.omitted += 1;
    }

    /// Whether further faults are only counted, so that their texts need not be made.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() >= MOST_FAULTS
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }
}

/// Line and column (in characters) of a byte offset, both from 1; an offset beyond the end is the end.
pub(super) fn place(text: &str, offset: usize) -> (usize, usize) {
    let before = &text[..text.floor_char_boundary(offset)];
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    (line, before[line_start..].chars().count() + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rejection(text: &str, faults: impl IntoIterator<Item = Fault>) -> ConfigError {
        let mut collected = Faults::default();
        faults.into_iter().for_each(|fault| collected.add(fault));
        ConfigError::Rejected(Box::new(Rejection::new("edge.toml", text, collected)))
    }

    #[test]
    fn places_count_characters_and_never_leave_the_text() {
        let text = "ab\r\né=ü\n";
        for (offset, expected) in [
            (0, (1, 1)),
            (1, (1, 2)),
            (4, (2, 1)),
            (5, (2, 1)),
            (6, (2, 2)),
            (7, (2, 3)),
            (9, (2, 4)),
            (10, (3, 1)),
            (99, (3, 1)),
        ] {
            assert_eq!(place(text, offset), expected, "{offset}");
        }
    }

    #[test]
    fn plain_lines_come_in_the_order_of_the_file() {
        let error = rejection(
            "a = 1\nb = 2\n",
            [
                Fault::new(6..7, "b: found 2")
                    .allowed("1")
                    .nearest(Some("`c`".to_owned())),
                Fault::new(0..1, "a: unknown key"),
            ],
        );
        assert_eq!(
            error.render_plain(),
            "edge.toml:1:1: a: unknown key\n\
             edge.toml:2:1: b: found 2; allowed: 1; did you mean `c`?"
        );
        assert_eq!(error.to_string(), "edge.toml: not accepted, 2 faults");
    }

    #[test]
    fn faults_beyond_the_limit_are_counted() {
        let faults = |count| {
            rejection(
                "",
                (0..count).map(|n| Fault::new(0..0, format!("fault {n}"))),
            )
        };
        assert_eq!(
            faults(MOST_FAULTS).render_plain().lines().count(),
            MOST_FAULTS
        );
        let more = faults(MOST_FAULTS + 2).render_plain();
        assert_eq!(more.lines().count(), MOST_FAULTS + 1);
        assert!(more.ends_with("edge.toml: and 2 more"), "{more}");
    }

    #[test]
    fn the_graphical_report_shows_the_line_and_the_help() {
        let error = rejection(
            "x = 1\nmemmory = 2\n",
            [Fault::new(6..13, "unknown key").allowed("memory")],
        );
        let mut report = String::new();
        miette::GraphicalReportHandler::new_themed(miette::GraphicalTheme::unicode_nocolor())
            .render_report(&mut report, &error)
            .unwrap();
        for part in [
            "edge.toml:2:1",
            "memmory = 2",
            "here",
            "allowed: memory",
            "unknown key",
        ] {
            assert!(report.contains(part), "{part} is missing from\n{report}");
        }
    }

    #[test]
    fn debug_does_not_print_the_text() {
        let error = rejection("token = \"hunter2\"", [Fault::new(0..5, "unknown key")]);
        assert!(!format!("{error:?}").contains("hunter2"));
    }
}
