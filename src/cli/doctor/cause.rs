//! From what the store, or the network, said to what must be mended. Pure.

use crate::config::{Bucket as Origin, Credentials};
use crate::origin::OriginError;

/// What is wrong, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Cause {
    pub(super) found: String,
    pub(super) fix: String,
}

/// What the fixes are about.
pub(super) struct About<'a> {
    pub(super) origin: &'a Origin,
    /// The configuration file.
    pub(super) file: String,
    /// The edge's access key id; empty if there is none.
    pub(super) key_id: String,
    /// Whether the store is AWS.
    pub(super) aws: bool,
}

/// Clocks further apart than this are refused ("RequestTimeTooSkewed").
pub(super) const MOST_SKEW: u64 = 900;

impl About<'_> {
    /// The command that prints what to tell the store.
    pub(super) fn policy(&self) -> String {
        format!(
            "`seawall policy --config {} --origin {}`",
            self.file, self.origin.name
        )
    }

    /// Where the edge's keys are to be set.
    pub(super) fn keys(&self) -> String {
        match &self.origin.credentials {
            Credentials::Static {
                access_key,
                secret_key,
                ..
            } => format!("{} and {}", access_key.variable, secret_key.variable),
            Credentials::Profile(name) => format!("the profile {name:?} of the AWS files"),
            Credentials::Chain => {
                "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or the role of the machine"
                    .to_owned()
            }
        }
    }

    /// What closes the bucket to everybody.
    pub(super) fn close(&self) -> String {
        let bucket = &self.origin.bucket;
        if self.aws {
            format!(
                "switch Block Public Access on and put the bucket policy: steps 2 and 4 of {} (bucket {bucket})",
                self.policy()
            )
        } else {
            format!(
                "take public access away (MinIO: `mc anonymous set none STORE/{bucket}`); {} prints all steps",
                self.policy()
            )
        }
    }
}

/// What a refusal of the edge means.
pub(super) fn refusal(status: u16, code: &str, message: &str, about: &About<'_>) -> Cause {
    let keys = about.keys();
    let origin = about.origin;
    let shown = format!("{status} {code}").trim_end().to_owned();
    // A key that may not be used says so with a code of its own, or in the message of a plain refusal.
    let of_kms = code.starts_with("KMS.")
        || (code == "AccessDenied" && (message.contains("kms:") || message.contains("KMS")));
    let (what, fix) = match (status, code) {
        (_, "KMS.DisabledException" | "KMS.KMSInvalidStateException" | "KMS.NotFoundException") => {
            (
                "the encryption key of the object (SSE-KMS) cannot be used by anybody",
                "enable the key in KMS, or encrypt the object with one that exists".to_owned(),
            )
        }
        _ if of_kms => (
            "the edge may not decrypt with the object's key (SSE-KMS); the bucket's policy is not what refuses",
            format!(
                "add the statement aws-kms-statement.json of {} with `--kms-key ARN` to the policy of the key",
                about.policy()
            ),
        ),
        (_, "InvalidAccessKeyId") => (
            "the store does not know the key id",
            format!("put keys that exist at this store into {keys}"),
        ),
        (_, "SignatureDoesNotMatch") => (
            "the secret key is not that of the key id",
            format!(
                "put the secret that belongs to {} into {keys}, without blanks or a line end",
                about.key_id
            ),
        ),
        (_, "ExpiredToken" | "TokenRefreshRequired") => (
            "the session token has run out",
            format!("renew {keys}; credentials of a role or a profile renew themselves"),
        ),
        (_, "InvalidToken" | "InvalidTokenId") => (
            "the session token does not belong to the key",
            format!("take key, secret and session token of one set into {keys}"),
        ),
        (_, "RequestTimeTooSkewed") => ("this machine's clock is wrong", CLOCK_FIX.to_owned()),
        (404, "NoSuchBucket") => (
            "there is no such bucket",
            format!(
                "write the bucket's right name into [origins.{}] bucket, or create {}",
                origin.name, origin.bucket
            ),
        ),
        (403, "InvalidObjectState") => (
            "the object is archived",
            "restore it, or put it again in a storage class that can be read at once".to_owned(),
        ),
        (401 | 403, _) => (
            "a policy refuses the edge",
            format!(
                "let the edge read: {} prints the documents and where to put them",
                about.policy()
            ),
        ),
        (429 | 500..=599, _) => (
            "the store fails",
            "try again; if it stays so, look into the store's own log".to_owned(),
        ),
        _ => (
            "an answer that no bucket gives",
            format!(
                "see that [origins.{}] endpoint is the S3 address of the store, not its console",
                origin.name
            ),
        ),
    };
    Cause {
        found: format!("{shown}: {what}"),
        fix,
    }
}

/// What sets a clock right.
pub(super) const CLOCK_FIX: &str = "set the clock by NTP (`timedatectl set-ntp true`, or chrony) on this machine, and see that the store's is right";

