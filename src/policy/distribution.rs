//! Which distribution a host belongs to.
//!
//! Invariants, held by [`Distributions::new`]: ids are unique, a domain belongs to one distribution, at most one
//! distribution is the default one, and there is at least one. A lookup allocates nothing and costs at most one hash
//! per label of the host. Hosts come lower-cased and without a port: making them so is the caller's duty.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use super::behavior::Behavior;
use super::redirects::Redirects;
use super::selection::PathBehavior;

/// A set of domains with one configuration.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Distribution {
    /// Identity in keys, purges, logs and metrics.
    pub id: String,
    /// Hosts that it answers to.
    pub domains: Vec<Domain>,
    /// Object key that the path `/`, and only that path, stands for; `None`: `/` is not rewritten
    /// (a bucket has no such object; to an HTTP origin it is forwarded as it is).
    pub root_object: Option<String>,
    /// Which of its paths lead somewhere else, before anything else is looked at.
    pub redirects: Option<Arc<Redirects>>,
    /// Behaviours for some of its paths; the first that takes a path holds for it
    /// ([`Distribution::select`]).
    pub behaviors: Vec<PathBehavior>,
    /// What holds for all other paths.
    pub default_behavior: Behavior,
    /// Whether it also answers to hosts that no distribution names.
    pub is_default: bool,
}

/// A host, or all hosts under a suffix; lower-case ASCII. Displays as it is written in a configuration.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    /// Exactly this host.
    Exact(String),
    /// Every host with one or more labels before this suffix, which begins with its dot: `.example.net` stands for
    /// `*.example.net` and takes `a.example.net` and `a.b.example.net`, but not `example.net`.
    Wildcard(String),
}

/// Why a text is no domain.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DomainError {
    /// Nothing before or after the dots, or no text at all.
    #[error("has an empty label")]
    EmptyLabel,
    /// RFC 1035 section 2.3.4: 63 octets a label, 253 characters in all.
    #[error("is too long (63 characters a label, 253 in all)")]
    TooLong,
    /// `*` anywhere but as the whole first label, or as the only one.
    #[error("has a `*` that is not the whole first label of a longer name")]
    Star,
    /// A character that no host name has; a port, a scheme or a path gives this too.
    #[error("has the character {0:?}")]
    Character(char),
    /// A label that begins or ends with `-` (RFC 952).
    #[error("has a label that begins or ends with a hyphen")]
    Hyphen,
}

/// All distributions of a configuration, by host and by id.
#[derive(Debug)]
pub struct Distributions {
    all: Vec<Arc<Distribution>>,
    ids: HashMap<String, Arc<Distribution>>,
    exact: HashMap<String, Arc<Distribution>>,
    wildcards: HashMap<String, Arc<Distribution>>,
    default: Option<Arc<Distribution>>,
}

/// By which kind of domain a host was found.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Named<'h> {
    /// The host itself.
    Exactly(&'h str),
    /// A wildcard with this suffix, which begins with its dot.
    Under(&'h str),
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exactly(host) => f.write_str(host),
            Self::Under(suffix) => write!(f, "*{suffix}"),
        }
    }
}

/// Two distributions that cannot stand in one configuration. `first` and `second` are their places in the list, from 0.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Conflict {
    /// The list is empty.
    #[error("found no distribution; allowed: at least one")]
    Empty,
    /// An id used twice.
    #[error("found distribution id {id:?} twice; allowed: each id once")]
    SameId {
        /// The id.
        id: String,
        /// The earlier distribution.
        first: usize,
        /// The later one.
        second: usize,
    },
    /// A domain used twice, also within one distribution.
    #[error(
        "found domain \"{domain}\", which distributions[{first}] has already; allowed: each domain once"
    )]
    SameDomain {
        /// The domain.
        domain: Domain,
        /// The distribution that has it first.
        first: usize,
        /// The distribution that has it again.
        second: usize,
    },
    /// Two default distributions.
    #[error(
        "found a second default distribution (one without domains), and distributions[{first}] is one already; \
         allowed: at most one: give this one its domains"
    )]
    TwoDefaults {
        /// The earlier default.
        first: usize,
        /// The later one.
        second: usize,
    },
}

/// Everything that speaks against a list of distributions; never empty.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
pub struct Conflicts(pub Vec<Conflict>);

