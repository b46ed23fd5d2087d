//! Configurations that are accepted, and those that are not with the very words that say why.
//!
//! After a change of words, `SEAWALL_BLESS=1 cargo test --test config` writes the expectations anew; read the
//! difference before it is kept.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use seawall::config::{self, Addressing, Credentials, HostField, Scope};
use seawall::policy::behavior::{Behavior, Methods};
use seawall::policy::cache_policy::{CachePolicy, SetCookie, ViewerCacheControl};
use seawall::policy::selection::MAX_BEHAVIORS;

fn env(variable: &str) -> Option<String> {
    match variable {
        "EDGE_ACCESS_KEY" => Some("edge-key".to_owned()),
        "EDGE_SECRET_KEY" => Some("edge-secret-0123456789".to_owned()),
        "SEAWALL_ADMIN_TOKEN" => Some("admin-token-0123456789".to_owned()),
        "SHORT_TOKEN" => Some("only-15-letters".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/config")
        .join(name)
}

/// Files of a folder with this ending, by name.
fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == ending)
        })
        .collect();
    files.sort();
    files
}

fn parse(path: &Path) -> Result<config::Config, config::ConfigError> {
    let name = path.file_name().unwrap().to_str().unwrap();
    config::parse(name, &fs::read_to_string(path).unwrap(), &env)
}

fn accepted(name: &str) -> config::Config {
    parse(&folder("accepted").join(name))
        .map_err(|error| error.render_plain())
        .unwrap()
}

#[test]
fn accepted_files_are_accepted() {
    let files = files(&folder("accepted"), "toml");
    assert!(files.len() >= 5, "{files:?}");
    for path in files {
        if let Err(error) = parse(&path) {
            panic!("{}", error.render_plain());
        }
    }
}

