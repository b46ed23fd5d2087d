//! The identity that the edge signs with.
//!
//! Credentials are taken once and kept; those that expire are taken again by one background task
//! at 80 % of their life, and at once when the store says that they have run out. The last good ones stay in force while a refresh fails. They are never
//! asked for by a request, and never written anywhere.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::{ProfileFileCredentialsProvider, ProfileFileRegionProvider};
use aws_config::provider_config::ProviderConfig;
use aws_credential_types::credential_feature::AwsCredentialFeature;
use aws_credential_types::provider::ProvideCredentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_credential_types::provider::error::CredentialsError;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Mutex, Notify};

use crate::clock::{self, SharedClock};
use crate::semantics::age::Instant;
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
    /// Who gave them, as that one calls itself.
    pub giver: &'static str,
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
            giver: "the configuration",
        }
    }

    fn same(&self, other: &Self) -> bool {
        let token = |of: &Self| {
            of.session_token
                .as_ref()
                .map(|token| token.expose_secret().to_owned())
        };
        self.key_id == other.key_id
            && self.secret_key.expose_secret() == other.secret_key.expose_secret()
            && token(self) == token(other)
            && self.expires == other.expires
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
    provider: Provider,
    /// Held while the provider is asked; when that was done last.
    taking: Mutex<Option<Instant>>,
    /// A request has renewed the credentials: the task plans anew.
    changed: Notify,
}

/// Who gives credentials.
#[derive(Debug)]
enum Provider {
    /// Nobody: they are fixed.
    Nobody,
    /// The AWS chain, built anew each time: a provider that was built once goes on giving what
    /// stood in a profile then.
    Chain,
    /// One profile, whatever the environment says; built anew each time, as the chain is.
    Profile(String),
    /// A provider of the caller's.
    Given(SharedCredentialsProvider),
}

impl Provider {
    async fn take(&self) -> Option<Result<aws_credential_types::Credentials, CredentialsError>> {
        let given = match self {
            Self::Nobody => return None,
            Self::Given(provider) => provider.clone(),
            Self::Chain => {
                let config = aws_config::defaults(aws_config::BehaviorVersion::latest())
                    .load()
                    .await;
                config.credentials_provider()?
            }
            Self::Profile(name) => SharedCredentialsProvider::new(of_profile(name).await),
        };
        Some(given.provide_credentials().await)
    }

    const fn is_nobody(&self) -> bool {
        matches!(self, Self::Nobody)
    }
}

/// The provider of one profile. A role that it assumes is asked for in the region of the profile.
async fn of_profile(name: &str) -> ProfileFileCredentialsProvider {
    let region = ProfileFileRegionProvider::builder()
        .profile_name(name)
        .build();
    let region =
        RegionProviderChain::first_try(region).or_else(EnvironmentVariableRegionProvider::new());
    let provider = ProviderConfig::default().with_region(region.region().await);
    ProfileFileCredentialsProvider::builder()
        .configure(&provider)
        .profile_name(name)
        .build()
}

