//! `[[distributions]]`: what is served where, and for how long.
//!
//! Whether distributions can stand together is judged by [`Distributions::new`]; here its conflicts get their places.

mod behaviors;
mod site;

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::policies::{Policies, Written, overridden};
use super::{Base, redirects};
use crate::config::error::Faults;
use crate::config::keys::OriginType;
use crate::config::rule::{Refusal, Rule as _, quoted_list};
use crate::config::section::Section;
use crate::config::{keys, raw};
use crate::policy::behavior::{Behavior, Methods};
use crate::policy::cache_policy::CachePolicy;
use crate::policy::distribution::{Conflict, Distribution, Distributions, Domain};
use crate::policy::origin_request::OriginRequest;

type Origins = BTreeMap<Spanned<String>, raw::Origin>;

/// All of them, arranged for lookup.
pub(super) fn resolve(
    raw: &raw::Raw,
    policies: &Policies<'_>,
    base: Base<'_>,
    faults: &mut Faults,
) -> Option<Arc<Distributions>> {
    let mut resolved = Vec::new();
    // Where a distribution that could be resolved stands in the file.
    let mut places = Vec::new();
    for (index, written) in raw.distributions.iter().enumerate() {
        if let Some(distribution) =
            distribution(index, written, &raw.origins, policies, base, faults)
        {
            resolved.push(distribution);
            places.push(index);
        }
    }
    let complete = resolved.len() == raw.distributions.len();
    match Distributions::new(resolved) {
        Ok(distributions) => complete.then(|| Arc::new(distributions)),
        Err(conflicts) => {
            let mut repeated = HashMap::new();
            for conflict in &conflicts.0 {
                if faults.is_full() {
                    faults.omit();
                } else if complete || *conflict != Conflict::Empty {
                    // With faults in all of them, that none is left is no further fault.
                    conflicting(conflict, &places, &raw.distributions, &mut repeated, faults);
                }
            }
            None
        }
    }
}

/// Adds the fault for a conflict, at the later of the two places.
fn conflicting<'a>(
    conflict: &'a Conflict,
    places: &[usize],
    raw: &[Spanned<raw::Distribution>],
    repeated: &mut HashMap<(usize, &'a Domain), usize>,
    faults: &mut Faults,
) {
    let message = conflict.to_string();
    // The text of a conflict has both halves, as `found ...; allowed: ...`.
    let (found, allowed) = message.split_once("; allowed: ").unwrap_or((&message, ""));
    let (key, second) = match conflict {
        Conflict::Empty => {
            Section::new("distributions", faults).fault(
                "",
                0..0,
                found,
                Some("at least one [[distributions]]"),
            );
            return;
        }
        Conflict::SameId { second, .. } => ("id", *second),
        Conflict::SameDomain { second, .. } => ("domains", *second),
        Conflict::TwoDefaults { second, .. } => ("domains", *second),
    };
    // `Distributions::new` was given one distribution for each place, and a conflict names two of them.
    let index = places[second];
    let written = &raw[index];
    let span = match conflict {
        Conflict::SameId { .. } => written.get_ref().id.as_ref().map(Spanned::span),
        Conflict::SameDomain { domain, first, .. } => {
            // Conflicts come in the order of the list: the n-th one about a domain is about its n-th place, or
            // the one after if its first place is in this distribution too.
            let nth = repeated
                .entry((second, domain))
                .or_insert_with(|| usize::from(*first == second));
            let domains = written.get_ref().domains.as_ref();
            let mut same = domains
                .into_iter()
                .flat_map(Spanned::get_ref)
                .filter(|text| Domain::parse(text.get_ref()).as_ref() == Ok(domain));
            let span = same.nth(*nth).map(Spanned::span);
            *nth += 1;
            span
        }
        _ => written.get_ref().domains.as_ref().map(Spanned::span),
    };
    let mut section = Section::new(format!("distributions[{index}]"), faults);
    section.fault(
        key,
        span.unwrap_or_else(|| written.span()),
        found,
        Some(allowed),
    );
}

