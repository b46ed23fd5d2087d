//! Which paths a behaviour is for: `*` takes any bytes, none too, and `?` takes one.
//!
//! A pattern is held against a path in two ways (DESIGN 3.13). As the viewer sent it, a reserved byte and
//! its escape are two things, because an HTTP origin may tell them apart: `/private%2Fx` is not
//! `/private/x`. As the name of an object it is decoded, because a bucket decodes it; a `%2F` in a pattern
//! is then in no object's path, since the slashes of objects are slashes. Unreserved bytes
//! and the case of hex digits make no difference in either (RFC 3986 section 6.2.2). Letter case does,
//! and the query is no part of a path.
//!
//! Invariants: a parsed pattern is within [`MAX_PATTERN`]; matching goes through the path once for each
//! piece between two stars and never back, so its time is that of the path times the longest piece.
//!
//! Not here: the patterns of invalidations, whose one `*` stands at the end (`purge::pattern`).

use std::fmt;

use smallvec::SmallVec;

use crate::semantics::target::spelled;

/// Longest pattern as written, in bytes (CloudFront: "Path pattern").
pub const MAX_PATTERN: usize = 255;

/// A pattern of paths. Displays as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PathPattern {
    text: String,
    /// What stands between the stars: one piece more than there are stars, and so never none.
    pieces: Vec<Vec<Symbol>>,
}

/// Why a text is no pattern.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PathPatternError {
    /// Nothing was written.
    #[error("is empty")]
    Empty,
    /// Over [`MAX_PATTERN`].
    #[error("is longer than {MAX_PATTERN} bytes")]
    TooLong,
    /// What no path can hold plainly.
    #[error("has the character {0:?}, which must be percent-encoded")]
    Unescaped(char),
    /// A byte that is refused in every path: a backslash or a control byte, encoded or not.
    #[error("has a backslash or a control byte, and no path has")]
    Refused,
    /// A `%` without two hexadecimal digits behind it.
    #[error("has a `%` that two hexadecimal digits do not follow")]
    BadEscape,
    /// A segment `.` or `..`, which is refused in every path.
    #[error("has a segment `.` or `..`, and no path has")]
    DotSegment,
}

/// A path, ready to be held against patterns.
#[derive(Clone, Debug)]
pub struct Subject {
    /// Paths up to this many bytes cost no allocation.
    symbols: SmallVec<[Symbol; 256]>,
    /// Whether an escape is another thing than its byte.
    spelled: bool,
}

/// A byte; with [`ESCAPED`], a reserved one that was percent-encoded; or a wildcard.
type Symbol = u16;
const ESCAPED: Symbol = 0x100;
const ONE: Symbol = 0x200;
const STAR: Symbol = 0x201;
const SLASH: Symbol = b'/' as Symbol;

impl Subject {
    /// A path as the viewer sent it.
    #[must_use]
    pub fn sent(path: &str) -> Self {
        let symbols = spelled(path).map(symbol).collect();
        Self {
            symbols,
            spelled: true,
        }
    }

    /// A path as the name of an object, in any spelling.
    #[must_use]
    pub fn object(path: &str) -> Self {
        let symbols = spelled(path).map(|(byte, _)| Symbol::from(byte)).collect();
        Self {
            symbols,
            spelled: false,
        }
    }

    /// The same with each run of slashes as one; `None` if there is none.
    #[must_use]
    pub fn without_empty_segments(&self) -> Option<Self> {
        let mut symbols = self.symbols.clone();
        symbols.dedup_by(|next, last| *next == SLASH && *last == SLASH);
        (symbols.len() < self.symbols.len()).then_some(Self {
            symbols,
            spelled: self.spelled,
        })
    }
}

