//! `[response_headers.NAME]` as it is written.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, SeqAccess, Visitor};
use toml::Spanned;

use crate::config::keys::response_headers as rules;
use crate::config::rule::described;

/// One of `[response_headers.NAME]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ResponseHeaders {
    /// Cross-origin sharing (CORS): which pages of other origins may read answers. Computed for each request;
    /// preflights are answered by the edge, and never reach an origin.
    #[schemars(with = "Cors", extend("x-allowed" = "a table", "x-default" = "none"))]
    pub(in crate::config) cors: Option<Spanned<Cors>>,
    /// Fields that make browsers careful.
    #[schemars(with = "Security", extend("x-allowed" = "a table", "x-default" = "none"))]
    pub(in crate::config) security: Option<Spanned<Security>>,
    /// Further fields that are set, in answers of every status. They are for viewers: `Cache-Control` changes
    /// what browsers keep, not what the edge keeps, and on errors only one with `no-store` or `no-cache` is set.
    /// What the edge words itself keeps its own fields.
    #[schemars(
        with = "Vec<SetField>",
        extend("default" = [], "x-allowed" = rules::SET_ALLOWED)
    )]
    pub(in crate::config) set: Vec<Spanned<SetField>>,
    /// Fields of the origin that do not reach viewers. What is also set is set after that.
    #[schemars(with = "Vec<String>", transform = rules::REMOVE.described(false))]
    pub(in crate::config) remove: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `response_headers.NAME.cors`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Cors {
    /// Origins whose pages may read answers. `*.` takes one label or more.
    #[schemars(with = "Vec<String>", transform = rules::ORIGINS.described(true), extend("x-required" = true))]
    pub(in crate::config) origins: Option<Spanned<Vec<Spanned<String>>>>,
    /// Methods that a preflight gets allowed; whether a method is let through is for `methods` of the
    /// distribution to say.
    #[schemars(
        with = "AllOrList",
        extend("default" = ["GET", "HEAD"], "x-allowed" = rules::METHODS_ALLOWED)
    )]
    pub(in crate::config) methods: Option<Spanned<AllOrList>>,
    /// Request fields that a preflight gets allowed.
    #[schemars(
        with = "AllOrList",
        extend("default" = [], "x-allowed" = rules::FIELDS_ALLOWED)
    )]
    pub(in crate::config) headers: Option<Spanned<AllOrList>>,
    /// Fields of answers that scripts may read, besides those they always may.
    #[schemars(
        with = "AllOrList",
        extend("default" = [], "x-allowed" = rules::FIELDS_ALLOWED)
    )]
    pub(in crate::config) expose: Option<Spanned<AllOrList>>,
    /// Whether pages may send cookies and read the answer; not with every origin.
    #[schemars(with = "bool", transform = described(&rules::CREDENTIALS))]
    pub(in crate::config) credentials: Option<Spanned<bool>>,
    /// How long a browser may keep the answer to a preflight.
    #[schemars(
        with = "String",
        transform = described(&rules::PREFLIGHT_AGE),
        extend("x-default" = "the browser's own, mostly 5s")
    )]
    pub(in crate::config) max_age: Option<Spanned<String>>,
    /// Whether the origin's own `Access-Control-*` are dropped, and not stored; else they stay, and only what it
    /// did not send is added.
    #[serde(rename = "override")]
    #[schemars(with = "bool", transform = described(&rules::OVERRIDE))]
    pub(in crate::config) overrides: Option<Spanned<bool>>,
}

