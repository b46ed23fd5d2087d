//! One line of a redirects file: which paths it takes, and what it makes of them.

use http::StatusCode;

use crate::semantics::{location, target};

const STATUSES: [u16; 5] = [301, 302, 303, 307, 308];
/// What `*` is called in TO.
const SPLAT: &str = "splat";

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {found}; allowed: {allowed}")]
pub struct Flaw {
    /// Its number, from 1.
    pub line: usize,
    found: String,
    allowed: String,
}

impl Flaw {
    pub(super) const fn new(line: usize, found: String, allowed: String) -> Self {
        Self {
            line,
            found,
            allowed,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Rule {
    pub(super) line: usize,
    pub(super) from: From,
    pub(super) to: Target,
    pub(super) status: StatusCode,
}

/// Which paths: segments, and perhaps all that is below them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct From {
    /// In canonical spelling; `None` is a name, which takes one of any text.
    segments: Vec<Option<String>>,
    open: bool,
}

/// Where to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Target {
    /// Scheme and authority; empty for the same host.
    host: String,
    parts: Vec<Part>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Part {
    Text(String),
    /// What the name at this place took.
    Taken(usize),
}

impl Rule {
    /// `None` for a line that holds none.
    pub(super) fn parse(line: usize, text: &str) -> Result<Option<Self>, Flaw> {
        let flaw = |found: String, allowed: &str| Flaw::new(line, found, allowed.to_owned());
        let words: Vec<&str> = text
            .split_whitespace()
            .take_while(|word| !word.starts_with('#'))
            .collect();
        let (from, to, status) = match words[..] {
            [] => return Ok(None),
            [from, to] => (from, to, "301"),
            [from, to, status] => (from, to, status),
            _ => {
                let found = format!("found {} words", words.len());
                return Err(flaw(found, "FROM TO [STATUS]"));
            }
        };
        let status = status
            .parse()
            .ok()
            .filter(|status| STATUSES.contains(status))
            .and_then(|status| StatusCode::from_u16(status).ok())
            .ok_or_else(|| {
                let found = format!("found {status:?} as STATUS");
                flaw(found, "301 (as without one), 302, 303, 307, 308")
            })?;
        let (from, names) = From::parse(from)
            .map_err(|(found, allowed)| flaw(format!("found {from:?}, which {found}"), allowed))?;
        let to = Target::parse(to, &names)
            .map_err(|(found, allowed)| flaw(format!("found {to:?}, which {found}"), allowed))?;
        Ok(Some(Self {
            line,
            from,
            to,
            status,
        }))
    }
}

type Refused = (String, &'static str);

impl From {
    fn parse(text: &str) -> Result<(Self, Vec<String>), Refused> {
        const ALLOWED: &str = "a path with a `/` first and without a query; `:name` for a segment, `*` for the last one";
        let refused = |found: &str| Err((found.to_owned(), ALLOWED));
        let Some(path) = text.strip_prefix('/') else {
            return refused("does not begin with `/`");
        };
        if path.contains('?') {
            return refused("has a query");
        }
        let (path, open) = match path {
            "*" => ("", true),
            _ => match path.strip_suffix("/*") {
                Some(path) => (path, true),
                None => (path, false),
            },
        };
        let (mut segments, mut names) = (Vec::new(), Vec::new());
        let root = open && path.is_empty() && text == "/*";
        for segment in path.split('/').filter(|_| !root) {
            if segment.contains('*') {
                return refused("has a `*` that is not the whole last segment");
            }
            if let Some(name) = segment.strip_prefix(':') {
                if !is_name(name) || name == SPLAT || names.iter().any(|known| known == name) {
                    return refused("has a `:` without a name of its own");
                }
                names.push(name.to_owned());
                segments.push(None);
                continue;
            }
            // An encoded slash is a slash in the canonical spelling.
            match target::canonical(&format!("/{segment}")) {
                Ok(path) => segments.extend(path[1..].split('/').map(|one| Some(one.to_owned()))),
                Err(error) => return Err((format!("is no path: {error}"), ALLOWED)),
            }
        }
        if open {
            names.push(SPLAT.to_owned());
        }
        Ok((Self { segments, open }, names))
    }

    /// The one path that it takes.
    pub(super) fn as_path(&self) -> Option<String> {
        if self.open {
            return None;
        }
        let segments: Option<Vec<&str>> = self.segments.iter().map(Option::as_deref).collect();
        Some(format!("/{}", segments?.join("/")))
    }

    /// How many texts it takes out of a path.
    pub(super) fn names(&self) -> usize {
        let names = self.segments.iter().filter(|segment| segment.is_none());
        names.count() + usize::from(self.open)
    }

    /// What its names and its `*` take of a canonical path.
    pub(super) fn takes<'p>(&self, path: &'p str) -> Option<Vec<&'p str>> {
        let mut rest = path.strip_prefix('/')?;
        let mut taken = Vec::new();
        for (at, wanted) in self.segments.iter().enumerate() {
            let last = at + 1 == self.segments.len() && !self.open;
            let segment = match rest.split_once('/') {
                Some(_) if last => return None,
                Some((segment, after)) => {
                    rest = after;
                    segment
                }
                None if last => rest,
                None => return None,
            };
            match wanted {
                Some(text) if text == segment => {}
                None if !segment.is_empty() => taken.push(segment),
                _ => return None,
            }
        }
        if self.open {
            taken.push(rest);
        }
        Some(taken)
    }
}

impl Target {
    fn parse(text: &str, names: &[String]) -> Result<Self, Refused> {
        const ALLOWED: &str = "an absolute path, or an http(s) URL whose host is written out; in its path, query and fragment `:splat` and the names of FROM";
        let refused = |found: &str| Err((found.to_owned(), ALLOWED));
        let authority_ends = |begins: usize| {
            let rest = &text[begins..];
            begins + rest.find(['/', '?', '#']).unwrap_or(rest.len())
        };
        let host = match text.find("://") {
            Some(at) => &text[..authority_ends(at + 3)],
            None => "",
        };
        if !location::may_lead_to(text) || (host.is_empty() && !text.starts_with('/')) {
            return refused("is no place that a viewer can be sent to");
        }
        let known = |name: &str| names.iter().position(|known| known == name);
        if host
            .split(':')
            .skip(1)
            .any(|word| known(name_in(word)).is_some() || name_in(word) == SPLAT)
        {
            return refused("would let a request choose the host");
        }
        let (mut parts, mut plain) = (Vec::new(), String::new());
        let mut rest = &text[host.len()..];
        while let Some(at) = rest.find(':') {
            let name = name_in(&rest[at + 1..]);
            let begins_a_segment = rest[..at].ends_with('/');
            plain.push_str(&rest[..at]);
            match known(name) {
                Some(place) => {
                    parts.push(Part::Text(std::mem::take(&mut plain)));
                    parts.push(Part::Taken(place));
                }
                None if begins_a_segment && !name.is_empty() || name == SPLAT => {
                    return Err((format!("has :{name}, which FROM has not"), ALLOWED));
                }
                None => plain.push_str(&rest[at..=at + name.len()]),
            }
            rest = &rest[at + 1 + name.len()..];
        }
        plain.push_str(rest);
        parts.push(Part::Text(plain));
        Ok(Self {
            host: host.to_owned(),
            parts,
        })
    }

