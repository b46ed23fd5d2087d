//! `[cache_policies.NAME]` and `[origin_requests.NAME]`: what is defined once and used by many. What answers
//! get is in [`super::response_headers`].
//!
//! One that has a fault is still known by its name, so that who names it gets no second fault.

use std::collections::{BTreeMap, BTreeSet};

use toml::Spanned;

use super::response_headers;
use crate::config::error::Faults;
use crate::config::keys::policies as rules;
use crate::config::rule::{List, Refusal, Rule as _, quoted_list};
use crate::config::section::{Section, Texts};
use crate::config::units::format_duration;
use crate::config::{keys, raw};
use crate::policy::cache_policy::CachePolicy;
use crate::policy::names::{Choice, MAX_CHARACTERS, Names, NamesError};
use crate::policy::origin_request::{Lists, OriginRequest};

/// Presets and the operator's own, by name; `None`: it has a fault.
pub(super) struct Policies<'r> {
    raw: &'r raw::Raw,
    /// What is done to answers on their way to a viewer.
    pub(super) headers: response_headers::Policies,
    cache: BTreeMap<&'r str, Option<CachePolicy>>,
    requests: BTreeMap<&'r str, Option<OriginRequest>>,
}

/// The keys that a distribution and a policy have in common.
#[derive(Clone, Copy)]
pub(super) struct Written<'r> {
    pub(super) min_ttl: &'r Option<Spanned<String>>,
    pub(super) default_ttl: &'r Option<Spanned<String>>,
    pub(super) max_ttl: &'r Option<Spanned<String>>,
    pub(super) negative_ttl: &'r Option<Spanned<String>>,
    pub(super) error_ttl: &'r Option<Spanned<String>>,
    pub(super) stale_on_error: &'r Option<Spanned<String>>,
    pub(super) set_cookie: &'r Option<Spanned<String>>,
    pub(super) viewer_cache_control: &'r Option<Spanned<String>>,
}

impl<'r> Policies<'r> {
    /// All of them.
    pub(super) fn resolve(raw: &'r raw::Raw, faults: &mut Faults) -> Self {
        let names = named(
            "cache_policies",
            raw.cache_policies.keys(),
            CachePolicy::PRESETS,
            faults,
        );
        let cache = raw.cache_policies.iter().filter_map(|(name, written)| {
            let name = *names.get(name.get_ref().as_str())?;
            Some((name, cache_policy(name, written, faults)))
        });
        let cache = cache.collect();
        let names = named(
            "origin_requests",
            raw.origin_requests.keys(),
            OriginRequest::PRESETS,
            faults,
        );
        let requests = raw.origin_requests.iter().filter_map(|(name, written)| {
            let name = *names.get(name.get_ref().as_str())?;
            Some((name, origin_request(name, written, faults)))
        });
        let requests = requests.collect();
        Self {
            raw,
            headers: response_headers::resolve(&raw.response_headers, faults),
            cache,
            requests,
        }
    }

    /// The cache policy that a `cache_policy` names.
    pub(super) fn cache(
        &self,
        section: &mut Section<'_>,
        written: &Spanned<String>,
    ) -> Option<CachePolicy> {
        let name = written.get_ref();
        if self.is_own_cache_policy(name) {
            return self.cache.get(name.as_str()).cloned().flatten();
        }
        if let Some(preset) = CachePolicy::preset(name) {
            return Some(preset);
        }
        let own = self.raw.cache_policies.keys();
        unknown(section, "cache_policy", written, CachePolicy::PRESETS, own);
        None
    }

    /// The origin request that an `origin_request` names.
    pub(super) fn origin_request(
        &self,
        section: &mut Section<'_>,
        written: &Spanned<String>,
    ) -> Option<OriginRequest> {
        let name = written.get_ref();
        if self.raw.origin_requests.contains_key(name.as_str()) {
            return self.requests.get(name.as_str()).cloned().flatten();
        }
        if let Some(preset) = OriginRequest::preset(name) {
            return Some(preset);
        }
        let own = self.raw.origin_requests.keys();
        unknown(
            section,
            "origin_request",
            written,
            OriginRequest::PRESETS,
            own,
        );
        None
    }

