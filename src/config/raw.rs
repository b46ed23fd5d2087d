//! The file as it is written: one struct a table, one field a key, places kept.
//!
//! The doc comment of a field is the key's description in the JSON Schema and in the reference; default, range
//! and words come from its rule in `keys`. Nothing is judged here but the TOML type. An absent key is `None`:
//! defaults are filled in by `resolve`. `x-required` is `schema`'s mark for a key without which a table is refused.

mod distribution;
mod origin;
mod policies;
mod response_headers;
mod site;

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserialize, Deserializer, Error, Visitor};
use toml::Spanned;

use super::keys;
use super::rule::described;

pub(super) use distribution::{Behavior, Distribution, Methods};
pub(super) use origin::{Credentials, Origin};
pub(super) use policies::{CachePolicy, Choice, OriginRequest};
pub(super) use response_headers::{
    AllOrList, Cors, ResponseHeaders, Security, TransportSecurity, TruthOrList,
};
pub(super) use site::ErrorResponse;

/// Configuration of a Seawall edge.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
#[schemars(title = "Seawall configuration")]
pub(super) struct Raw {
    /// The edge itself: who it is, where it listens, what it may use.
    pub(super) edge: Edge,
    /// The administrative interface. `/healthz`, `/readyz` and `/metrics` need no token, all else does.
    pub(super) admin: Admin,
    /// What is logged, and how.
    pub(super) log: Log,
    /// Where invalidations are written down.
    pub(super) journal: Journal,
    /// Where objects come from, each under a name of 1 to 64 of `A-Z a-z 0-9 _ -`; at least one.
    #[schemars(
        with = "BTreeMap<String, Origin>",
        extend("minProperties" = 1, "x-required" = true)
    )]
    pub(super) origins: BTreeMap<Spanned<String>, Origin>,
    /// Policies of lifetimes and keys, each under a name of its own.
    #[schemars(
        with = "BTreeMap<String, CachePolicy>",
        extend("maxProperties" = keys::policies::MAX_POLICIES)
    )]
    pub(super) cache_policies: BTreeMap<Spanned<String>, CachePolicy>,
    /// What of a viewer's request is forwarded besides what is in the key, each under a name of its own.
    #[schemars(
        with = "BTreeMap<String, OriginRequest>",
        extend("maxProperties" = keys::policies::MAX_POLICIES)
    )]
    pub(super) origin_requests: BTreeMap<Spanned<String>, OriginRequest>,
    /// What is added to answers and taken from them on their way to a viewer, each under a name of 1 to 64 of
    /// `A-Z a-z 0-9 _ -`; used by `response_headers` of a distribution or a behaviour.
    #[schemars(with = "BTreeMap<String, ResponseHeaders>")]
    pub(super) response_headers: BTreeMap<Spanned<String>, ResponseHeaders>,
    /// What is served under which domains; at least one.
    #[schemars(
        with = "Vec<Distribution>",
        extend(
            "minItems" = 1,
            "x-required" = true,
            "x-allowed" = "a [[distributions]] section for each"
        )
    )]
    pub(super) distributions: Vec<Spanned<Distribution>>,
}

