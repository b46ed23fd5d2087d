//! The rule of every key, in the order of the file: its default, its range, its words.
//!
//! The functions that judge a single text are in `texts`. What concerns two keys at once (a budget and what must
//! fit in it, a name and what it refers to) is in `resolve`.

pub(super) mod policies;
pub(super) mod response_headers;
pub(super) mod site;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use super::rule::{Count, List, Refusal, Rule, Size, Switch, Text, Time, Words, quoted_list};
use super::settings::{
    AccessLog, Addressing, Endpoint, HostField, Journal, LogFormat, Missing, Runtime, Scope,
    Signing,
};
use super::texts;
use crate::policy::behavior::Methods;
use crate::policy::cache_policy::{CachePolicy, SetCookie, ViewerCacheControl};
use crate::policy::clients::{ForwardedFor, Network};
use crate::policy::distribution::Domain;
use crate::policy::origin_request::OriginRequest;
use crate::policy::path_pattern::PathPattern;

// [edge]
pub(super) const EDGE_NAME: Text<String> = name("edge-1");
pub(super) const EDGE_POP: Text<String> = name("LOCAL");
pub(super) const EDGE_REGION: Text<String> = name("local");
pub(super) const LISTEN: List<SocketAddr> = List {
    item: ADDRESS,
    default: &["127.0.0.1:8080"],
    min: 1,
    max: 16,
};
pub(super) const DATA: Text<PathBuf> = Text {
    default: Some("/var/lib/seawall"),
    allowed: "the path of a directory",
    pattern: None,
    read: texts::path,
};
pub(super) const MEMORY: Size = Size {
    default: 256 * MIB,
    min: MIB,
    max: TIB,
};
pub(super) const IN_FLIGHT: Size = Size {
    default: 64 * MIB,
    min: 1,
    max: TIB,
};
pub(super) const MAX_OBJECT_SIZE: Size = Size {
    default: 16 * MIB,
    min: 1,
    max: GIB,
};
pub(super) const RUNTIME: Words<Runtime> = Words {
    words: &[
        ("per-core", Runtime::PerCore),
        ("work-stealing", Runtime::WorkStealing),
    ],
    default: 0,
};
pub(super) const WORKERS: Count = Count {
    default: None,
    min: 1,
    max: 512,
};
pub(super) const DEBUG_HEADERS: Switch = Switch { default: false };
pub(super) const SHUTDOWN_GRACE: Time = Time {
    default: Some(Duration::from_secs(30)),
    min: Duration::ZERO,
    max: Duration::from_secs(3_600),
};
pub(super) const MAX_CONNECTIONS: Count = Count {
    default: Some(10_000),
    min: 1,
    max: 1_000_000,
};

pub(super) const MAX_CONNECTIONS_PER_ADDRESS: Count = Count {
    default: Some(1_000),
    min: 1,
    max: 1_000_000,
};
pub(super) const TRUSTED_PROXIES: List<Network> = List {
    item: Text {
        default: None,
        allowed: "an IP address, or one with the number of its bits that count, as \"10.0.0.0/8\"",
        pattern: None,
        read: texts::network,
    },
    default: &[],
    min: 0,
    max: 1_000,
};
pub(super) const FORWARDED_FOR: Words<ForwardedFor> = Words {
    words: &[
        ("append", ForwardedFor::Append),
        ("replace", ForwardedFor::Replace),
        ("drop", ForwardedFor::Drop),
    ],
    default: 0,
};

// [admin]
pub(super) const ADMIN_LISTEN: Text<SocketAddr> = Text {
    default: Some("127.0.0.1:9080"),
    ..ADDRESS
};
pub(super) const ADMIN_HOSTS: List<String> = List {
    item: Text {
        default: None,
        allowed: "a host name or an IP address without a port",
        pattern: None,
        read: texts::host,
    },
    default: &[],
    min: 0,
    max: 64,
};
pub(super) const TOKEN_NAME: Text<String> = IDENTIFIER;
pub(super) const SCOPES: List<Scope> = List {
    item: Text {
        default: None,
        allowed: "\"read\", \"purge:/PREFIX\" or \"purge:ID:/PREFIX\"",
        pattern: Some(r"^(read|purge:([A-Za-z0-9_-]{1,64}:)?/[!-~]*)$"),
        read: texts::scope,
    },
    default: &[],
    min: 1,
    max: 64,
};
/// Fewest characters of a token: at 4 bits each, 64 bits to guess.
pub(super) const SHORTEST_TOKEN: usize = 16;
pub(super) const TOKEN_ALLOWED: &str = "a value of at least 16 visible ASCII characters";

