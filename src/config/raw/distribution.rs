//! `[[distributions]]` and their behaviours as they are written.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

use super::ErrorResponse;
use crate::config::keys;
use crate::config::rule::{INHERITED, described, inherited, otherwise};
use crate::policy::selection::MAX_BEHAVIORS;

/// One of `[[distributions]]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Distribution {
    /// Identity in keys, purges and logs, unique.
    #[schemars(with = "String", transform = described(&keys::ID), extend("x-required" = true))]
    pub(in crate::config) id: Option<Spanned<String>>,
    /// Hosts that it answers to, each in one distribution; `*.` takes one or more labels. Without any it is the
    /// default one, which answers to all other hosts; at most one may be.
    #[schemars(with = "Vec<String>", transform = keys::DOMAINS.described(false))]
    pub(in crate::config) domains: Option<Spanned<Vec<Spanned<String>>>>,
    /// Object that the path `/`, and only it, stands for; empty for none. To an HTTP origin `/` goes as it is
    /// unless this is written.
    #[schemars(
        with = "String",
        transform = described(&keys::ROOT_OBJECT),
        extend("x-default" = "`\"index.html\"`; none with an origin of type \"http\"")
    )]
    pub(in crate::config) root_object: Option<Spanned<String>>,
    /// Name of the origin that answers what is not in the cache.
    #[schemars(with = "String", transform = described(&keys::ORIGIN), extend("x-required" = true))]
    pub(in crate::config) origin: Option<Spanned<String>>,
    /// Methods that are let through: a list with GET, or a word: GET HEAD OPTIONS POST PUT PATCH DELETE, or those
    /// and every other but TRACE, TRACK, CONNECT and PURGE. A bucket has GET and HEAD only.
    #[schemars(
        with = "Methods",
        extend("default" = ["GET", "HEAD"], "x-allowed" = keys::METHODS_ALLOWED)
    )]
    pub(in crate::config) methods: Option<Spanned<Methods>>,
    /// What of a viewer's request an HTTP origin gets besides what is in the key.
    #[schemars(
        with = "String",
        transform = described(&keys::ORIGIN_REQUEST),
        extend("x-default" = "`\"Default\"`")
    )]
    pub(in crate::config) origin_request: Option<Spanned<String>>,
    /// Policy of lifetimes and of the key: a preset or an own one, on which the keys that follow build.
    #[schemars(
        with = "String",
        transform = described(&keys::CACHE_POLICY_NAME),
        extend("x-default" = "`\"CloudFront\"`; `\"RFC9111\"` with an origin of type \"http\"")
    )]
    pub(in crate::config) cache_policy: Option<Spanned<String>>,
    /// Shortest lifetime of what is storable; never overrides no-store, private or no-cache.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) min_ttl: Option<Spanned<String>>,
    /// Lifetime where the origin gave none; from `min_ttl` to `max_ttl`.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) default_ttl: Option<Spanned<String>>,
    /// Longest lifetime.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) max_ttl: Option<Spanned<String>>,
    /// Lifetime of 404, 410 and 414 where the origin gave none.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) negative_ttl: Option<Spanned<String>>,
    /// Wait before the next attempt at a failed origin while a stale copy is served.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) error_ttl: Option<Spanned<String>>,
    /// How long a stale copy may answer when the origin fails and the response said nothing about that.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(in crate::config) stale_on_error: Option<Spanned<String>>,
    /// What becomes of `Set-Cookie` in an answer with an explicit lifetime: stored without it, stored with it for
    /// every viewer, or not stored.
    #[schemars(with = "String", transform = otherwise(&keys::SET_COOKIE, keys::SET_COOKIE_BY_POLICY))]
    pub(in crate::config) set_cookie: Option<Spanned<String>>,
    /// Whether a viewer's `no-cache`, `no-store`, `max-age` and `min-fresh` are followed. `only-if-cached` always is,
    /// `max-stale` never.
    #[schemars(with = "String", transform = otherwise(&keys::VIEWER_CACHE_CONTROL, keys::VIEWER_BY_POLICY))]
    pub(in crate::config) viewer_cache_control: Option<Spanned<String>>,
    /// What is added to its answers and taken from them.
    #[schemars(with = "String", transform = described(&keys::response_headers::POLICY))]
    pub(in crate::config) response_headers: Option<Spanned<String>>,
    /// Which paths have an index: `/` alone, or every directory, so that `/docs/` is `docs/index.html`, and `/docs`,
    /// if nothing is there, leads to `/docs/`. Of a bucket only, as the two keys that follow.
    #[schemars(with = "String", transform = described(&keys::site::INDEX))]
    pub(in crate::config) index: Option<Spanned<String>>,
    /// Whether `/about` is `about.html`, if that is there.
    #[schemars(with = "bool", transform = described(&keys::site::CLEAN_URLS))]
    pub(in crate::config) clean_urls: Option<Spanned<bool>>,
    /// The page of an application: it answers navigations to paths without a dot in the last segment where
    /// nothing is there, with 200.
    #[schemars(with = "String", transform = described(&keys::site::SPA))]
    pub(in crate::config) spa: Option<Spanned<String>>,
    /// File of redirects, `FROM TO [STATUS]` a line, relative to the directory of this file; read again with it.
    /// They hold for GET and HEAD, before the behaviors.
    #[schemars(with = "String", transform = described(&keys::site::REDIRECTS))]
    pub(in crate::config) redirects: Option<Spanned<String>>,
    /// What becomes of errors: pages, and how long they are remembered.
    #[schemars(
        with = "Vec<ErrorResponse>",
        extend("default" = [], "x-allowed" = keys::site::ERRORS_ALLOWED, "maxItems" = keys::site::MOST_ERRORS)
    )]
    pub(in crate::config) error_responses: Option<Spanned<Vec<Spanned<ErrorResponse>>>>,
    /// Rules for some of its paths, in order: the first whose `path` takes a request's path holds for it. What
    /// they do not say is as the distribution says.
    #[schemars(
        with = "Vec<Behavior>",
        extend("default" = [], "x-allowed" = keys::BEHAVIORS_ALLOWED, "maxItems" = MAX_BEHAVIORS)
    )]
    pub(in crate::config) behaviors: Vec<Spanned<Behavior>>,
}

