//! The bucket policy for AWS, judged by the rules of AWS: an explicit Deny wins, and what a
//! request does not say (an anonymous one says no principal) is not equal to anything.

use serde_json::Value;

use super::{EDGE, PUBLISHER, at_aws, json, statements};

const ADMINISTRATOR: &str = "arn:aws:iam::111122223333:role/Administrator";
const ROOT: &str = "arn:aws:iam::111122223333:root";
const NOBODY: &str = "";

/// What is asked, of the object `page`.
#[derive(Clone, Copy)]
struct Request {
    /// `aws:PrincipalArn`; empty: anonymous.
    principal: &'static str,
    action: &'static str,
    tls: bool,
    endpoint: Option<&'static str>,
}

fn by(principal: &'static str, action: &'static str) -> Request {
    Request {
        principal,
        action,
        tls: true,
        endpoint: None,
    }
}

#[derive(PartialEq, Debug)]
enum Said {
    Allowed,
    Denied,
    Nothing,
}

fn judge(policy: &Value, request: Request) -> Said {
    let mut said = Said::Nothing;
    for statement in statements(policy) {
        if !concerns(statement, request) {
            continue;
        }
        match statement["Effect"].as_str().unwrap() {
            "Deny" => return Said::Denied,
            _ => said = Said::Allowed,
        }
    }
    said
}

fn concerns(statement: &Value, request: Request) -> bool {
    let whom = &statement["Principal"];
    let principal = whom == "*" || whom["AWS"] == request.principal;
    let action = matches(statement["Action"].as_str().unwrap(), request.action);
    let asked = if request.action == "s3:ListBucket" || request.action.contains("BucketPolicy") {
        "arn:aws:s3:::my-site"
    } else {
        "arn:aws:s3:::my-site/page"
    };
    let resource = matches(statement["Resource"].as_str().unwrap(), asked);
    principal && action && resource && holds(&statement["Condition"], request)
}

fn holds(condition: &Value, request: Request) -> bool {
    let Some(operators) = condition.as_object() else {
        return true;
    };
    operators.iter().all(|(operator, keys)| {
        keys.as_object().unwrap().iter().all(|(key, wanted)| {
            let found = match key.as_str() {
                "aws:PrincipalArn" => Some(request.principal).filter(|arn| !arn.is_empty()),
                "aws:SourceVpce" => request.endpoint,
                "aws:SecureTransport" => Some(if request.tls { "true" } else { "false" }),
                other => panic!("{other} is not known here"),
            };
            let is_one = found.is_some_and(|found| match wanted {
                Value::Array(values) => values.iter().any(|value| value == found),
                value => value == found,
            });
            match operator.as_str() {
                "StringEquals" | "Bool" => is_one,
                "StringNotEquals" => !is_one,
                other => panic!("{other} is not known here"),
            }
        })
    })
}

/// A pattern whose only `*` is at its end.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => text.starts_with(start),
        None => pattern == text,
    }
}

fn bucket_policy(further: &[&str]) -> Value {
    let arguments = [&["--edge", EDGE, "--publisher", PUBLISHER], further].concat();
    json(&at_aws(), &arguments)["aws-bucket-policy"].clone()
}

#[test]
fn only_the_edge_and_the_publishers_read() {
    let policy = bucket_policy(&[]);
    for (principal, expected) in [
        (EDGE, Said::Allowed),
        // Whether it may is a matter of its own policies.
        (PUBLISHER, Said::Nothing),
        (ADMINISTRATOR, Said::Denied),
        (ROOT, Said::Denied),
        (NOBODY, Said::Denied),
    ] {
        let said = judge(&policy, by(principal, "s3:GetObject"));
        assert_eq!(said, expected, "{principal}");
    }
    for action in [
        "s3:GetObjectVersion",
        "s3:GetObjectAcl",
        "s3:GetObjectAttributes",
    ] {
        assert_eq!(judge(&policy, by(EDGE, action)), Said::Nothing, "{action}");
        assert_eq!(judge(&policy, by(ROOT, action)), Said::Denied, "{action}");
    }
}

#[test]
fn nobody_is_refused_anything_else() {
    for further in [&[][..], &["--list", "--vpc-endpoint", "vpce-1"]] {
        let policy = bucket_policy(further);
        for action in [
            "s3:PutObject",
            "s3:DeleteObject",
            "s3:GetBucketPolicy",
            "s3:PutBucketPolicy",
            "s3:DeleteBucketPolicy",
            "s3:ListBucket",
        ] {
            for principal in [PUBLISHER, ADMINISTRATOR, ROOT, NOBODY] {
                for tls in [true, false] {
                    let request = Request {
                        tls,
                        ..by(principal, action)
                    };
                    assert_eq!(
                        judge(&policy, request),
                        Said::Nothing,
                        "{principal} {action}"
                    );
                }
            }
        }
    }
}

#[test]
fn the_edge_lists_only_if_told_so() {
    let list = by(EDGE, "s3:ListBucket");
    assert_eq!(judge(&bucket_policy(&[]), list), Said::Nothing);
    assert_eq!(judge(&bucket_policy(&["--list"]), list), Said::Allowed);
}

#[test]
fn nobody_reads_without_tls() {
    let policy = bucket_policy(&[]);
    for principal in [EDGE, PUBLISHER, ADMINISTRATOR, NOBODY] {
        let request = Request {
            tls: false,
            ..by(principal, "s3:GetObject")
        };
        assert_eq!(judge(&policy, request), Said::Denied, "{principal}");
    }
}

#[test]
fn the_edge_reads_through_its_vpc_endpoints_and_the_publisher_from_anywhere() {
    let policy = bucket_policy(&["--vpc-endpoint", "vpce-1", "--vpc-endpoint", "vpce-2"]);
    for (principal, endpoint, expected) in [
        (EDGE, Some("vpce-1"), Said::Allowed),
        (EDGE, Some("vpce-2"), Said::Allowed),
        (EDGE, Some("vpce-3"), Said::Denied),
        (EDGE, None, Said::Denied),
        (PUBLISHER, None, Said::Nothing),
        (ADMINISTRATOR, Some("vpce-1"), Said::Denied),
        (NOBODY, Some("vpce-1"), Said::Denied),
    ] {
        let request = Request {
            endpoint,
            ..by(principal, "s3:GetObject")
        };
        assert_eq!(
            judge(&policy, request),
            expected,
            "{principal} {endpoint:?}"
        );
    }
}