// [log]
pub(super) const ACCESS: Text<AccessLog> = Text {
    default: Some("stdout"),
    allowed: "\"stdout\", \"off\", or the path of a file with a `/` in it",
    pattern: Some(r"^(stdout|off|.*/.*)$"),
    read: texts::access,
};
pub(super) const FORMAT: Words<LogFormat> = Words {
    words: &[("json", LogFormat::Json)],
    default: 0,
};

// [journal]
pub(super) const JOURNAL: Words<Journal> = Words {
    words: &[("local", Journal::Local)],
    default: 0,
};

// [origins.NAME]
pub(super) const ORIGIN_NAME: Text<String> = IDENTIFIER;
pub(super) const ORIGIN_TYPE: Words<OriginType> = Words {
    words: &[("s3", OriginType::S3), ("http", OriginType::Http)],
    default: 0,
};
/// What kind of origin it is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum OriginType {
    S3,
    Http,
}
pub(super) const ONLY_S3: &str = "only with type \"s3\"";
pub(super) const ONLY_HTTP: &str = "only with type \"http\"";
pub(super) const URL: Text<Endpoint> = Text {
    default: None,
    allowed: "http:// or https://, a host and perhaps a port, and nothing else",
    pattern: Some(r"^https?://[^/?#@]+/?$"),
    read: texts::url,
};
pub(super) const HOST: Text<HostField> = Text {
    default: None,
    allowed: "\"origin\", \"viewer\", or a host and perhaps a port",
    pattern: None,
    read: texts::host_field,
};
pub(super) const BUCKET: Text<String> = Text {
    default: None,
    allowed: "3 to 255 of A-Z a-z 0-9 . _ -, the first and last a letter or digit",
    pattern: Some("^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$"),
    read: texts::bucket,
};
pub(super) const REGION: Text<String> = IDENTIFIER;
pub(super) const ENDPOINT: Text<Option<Endpoint>> = Text {
    default: Some(""),
    allowed: "\"\" for AWS, or http:// or https://, a host and perhaps a port, and nothing else",
    pattern: Some(r"^$|^https?://[^/?#@]+/?$"),
    read: texts::endpoint,
};
pub(super) const ADDRESSING: Words<Addressing> = Words {
    words: &[
        ("auto", Addressing::Auto),
        ("path", Addressing::Path),
        ("virtual", Addressing::Virtual),
    ],
    default: 0,
};
pub(super) const PREFIX: Text<String> = Text {
    default: Some(""),
    allowed: "\"\", or the beginning of a key, with a `/` at its end and none at its beginning, \
              without `.` and `..` segments",
    pattern: Some("^$|^[^/].*/$"),
    read: texts::prefix,
};
pub(super) const SIGNING: Words<Signing> = Words {
    words: &[("always", Signing::Always), ("never", Signing::Never)],
    default: 0,
};
pub(super) const CREDENTIALS_WORD: &str = "chain";
pub(super) const CREDENTIALS_ALLOWED: &str = "\"chain\", { profile }, or { access_key_env, secret_key_env, session_token_env } (the last is optional)";
pub(super) const WITHOUT_PROFILE: &str = "required without `profile`";
pub(super) const PROFILE: Text<String> = Text {
    default: None,
    allowed: "the name of a profile: 1 to 128 of A-Z a-z 0-9 _ - / . % @ : +",
    pattern: Some("^[A-Za-z0-9_/.%@:+-]{1,128}$"),
    read: texts::profile,
};
pub(super) const MISSING: Words<Missing> = Words {
    words: &[("auto", Missing::Auto), ("off", Missing::Off)],
    default: 0,
};
pub(super) const CA_FILE: Text<Option<PathBuf>> = Text {
    default: Some(""),
    allowed: "\"\" for none, or the path of a file",
    pattern: None,
    read: texts::optional_path,
};
pub(super) const CONNECT_TIMEOUT: Time = timeout(3);
pub(super) const FIRST_BYTE_TIMEOUT: Time = timeout(10);
pub(super) const IDLE_TIMEOUT: Time = timeout(10);
pub(super) const MAX_REQUESTS: Count = Count {
    default: Some(256),
    min: 1,
    max: 100_000,
};

