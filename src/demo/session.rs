//! Keys for a while: a session of a user of an S3 store that speaks STS, such as MinIO.
//!
//! **Duty.** One call of `AssumeRole`, in which a user gets keys that can do no more than the user
//! and, with a policy, no more than the policy says either.
//!
//! **Not here.** Nothing renews a session: it ends when it ends. Nothing of the environment is
//! read, neither keys nor addresses.

use std::time::Duration;

use aws_sdk_sts::Client;
use aws_sdk_sts::config::retry::RetryConfig;
use aws_sdk_sts::config::{BehaviorVersion, Config, Credentials, Region};
use aws_sdk_sts::error::{ProvideErrorMetadata, SdkError};

use super::bucket::Identity;

/// MinIO takes no notice of the role, but the protocol wants one.
const ROLE: &str = "arn:aws:iam::000000000000:role/seawall";

/// Keys that end.
#[derive(Clone, Debug)]
pub struct Session {
    /// The keys.
    pub identity: Identity,
    /// What must go with them.
    pub token: Token,
}

/// A session token; not shown by `Debug`.
#[derive(Clone)]
pub struct Token(pub String);

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token")
    }
}

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// The store refused.
    #[error("the store gives no temporary keys: {code}")]
    Refused {
        /// What it said.
        code: String,
        /// The whole of it.
        #[source]
        source: Box<aws_sdk_sts::Error>,
    },
    /// There was no answer, or none that is understood.
    #[error("the store cannot be asked for temporary keys")]
    Unreachable(#[source] Box<aws_sdk_sts::Error>),
    /// It answered without keys.
    #[error("the store answered without temporary keys")]
    NoKeys,
}

impl SessionError {
    /// Whether another try may go better: a refusal stays one.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unreachable(_))
    }
}

/// A session of `user` at the store `endpoint` (a URL without a path), for `length`, which MinIO
/// takes from 15 minutes to 365 days. It may what the user may and, if a policy is given, what that
/// allows too.
///
/// # Errors
/// [`SessionError`] if the store gives none.
pub async fn session(
    endpoint: &str,
    region: &str,
    user: &Identity,
    policy: Option<&str>,
    length: Duration,
) -> Result<Session, SessionError> {
    let keys = Credentials::new(&user.access_key, &user.secret_key, None, None, "seawall");
    let client = Client::from_conf(
        Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::new(region.to_owned()))
            .credentials_provider(keys)
            .retry_config(RetryConfig::disabled())
            .build(),
    );
    let asked = client
        .assume_role()
        .role_arn(ROLE)
        .role_session_name("seawall")
        .set_policy(policy.map(str::to_owned))
        .duration_seconds(i32::try_from(length.as_secs()).unwrap_or(i32::MAX))
        .send()
        .await;
    let given = asked.map_err(|error| match error {
        SdkError::ServiceError(_) => SessionError::Refused {
            code: error.code().unwrap_or("no reason given").to_owned(),
            source: Box::new(error.into()),
        },
        other => SessionError::Unreachable(Box::new(other.into())),
    })?;
    let keys = given.credentials.ok_or(SessionError::NoKeys)?;
    Ok(Session {
        identity: Identity {
            access_key: keys.access_key_id,
            secret_key: keys.secret_access_key,
        },
        token: Token(keys.session_token),
    })
}