    /// The value of Location.
    pub(super) fn location(&self, taken: &[&str], query: Option<&str>) -> String {
        let path = self.filled(taken);
        let (path, fragment) = match path.split_once('#') {
            Some((path, fragment)) => (path, Some(fragment)),
            None => (&*path, None),
        };
        let query = query.filter(|_| !path.contains('?'));
        let mut location = format!("{}{path}", self.host);
        if let Some(query) = query {
            location.push('?');
            // Of a request, so anything may be in it that some parser lets through.
            query.bytes().for_each(|byte| push(&mut location, byte));
        }
        if let Some(fragment) = fragment {
            location.push('#');
            location.push_str(fragment);
        }
        location
    }

    /// The path of the same host that it leads to, in canonical spelling.
    pub(super) fn own_path(&self, taken: &[&str]) -> Option<String> {
        if !self.host.is_empty() {
            return None;
        }
        let path = self.filled(taken);
        let path = path.split(['?', '#']).next()?;
        Some(target::canonical(path).ok()?.into_owned())
    }

    /// What follows the host. What was taken may begin with a slash (`/x//evil.test`): on the same host it
    /// must not become a second one at the beginning, which would make a host of what follows.
    fn filled(&self, taken: &[&str]) -> String {
        let mut path = String::new();
        for part in &self.parts {
            match part {
                Part::Text(text) => path.push_str(text),
                Part::Taken(place) => path.push_str(taken.get(*place).copied().unwrap_or_default()),
            }
        }
        if self.host.is_empty() {
            let slashes = path.len() - path.trim_start_matches('/').len();
            path.drain(..slashes.saturating_sub(1));
        }
        path
    }
}

/// A byte of a query, encoded unless a URI may have it as it is (RFC 3986 section 3.4).
fn push(text: &mut String, byte: u8) {
    const MARKS: &[u8] = b"-._~!$&'()*+,;=:@/?%[]";
    match byte.is_ascii_alphanumeric() || MARKS.contains(&byte) {
        true => text.push(char::from(byte)),
        false => text.push_str(&format!("%{byte:02X}")),
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && name_in(text).len() == text.len()
}

/// The name that a text begins with; empty if it begins with none.
fn name_in(text: &str) -> &str {
    if !text.starts_with(|first: char| first.is_ascii_alphabetic()) {
        return "";
    }
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    &text[..end.unwrap_or(text.len())]
}