    /// The own cache policy of that name, as it is written.
    pub(super) fn written(&self, name: &Spanned<String>) -> Option<&'r raw::CachePolicy> {
        self.raw.cache_policies.get(name.get_ref().as_str())
    }

    fn is_own_cache_policy(&self, name: &str) -> bool {
        self.raw.cache_policies.contains_key(name)
    }
}

/// Adds the fault for a name that nothing has.
fn unknown<'a>(
    section: &mut Section<'_>,
    key: &str,
    written: &Spanned<String>,
    presets: &[&'a str],
    own: impl Iterator<Item = &'a Spanned<String>>,
) {
    let own = own.map(|name| name.get_ref().as_str());
    let known: Vec<&str> = presets.iter().copied().chain(own).collect();
    let refusal = Refusal::word(written.get_ref(), known.iter().copied());
    section.refuse(key, written.span(), refusal, &quoted_list(known));
}

/// Those of the names that can be told from the presets'; none if there are too many.
fn named<'a>(
    table: &str,
    names: impl ExactSizeIterator<Item = &'a Spanned<String>>,
    presets: &[&str],
    faults: &mut Faults,
) -> BTreeSet<&'a str> {
    let mut section = Section::new(table, faults);
    let count = names.len();
    let mut sound = BTreeSet::new();
    for (place, name) in names.enumerate() {
        let text = name.get_ref();
        if place == rules::MAX_POLICIES {
            let found = format!("found {count} of them");
            section.fault("", name.span(), &found, Some(rules::POLICIES_ALLOWED));
            return BTreeSet::new();
        }
        let refusal = match rules::POLICY_NAME.read(text) {
            Err(refusal) => refusal,
            Ok(_)
                if presets
                    .iter()
                    .any(|preset| preset.eq_ignore_ascii_case(text)) =>
            {
                Refusal::text(text, "is the name of a preset")
            }
            Ok(_) => {
                sound.insert(text.as_str());
                continue;
            }
        };
        section.refuse("", name.span(), refusal, rules::POLICY_NAME.allowed);
    }
    sound
}

fn cache_policy(
    name: &str,
    written: &raw::CachePolicy,
    faults: &mut Faults,
) -> Option<CachePolicy> {
    let mut section = Section::new(format!("cache_policies.{name}"), faults);
    let base = section.take("base", &written.base, &keys::CACHE_POLICY);
    let query = choice(&mut section, "query", &written.query, &QUERY);
    let cookies = choice(&mut section, "cookies", &written.cookies, &COOKIES);
    let sort = section.optional("sort_query", &written.sort_query, &rules::SORT_QUERY);
    let accept_encoding = section.optional(
        "accept_encoding",
        &written.accept_encoding,
        &rules::ACCEPT_ENCODING,
    );
    let span = written.headers.as_ref().map_or(0..0, Spanned::span);
    let headers = match &written.headers {
        Some(_) => section
            .list("headers", &written.headers, &rules::HEADERS)
            .map(Some),
        None => Some(None),
    };
    let base = base.map(|policy| CachePolicy {
        name: name.to_owned(),
        ..policy
    });
    let written = Written {
        min_ttl: &written.min_ttl,
        default_ttl: &written.default_ttl,
        max_ttl: &written.max_ttl,
        negative_ttl: &written.negative_ttl,
        error_ttl: &written.error_ttl,
        stale_on_error: &written.stale_on_error,
        set_cookie: &written.set_cookie,
        viewer_cache_control: &written.viewer_cache_control,
    };
    let policy = overridden(&mut section, written, base, "base");
    let (query, cookies, headers) = (query?, cookies?, headers?);
    let mut policy = policy?;
    let key = &mut policy.key;
    key.sort_query = sort?.unwrap_or(key.sort_query);
    key.accept_encoding = accept_encoding?.unwrap_or(key.accept_encoding);
    if let Some(query) = query {
        key.query = query;
    }
    if let Some(cookies) = cookies {
        key.cookies = cookies;
    }
    if let Some(mut headers) = headers {
        let characters = headers
            .iter()
            .map(|name| name.as_str().len())
            .sum::<usize>();
        if characters > MAX_CHARACTERS {
            let found = NamesError::TooLong(characters).to_string();
            section.fault("headers", span, &found, Some(rules::CHARACTERS_ALLOWED));
            return None;
        }
        headers.sort_unstable_by(|one, other| one.as_str().cmp(other.as_str()));
        headers.dedup();
        key.headers = headers;
    }
    Some(policy)
}