fn distribution(
    index: usize,
    written: &Spanned<raw::Distribution>,
    origins: &Origins,
    policies: &Policies<'_>,
    base: Base<'_>,
    faults: &mut Faults,
) -> Option<Distribution> {
    let (raw, table) = (written.get_ref(), written.span());
    let mut section = Section::new(format!("distributions[{index}]"), faults);
    let id = section.required("id", &raw.id, &keys::ID, &table);
    let domains = section.list("domains", &raw.domains, &keys::DOMAINS);
    let web = web(raw, origins);
    let root_object = match (&raw.root_object, web) {
        (None, Some(_)) => Some(None),
        (written, _) => section.take("root_object", written, &keys::ROOT_OBJECT),
    };
    let redirects = redirects::resolve(&mut section, &raw.redirects, base);
    let default_behavior = behavior(&mut section, raw, origins, policies, &table);
    let sound = default_behavior.is_some();
    let behaviors = behaviors::resolve(index, raw, sound, origins, policies, faults);
    let domains = domains?;
    let distribution = Distribution {
        id: id?,
        is_default: domains.is_empty(),
        domains,
        root_object: root_object?,
        redirects: redirects?,
        behaviors: behaviors?,
        default_behavior: default_behavior?,
    };
    let reachable = behaviors::all_reachable(index, raw, &distribution, faults);
    let pages = site::pages_fit(index, raw, table, &distribution, faults);
    (reachable && pages).then_some(distribution)
}

/// What holds for its requests, or for those of one of its paths.
fn behavior(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    origins: &Origins,
    policies: &Policies<'_>,
    table: &Range<usize>,
) -> Option<Behavior> {
    let origin = section.required("origin", &raw.origin, &keys::ORIGIN, table);
    if let (Some(name), Some(written)) = (&origin, &raw.origin)
        && !origins.contains_key(name.as_str())
        && !origins.is_empty()
    {
        let known = || origins.keys().map(|known| known.get_ref().as_str());
        let refusal = Refusal::word(name, known());
        section.refuse("origin", written.span(), refusal, &quoted_list(known()));
    }
    let web = web(raw, origins);
    let methods = methods(section, raw, web.is_some(), table);
    let origin_request = origin_request(section, raw, web, policies);
    let cache = cache_policy(section, raw, web.is_some(), policies);
    let response_headers = policies.headers.named(section, &raw.response_headers);
    let site = site::rules(section, raw, web.is_some());
    let mut cache = cache?;
    if let Some(Some(rules)) = &site {
        site::remember(&mut cache, rules);
    }
    Some(Behavior {
        origin: origin?,
        methods: methods?,
        origin_request: origin_request?.keying(&cache.key),
        cache,
        response_headers: response_headers?,
        site: site?,
    })
}

/// Its origin, if that is of type "http". An unknown origin or type is a fault already; it counts as a
/// bucket here.
fn web<'o>(raw: &raw::Distribution, origins: &'o Origins) -> Option<&'o raw::Origin> {
    let name = raw.origin.as_ref()?.get_ref();
    origins.get(name.as_str()).filter(|origin| {
        let kind = origin.kind.as_ref().map(Spanned::get_ref);
        kind.is_some_and(|kind| keys::ORIGIN_TYPE.read(kind).ok() == Some(OriginType::Http))
    })
}

fn methods(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    web: bool,
    table: &Range<usize>,
) -> Option<Methods> {
    let span = raw
        .methods
        .as_ref()
        .map_or_else(|| table.clone(), Spanned::span);
    let methods = match raw.methods.as_ref().map(Spanned::get_ref) {
        Some(raw::Methods::Word(word)) => {
            let known = Methods::WORDS.iter().find(|(known, _)| known == word);
            let Some((_, methods)) = known else {
                let words = Methods::WORDS.iter().map(|(word, _)| *word);
                section.refuse(
                    "methods",
                    span,
                    Refusal::word(word, words),
                    keys::METHODS_ALLOWED,
                );
                return None;
            };
            *methods
        }
        Some(raw::Methods::List(names)) => {
            let names = Some(Spanned::new(span.clone(), names.clone()));
            let names = section.list("methods", &names, &keys::METHODS)?;
            let Ok(methods) = Methods::new(names) else {
                section.fault("methods", span, "found no GET", Some(keys::METHODS_ALLOWED));
                return None;
            };
            methods
        }
        None => Methods::new(keys::METHODS.default()).ok()?,
    };
    if !web && !methods.suits_a_bucket() {
        let found = "found methods that a bucket has no answer for";
        section.fault("methods", span, found, Some(keys::METHODS_OF_A_BUCKET));
        return None;
    }
    Some(methods)
}