/// Credentials that end sooner than this make the edge not ready.
pub const MARGIN: Duration = Duration::from_secs(60);
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
        Self::new(Some(credentials), Provider::Nobody)
    }

    /// The AWS chain: environment, profile, process, web identity, container, instance metadata.
    /// [`Source::refresh`] must be run to fill it.
    #[must_use]
    pub fn chain() -> Self {
        Self::new(None, Provider::Chain)
    }

    /// One profile of the AWS files (`AWS_CONFIG_FILE`, `AWS_SHARED_CREDENTIALS_FILE`, else
    /// `~/.aws`); as [`Source::chain`].
    #[must_use]
    pub fn profile(name: &str) -> Self {
        Self::new(None, Provider::Profile(name.to_owned()))
    }

    /// Credentials of any provider; as [`Source::chain`].
    #[must_use]
    pub fn provided(provider: impl ProvideCredentials + 'static) -> Self {
        Self::new(
            None,
            Provider::Given(SharedCredentialsProvider::new(provider)),
        )
    }

    fn new(current: Option<Credentials>, provider: Provider) -> Self {
        let current = ArcSwapOption::from(current.map(Arc::new));
        Self(Arc::new(Inner {
            current,
            provider,
            taking: Mutex::new(None),
            changed: Notify::new(),
        }))
    }

    /// The credentials in force; none before the first could be taken.
    #[must_use]
    pub fn current(&self) -> Option<Arc<Credentials>> {
        self.0.current.load_full()
    }

    /// Takes the first credentials, for at most `limit`; nothing if there are some already.
    ///
    /// # Errors
    /// Why there are none, without a secret.
    pub async fn first(&self, clock: &SharedClock, limit: Duration) -> Result<(), String> {
        if self.current().is_some() {
            return Ok(());
        }
        clock::within(&**clock, limit, self.take(clock))
            .await
            .unwrap_or_else(|_| Err(format!("no answer within {limit:?}")))
    }

    /// Takes the credentials again now, because the store refused them. True: they are others.
    /// Many requests may find this out at once; one of them asks, and at most once a second.
    pub async fn refresh_now(&self, clock: &SharedClock) -> bool {
        let before = self.current();
        let taken = self.take(clock).await;
        let now = self.current();
        let other = match (&before, &now) {
            (Some(before), Some(now)) => !Arc::ptr_eq(before, now),
            (before, now) => before.is_some() != now.is_some(),
        };
        if other && taken.is_ok() {
            self.0.changed.notify_one();
        }
        other
    }

    /// Takes the credentials, and again at 80 % of their life (less up to a tenth, so that a fleet
    /// does not ask all at once); for ever. `changed` is told
    /// the first ones (`true`) and each change of the key id.
    pub async fn refresh(self, clock: SharedClock, changed: impl Fn(&Credentials, bool) + Send) {
        let mut shown: Option<String> = None;
        loop {
            let outcome = self.take(&clock).await;
            if let Some(now) = self.current()
                && shown.as_ref() != Some(&now.key_id)
            {
                changed(&now, shown.is_none());
                shown = Some(now.key_id.clone());
            }
            if self.0.provider.is_nobody() {
                return;
            }
            let wait = match (outcome, self.current().and_then(|now| now.expires)) {
                (Err(_), _) => AFTER_A_FAILURE,
                (Ok(()), None) => WITHOUT_EXPIRY,
                (Ok(()), Some(at)) => at
                    .saturating_since(clock.wall())
                    .mul_f64(0.8 * (1.0 - 0.1 * jitter()))
                    .max(AT_LEAST),
            };
            tokio::select! {
                () = clock::sleep(&*clock, wait) => {}
                () = self.0.changed.notified() => {}
            }
        }
    }

    /// Takes the provider's credentials, unless that was done within the last second. The last
    /// good ones stay when it fails.
    async fn take(&self, clock: &SharedClock) -> Result<(), String> {
        if self.0.provider.is_nobody() {
            return Ok(());
        }
        let mut last = self.0.taking.lock().await;
        if last.is_some_and(|at| clock.now().saturating_since(at) < AT_LEAST) {
            return Ok(());
        }
        let Some(taken) = self.0.provider.take().await else {
            tracing::warn!("there is no source of credentials; the last ones stay");
            return Err("there is no source of credentials".to_owned());
        };
        *last = Some(clock.now());
        let taken = taken.map_err(|error| {
            // The error's own text names sources and addresses, never a secret.
            let error = super::http::chain(&error);
            tracing::warn!(error, "no new credentials; the last ones stay");
            error
        })?;
        let expires = taken
            .expiry()
            .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_millis()).ok())
            .map(UnixTime::from_millis);
        let new = Credentials {
            key_id: taken.access_key_id().to_owned(),
            secret_key: taken.secret_access_key().into(),
            session_token: taken.session_token().map(Into::into),
            expires,
            giver: giver(&taken),
        };
        if self.current().is_none_or(|now| !now.same(&new)) {
            tracing::info!(key_id = new.key_id, "credentials taken");
            self.0.current.store(Some(Arc::new(new)));
        }
        Ok(())
    }
}

