//! Pages: what stands in for what is no object, and what is answered where nothing is.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use http::StatusCode;
use toml::Spanned;

use super::behaviors::path_of;
use crate::config::error::Faults;
use crate::config::keys::site::{self, Index};
use crate::config::section::Section;
use crate::config::{keys, raw};
use crate::policy::behavior::Behavior;
use crate::policy::cache_policy::CachePolicy;
use crate::policy::distribution::Distribution;
use crate::policy::site::{ErrorResponse, Page, SiteRules};

const NO_FILES: &str = "an origin of type \"s3\"";

/// The rules of one behaviour; the inner `None`: there are none.
pub(super) fn rules(
    section: &mut Section<'_>,
    raw: &raw::Distribution,
    web: bool,
) -> Option<Option<Arc<SiteRules>>> {
    let index = section.take("index", &raw.index, &site::INDEX);
    let clean_urls = section.take("clean_urls", &raw.clean_urls, &site::CLEAN_URLS);
    let spa = section.take("spa", &raw.spa, &site::SPA);
    let errors = errors(section, raw);
    let rules = SiteRules {
        directories: index? == Index::Directories,
        clean_urls: clean_urls?,
        spa: spa?,
        errors: errors?,
    };
    if web {
        let written = |found: bool, key, span: Option<Range<usize>>, why| {
            found.then(|| (key, span.unwrap_or(0..0), why))
        };
        let files = "found this key with an origin of type \"http\", which knows its own paths";
        let spa = "found this key with an origin of type \"http\", whose errors would become pages with status 200";
        let index_span = raw.index.as_ref().map(Spanned::span);
        let clean_span = raw.clean_urls.as_ref().map(Spanned::span);
        let spa_span = raw.spa.as_ref().map(Spanned::span);
        let mut sound = true;
        for (key, span, found) in [
            written(rules.directories, "index", index_span, files),
            written(rules.clean_urls, "clean_urls", clean_span, files),
            written(rules.spa.is_some(), "spa", spa_span, spa),
        ]
        .into_iter()
        .flatten()
        {
            section.fault(key, span, found, Some(NO_FILES));
            sound = false;
        }
        if !sound {
            return None;
        }
    }
    Some((!rules.is_empty()).then(|| Arc::new(rules)))
}

/// Puts the lifetimes of single statuses into the policy.
pub(super) fn remember(cache: &mut CachePolicy, rules: &SiteRules) {
    let missing = &mut cache.bounds.missing;
    for error in &rules.errors {
        match error.status {
            StatusCode::NOT_FOUND => missing.not_found = error.ttl,
            StatusCode::GONE => missing.gone = error.ttl,
            StatusCode::URI_TOO_LONG => missing.uri_too_long = error.ttl,
            _ => {}
        }
    }
}

fn errors(section: &mut Section<'_>, raw: &raw::Distribution) -> Option<Vec<ErrorResponse>> {
    const KEY: &str = "error_responses";
    let Some(list) = &raw.error_responses else {
        return Some(Vec::new());
    };
    let mut errors: Vec<ErrorResponse> = Vec::new();
    for (place, written) in list.get_ref().iter().enumerate() {
        let key = |name: &str| format!("{KEY}[{place}].{name}");
        let (raw, table) = (written.get_ref(), written.span());
        let status = section.required(&key("status"), &raw.status, &site::STATUS, &table);
        let page = section.optional(&key("page"), &raw.page, &site::PAGE);
        let as_status = section.optional(&key("as_status"), &raw.as_status, &site::AS_STATUS);
        let ttl = section.optional(&key("ttl"), &raw.ttl, &keys::TTL);
        let (Some(status), Some(page), Some(as_status), Some(ttl)) = (status, page, as_status, ttl)
        else {
            continue;
        };
        let span = |written: Option<Range<usize>>| written.unwrap_or_else(|| table.clone());
        let status_span = span(raw.status.as_ref().map(Spanned::span));
        let code = status.as_u16();
        if errors.iter().any(|error| error.status == status) {
            let found = format!("found {code} twice");
            section.fault(
                &key("status"),
                status_span,
                &found,
                Some("each status once: put its keys together"),
            );
            continue;
        }
        if page.is_none() && (ttl.is_none() || as_status.is_some()) {
            let found = "found no page, and no `ttl` alone";
            let allowed =
                "`page`, perhaps with `as_status` and `ttl`; or `ttl` without `as_status`";
            section.fault(
                &format!("{KEY}[{place}]"),
                table.clone(),
                found,
                Some(allowed),
            );
            continue;
        }
        if ttl.is_some() && !site::REMEMBERED.contains(&code) {
            let found = match code {
                500.. => format!(
                    "found a lifetime for {code}: a failure is never remembered, so that its end shows at once"
                ),
                _ => format!("found a lifetime for {code}, which only the origin can give it"),
            };
            let ttl = span(raw.ttl.as_ref().map(Spanned::span));
            section.fault(
                &key("ttl"),
                ttl,
                &found,
                Some("with status 404, 410 or 414"),
            );
            continue;
        }
        errors.push(ErrorResponse {
            status,
            page: page.map(|path| Page {
                path,
                as_status: as_status.unwrap_or(status),
            }),
            ttl,
        });
    }
    (errors.len() == list.get_ref().len()).then_some(errors)
}

