//! `[origins.NAME]` as it is written.

use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, Visitor};
use toml::Spanned;

use crate::config::keys;
use crate::config::rule::described;

/// `[origins.NAME]`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct Origin {
    /// What kind of origin it is: a bucket behind the S3 protocol, or any web server or balancer.
    #[serde(rename = "type")]
    #[schemars(with = "String", transform = described(&keys::ORIGIN_TYPE))]
    pub(in crate::config) kind: Option<Spanned<String>>,
    /// The address of an HTTP origin.
    #[schemars(
        with = "String",
        transform = described(&keys::URL),
        extend("x-default" = "required with type \"http\"")
    )]
    pub(in crate::config) url: Option<Spanned<String>>,
    /// What an HTTP origin gets as Host: that of its URL, the viewer's (then part of the cache key), or this one.
    #[schemars(
        with = "String",
        transform = described(&keys::HOST),
        extend("x-default" = "`\"origin\"`")
    )]
    pub(in crate::config) host: Option<Spanned<String>>,
    /// The bucket.
    #[schemars(
        with = "String",
        transform = described(&keys::BUCKET),
        extend("x-default" = "required with type \"s3\"")
    )]
    pub(in crate::config) bucket: Option<Spanned<String>>,
    /// The region that requests are signed for.
    #[schemars(
        with = "String",
        transform = described(&keys::REGION),
        extend("x-default" = "required with type \"s3\"")
    )]
    pub(in crate::config) region: Option<Spanned<String>>,
    /// The store, if it is not AWS.
    #[schemars(with = "String", transform = described(&keys::ENDPOINT))]
    pub(in crate::config) endpoint: Option<Spanned<String>>,
    /// Where the bucket's name stands: in the path, in the host, or wherever it fits the endpoint.
    #[schemars(with = "String", transform = described(&keys::ADDRESSING))]
    pub(in crate::config) addressing: Option<Spanned<String>>,
    /// Put before every object key, byte for byte.
    #[schemars(with = "String", transform = described(&keys::PREFIX))]
    pub(in crate::config) prefix: Option<Spanned<String>>,
    /// Whether requests are signed; "never" is for a bucket that anybody may read.
    #[schemars(with = "String", transform = described(&keys::SIGNING))]
    pub(in crate::config) signing: Option<Spanned<String>>,
    /// What requests are signed with: the usual chain of sources, one profile, or values of environment variables.
    #[schemars(
        with = "Credentials",
        extend("default" = "chain", "x-allowed" = keys::CREDENTIALS_ALLOWED)
    )]
    pub(in crate::config) credentials: Option<Spanned<Credentials>>,
    /// Whether a 403 is shown as 404 where the store says so of missing objects.
    #[schemars(with = "String", transform = described(&keys::MISSING))]
    pub(in crate::config) missing: Option<Spanned<String>>,
    /// PEM file with further certificate authorities.
    #[schemars(with = "String", transform = described(&keys::CA_FILE))]
    pub(in crate::config) ca_file: Option<Spanned<String>>,
    /// Limit for connecting, TLS included.
    #[schemars(with = "String", transform = described(&keys::CONNECT_TIMEOUT))]
    pub(in crate::config) connect_timeout: Option<Spanned<String>>,
    /// Limit for the wait from a request to the head of its answer.
    #[schemars(with = "String", transform = described(&keys::FIRST_BYTE_TIMEOUT))]
    pub(in crate::config) first_byte_timeout: Option<Spanned<String>>,
    /// Limit for the wait between two pieces of a body.
    #[schemars(with = "String", transform = described(&keys::IDLE_TIMEOUT))]
    pub(in crate::config) idle_timeout: Option<Spanned<String>>,
    /// Requests at a time.
    #[schemars(with = "i64", transform = described(&keys::MAX_REQUESTS))]
    pub(in crate::config) max_requests: Option<Spanned<i64>>,
}

/// `origins.NAME.credentials`.
#[derive(JsonSchema, Debug)]
#[schemars(untagged)]
pub(in crate::config) enum Credentials {
    /// The usual sources in their usual order.
    Word(#[schemars(extend("enum" = ["chain"]))] String),
    /// One profile, or values of environment variables.
    Table(CredentialsTable),
}

/// The table form of `origins.NAME.credentials`.
#[derive(serde::Deserialize, JsonSchema, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct CredentialsTable {
    /// Profile of the AWS files (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`); stands alone.
    #[schemars(
        with = "String",
        transform = described(&keys::PROFILE),
        extend("x-default" = "no profile")
    )]
    pub(in crate::config) profile: Option<Spanned<String>>,
    /// Environment variable that holds the access key id.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = keys::WITHOUT_PROFILE)
    )]
    pub(in crate::config) access_key_env: Option<Spanned<String>>,
    /// Environment variable that holds the secret access key.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = keys::WITHOUT_PROFILE)
    )]
    pub(in crate::config) secret_key_env: Option<Spanned<String>>,
    /// Environment variable that holds the session token of temporary credentials.
    #[schemars(
        with = "String",
        transform = described(&keys::VARIABLE),
        extend("x-default" = "no token")
    )]
    pub(in crate::config) session_token_env: Option<Spanned<String>>,
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
