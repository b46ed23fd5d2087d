//! Where a bucket is, and what requests to it are signed for.

use ::http::uri::{Authority, Scheme};
use ::http::{HeaderValue, Uri};

use super::Addressing;
use crate::origin::sigv4::Signer;
use crate::semantics::target;

/// What decides where a bucket is, but for the region.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    pub(crate) name: String,
    pub(crate) prefix: String,
    pub(crate) endpoint: Option<String>,
    pub(crate) addressing: Option<Addressing>,
}

/// Where a bucket is.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) region: String,
    pub(crate) scheme: Scheme,
    pub(crate) authority: Authority,
    pub(crate) host: HeaderValue,
    /// What stands before a key: a slash, the bucket in path style, and the prefix.
    pub(crate) base: String,
    /// The path of the bucket itself.
    pub(crate) top: String,
    /// How the bucket stands in the address.
    pub(crate) addressing: Addressing,
    pub(crate) signer: Signer,
}

impl Place {
    /// Where `bucket` is in `region`. Without an endpoint, at AWS.
    pub(crate) fn new(bucket: &Bucket, region: &str) -> Result<Self, String> {
        let aws = || {
            let suffix = if region.starts_with("cn-") {
                "amazonaws.com.cn"
            } else {
                "amazonaws.com"
            };
            format!("https://s3.{region}.{suffix}")
        };
        let endpoint = bucket.endpoint.clone().unwrap_or_else(aws);
        let uri: Uri = endpoint
            .parse()
            .map_err(|error| format!("endpoint {endpoint:?}: {error}"))?;
        let (Some(scheme), Some(at)) = (uri.scheme().cloned(), uri.authority()) else {
            return Err(format!(
                "endpoint {endpoint:?}: it must be http:// or https:// with a host"
            ));
        };
        let of_aws =
            at.host().ends_with(".amazonaws.com") || at.host().ends_with(".amazonaws.com.cn");
        let addressing = bucket.addressing.unwrap_or_else(|| {
            // No certificate of AWS matches a bucket name with a dot before its host.
            if of_aws && !bucket.name.contains('.') {
                Addressing::Virtual
            } else {
                Addressing::Path
            }
        });
        let (authority, mut base) = match addressing {
            Addressing::Path => (at.as_str().to_owned(), format!("/{}", bucket.name)),
            Addressing::Virtual => (format!("{}.{at}", bucket.name), String::new()),
        };
        let top = if base.is_empty() { "/" } else { &base }.to_owned();
        base.push('/');
        base.push_str(&target::encode(bucket.prefix.as_bytes()));
        let authority: Authority = authority
            .parse()
            .map_err(|error| format!("the address {authority:?} is none: {error}"))?;
        let default_port = if scheme == Scheme::HTTPS { 443 } else { 80 };
        let host = match authority.port_u16() {
            Some(port) if port == default_port => authority.host(),
            _ => authority.as_str(),
        };
        let host =
            HeaderValue::from_str(host).map_err(|error| format!("the host {host:?}: {error}"))?;
        Ok(Self {
            region: region.to_owned(),
            scheme,
            authority,
            host,
            base,
            top,
            addressing,
            signer: Signer::new(region),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_a_bucket_stands() {
        let bucket = |name: &str, endpoint: Option<&str>, addressing| Bucket {
            name: name.to_owned(),
            prefix: "a b/".to_owned(),
            endpoint: endpoint.map(str::to_owned),
            addressing,
        };
        let minio = Some("http://127.0.0.1:9000");
        let rows = [
            (
                bucket("b", None, None),
                "eu-central-1",
                "b.s3.eu-central-1.amazonaws.com",
                "/a%20b/",
            ),
            (
                bucket("b.c", None, None),
                "eu-central-1",
                "s3.eu-central-1.amazonaws.com",
                "/b.c/a%20b/",
            ),
            (
                bucket("b", None, Some(Addressing::Path)),
                "us-east-1",
                "s3.us-east-1.amazonaws.com",
                "/b/a%20b/",
            ),
            (
                bucket("b", None, None),
                "cn-north-1",
                "b.s3.cn-north-1.amazonaws.com.cn",
                "/a%20b/",
            ),
            (
                bucket("b", minio, None),
                "local",
                "127.0.0.1:9000",
                "/b/a%20b/",
            ),
            (
                bucket("b", Some("https://s3.example:443"), None),
                "local",
                "s3.example",
                "/b/a%20b/",
            ),
            (
                bucket("b", Some("http://s3.example:80"), Some(Addressing::Virtual)),
                "local",
                "b.s3.example",
                "/a%20b/",
            ),
            (
                bucket(
                    "b",
                    Some("https://s3.dualstack.eu-west-1.amazonaws.com"),
                    None,
                ),
                "eu-west-1",
                "b.s3.dualstack.eu-west-1.amazonaws.com",
                "/a%20b/",
            ),
        ];
        for (bucket, region, host, base) in rows {
            let place = Place::new(&bucket, region).unwrap();
            assert_eq!(
                (place.host.to_str().unwrap(), place.base.as_str()),
                (host, base),
                "{bucket:?}"
            );
        }
    }
}
