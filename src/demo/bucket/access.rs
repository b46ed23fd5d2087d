//! Who may do what: two identities, one bucket, one region, and nobody else.
//!
//! s3s checks that a signature holds; this file gives it the secrets ([`Secrets`]) and then decides
//! what the signer may do ([`Policy`]). A refusal says no more than S3's does.
//!
//! | signer | may |
//! |---|---|
//! | nobody, or another region or service | nothing |
//! | edge | GetObject and HeadObject, of current objects; ListObjectsV2 and HeadBucket if the knob allows |
//! | publisher | everything, in its bucket |

use http::{HeaderMap, HeaderValue, Uri};
use s3s::access::{S3Access, S3AccessContext};
use s3s::auth::{S3Auth, SecretKey};
use s3s::{S3Error, S3Result, s3_error};

use super::faults::Faults;
use super::{BucketOptions, Identity};

/// The secrets of the identities, by access key id.
pub(super) struct Secrets(Vec<Identity>);

impl Secrets {
    pub(super) fn new(identities: impl IntoIterator<Item = Identity>) -> Self {
        Self(identities.into_iter().collect())
    }
}

#[async_trait::async_trait]
impl S3Auth for Secrets {
    async fn get_secret_key(&self, access_key: &str) -> S3Result<SecretKey> {
        match self.0.iter().find(|id| id.access_key == access_key) {
            Some(identity) => Ok(SecretKey::from(identity.secret_key.as_str())),
            None => Err(s3_error!(
                InvalidAccessKeyId,
                "The access key id you provided is not known here."
            )),
        }
    }
}

/// Whom a request claims to come from: the scope of its SigV4 credential, not yet verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) access_key: String,
    region: String,
    service: String,
}

impl Claim {
    /// Reads the claim from the `Authorization` field or the query; `None` if there is none, if it
    /// is not SigV4, or if there are two.
    pub(super) fn of(headers: &HeaderMap, uri: &Uri) -> Option<Self> {
        let header = headers
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok());
        let parameter = uri.query().and_then(|query| {
            query
                .split('&')
                .find_map(|parameter| parameter.strip_prefix("X-Amz-Credential="))
        });
        match (header, parameter) {
            (Some(header), None) => {
                let fields = header.strip_prefix("AWS4-HMAC-SHA256")?;
                let credential = fields
                    .split(',')
                    .find_map(|field| field.trim().strip_prefix("Credential="))?;
                Self::parse(credential)
            }
            (None, Some(parameter)) => Self::parse(&super::front::percent_decode(parameter)?),
            _ => None,
        }
    }

    /// `key-id/yyyymmdd/region/service/aws4_request`; the key id may hold slashes.
    fn parse(credential: &str) -> Option<Self> {
        let mut parts = credential.rsplitn(5, '/');
        if parts.next()? != "aws4_request" {
            return None;
        }
        let service = parts.next()?.to_owned();
        let region = parts.next()?.to_owned();
        let _date = parts.next()?;
        let access_key = parts.next()?.to_owned();
        Some(Self {
            access_key,
            region,
            service,
        })
    }
}

/// The bucket policy and the identities' policies in one.
pub(super) struct Policy {
    bucket: String,
    region: String,
    edge: String,
    publisher: String,
    faults: Faults,
}

impl Policy {
    pub(super) fn new(options: &BucketOptions, faults: Faults) -> Self {
        Self {
            bucket: options.bucket.clone(),
            region: options.region.clone(),
            edge: options.edge.access_key.clone(),
            publisher: options.publisher.access_key.clone(),
            faults,
        }
    }

    fn check_scope(&self, claim: Option<&Claim>, verified: &str) -> S3Result<()> {
        let Some(claim) = claim.filter(|claim| claim.access_key == verified) else {
            return Err(s3_error!(
                InvalidRequest,
                "Sign in one way, with AWS4-HMAC-SHA256; nothing else is supported."
            ));
        };
        if claim.region == self.region && claim.service == "s3" {
            return Ok(());
        }
        let mut error = s3_error!(
            AuthorizationHeaderMalformed,
            "the scope {}/{} is wrong; expecting {}/s3",
            claim.region,
            claim.service,
            self.region
        );
        if let Ok(region) = HeaderValue::from_str(&self.region) {
            let mut headers = HeaderMap::new();
            headers.insert(http::header::CONTENT_TYPE, super::front::XML);
            headers.insert("x-amz-bucket-region", region);
            error.set_headers(headers);
        }
        Err(error)
    }
}

