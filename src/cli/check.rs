//! `seawall check FILE`: validates a configuration without starting anything, and says what it means.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use crate::config::{self, Config, units};
use crate::policy::behavior::Behavior;
use crate::policy::cache_policy::{CachePolicy, SetCookie, ViewerCacheControl};
use crate::policy::distribution::Distribution;
use crate::policy::origin_request::OriginRequest;
use crate::policy::response_headers::ResponseHeaders;
use crate::policy::response_headers::cors::Listed;
use crate::policy::site::SiteRules;

/// Arguments of `seawall check`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration file
    file: PathBuf,
}

pub(super) fn run(arguments: &Arguments) -> miette::Result<()> {
    let config = config::load(&arguments.file)?;
    let mut text = format!("{}: the configuration is valid\n", arguments.file.display());
    for distribution in config.distributions.iter() {
        text.push_str(&told(distribution));
    }
    for policy in policies(&config) {
        text.push_str(&format!("  {}\n", headers(&policy)));
    }
    text.push_str(&unused(&config));
    super::print(&text);
    Ok(())
}

/// A distribution, and what holds for its paths with all that was inherited.
fn told(distribution: &Distribution) -> String {
    let domains = match distribution.domains.as_slice() {
        [] => "every host that no other distribution names".to_owned(),
        domains => domains
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join(", "),
    };
    let default = &distribution.default_behavior;
    let mut text = format!(
        "  distribution {}: {domains} -> origin {} (cache policy {}, root object {})\n",
        distribution.id,
        default.origin,
        default.cache.name,
        distribution.root_object.as_deref().unwrap_or("none"),
    );
    if let Some(redirects) = &distribution.redirects {
        text.push_str(&format!("    redirects: {} rules\n", redirects.len()));
    }
    for listed in &distribution.behaviors {
        text.push_str(&format!(
            "    {}: {}\n",
            listed.path,
            rules(&listed.behavior)
        ));
    }
    let others = match distribution.behaviors.is_empty() {
        true => "all paths",
        false => "all other paths",
    };
    text.push_str(&format!("    {others}: {}\n", rules(default)));
    text
}

fn rules(behavior: &Behavior) -> String {
    let allow = behavior.methods.allow_header();
    let request = &behavior.origin_request;
    let (forwards, key) = match (request.is_bucket(), behavior.cache.stores) {
        (true, true) => (String::new(), "; key: path".to_owned()),
        (true, false) => (String::new(), String::new()),
        (false, stores) => {
            let forwards = format!("; origin request {}", request.name);
            (forwards, if stores { key(request) } else { String::new() })
        }
    };
    let headers = match &behavior.response_headers {
        None => String::new(),
        Some(policy) => format!("; response headers {}", policy.name),
    };
    let pages = behavior.site.as_deref().map_or_else(String::new, pages);
    format!(
        "origin {}; methods {}{forwards}; {}{key}{pages}{headers}",
        behavior.origin,
        String::from_utf8_lossy(allow.as_bytes()),
        lifetimes(&behavior.cache)
    )
}

/// What is in the key, and what goes on without being in it.
fn key(request: &OriginRequest) -> String {
    let host = if request.forwards_host() {
        "host, "
    } else {
        ""
    };
    let mut text = format!("; key: {host}path, {}", request.keyed());
    let unkeyed = request.may_be_unkeyed();
    if !unkeyed.is_empty() {
        text.push_str("; forwards and does not key: ");
        text.push_str(&unkeyed.join(", "));
    }
    text
}

/// The response headers policies that are used, by name.
fn policies(config: &Config) -> Vec<Arc<ResponseHeaders>> {
    let mut policies: Vec<Arc<ResponseHeaders>> = Vec::new();
    for distribution in config.distributions.iter() {
        let listed = distribution.behaviors.iter().map(|listed| &listed.behavior);
        let behaviors = listed.chain([&distribution.default_behavior]);
        policies.extend(behaviors.filter_map(|behavior| behavior.response_headers.clone()));
    }
    policies.sort_by(|one, other| one.name.cmp(&other.name));
    policies.dedup_by(|one, other| one.name == other.name);
    policies
}

