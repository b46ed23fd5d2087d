//! `[origins.NAME]`: buckets and the identity that reads them, and HTTP origins.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::Range;
use std::time::Duration;

use toml::Spanned;

use super::{Env, secret};
use crate::config::error::Faults;
use crate::config::keys::OriginType;
use crate::config::rule::{Refusal, Rule};
use crate::config::section::Section;
use crate::config::settings::{Addressing, Bucket, Credentials, Endpoint, HostField, Origin, Web};
use crate::config::{keys, raw};

/// All of them, by name.
pub(super) fn resolve(
    raw: &BTreeMap<Spanned<String>, raw::Origin>,
    env: Env<'_>,
    faults: &mut Faults,
) -> Option<BTreeMap<String, Origin>> {
    if raw.is_empty() {
        let allowed = "at least one [origins.NAME]";
        Section::new("origins", faults).fault("", 0..0, "found no origin", Some(allowed));
        return None;
    }
    let resolved: Vec<Option<Origin>> = raw
        .iter()
        .map(|(name, written)| origin(name, written, env, faults))
        .collect();
    resolved
        .into_iter()
        .zip(raw.keys())
        .map(|(origin, name)| origin.map(|origin| (name.get_ref().clone(), origin)))
        .collect()
}

fn origin(
    name: &Spanned<String>,
    raw: &raw::Origin,
    env: Env<'_>,
    faults: &mut Faults,
) -> Option<Origin> {
    let table = name.span();
    let key = match keys::ORIGIN_NAME.read(name.get_ref()) {
        Ok(key) => key,
        Err(refusal) => {
            let allowed = keys::ORIGIN_NAME.allowed();
            Section::new("origins", faults).refuse("", table, refusal, &allowed);
            return None;
        }
    };
    let mut section = Section::new(format!("origins.{key}"), faults);
    let kind = section.take("type", &raw.kind, &keys::ORIGIN_TYPE);
    let common = common(&mut section, raw);
    match kind? {
        OriginType::S3 => bucket(&mut section, key, raw, common, &table, env).map(Origin::Bucket),
        OriginType::Http => web(&mut section, key, raw, common, &table).map(Origin::Web),
    }
}

/// What every kind of origin has; `None`: a fault in one of its parts.
struct Common {
    ca_file: Option<std::path::PathBuf>,
    connect_timeout: Duration,
    first_byte_timeout: Duration,
    idle_timeout: Duration,
    max_requests: usize,
}

fn common(section: &mut Section<'_>, raw: &raw::Origin) -> Option<Common> {
    let ca_file = section.take("ca_file", &raw.ca_file, &keys::CA_FILE);
    let connect_timeout = section.take(
        "connect_timeout",
        &raw.connect_timeout,
        &keys::CONNECT_TIMEOUT,
    );
    let first_byte_timeout = section.take(
        "first_byte_timeout",
        &raw.first_byte_timeout,
        &keys::FIRST_BYTE_TIMEOUT,
    );
    let idle_timeout = section.take("idle_timeout", &raw.idle_timeout, &keys::IDLE_TIMEOUT);
    let max_requests = section.take("max_requests", &raw.max_requests, &keys::MAX_REQUESTS);
    Some(Common {
        ca_file: ca_file?,
        connect_timeout: connect_timeout?,
        first_byte_timeout: first_byte_timeout?,
        idle_timeout: idle_timeout?,
        max_requests: max_requests?,
    })
}

fn bucket(
    section: &mut Section<'_>,
    name: String,
    raw: &raw::Origin,
    common: Option<Common>,
    table: &Range<usize>,
    env: Env<'_>,
) -> Option<Bucket> {
    let bucket = section.required("bucket", &raw.bucket, &keys::BUCKET, table);
    let region = section.required("region", &raw.region, &keys::REGION, table);
    let endpoint = section.take("endpoint", &raw.endpoint, &keys::ENDPOINT);
    let addressing = section.take("addressing", &raw.addressing, &keys::ADDRESSING);
    let prefix = section.take("prefix", &raw.prefix, &keys::PREFIX);
    let signing = section.take("signing", &raw.signing, &keys::SIGNING);
    let credentials = credentials(section, raw.credentials.as_ref(), env);
    let missing = section.take("missing", &raw.missing, &keys::MISSING);
    let foreign = [("url", span(&raw.url)), ("host", span(&raw.host))];
    let alone = refuse_foreign(section, &foreign, "s3", keys::ONLY_HTTP);
    if let (Some(Addressing::Virtual), Some(Some(endpoint))) = (addressing, &endpoint)
        && is_address(endpoint)
    {
        let span = raw
            .addressing
            .as_ref()
            .map_or_else(|| table.clone(), Spanned::span);
        let found =
            format!("found \"virtual\" with the endpoint {endpoint}, which has no host name");
        section.fault(
            "addressing",
            span,
            &found,
            Some("\"path\" or \"auto\" with an IP address"),
        );
    }
    alone?;
    let common = common?;
    Some(Bucket {
        name,
        bucket: bucket?,
        region: region?,
        endpoint: endpoint?,
        addressing: addressing?,
        prefix: prefix?,
        signing: signing?,
        credentials: credentials?,
        missing: missing?,
        ca_file: common.ca_file,
        connect_timeout: common.connect_timeout,
        first_byte_timeout: common.first_byte_timeout,
        idle_timeout: common.idle_timeout,
        max_requests: common.max_requests,
    })
}

