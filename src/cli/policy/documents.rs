//! The documents themselves: what is to be said, as JSON. No I/O.
//!
//! Every Deny here covers `s3:GetObject*` and nothing else, so that none of them can lock anybody
//! out of the bucket's own settings, its policy included.

use serde::Serialize;
use serde_json::{Value, json};

/// The bucket, or the part of it that begins with a prefix.
#[derive(Debug)]
pub(super) struct Bucket<'a> {
    pub(super) name: &'a str,
    pub(super) region: &'a str,
    /// Empty, or ends with `/`.
    pub(super) prefix: &'a str,
}

/// What AWS has to be told.
#[derive(Debug)]
pub(super) struct Aws<'a> {
    /// ARN of the edge's role or user.
    pub(super) edge: &'a str,
    /// ARNs of those who may read beside it.
    pub(super) publishers: &'a [String],
    /// Whether the edge may list the bucket.
    pub(super) list: bool,
    /// Where the edge's reads must come from; empty: from anywhere.
    pub(super) vpc_endpoints: &'a [String],
    /// ARN of the key that the objects are encrypted with.
    pub(super) kms_key: Option<&'a str>,
}

/// A document to paste.
#[derive(Debug)]
pub(super) struct Document {
    /// Its key in the output and, with `.json`, the name of its file.
    pub(super) name: &'static str,
    pub(super) body: Body,
}

#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Body {
    Policy(Policy),
    /// One statement, to be added to a policy that exists.
    Statement(Statement),
}

/// A whole policy.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Statement {
    sid: &'static str,
    effect: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    principal: Option<Value>,
    action: &'static str,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Value>,
}

pub(super) const AWS_BUCKET: &str = "aws-bucket-policy";
pub(super) const AWS_ROLE: &str = "aws-role-policy";
pub(super) const AWS_KMS: &str = "aws-kms-statement";
pub(super) const MINIO: &str = "minio-user-policy";
pub(super) const VERSITYGW: &str = "versitygw-bucket-policy";

const READ: &str = "s3:GetObject";
const EVERY_READ: &str = "s3:GetObject*";
const LIST: &str = "s3:ListBucket";
const DECRYPT: &str = "kms:Decrypt";

/// Which of the separate worlds of AWS a region belongs to.
pub(super) fn partition(region: &str) -> &'static str {
    if region.starts_with("cn-") {
        "aws-cn"
    } else if region.starts_with("us-gov-") {
        "aws-us-gov"
    } else {
        "aws"
    }
}

/// The ending of AWS host names in a region.
pub(super) fn suffix(region: &str) -> &'static str {
    match partition(region) {
        "aws-cn" => "amazonaws.com.cn",
        _ => "amazonaws.com",
    }
}

impl Bucket<'_> {
    fn itself(&self, partition: &str) -> String {
        format!("arn:{partition}:s3:::{}", self.name)
    }

    /// All objects, where a pattern knows no way to say `*` itself.
    fn objects(&self) -> String {
        format!("{}/{}*", self.itself("aws"), self.prefix)
    }

    /// All objects, as AWS has it: what stands for something else in a pattern is written as the
    /// variable that stands for itself.
    fn aws_objects(&self) -> String {
        let mut prefix = String::with_capacity(self.prefix.len());
        for character in self.prefix.chars() {
            match character {
                '*' | '?' | '$' => prefix.extend(['$', '{', character, '}']),
                _ => prefix.push(character),
            }
        }
        format!("{}/{prefix}*", self.itself(partition(self.region)))
    }
}

/// What AWS is told.
pub(super) fn aws(bucket: &Bucket<'_>, aws: &Aws<'_>) -> Vec<Document> {
    let mut documents = vec![
        Document {
            name: AWS_BUCKET,
            body: Body::Policy(aws_bucket(bucket, aws)),
        },
        Document {
            name: AWS_ROLE,
            body: Body::Policy(aws_role(bucket, aws)),
        },
    ];
    if aws.kms_key.is_some() {
        documents.push(Document {
            name: AWS_KMS,
            body: Body::Statement(aws_kms(bucket, aws)),
        });
    }
    documents
}

