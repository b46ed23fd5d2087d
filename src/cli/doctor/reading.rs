//! What the edge must be able to do: sign for the right region, and read the default root objects;
//! and what a key without an object answers it.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode, header};

use super::cause::{self, About};
use super::store::{Answer, Store, What};
use super::{Examination, random_key};
use crate::config::{Missing, Signing};
use crate::origin::OriginError;
use crate::origin::credentials::Credentials;
use crate::semantics::target;

/// Whether an answer is about who asked, or where; and not about the object.
fn is_about_the_edge(answer: &Answer) -> bool {
    let (status, code) = (answer.status.as_u16(), answer.code());
    match status {
        404 => code == "NoSuchBucket",
        // A refused range of an empty object proves that it can be read.
        416 => false,
        401 | 403 => !matches!(code, "AccessDenied" | "") && !code.starts_with("KMS."),
        _ => !answer.status.is_success() && !code.starts_with("KMS."),
    }
}

impl Examination<'_> {
    /// The path of an object that the edge has read, without the slash.
    pub(super) async fn reading(
        &mut self,
        store: &mut Store,
        first: &Answer,
        edge: Option<&Arc<Credentials>>,
    ) -> Option<String> {
        const NAME: &str = "signed-request";
        let key = random_key();
        let mut missing = store.ask(&Method::GET, What::Object(&key), edge, &[]).await;
        if self.region(store, first, missing.as_ref().ok()) {
            missing = store.ask(&Method::GET, What::Object(&key), edge, &[]).await;
        }
        let answer = missing.map_err(|error| cause::network(&error, &self.about));
        let trouble = match &answer {
            Ok(answer) if is_about_the_edge(answer) => Some(self.cause(answer)),
            Ok(_) => None,
            Err(cause) => Some(cause.clone()),
        };
        if let Some(cause) = trouble {
            self.checks.fail(NAME, cause.found, cause.fix);
            let why = "the store does not take the edge's requests";
            self.checks.skip(&["root-object", "missing-key"], why);
            self.checks.skip(&super::privacy::OF_THE_EDGE, why);
            return None;
        }
        match self.about.origin.signing {
            Signing::Always => self.checks.pass(NAME, "the store takes the signature"),
            Signing::Never => self.checks.skip(&[NAME], "signing = \"never\""),
        }
        let readable = self.root_objects(store, edge).await;
        // Without an answer there was trouble above.
        if let Ok(answer) = answer {
            self.missing_key(&answer, readable.is_some());
        }
        readable
    }

    /// Whether requests are signed for the bucket's region. True: they are now, and were not before.
    pub(super) fn region(
        &mut self,
        store: &mut Store,
        first: &Answer,
        signed: Option<&Answer>,
    ) -> bool {
        const NAME: &str = "region";
        let origin = self.about.origin;
        let told = signed.and_then(Answer::region).or_else(|| first.region());
        let elsewhere = signed.unwrap_or(first).is_elsewhere();
        match told {
            Some(region) if region != origin.region => {
                self.checks.fail(
                    NAME,
                    format!("the bucket is in {region}, not in {}", origin.region),
                    format!("write region = \"{region}\" into [origins.{}]", origin.name),
                );
                let region = region.to_owned();
                store.move_to(&region)
            }
            _ if elsewhere => {
                self.checks.fail(
                    NAME,
                    format!(
                        "the bucket is not in {}, and the store does not tell where",
                        origin.region
                    ),
                    format!(
                        "`aws s3api get-bucket-location --bucket {}` tells the region for [origins.{}] region",
                        origin.bucket, origin.name
                    ),
                );
                false
            }
            Some(region) => {
                self.checks
                    .pass(NAME, format!("{region}, as the store says"));
                false
            }
            None => {
                let found = format!("{}; the store names no other", origin.region);
                self.checks.pass(NAME, found);
                false
            }
        }
    }

    /// Reads the default root object of each distribution; the first that could be read.
    async fn root_objects(
        &mut self,
        store: &Store,
        edge: Option<&Arc<Credentials>>,
    ) -> Option<String> {
        let config = self.config;
        let name = &self.about.origin.name;
        let mut readable = None;
        let mut any = false;
        for distribution in config.distributions.iter() {
            if !distribution.has_root_in(name) {
                continue;
            }
            let Some(root) = &distribution.root_object else {
                continue;
            };
            any = true;
            let path = target::encode(root.as_bytes());
            if self
                .root_object(store, edge, &distribution.id, root, &path)
                .await
            {
                readable.get_or_insert(path);
            }
        }
        if !any {
            self.checks.warn(
                "root-object",
                "no distribution of this origin has one, so no read was tried",
                "set root_object in [[distributions]] while the doctor runs",
            );
        }
        readable
    }

    /// GET first: a refused HEAD has no document, and so no code.
    async fn root_object(
        &mut self,
        store: &Store,
        edge: Option<&Arc<Credentials>>,
        id: &str,
        root: &str,
        path: &str,
    ) -> bool {
        let name = format!("root-object {id}");
        let what = What::Object(path);
        let part = [(header::RANGE, HeaderValue::from_static("bytes=0-0"))];
        let got = store.ask(&Method::GET, what, edge, &part).await;
        let got = match self.served(&name, got, root, id) {
            Some(got) => got,
            None => return false,
        };
        // An empty object has no range.
        let head = store.ask(&Method::HEAD, what, edge, &[]).await;
        match head {
            Ok(head) if head.status == StatusCode::OK => {
                let found = format!("{root}: GET {}, HEAD 200", got.status.as_u16());
                self.checks.pass(&name, found);
                true
            }
            Ok(head) => {
                self.checks.fail(
                    &name,
                    format!(
                        "{root}: GET {}, but HEAD {}",
                        got.status.as_u16(),
                        head.status.as_u16()
                    ),
                    "let the store answer HEAD as it answers GET (s3:GetObject is for both)",
                );
                false
            }
            Err(error) => {
                let cause = cause::network(&error, &self.about);
                self.checks.fail(&name, cause.found, cause.fix);
                false
            }
        }
    }

    fn served(
        &mut self,
        name: &str,
        got: Result<Answer, OriginError>,
        root: &str,
        id: &str,
    ) -> Option<Answer> {
        let got = match got {
            Ok(got) => got,
            Err(error) => {
                let cause = cause::network(&error, &self.about);
                self.checks.fail(name, cause.found, cause.fix);
                return None;
            }
        };
        let status = got.status;
        if status.is_success() || status == StatusCode::RANGE_NOT_SATISFIABLE {
            return Some(got);
        }
        let About { origin, .. } = &self.about;
        if status == StatusCode::NOT_FOUND {
            self.checks.fail(
                name,
                format!("{}: there is no {root}", got.shown()),
                format!(
                    "`aws s3 cp FILE s3://{}/{}{root}`, or name another root_object in the distribution {id} (\"\" for none)",
                    origin.bucket, origin.prefix
                ),
            );
            return None;
        }
        let cause = self.cause(&got);
        // A store that hides what is missing answers so for an object that is not there, too.
        let fix = if status == StatusCode::FORBIDDEN && got.code() == "AccessDenied" {
            format!(
                "{}. To an edge that may not list, a missing {root} looks the same: see that it is there",
                cause.fix
            )
        } else {
            cause.fix
        };
        self.checks
            .fail(name, format!("{root}: {}", cause.found), fix);
        None
    }

    /// What a key without an object answers, and what follows.
    fn missing_key(&mut self, answer: &Answer, readable: bool) {
        const NAME: &str = "missing-key";
        let origin = self.about.origin;
        let shown = answer.shown();
        match answer.status.as_u16() {
            404 => self.checks.pass(
                NAME,
                format!("{shown}: what is missing is told from what is forbidden"),
            ),
            401 | 403 if !readable => self.checks.skip(
                &[NAME],
                &format!("{shown} means nothing while no object can be read"),
            ),
            401 | 403 if origin.missing == Missing::Off => self.checks.warn(
                NAME,
                format!("{shown}, and missing = \"off\": viewers get 502 for what does not exist"),
                format!(
                    "write missing = \"auto\" into [origins.{}], or let the edge list ({} with --list)",
                    origin.name,
                    self.about.policy()
                ),
            ),
            401 | 403 => self.checks.pass(
                NAME,
                format!("{shown}: missing objects look like forbidden ones; the edge maps them to 404"),
            ),
            _ => {
                let cause = self.cause(answer);
                self.checks.fail(NAME, cause.found, cause.fix);
            }
        }
    }

    fn cause(&self, answer: &Answer) -> cause::Cause {
        cause::refusal(
            answer.status.as_u16(),
            answer.code(),
            answer.message(),
            &self.about,
        )
    }
}