impl Domain {
    /// The domain that `text` writes: a host name or an IPv4 address, or `*.` and a host name. Letters are lower-cased,
    /// `_` is taken as a letter, a final dot is not allowed.
    pub fn parse(text: &str) -> Result<Self, DomainError> {
        let text = text.to_ascii_lowercase();
        if text.len() > LONGEST_HOST {
            return Err(DomainError::TooLong);
        }
        match text.strip_prefix('*') {
            None => check_labels(&text).map(|()| Self::Exact(text)),
            Some(suffix) => {
                let name = suffix.strip_prefix('.').ok_or(DomainError::Star)?;
                check_labels(name).map(|()| Self::Wildcard(suffix.to_owned()))
            }
        }
    }
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exact(host) => f.write_str(host),
            Self::Wildcard(suffix) => write!(f, "*{suffix}"),
        }
    }
}

impl Distributions {
    /// Arranges `list` for lookup, keeping its order for [`Distributions::iter`].
    ///
    /// # Errors
    /// All conflicts, in the order of the list, if ids or domains repeat, if two are the default one, or if it is empty.
    pub fn new(list: Vec<Distribution>) -> Result<Self, Conflicts> {
        let conflicts = conflicts(&list);
        if !conflicts.is_empty() {
            return Err(Conflicts(conflicts));
        }
        let mut distributions = Self {
            all: list.into_iter().map(Arc::new).collect(),
            ids: HashMap::new(),
            exact: HashMap::new(),
            wildcards: HashMap::new(),
            default: None,
        };
        for distribution in &distributions.all {
            distributions
                .ids
                .insert(distribution.id.clone(), Arc::clone(distribution));
            for domain in &distribution.domains {
                let (map, text) = match domain {
                    Domain::Exact(host) => (&mut distributions.exact, host),
                    Domain::Wildcard(suffix) => (&mut distributions.wildcards, suffix),
                };
                map.insert(text.clone(), Arc::clone(distribution));
            }
            if distribution.is_default {
                distributions.default = Some(Arc::clone(distribution));
            }
        }
        Ok(distributions)
    }

    /// The distribution that answers to `host` (lower-case, no port): an exact domain beats a wildcard, a longer
    /// wildcard a shorter one, and the default distribution takes the rest. `None` means 421 (RFC 9110 section 15.5.20).
    pub fn by_host(&self, host: &str) -> Option<&Arc<Distribution>> {
        self.by_host_as(host).map(|(found, _)| found)
    }

    /// The same, and by which of its domains: a wildcard by its suffix. `None` there: it is the default one.
    pub fn by_host_as<'h>(&self, host: &'h str) -> Option<(&Arc<Distribution>, Option<Named<'h>>)> {
        match self.by_domain(host) {
            Some((found, named)) => Some((found, Some(named))),
            None => Some((self.default.as_ref()?, None)),
        }
    }

    /// The distribution with this id, case-sensitive.
    pub fn by_id(&self, id: &str) -> Option<&Arc<Distribution>> {
        self.ids.get(id)
    }

    /// All distributions in the order in which they were given.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Arc<Distribution>> {
        self.all.iter()
    }

    fn by_domain<'h>(&self, host: &'h str) -> Option<(&Arc<Distribution>, Named<'h>)> {
        // No longer host is in the maps, and hashing every suffix of a 32 KiB one would be an attack.
        if host.len() > LONGEST_HOST {
            return None;
        }
        if let Some(found) = self.exact.get(host) {
            return Some((found, Named::Exactly(host)));
        }
        if self.wildcards.is_empty() {
            return None;
        }
        // The first dot gives the longest suffix; a dot at 0 has no label before it.
        host.match_indices('.')
            .filter(|(at, _)| *at > 0)
            .find_map(|(at, _)| {
                let suffix = &host[at..];
                let found = self.wildcards.get(suffix)?;
                Some((found, Named::Under(suffix)))
            })
    }
}

/// RFC 1035 section 2.3.4, as text without the final dot.
const LONGEST_HOST: usize = 253;
const LONGEST_LABEL: usize = 63;