fn aws_bucket(bucket: &Bucket<'_>, aws: &Aws<'_>) -> Policy {
    let principal = Some(json!({ "AWS": aws.edge }));
    let mut statement = allowed(
        bucket.aws_objects(),
        bucket.itself(partition(bucket.region)),
        principal.as_ref(),
        aws.list,
    );
    let readers: Vec<&str> = std::iter::once(aws.edge)
        .chain(aws.publishers.iter().map(String::as_str))
        .collect();
    // An anonymous request has no `aws:PrincipalArn`, and what is absent is not equal either.
    statement.push(denied(
        "NobodyElseReadsObjects",
        bucket,
        json!({ "StringNotEquals": { "aws:PrincipalArn": one_or_many(&readers) } }),
    ));
    statement.push(denied(
        "ReadsOnlyOverTls",
        bucket,
        json!({ "Bool": { "aws:SecureTransport": "false" } }),
    ));
    if !aws.vpc_endpoints.is_empty() {
        let endpoints: Vec<&str> = aws.vpc_endpoints.iter().map(String::as_str).collect();
        // Of the edge alone: a publisher may sit elsewhere.
        statement.push(denied(
            "EdgeReadsOnlyThroughItsVpcEndpoint",
            bucket,
            json!({
                "StringEquals": { "aws:PrincipalArn": aws.edge },
                "StringNotEquals": { "aws:SourceVpce": one_or_many(&endpoints) },
            }),
        ));
    }
    policy(statement)
}

fn aws_role(bucket: &Bucket<'_>, aws: &Aws<'_>) -> Policy {
    let mut statement = allowed(
        bucket.aws_objects(),
        bucket.itself(partition(bucket.region)),
        None,
        aws.list,
    );
    if let Some(key) = aws.kms_key {
        statement.push(Statement {
            sid: "EdgeDecryptsObjects",
            effect: "Allow",
            principal: None,
            action: DECRYPT,
            resource: key.to_owned(),
            condition: None,
        });
    }
    policy(statement)
}

fn aws_kms(bucket: &Bucket<'_>, aws: &Aws<'_>) -> Statement {
    let region = bucket.region;
    let mut services = vec![format!("s3.{region}.amazonaws.com")];
    if partition(region) == "aws-cn" {
        services.push(format!("s3.{region}.{}", suffix(region)));
    }
    let services: Vec<&str> = services.iter().map(String::as_str).collect();
    Statement {
        sid: "EdgeDecryptsObjects",
        effect: "Allow",
        principal: Some(json!({ "AWS": aws.edge })),
        action: DECRYPT,
        // In a key's policy: this key.
        resource: "*".to_owned(),
        condition: Some(json!({ "StringEquals": { "kms:ViaService": one_or_many(&services) } })),
    }
}

/// What MinIO is told: the policy of the edge's user. A user may there what its policies say; the
/// bucket's own policy is about anonymous requests.
pub(super) fn minio(bucket: &Bucket<'_>, list: bool) -> Document {
    let statement = allowed(bucket.objects(), bucket.itself("aws"), None, list);
    Document {
        name: MINIO,
        body: Body::Policy(policy(statement)),
    }
}

/// What versitygw is told: the bucket's policy. Who is not named in it may nothing, so it needs no
/// Deny; and a Deny with a Condition, which is not read there, would be one for everybody.
pub(super) fn versitygw(bucket: &Bucket<'_>, access_key: &str, list: bool) -> Document {
    let principal = Some(json!({ "AWS": [access_key] }));
    let statement = allowed(
        bucket.objects(),
        bucket.itself("aws"),
        principal.as_ref(),
        list,
    );
    Document {
        name: VERSITYGW,
        body: Body::Policy(policy(statement)),
    }
}