impl PathPattern {
    /// The pattern that `text` writes. As with CloudFront, a `/` at its beginning may be left out.
    ///
    /// # Errors
    /// [`PathPatternError`]: a text that is none, or that no path could match.
    pub fn parse(text: &str) -> Result<Self, PathPatternError> {
        if text.is_empty() {
            return Err(PathPatternError::Empty);
        }
        if text.len() > MAX_PATTERN {
            return Err(PathPatternError::TooLong);
        }
        if let Some(found) = text
            .chars()
            .find(|c| !(c.is_ascii() && !c.is_ascii_control() && !matches!(c, ' ' | '#')))
        {
            return Err(match found.is_ascii_control() {
                true => PathPatternError::Refused,
                false => PathPatternError::Unescaped(found),
            });
        }
        // A `%` that is no escape comes back as itself, a sound one never as a plain `%`.
        let mut symbols: Vec<Symbol> = Vec::with_capacity(text.len() + 1);
        for (byte, escaped) in spelled(text) {
            match (byte, escaped) {
                (b'%', false) => return Err(PathPatternError::BadEscape),
                (b'\\' | 0x00..=0x1f | 0x7f, _) => return Err(PathPatternError::Refused),
                (b'*', false) if symbols.last() == Some(&STAR) => {}
                (b'*', false) => symbols.push(STAR),
                (b'?', false) => symbols.push(ONE),
                other => symbols.push(symbol(other)),
            }
        }
        // Every path begins with a slash, so before anything but a star this changes what is meant, as
        // CloudFront does. Before a star it changes nothing unless a slash may be what follows it.
        let leading = match (symbols.first(), symbols.get(1)) {
            (Some(&SLASH), _) | (Some(&STAR), Some(&SLASH | &ONE)) => None,
            _ => Some(SLASH),
        };
        symbols.splice(0..0, leading);
        if has_dot_segment(&symbols) {
            return Err(PathPatternError::DotSegment);
        }
        let pieces = symbols.split(|symbol| *symbol == STAR);
        Ok(Self {
            text: text.to_owned(),
            pieces: pieces.map(<[Symbol]>::to_vec).collect(),
        })
    }

    /// Whether it takes this path.
    #[must_use]
    pub fn matches(&self, subject: &Subject) -> bool {
        let same = |pattern: Symbol, path: Symbol| match subject.spelled {
            true => pattern == path,
            false => pattern != ESCAPED | SLASH && pattern & !ESCAPED == path,
        };
        self.takes(&subject.symbols, same)
    }