fn web(
    section: &mut Section<'_>,
    name: String,
    raw: &raw::Origin,
    common: Option<Common>,
    table: &Range<usize>,
) -> Option<Web> {
    let url = section.required("url", &raw.url, &keys::URL, table);
    let host = section.optional("host", &raw.host, &keys::HOST);
    let foreign = [
        ("bucket", span(&raw.bucket)),
        ("region", span(&raw.region)),
        ("endpoint", span(&raw.endpoint)),
        ("addressing", span(&raw.addressing)),
        ("prefix", span(&raw.prefix)),
        ("signing", span(&raw.signing)),
        ("credentials", span(&raw.credentials)),
        ("missing", span(&raw.missing)),
    ];
    refuse_foreign(section, &foreign, "http", keys::ONLY_S3)?;
    let common = common?;
    Some(Web {
        name,
        url: url?,
        host: host?.unwrap_or(HostField::Origin),
        ca_file: common.ca_file,
        connect_timeout: common.connect_timeout,
        first_byte_timeout: common.first_byte_timeout,
        idle_timeout: common.idle_timeout,
        max_requests: common.max_requests,
    })
}

fn span<T>(written: &Option<Spanned<T>>) -> Option<Range<usize>> {
    written.as_ref().map(Spanned::span)
}

/// Adds a fault for every key that another type of origin has; `None` if there was one.
fn refuse_foreign(
    section: &mut Section<'_>,
    keys: &[(&str, Option<Range<usize>>)],
    kind: &str,
    allowed: &str,
) -> Option<()> {
    let mut alone = Some(());
    for (key, span) in keys {
        if let Some(span) = span {
            let found = format!("found this key with type {kind:?}");
            section.fault(key, span.clone(), &found, Some(allowed));
            alone = None;
        }
    }
    alone
}

/// Whether the host is an IP address, before which no bucket name can stand.
fn is_address(endpoint: &Endpoint) -> bool {
    let host = endpoint.authority.host();
    host.starts_with('[') || host.parse::<Ipv4Addr>().is_ok()
}

fn credentials(
    section: &mut Section<'_>,
    written: Option<&Spanned<raw::Credentials>>,
    env: Env<'_>,
) -> Option<Credentials> {
    let Some(written) = written else {
        return Some(Credentials::Chain);
    };
    let table = written.span();
    let raw = match written.get_ref() {
        raw::Credentials::Table(raw) => raw,
        raw::Credentials::Word(word) if word == keys::CREDENTIALS_WORD => {
            return Some(Credentials::Chain);
        }
        // Not quoted: it may be a key.
        raw::Credentials::Word(word) => {
            let refusal = Refusal {
                nearest: Refusal::word(word, [keys::CREDENTIALS_WORD]).nearest,
                ..Refusal::plain("found a text (not shown here) that is no such word")
            };
            section.refuse("credentials", table, refusal, keys::CREDENTIALS_ALLOWED);
            return None;
        }
    };
    if let Some(profile) = &raw.profile {
        let beside = [
            ("access_key_env", &raw.access_key_env),
            ("secret_key_env", &raw.secret_key_env),
            ("session_token_env", &raw.session_token_env),
        ]
        .into_iter()
        .find(|(_, written)| written.is_some());
        if let Some((key, _)) = beside {
            section.fault(
                "credentials.profile",
                profile.span(),
                &format!("found it beside {key}"),
                Some("either { profile }, or access_key_env and secret_key_env"),
            );
            return None;
        }
        return section
            .required("credentials.profile", &raw.profile, &keys::PROFILE, &table)
            .map(Credentials::Profile);
    }
    let mut part = |key: &str, name: &Option<Spanned<String>>, required: bool| {
        let key = format!("credentials.{key}");
        let variable = if required {
            section.required(&key, name, &keys::VARIABLE, &table)?
        } else {
            match section.optional(&key, name, &keys::VARIABLE)? {
                Some(variable) => variable,
                None => return Some(None),
            }
        };
        let span = name.as_ref().map_or_else(|| table.clone(), Spanned::span);
        secret(section, &key, Some(variable), span, env, |_| None).map(Some)
    };
    let access_key = part("access_key_env", &raw.access_key_env, true);
    let secret_key = part("secret_key_env", &raw.secret_key_env, true);
    let session_token = part("session_token_env", &raw.session_token_env, false);
    Some(Credentials::Static {
        access_key: access_key??,
        secret_key: secret_key??,
        session_token: session_token?,
    })
}