/// Adds a fault for each page that no request could get, and for each circle of error pages. What a
/// behaviour has from its distribution is judged there.
pub(super) fn pages_fit(
    index: usize,
    raw: &raw::Distribution,
    table: Range<usize>,
    distribution: &Distribution,
    faults: &mut Faults,
) -> bool {
    // Each place with the keys that are written there.
    let mut places = vec![(
        format!("distributions[{index}]"),
        &distribution.default_behavior,
        raw.spa.as_ref().map(Spanned::span),
        raw.error_responses.as_ref().map(Spanned::span),
    )];
    for (place, (listed, written)) in distribution
        .behaviors
        .iter()
        .zip(&raw.behaviors)
        .enumerate()
    {
        let written = written.get_ref();
        places.push((
            path_of(index, place),
            &listed.behavior,
            written.spa.as_ref().map(Spanned::span),
            written.error_responses.as_ref().map(Spanned::span),
        ));
    }
    let mut sound = true;
    let mut told = BTreeSet::new();
    for (path, behavior, spa_at, errors_at) in places {
        let Some(rules) = &behavior.site else {
            continue;
        };
        let mut fault = |spa: bool, found: &str, allowed: &str| {
            let (key, at) = match spa {
                true => ("spa", &spa_at),
                false => ("error_responses", &errors_at),
            };
            let at = at.clone().unwrap_or_else(|| table.clone());
            Section::new(path.clone(), faults).fault(key, at, found, Some(allowed));
            sound = false;
        };
        let pages = rules.errors.iter().filter_map(|error| {
            let page = error.page.as_ref()?;
            Some((error.status, page))
        });
        if let Some(spa) = rules.spa.as_ref().filter(|_| spa_at.is_some())
            && let Some(found) = unfit(distribution, spa, Some(&behavior.origin))
        {
            fault(true, &found, "a path whose behavior has the same origin");
        }
        for (status, page) in pages.filter(|_| errors_at.is_some()) {
            if let Some(found) = unfit(distribution, &page.path, None) {
                fault(
                    false,
                    &found,
                    "a path that selects one behavior however it is spelled",
                );
            }
            if let Some(circle) = circle(distribution, behavior, status) {
                let mut members = circle.clone();
                members.sort_unstable();
                members.dedup();
                if told.insert((status.as_u16(), members)) {
                    let circle: Vec<String> =
                        circle.iter().map(|path| format!("{path:?}")).collect();
                    let found = format!(
                        "found pages for {} that stand in for each other: {}",
                        status.as_u16(),
                        circle.join(" -> ")
                    );
                    fault(
                        false,
                        &found,
                        "pages of which one is the last: where its own behavior has no page for this status, or itself",
                    );
                }
            }
        }
    }
    sound
}

/// Why a page can never be had.
fn unfit(distribution: &Distribution, path: &str, origin: Option<&str>) -> Option<String> {
    let selected = distribution.select(path);
    let behavior = distribution.behavior(selected);
    if behavior.origin_request.is_bucket() && !distribution.holds_for_object(selected, path) {
        return Some(format!(
            "found {path:?}, which is another behavior's by its spelling than as an object"
        ));
    }
    let hidden = origin.is_some_and(|origin| behavior.origin != origin);
    hidden.then(|| {
        format!(
            "found {path:?}, which a behavior takes to origin {:?}",
            behavior.origin
        )
    })
}

/// The pages that stand in for each other's absence, the first one again at the end. A page that stands in
/// for itself is no circle: it is the last.
fn circle<'d>(
    distribution: &'d Distribution,
    from: &'d Behavior,
    status: StatusCode,
) -> Option<Vec<&'d str>> {
    let page = |behavior: &'d Behavior| {
        let page = behavior.site.as_ref()?.page_for(status)?;
        Some(page.path.as_str())
    };
    let mut seen: Vec<&str> = vec![page(from)?];
    loop {
        let last = *seen.last()?;
        let next = page(distribution.behavior(distribution.select(last)))?;
        if next == last {
            return None;
        }
        if let Some(at) = seen.iter().position(|known| *known == next) {
            let mut circle = seen.split_off(at);
            circle.push(next);
            return Some(circle);
        }
        seen.push(next);
    }
}
