//! What to write so that nothing is split for nothing: lines that build on what a behaviour has, and words where
//! no line of a cache policy can do it.

use super::parts::Kind;
use super::report::{BehaviorReport, Row, Verdict, shown};
use crate::policy::behavior::Behavior;
use crate::policy::cache_policy::CachePolicy;
use crate::policy::distribution::Distributions;
use crate::policy::lean;

/// Says what to write so that nothing is split for nothing.
pub(super) fn advise<'r>(
    report: &mut BehaviorReport,
    behavior: &Behavior,
    sharing: impl Iterator<Item = &'r BehaviorReport>,
    distributions: &Distributions,
    taken: &mut Vec<String>,
    listed: bool,
) {
    let hints = &mut report.hints;
    let preset = CachePolicy::preset(&behavior.cache.name);
    let matters: Vec<&Row> = match preset {
        // A new policy is this behaviour's alone.
        Some(_) => Vec::new(),
        None => sharing
            .flat_map(|other| &other.parts)
            .filter(|row| row.verdict == Verdict::Matters)
            .collect(),
    };
    let mut gone = lean::Parts::default();
    for row in report
        .parts
        .iter()
        .filter(|row| row.verdict == Verdict::Splits)
    {
        let name = &row.name;
        if matters
            .iter()
            .any(|other| (other.kind, &other.name) == (row.kind, name))
        {
            hints.push(format!(
                "{} changes answers of another behavior with the cache policy {:?}: give this one a policy of its own",
                shown(row),
                behavior.cache.name
            ));
            continue;
        }
        match row.kind {
            Kind::Order => gone.order = true,
            Kind::Host => hints.push(format!(
                "the viewer's host is in the key because it is forwarded: an origin request with host = false \
                 (here it is {:?}), or `host` of the origin",
                behavior.origin_request.name
            )),
            Kind::Vary => hints.push(format!(
                "the origin answers with Vary: {name}: take it out there, or do not forward the field (the origin \
                 request is {:?})",
                behavior.origin_request.name
            )),
            _ if name.is_empty() => hints.push(format!(
                "{} cannot be left out by name: `allow` the names that count",
                shown(row)
            )),
            Kind::Query => gone.query.push(name.clone()),
            Kind::Header => gone.headers.push(name.clone()),
            Kind::Cookie => gone.cookies.push(name.clone()),
        }
    }
    let key = behavior.origin_request.keyed();
    let (lean, left) = lean::without(key, &gone);
    for name in left {
        hints.push(format!(
            "no list can leave out {name:?}: `allow` the names that count"
        ));
    }
    let lines = lean::lines(key, &lean);
    if lines.is_empty() {
        return;
    }
    let now = behavior.origin_request.clone();
    if now.clone().keying(&lean).may_be_unkeyed() != now.may_be_unkeyed() {
        hints.push(format!(
            "the origin request {:?} still sends on what leaves the key: `seawall check` says what that is",
            now.name
        ));
    }
    let Some(preset) = preset else {
        let name = &behavior.cache.name;
        report.paste =
            format!("# in [cache_policies.{name}], instead of what it says of these\n{lines}");
        let own = format!("{} {}", report.distribution, report.behavior);
        let also: Vec<String> = every(distributions)
            .filter(|(other, holds)| holds.cache.name == *name && *other != own)
            .map(|(other, _)| other)
            .collect();
        if !also.is_empty() {
            hints.push(format!(
                "the cache policy {name:?} also holds for {}",
                also.join(", ")
            ));
        }
        return;
    };
    let name = (1..)
        .map(|n| match n {
            1 => "fewer-keys".to_owned(),
            n => format!("fewer-keys-{n}"),
        })
        .find(|name| !taken.contains(name))
        .unwrap_or_default();
    let place = match listed {
        true => format!(
            "the behavior {:?} of {}",
            report.behavior, report.distribution
        ),
        false => format!("the distribution {}", report.distribution),
    };
    report.paste = format!(
        "[cache_policies.{name}]\nbase = {:?}\n{lines}# then, in {place}: cache_policy = {name:?}\n",
        preset.name,
    );
    taken.push(name);
    let same = CachePolicy {
        key: preset.key.clone(),
        ..behavior.cache.clone()
    };
    if listed && same != preset {
        hints.push(
            "its lifetimes are not all the preset's: with a cache policy of its own they are no longer the \
             distribution's, so write them there too"
                .to_owned(),
        );
    }
}

/// All behaviours, with their names for people.
pub(super) fn every(distributions: &Distributions) -> impl Iterator<Item = (String, &Behavior)> {
    distributions.iter().flat_map(|distribution| {
        let id = &distribution.id;
        let listed = distribution.behaviors.iter();
        let listed = listed.map(move |one| (format!("{id} {}", one.path), &one.behavior));
        listed.chain([(format!("{id} *"), &distribution.default_behavior)])
    })
}
