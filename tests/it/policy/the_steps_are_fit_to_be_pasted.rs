//! For a reader: headings, steps with the names of the configuration, each document as `--json`
//! has it, and no value of any variable.

use serde_json::Value;

use super::{EDGE, KEY, at_aws, documents, json, origin, policy_with, text};

fn store() -> String {
    origin(
        "bucket = \"my-site\"\nregion = \"us-east-1\"\nendpoint = \"http://127.0.0.1:9000\"\n\
         credentials = { access_key_env = \"SITE_KEY\", secret_key_env = \"SITE_SECRET\" }",
    )
}

fn contains_all(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "{part:?} is missing in:\n{text}");
    }
}

#[test]
fn the_documents_are_those_of_json() {
    for arguments in [
        &["--for", "all"][..],
        &["--for", "all", "--list", "--edge", EDGE, "--kms-key", KEY],
    ] {
        let shown = documents(&text(&at_aws(), arguments));
        let all = json(&at_aws(), arguments);
        assert_eq!(shown.len(), all.as_object().unwrap().len());
        for (name, body) in shown {
            let body: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(body, all[&name], "{name}");
        }
    }
}

#[test]
fn the_steps_for_aws_name_the_role_the_bucket_and_the_files() {
    let arguments = ["--edge", "arn:aws:iam::111122223333:role/web/edge-1"];
    let plain = text(&at_aws(), &arguments);
    contains_all(
        &plain,
        &[
            "## AWS",
            "aws iam put-role-policy --role-name edge-1 ",
            "--policy-document file://aws-role-policy.json",
            "put-public-access-block --bucket my-site ",
            "put-bucket-policy --bucket my-site --policy file://aws-bucket-policy.json",
            "curl -i https://s3.eu-central-1.amazonaws.com/my-site/KEY",
            "curl -i http://127.0.0.1:9080/readyz",
        ],
    );
    assert!(!plain.contains("EDGE_ROLE"), "{plain}");
    assert!(!plain.contains("Add the statement"), "{plain}");
    contains_all(
        &text(&at_aws(), &[]),
        &["in place of ACCOUNT and EDGE_ROLE"],
    );
    let user = text(
        &at_aws(),
        &[
            "--edge",
            "arn:aws:iam::111122223333:user/edge-2",
            "--kms-key",
            KEY,
        ],
    );
    contains_all(
        &user,
        &[
            "aws iam put-user-policy --user-name edge-2 ",
            "Add the statement aws-kms-statement.json",
        ],
    );
}

#[test]
fn the_steps_for_other_stores_name_the_variables_of_the_configuration() {
    let text = text(&store(), &[]);
    contains_all(
        &text,
        &[
            "## MinIO",
            "mc alias set store http://127.0.0.1:9000 ",
            "mc mb --ignore-existing store/my-site && mc anonymous set none store/my-site ",
            "\"$SITE_KEY\" \"$SITE_SECRET\" | mc admin user add store ",
            "mc admin policy create store seawall-edge minio-user-policy.json",
            "mc admin policy attach store seawall-edge --user \"$SITE_KEY\"",
            "## versitygw",
            "--access \"$SITE_KEY\" --secret \"$SITE_SECRET\"",
            "create-user --role user ",
            "--bucket my-site --policy file://versitygw-bucket-policy.json",
            "curl -i http://127.0.0.1:9000/my-site/KEY",
            "aws s3 cp --endpoint-url http://127.0.0.1:9000 s3://my-site/KEY -",
        ],
    );
    assert!(!text.contains("## AWS"), "{text}");
}

#[test]
fn no_value_of_a_variable_is_printed() {
    let config = format!(
        "[admin]\ntokens = [{{ name = \"t\", env = \"ADMIN_TOKEN\", scopes = [\"read\"] }}]\n{}",
        store()
    );
    let values = [
        ("SITE_KEY", "seeded-access-key-id"),
        ("SITE_SECRET", "seeded-secret-key-0123456789"),
        ("ADMIN_TOKEN", "seeded-token-0123456789"),
    ];
    for arguments in [&["--for", "all"][..], &["--for", "all", "--json"]] {
        // Not needed, not shown, and of no influence.
        let without = policy_with(&config, arguments, &[]);
        let with = policy_with(&config, arguments, &values);
        assert!(without.status.success() && with.status.success());
        assert!(!without.stdout.is_empty());
        // The texts differ in nothing: there is no path in them.
        assert_eq!(without.stdout, with.stdout);
        let all = [&with.stdout[..], &with.stderr].concat();
        let all = String::from_utf8(all).unwrap();
        assert!(!all.contains("seeded-"), "{all}");
        assert!(!all.contains("stands-for-a-secret"), "{all}");
    }
}

#[test]
fn what_a_shell_would_read_otherwise_is_quoted() {
    let config =
        origin("bucket = \"my-site\"\nregion = \"eu-central-1\"\nprefix = \"it's $(here)/\"");
    contains_all(
        &text(&config, &[]),
        &[
            "aws s3 cp 's3://my-site/it'\\''s $(here)/KEY' -",
            "/my-site/it%27s%20%24%28here%29/KEY ",
        ],
    );
}
