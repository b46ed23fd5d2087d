//! The documents for a reader: what to do with them, in order, as commands to paste.

use std::fmt::Write;

use miette::IntoDiagnostic;

use super::documents::{AWS_BUCKET, AWS_KMS, AWS_ROLE, Document, MINIO, VERSITYGW, suffix};
use crate::config::{Addressing, Bucket as Origin, Config, Credentials};

/// What the steps are about.
pub(super) struct Plan<'a> {
    pub(super) config: &'a Config,
    pub(super) origin: &'a Origin,
    /// ARN of the edge at AWS, or its placeholder.
    pub(super) edge: &'a str,
    pub(super) edge_known: bool,
    pub(super) access_key_known: bool,
    /// Whether somebody may read beside the edge.
    pub(super) publishers: bool,
}

impl Plan<'_> {
    /// What all of it is about.
    pub(super) fn opening(&self) -> String {
        let Origin {
            name,
            bucket,
            region,
            prefix,
            ..
        } = self.origin;
        let part = if prefix.is_empty() {
            String::new()
        } else {
            format!(", what begins with {prefix}")
        };
        format!(
            "# Only the edge reads the bucket {bucket}\n\n\
             Origin {name}: bucket {bucket} in {region}{part}.\n\
             Save each document under the name above it; `--json` prints them all as one object.\n"
        )
    }

    pub(super) fn aws(&self, documents: &[Document]) -> miette::Result<String> {
        let bucket = &self.origin.bucket;
        let (kind, role) = match self.edge.rsplit_once('/') {
            Some((start, name)) if start.contains(":user") => ("user", name),
            Some((_, name)) => ("role", name),
            None => ("role", self.edge),
        };
        let mut text = String::from("\n## AWS\n\n");
        if !self.edge_known {
            text.push_str(
                "Put your names in place of ACCOUNT and EDGE_ROLE, or give `--edge ARN`.\n\n",
            );
        }
        let others = if self.publishers {
            "the edge and the publishers"
        } else {
            "the edge"
        };
        let _ = write!(
            text,
            "1. Give the edge a {kind} that nothing else uses, and let it read:\n\n    \
             aws iam put-{kind}-policy --{kind}-name {role} --policy-name seawall-edge \\\n      \
             --policy-document file://{AWS_ROLE}.json\n\n\
             2. Let nobody make the bucket public:\n\n    \
             aws s3api put-public-access-block --bucket {bucket} --public-access-block-configuration \\\n      \
             BlockPublicAcls=true,IgnorePublicAcls=true,BlockPublicPolicy=true,RestrictPublicBuckets=true\n\n\
             3. See whether the bucket has a policy. Step 4 replaces it: put its statements into the document if \
             they are to stay.\n\n    \
             aws s3api get-bucket-policy --bucket {bucket} --query Policy --output text\n\n\
             4. Refuse reads to everybody but {others}:\n\n    \
             aws s3api put-bucket-policy --bucket {bucket} --policy file://{AWS_BUCKET}.json\n\n"
        );
        if documents.iter().any(|document| document.name == AWS_KMS) {
            let _ = write!(
                text,
                "5. Add the statement {AWS_KMS}.json to the `Statement` list of the key's policy. Never put it in \
                 place of that policy: the key would have no administrator.\n\n"
            );
        } else {
            text.push_str(
                "If the objects are encrypted with a KMS key of your own (SSE-KMS), give `--kms-key ARN` too.\n\n",
            );
        }
        text.push_str(
            "The Deny holds for administrators as well, for s3:GetObject* alone: who may change the bucket's policy \
             still may.\nWhoever reads for another purpose (replication, backup, a copy within S3) needs \
             `--publisher ARN`; writing and listing need nothing.\nA session of a role has the ARN of the role in \
             aws:PrincipalArn, so the role is named here, never a session.\nA role that was deleted and made anew \
             is another one to AWS: do step 4 again.\n",
        );
        text.push_str(&printed(documents)?);
        Ok(text)
    }

    pub(super) fn minio(&self, documents: &[Document]) -> miette::Result<String> {
        let bucket = &self.origin.bucket;
        let endpoint = self.own_endpoint();
        let (access_key, secret_key) = self.variables();
        let mut text = format!(
            "\n## MinIO\n\n\
             {access_key} and {secret_key} are variables that hold the keys of the edge: choose new ones \
             (`openssl rand -hex 20`). `mc` asks for the administrator's keys in step 1.\n\n    \
             mc alias set store {endpoint}  # 1\n    \
             mc mb --ignore-existing store/{bucket} && mc anonymous set none store/{bucket}  # 2: nobody without keys\n    \
             printf '%s\\n%s\\n' \"${access_key}\" \"${secret_key}\" | mc admin user add store  # 3\n    \
             mc admin policy create store seawall-edge {MINIO}.json  # 4\n    \
             mc admin policy attach store seawall-edge --user \"${access_key}\"  # 5\n\n\
             A user of MinIO may what the policies attached to it say, whatever the bucket: see with \
             `mc admin user list store` that nobody else has `readonly`, `readwrite` or `consoleAdmin` who should \
             not.\n"
        );
        text.push_str(&printed(documents)?);
        Ok(text)
    }

    pub(super) fn versitygw(&self, documents: &[Document]) -> miette::Result<String> {
        let bucket = &self.origin.bucket;
        let endpoint = self.own_endpoint();
        let (access_key, secret_key) = self.variables();
        let mut text = String::from("\n## versitygw\n\n");
        if !self.access_key_known {
            let _ = writeln!(
                text,
                "Put the edge's access key id in place of EDGE_ACCESS_KEY in the document, or give \
                 `--access-key \"${access_key}\"`."
            );
        }
        let _ = write!(
            text,
            "{access_key} and {secret_key} are variables that hold the keys of the edge; ADMIN_ACCESS_KEY and \
             ADMIN_SECRET_KEY, exported, those of the gateway's administrator.\n\n    \
             versitygw admin --endpoint-url {endpoint} create-user --role user \\\n      \
             --access \"${access_key}\" --secret \"${secret_key}\"  # 1\n    \
             AWS_ACCESS_KEY_ID=\"$ADMIN_ACCESS_KEY\" AWS_SECRET_ACCESS_KEY=\"$ADMIN_SECRET_KEY\" \\\n      \
             aws s3api put-bucket-policy --endpoint-url {endpoint} --region {region} \\\n      \
             --bucket {bucket} --policy file://{VERSITYGW}.json  # 2\n\n\
             The account comes first: a policy that names an unknown one is refused. Once the bucket has a policy, \
             an account of role `user` or `userplus` may what the policy allows it and nothing else, the bucket's \
             owner too: add a statement for who publishes, or let an `admin` do it.\n\
             Conditions are not read there (v1.7.0), so this document has none: a Deny for everybody with an \
             exception in a Condition would refuse the edge too.\n",
            region = self.origin.region,
        );
        text.push_str(&printed(documents)?);
        Ok(text)
    }

    /// How to see that it holds.
    pub(super) fn verify(&self) -> String {
        let Origin { bucket, prefix, .. } = self.origin;
        let store = self.endpoint();
        let admin = self.config.admin.listen;
        let base = match (&self.origin.endpoint, self.origin.addressing) {
            (Some(own), Addressing::Virtual) => {
                format!("{}://{bucket}.{}", own.scheme, own.authority)
            }
            (Some(own), _) => format!("{own}/{bucket}"),
            // AWS takes the path style in every region, and for names with a dot too.
            (None, _) => format!("{store}/{bucket}"),
        };
        let url = quoted(&format!("{base}/{}KEY", encoded(prefix)));
        let stranger = quoted(&format!("s3://{bucket}/{prefix}KEY"));
        let endpoint = match &self.origin.endpoint {
            Some(_) => format!(" --endpoint-url {store}"),
            None => String::new(),
        };
        format!(
            "\n## Verify\n\nWith the KEY of an object:\n\n    \
             curl -i {url}  # 403: nobody\n    \
             aws s3 cp{endpoint} {stranger} -  # 403, with keys that are not the edge's\n    \
             curl -i http://{admin}/readyz  # 200, from the edge's machine: the store takes the edge's keys\n    \
             curl -i http://EDGE/KEY  # 200: the edge\n"
        )
    }

    /// The address of a store that is not AWS, fit for a shell.
    fn own_endpoint(&self) -> String {
        match &self.origin.endpoint {
            Some(_) => self.endpoint(),
            None => "https://STORE".to_owned(),
        }
    }

    /// The store's address, fit for a shell.
    fn endpoint(&self) -> String {
        match &self.origin.endpoint {
            Some(endpoint) => quoted(&endpoint.to_string()),
            None => {
                let region = &self.origin.region;
                format!("https://s3.{region}.{}", suffix(region))
            }
        }
    }

    /// The variables with the edge's keys; those of the chain, if none are named.
    fn variables(&self) -> (&str, &str) {
        match &self.origin.credentials {
            Credentials::Static {
                access_key,
                secret_key,
                ..
            } => (&access_key.variable, &secret_key.variable),
            Credentials::Chain | Credentials::Profile(_) => {
                ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
            }
        }
    }
}

fn printed(documents: &[Document]) -> miette::Result<String> {
    let mut text = String::new();
    for document in documents {
        let body = serde_json::to_string_pretty(&document.body).into_diagnostic()?;
        let _ = write!(text, "\n### {}.json\n\n{body}\n", document.name);
    }
    Ok(text)
}

/// A word for a shell, as it is.
fn quoted(word: &str) -> String {
    let plain =
        |character: char| character.is_ascii_alphanumeric() || "._-:/%@".contains(character);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A key in a URL.
fn encoded(key: &str) -> String {
    crate::semantics::target::encode(key.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word_in_a_shell() {
        assert_eq!(quoted("http://127.0.0.1:9000"), "http://127.0.0.1:9000");
        assert_eq!(quoted("a b"), "'a b'");
        assert_eq!(quoted("$(id)'s"), r"'$(id)'\''s'");
    }
}
