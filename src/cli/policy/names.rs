//! Names that go into the documents: checked when the arguments are read, since a store takes many
//! a wrong one without a word.

/// ARN of a role or a user.
pub(super) fn identity(text: &str) -> Result<String, String> {
    if text.contains(":assumed-role/") || text.contains(":federated-user/") {
        return Err(
            "this is a session; give the ARN of its role, which is what a session's \
             aws:PrincipalArn says: arn:aws:iam::ACCOUNT:role/NAME"
                .to_owned(),
        );
    }
    let [partition, "iam", "", account, resource] = parts(text)? else {
        return Err("this is not the ARN of a role or a user".to_owned());
    };
    known(partition, account)?;
    let name = resource
        .strip_prefix("role/")
        .or_else(|| resource.strip_prefix("user/"))
        .ok_or("only a role/NAME or a user/NAME may read: an account or a group is many")?;
    plain(name, "+=,.@_/-", "the name")?;
    Ok(text.to_owned())
}

/// ARN of a KMS key.
pub(super) fn kms_key(text: &str) -> Result<String, String> {
    let [partition, "kms", region, account, resource] = parts(text)? else {
        return Err("this is not the ARN of a KMS key".to_owned());
    };
    known(partition, account)?;
    plain(region, "-", "the region")?;
    let key = resource
        .strip_prefix("key/")
        .ok_or("give the key's own ARN, which ends with key/ID: no policy takes an alias for it")?;
    plain(key, "_-", "the key's id")?;
    Ok(text.to_owned())
}

/// Id of a VPC endpoint.
pub(super) fn vpc_endpoint(text: &str) -> Result<String, String> {
    let id = text
        .strip_prefix("vpce-")
        .ok_or("the id of a VPC endpoint begins with vpce-")?;
    plain(id, "", "the id")?;
    Ok(text.to_owned())
}

/// Access key id, as stores other than AWS name their users.
pub(super) fn access_key(text: &str) -> Result<String, String> {
    plain(text, "._@-", "the access key id")?;
    Ok(text.to_owned())
}

/// What stands between the colons after `arn:`.
fn parts(text: &str) -> Result<[&str; 5], String> {
    let mut parts = text.splitn(6, ':');
    if parts.next() != Some("arn") {
        return Err("an ARN begins with arn:".to_owned());
    }
    let parts: Vec<&str> = parts.collect();
    parts
        .try_into()
        .map_err(|_| "an ARN has six parts with colons between them".to_owned())
}

fn known(partition: &str, account: &str) -> Result<(), String> {
    if !partition.starts_with("aws") {
        return Err(format!("{partition:?} is no partition of AWS"));
    }
    plain(partition, "-", "the partition")?;
    // The placeholder stays one, for whoever fills the documents in by hand.
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    if is_account || account == "ACCOUNT" {
        Ok(())
    } else {
        Err(format!("{account:?} is no account: it has 12 digits"))
    }
}

/// Nothing that means more than itself in a policy or in a shell.
fn plain(text: &str, marks: &str, what: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err(format!("{what} is missing"));
    }
    let stranger = text
        .chars()
        .find(|&character| !character.is_ascii_alphanumeric() && !marks.contains(character));
    match stranger {
        None => Ok(()),
        Some(stranger) => Err(format!("{what} cannot have {stranger:?} in it")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_role_or_one_user_is_an_identity() {
        for good in [
            "arn:aws:iam::111122223333:role/edge",
            "arn:aws-cn:iam::111122223333:user/teams/web/edge@site",
            "arn:aws:iam::ACCOUNT:role/EDGE_ROLE",
        ] {
            assert_eq!(identity(good).as_deref(), Ok(good));
        }
        for (bad, why) in [
            ("edge", "begins with arn:"),
            ("arn:aws:iam::111122223333", "six parts"),
            ("arn:aws:s3:::site", "not the ARN of a role"),
            ("arn:aws:iam::111122223333:root", "is many"),
            ("arn:aws:iam::111122223333:group/edges", "is many"),
            ("arn:aws:iam::111122223333:role/", "is missing"),
            ("arn:aws:iam::111122223333:role/*", "cannot have '*'"),
            ("arn:aws:iam::111122223333:role/e?", "cannot have '?'"),
            ("arn:aws:iam::111122223333:role/a:b", "cannot have ':'"),
            ("arn:aws:iam::*:role/edge", "12 digits"),
            ("arn:aws:iam::1111:role/edge", "12 digits"),
            ("arn:azure:iam::111122223333:role/edge", "no partition"),
            (
                "arn:aws:sts::111122223333:assumed-role/edge/i-1",
                "give the ARN of its role",
            ),
        ] {
            let said = identity(bad).unwrap_err();
            assert!(said.contains(why), "{bad}: {said}");
        }
    }

    #[test]
    fn a_key_is_named_by_itself_and_not_by_an_alias() {
        let good = "arn:aws:kms:eu-central-1:111122223333:key/mrk-0a";
        assert_eq!(kms_key(good).as_deref(), Ok(good));
        let alias = kms_key("arn:aws:kms:eu-central-1:111122223333:alias/site").unwrap_err();
        assert!(alias.contains("alias"), "{alias}");
        assert!(kms_key("arn:aws:kms:eu-central-1:111122223333:key/*").is_err());
        assert!(kms_key("arn:aws:iam::111122223333:role/edge").is_err());
    }

    #[test]
    fn a_wildcard_is_no_access_key_and_no_endpoint() {
        assert_eq!(access_key("edge-1").as_deref(), Ok("edge-1"));
        assert_eq!(vpc_endpoint("vpce-0a1b").as_deref(), Ok("vpce-0a1b"));
        for bad in ["*", "", "a*", "a b", "arn:aws:iam::1:user/a"] {
            assert!(access_key(bad).is_err(), "{bad:?}");
        }
        for bad in ["vpce-", "vpce-*", "vpc-0a1b", "0a1b"] {
            assert!(vpc_endpoint(bad).is_err(), "{bad:?}");
        }
    }
}