    /// Whether it takes every path that `other` takes, as far as the two texts show it: never true
    /// where there is a path that only `other` takes.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        // The other's stars and question marks stand for themselves here. Only a star takes a star.
        let symbols = other.pieces.join(&STAR);
        self.takes(&symbols, |pattern, path| pattern == path)
    }

    /// Whether it takes the path `/` and no other.
    #[must_use]
    pub fn is_root(&self) -> bool {
        self.pieces == [[SLASH]]
    }

    fn takes(&self, path: &[Symbol], same: impl Fn(Symbol, Symbol) -> bool) -> bool {
        let one = |pattern: Symbol, path: Symbol| match pattern {
            ONE => path != STAR,
            _ => same(pattern, path),
        };
        let equal = |piece: &[Symbol], path: &[Symbol]| {
            piece.len() == path.len() && piece.iter().zip(path).all(|(p, s)| one(*p, *s))
        };
        let [first, between @ .., last] = self.pieces.as_slice() else {
            return self.pieces.iter().all(|piece| equal(piece, path));
        };
        let Some(end) = path.len().checked_sub(last.len()) else {
            return false;
        };
        if end < first.len() || !equal(first, &path[..first.len()]) || !equal(last, &path[end..]) {
            return false;
        }
        // The leftmost place of each piece leaves the most for those that follow, so none is tried twice.
        let mut rest = &path[first.len()..end];
        between.iter().all(|piece| {
            let at = rest
                .windows(piece.len())
                .position(|window| equal(piece, window));
            at.is_some_and(|at| {
                rest = &rest[at + piece.len()..];
                true
            })
        })
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn symbol((byte, escaped): (u8, bool)) -> Symbol {
    let mark = if escaped { ESCAPED } else { 0 };
    Symbol::from(byte) | mark
}

/// Whether a whole segment is `.` or `..`. An encoded slash ends one too, as in `target::check`.
fn has_dot_segment(symbols: &[Symbol]) -> bool {
    symbols
        .split(|symbol| symbol & !ESCAPED == SLASH)
        .any(|segment| {
            matches!(segment.len(), 1 | 2)
                && segment.iter().all(|symbol| *symbol == Symbol::from(b'.'))
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pattern(text: &str) -> PathPattern {
        PathPattern::parse(text).unwrap()
    }

    fn sent(text: &str, path: &str) -> bool {
        pattern(text).matches(&Subject::sent(path))
    }

    #[test]
    fn stars_take_any_bytes_and_question_marks_one() {
        for (text, taken, not) in [
            (
                "/a",
                &["/a", "/%61"][..],
                &["/", "/A", "/a/", "/ab", "/b"][..],
            ),
            ("a", &["/a"], &["/", "/b/a"]),
            ("*", &["/", "/a", "//", "/a/b%20c"], &[]),
            ("/*", &["/", "/a", "/a/b"], &[]),
            (
                "/api/*",
                &["/api/", "/api/a/b"],
                &["/api", "/Api/", "/x/api/", "/api%2Fa"],
            ),
            (
                "*.jpg",
                &["/a.jpg", "/.jpg", "/a/b.jpg", "/a.jpg.jpg"],
                &["/a.jpeg", "/a.jpg/", "/a.JPG"],
            ),
            (
                "/img/*.jpg",
                &["/img/a.jpg", "/img/.jpg"],
                &["/img.jpg", "/imga.jpg"],
            ),
            (
                "/a?c",
                &["/abc", "/a/c", "/a%2Fc", "/a%c3c"],
                &["/ac", "/abbc", "/a%C3%A9c"],
            ),
            (
                "/a*b*c",
                &["/abc", "/axbxc", "/abbcc", "/acbc"],
                &["/ab", "/ac", "/acb"],
            ),
            ("/aba*ba", &["/ababa", "/abaxba"], &["/aba"]),
            ("*/x", &["/x", "/a/x"], &["/ax"]),
            ("*?x", &["/x", "/ax"], &["x"]),
            ("/a**b", &["/ab", "/axb"], &["/a"]),
            ("/a!b", &["/a!b"], &["/a%21b"]),
            ("/a%21b", &["/a%21b"], &["/a!b"]),
            (
                "/%7euser/%c3%A9",
                &["/~user/%C3%a9", "/%7Euser/%C3%A9"],
                &["/~user/"],
            ),
            ("/%2A", &["/%2a"], &["/a", "/*"]),
        ] {
            for path in taken {
                assert!(sent(text, path), "{text} {path}");
            }
            for path in not {
                assert!(!sent(text, path), "{text} {path}");
            }
        }
    }

    #[test]
    fn as_an_object_a_path_has_no_spelling() {
        for (text, path) in [
            ("/private/*", "/private%2Fx"),
            ("/a!b", "/a%21b"),
            ("/a%21b", "/a!b"),
            ("/%2A", "/*"),
            ("/a/b", "/a%2Fb"),
        ] {
            assert!(!sent(text, path), "{text} {path}");
            assert!(
                pattern(text).matches(&Subject::object(path)),
                "{text} {path}"
            );
        }
        assert!(!pattern("/a").matches(&Subject::object("/A")));
        assert!(!pattern("/a%2F*").matches(&Subject::object("/a/b")));
    }

    #[test]
    fn empty_segments_can_be_left_out() {
        for (path, expected) in [
            ("//private//x", Some("/private/x")),
            ("/private%2F/x", Some("/private/x")),
            ("/a///", Some("/a/")),
            ("/", None),
            ("/a/b/", None),
        ] {
            let without = Subject::object(path).without_empty_segments();
            let expected = expected.map(|path| Subject::object(path).symbols);
            assert_eq!(without.map(|subject| subject.symbols), expected, "{path}");
        }
    }

    #[test]
    fn what_no_path_could_match_is_refused() {
        let longest = format!("/{}", "a".repeat(MAX_PATTERN - 1));
        assert!(PathPattern::parse(&longest).is_ok());
        for (text, why) in [
            ("", PathPatternError::Empty),
            (&format!("{longest}a"), PathPatternError::TooLong),
            ("/a b", PathPatternError::Unescaped(' ')),
            ("/a#b", PathPatternError::Unescaped('#')),
            ("/\u{e9}", PathPatternError::Unescaped('\u{e9}')),
            ("/a\tb", PathPatternError::Refused),
            ("/a\\b", PathPatternError::Refused),
            ("/a%5cb", PathPatternError::Refused),
            ("/%00", PathPatternError::Refused),
            ("/%7F", PathPatternError::Refused),
            ("/%", PathPatternError::BadEscape),
            ("/%4", PathPatternError::BadEscape),
            ("/%zz", PathPatternError::BadEscape),
            ("/%*", PathPatternError::BadEscape),
            ("..", PathPatternError::DotSegment),
            ("/a/./b", PathPatternError::DotSegment),
            ("/%2e%2E/b", PathPatternError::DotSegment),
            ("/a%2f..", PathPatternError::DotSegment),
        ] {
            assert_eq!(PathPattern::parse(text), Err(why), "{text:?}");
        }
        for text in ["/.?", "/.*", "/...", "/.a", "/%25"] {
            assert!(PathPattern::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn a_pattern_covers_what_it_takes_all_of() {
        for (one, other, covers) in [
            ("*", "/a", true),
            ("/*", "*", true),
            ("*", "/*", true),
            ("*.jpg", "/*.jpg", true),
            ("a/*", "/a/*", true),
            ("/a/*", "/a/b/*.jpg", true),
            ("/a/*", "/a/?", true),
            ("/?/*", "/a/b", true),
            ("*.jpg", "/a/*.jpg", true),
            ("*a*", "/x*a", true),
            ("/%61", "/a", true),
            ("/%c3*", "/%C3%A9", true),
            ("/a/*", "/a*", false),
            ("/a/*", "/a", false),
            ("/a?", "/a*", false),
            ("/a?*", "/a*", false),
            ("/a", "/?", false),
            ("*/x", "/x/*", false),
            ("/A", "/a", false),
            ("/a%2F*", "/a/*", false),
        ] {
            assert_eq!(
                pattern(one).covers(&pattern(other)),
                covers,
                "{one} {other}"
            );
        }
        assert!(pattern("/").is_root() && pattern("/").matches(&Subject::sent("/")));
        assert!(!pattern("/*").is_root() && !pattern("/a").is_root());
    }

    /// A matcher that goes back for every star would not end here.
    #[test]
    fn many_stars_before_what_is_not_there_cost_no_more_than_the_path() {
        let stars = pattern(&format!("{}b", "*a".repeat(120)));
        let path = format!("/{}", "a".repeat(8_191));
        assert!(!stars.matches(&Subject::sent(&path)));
        assert!(stars.matches(&Subject::sent(&format!("{path}b"))));
    }

    /// The rule spelled out, by trying everything.
    fn slowly(pattern: &[u8], path: &[u8]) -> bool {
        match (pattern, path) {
            ([], []) => true,
            ([b'*', rest @ ..], _) => {
                slowly(rest, path) || (!path.is_empty() && slowly(pattern, &path[1..]))
            }
            ([b'?', rest @ ..], [_, path @ ..]) => slowly(rest, path),
            ([one, rest @ ..], [other, path @ ..]) => one == other && slowly(rest, path),
            _ => false,
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_024))]

        #[test]
        fn matching_agrees_with_the_slow_rule(text in "[/*][ab/*?]{0,8}", path in "/[ab/]{0,10}") {
            let expected = slowly(text.as_bytes(), path.as_bytes());
            let pattern = pattern(&text);
            prop_assert_eq!(pattern.matches(&Subject::sent(&path)), expected);
            prop_assert_eq!(pattern.matches(&Subject::object(&path)), expected);
        }

        /// However unreserved bytes and hex digits are written, on either side.
        #[test]
        fn spelling_makes_no_difference(
            path in "/[ab/]{0,8}",
            text in "/[ab*?]{0,6}",
            escapes in prop::collection::vec(0..3_u8, 16),
        ) {
            let written = |text: &str| -> String {
                text.bytes().zip(&escapes).map(|(byte, how)| match (byte, how) {
                    (b'a' | b'b', 1) => format!("%{byte:02x}"),
                    (b'a' | b'b', 2) => format!("%{byte:02X}"),
                    _ => char::from(byte).to_string(),
                }).collect()
            };
            let expected = sent(&text, &path);
            prop_assert_eq!(sent(&text, &written(&path)), expected);
            prop_assert_eq!(sent(&written(&text), &path), expected);
        }

        #[test]
        fn what_is_covered_is_taken(
            one in "[/*][ab*?]{0,5}",
            other in "[/*][ab*?]{0,5}",
            paths in prop::collection::vec("/[ab/]{0,6}", 32),
        ) {
            let (one, other) = (pattern(&one), pattern(&other));
            prop_assert!(one.covers(&one));
            if one.covers(&other) {
                for path in paths {
                    let path = Subject::sent(&path);
                    prop_assert!(!other.matches(&path) || one.matches(&path), "{} {}", one, other);
                }
            }
        }

        #[test]
        fn no_text_panics(text in "\\PC{0,20}", path in "\\PC{0,20}") {
            if let Ok(pattern) = PathPattern::parse(&text) {
                let _ = pattern.matches(&Subject::sent(&path));
                let _ = pattern.matches(&Subject::object(&path));
            }
        }
    }
}
