//! A store takes many a wrong name without a word, so the command does not: nothing is printed,
//! and the message says what was meant to be there.

use super::{EDGE, KEY, at_aws, origin, policy};

#[test]
fn a_mistaken_argument_is_refused_with_its_reason() {
    let session = "arn:aws:sts::111122223333:assumed-role/edge/i-0a1b";
    let group = "arn:aws:iam::111122223333:group/edges";
    let everybody = "arn:aws:iam::111122223333:role/*";
    let alias = "arn:aws:kms:eu-central-1:111122223333:alias/site";
    let elsewhere = KEY.replace("eu-central-1", "eu-west-1");
    for (arguments, code, why) in [
        (["--edge", session], 2, "give the ARN of its role"),
        (["--publisher", group], 2, "only a role/NAME or a user/NAME"),
        (["--edge", everybody], 2, "cannot have '*'"),
        (["--vpc-endpoint", "vpc-1"], 2, "begins with vpce-"),
        (["--kms-key", alias], 2, "no policy takes an alias"),
        (["--for", "gcs"], 2, "versitygw"),
        (["--kms-key", &elsewhere], 1, "of another region"),
        (["--access-key", "edge-1"], 1, "--for versitygw"),
        (["--origin", "elsewhere"], 1, "there is: site"),
    ] {
        let output = policy(&at_aws(), &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {said}");
        // Long messages are wrapped.
        let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(said.contains(why), "{arguments:?}: {said}");
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn an_argument_without_effect_is_a_mistake() {
    let config = origin(
        "bucket = \"my-site\"\nregion = \"us-east-1\"\nendpoint = \"http://127.0.0.1:9000\"",
    );
    for arguments in [
        ["--edge", EDGE],
        ["--publisher", EDGE],
        ["--vpc-endpoint", "vpce-1"],
        ["--kms-key", "arn:aws:kms:us-east-1:111122223333:key/0a1b"],
    ] {
        let output = policy(&config, &arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}");
        assert!(
            said.contains(arguments[0]) && said.contains("--for aws"),
            "{said}"
        );
        assert!(output.stdout.is_empty(), "{arguments:?}");
        let chosen = [&arguments[..], &["--for", "all"]].concat();
        assert!(policy(&config, &chosen).status.success(), "{chosen:?}");
    }
}

#[test]
fn a_rejected_configuration_is_told_as_elsewhere() {
    let output = policy(&origin("bucket = \"my-site\""), &[]);
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("region"), "{said}");
}

#[test]
fn what_would_not_hold_is_warned_of_and_printed_all_the_same() {
    for (keys, arguments, warning) in [
        ("signing = \"never\"", &[][..], "signing = \"never\""),
        ("missing = \"off\"", &[], "a 502 to viewers"),
        ("missing = \"off\"", &["--list"], ""),
        ("prefix = \"a*/\"", &["--for", "minio"], "\"a*/\""),
        ("prefix = \"a*/\"", &[], ""),
        (
            "endpoint = \"http://s3.eu-central-1.amazonaws.com\"",
            &[],
            "without TLS",
        ),
        ("", &[], ""),
    ] {
        let config = origin(&format!(
            "bucket = \"my-site\"\nregion = \"eu-central-1\"\n{keys}"
        ));
        let output = policy(&config, arguments);
        let said = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && !output.stdout.is_empty(),
            "{said}"
        );
        assert!(said.contains(warning), "{keys}: {said}");
        assert_eq!(said.is_empty(), warning.is_empty(), "{keys}: {said}");
    }
}
