//! `Debug` of what a configuration becomes, and of what is wrong with one.

use seawall::config;
use seawall::origin::credentials::{Credentials, Source};

use super::{EDGE, PASTED, SESSION, finder, variables};

const GOOD: &str = r#"
[admin]
tokens = [{ name = "all", env = "SEAWALL_ADMIN_TOKEN", scopes = ["read"] }]
[origins.site]
bucket = "site"
region = "local"
credentials = { access_key_env = "EDGE_ACCESS_KEY", secret_key_env = "EDGE_SECRET_KEY", session_token_env = "EDGE_SESSION_TOKEN" }
[[distributions]]
id = "E1"
origin = "site"
"#;

fn env(name: &str) -> Option<String> {
    let mut variables = variables().into_iter();
    variables.find_map(|(given, value)| (given == name).then(|| value.to_owned()))
}

#[test]
fn of_a_configuration() {
    let config = config::parse("test.toml", GOOD, &env).unwrap();
    let printed = format!("{config:?}{config:#?}");
    assert!(printed.contains("EDGE_SECRET_KEY"), "it is the whole of it");
    finder().nothing_in("the configuration", printed);
}

#[test]
fn of_a_rejected_configuration() {
    // A key where the name of a variable belongs.
    let text = GOOD.replace("\"EDGE_SECRET_KEY\"", &format!("\"{PASTED}\""));
    let error = config::parse("test.toml", &text, &env).unwrap_err();
    let plain = error.render_plain();
    assert!(plain.contains("secret_key_env"), "{plain}");
    finder().nothing_in(
        "the rejection",
        format!("{plain}{error}{error:?}{error:#?}"),
    );
}

#[test]
fn of_credentials() {
    let credentials = || Credentials::fixed("AKIAEDGE", EDGE, Some(SESSION));
    let source = Source::fixed(credentials());
    let printed = format!(
        "{:?}{:#?}{source:?}{source:#?}",
        credentials(),
        credentials()
    );
    assert!(printed.contains("AKIAEDGE"), "{printed}");
    finder().nothing_in("the credentials", printed);
}
