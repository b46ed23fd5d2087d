//! `[cache_policies.NAME]` and `[origin_requests.NAME]` as they are written.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use crate::config::keys::{self, policies};
use crate::config::rule::described;
use crate::config::section::Texts;

/// One of `[cache_policies.NAME]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct CachePolicy {
    /// The preset that it builds on.
    #[schemars(
        with = "String",
        transform = described(&keys::CACHE_POLICY),
        extend("x-default" = policies::BASE_DEFAULT)
    )]
    pub(in crate::config) base: Option<Spanned<String>>,
    /// Shortest lifetime of what is storable; never overrides no-store, private or no-cache.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) min_ttl: Option<Spanned<String>>,
    /// Lifetime where the origin gave none; from `min_ttl` to `max_ttl`.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) default_ttl: Option<Spanned<String>>,
    /// Longest lifetime.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) max_ttl: Option<Spanned<String>>,
    /// Lifetime of 404, 410 and 414 where the origin gave none.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) negative_ttl: Option<Spanned<String>>,
    /// Wait before the next attempt at a failed origin while a stale copy is served.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) error_ttl: Option<Spanned<String>>,
    /// How long a stale copy may answer when the origin fails and the response said nothing about that.
    #[schemars(with = "String", transform = described(&keys::TTL), extend("x-default" = policies::BY_BASE))]
    pub(in crate::config) stale_on_error: Option<Spanned<String>>,
    /// What becomes of `Set-Cookie` in an answer with an explicit lifetime.
    #[schemars(with = "String", transform = described(&keys::SET_COOKIE))]
    pub(in crate::config) set_cookie: Option<Spanned<String>>,
    /// Whether a viewer's `no-cache`, `no-store`, `max-age` and `min-fresh` are followed.
    #[schemars(with = "String", transform = described(&keys::VIEWER_CACHE_CONTROL))]
    pub(in crate::config) viewer_cache_control: Option<Spanned<String>>,
    /// Parameters of the query that are in the key, and forwarded; all others are dropped. Names are compared
    /// percent-decoded. A bucket gets no query.
    #[schemars(
        with = "Choice",
        extend("x-default" = policies::BY_BASE, "x-allowed" = policies::CHOICE_ALLOWED)
    )]
    pub(in crate::config) query: Option<Spanned<Choice>>,
    /// Whether they are sorted by name, in the key and when they are forwarded; equal names keep their order.
    #[schemars(with = "bool", transform = described(&policies::SORT_QUERY))]
    pub(in crate::config) sort_query: Option<Spanned<bool>>,
    /// Fields that are in the key, and forwarded.
    #[schemars(
        with = "Vec<String>",
        transform = policies::HEADERS.described(true),
        extend("x-default" = policies::BY_BASE)
    )]
    pub(in crate::config) headers: Texts,
    /// Cookies that are in the key, and forwarded, sorted by name.
    #[schemars(
        with = "Choice",
        extend("x-default" = policies::BY_BASE, "x-allowed" = policies::CHOICE_ALLOWED)
    )]
    pub(in crate::config) cookies: Option<Spanned<Choice>>,
    /// Whether `Accept-Encoding`, reduced to gzip, br and zstd, is in the key. It has no effect with a bucket.
    #[schemars(
        with = "bool",
        transform = described(&policies::ACCEPT_ENCODING),
        extend("x-default" = policies::BY_BASE)
    )]
    pub(in crate::config) accept_encoding: Option<Spanned<bool>>,
}

/// One of `[origin_requests.NAME]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct OriginRequest {
    /// Fields that are forwarded besides those in the key. What describes a body always goes with it.
    #[schemars(
        with = "Choice",
        extend("default" = "default", "x-allowed" = policies::FIELDS_ALLOWED)
    )]
    pub(in crate::config) fields: Option<Spanned<Choice>>,
    /// Cookies that are forwarded besides those in the key.
    #[schemars(
        with = "Choice",
        extend("default" = "none", "x-allowed" = policies::CHOICE_ALLOWED)
    )]
    pub(in crate::config) cookies: Option<Spanned<Choice>>,
    /// Parameters of the query that are forwarded besides those in the key.
    #[schemars(
        with = "Choice",
        extend("default" = "keyed", "x-allowed" = policies::MORE_QUERY_ALLOWED)
    )]
    pub(in crate::config) query: Option<Spanned<Choice>>,
    /// Whether the viewer's host is forwarded; it is then in the key.
    #[schemars(with = "bool", transform = described(&policies::FORWARD_HOST))]
    pub(in crate::config) host: Option<Spanned<bool>>,
}

/// Which names.
#[derive(JsonSchema, Debug)]
#[schemars(untagged)]
pub(in crate::config) enum Choice {
    /// A word for all or none.
    Word(String),
    /// A list.
    Table(ChoiceTable),
}

/// The table form of a choice.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ChoiceTable {
    /// These.
    #[schemars(
        with = "Vec<String>",
        transform = policies::ANY_NAMES.described(true),
        extend("x-default" = policies::ONE_OF_TWO)
    )]
    pub(in crate::config) allow: Texts,
    /// All but these.
    #[schemars(
        with = "Vec<String>",
        transform = policies::ANY_NAMES.described(true),
        extend("x-default" = policies::ONE_OF_TWO)
    )]
    pub(in crate::config) except: Texts,
}

impl<'de> Deserialize<'de> for Choice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Choice;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(policies::CHOICE_ALLOWED)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Choice, E> {
                Ok(Choice::Word(word.to_owned()))
            }

            // Not serde's `untagged`, as with credentials: the places of the names are needed.
            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Choice, A::Error> {
                ChoiceTable::deserialize(MapAccessDeserializer::new(table)).map(Choice::Table)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
