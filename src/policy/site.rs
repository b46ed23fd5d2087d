//! What an operator decided about paths that are no objects: what stands in for them, and what is
//! answered where nothing is there.
//!
//! A behaviour without such rules has none of these values at all, and then nothing here costs it
//! anything. [`chain`](super::chain) says in which order they apply.

use std::time::Duration;

use http::StatusCode;

/// The object that an index of a directory is.
pub const INDEX: &str = "index.html";
/// The ending that a clean URL leaves out.
pub const ENDING: &str = ".html";

/// The rules of one behaviour.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct SiteRules {
    /// Whether `/docs/` stands for `/docs/index.html`, and `/docs` leads there.
    pub directories: bool,
    /// Whether `/about` stands for `/about.html`.
    pub clean_urls: bool,
    /// The page that answers navigations to what is not there: its canonical path.
    pub spa: Option<String>,
    /// What becomes of errors; no status is there twice.
    pub errors: Vec<ErrorResponse>,
}

/// What becomes of one status.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorResponse {
    /// Which.
    pub status: StatusCode,
    /// The page that is sent instead.
    pub page: Option<Page>,
    /// How long it is remembered where the origin gave no lifetime.
    pub ttl: Option<Duration>,
}

/// A page, and the status that it is sent with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page {
    /// Its canonical path.
    pub path: String,
    /// Its status.
    pub as_status: StatusCode,
}

impl SiteRules {
    /// Whether they change nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The page for a status.
    #[must_use]
    pub fn page_for(&self, status: StatusCode) -> Option<&Page> {
        let found = self.errors.iter().find(|error| error.status == status);
        found.and_then(|error| error.page.as_ref())
    }

    /// The other paths under which viewers know the object of this path (both percent-decoded): a purge
    /// of one of them means the object too.
    #[must_use]
    pub fn aliases(&self, path: &[u8]) -> Vec<Box<[u8]>> {
        let mut aliases = Vec::new();
        if self.directories
            && let Some(folder) = path.strip_suffix(INDEX.as_bytes())
            && folder.ends_with(b"/")
        {
            aliases.push(Box::from(folder));
        }
        if self.clean_urls
            && let Some(clean) = path.strip_suffix(ENDING.as_bytes())
            && !clean.ends_with(b"/")
        {
            aliases.push(Box::from(clean));
        }
        aliases
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_known_under_the_paths_that_it_stands_in_for() {
        let rules = SiteRules {
            directories: true,
            clean_urls: true,
            ..SiteRules::default()
        };
        let aliases = |rules: &SiteRules, path: &str| -> Vec<String> {
            let aliases = rules.aliases(path.as_bytes()).into_iter();
            aliases
                .map(|alias| String::from_utf8(alias.into_vec()).unwrap())
                .collect()
        };
        for (path, expected) in [
            ("/docs/index.html", &["/docs/", "/docs/index"][..]),
            ("/index.html", &["/", "/index"]),
            ("/about.html", &["/about"]),
            ("/myindex.html", &["/myindex"]),
            ("/.html", &[]),
            ("/about", &[]),
            ("/docs/", &[]),
        ] {
            assert_eq!(aliases(&rules, path), expected, "{path}");
            assert!(aliases(&SiteRules::default(), path).is_empty(), "{path}");
        }
    }
}