fn check_labels(name: &str) -> Result<(), DomainError> {
    for label in name.split('.') {
        if label.is_empty() {
            return Err(DomainError::EmptyLabel);
        }
        if label.len() > LONGEST_LABEL {
            return Err(DomainError::TooLong);
        }
        if let Some(character) = label
            .chars()
            .find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_')))
        {
            return Err(if character == '*' {
                DomainError::Star
            } else {
                DomainError::Character(character)
            });
        }
        if label.starts_with('-') || label.ends_with('-') {
            return Err(DomainError::Hyphen);
        }
    }
    Ok(())
}

fn conflicts(list: &[Distribution]) -> Vec<Conflict> {
    let mut found = Vec::new();
    if list.is_empty() {
        found.push(Conflict::Empty);
    }
    let mut ids = HashMap::new();
    let mut domains = HashMap::new();
    let mut default = None;
    for (second, distribution) in list.iter().enumerate() {
        let first = *ids.entry(distribution.id.as_str()).or_insert(second);
        if first != second {
            found.push(Conflict::SameId {
                id: distribution.id.clone(),
                first,
                second,
            });
        }
        for domain in &distribution.domains {
            if let Some(&first) = domains.get(domain) {
                found.push(Conflict::SameDomain {
                    domain: domain.clone(),
                    first,
                    second,
                });
            } else {
                domains.insert(domain, second);
            }
        }
        if distribution.is_default {
            match default {
                Some(first) => found.push(Conflict::TwoDefaults { first, second }),
                None => default = Some(second),
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::behavior::Methods;
    use crate::policy::cache_policy::CachePolicy;
    use crate::policy::origin_request::OriginRequest;
    use proptest::prelude::*;

    fn distribution(id: &str, domains: &[&str]) -> Distribution {
        Distribution {
            id: id.to_owned(),
            domains: domains
                .iter()
                .map(|text| Domain::parse(text).unwrap())
                .collect(),
            root_object: None,
            redirects: None,
            behaviors: Vec::new(),
            default_behavior: Behavior {
                origin: "site".to_owned(),
                methods: Methods::new(["GET"]).unwrap(),
                cache: CachePolicy::preset("CloudFront").unwrap(),
                origin_request: OriginRequest::BUCKET,
                response_headers: None,
                site: None,
            },
            is_default: domains.is_empty(),
        }
    }

    fn id_of<'a>(distributions: &'a Distributions, host: &str) -> Option<&'a str> {
        distributions.by_host(host).map(|found| found.id.as_str())
    }

    #[test]
    fn exact_beats_wildcard_and_longer_beats_shorter() {
        let distributions = Distributions::new(vec![
            distribution("short", &["*.example.net"]),
            distribution("exact", &["www.b.example.net", "example.org"]),
            distribution("long", &["*.b.example.net"]),
        ])
        .unwrap();
        for (host, expected) in [
            ("a.example.net", Some("short")),
            ("a.c.example.net", Some("short")),
            ("b.example.net", Some("short")),
            ("a.b.example.net", Some("long")),
            ("x.a.b.example.net", Some("long")),
            ("www.b.example.net", Some("exact")),
            ("example.org", Some("exact")),
            ("www.example.org", None),
            ("example.net", None),
            (".example.net", None),
            ("aexample.net", None),
            ("example.net.evil.test", None),
            ("net", None),
            // No host is that long (RFC 1035), so none is looked up.
            (&format!("{}example.net", "a.".repeat(121)), Some("short")),
            (&format!("{}example.net", "a.".repeat(122)), None),
            ("", None),
        ] {
            assert_eq!(id_of(&distributions, host), expected, "{host}");
        }
    }

    #[test]
    fn the_default_distribution_takes_the_rest() {
        let distributions = Distributions::new(vec![
            distribution("rest", &[]),
            distribution("named", &["a.test"]),
        ])
        .unwrap();
        let long = "a.".repeat(20_000);
        for (host, expected) in [
            ("a.test", "named"),
            ("b.test", "rest"),
            ("", "rest"),
            ("[::1]", "rest"),
            (&long, "rest"),
        ] {
            assert_eq!(id_of(&distributions, host), Some(expected), "{host:.20}");
        }
    }

    #[test]
    fn ids_and_order_are_kept() {
        let distributions = Distributions::new(vec![
            distribution("b", &["b.test"]),
            distribution("a", &["a.test"]),
        ])
        .unwrap();
        assert_eq!(
            distributions
                .iter()
                .map(|d| d.id.as_str())
                .collect::<Vec<_>>(),
            ["b", "a"]
        );
        assert_eq!(distributions.by_id("a").unwrap().id, "a");
        assert!(distributions.by_id("A").is_none());
    }

    #[test]
    fn all_conflicts_are_named_with_their_places() {
        let list = vec![
            distribution("a", &["x.test", "*.x.test"]),
            distribution("b", &[]),
            distribution("a", &["y.test", "X.test", "y.test"]),
            distribution("c", &[]),
        ];
        let Conflicts(found) = Distributions::new(list).unwrap_err();
        let same_domain = |text: &str, first, second| Conflict::SameDomain {
            domain: Domain::Exact(text.to_owned()),
            first,
            second,
        };
        assert_eq!(
            found,
            [
                Conflict::SameId {
                    id: "a".to_owned(),
                    first: 0,
                    second: 2
                },
                same_domain("x.test", 0, 2),
                same_domain("y.test", 2, 2),
                Conflict::TwoDefaults {
                    first: 1,
                    second: 3
                },
            ]
        );
        assert_eq!(
            Distributions::new(vec![]).unwrap_err(),
            Conflicts(vec![Conflict::Empty])
        );
    }

    #[test]
    fn a_domain_is_a_host_or_a_star_before_one() {
        let exact = |text: &str| Ok(Domain::Exact(text.to_owned()));
        let wildcard = |text: &str| Ok(Domain::Wildcard(text.to_owned()));
        let label = "a".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "a".repeat(61));
        for (text, expected) in [
            ("www.Example.COM", exact("www.example.com")),
            ("localhost", exact("localhost")),
            ("127.0.0.1", exact("127.0.0.1")),
            ("_a.x-y.test", exact("_a.x-y.test")),
            ("*.Example.net", wildcard(".example.net")),
            ("*.net", wildcard(".net")),
            (&longest, exact(&longest)),
            ("", Err(DomainError::EmptyLabel)),
            ("a..b", Err(DomainError::EmptyLabel)),
            ("a.test.", Err(DomainError::EmptyLabel)),
            (".a.test", Err(DomainError::EmptyLabel)),
            ("*.", Err(DomainError::EmptyLabel)),
            ("*", Err(DomainError::Star)),
            ("*a.test", Err(DomainError::Star)),
            ("a.*.test", Err(DomainError::Star)),
            ("*.*.test", Err(DomainError::Star)),
            ("a.test:80", Err(DomainError::Character(':'))),
            ("https://a", Err(DomainError::Character(':'))),
            ("a.test/x", Err(DomainError::Character('/'))),
            ("bücher.test", Err(DomainError::Character('ü'))),
            ("-a.test", Err(DomainError::Hyphen)),
            ("a-.test", Err(DomainError::Hyphen)),
            (&format!("{label}a.test"), Err(DomainError::TooLong)),
            (&format!("{longest}a"), Err(DomainError::TooLong)),
        ] {
            assert_eq!(Domain::parse(text), expected, "{text}");
        }
    }

    proptest! {
        /// The lookup against the rule spelled out: among the domains that match, the longest text wins, exact first.
        #[test]
        fn lookup_agrees_with_the_rule(
            texts in prop::collection::hash_set("(\\*\\.)?[ab](\\.[ab]){0,3}", 1..8),
            host in "[ab](\\.[ab]){0,4}",
        ) {
            let texts: Vec<String> = texts.into_iter().collect();
            let list = texts.iter().map(|text| distribution(&format!("id-{text}"), &[text])).collect();
            let distributions = Distributions::new(list).unwrap();
            let expected = texts
                .iter()
                .filter(|text| match text.strip_prefix('*') {
                    Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix),
                    None => host == **text,
                })
                .max_by_key(|text| (!text.starts_with('*'), text.len()))
                .map(|text| format!("id-{text}"));
            prop_assert_eq!(id_of(&distributions, &host), expected.as_deref());
        }

        #[test]
        fn a_domain_displays_as_it_parses(text in "(\\*\\.)?[a-z0-9]{1,5}(\\.[a-z0-9]{1,5}){0,3}") {
            prop_assert_eq!(Domain::parse(&text).unwrap().to_string(), text);
        }
    }
}