fn policy(statement: Vec<Statement>) -> Policy {
    Policy {
        version: "2012-10-17",
        statement,
    }
}

/// What the edge may.
fn allowed(
    objects: String,
    bucket: String,
    principal: Option<&Value>,
    list: bool,
) -> Vec<Statement> {
    let allow = |sid, action, resource| Statement {
        sid,
        effect: "Allow",
        principal: principal.cloned(),
        action,
        resource,
        condition: None,
    };
    let mut statements = vec![allow("EdgeReadsObjects", READ, objects)];
    if list {
        statements.push(allow("EdgeListsNames", LIST, bucket));
    }
    statements
}

/// What nobody may whom the condition is true of. Only reads are ever denied.
fn denied(sid: &'static str, bucket: &Bucket<'_>, condition: Value) -> Statement {
    Statement {
        sid,
        effect: "Deny",
        principal: Some(json!("*")),
        action: EVERY_READ,
        resource: bucket.aws_objects(),
        condition: Some(condition),
    }
}

fn one_or_many(values: &[&str]) -> Value {
    match values {
        [value] => json!(value),
        values => json!(values),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SITE: Bucket<'static> = Bucket {
        name: "site",
        region: "eu-central-1",
        prefix: "",
    };
    const EDGE: &str = "arn:aws:iam::111122223333:role/edge";

    fn value(documents: &[Document], name: &str) -> Value {
        let document = documents.iter().find(|document| document.name == name);
        serde_json::to_value(&document.unwrap().body).unwrap()
    }

    fn everything() -> Aws<'static> {
        Aws {
            edge: EDGE,
            publishers: &[],
            list: true,
            vpc_endpoints: &[],
            kms_key: Some("arn:aws:kms:eu-central-1:111122223333:key/k"),
        }
    }

    #[test]
    fn what_stands_for_something_in_a_pattern_stands_for_itself_in_a_prefix() {
        let bucket = Bucket {
            prefix: "a*b?${aws:username}/",
            ..SITE
        };
        let documents = aws(&bucket, &everything());
        let expected = "arn:aws:s3:::site/a${*}b${?}${$}{aws:username}/*";
        for name in [AWS_BUCKET, AWS_ROLE] {
            assert_eq!(
                value(&documents, name)["Statement"][0]["Resource"],
                expected
            );
        }
    }

    #[test]
    fn the_partition_is_that_of_the_region() {
        for (region, expected) in [
            ("eu-central-1", "aws"),
            ("cn-north-1", "aws-cn"),
            ("us-gov-west-1", "aws-us-gov"),
        ] {
            let documents = aws(&Bucket { region, ..SITE }, &everything());
            let statements = value(&documents, AWS_BUCKET)["Statement"].clone();
            for statement in statements.as_array().unwrap() {
                let resource = statement["Resource"].as_str().unwrap();
                assert!(
                    resource.starts_with(&format!("arn:{expected}:s3:::site")),
                    "{region}: {resource}"
                );
            }
        }
        let minio = minio(
            &Bucket {
                region: "cn-north-1",
                ..SITE
            },
            false,
        );
        assert_eq!(
            value(&[minio], MINIO)["Statement"][0]["Resource"],
            "arn:aws:s3:::site/*",
            "other stores know one partition"
        );
    }

    #[test]
    fn a_key_is_used_by_way_of_the_store_alone() {
        let through = |region| {
            let documents = aws(&Bucket { region, ..SITE }, &everything());
            value(&documents, AWS_KMS)["Condition"]["StringEquals"]["kms:ViaService"].clone()
        };
        assert_eq!(through("eu-central-1"), "s3.eu-central-1.amazonaws.com");
        assert_eq!(
            through("cn-north-1"),
            json!([
                "s3.cn-north-1.amazonaws.com",
                "s3.cn-north-1.amazonaws.com.cn"
            ])
        );
    }
}
