//! What becomes of errors, as it is written.

use schemars::JsonSchema;
use toml::Spanned;

use crate::config::keys;
use crate::config::rule::described;

/// One of `error_responses`.
#[derive(serde::Deserialize, JsonSchema, Clone, Default, Debug)]
#[serde(deny_unknown_fields, default)]
pub(in crate::config) struct ErrorResponse {
    /// The status that it is about.
    #[schemars(with = "i64", transform = described(&keys::site::STATUS), extend("x-required" = true))]
    pub(in crate::config) status: Option<Spanned<i64>>,
    /// The page that is sent instead. It is fetched as a request for its path is, by the behaviour of that path.
    #[schemars(
        with = "String",
        transform = described(&keys::site::PAGE),
        extend("x-default" = "no page; then `ttl` is required")
    )]
    pub(in crate::config) page: Option<Spanned<String>>,
    /// The status that the page is sent with.
    #[schemars(
        with = "i64",
        transform = described(&keys::site::AS_STATUS),
        extend("x-default" = "`status`")
    )]
    pub(in crate::config) as_status: Option<Spanned<i64>>,
    /// Lifetime where the origin gave none, for 404, 410 and 414.
    #[schemars(
        with = "String",
        transform = described(&keys::TTL),
        extend("x-default" = "`negative_ttl`")
    )]
    pub(in crate::config) ttl: Option<Spanned<String>>,
}
