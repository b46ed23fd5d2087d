//! Whatever is asked for, no document refuses more than `s3:GetObject*` of the origin's objects,
//! and none allows more than reading, listing and decrypting: nobody is locked out of the bucket.

use super::{EDGE, KEY, PUBLISHER, at_aws, json, statements};

#[test]
fn a_refusal_is_of_reads_and_of_nothing_else() {
    let choices: [&[&str]; 5] = [
        &["--edge", EDGE],
        &["--publisher", PUBLISHER],
        &["--list"],
        &["--vpc-endpoint", "vpce-1", "--vpc-endpoint", "vpce-2"],
        &["--kms-key", KEY],
    ];
    let mut denials = 0;
    for chosen in 0..1 << choices.len() {
        let mut arguments = vec!["--for", "all"];
        for (bit, choice) in choices.iter().enumerate() {
            if chosen & (1 << bit) != 0 {
                arguments.extend(*choice);
            }
        }
        let all = json(&at_aws(), &arguments);
        for (name, document) in all.as_object().unwrap() {
            for statement in statements(document) {
                let action = statement["Action"].as_str().unwrap();
                let resource = statement["Resource"].as_str().unwrap();
                for inverted in ["NotPrincipal", "NotAction", "NotResource"] {
                    assert!(statement.get(inverted).is_none(), "{name}: {statement}");
                }
                if statement["Effect"] == "Deny" {
                    denials += 1;
                    assert_eq!(name, "aws-bucket-policy");
                    assert_eq!(
                        (action, resource),
                        ("s3:GetObject*", "arn:aws:s3:::my-site/*")
                    );
                    assert!(statement["Condition"].is_object(), "{statement}");
                    continue;
                }
                assert_eq!(statement["Effect"], "Allow");
                let expected = match action {
                    "s3:GetObject" => "arn:aws:s3:::my-site/*",
                    "s3:ListBucket" => "arn:aws:s3:::my-site",
                    "kms:Decrypt" if name == "aws-role-policy" => KEY,
                    "kms:Decrypt" => "*",
                    other => panic!("{name} allows {other}"),
                };
                assert_eq!(resource, expected, "{name}: {statement}");
                assert_ne!(statement["Principal"], "*", "{name}: {statement}");
            }
        }
    }
    // Two in each, and a third in every other one.
    assert_eq!(denials, 32 * 2 + 16);
}
