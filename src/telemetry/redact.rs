//! What a viewer sends and no log may keep.
//!
//! A signed URL opens what it names to whoever has it, so a log of targets would be a bunch of
//! keys. The values of the parameters that make it one are replaced here; everything else of a target
//! stays as it came, since a log that hides too much explains nothing.

use std::borrow::Cow;

/// What stands for a value.
const REDACTED: &str = "REDACTED";

/// Parameters whose values are secrets, in lower case: of S3's, CloudFront's, Google's and Azure's
/// signed URLs, and the usual names of tokens.
const PARAMETERS: [&str; 18] = [
    "x-amz-signature",
    "x-amz-security-token",
    "x-amz-credential",
    "signature",
    "policy",
    "key-pair-id",
    "awsaccesskeyid",
    "x-goog-signature",
    "x-goog-credential",
    "sig",
    "token",
    "access_token",
    "id_token",
    "refresh_token",
    "api_key",
    "apikey",
    "password",
    "secret",
];

/// A target without the values of such parameters.
pub(crate) fn target(target: &str) -> Cow<'_, str> {
    let Some((path, query)) = target.split_once('?') else {
        return Cow::Borrowed(target);
    };
    if !query.split(['&', ';']).any(is_secret) {
        return Cow::Borrowed(target);
    }
    let mut text = String::with_capacity(target.len());
    text.push_str(path);
    text.push('?');
    for part in query.split_inclusive(['&', ';']) {
        let parameter = part.trim_end_matches(['&', ';']);
        match parameter.split_once('=') {
            Some((name, _)) if is_secret(parameter) => {
                text.extend([name, "=", REDACTED, &part[parameter.len()..]]);
            }
            _ => text.push_str(part),
        }
    }
    Cow::Owned(text)
}

/// A host without user information.
pub(super) fn host(host: &str) -> &str {
    host.rsplit_once('@').map_or(host, |(_, host)| host)
}

/// Fields whose values are secrets, in lower case.
const FIELDS: [&str; 8] = [
    "authorization",
    "proxy-authorization",
    "x-amz-security-token",
    "x-amz-server-side-encryption-customer-key",
    "x-api-key",
    "x-auth-token",
    "x-csrf-token",
    "x-xsrf-token",
];

/// Fields that hold a reference, which may be a signed URL.
const REFERENCES: [&str; 3] = ["content-location", "location", "referer"];

/// The value of a field, without what is secret in it. Of cookies the names stay.
pub(crate) fn field<'v>(name: &str, value: &'v str) -> Cow<'v, str> {
    if FIELDS.contains(&name) {
        return Cow::Borrowed(REDACTED);
    }
    if REFERENCES.contains(&name) {
        return target(value);
    }
    if name == "set-cookie" {
        let (cookie, attributes) = value.split_at(value.find(';').unwrap_or(value.len()));
        return Cow::Owned(format!("{}{attributes}", cookie_name(cookie)));
    }
    if name == "cookie" {
        let cookies: Vec<String> = value.split(';').map(cookie_name).collect();
        return Cow::Owned(cookies.join("; "));
    }
    Cow::Borrowed(value)
}

fn cookie_name(cookie: &str) -> String {
    match cookie.split_once('=') {
        Some((name, _)) => format!("{}={REDACTED}", name.trim()),
        // Without a name it is all value.
        None => REDACTED.to_owned(),
    }
}

fn is_secret(parameter: &str) -> bool {
    let Some((name, _)) = parameter.split_once('=') else {
        return false;
    };
    let name = decoded(name);
    PARAMETERS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret.as_bytes()))
}

/// The name as whoever signed the URL meant it: `X%2DAmz-Signature` is one too.
fn decoded(name: &str) -> Cow<'_, [u8]> {
    let bytes = name.as_bytes();
    if !bytes.contains(&b'%') {
        return Cow::Borrowed(bytes);
    }
    let mut text = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((first, after)) = rest.split_first() {
        let octet = after
            .get(..2)
            .filter(|digits| *first == b'%' && digits.iter().all(u8::is_ascii_hexdigit))
            .and_then(|digits| u8::from_str_radix(str::from_utf8(digits).ok()?, 16).ok());
        text.push(octet.unwrap_or(*first));
        rest = if octet.is_some() { &after[2..] } else { after };
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_makes_a_url_a_signed_one_is_replaced() {
        let rows = [
            ("/a", "/a"),
            ("/a?", "/a?"),
            ("/a?b=c&d", "/a?b=c&d"),
            ("/a?b=c&Signature=xyz", "/a?b=c&Signature=REDACTED"),
            (
                "/a?Policy=p~q_&Key-Pair-Id=k&Expires=9",
                "/a?Policy=REDACTED&Key-Pair-Id=REDACTED&Expires=9",
            ),
            (
                "/a?x-amz-SIGNATURE=1;X-Amz-Security-Token=2",
                "/a?x-amz-SIGNATURE=REDACTED;X-Amz-Security-Token=REDACTED",
            ),
            (
                "/a?X%2dAmz%2DSignature=1",
                "/a?X%2dAmz%2DSignature=REDACTED",
            ),
            ("/a?token=a=b=c&e=f", "/a?token=REDACTED&e=f"),
            // A second question mark belongs to a value.
            ("/a?b=c?token=1&token=2", "/a?b=c?token=1&token=REDACTED"),
            ("/token=1?%&%4&%zz=1&&", "/token=1?%&%4&%zz=1&&"),
            ("/a?designature=1&tokens=2", "/a?designature=1&tokens=2"),
        ];
        for (sent, kept) in rows {
            assert_eq!(target(sent), kept);
        }
        for name in PARAMETERS {
            let sent = format!("/a?{name}=value&b=c");
            assert_eq!(target(&sent), format!("/a?{name}=REDACTED&b=c"));
        }
    }

    #[test]
    fn the_values_of_secret_fields_are_replaced() {
        for (name, sent, kept) in [
            ("accept", "text/html", "text/html"),
            ("authorization", "Bearer abc", "REDACTED"),
            ("cookie", "a=1; b=2=3;c", "a=REDACTED; b=REDACTED; REDACTED"),
            (
                "set-cookie",
                "a=1; Path=/; Secure",
                "a=REDACTED; Path=/; Secure",
            ),
            ("set-cookie", "abc", "REDACTED"),
            ("referer", "http://a/b?token=1", "http://a/b?token=REDACTED"),
            ("location", "/b?sig=1#c", "/b?sig=REDACTED"),
        ] {
            assert_eq!(field(name, sent), kept, "{name}: {sent}");
        }
    }

    #[test]
    fn user_information_is_no_part_of_a_host() {
        for (sent, kept) in [
            ("www.example.com", "www.example.com"),
            ("me:secret@www.example.com:80", "www.example.com:80"),
            ("a@b@c", "c"),
            ("", ""),
        ] {
            assert_eq!(host(sent), kept);
        }
    }
}
