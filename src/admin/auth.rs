//! Who may call: by `Host` and `Origin` first, by token then.
//!
//! A page in somebody's browser can send requests to a loopback address, and can make a name of
//! its own resolve to one (DNS rebinding). Both show in these two fields.

use std::net::IpAddr;

use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::Response;
use secrecy::ExposeSecret;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use super::Desk;
use super::error::ApiError;
use crate::config::{Scope, Token};

/// The caller of a request, known by its token.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The token's name.
    pub name: String,
    scopes: Vec<Scope>,
}

impl Caller {
    /// Whether it may read.
    ///
    /// # Errors
    /// 403 `AccessDenied`
    pub fn may_read(&self) -> Result<(), ApiError> {
        if self.scopes.contains(&Scope::Read) {
            Ok(())
        } else {
            Err(self.denied("read"))
        }
    }

    /// Whether it may purge what this path names, in a distribution or in all.
    ///
    /// # Errors
    /// 403 `AccessDenied`
    pub fn may_purge(&self, distribution: Option<&str>, path: &str) -> Result<(), ApiError> {
        // `*` alone is everything, as `/*` is.
        let path = if path == "*" { "/*" } else { path };
        let covers = |scope: &Scope| match scope {
            Scope::Purge {
                distribution: only,
                prefix,
            } => {
                path.starts_with(prefix.as_str())
                    && (only.is_none() || only.as_deref() == distribution)
            }
            Scope::Read => false,
        };
        if self.scopes.iter().any(covers) {
            return Ok(());
        }
        Err(match distribution {
            Some(id) => self.denied(&format!("purge:{id}:{path}")),
            None => self.denied(&format!("purge:{path}")),
        })
    }

    fn denied(&self, scope: &str) -> ApiError {
        let message = format!("the token {:?} lacks the scope {scope:?}", self.name);
        ApiError::new(StatusCode::FORBIDDEN, "AccessDenied", message)
    }
}

/// Lets in requests whose `Host` is this listener's and whose `Origin`, if any, is the same.
pub(super) async fn origin(
    State(desk): State<Desk>,
    request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let named = |value: &HeaderValue| value.to_str().ok().map(str::to_owned);
    let host = match request.uri().authority() {
        Some(authority) => Some(authority.to_string()),
        None => request.headers().get(header::HOST).and_then(named),
    };
    let host = host.unwrap_or_default();
    if !desk.is_ours(&host) {
        let message = format!(
            "the Host {host:?} is not this listener's; allowed are localhost, IP addresses of this \
             listener, and the names in admin.hosts"
        );
        return Err(ApiError::new(
            StatusCode::MISDIRECTED_REQUEST,
            "WrongHost",
            message,
        ));
    }
    if let Some(origin) = request.headers().get(header::ORIGIN) {
        let same = origin
            .to_str()
            .ok()
            .and_then(|origin| origin.parse::<Uri>().ok())
            .and_then(|origin| {
                origin
                    .authority()
                    .map(|authority| authority.as_str() == host)
            });
        if same != Some(true) {
            let message = "requests from pages of another origin are not allowed";
            return Err(ApiError::new(StatusCode::FORBIDDEN, "WrongOrigin", message));
        }
    }
    Ok(next.run(request).await)
}

/// Lets in requests with a token, and says whose it is.
pub(super) async fn token(
    State(desk): State<Desk>,
    mut request: Request,
    next: Next,
) -> Result<Response, ApiError> {
    let access = desk.0.access.load_full();
    let given = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    let unauthorized =
        |message: &str| ApiError::new(StatusCode::UNAUTHORIZED, "MissingToken", message);
    let given =
        given.ok_or_else(|| unauthorized("send the token as \"Authorization: Bearer TOKEN\""))?;
    let token =
        find(&access.tokens, given).ok_or_else(|| unauthorized("the token is not known"))?;
    let caller = Caller {
        name: token.name.clone(),
        scopes: token.scopes.clone(),
    };
    request.extensions_mut().insert(caller.clone());
    let mut response = next.run(request).await;
    // For who writes down what was called.
    response.extensions_mut().insert(caller);
    Ok(response)
}

/// The token that was given. All of them are compared, each by its hash and in constant time, so
/// that the time tells neither how much was right nor which one.
fn find<'t>(tokens: &'t [Token], given: &str) -> Option<&'t Token> {
    let given = Sha256::digest(given);
    let mut found = None;
    for token in tokens {
        let known = Sha256::digest(token.secret.value.expose_secret());
        if bool::from(known.ct_eq(&given)) {
            found = Some(token);
        }
    }
    found
}

impl Desk {
    /// Whether a `Host` names this listener: `localhost`, one of its addresses, or a configured
    /// name.
    fn is_ours(&self, host: &str) -> bool {
        let Ok(authority) = host.parse::<axum::http::uri::Authority>() else {
            return false;
        };
        if host.contains('@') {
            return false;
        }
        let name = authority.host().to_ascii_lowercase();
        let literal = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'))
            .unwrap_or(&name);
        if let Ok(address) = literal.parse::<IpAddr>() {
            let listening = self.0.listening.get().map(|listening| listening.ip());
            // On an unspecified address the listener has all of the machine's.
            return address.is_loopback()
                || listening.is_some_and(|ours| ours == address || ours.is_unspecified());
        }
        name == "localhost" || self.0.access.load().hosts.contains(&name)
    }
}
