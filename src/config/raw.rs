//! The file as it is written: one struct a table, one field a key, places kept.
//!
//! The doc comment of a field is the key's description in the JSON Schema and in the reference; default, range
//! and words come from its rule in `keys`. Nothing is judged here but the TOML type. An absent key is `None`:
//! defaults are filled in by `resolve`. `x-required` is `schema`'s mark for a key without which a table is refused.

use std::collections::BTreeMap;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::keys;
use super::rule::{INHERITED, described, inherited};
use crate::policy::selection::MAX_BEHAVIORS;

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
    /// What the token opens: reading, and purges of paths that begin with PREFIX.
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

/// `[origins.NAME]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Origin {
    /// What kind of origin it is: a bucket behind the S3 protocol, or any web server or balancer.
    #[serde(rename = "type")]
    #[schemars(with = "String", transform = described(&keys::ORIGIN_TYPE))]
    pub(super) kind: Option<Spanned<String>>,
    /// The address of an HTTP origin.
    #[schemars(
        with = "String",
        transform = described(&keys::URL),
        extend("x-default" = "required with type \"http\"")
    )]
    pub(super) url: Option<Spanned<String>>,
    /// What an HTTP origin gets as Host: that of its URL, the viewer's (then part of the cache key), or this one.
    #[schemars(
        with = "String",
        transform = described(&keys::HOST),
        extend("x-default" = "`\"origin\"`")
    )]
    pub(super) host: Option<Spanned<String>>,
    /// The bucket.
    #[schemars(
        with = "String",
        transform = described(&keys::BUCKET),
        extend("x-default" = "required with type \"s3\"")
    )]
    pub(super) bucket: Option<Spanned<String>>,
    /// The region that requests are signed for.
    #[schemars(
        with = "String",
        transform = described(&keys::REGION),
        extend("x-default" = "required with type \"s3\"")
    )]
    pub(super) region: Option<Spanned<String>>,
    /// The store, if it is not AWS.
    #[schemars(with = "String", transform = described(&keys::ENDPOINT))]
    pub(super) endpoint: Option<Spanned<String>>,
    /// Where the bucket's name stands: in the path, in the host, or wherever it fits the endpoint.
    #[schemars(with = "String", transform = described(&keys::ADDRESSING))]
    pub(super) addressing: Option<Spanned<String>>,
    /// Put before every object key, byte for byte.
    #[schemars(with = "String", transform = described(&keys::PREFIX))]
    pub(super) prefix: Option<Spanned<String>>,
    /// Whether requests are signed; "never" is for a bucket that anybody may read.
    #[schemars(with = "String", transform = described(&keys::SIGNING))]
    pub(super) signing: Option<Spanned<String>>,
    /// What requests are signed with: the usual chain of sources, one profile, or values of environment variables.
    #[schemars(
        with = "Credentials",
        extend("default" = "chain", "x-allowed" = keys::CREDENTIALS_ALLOWED)
    )]
    pub(super) credentials: Option<Spanned<Credentials>>,
    /// Whether a 403 is shown as 404 where the store says so of missing objects.
    #[schemars(with = "String", transform = described(&keys::MISSING))]
    pub(super) missing: Option<Spanned<String>>,
    /// PEM file with further certificate authorities.
    #[schemars(with = "String", transform = described(&keys::CA_FILE))]
    pub(super) ca_file: Option<Spanned<String>>,
    /// Limit for connecting, TLS included.
    #[schemars(with = "String", transform = described(&keys::CONNECT_TIMEOUT))]
    pub(super) connect_timeout: Option<Spanned<String>>,
    /// Limit for the wait from a request to the head of its answer.
    #[schemars(with = "String", transform = described(&keys::FIRST_BYTE_TIMEOUT))]
    pub(super) first_byte_timeout: Option<Spanned<String>>,
    /// Limit for the wait between two pieces of a body.
    #[schemars(with = "String", transform = described(&keys::IDLE_TIMEOUT))]
    pub(super) idle_timeout: Option<Spanned<String>>,
    /// Requests at a time.
    #[schemars(with = "i64", transform = described(&keys::MAX_REQUESTS))]
    pub(super) max_requests: Option<Spanned<i64>>,
}

