//! What must be refused: everything to nobody, to a wrong signature and to another identity; and to
//! the edge whatever is not reading.

use std::sync::Arc;

use http::{HeaderName, HeaderValue, Method};
use secrecy::SecretString;

use super::store::{Answer, Store, What, Who};
use super::{Examination, Source, random_key};
use crate::config::Signing;
use crate::origin::OriginError;
use crate::origin::credentials::Credentials;

/// What is tried as the edge, beside reading.
pub(super) const OF_THE_EDGE: [&str; 3] = ["edge-list", "edge-put", "edge-delete"];
/// What is tried as nobody.
pub(super) const OF_NOBODY: [&str; 5] = [
    "anonymous-get",
    "anonymous-head",
    "anonymous-list",
    "anonymous-put",
    "anonymous-delete",
];

/// The MD5 of the letter `x`: not of the empty body that it is sent with, so a store that lets a PUT
/// through refuses it for its digest and keeps nothing.
const WRONG_DIGEST: &str = "ndTkYSaMgDT1yFZOFVxnpg==";

/// What became of something that must be refused.
#[derive(Clone, PartialEq, Eq, Debug)]
enum Outcome {
    Refused(String),
    Allowed(String),
    Unproven(String),
}

impl Outcome {
    /// Of a read or a list.
    fn of_read(answer: Result<Answer, OriginError>) -> Self {
        Self::of(answer, |answer| answer.status.is_success())
    }

    /// Of a change. A complaint about the digest comes from a store that would have done it.
    fn of_change(answer: Result<Answer, OriginError>) -> Self {
        let digest = ["BadDigest", "InvalidDigest", "XAmzContentSHA256Mismatch"];
        Self::of(answer, |answer| {
            answer.status.is_success() || digest.contains(&answer.code())
        })
    }

    fn of(answer: Result<Answer, OriginError>, allowed: impl Fn(&Answer) -> bool) -> Self {
        match answer {
            Ok(answer) if answer.is_refusal() => Self::Refused(answer.shown()),
            Ok(answer) if allowed(&answer) => Self::Allowed(answer.shown()),
            Ok(answer) => Self::Unproven(answer.shown()),
            Err(error) => Self::Unproven(error.to_string()),
        }
    }
}