/// Who gave them, as far as they tell. A profile may have got them somewhere else, so it comes last.
fn giver(taken: &aws_credential_types::Credentials) -> &'static str {
    use AwsCredentialFeature as Feature;
    let told = taken
        .get_property::<Vec<Feature>>()
        .map_or(&[][..], Vec::as_slice);
    let names = [
        (Feature::CredentialsEnvVars, "environment variables"),
        (
            Feature::CredentialsImds,
            "the instance's metadata service (IMDSv2)",
        ),
        (Feature::CredentialsHttp, "the container's endpoint"),
        (
            Feature::CredentialsProfileStsWebIdToken,
            "a web identity token",
        ),
        (Feature::CredentialsStsAssumeRole, "a role that was assumed"),
        (Feature::CredentialsSso, "single sign-on"),
        (Feature::CredentialsProcess, "a credential process"),
        (Feature::CredentialsProfile, "a profile"),
    ];
    names
        .iter()
        .find_map(|(feature, name)| told.contains(feature).then_some(*name))
        .unwrap_or("a source that does not say what it is")
}

/// A random number from 0 to 1.
fn jitter() -> f64 {
    let mut bytes = [0; 2];
    // Without randomness there is no jitter, which is no harm to one edge.
    let _ = getrandom::fill(&mut bytes);
    f64::from(u16::from_ne_bytes(bytes)) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use aws_credential_types::provider::future;

    use super::*;
    use crate::clock::{Clock, ManualClock};

    /// Gives `key-1`, `key-2` … each for 1 000 seconds; every third call fails.
    #[derive(Debug)]
    struct Rotating {
        calls: Arc<AtomicUsize>,
        start: UnixTime,
    }

    impl ProvideCredentials for Rotating {
        fn provide_credentials<'a>(&'a self) -> future::ProvideCredentials<'a>
        where
            Self: 'a,
        {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            if call.is_multiple_of(3) {
                return future::ProvideCredentials::ready(Err(CredentialsError::not_loaded(
                    "down",
                )));
            }
            let expiry = u64::try_from(self.start.secs()).unwrap() + 1_000 * call as u64;
            let expiry = std::time::UNIX_EPOCH + Duration::from_secs(expiry);
            let key = format!("key-{call}");
            let taken =
                aws_credential_types::Credentials::new(key, "secret", None, Some(expiry), "test");
            future::ProvideCredentials::ready(Ok(taken))
        }
    }

    async fn until(condition: impl Fn() -> bool) {
        while !condition() {
            tokio::task::yield_now().await;
        }
    }

    #[tokio::test]
    async fn they_are_renewed_before_they_end_and_the_last_good_ones_stay() {
        let clock = Arc::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
        let calls = Arc::new(AtomicUsize::new(0));
        let source = Source::provided(Rotating {
            calls: Arc::clone(&calls),
            start: clock.wall(),
        });
        let key = || {
            source
                .current()
                .map(|now| now.key_id.clone())
                .unwrap_or_default()
        };
        assert_eq!(key(), "");
        let task = tokio::spawn(
            source
                .clone()
                .refresh(Arc::clone(&clock) as SharedClock, |_, _| {}),
        );
        until(|| key() == "key-1" && clock.sleepers() == 1).await;
        clock.advance(Duration::from_secs(719));
        assert_eq!(
            calls.load(Ordering::SeqCst),
            1,
            "not before 72 % of their life"
        );
        clock.advance(Duration::from_secs(82));
        until(|| key() == "key-2" && clock.sleepers() == 1).await;
        clock.advance(Duration::from_secs(1_000));
        until(|| calls.load(Ordering::SeqCst) == 3 && clock.sleepers() == 1).await;
        assert_eq!(key(), "key-2", "the last good ones stay");
        clock.advance(AFTER_A_FAILURE);
        until(|| key() == "key-4").await;
        task.abort();
    }

    #[tokio::test]
    async fn a_refusal_takes_new_ones_once_for_all_who_were_refused() {
        let clock: SharedClock = Arc::new(ManualClock::new(UnixTime::from_secs(1_700_000_000)));
        let calls = Arc::new(AtomicUsize::new(0));
        let source = Source::provided(Rotating {
            calls: Arc::clone(&calls),
            start: clock.wall(),
        });
        assert!(source.refresh_now(&clock).await);
        for _ in 0..5 {
            assert!(!source.refresh_now(&clock).await, "taken a moment ago");
        }
        assert_eq!(calls.load(Ordering::SeqCst), 1);
        let fixed = Source::fixed(Credentials::fixed("k", "s", None));
        assert!(!fixed.refresh_now(&clock).await);
    }
}
