//! The configuration file: TOML text in, a checked [`Config`] out, or every fault with its place.
//!
//! The way of a file, each step only if the one before found no fault:
//!
//! 1. text: at most [`LONGEST_FILE`] bytes of UTF-8 (here);
//! 2. TOML (the `toml` crate, all syntax errors);
//! 3. shape: only known keys, only the right types (`shape`, by the schema);
//! 4. raw: the file as written (`raw`);
//! 5. resolved: the file as meant (`resolve`, by the rules in `keys`), with secrets from the environment.
//!
//! Invariants: a [`Config`] is whole and consistent; an error names file, line, column, what was found and what
//! is allowed; no value of an environment variable is ever in a message. This room opens no sockets, and no
//! other files than those of redirects: whether an address is free or a certificate readable shows when the parts are built.

mod error;
mod keys;
mod raw;
mod resolve;
mod rule;
mod schema;
mod section;
mod settings;
mod shape;
mod texts;
pub mod units;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use toml::de::{DeTable, Deserializer};

pub use self::error::{ConfigError, Fault, MOST_FAULTS, Rejection};
pub use self::schema::{reference, schema};
pub use self::settings::{
    AccessLog, Addressing, Admin, Bucket, Credentials, Edge, Endpoint, HostField, Journal, Log,
    LogFormat, Missing, Origin, Runtime, Scope, Secret, Signing, Token, Web,
};

use self::error::{Faults, place};
use crate::policy::distribution::Distributions;

/// Longest configuration that is read: 1 MiB.
pub const LONGEST_FILE: u64 = 1 << 20;

/// A whole, consistent configuration. `Debug` prints no secret.
#[derive(Clone, Debug)]
pub struct Config {
    /// The edge itself.
    pub edge: Edge,
    /// The administrative interface.
    pub admin: Admin,
    /// What is logged.
    pub log: Log,
    /// Where invalidations are written down.
    pub journal: Journal,
    /// Where objects come from, by name; at least one.
    pub origins: BTreeMap<String, Origin>,
    /// Names of the operator's own cache policies, used or not.
    pub cache_policies: Vec<String>,
    /// Names of the operator's own origin requests, used or not.
    pub origin_requests: Vec<String>,
    /// What is served; at least one. Each names an origin that is in `origins`.
    pub distributions: Arc<Distributions>,
}

/// Reads a configuration from a file, and its secrets from the environment of the process. The path as given is
/// the file's name in messages.
///
/// # Errors
/// If the file cannot be read, is too long, is not UTF-8, or has faults (all that one step can see).
pub fn load(path: &Path) -> Result<Config, ConfigError> {
    load_with(path, &|variable| std::env::var(variable).ok())
}