// [[distributions]]
pub(super) const ID: Text<String> = IDENTIFIER;
pub(super) const DOMAINS: List<Domain> = List {
    item: Text {
        default: None,
        allowed: "a host name, or `*.` and a host name, without a port",
        pattern: None,
        read: texts::domain,
    },
    default: &[],
    min: 0,
    max: 10_000,
};
pub(super) const ROOT_OBJECT: Text<Option<String>> = Text {
    default: Some("index.html"),
    allowed: "\"\" for none, or an object key of at most 1024 bytes that does not begin with `/` \
              and has no `.` or `..` segment",
    pattern: None,
    read: texts::root_object,
};
pub(super) const ORIGIN: Text<String> = Text {
    default: None,
    allowed: "the NAME of an [origins.NAME]",
    pattern: None,
    read: texts::any,
};
pub(super) const METHODS_ALLOWED: &str = "[\"GET\"], [\"GET\", \"HEAD\"], \"standard\" or \"any\"";
pub(super) const METHODS_OF_A_BUCKET: &str =
    "[\"GET\"] or [\"GET\", \"HEAD\"] with an origin of type \"s3\"";
pub(super) const METHODS: List<&'static str> = List {
    item: Text {
        default: None,
        allowed: "\"GET\" or \"HEAD\"",
        pattern: Some("^(GET|HEAD)$"),
        read: texts::method,
    },
    default: Methods::NAMES,
    min: 1,
    max: 2,
};
pub(super) const CACHE_POLICY: Preset = Preset;
pub(super) const POLICY_OF_A_BUCKET: &str =
    "a policy whose key has none of these: the key of a bucket's object is its path";
pub(super) const VIEWER_CACHE_CONTROL: Words<ViewerCacheControl> = Words {
    words: &[
        ("ignore", ViewerCacheControl::Ignore),
        ("honor", ViewerCacheControl::Honor),
    ],
    default: 0,
};
pub(super) const SET_COOKIE: Words<SetCookie> = Words {
    words: &[
        ("strip", SetCookie::Strip),
        ("store", SetCookie::Store),
        ("refuse", SetCookie::Refuse),
    ],
    default: 0,
};
pub(super) const TTL: Time = Time {
    default: None,
    min: Duration::ZERO,
    max: Duration::from_secs(3_650 * 86_400),
};
/// With an origin of type "http".
pub(super) const WEB_CACHE_POLICY: &str = "RFC9111";
/// What the schema says of `cache_policy` and `origin_request`; `resolve` knows their own names too.
pub(super) const CACHE_POLICY_NAME: Named = Named {
    presets: CachePolicy::PRESETS,
    own: "the NAME of a [cache_policies.NAME]",
};
pub(super) const ORIGIN_REQUEST: Named = Named {
    presets: OriginRequest::PRESETS,
    own: "the NAME of an [origin_requests.NAME]",
};
pub(super) const SET_COOKIE_BY_POLICY: &str = "by `cache_policy`; `\"strip\"` in every preset";
pub(super) const VIEWER_BY_POLICY: &str = "by `cache_policy`; `\"ignore\"` in every preset";
pub(super) const BY_POLICY: &str = "by `cache_policy`";

// [[distributions.behaviors]]
pub(super) const BEHAVIORS_ALLOWED: &str = "at most 100 [[distributions.behaviors]] sections";
pub(super) const PATH: Text<PathPattern> = Text {
    default: None,
    allowed: "a path of at most 255 bytes, in which `*` stands for any bytes and `?` for one",
    pattern: None,
    read: texts::path_pattern,
};