fn origin_request(
    name: &str,
    written: &raw::OriginRequest,
    faults: &mut Faults,
) -> Option<OriginRequest> {
    let mut section = Section::new(format!("origin_requests.{name}"), faults);
    let fields = match &written.fields {
        Some(fields) if is_word(fields, "default") => Some(None),
        fields => choice(&mut section, "fields", fields, &FIELDS),
    };
    let cookies = choice(&mut section, "cookies", &written.cookies, &COOKIES);
    let query = choice(&mut section, "query", &written.query, &MORE_QUERY);
    let host = section.take("host", &written.host, &rules::FORWARD_HOST);
    let lists = Lists {
        fields: fields?,
        cookies: cookies?.unwrap_or(Choice::None),
        query: query?.unwrap_or(Choice::None),
        host: host?,
    };
    Some(OriginRequest::own(name.to_owned(), lists))
}

/// How a choice of some kind of names is written.
struct Kind {
    words: &'static [(&'static str, Choice)],
    names: List<String>,
    allowed: &'static str,
}

const NONE_OR_ALL: &[(&str, Choice)] = &[("none", Choice::None), ("all", Choice::All)];
const QUERY: Kind = Kind {
    words: NONE_OR_ALL,
    names: rules::PARAMETERS,
    allowed: rules::CHOICE_ALLOWED,
};
const MORE_QUERY: Kind = Kind {
    words: &[("keyed", Choice::None), ("all", Choice::All)],
    names: rules::PARAMETERS,
    allowed: rules::MORE_QUERY_ALLOWED,
};
const COOKIES: Kind = Kind {
    words: NONE_OR_ALL,
    names: rules::COOKIES,
    allowed: rules::CHOICE_ALLOWED,
};
const FIELDS: Kind = Kind {
    words: NONE_OR_ALL,
    names: rules::FIELDS,
    allowed: rules::FIELDS_ALLOWED,
};

fn is_word(written: &Spanned<raw::Choice>, word: &str) -> bool {
    matches!(written.get_ref(), raw::Choice::Word(found) if found == word)
}

/// A choice of names; the outer `None` is a fault.
fn choice(
    section: &mut Section<'_>,
    key: &str,
    written: &Option<Spanned<raw::Choice>>,
    kind: &Kind,
) -> Option<Option<Choice>> {
    let Some(written) = written else {
        return Some(None);
    };
    let table = match written.get_ref() {
        raw::Choice::Table(table) => table,
        raw::Choice::Word(word) => {
            let known = kind.words.iter().find(|(known, _)| known == word);
            if known.is_none() {
                let words = kind.words.iter().map(|(word, _)| *word);
                let refusal = Refusal::word(word, words);
                section.refuse(key, written.span(), refusal, kind.allowed);
            }
            return known.map(|(_, choice)| Some(choice.clone()));
        }
    };
    let mut names = |inner: &str, list: &Texts| {
        let key = format!("{key}.{inner}");
        let names = section.list(&key, list, &kind.names)?;
        // All else is the list's own rule.
        let names = Names::new(names.iter().map(String::as_str));
        if let Err(error) = &names {
            let span = list.as_ref().map_or(0..0, Spanned::span);
            section.fault(
                &key,
                span,
                &error.to_string(),
                Some(rules::CHARACTERS_ALLOWED),
            );
        }
        names.ok()
    };
    match (&table.allow, &table.except) {
        (Some(_), None) => Some(Some(Choice::Allow(names("allow", &table.allow)?))),
        (None, Some(_)) => Some(Some(Choice::Except(names("except", &table.except)?))),
        (both, _) => {
            let found = match both {
                Some(_) => "found both `allow` and `except`",
                None => "found neither `allow` nor `except`",
            };
            section.fault(key, written.span(), found, Some(kind.allowed));
            None
        }
    }
}