/// `[edge]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Edge {
    /// Name of this edge in Cache-Status.
    #[schemars(with = "String", transform = described(&keys::EDGE_NAME))]
    pub(super) name: Option<Spanned<String>>,
    /// Point of presence, in X-Edge-Pop.
    #[schemars(with = "String", transform = described(&keys::EDGE_POP))]
    pub(super) pop: Option<Spanned<String>>,
    /// Region of this edge, in logs.
    #[schemars(with = "String", transform = described(&keys::EDGE_REGION))]
    pub(super) region: Option<Spanned<String>>,
    /// Where viewers are served.
    #[schemars(with = "Vec<String>", transform = keys::LISTEN.described(false))]
    pub(super) listen: Option<Spanned<Vec<Spanned<String>>>>,
    /// Directory for what must outlive the process.
    #[schemars(with = "String", transform = described(&keys::DATA))]
    pub(super) data: Option<Spanned<String>>,
    /// Memory for stored objects.
    #[schemars(with = "Scalar", transform = described(&keys::MEMORY))]
    pub(super) memory: Option<Spanned<Scalar>>,
    /// Memory for bodies on their way from an origin; not less than `max_object_size`.
    #[schemars(with = "Scalar", transform = described(&keys::IN_FLIGHT))]
    pub(super) in_flight: Option<Spanned<Scalar>>,
    /// Largest object that is stored; larger ones stream through uncached.
    #[schemars(with = "Scalar", transform = described(&keys::MAX_OBJECT_SIZE))]
    pub(super) max_object_size: Option<Spanned<Scalar>>,
    /// How viewer connections are spread over cores: one single-threaded runtime each, or one for all.
    #[schemars(with = "String", transform = described(&keys::RUNTIME))]
    pub(super) runtime: Option<Spanned<String>>,
    /// Threads that serve viewers.
    #[schemars(
        with = "i64",
        transform = described(&keys::WORKERS),
        extend("x-default" = "the number of cores")
    )]
    pub(super) workers: Option<Spanned<i64>>,
    /// Whether Cache-Status tells `key` and `detail` to everybody.
    #[schemars(with = "bool", transform = described(&keys::DEBUG_HEADERS))]
    pub(super) debug_headers: Option<Spanned<bool>>,
    /// How long requests may go on after a signal to stop.
    #[schemars(with = "String", transform = described(&keys::SHUTDOWN_GRACE))]
    pub(super) shutdown_grace: Option<Spanned<String>>,
    /// Viewer connections at a time.
    #[schemars(with = "i64", transform = described(&keys::MAX_CONNECTIONS))]
    pub(super) max_connections: Option<Spanned<i64>>,
    /// Viewer connections at a time of one IPv4 address, or of one IPv6 network of 64 bits; those of
    /// `trusted_proxies` are not counted.
    #[schemars(with = "i64", transform = described(&keys::MAX_CONNECTIONS_PER_ADDRESS))]
    pub(super) max_connections_per_address: Option<Spanned<i64>>,
    /// Proxies before this edge whose X-Forwarded-For is believed.
    #[schemars(with = "Vec<String>", transform = keys::TRUSTED_PROXIES.described(false))]
    pub(super) trusted_proxies: Option<Spanned<Vec<Spanned<String>>>>,
    /// What HTTP origins get as X-Forwarded-For: what came and the peer behind it, the client alone, or nothing.
    #[schemars(with = "String", transform = described(&keys::FORWARDED_FOR))]
    pub(super) forwarded_for: Option<Spanned<String>>,
}

/// `[admin]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Admin {
    /// Where the administrative interface listens.
    #[schemars(with = "String", transform = described(&keys::ADMIN_LISTEN))]
    pub(super) listen: Option<Spanned<String>>,
    /// Further names, besides its address, by which it may be called (in Host).
    #[schemars(with = "Vec<String>", transform = keys::ADMIN_HOSTS.described(false))]
    pub(super) hosts: Option<Spanned<Vec<Spanned<String>>>>,
    /// Who may use it.
    #[schemars(with = "Vec<Token>", extend("default" = [], "x-allowed" = "a list of tables"))]
    pub(super) tokens: Vec<Spanned<Token>>,
}

/// One of `admin.tokens`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Token {
    /// Name in the audit log, unique.
    #[schemars(with = "String", transform = described(&keys::TOKEN_NAME), extend("x-required" = true))]
    pub(super) name: Option<Spanned<String>>,
    /// Environment variable that holds the token: at least 16 visible ASCII characters.
    #[schemars(with = "String", transform = described(&keys::VARIABLE), extend("x-required" = true))]
    pub(super) env: Option<Spanned<String>>,
    /// What the token opens: reading, and purges of paths that begin with PREFIX, in any distribution or only in
    /// that of an ID. A purge that names no distribution is in all, and needs a scope without one.
    #[schemars(with = "Vec<String>", transform = keys::SCOPES.described(true), extend("x-required" = true))]
    pub(super) scopes: Option<Spanned<Vec<Spanned<String>>>>,
}

/// `[log]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Log {
    /// Where the access log goes.
    #[schemars(with = "String", transform = described(&keys::ACCESS))]
    pub(super) access: Option<Spanned<String>>,
    /// The form of an access record: one JSON object a line.
    #[schemars(with = "String", transform = described(&keys::FORMAT))]
    pub(super) format: Option<Spanned<String>>,
}

/// `[journal]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Journal {
    /// A file in `edge.data`: one edge, no further service.
    #[schemars(with = "String", transform = described(&keys::JOURNAL))]
    pub(super) kind: Option<Spanned<String>>,
}

/// A size: text with a unit, or a whole number of bytes.
#[derive(PartialEq, Eq, Debug)]
pub(super) enum Scalar {
    /// As `64MiB`.
    Text(String),
    /// As `67108864`.
    Whole(i64),
}

impl JsonSchema for Scalar {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Size".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["string", "integer"] })
    }
}

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl Visitor<'_> for Either {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a size such as \"64MiB\" or a whole number of bytes")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(text.to_owned()))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Scalar, E> {
                Ok(Scalar::Whole(number))
            }
        }
        deserializer.deserialize_any(Either)
    }
}