#[test]
fn rejected_files_are_rejected_in_the_expected_words() {
    let files = files(&folder("rejected"), "toml");
    assert!(files.len() >= 25, "{}", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let found = match parse(&path) {
            Ok(_) => "accepted".to_owned(),
            Err(error) => error.render_plain(),
        };
        if std::env::var_os("SEAWALL_BLESS").is_some() {
            fs::write(path.with_extension("expected"), format!("{found}\n")).unwrap();
        }
        let expected = fs::read_to_string(path.with_extension("expected")).unwrap_or_default();
        if found != expected.trim_end_matches('\n') {
            wrong.push(format!(
                "{}:\n  expected {expected:?}\n  found    {found:?}",
                path.display()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_expectation_has_its_file() {
    let names = |ending| -> BTreeSet<PathBuf> {
        let files = files(&folder("rejected"), ending);
        files
            .into_iter()
            .map(|path| path.with_extension(""))
            .collect()
    };
    assert_eq!(names("toml"), names("expected"));
}

#[test]
fn the_minimal_file_has_the_documented_defaults() {
    let config = accepted("minimal.toml");
    let edge = &config.edge;
    assert_eq!(edge.listen, ["127.0.0.1:8080".parse().unwrap()]);
    assert_eq!(
        (edge.memory, edge.in_flight, edge.max_object_size),
        (256 << 20, 64 << 20, 16 << 20)
    );
    assert_eq!(edge.workers, None);
    assert_eq!(edge.shutdown_grace, Duration::from_secs(30));
    assert_eq!(config.admin.listen, "127.0.0.1:9080".parse().unwrap());
    assert!(config.admin.tokens.is_empty());
    let origin = config.origins["site"].bucket().unwrap();
    assert!(matches!(origin.credentials, Credentials::Chain));
    assert_eq!(origin.endpoint, None);
    assert_eq!(origin.connect_timeout, Duration::from_secs(3));
    let distribution = config.distributions.by_host("anything.test").unwrap();
    assert!(distribution.is_default);
    assert_eq!(distribution.root_object.as_deref(), Some("index.html"));
    assert_eq!(distribution.default_behavior.cache.name, "CloudFront");
    assert_eq!(
        distribution.default_behavior.methods.allow_header(),
        "GET, HEAD"
    );
}

#[test]
fn a_minio_file_has_its_endpoint_and_keys() {
    let config = accepted("minio.toml");
    let origin = config.origins["site"].bucket().unwrap();
    assert_eq!(
        origin.endpoint.as_ref().unwrap().to_string(),
        "http://127.0.0.1:9000"
    );
    assert_eq!(origin.addressing, Addressing::Path);
    let Credentials::Static {
        access_key,
        session_token,
        ..
    } = &origin.credentials
    else {
        panic!("{origin:?}");
    };
    assert_eq!(access_key.variable, "EDGE_ACCESS_KEY");
    assert!(session_token.is_none());
    assert!(!format!("{config:?}").contains("edge-secret"));
}

#[test]
fn an_http_origin_has_other_defaults_than_a_bucket() {
    let config = accepted("http-origin.toml");
    let origin = |name: &str| match &config.origins[name] {
        config::Origin::Web(web) => web.clone(),
        config::Origin::Bucket(_) => panic!("{name} is a bucket"),
    };
    let (api, blog) = (origin("api"), origin("blog"));
    assert_eq!(api.url.to_string(), "https://balancer.internal:8443");
    assert_eq!(
        api.host,
        HostField::Literal("api.example.com".parse().unwrap())
    );
    assert_eq!((api.max_requests, blog.max_requests), (64, 256));
    assert_eq!(blog.host, HostField::Viewer);
    let behavior = |id: &str| &config.distributions.by_id(id).unwrap().default_behavior;
    assert!(behavior("SITE").origin_request.is_bucket());
    assert!(!behavior("API").origin_request.forwards_host());
    assert_eq!(behavior("API").methods, Methods::Standard);
    assert!(behavior("BLOG").origin_request.forwards_host());
    assert_eq!(behavior("BLOG").methods, Methods::Any);
    // Nothing was written: the defaults of an HTTP origin.
    assert_eq!(behavior("BLOG").cache.name, "RFC9111");
    let root = |id: &str| config.distributions.by_id(id).unwrap().root_object.clone();
    assert_eq!(root("SITE").as_deref(), Some("index.html"));
    assert_eq!(root("API"), None);
    assert_eq!(root("BLOG").as_deref(), Some("start"));
}

#[test]
fn two_distributions_share_hosts_and_override_lifetimes() {
    let config = accepted("two-distributions.toml");
    let id = |host: &str| {
        config
            .distributions
            .by_host(host)
            .map(|found| found.id.clone())
    };
    assert_eq!(id("www.example.com").as_deref(), Some("WWW"));
    assert_eq!(id("a.b.example.net").as_deref(), Some("WWW"));
    assert_eq!(id("static.example.com").as_deref(), Some("STATIC"));
    assert_eq!(id("other.test"), None);
    let cache = &config
        .distributions
        .by_id("STATIC")
        .unwrap()
        .default_behavior
        .cache;
    assert_eq!(cache.name, "RFC9111");
    assert_eq!(cache.bounds.min, Duration::from_secs(60));
    assert_eq!(cache.bounds.default, Some(Duration::from_secs(3_600)));
    assert_eq!(cache.bounds.max, Duration::from_secs(7 * 86_400));
    assert_eq!(cache.bounds.negative, Some(Duration::from_secs(5)));
    assert_eq!(cache.bounds.stale_on_error, Duration::from_secs(3_600));
    assert_eq!(cache.error_ttl, Duration::from_secs(2));
}

#[test]
fn a_behavior_has_what_it_writes_and_else_what_its_distribution_has() {
    let config = accepted("behaviors.toml");
    let of = |id: &str, path: &str| {
        let distribution = config.distributions.by_id(id).unwrap();
        distribution.behavior(distribution.select(path)).clone()
    };
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    let told = |id: &str, path: &str| {
        let Behavior {
            origin,
            methods,
            cache,
            ..
        } = of(id, path);
        let bounds = &cache.bounds;
        (
            origin,
            methods,
            cache.name,
            seconds(bounds.default),
            seconds(Some(bounds.max)).filter(|max| *max < 1 << 31),
            bounds.stale_on_error.as_secs(),
            cache.viewer,
        )
    };
    let (day, year) = (86_400, Some(31_536_000));
    let (honor, ignore) = (ViewerCacheControl::Honor, ViewerCacheControl::Ignore);
    let row = |origin: &str, methods, policy: &str, default, max, stale, viewer| {
        (
            origin.to_owned(),
            methods,
            policy.to_owned(),
            default,
            max,
            stale,
            viewer,
        )
    };
    for (id, path, expected) in [
        (
            "WWW",
            "/",
            row(
                "site",
                Methods::Get,
                "CloudFront",
                Some(3_600),
                year,
                600,
                honor,
            ),
        ),
        // Of another type: the defaults of that type, and not a lifetime meant for a bucket.
        (
            "WWW",
            "/api/public/a",
            row("api", Methods::GetHead, "RFC9111", Some(60), None, 0, honor),
        ),
        (
            "WWW",
            "/api/a",
            row("api", Methods::Standard, "RFC9111", None, None, 0, ignore),
        ),
        (
            "WWW",
            "/a.jpg",
            row(
                "images",
                Methods::Get,
                "CloudFront",
                Some(3_600),
                year,
                600,
                honor,
            ),
        ),
        (
            "WWW",
            "/fonts/a",
            row(
                "site",
                Methods::Get,
                "CloudFront",
                Some(day),
                Some(2 * day),
                day,
                honor,
            ),
        ),
        (
            "WWW",
            "/news/a",
            row(
                "site",
                Methods::Get,
                "CloudFront",
                Some(60),
                year,
                600,
                honor,
            ),
        ),
        (
            "APP",
            "/",
            row("api", Methods::Any, "RFC9111", None, None, 0, ignore),
        ),
        (
            "APP",
            "/static/a",
            row(
                "site",
                Methods::GetHead,
                "CloudFront",
                Some(day),
                year,
                day,
                ignore,
            ),
        ),
    ] {
        assert_eq!(told(id, path), expected, "{id} {path}");
    }
    assert_eq!(of("APP", "/static/a").cache.bounds.min, Duration::ZERO);
    assert!(of("APP", "/static/a").origin_request.is_bucket());
    assert_eq!(of("APP", "/static/a").cache.set_cookie, SetCookie::Strip);
    let shop = of("APP", "/shop/a");
    assert_eq!(shop.cache.set_cookie, SetCookie::Store);
    assert_eq!(shop.cache.bounds.min, Duration::from_secs(2));
    assert_eq!(shop.origin_request.name, "AllViewerExceptHostHeader");
    assert_eq!(of("WWW", "/api/a").origin_request.name, "Default");
}

#[test]
fn a_hundred_behaviors_are_allowed_and_no_more() {
    let text = fs::read_to_string(folder("rejected").join("too-many-behaviors.toml")).unwrap();
    let error = config::parse("x", &text, &env).unwrap_err().render_plain();
    assert!(
        error.contains(&format!("at most {MAX_BEHAVIORS} ")),
        "{error}"
    );
    let one_less = text.replace("    { path = \"/100/*\" },\n", "");
    let config = config::parse("x", &one_less, &env).unwrap();
    let distribution = config.distributions.by_id("SITE").unwrap();
    assert_eq!(distribution.behaviors.len(), MAX_BEHAVIORS);
}

#[test]
fn own_policies_are_used_by_name() {
    let config = accepted("policies.toml");
    assert_eq!(config.cache_policies, ["forgotten", "shop"]);
    assert_eq!(config.origin_requests, ["forgotten", "shop"]);
    let distribution = config.distributions.by_id("WWW").unwrap();
    let of = |path: &str| distribution.behavior(distribution.select(path));
    let (shop, checkout) = (of("/shop/a"), of("/checkout/a"));
    assert_eq!(shop.cache.name, "shop");
    assert_eq!(shop.cache.key, checkout.cache.key);
    assert_eq!(
        shop.cache.bounds,
        CachePolicy::preset("RFC9111").unwrap().bounds
    );
    // What the named policy says is nearer than what the distribution says; what is written beside it is nearest.
    assert_eq!(shop.cache.set_cookie, SetCookie::Refuse);
    assert_eq!(checkout.cache.set_cookie, SetCookie::Strip);
    assert_eq!(of("/account/a").cache.set_cookie, SetCookie::Store);
    assert_eq!(shop.cache.viewer, ViewerCacheControl::Honor);
    assert_eq!(shop.origin_request.name, "shop");
    assert_eq!(*shop.origin_request.keyed(), shop.cache.key);
    assert!(!of("/account/a").cache.stores);
    // A bucket's key is its path, whatever the policy says.
    let assets = of("/assets/a");
    assert!(assets.cache.key.accept_encoding);
    assert!(!assets.origin_request.keyed().has_fields());
}

#[test]
fn a_hundred_policies_of_a_kind_are_allowed_and_no_more() {
    let text = fs::read_to_string(folder("rejected").join("too-many-cache-policies.toml")).unwrap();
    let error = config::parse("x", &text, &env).unwrap_err().render_plain();
    assert!(error.contains("at most 100 "), "{error}");
    let one_less = text.replace("[cache_policies.p100]\n", "");
    let config = config::parse("x", &one_less, &env).unwrap();
    assert_eq!(config.cache_policies.len(), 100);
}

#[test]
fn a_list_takes_64_names_of_1024_characters() {
    let text = fs::read_to_string(folder("rejected").join("cache-policy-with-too-many-names.toml"))
        .unwrap();
    let fits = text
        .replace(", \"n64\"", "")
        .replace(", \"x-64\"", "")
        .replace(&"a".repeat(998), &"a".repeat(997));
    if let Err(error) = config::parse("x", &fits, &env) {
        panic!("{}", error.render_plain());
    }
}

#[test]
fn the_complete_file_has_every_key_of_the_schema() {
    let text = fs::read_to_string(folder("accepted").join("everything.toml")).unwrap();
    fn keys(schema: &serde_json::Value, found: &mut BTreeSet<String>) {
        for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
            found.insert(key.clone());
            keys(inner, found);
            keys(&inner["items"], found);
            keys(&inner["additionalProperties"], found);
            inner["anyOf"]
                .as_array()
                .into_iter()
                .flatten()
                .for_each(|inner| keys(inner, found));
        }
    }
    let mut expected = BTreeSet::new();
    keys(&config::schema(), &mut expected);
    let missing: Vec<&String> = expected
        .iter()
        .filter(|key| {
            !text.contains(&format!("{key} ="))
                && !text.contains(&format!("[{key}"))
                && !text.contains(&format!(".{key}]"))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    let config = accepted("everything.toml");
    assert_eq!(config.admin.tokens[0].scopes[0], Scope::Read);
}

#[test]
fn all_faults_of_a_step_come_at_once() {
    let error = parse(&folder("rejected").join("many-faults.toml")).unwrap_err();
    assert!(
        error.render_plain().lines().count() >= 8,
        "{}",
        error.render_plain()
    );
}

#[test]
fn a_flood_of_faults_is_cut_and_counted() {
    let text: String = (0..1_000).map(|n| format!("key{n} = 1\n")).collect();
    let plain = config::parse("x", &text, &env).unwrap_err().render_plain();
    assert_eq!(plain.lines().count(), config::MOST_FAULTS + 1);
    assert!(plain.ends_with("x: and 900 more"), "{plain}");

    let domains = "\"a.test\",".repeat(9_000);
    let distributions: String = (0..10)
        .map(|n| {
            format!("[[distributions]]\nid = \"D{n}\"\norigin = \"o\"\ndomains = [{domains}]\n")
        })
        .collect();
    let text = format!("[origins.o]\nbucket = \"bbb\"\nregion = \"r\"\n{distributions}");
    let plain = config::parse("x", &text, &env).unwrap_err().render_plain();
    assert!(plain.ends_with("x: and 89899 more"), "{plain}");
}

fn texts() -> Vec<String> {
    files(&folder("accepted"), "toml")
        .iter()
        .chain(&files(&folder("rejected"), "toml"))
        .map(|path| fs::read_to_string(path).unwrap())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// Whatever a file holds: no panic, and either a configuration or at least one line that begins with the name.
    #[test]
    fn no_mutation_panics(
        which in any::<prop::sample::Index>(),
        edits in prop::collection::vec((any::<prop::sample::Index>(), 0..8_usize, mutation()), 1..6),
    ) {
        let texts = texts();
        let mut bytes = which.get(&texts).clone().into_bytes();
        for (place, cut, insert) in edits {
            let start = place.index(bytes.len() + 1);
            let end = (start + cut).min(bytes.len());
            bytes.splice(start..end, insert.into_bytes());
        }
        let text = String::from_utf8_lossy(&bytes);
        if let Err(error) = config::parse("x.toml", &text, &env) {
            let plain = error.render_plain();
            prop_assert!(!plain.is_empty());
            for line in plain.lines() {
                prop_assert!(line.starts_with("x.toml:"), "{}", line);
            }
            prop_assert!(!plain.contains("edge-secret") && !plain.contains("admin-token"));
        }
    }

    /// A number or a word in the place of any value is no reason to panic either.
    #[test]
    fn no_replaced_value_panics(which in any::<prop::sample::Index>(), value in mutation()) {
        let text = fs::read_to_string(folder("accepted").join("everything.toml")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let at = which.index(lines.len());
        let replaced: Vec<String> = lines
            .iter()
            .enumerate()
            .map(|(index, line)| match line.split_once(" = ") {
                Some((key, _)) if index == at => format!("{key} = {value}"),
                _ => (*line).to_owned(),
            })
            .collect();
        let _ = config::parse("x.toml", &replaced.join("\n"), &env);
    }
}

fn mutation() -> impl Strategy<Value = String> {
    prop_oneof![
        ".{0,6}",
        "[\\[\\]{}\"'=,.#\\n0-9a-z-]{1,8}",
        prop::sample::select(vec![
            "-1",
            "0",
            "99999999999999999999",
            "1e400",
            "nan",
            "1979-05-27",
            "true",
            "\"\"",
            "[]",
            "{}",
            "[[]]",
            "\"\\u0000\"",
            "\"é\"",
            "\"1d\"",
            "\"*.a\"",
            "[origins.x]",
            "\r\n",
            "\u{feff}",
        ])
        .prop_map(str::to_owned),
    ]
}