/// One of `[[distributions.behaviors]]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Behavior {
    /// The paths that it is for. The query is no part of them, and letter case counts.
    #[schemars(with = "String", transform = described(&keys::PATH), extend("x-required" = true))]
    pub(in crate::config) path: Option<Spanned<String>>,
    /// Name of the origin for these paths. With one of another type, `methods`, `origin_request`, `set_cookie`,
    /// `cache_policy`, the lifetimes and the keys about pages are not those of the distribution but the defaults of
    /// that type.
    #[schemars(with = "String", transform = inherited(&keys::ORIGIN))]
    pub(in crate::config) origin: Option<Spanned<String>>,
    /// Methods that are let through.
    #[schemars(
        with = "Methods",
        extend("x-default" = INHERITED, "x-allowed" = keys::METHODS_ALLOWED)
    )]
    pub(in crate::config) methods: Option<Spanned<Methods>>,
    /// What of a viewer's request an HTTP origin gets besides what is in the key.
    #[schemars(with = "String", transform = inherited(&keys::ORIGIN_REQUEST))]
    pub(in crate::config) origin_request: Option<Spanned<String>>,
    /// Policy of lifetimes and of the key. Where it is written, no lifetime is taken from the distribution.
    #[schemars(with = "String", transform = inherited(&keys::CACHE_POLICY_NAME))]
    pub(in crate::config) cache_policy: Option<Spanned<String>>,
    /// Shortest lifetime of what is storable.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) min_ttl: Option<Spanned<String>>,
    /// Lifetime where the origin gave none.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) default_ttl: Option<Spanned<String>>,
    /// Longest lifetime.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) max_ttl: Option<Spanned<String>>,
    /// Lifetime of 404, 410 and 414 where the origin gave none.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) negative_ttl: Option<Spanned<String>>,
    /// Wait before the next attempt at a failed origin while a stale copy is served.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) error_ttl: Option<Spanned<String>>,
    /// How long a stale copy may answer when the origin fails and the response said nothing about that.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(in crate::config) stale_on_error: Option<Spanned<String>>,
    /// What becomes of `Set-Cookie` in an answer with an explicit lifetime.
    #[schemars(with = "String", transform = inherited(&keys::SET_COOKIE))]
    pub(in crate::config) set_cookie: Option<Spanned<String>>,
    /// Whether a viewer's `no-cache`, `no-store`, `max-age` and `min-fresh` are followed.
    #[schemars(with = "String", transform = inherited(&keys::VIEWER_CACHE_CONTROL))]
    pub(in crate::config) viewer_cache_control: Option<Spanned<String>>,
    /// What is added to answers and taken from them.
    #[schemars(with = "String", transform = inherited(&keys::response_headers::POLICY))]
    pub(in crate::config) response_headers: Option<Spanned<String>>,
    /// Which paths have an index.
    #[schemars(with = "String", transform = inherited(&keys::site::INDEX))]
    pub(in crate::config) index: Option<Spanned<String>>,
    /// Whether `/about` is `about.html`, if that is there.
    #[schemars(with = "bool", transform = inherited(&keys::site::CLEAN_URLS))]
    pub(in crate::config) clean_urls: Option<Spanned<bool>>,
    /// The page of an application.
    #[schemars(with = "String", transform = inherited(&keys::site::SPA))]
    pub(in crate::config) spa: Option<Spanned<String>>,
    /// What becomes of errors; where it is written, none is taken from the distribution.
    #[schemars(
        with = "Vec<ErrorResponse>",
        extend(
            "x-default" = INHERITED,
            "x-allowed" = keys::site::ERRORS_ALLOWED,
            "maxItems" = keys::site::MOST_ERRORS
        )
    )]
    pub(in crate::config) error_responses: Option<Spanned<Vec<Spanned<ErrorResponse>>>>,
}

/// `distributions.methods`.
#[derive(JsonSchema, Clone, Debug)]
#[schemars(untagged)]
pub(in crate::config) enum Methods {
    /// A word for a whole set.
    Word(#[schemars(extend("enum" = ["standard", "any"]))] String),
    /// Their names.
    List(
        #[schemars(with = "Vec<String>", transform = keys::METHODS.described(true))]
        Vec<Spanned<String>>,
    ),
}

impl<'de> Deserialize<'de> for Methods {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Methods;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(keys::METHODS_ALLOWED)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Methods, E> {
                Ok(Methods::Word(word.to_owned()))
            }

            // Not serde's `untagged`, as with credentials: the places of the names are needed.
            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Methods, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(Methods::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