/// The name of an environment variable. It is named in messages, so what cannot be one is not quoted: it may be
/// the secret itself, put in the wrong place.
pub(super) const VARIABLE: Variable = Variable;

/// The rule of [`CACHE_POLICY`].
pub(super) struct Preset;

/// The rule of a name that is a preset's or an own one.
pub(super) struct Named {
    presets: &'static [&'static str],
    own: &'static str,
}

/// The rule of [`VARIABLE`].
pub(super) struct Variable;

impl Rule for Preset {
    type Written = String;
    type Meant = CachePolicy;

    fn read(&self, written: &String) -> Result<CachePolicy, Refusal> {
        CachePolicy::preset(written)
            .ok_or_else(|| Refusal::word(written, CachePolicy::PRESETS.iter().copied()))
    }

    fn default(&self) -> Option<CachePolicy> {
        CachePolicy::PRESETS
            .first()
            .and_then(|name| CachePolicy::preset(name))
    }

    fn allowed(&self) -> String {
        quoted_list(CachePolicy::PRESETS.iter().copied())
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        vec![("enum", json!(CachePolicy::PRESETS))]
    }
}

impl Rule for Named {
    type Written = String;
    type Meant = String;

    fn read(&self, written: &String) -> Result<String, Refusal> {
        Ok(written.clone())
    }

    fn default(&self) -> Option<String> {
        None
    }

    fn allowed(&self) -> String {
        format!(
            "{}, or {}",
            quoted_list(self.presets.iter().copied()),
            self.own
        )
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        Vec::new()
    }
}

impl Rule for Variable {
    type Written = String;
    type Meant = String;

    fn read(&self, written: &String) -> Result<String, Refusal> {
        let starts = !written.starts_with(|c: char| c.is_ascii_digit());
        let fits = texts::within(written, 1, 128, "_");
        if starts && fits {
            Ok(written.clone())
        } else {
            Err(Refusal::plain(
                "found a text (not shown here) that is no such name",
            ))
        }
    }

    fn default(&self) -> Option<String> {
        None
    }

    fn allowed(&self) -> String {
        "the name of an environment variable: 1 to 128 of A-Z a-z 0-9 _, the first no digit"
            .to_owned()
    }

    fn keywords(&self) -> Vec<(&'static str, Value)> {
        vec![("pattern", json!("^[A-Za-z_][A-Za-z0-9_]{0,127}$"))]
    }
}

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;
const TIB: u64 = 1 << 40;

const ADDRESS: Text<SocketAddr> = Text {
    default: None,
    allowed: "an IP address and a port, as \"127.0.0.1:8080\" or \"[::]:8080\"",
    pattern: None,
    read: texts::address,
};

const IDENTIFIER: Text<String> = Text {
    default: None,
    allowed: "1 to 64 of A-Z a-z 0-9 _ -",
    pattern: Some("^[A-Za-z0-9_-]{1,64}$"),
    read: texts::identifier,
};

const fn name(default: &'static str) -> Text<String> {
    Text {
        default: Some(default),
        allowed: "1 to 64 of A-Z a-z 0-9 . _ -",
        pattern: Some("^[A-Za-z0-9._-]{1,64}$"),
        read: texts::dotted,
    }
}

const fn timeout(default_seconds: u64) -> Time {
    Time {
        default: Some(Duration::from_secs(default_seconds)),
        min: Duration::from_millis(1),
        max: Duration::from_secs(600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_variable_is_not_quoted() {
        for text in ["", "1A", "A B", "A-B", "pass/word", &"A".repeat(129)] {
            let refusal = VARIABLE.read(&text.to_owned()).unwrap_err();
            assert!(!refusal.found.contains("pass"), "{}", refusal.found);
        }
        for text in ["_", "A1", "edge_key", &"A".repeat(128)] {
            assert_eq!(VARIABLE.read(&text.to_owned()).unwrap(), text);
        }
    }
}