/// One of `[[distributions]]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Distribution {
    /// Identity in keys, purges and logs, unique.
    #[schemars(with = "String", transform = described(&keys::ID), extend("x-required" = true))]
    pub(super) id: Option<Spanned<String>>,
    /// Hosts that it answers to, each in one distribution; `*.` takes one or more labels. Without any it is the
    /// default one, which answers to all other hosts; at most one may be.
    #[schemars(with = "Vec<String>", transform = keys::DOMAINS.described(false))]
    pub(super) domains: Option<Spanned<Vec<Spanned<String>>>>,
    /// Object that the path `/`, and only it, stands for; empty for none. To an HTTP origin `/` goes as it is
    /// unless this is written.
    #[schemars(
        with = "String",
        transform = described(&keys::ROOT_OBJECT),
        extend("x-default" = "`\"index.html\"`; none with an origin of type \"http\"")
    )]
    pub(super) root_object: Option<Spanned<String>>,
    /// Name of the origin that answers what is not in the cache.
    #[schemars(with = "String", transform = described(&keys::ORIGIN), extend("x-required" = true))]
    pub(super) origin: Option<Spanned<String>>,
    /// Methods that are let through: a list with GET, or a word: GET HEAD OPTIONS POST PUT PATCH DELETE, or those
    /// and every other but TRACE, TRACK, CONNECT and PURGE. A bucket has GET and HEAD only.
    #[schemars(
        with = "Methods",
        extend("default" = ["GET", "HEAD"], "x-allowed" = keys::METHODS_ALLOWED)
    )]
    pub(super) methods: Option<Spanned<Methods>>,
    /// What of a viewer's request an HTTP origin gets, besides its target.
    #[schemars(
        with = "String",
        transform = described(&keys::ORIGIN_REQUEST),
        extend("x-default" = "`\"Default\"`")
    )]
    pub(super) origin_request: Option<Spanned<String>>,
    /// Preset of lifetimes, on which the keys that follow build.
    #[schemars(
        with = "String",
        transform = described(&keys::CACHE_POLICY),
        extend("x-default" = "`\"CloudFront\"`; `\"RFC9111\"` with an origin of type \"http\"")
    )]
    pub(super) cache_policy: Option<Spanned<String>>,
    /// Shortest lifetime of what is storable; never overrides no-store, private or no-cache.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) min_ttl: Option<Spanned<String>>,
    /// Lifetime where the origin gave none; from `min_ttl` to `max_ttl`.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) default_ttl: Option<Spanned<String>>,
    /// Longest lifetime.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) max_ttl: Option<Spanned<String>>,
    /// Lifetime of 404, 410 and 414 where the origin gave none.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) negative_ttl: Option<Spanned<String>>,
    /// Wait before the next attempt at a failed origin while a stale copy is served.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) error_ttl: Option<Spanned<String>>,
    /// How long a stale copy may answer when the origin fails and the response said nothing about that.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = keys::BY_POLICY)
    )]
    pub(super) stale_on_error: Option<Spanned<String>>,
    /// What becomes of `Set-Cookie` in an answer with an explicit lifetime: stored without it, stored with it for
    /// every viewer, or not stored.
    #[schemars(with = "String", transform = described(&keys::SET_COOKIE))]
    pub(super) set_cookie: Option<Spanned<String>>,
    /// Whether a viewer's `no-cache`, `no-store`, `max-age` and `min-fresh` are followed. `only-if-cached` always is,
    /// `max-stale` never.
    #[schemars(with = "String", transform = described(&keys::VIEWER_CACHE_CONTROL))]
    pub(super) viewer_cache_control: Option<Spanned<String>>,
    /// Rules for some of its paths, in order: the first whose `path` takes a request's path holds for it. What
    /// they do not say is as the distribution says.
    #[schemars(
        with = "Vec<Behavior>",
        extend("default" = [], "x-allowed" = keys::BEHAVIORS_ALLOWED, "maxItems" = MAX_BEHAVIORS)
    )]
    pub(super) behaviors: Vec<Spanned<Behavior>>,
}