/// `response_headers.NAME.security`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Security {
    /// `X-Content-Type-Options: nosniff`.
    #[schemars(with = "bool", transform = described(&rules::SWITCH))]
    pub(in crate::config) content_type_options: Option<Spanned<bool>>,
    /// `X-Frame-Options`.
    #[schemars(with = "String", transform = described(&rules::FRAME_OPTIONS), extend("x-default" = "not set"))]
    pub(in crate::config) frame_options: Option<Spanned<String>>,
    /// `Referrer-Policy`.
    #[schemars(with = "String", transform = described(&rules::REFERRER_POLICY), extend("x-default" = "not set"))]
    pub(in crate::config) referrer_policy: Option<Spanned<String>>,
    /// `Strict-Transport-Security`. Browsers heed it only over TLS.
    #[schemars(with = "TransportSecurity", extend("x-allowed" = "a table", "x-default" = "none"))]
    pub(in crate::config) strict_transport_security: Option<Spanned<TransportSecurity>>,
    /// `Content-Security-Policy`.
    #[schemars(with = "String", transform = described(&rules::VALUE), extend("x-default" = "not set"))]
    pub(in crate::config) content_security_policy: Option<Spanned<String>>,
    /// `X-XSS-Protection`.
    #[schemars(with = "String", transform = described(&rules::XSS_PROTECTION), extend("x-default" = "not set"))]
    pub(in crate::config) xss_protection: Option<Spanned<String>>,
    /// Which of them take the place of what the origin sent; the others are set only where it sent none.
    #[serde(rename = "override")]
    #[schemars(
        with = "TruthOrList",
        extend("default" = true, "x-allowed" = rules::OVERRIDE_ALLOWED)
    )]
    pub(in crate::config) overrides: Option<Spanned<TruthOrList>>,
}

/// `response_headers.NAME.security.strict_transport_security`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct TransportSecurity {
    /// How long browsers use TLS only.
    #[schemars(with = "String", transform = described(&rules::TRANSPORT_AGE), extend("x-required" = true))]
    pub(in crate::config) max_age: Option<Spanned<String>>,
    /// Whether for all hosts below this one too.
    #[schemars(with = "bool", transform = described(&rules::SWITCH))]
    pub(in crate::config) include_subdomains: Option<Spanned<bool>>,
    /// Whether the host may be put in the browsers' own lists; only with `include_subdomains`.
    #[schemars(with = "bool", transform = described(&rules::SWITCH))]
    pub(in crate::config) preload: Option<Spanned<bool>>,
}

/// One of `response_headers.NAME.set`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct SetField {
    /// Its name.
    #[schemars(with = "String", transform = described(&rules::SET_NAME), extend("x-required" = true))]
    pub(in crate::config) name: Option<Spanned<String>>,
    /// Its value.
    #[schemars(with = "String", transform = described(&rules::VALUE), extend("x-required" = true))]
    pub(in crate::config) value: Option<Spanned<String>>,
    /// Whether it takes the place of what the origin sent; else it is set only where it sent none.
    #[serde(rename = "override")]
    #[schemars(with = "bool", transform = described(&rules::OVERRIDE))]
    pub(in crate::config) overrides: Option<Spanned<bool>>,
}

/// The word for every one, or a list.
#[derive(JsonSchema, Clone, Debug)]
#[schemars(untagged)]
pub(in crate::config) enum AllOrList {
    /// Every one.
    Word(#[schemars(extend("enum" = ["all"]))] String),
    /// These.
    List(#[schemars(with = "Vec<String>")] Vec<Spanned<String>>),
}

/// All, none, or a list.
#[derive(JsonSchema, Clone, Debug)]
#[schemars(untagged)]
pub(in crate::config) enum TruthOrList {
    /// All or none.
    Truth(bool),
    /// These.
    List(#[schemars(with = "Vec<String>")] Vec<Spanned<String>>),
}

impl<'de> Deserialize<'de> for AllOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = AllOrList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?} or a list", rules::ALL)
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<AllOrList, E> {
                Ok(AllOrList::Word(word.to_owned()))
            }

            // Not serde's `untagged`, as with methods: the places of the names are needed.
            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<AllOrList, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(AllOrList::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}

impl<'de> Deserialize<'de> for TruthOrList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = TruthOrList;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(rules::OVERRIDE_ALLOWED)
            }

            fn visit_bool<E: Error>(self, truth: bool) -> Result<TruthOrList, E> {
                Ok(TruthOrList::Truth(truth))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<TruthOrList, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(TruthOrList::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