/// As [`load`], with another environment than that of the process: `env` gives the value of a variable, `None` if
/// it is not set.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, ConfigError> {
    let name = path.display().to_string();
    let unreadable = |source| ConfigError::Read {
        name: name.clone(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    // One byte more than allowed, to see that there is more; a device without an end stops here too.
    file.take(LONGEST_FILE + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    let base = path.parent().unwrap_or_else(|| Path::new(""));
    parse_bytes(&name, &bytes, env, base)
}

/// Reads a configuration from a text. `name` stands for the file in messages; `env` gives the value of an
/// environment variable, `None` if it is not set. Files that the text names are looked for from the working
/// directory.
///
/// # Errors
/// As [`load`], without those of reading.
pub fn parse(
    name: &str,
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
) -> Result<Config, ConfigError> {
    parse_bytes(name, text.as_bytes(), env, Path::new(""))
}

fn parse_bytes(
    name: &str,
    bytes: &[u8],
    env: &dyn Fn(&str) -> Option<String>,
    base: &Path,
) -> Result<Config, ConfigError> {
    // usize is at most 64 bits wide on every platform that Rust has.
    if bytes.len() as u64 > LONGEST_FILE {
        return Err(ConfigError::TooLong {
            name: name.to_owned(),
            limit: LONGEST_FILE,
        });
    }
    let text = str::from_utf8(bytes).map_err(|error| {
        let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let (line, column) = place(&valid, valid.len());
        ConfigError::NotUtf8 {
            name: name.to_owned(),
            line,
            column,
        }
    })?;
    let mut faults = Faults::default();
    resolved(text, env, base, &mut faults)
        .ok_or_else(|| ConfigError::Rejected(Box::new(Rejection::new(name, text, faults))))
}

/// `None` only after a fault was added.
fn resolved(
    text: &str,
    env: &dyn Fn(&str) -> Option<String>,
    base: &Path,
    faults: &mut Faults,
) -> Option<Config> {
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        faults.add(syntax(&error, text));
    }
    if !faults.is_empty() {
        return None;
    }
    shape::check(document.get_ref(), &schema::SCHEMA, faults);
    if !faults.is_empty() {
        return None;
    }
    match raw::Raw::deserialize(Deserializer::from(document)) {
        Ok(raw) => resolve::config(raw, env, base, faults).filter(|_| faults.is_empty()),
        // The shape was checked, so this is a difference between schema and struct; still no reason to panic.
        Err(error) => {
            faults.add(syntax(&error, text));
            None
        }
    }
}

/// An error of the TOML parser. Its message says what was expected; what was found is added where that cannot be
/// a secret that somebody forgot to quote.
fn syntax(error: &toml::de::Error, text: &str) -> Fault {
    let span = error.span().unwrap_or(text.len()..text.len());
    let found = text.get(span.clone()).unwrap_or_default();
    let found = match found {
        "" | "\n" | "\r\n" if span.end >= text.len() => ", found the end of the file".to_owned(),
        "" if text
            .get(span.end..)
            .unwrap_or_default()
            .starts_with(['\r', '\n']) =>
        {
            ", found the end of the line".to_owned()
        }
        "\n" | "\r\n" => ", found the end of the line".to_owned(),
        _ if error.message() == "duplicate key" || found.chars().count() == 1 => {
            format!(", found {}", rule::quoted(found))
        }
        _ => String::new(),
    };
    Fault::new(span, format!("not TOML: {}{found}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const MINIMAL: &str = "[origins.site]\nbucket = \"site\"\nregion = \"eu-central-1\"\n\
                           [[distributions]]\nid = \"E1\"\norigin = \"site\"\n";

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn a_default_written_out_changes_nothing() {
        let expected = format!("{:?}", parse("x", MINIMAL, &nothing).unwrap());
        let mut tried = 0;
        for (section, table) in [
            ("[edge]", &schema()["properties"]["edge"]),
            ("[admin]", &schema()["properties"]["admin"]),
            ("[log]", &schema()["properties"]["log"]),
            ("[journal]", &schema()["properties"]["journal"]),
            (
                "[origins.site]",
                &schema()["properties"]["origins"]["additionalProperties"],
            ),
            (
                "[[distributions]]",
                &schema()["properties"]["distributions"]["items"],
            ),
        ] {
            for (key, inner) in table["properties"].as_object().unwrap() {
                if inner["default"].is_null() {
                    continue;
                }
                // Text, numbers, truths and flat lists are written alike in JSON and TOML.
                let line = format!("{section}\n{key} = {}\n", inner["default"]);
                let text = if MINIMAL.contains(section) {
                    MINIMAL.replace(&format!("{section}\n"), &line)
                } else {
                    format!("{line}{MINIMAL}")
                };
                let config = parse("x", &text, &nothing).map_err(|error| error.render_plain());
                assert_eq!(format!("{:?}", config.unwrap()), expected, "{line}");
                tried += 1;
            }
        }
        assert!(tried > 30, "{tried}");
    }

    #[test]
    fn the_limit_of_a_file_is_exact() {
        let length = usize::try_from(LONGEST_FILE).unwrap();
        let padded =
            |length: usize| format!("{MINIMAL}#{}", "x".repeat(length - MINIMAL.len() - 1));
        assert!(parse("x", &padded(length), &nothing).is_ok());
        let error = parse("x", &padded(length + 1), &nothing).unwrap_err();
        assert_eq!(
            error.render_plain(),
            "x: found more than 1048576 bytes; allowed: at most 1048576 bytes"
        );
    }

    #[test]
    fn files_are_read_or_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("edge.toml");
        let name = path.display();
        assert!(matches!(load(&path), Err(ConfigError::Read { .. })));
        assert!(
            load(&path)
                .unwrap_err()
                .render_plain()
                .starts_with(&format!("{name}: cannot be read: "))
        );
        std::fs::write(&path, MINIMAL).unwrap();
        assert_eq!(
            load(&path).unwrap().origins["site"]
                .bucket()
                .unwrap()
                .bucket,
            "site"
        );
        std::fs::write(&path, b"# \xc3\xa9\n# \xc3\xa9\xff\n").unwrap();
        assert_eq!(
            load(&path).unwrap_err().render_plain(),
            format!("{name}:2:4: found a byte that is not UTF-8; allowed: TOML in UTF-8")
        );
        std::fs::write(&path, vec![b'#'; 10 << 20]).unwrap();
        assert!(matches!(load(&path), Err(ConfigError::TooLong { .. })));
        assert!(matches!(load(folder.path()), Err(ConfigError::Read { .. })));
    }

    #[test]
    fn secrets_are_read_and_never_printed() {
        let text = format!(
            "[admin]\ntokens = [{{ name = \"t\", env = \"TOKEN\", scopes = [\"read\"] }}]\n{}",
            MINIMAL.replace(
                "[[",
                "credentials = { access_key_env = \"AK\", secret_key_env = \"SK\", session_token_env = \"ST\" }\n[["
            )
        );
        let env = |variable: &str| Some(format!("value-of-{variable}-0123456789"));
        let config = parse("x", &text, &env).unwrap();
        let token = &config.admin.tokens[0].secret;
        assert_eq!(token.variable, "TOKEN");
        assert_eq!(token.value.expose_secret(), "value-of-TOKEN-0123456789");
        let Credentials::Static {
            access_key,
            secret_key,
            session_token,
        } = &config.origins["site"].bucket().unwrap().credentials
        else {
            panic!("not static: {config:?}");
        };
        for (secret, variable) in [
            (access_key, "AK"),
            (secret_key, "SK"),
            (session_token.as_ref().unwrap(), "ST"),
        ] {
            assert_eq!(secret.variable, variable);
            assert_eq!(
                secret.value.expose_secret(),
                format!("value-of-{variable}-0123456789")
            );
        }
        assert!(!format!("{config:?}").contains("value-of"));
    }

    #[test]
    fn a_bad_value_of_a_variable_is_not_in_the_error() {
        let text = format!(
            "[admin]\ntokens = [{{ name = \"t\", env = \"TOKEN\", scopes = [\"read\"] }}]\n{MINIMAL}"
        );
        let message = |value: &'static str| {
            parse("x", &text, &|_| Some(value.to_owned()))
                .map(|_| ())
                .map_err(|error| (error.render_plain(), format!("{error:?}")))
        };
        assert!(message("sixteen-letters!").is_ok());
        for value in [
            "fifteen-letters",
            "sixteen letters and blanks",
            "sechzehn-umläute",
            "ending-with-a-newline\n",
        ] {
            let (plain, debug) = message(value).unwrap_err();
            assert!(plain.contains("TOKEN"), "{plain}");
            assert!(
                !plain.contains(value.trim_end()) && !debug.contains(value.trim_end()),
                "{plain} {debug}"
            );
        }
        assert!(message("").unwrap_err().0.contains("is not set or empty"));
    }
}
