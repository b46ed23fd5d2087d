//! `seawall purge PATH…`: asks an edge's admin API to forget paths.

use miette::{IntoDiagnostic, WrapErr, miette};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// Arguments of `seawall purge`.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Paths to forget: `/index.html`, `/img/*` (quote it), `/*` for everything
    #[arg(required = true)]
    paths: Vec<String>,
    /// The admin listener of the edge
    #[arg(long, env = "SEAWALL_ADMIN", default_value = "http://127.0.0.1:9080")]
    admin: String,
    /// The environment variable that holds the token
    #[arg(long, default_value = "SEAWALL_ADMIN_TOKEN")]
    token_env: String,
    /// Only in this distribution; without it in all
    #[arg(long)]
    distribution: Option<String>,
    /// Makes a repeated call harmless: the same reference with the same paths is one invalidation
    #[arg(long)]
    caller_reference: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

pub(super) async fn run(arguments: Arguments) -> miette::Result<()> {
    let variable = &arguments.token_env;
    let token: SecretString = std::env::var(variable)
        .ok()
        .filter(|token| !token.is_empty())
        .ok_or_else(|| {
            miette!("the environment variable {variable} is not set; it must hold the admin token")
        })?
        .into();
    let mut body = json!({ "paths": arguments.paths });
    if let Some(distribution) = arguments.distribution {
        body["distribution"] = distribution.into();
    }
    if let Some(reference) = arguments.caller_reference {
        body["caller_reference"] = reference.into();
    }
    let url = address(&arguments.admin)?;
    // The token is for this one address: no proxy, no redirect.
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .into_diagnostic()?;
    let response = client
        .post(&url)
        .bearer_auth(token.expose_secret())
        .json(&body)
        .send()
        .await
        .into_diagnostic()
        .wrap_err_with(|| format!("no answer from the admin API at {url}"))?;
    let status = response.status();
    let text = response.text().await.into_diagnostic()?;
    let answer: Value = serde_json::from_str(&text).unwrap_or(Value::Null);
    if !status.is_success() {
        let why = answer["error"]["message"]
            .as_str()
            .unwrap_or_else(|| text.trim());
        let code = answer["error"]["code"].as_str().unwrap_or("no code");
        return Err(miette!(
            "the edge refused: {} {code}: {why}",
            status.as_u16()
        ));
    }
    if arguments.json {
        super::print(&format!("{answer:#}\n"));
        return Ok(());
    }
    let plural =
        |count: u64, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let id = answer["id"].as_str().unwrap_or_default();
    let position = answer["position"].as_u64().unwrap_or_default();
    let state = answer["status"].as_str().unwrap_or_default();
    let dropped = match (answer["objects"].as_u64(), answer["bytes"].as_u64()) {
        (Some(objects), Some(bytes)) => format!(
            "{} ({}) went",
            plural(objects, "object"),
            plural(bytes, "byte")
        ),
        // The same caller reference again: nothing was done a second time.
        _ => "it had been done before".to_owned(),
    };
    super::print(&format!(
        "{id}: {state} at position {position}; {dropped}\n"
    ));
    Ok(())
}

/// Where to call. Messages repeat it, so it may hold nothing that is a secret.
fn address(admin: &str) -> miette::Result<String> {
    let is_plain = |url: &reqwest::Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    match admin.parse::<reqwest::Url>() {
        Ok(url) if url.has_host() && is_plain(&url) => {
            Ok(format!("{}/v1/invalidations", admin.trim_end_matches('/')))
        }
        _ => Err(miette!(
            "the address of the admin API (not shown here) cannot be used; it is a URL as \
             http://127.0.0.1:9080, without user information and without a query"
        )),
    }
}