/// One of `[[distributions.behaviors]]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Behavior {
    /// The paths that it is for. The query is no part of them, and letter case counts.
    #[schemars(with = "String", transform = described(&keys::PATH), extend("x-required" = true))]
    pub(super) path: Option<Spanned<String>>,
    /// Name of the origin for these paths. With one of another type, `methods`, `origin_request`, `set_cookie`,
    /// `cache_policy` and the lifetimes are not those of the distribution but the defaults of that type.
    #[schemars(with = "String", transform = inherited(&keys::ORIGIN))]
    pub(super) origin: Option<Spanned<String>>,
    /// Methods that are let through.
    #[schemars(
        with = "Methods",
        extend("x-default" = INHERITED, "x-allowed" = keys::METHODS_ALLOWED)
    )]
    pub(super) methods: Option<Spanned<Methods>>,
    /// What of a viewer's request an HTTP origin gets, besides its target.
    #[schemars(with = "String", transform = inherited(&keys::ORIGIN_REQUEST))]
    pub(super) origin_request: Option<Spanned<String>>,
    /// Preset of lifetimes. Where it is written, no lifetime is taken from the distribution.
    #[schemars(with = "String", transform = inherited(&keys::CACHE_POLICY))]
    pub(super) cache_policy: Option<Spanned<String>>,
    /// Shortest lifetime of what is storable.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) min_ttl: Option<Spanned<String>>,
    /// Lifetime where the origin gave none.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) default_ttl: Option<Spanned<String>>,
    /// Longest lifetime.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) max_ttl: Option<Spanned<String>>,
    /// Lifetime of 404, 410 and 414 where the origin gave none.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) negative_ttl: Option<Spanned<String>>,
    /// Wait before the next attempt at a failed origin while a stale copy is served.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) error_ttl: Option<Spanned<String>>,
    /// How long a stale copy may answer when the origin fails and the response said nothing about that.
    #[schemars(with = "String", transform = inherited(&keys::TTL))]
    pub(super) stale_on_error: Option<Spanned<String>>,
    /// What becomes of `Set-Cookie` in an answer with an explicit lifetime.
    #[schemars(with = "String", transform = inherited(&keys::SET_COOKIE))]
    pub(super) set_cookie: Option<Spanned<String>>,
    /// Whether a viewer's `no-cache`, `no-store`, `max-age` and `min-fresh` are followed.
    #[schemars(with = "String", transform = inherited(&keys::VIEWER_CACHE_CONTROL))]
    pub(super) viewer_cache_control: Option<Spanned<String>>,
}

/// `origins.NAME.credentials`.
#[derive(JsonSchema, Debug)]
#[schemars(untagged)]
pub(super) enum Credentials {
    /// The usual sources in their usual order.
    Word(#[schemars(extend("enum" = ["chain"]))] String),
    /// One profile, or values of environment variables.
    Table(CredentialsTable),
}

/// The table form of `origins.NAME.credentials`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(super) struct CredentialsTable {
    /// Profile of the AWS files (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`); stands alone.
    #[schemars(
        with = "String",
        transform = described(&keys::PROFILE),
        extend("x-default" = "no profile")
    )]
    pub(super) profile: Option<Spanned<String>>,
    /// Environment variable that holds the access key id.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = keys::WITHOUT_PROFILE)
    )]
    pub(super) access_key_env: Option<Spanned<String>>,
    /// Environment variable that holds the secret access key.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = keys::WITHOUT_PROFILE)
    )]
    pub(super) secret_key_env: Option<Spanned<String>>,
    /// Environment variable that holds the session token of temporary credentials.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = "no token")
    )]
    pub(super) session_token_env: Option<Spanned<String>>,
}

/// `distributions.methods`.
#[derive(JsonSchema, Clone, Debug)]
#[schemars(untagged)]
pub(super) enum Methods {
    /// A word for a whole set.
    Word(#[schemars(extend("enum" = ["standard", "any"]))] String),
    /// Their names.
    List(
        #[schemars(with = "Vec<String>", transform = keys::METHODS.described(true))]
        Vec<Spanned<String>>,
    ),
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

impl<'de> Deserialize<'de> for Credentials {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = Credentials;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"chain\" or a table with a profile or variable names")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Credentials, E> {
                Ok(Credentials::Word(word.to_owned()))
            }

            // Not serde's `untagged`: that buffers the table and loses the places of its values.
            fn visit_map<A: MapAccess<'de>>(self, table: A) -> Result<Credentials, A::Error> {
                CredentialsTable::deserialize(MapAccessDeserializer::new(table))
                    .map(Credentials::Table)
            }
        }
        deserializer.deserialize_any(Either)
    }
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

            // As above: the places of the names are needed.
            fn visit_seq<A: SeqAccess<'de>>(self, names: A) -> Result<Methods, A::Error> {
                Vec::deserialize(SeqAccessDeserializer::new(names)).map(Methods::List)
            }
        }
        deserializer.deserialize_any(Either)
    }
}