/// A policy with what is written over it; `from` is the key that names it. Without one, which is a fault
/// already, the keys are judged all the same.
pub(super) fn overridden(
    section: &mut Section<'_>,
    written: Written<'_>,
    policy: Option<CachePolicy>,
    from: &str,
) -> Option<CachePolicy> {
    let mut ttl = |key, written| section.optional(key, written, &keys::TTL);
    let min = ttl("min_ttl", written.min_ttl);
    let default = ttl("default_ttl", written.default_ttl);
    let max = ttl("max_ttl", written.max_ttl);
    let negative = ttl("negative_ttl", written.negative_ttl);
    let error = ttl("error_ttl", written.error_ttl);
    let stale_on_error = ttl("stale_on_error", written.stale_on_error);
    let viewer = section.optional(
        "viewer_cache_control",
        written.viewer_cache_control,
        &keys::VIEWER_CACHE_CONTROL,
    );
    let set_cookie = section.optional("set_cookie", written.set_cookie, &keys::SET_COOKIE);

    let mut policy = policy?;
    policy.viewer = viewer?.unwrap_or(policy.viewer);
    policy.set_cookie = set_cookie?.unwrap_or(policy.set_cookie);
    let bounds = &mut policy.bounds;
    bounds.min = min?.unwrap_or(bounds.min);
    bounds.default = default?.or(bounds.default);
    bounds.max = max?.unwrap_or(bounds.max);
    bounds.negative = negative?.or(bounds.negative);
    bounds.stale_on_error = stale_on_error?.unwrap_or(bounds.stale_on_error);
    policy.error_ttl = error?.unwrap_or(policy.error_ttl);

    if !policy.stores && !policy.bounds.max.is_zero() {
        // The preset has a maximum of zero, so it is written.
        let span = written.max_ttl.as_ref().map_or(0..0, Spanned::span);
        let found = "found a lifetime beside \"CachingDisabled\", which stores nothing";
        section.fault("max_ttl", span, found, Some("another preset"));
        return None;
    }
    let bounds = &policy.bounds;
    let default = bounds.default.unwrap_or(bounds.min);
    if bounds.min <= default && default <= bounds.max {
        return Some(policy);
    }
    let found = format!(
        "found min_ttl {}, default_ttl {}, max_ttl {} (what is not written comes from {})",
        format_duration(bounds.min),
        bounds
            .default
            .map_or_else(|| "none".to_owned(), format_duration),
        format_duration(bounds.max),
        match from {
            "base" => from,
            _ => &policy.name,
        },
    );
    // What they are laid over is in order, so at least one of the three is written.
    let places = [
        ("max_ttl", written.max_ttl),
        ("default_ttl", written.default_ttl),
        ("min_ttl", written.min_ttl),
    ];
    let (key, span) = places
        .iter()
        .find_map(|(key, written)| written.as_ref().map(|written| (*key, written.span())))
        .unwrap_or((from, 0..0));
    section.fault(key, span, &found, Some("min_ttl <= default_ttl <= max_ttl"));
    None
}