impl Examination<'_> {
    /// `readable`: an object that the edge has read.
    pub(super) async fn privacy(
        &mut self,
        store: &Store,
        edge: Option<&Arc<Credentials>>,
        readable: Option<&str>,
        foreign: Option<&str>,
    ) {
        let taken = self.taken();
        if taken {
            self.edge(store, edge).await;
        } else if self.about.origin.signing == Signing::Never {
            self.checks
                .skip(&OF_THE_EDGE, "the edge asks as nobody, see below");
        }
        self.nobody(store, edge, readable).await;
        let strangers = ["wrong-signature"]
            .into_iter()
            .chain(foreign.map(|_| "foreign-profile"));
        let why = match (edge, readable) {
            (None, _) => Some("the edge has no credentials to be told apart from"),
            (_, None) => Some("no object is known that the edge can read"),
            _ => None,
        };
        if let Some(why) = why {
            self.checks.skip(&strangers.collect::<Vec<_>>(), why);
            return;
        }
        if let (Some(edge), Some(path)) = (edge, readable) {
            self.wrong_signature(store, edge, path).await;
            if let Some(profile) = foreign {
                self.foreign(store, edge, profile, path).await;
            }
        }
    }

    /// Whether the store takes the edge's signature.
    fn taken(&self) -> bool {
        use super::check::Status;
        let all = self.checks.all();
        all.iter()
            .any(|check| check.name == "signed-request" && check.status == Status::Pass)
    }

    async fn edge(&mut self, store: &Store, edge: Who<'_>) {
        let [list, put, delete] = OF_THE_EDGE;
        let outcome = Outcome::of_read(store.ask(&Method::GET, What::List, edge, &[]).await);
        match outcome {
            Outcome::Refused(shown) => self.checks.pass(list, format!("refused: {shown}")),
            Outcome::Allowed(shown) => self.checks.warn(
                list,
                format!("{shown}: the edge may list, which it can do without"),
                format!(
                    "take s3:ListBucket away, unless it was given on purpose: {} prints what the edge needs",
                    self.about.policy()
                ),
            ),
            Outcome::Unproven(shown) => self.checks.warn(
                list,
                format!("neither allowed nor refused: {shown}"),
                "see in the store's policy whether the edge may list",
            ),
        }
        let fix = format!(
            "let the edge read and nothing else: {} prints what it needs; publish with another identity",
            self.about.policy()
        );
        let key = random_key();
        let outcome = self.put(store, edge, edge, &key).await;
        self.must_be_refused(put, "the edge may write", outcome, &fix);
        let outcome = Outcome::of_change(
            store
                .ask(&Method::DELETE, What::Object(&random_key()), edge, &[])
                .await,
        );
        self.must_be_refused(delete, "the edge may delete", outcome, &fix);
    }

    async fn nobody(
        &mut self,
        store: &Store,
        edge: Option<&Arc<Credentials>>,
        readable: Option<&str>,
    ) {
        let [get, head, list, put, delete] = OF_NOBODY;
        let close = self.about.close();
        let open = self.about.origin.signing == Signing::Never;
        let unknown = random_key();
        let path = readable.unwrap_or(&unknown);
        for (name, method) in [(get, Method::GET), (head, Method::HEAD)] {
            let answer = store.ask(&method, What::Object(path), None, &[]).await;
            match Outcome::of_read(answer) {
                Outcome::Allowed(shown) if open => self.checks.warn(
                    name,
                    format!("{shown}: anybody reads, as signing = \"never\" says"),
                    &*close,
                ),
                // A store may hide what is missing and show what is there.
                Outcome::Refused(shown) if readable.is_none() => self.checks.warn(
                    name,
                    format!(
                        "refused: {shown}, but of a key without an object, which proves little"
                    ),
                    "mend the checks above first: the proof needs an object that the edge can read",
                ),
                outcome => self.must_be_refused(name, "anybody reads objects", outcome, &close),
            }
        }
        let outcome = Outcome::of_read(store.ask(&Method::GET, What::List, None, &[]).await);
        self.must_be_refused(list, "anybody lists the bucket", outcome, &close);
        let outcome = self.put(store, None, edge, &random_key()).await;
        self.must_be_refused(put, "anybody writes objects", outcome, &close);
        let outcome = Outcome::of_change(
            store
                .ask(&Method::DELETE, What::Object(&random_key()), None, &[])
                .await,
        );
        self.must_be_refused(delete, "anybody deletes objects", outcome, &close);
    }

    /// Tries to put a random key. What a store kept although the digest is wrong is deleted again.
    async fn put(&self, store: &Store, who: Who<'_>, edge: Who<'_>, key: &str) -> Outcome {
        let what = What::Object(key);
        let digest = (
            HeaderName::from_static("content-md5"),
            HeaderValue::from_static(WRONG_DIGEST),
        );
        let answer = store.ask(&Method::PUT, what, who, &[digest]).await;
        let kept = answer
            .as_ref()
            .is_ok_and(|answer| answer.status.is_success());
        let outcome = Outcome::of_change(answer);
        let Outcome::Allowed(shown) = outcome else {
            return outcome;
        };
        if !kept {
            return Outcome::Allowed(format!("{shown}, for its wrong digest alone"));
        }
        for cleaner in [who, edge] {
            let deleted = store.ask(&Method::DELETE, what, cleaner, &[]).await;
            if deleted.is_ok_and(|answer| answer.status.is_success()) {
                return Outcome::Allowed(format!(
                    "{shown}; the empty object {key} was deleted again"
                ));
            }
        }
        let prefix = &self.about.origin.prefix;
        Outcome::Allowed(format!(
            "{shown}; the empty object {prefix}{key} is there now and could not be deleted: delete it"
        ))
    }

    async fn wrong_signature(&mut self, store: &Store, edge: &Arc<Credentials>, path: &str) {
        let wrong = Arc::new(Credentials {
            key_id: edge.key_id.clone(),
            secret_key: SecretString::from("this-is-not-the-secret-of-the-key"),
            session_token: edge.session_token.clone(),
            expires: edge.expires,
            giver: "",
        });
        let answer = store
            .ask(&Method::GET, What::Object(path), Some(&wrong), &[])
            .await;
        self.must_be_refused(
            "wrong-signature",
            "the store does not check signatures, so whoever knows the key id reads",
            Outcome::of_read(answer),
            "switch authentication on at the store",
        );
    }

    async fn foreign(&mut self, store: &Store, edge: &Arc<Credentials>, profile: &str, path: &str) {
        const NAME: &str = "foreign-profile";
        let source = Source::profile(profile);
        let limit = self.about.origin.first_byte_timeout;
        let other = "name a profile of another identity that the store knows, as `aws configure list-profiles` has it";
        let found = match source.first(&self.clock, limit).await {
            Ok(()) => source.current(),
            Err(why) => {
                let found = format!("the profile {profile:?} gives no credentials: {why}");
                return self.checks.fail(NAME, found, other);
            }
        };
        let Some(foreign) = found else {
            return self.checks.fail(NAME, "no credentials", other);
        };
        if foreign.key_id == edge.key_id {
            let found = format!("the profile {profile:?} is the edge itself");
            return self.checks.fail(NAME, found, other);
        }
        let answer = store
            .ask(&Method::GET, What::Object(path), Some(&foreign), &[])
            .await;
        let code = answer
            .as_ref()
            .map(|answer| answer.code().to_owned())
            .unwrap_or_default();
        match Outcome::of_read(answer) {
            // Who is not known at all is refused everywhere.
            Outcome::Refused(shown) if crate::origin::judge::refuses_identity(&code) => {
                self.checks.warn(
                    NAME,
                    format!("refused: {shown}, but for who it is, not for what it may"),
                    other,
                );
            }
            outcome => {
                let who = format!("the key id {} reads objects", foreign.key_id);
                let fix = if self.about.aws {
                    format!(
                        "put the bucket policy that refuses reads to all but the edge: step 4 of {}",
                        self.about.policy()
                    )
                } else {
                    format!(
                        "take its right to read this bucket away (a policy attached to it); {} prints who needs one",
                        self.about.policy()
                    )
                };
                self.must_be_refused(NAME, &who, outcome, &fix);
            }
        }
    }

    fn must_be_refused(&mut self, name: &str, allowed: &str, outcome: Outcome, fix: &str) {
        match outcome {
            Outcome::Refused(shown) => self.checks.pass(name, format!("refused: {shown}")),
            Outcome::Allowed(shown) => self.checks.fail(name, format!("{shown}: {allowed}"), fix),
            Outcome::Unproven(shown) => self.checks.fail(
                name,
                format!("not refused, so not proven: {shown}"),
                format!("a private bucket answers 403; {fix}"),
            ),
        }
    }
}