/// What of a request reaches the origin. A bucket gets nothing of it.
fn origin_request(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    web: Option<&raw::Origin>,
    policies: &Policies<'_>,
) -> Option<OriginRequest> {
    const KEY: &str = "origin_request";
    let Some(web) = web else {
        if let Some(written) = &raw.origin_request {
            let found = "found this key with an origin of type \"s3\", which gets nothing of a viewer's request";
            section.fault(KEY, written.span(), found, Some(keys::ONLY_HTTP));
            return None;
        }
        return Some(OriginRequest::BUCKET);
    };
    let preset = match &raw.origin_request {
        Some(written) => policies.origin_request(section, written),
        None => OriginRequest::PRESETS
            .first()
            .and_then(|name| OriginRequest::preset(name)),
    }?;
    let host = web.host.as_ref().map(|host| host.get_ref().as_str());
    let span = || raw.origin_request.as_ref().map_or(0..0, Spanned::span);
    match host {
        // Which of the two Hosts is meant cannot be told.
        Some(host) if host != "viewer" && preset.forwards_host() => {
            let found = format!(
                "found {:?} with an origin that has host = {host:?}",
                preset.name
            );
            let allowed = match &*preset.name {
                "AllViewer" => "\"AllViewerExceptHostHeader\", or an origin with host = \"viewer\"",
                _ => "one without host = true, or an origin with host = \"viewer\"",
            };
            section.fault(KEY, span(), &found, Some(allowed));
            None
        }
        Some("viewer") if preset.name == "AllViewerExceptHostHeader" => {
            let found = format!(
                "found {:?} with an origin that has host = \"viewer\"",
                preset.name
            );
            let allowed = "\"AllViewer\", or an origin with another host";
            section.fault(KEY, span(), &found, Some(allowed));
            None
        }
        Some("viewer") => Some(preset.with_host()),
        _ => Some(preset),
    }
}

/// Whether a policy's key is one that a bucket can have; else a fault is added.
fn suits_a_bucket(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    policy: &CachePolicy,
) -> bool {
    let settings = policy.key.meant_for_a_web_server();
    if settings.is_empty() {
        return true;
    }
    // No default is such a one, so it is written.
    let span = raw.cache_policy.as_ref().map_or(0..0, Spanned::span);
    let found = format!(
        "found {:?}, whose key has {}, with an origin of type \"s3\", which gets nothing of a viewer's request",
        policy.name,
        settings.join(" and "),
    );
    section.fault("cache_policy", span, &found, Some(keys::POLICY_OF_A_BUCKET));
    false
}

/// The policy with what the distribution overrides.
fn cache_policy(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    web: bool,
    policies: &Policies<'_>,
) -> Option<CachePolicy> {
    let policy = match (&raw.cache_policy, web) {
        (Some(written), _) => policies.cache(section, written),
        (None, true) => CachePolicy::preset(keys::WEB_CACHE_POLICY),
        (None, false) => keys::CACHE_POLICY.default(),
    };
    let policy = policy.filter(|policy| web || suits_a_bucket(section, raw, policy));
    let written = Written {
        min_ttl: &raw.min_ttl,
        default_ttl: &raw.default_ttl,
        max_ttl: &raw.max_ttl,
        negative_ttl: &raw.negative_ttl,
        error_ttl: &raw.error_ttl,
        stale_on_error: &raw.stale_on_error,
        set_cookie: &raw.set_cookie,
        viewer_cache_control: &raw.viewer_cache_control,
    };
    overridden(section, written, policy, "cache_policy")
}