/// Why there was no answer.
pub(super) fn network(error: &OriginError, about: &About<'_>) -> Cause {
    let name = &about.origin.name;
    let endpoint = format!("[origins.{name}] endpoint");
    let fix = match error {
        OriginError::Connect(text) => {
            let text = text.to_ascii_lowercase();
            let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
            if has(&["unknownissuer", "invalid peer certificate", "certificate"]) {
                format!(
                    "if the store's certificate is of an authority of your own, name its PEM file in \
                     [origins.{name}] ca_file; else see that the host in {endpoint} is the certificate's"
                )
            } else if has(&["invalidcontenttype", "corrupt message", "tls", "handshake"]) {
                format!(
                    "{endpoint}: the store speaks no TLS on this port; write http:// or the port that does"
                )
            } else if has(&["dns", "lookup"]) {
                format!("{endpoint}: write a host that has an address, or mend the name server")
            } else if has(&["refused"]) {
                format!("start the store, or write its right host and port into {endpoint}")
            } else {
                format!(
                    "see that this machine can reach {endpoint}: routes, firewall, security group, VPC endpoint"
                )
            }
        }
        OriginError::Timeout { .. } => format!(
            "see that this machine can reach {endpoint}: routes, firewall, security group, VPC endpoint"
        ),
        OriginError::NoCredentials(_) => format!("take the stray bytes out of {}", about.keys()),
        _ => format!("see that {endpoint} is an S3 store, and whether it is http:// or https://"),
    };
    Cause {
        found: error.to_string(),
        fix,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{self, Config};

    fn config() -> Config {
        let text = "[origins.site]\nbucket = \"b-1\"\nregion = \"r\"\n\
                    credentials = { access_key_env = \"KEY\", secret_key_env = \"SECRET\" }\n\
                    [[distributions]]\nid = \"E1\"\norigin = \"site\"\n";
        config::parse("x", text, &|_| Some("hidden-value".to_owned())).unwrap()
    }

    fn about(config: &Config) -> About<'_> {
        About {
            origin: config.origins["site"].bucket().unwrap(),
            file: "seawall.toml".to_owned(),
            key_id: "AKIA1".to_owned(),
            aws: false,
        }
    }

    #[test]
    fn every_code_has_its_own_fix() {
        let policy = "`seawall policy --config seawall.toml --origin site`";
        let rows = [
            (
                403,
                "InvalidAccessKeyId",
                "",
                "put keys that exist at this store into KEY and SECRET",
            ),
            (
                403,
                "SignatureDoesNotMatch",
                "",
                "put the secret that belongs to AKIA1 into KEY and SECRET",
            ),
            (400, "ExpiredToken", "", "renew KEY and SECRET"),
            (400, "TokenRefreshRequired", "", "renew KEY and SECRET"),
            (400, "InvalidToken", "", "of one set into KEY and SECRET"),
            (403, "InvalidTokenId", "", "of one set into KEY and SECRET"),
            (403, "RequestTimeTooSkewed", "", "NTP"),
            (
                404,
                "NoSuchBucket",
                "",
                "write the bucket's right name into [origins.site] bucket, or create b-1",
            ),
            (403, "InvalidObjectState", "", "restore it"),
            (403, "AccessDenied", "Access Denied", policy),
            (
                403,
                "AccessDenied",
                "not authorized to perform: kms:Decrypt on arn:1",
                "--kms-key ARN",
            ),
            (403, "KMS.AccessDeniedException", "", "--kms-key ARN"),
            (400, "KMS.DisabledException", "", "enable the key"),
            (400, "KMS.NotFoundException", "", "enable the key"),
            (400, "KMS.KMSInvalidStateException", "", "enable the key"),
            (403, "", "", policy),
            (401, "SomethingElse", "kms:Decrypt", policy),
            (503, "SlowDown", "", "try again"),
            (405, "MethodNotAllowed", "", "not its console"),
        ];
        let config = config();
        for (status, code, message, fix) in rows {
            let cause = refusal(status, code, message, &about(&config));
            assert!(cause.fix.contains(fix), "{status} {code}: {}", cause.fix);
            let shown = format!("{status} {code}");
            assert!(cause.found.starts_with(shown.trim_end()), "{}", cause.found);
            for text in [&cause.found, &cause.fix] {
                assert!(
                    !text.contains("hidden-value") && !text.contains("arn:1"),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn every_way_of_not_getting_there_has_its_own_fix() {
        let connect = |text: &str| OriginError::Connect(text.to_owned());
        let rows = [
            (
                connect("invalid peer certificate: UnknownIssuer"),
                "[origins.site] ca_file",
            ),
            (
                connect("received corrupt message of type InvalidContentType"),
                "write http://",
            ),
            (
                connect("dns error: failed to lookup address information"),
                "name server",
            ),
            (
                connect("tcp connect error: Connection refused (os error 111)"),
                "start the store",
            ),
            (connect("no route to host"), "firewall"),
            (
                OriginError::Timeout {
                    what: "answer",
                    limit: Duration::from_secs(1),
                },
                "firewall",
            ),
            (
                OriginError::NoCredentials("odd".to_owned()),
                "stray bytes out of KEY and SECRET",
            ),
            (OriginError::Broken("odd".to_owned()), "http:// or https://"),
        ];
        let config = config();
        for (error, fix) in rows {
            let cause = network(&error, &about(&config));
            assert!(cause.fix.contains(fix), "{error}: {}", cause.fix);
        }
    }
}
