//! `[[distributions.behaviors]]`: what holds for some paths of a distribution, over what holds for all.
//!
//! A behaviour is its distribution with some keys written anew. So its keys are laid over those of the
//! distribution, as they are written, and the whole is resolved as a distribution's own are.

use super::{Origins, Policies, Section, Spanned, behavior, web};
use crate::config::error::Faults;
use crate::config::{keys, raw};
use crate::policy::distribution::Distribution;
use crate::policy::selection::{MAX_BEHAVIORS, PathBehavior, Unreachable};

/// All behaviours of a distribution. What is written in a faulty distribution is not inherited: its faults
/// would come again with each behaviour.
pub(super) fn resolve(
    index: usize,
    over: &raw::Distribution,
    is_sound: bool,
    origins: &Origins,
    policies: &Policies<'_>,
    faults: &mut Faults,
) -> Option<Vec<PathBehavior>> {
    if let Some(first) = over.behaviors.get(MAX_BEHAVIORS) {
        let found = format!("found {} of them", over.behaviors.len());
        let mut section = Section::new(format!("distributions[{index}]"), faults);
        section.fault(
            "behaviors",
            first.span(),
            &found,
            Some(keys::BEHAVIORS_ALLOWED),
        );
        return None;
    }
    let mut resolved = Vec::new();
    for (place, written) in over.behaviors.iter().enumerate() {
        let (raw, table) = (written.get_ref(), written.span());
        let mut section = Section::new(path_of(index, place), faults);
        let path = section.required("path", &raw.path, &keys::PATH, &table);
        let laid = match is_sound {
            true => laid_over(raw, over, origins, policies),
            // Its own keys are judged; without an origin of its own they cannot be.
            false if raw.origin.is_none() => continue,
            false => laid_over(raw, &raw::Distribution::default(), origins, policies),
        };
        let behavior = behavior(&mut section, &laid, origins, policies, &table);
        if let (Some(path), Some(behavior)) = (path, behavior) {
            resolved.push(PathBehavior { path, behavior });
        }
    }
    (resolved.len() == over.behaviors.len()).then_some(resolved)
}

/// Adds a fault for each behaviour that no request can select.
pub(super) fn all_reachable(
    index: usize,
    raw: &raw::Distribution,
    distribution: &Distribution,
    faults: &mut Faults,
) -> bool {
    let unreachable = distribution.unreachable();
    for (place, why) in &unreachable {
        // All were resolved, so the places are those of the file.
        let path = &distribution.behaviors[*place].path;
        let (found, allowed) = match why {
            Unreachable::Covered(by) => (
                format!(
                    "found \"{path}\", of which {} (\"{}\") takes every path first",
                    path_of(index, *by),
                    distribution.behaviors[*by].path
                ),
                "a path that no earlier behavior covers: put the narrower one first",
            ),
            Unreachable::Root => (
                format!(
                    "found \"{path}\", for which {:?} stands in",
                    distribution.root_object.as_deref().unwrap_or_default()
                ),
                "the path of the root object, or root_object = \"\"",
            ),
        };
        let written = &raw.behaviors[*place];
        let span = written.get_ref().path.as_ref().map(Spanned::span);
        let mut section = Section::new(path_of(index, *place), faults);
        section.fault(
            "path",
            span.unwrap_or_else(|| written.span()),
            &found,
            Some(allowed),
        );
    }
    unreachable.is_empty()
}

pub(super) fn path_of(index: usize, place: usize) -> String {
    format!("distributions[{index}].behaviors[{place}]")
}

/// The distribution with the behaviour's keys in the place of its own.
///
/// Lifetimes build on the policy, so they come with it or not at all. What depends on the type of the
/// origin comes only if that is the same: what suits a bucket is no reason to keep an application's
/// answers for a day, or its cookies at all.
fn laid_over(
    raw: &raw::Behavior,
    over: &raw::Distribution,
    origins: &Origins,
    policies: &Policies<'_>,
) -> raw::Distribution {
    // A policy that the behaviour names itself says more about it than its distribution does.
    let own = raw
        .cache_policy
        .as_ref()
        .and_then(|name| policies.written(name));
    let mut laid = raw::Distribution {
        origin: raw.origin.as_ref().or(over.origin.as_ref()).cloned(),
        methods: raw.methods.clone(),
        origin_request: raw.origin_request.clone(),
        cache_policy: raw.cache_policy.clone(),
        min_ttl: raw.min_ttl.clone(),
        default_ttl: raw.default_ttl.clone(),
        max_ttl: raw.max_ttl.clone(),
        negative_ttl: raw.negative_ttl.clone(),
        error_ttl: raw.error_ttl.clone(),
        stale_on_error: raw.stale_on_error.clone(),
        set_cookie: raw.set_cookie.clone(),
        index: raw.index.clone(),
        clean_urls: raw.clean_urls.clone(),
        spa: raw.spa.clone(),
        error_responses: raw.error_responses.clone(),
        viewer_cache_control: raw.viewer_cache_control.clone(),
        response_headers: raw
            .response_headers
            .as_ref()
            .or(over.response_headers.as_ref())
            .cloned(),
        ..raw::Distribution::default()
    };
    let inherit = |own: &mut Option<Spanned<String>>, theirs: &Option<Spanned<String>>| {
        if own.is_none() {
            own.clone_from(theirs);
        }
    };
    if own.is_none_or(|own| own.viewer_cache_control.is_none()) {
        inherit(&mut laid.viewer_cache_control, &over.viewer_cache_control);
    }
    if web(&laid, origins).is_some() != web(over, origins).is_some() {
        return laid;
    }
    if laid.methods.is_none() {
        laid.methods.clone_from(&over.methods);
    }
    if laid.clean_urls.is_none() {
        laid.clean_urls.clone_from(&over.clean_urls);
    }
    if laid.error_responses.is_none() {
        laid.error_responses.clone_from(&over.error_responses);
    }
    inherit(&mut laid.index, &over.index);
    inherit(&mut laid.spa, &over.spa);
    inherit(&mut laid.origin_request, &over.origin_request);
    if own.is_none_or(|own| own.set_cookie.is_none()) {
        inherit(&mut laid.set_cookie, &over.set_cookie);
    }
    if laid.cache_policy.is_none() {
        inherit(&mut laid.cache_policy, &over.cache_policy);
        inherit(&mut laid.min_ttl, &over.min_ttl);
        inherit(&mut laid.default_ttl, &over.default_ttl);
        inherit(&mut laid.max_ttl, &over.max_ttl);
        inherit(&mut laid.negative_ttl, &over.negative_ttl);
        inherit(&mut laid.error_ttl, &over.error_ttl);
        inherit(&mut laid.stale_on_error, &over.stale_on_error);
    }
    laid
}