/// What a policy does, in the words of the configuration.
fn headers(policy: &ResponseHeaders) -> String {
    let mut text = format!("response headers {}:", policy.name);
    if let Some(cors) = &policy.cors {
        let rules = cors.rules();
        text.push_str(&format!(
            " cors origins {}, methods {}, headers {}, expose {}{}{}, override {};",
            rules.origins,
            listed(&rules.methods),
            listed(&rules.headers),
            listed(&rules.expose),
            if rules.credentials {
                ", credentials"
            } else {
                ""
            },
            rules
                .max_age
                .map(|seconds| units::format_duration(Duration::from_secs(seconds)))
                .map_or_else(String::new, |time| format!(", max_age {time}")),
            rules.replaces,
        ));
    }
    for field in &policy.set {
        let value = String::from_utf8_lossy(field.value.as_bytes());
        let unless = match field.replaces {
            true => "",
            false => " unless the origin does",
        };
        text.push_str(&format!(" sets {}: {value}{unless};", field.name));
    }
    for name in &policy.remove {
        text.push_str(&format!(" removes {name};"));
    }
    text
}

/// What stands in for what is no object, and what is answered where nothing is.
fn pages(rules: &SiteRules) -> String {
    let mut text = String::new();
    if rules.directories {
        text.push_str("; index directories");
    }
    if rules.clean_urls {
        text.push_str("; clean URLs");
    }
    if let Some(page) = &rules.spa {
        text.push_str(&format!("; navigations to nothing: {page} as 200"));
    }
    for error in &rules.errors {
        text.push_str(&format!("; {}:", error.status.as_u16()));
        if let Some(page) = &error.page {
            text.push_str(&format!(" {} as {}", page.path, page.as_status.as_u16()));
        }
        if let Some(ttl) = error.ttl {
            text.push_str(&format!(" kept {}", units::format_duration(ttl)));
        }
    }
    text
}

fn listed<T: ToString>(listed: &Listed<T>) -> String {
    match listed {
        Listed::All => "all".to_owned(),
        Listed::These(items) if items.is_empty() => "none".to_owned(),
        Listed::These(items) => {
            let items: Vec<String> = items.iter().map(ToString::to_string).collect();
            items.join(" ")
        }
    }
}

/// Own policies that no behaviour names.
fn unused(config: &Config) -> String {
    let behaviors = config.distributions.iter().flat_map(|distribution| {
        let listed = distribution.behaviors.iter().map(|listed| &listed.behavior);
        listed.chain([&distribution.default_behavior])
    });
    let (mut cache, mut requests) = (HashSet::new(), HashSet::new());
    for behavior in behaviors {
        cache.insert(&*behavior.cache.name);
        requests.insert(&*behavior.origin_request.name);
    }
    let told = |table: &str, names: &[String], used: &HashSet<&str>| -> String {
        let names = names.iter().filter(|name| !used.contains(name.as_str()));
        names
            .map(|name| format!("  nobody uses [{table}.{name}]\n"))
            .collect()
    };
    told("cache_policies", &config.cache_policies, &cache)
        + &told("origin_requests", &config.origin_requests, &requests)
}

fn lifetimes(policy: &CachePolicy) -> String {
    let bounds = &policy.bounds;
    let or_none = |time: Option<_>| time.map_or_else(|| "none".to_owned(), units::format_duration);
    let viewer = match policy.viewer {
        ViewerCacheControl::Ignore => "ignore",
        ViewerCacheControl::Honor => "honor",
    };
    let cookie = match policy.set_cookie {
        SetCookie::Strip => "strip",
        SetCookie::Store => "store",
        SetCookie::Refuse => "refuse",
    };
    let max = match bounds.max {
        CachePolicy::NO_MAXIMUM => None,
        max => Some(max),
    };
    if !policy.stores {
        return format!("cache policy {}: nothing is stored", policy.name);
    }
    format!(
        "cache policy {}: min_ttl {}, default_ttl {}, max_ttl {}, negative_ttl {}, error_ttl {}, \
         stale_on_error {}, set_cookie {cookie}, viewer_cache_control {viewer}",
        policy.name,
        units::format_duration(bounds.min),
        or_none(bounds.default),
        or_none(max),
        or_none(bounds.negative),
        units::format_duration(policy.error_ttl),
        units::format_duration(bounds.stale_on_error),
    )
}
