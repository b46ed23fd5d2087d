//! The identity that the edge signs with.
//!
//! Credentials are taken once and kept; those that expire are taken again by one background task
//! at 80 % of their life. The last good ones stay in force while a refresh fails. They are never
//! asked for by a request, and never written anywhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use secrecy::SecretString;

use crate::clock::{self, SharedClock};
use crate::semantics::dates::UnixTime;

/// One set of credentials. `Debug` shows the key id alone.
pub struct Credentials {
    /// The access key id: no secret, it stands in every request.
    pub key_id: String,
    /// The secret access key.
    pub secret_key: SecretString,
    /// The session token of temporary credentials.
    pub session_token: Option<SecretString>,
    /// When they end.
    pub expires: Option<UnixTime>,
}

impl Credentials {
    /// Credentials that do not expire.
    #[must_use]
    pub fn fixed(key_id: &str, secret_key: &str, session_token: Option<&str>) -> Self {
        Self {
            key_id: key_id.to_owned(),
            secret_key: secret_key.into(),
            session_token: session_token.map(Into::into),
            expires: None,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Credentials({})", self.key_id)
    }
}

/// Where an origin's signer takes its credentials.
#[derive(Clone, Debug)]
pub struct Source(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    current: ArcSwapOption<Credentials>,
    provider: Option<SharedCredentialsProvider>,
}

/// How long to wait after a refresh that failed.
const AFTER_A_FAILURE: Duration = Duration::from_secs(10);
/// How often credentials without an expiry are looked at again.
const WITHOUT_EXPIRY: Duration = Duration::from_secs(300);
/// The shortest time between two refreshes.
const AT_LEAST: Duration = Duration::from_secs(1);

impl Source {
    /// Credentials that stay as they are.
    #[must_use]
    pub fn fixed(credentials: Credentials) -> Self {
        let current = ArcSwapOption::from_pointee(credentials);
        Self(Arc::new(Inner {
            current,
            provider: None,
        }))
    }

    /// The AWS chain: environment, profile, process, web identity, container, instance metadata.
    /// [`Source::refresh`] must be run to fill it.
    pub async fn chain() -> Self {
        let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
            .load()
            .await;
        let provider = config.credentials_provider();
        Self(Arc::new(Inner {
            current: ArcSwapOption::empty(),
            provider,
        }))
    }

    /// The credentials in force; none before the first could be taken.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Credentials>> {
        self.0.current.load_full()
    }

    /// Takes the credentials of the chain, and again before they expire; for ever. `changed` is
    /// called after each change of the key id.
    pub async fn refresh(self, clock: SharedClock, changed: impl Fn() + Send) {
        let Some(provider) = &self.0.provider else {
            return;
        };
        loop {
            let wait = match provider.provide_credentials().await {
                Ok(taken) => {
                    let expires = taken
                        .expiry()
                        .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
                        .and_then(|since| i64::try_from(since.as_millis()).ok())
                        .map(UnixTime::from_millis);
                    let before = self.0.current.swap(Some(Arc::new(Credentials {
                        key_id: taken.access_key_id().to_owned(),
                        secret_key: taken.secret_access_key().into(),
                        session_token: taken.session_token().map(Into::into),
                        expires,
                    })));
                    if before.is_none_or(|before| before.key_id != taken.access_key_id()) {
                        tracing::info!(key_id = taken.access_key_id(), "credentials taken");
                        changed();
                    }
                    expires.map_or(WITHOUT_EXPIRY, |at| {
                        at.saturating_since(clock.wall()).mul_f64(0.8).max(AT_LEAST)
                    })
                }
                Err(error) => {
                    // The error's own text names sources and addresses, never a secret.
                    tracing::warn!(
                        error = super::http::chain(&error),
                        "no new credentials; the last ones stay"
                    );
                    AFTER_A_FAILURE
                }
            };
            clock::sleep(&*clock, wait).await;
        }
    }
}