#[async_trait::async_trait]
impl S3Access for Policy {
    async fn check(&self, cx: &mut S3AccessContext<'_>) -> S3Result<()> {
        let Some(signer) = cx.credentials().map(|known| known.access_key.clone()) else {
            return Err(denied());
        };
        let claim = cx.extensions_mut().remove::<Claim>();
        self.check_scope(claim.as_ref(), &signer)?;
        if cx.s3_path().get_bucket_name() != Some(self.bucket.as_str()) {
            return Err(denied());
        }
        if signer == self.publisher {
            return Ok(());
        }
        if signer != self.edge || self.faults.edge_is_denied() {
            return Err(denied());
        }
        match cx.s3_op().name() {
            // Another version needs a permission of its own, s3:GetObjectVersion.
            "GetObject" | "HeadObject" if !asks_for_version(cx.uri()) => Ok(()),
            "ListObjectsV2" | "HeadBucket" if self.faults.edge_may_list() => Ok(()),
            _ => Err(denied()),
        }
    }
}

/// What S3 answers to whoever may not.
pub(super) fn denied() -> S3Error {
    s3_error!(AccessDenied, "Access Denied")
}

fn asks_for_version(uri: &Uri) -> bool {
    let names = |query: &str| {
        query
            .split('&')
            .any(|parameter| parameter.split('=').next() == Some("versionId"))
    };
    uri.query().is_some_and(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claim(authorization: Option<&str>, target: &str) -> Option<Claim> {
        let mut headers = HeaderMap::new();
        if let Some(value) = authorization {
            headers.insert(http::header::AUTHORIZATION, value.parse().unwrap());
        }
        Claim::of(&headers, &target.parse().unwrap())
    }

    #[test]
    fn a_claim_is_read_from_the_field_or_the_query_but_not_from_both() {
        let field = "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-central-1/s3/aws4_request, SignedHeaders=host, Signature=00";
        let tight = field.replace(", ", ",");
        let query = "/b/k?X-Amz-Credential=AK%2F20260101%2Feu-central-1%2Fs3%2Faws4_request&X-Amz-Signature=00";
        let expected = Some(Claim {
            access_key: "AK".into(),
            region: "eu-central-1".into(),
            service: "s3".into(),
        });
        assert_eq!(claim(Some(field), "/b/k"), expected);
        assert_eq!(claim(Some(&tight), "/b/k"), expected);
        assert_eq!(claim(None, query), expected);
        assert_eq!(claim(Some(field), query), None);
        for (authorization, target) in [
            (None, "/b/k"),
            (Some("AWS AK:c2ln"), "/b/k"),
            (Some("Bearer x"), "/b/k"),
            (
                Some("AWS4-HMAC-SHA256 Credential=AK/20260101/r/s3/other"),
                "/b/k",
            ),
            (
                Some("AWS4-HMAC-SHA256 Credential=AK/r/s3/aws4_request"),
                "/b/k",
            ),
            (None, "/b/k?X-Amz-Credential=AK%2"),
        ] {
            assert_eq!(
                claim(authorization, target),
                None,
                "{authorization:?} {target}"
            );
        }
    }

    #[test]
    fn only_the_parameter_itself_asks_for_a_version() {
        for (target, expected) in [
            ("/b/k", false),
            ("/b/k?versionId=x", true),
            ("/b/k?a=b&versionId=", true),
            ("/b/k?versionId", true),
            ("/b/k?a=versionId", false),
        ] {
            assert_eq!(
                asks_for_version(&target.parse().unwrap()),
                expected,
                "{target}"
            );
        }
    }
}
