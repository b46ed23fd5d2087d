//! A call of an edge's admin API: where it is, the token, and what its errors say.

use miette::{IntoDiagnostic, WrapErr, miette};
use reqwest::{Client, RequestBuilder, Url};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

/// The arguments of every command that calls an edge.
#[derive(Debug, clap::Args)]
pub(super) struct Connection {
    /// The admin listener of the edge
    #[arg(long, env = "SEAWALL_ADMIN", default_value = "http://127.0.0.1:9080")]
    admin: String,
    /// The environment variable that holds the token
    #[arg(long, default_value = "SEAWALL_ADMIN_TOKEN")]
    token_env: String,
}

impl Connection {
    /// Posts `body`, and returns the answer to it.
    ///
    /// # Errors
    /// Whatever kept the edge from doing what was asked, in its own words if it gave any.
    pub(super) async fn post(&self, path: &str, body: &Value) -> miette::Result<Value> {
        let request = |client: &Client, url: &str| client.post(url).json(body);
        self.answer(path, request).await
    }

    /// Gets what is there, with these parameters.
    ///
    /// # Errors
    /// As [`Connection::post`].
    pub(super) async fn get(&self, path: &str, query: &[(&str, &str)]) -> miette::Result<Value> {
        let request = |client: &Client, url: &str| {
            // It was parsed already; were it none, the client would say what is wrong with it.
            match (query, Url::parse_with_params(url, query)) {
                ([], _) | (_, Err(_)) => client.get(url),
                (_, Ok(url)) => client.get(url),
            }
        };
        self.answer(path, request).await
    }

    async fn answer(
        &self,
        path: &str,
        request: impl FnOnce(&Client, &str) -> RequestBuilder,
    ) -> miette::Result<Value> {
        let variable = &self.token_env;
        let token: SecretString = std::env::var(variable)
            .ok()
            .filter(|token| !token.is_empty())
            .ok_or_else(|| {
                miette!(
                    "the environment variable {variable} is not set; it must hold the admin token"
                )
            })?
            .into();
        let url = address(&self.admin, path)?;
        // The token is for this one address: no proxy, no redirect.
        let client = Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .into_diagnostic()?;
        let response = request(&client, &url)
            .bearer_auth(token.expose_secret())
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
        Ok(answer)
    }
}

/// Where to call. Messages repeat it, so it may hold nothing that is a secret.
fn address(admin: &str, path: &str) -> miette::Result<String> {
    let is_plain = |url: &Url| {
        url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none()
    };
    match admin.parse::<Url>() {
        Ok(url) if url.has_host() && is_plain(&url) => {
            Ok(format!("{}{path}", admin.trim_end_matches('/')))
        }
        _ => Err(miette!(
            "the address of the admin API (not shown here) cannot be used; it is a URL as \
             http://127.0.0.1:9080, without user information and without a query"
        )),
    }
}
