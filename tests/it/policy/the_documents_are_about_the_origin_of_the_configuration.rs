//! Bucket, prefix, region and kind of store come from the configuration; what it does not say
//! stands there in capitals.

use serde_json::{Value, json as value};

use super::{EDGE, at_aws, json, origin, policy, run, statements};

const STORE: &str = "bucket = \"my-site\"\nregion = \"us-east-1\"\nendpoint = \"http://127.0.0.1:9000\"\n\
                     prefix = \"public/\"";

fn names(documents: &Value) -> Vec<&str> {
    documents
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect()
}

#[test]
fn the_store_is_that_of_the_endpoint_unless_told() {
    let aws = ["aws-bucket-policy", "aws-role-policy"];
    let others = ["minio-user-policy", "versitygw-bucket-policy"];
    assert_eq!(names(&json(&at_aws(), &[])), aws);
    let by_name = "bucket = \"my-site\"\nregion = \"eu-west-1\"\n\
                   endpoint = \"https://s3.dualstack.eu-west-1.amazonaws.com\"";
    assert_eq!(names(&json(&origin(by_name), &[])), aws);
    assert_eq!(names(&json(&origin(STORE), &[])), others);
    assert_eq!(names(&json(&origin(STORE), &["--for", "aws"])), aws);
    assert_eq!(names(&json(&at_aws(), &["--for", "minio"])), others[..1]);
    assert_eq!(
        names(&json(&at_aws(), &["--for", "versitygw"])),
        others[1..]
    );
    assert_eq!(
        names(&json(&at_aws(), &["--for", "all"])),
        [aws, others].concat()
    );
}

#[test]
fn every_document_keeps_to_the_prefix() {
    let documents = json(&origin(STORE), &["--for", "all"]);
    for (name, document) in documents.as_object().unwrap() {
        for statement in statements(document) {
            assert_eq!(
                statement["Resource"], "arn:aws:s3:::my-site/public/*",
                "{name}"
            );
        }
    }
}

#[test]
fn a_region_in_china_has_a_partition_of_its_own() {
    let config = origin("bucket = \"my-site\"\nregion = \"cn-north-1\"");
    let documents = json(&config, &[]);
    let first = &documents["aws-bucket-policy"]["Statement"][0];
    assert_eq!(first["Resource"], "arn:aws-cn:s3:::my-site/*");
    assert_eq!(
        first["Principal"]["AWS"],
        "arn:aws-cn:iam::ACCOUNT:role/EDGE_ROLE"
    );
    let refused = policy(&config, &["--edge", EDGE]);
    assert_eq!(refused.status.code(), Some(1));
    let why = String::from_utf8(refused.stderr).unwrap();
    assert!(why.contains("begin with arn:aws-cn:"), "{why}");
}

#[test]
fn what_is_not_known_stands_in_capitals() {
    let documents = json(&at_aws(), &["--for", "all"]);
    assert_eq!(
        documents["aws-bucket-policy"]["Statement"][0]["Principal"]["AWS"],
        "arn:aws:iam::ACCOUNT:role/EDGE_ROLE"
    );
    assert_eq!(
        documents["versitygw-bucket-policy"]["Statement"][0]["Principal"]["AWS"],
        value!(["EDGE_ACCESS_KEY"])
    );
    let known = json(
        &at_aws(),
        &["--for", "all", "--edge", EDGE, "--access-key", "edge-1"],
    )
    .to_string();
    for placeholder in ["ACCOUNT", "EDGE_ROLE", "EDGE_ACCESS_KEY"] {
        assert!(!known.contains(placeholder), "{placeholder}: {known}");
    }
}

#[test]
fn versitygw_is_told_nothing_that_it_does_not_read() {
    let documents = json(&origin(STORE), &["--access-key", "edge-1", "--list"]);
    assert_eq!(
        documents["versitygw-bucket-policy"],
        value!({
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "EdgeReadsObjects",
                    "Effect": "Allow",
                    "Principal": { "AWS": ["edge-1"] },
                    "Action": "s3:GetObject",
                    "Resource": "arn:aws:s3:::my-site/public/*",
                },
                {
                    "Sid": "EdgeListsNames",
                    "Effect": "Allow",
                    "Principal": { "AWS": ["edge-1"] },
                    "Action": "s3:ListBucket",
                    "Resource": "arn:aws:s3:::my-site",
                },
            ],
        })
    );
}

#[test]
fn one_of_several_origins_is_chosen_by_name() {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures/config/accepted/two-distributions.toml");
    let resource = |name| {
        let output = run(&file, &["--json", "--origin", name], &[]);
        let documents: Value = serde_json::from_slice(&output.stdout).unwrap();
        documents["aws-role-policy"]["Statement"][0]["Resource"].clone()
    };
    assert_eq!(resource("site"), "arn:aws:s3:::site-bucket/*");
    assert_eq!(resource("assets"), "arn:aws:s3:::assets-bucket/*");
    for arguments in [&[][..], &["--origin", "elsewhere"]] {
        let output = run(&file, arguments, &[]);
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let why = String::from_utf8(output.stderr).unwrap();
        assert!(why.contains("assets, site"), "{why}");
    }
}
