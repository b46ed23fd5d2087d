//! Functions that judge a single text and say in a clause what is wrong with it: "has a path".
//!
//! Each takes what its key in `keys` says is allowed, and nothing that a later part would have to refuse: an endpoint
//! has no path, a key stays in its bucket, a scope opens something.

use std::borrow::Cow;
use std::net::{Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use http::Uri;
use http::uri::{Authority, Scheme};

use super::settings::{AccessLog, Endpoint, HostField, Scope};
use crate::policy::behavior::Methods;
use crate::policy::clients::Network;
use crate::policy::distribution::Domain;
use crate::policy::path_pattern::PathPattern;

/// The meaning, or the clause.
pub(super) type Judged<T> = Result<T, Cow<'static, str>>;

/// S3 takes keys of up to 1024 bytes ("Creating object key names").
const LONGEST_KEY: usize = 1_024;

pub(super) fn within(text: &str, min: usize, max: usize, marks: &str) -> bool {
    (min..=max).contains(&text.len())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || marks.contains(c))
}

fn plain(text: &str, min: usize, max: usize, marks: &str) -> Judged<String> {
    if within(text, min, max, marks) {
        Ok(text.to_owned())
    } else if text.len() < min {
        Err("is too short".into())
    } else if text.len() > max {
        Err("is too long".into())
    } else {
        Err("has a character that is not allowed".into())
    }
}

pub(super) fn dotted(text: &str) -> Judged<String> {
    plain(text, 1, 64, "._-")
}

pub(super) fn identifier(text: &str) -> Judged<String> {
    plain(text, 1, 64, "_-")
}

pub(super) fn network(text: &str) -> Judged<Network> {
    text.parse().map_err(Cow::Borrowed)
}

/// A section with another name is not read from the files ("Configuration and credential file settings").
pub(super) fn profile(text: &str) -> Judged<String> {
    plain(text, 1, 128, "_-/.%@:+")
}

pub(super) fn any(text: &str) -> Judged<String> {
    Ok(text.to_owned())
}

/// A name of a list in which `*` at the end stands for any bytes.
pub(super) fn any_name(text: &str) -> Judged<String> {
    match text.strip_suffix('*').unwrap_or(text) {
        "" if text.is_empty() => Err("is empty".into()),
        "" => Err("stands for every name: there is a word for that".into()),
        name if name.contains('*') => Err("has a `*` before its end".into()),
        name if name.chars().any(char::is_control) => Err("has a control character".into()),
        _ => Ok(text.to_owned()),
    }
}

pub(super) fn bucket(text: &str) -> Judged<String> {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    let bucket = plain(text, 3, 255, "._-")?;
    if edge(text.chars().next()) && edge(text.chars().next_back()) {
        Ok(bucket)
    } else {
        Err("does not begin and end with a letter or digit".into())
    }
}

pub(super) fn address(text: &str) -> Judged<SocketAddr> {
    text.parse()
        .map_err(|_| "is no IP address with a port".into())
}

pub(super) fn path(text: &str) -> Judged<PathBuf> {
    if text.is_empty() {
        Err("is empty".into())
    } else if text.contains('\0') {
        Err("has a NUL in it".into())
    } else {
        Ok(PathBuf::from(text))
    }
}

pub(super) fn optional_path(text: &str) -> Judged<Option<PathBuf>> {
    if text.is_empty() {
        Ok(None)
    } else {
        path(text).map(Some)
    }
}

pub(super) fn access(text: &str) -> Judged<AccessLog> {
    match text {
        "stdout" => Ok(AccessLog::Stdout),
        "off" => Ok(AccessLog::Off),
        // Without this a misspelt word would quietly become a file.
        _ if !text.contains('/') => Err("is neither of the words nor a path".into()),
        _ if text.ends_with('/') => Err("is a directory".into()),
        _ => path(text).map(AccessLog::File),
    }
}

pub(super) fn host(text: &str) -> Judged<String> {
    if let Some(inner) = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
    {
        return match inner.parse::<Ipv6Addr>() {
            Ok(address) => Ok(format!("[{address}]")),
            Err(_) => Err("is no IPv6 address".into()),
        };
    }
    match Domain::parse(text) {
        Ok(Domain::Exact(host)) => Ok(host),
        Ok(Domain::Wildcard(_)) => Err("has a wildcard".into()),
        Err(error) => Err(error.to_string().into()),
    }
}

pub(super) fn path_pattern(text: &str) -> Judged<PathPattern> {
    PathPattern::parse(text).map_err(|error| error.to_string().into())
}

pub(super) fn domain(text: &str) -> Judged<Domain> {
    Domain::parse(text).map_err(|error| error.to_string().into())
}

pub(super) fn scope(text: &str) -> Judged<Scope> {
    if text == "read" {
        return Ok(Scope::Read);
    }
    let Some(purge) = text.strip_prefix("purge:") else {
        return Err("is no scope".into());
    };
    let (distribution, prefix) = match purge.split_once(":/") {
        // The colon may be one of a path.
        Some((id, _)) if !id.contains('/') => {
            let prefix = &purge[id.len() + 1..];
            let id = identifier(id).map_err(|_| "has no distribution id before `:/`")?;
            (Some(id), prefix)
        }
        _ => (None, purge),
    };
    if !prefix.starts_with('/') {
        return Err("has no `/` after `purge:`".into());
    }
    // A purge path of this form cannot exist, so the scope would open nothing.
    if !prefix.bytes().all(|byte| byte.is_ascii_graphic()) || prefix.contains(['*', '?', '#', '\\'])
    {
        return Err("has a character that no path prefix has".into());
    }
    if has_dot_segment(prefix) {
        return Err("has a `.` or `..` segment".into());
    }
    Ok(Scope::Purge {
        distribution,
        prefix: prefix.to_owned(),
    })
}
pub(super) fn method(text: &str) -> Judged<&'static str> {
    Methods::NAMES
        .iter()
        .find(|name| **name == text)
        .copied()
        .ok_or_else(|| "is not a method that a list may hold".into())
}

/// As [`endpoint`], for an origin that has no other address.
pub(super) fn url(text: &str) -> Judged<Endpoint> {
    endpoint(text)?.ok_or_else(|| "is empty".into())
}

pub(super) fn host_field(text: &str) -> Judged<HostField> {
    match text {
        "origin" => Ok(HostField::Origin),
        "viewer" => Ok(HostField::Viewer),
        literal => {
            let name = match literal.rsplit_once(':') {
                Some((name, port)) if !port.ends_with(']') => {
                    if port.parse::<u16>().is_ok_and(|number| number > 0) {
                        name
                    } else {
                        return Err("has a port that is not from 1 to 65535".into());
                    }
                }
                _ => literal,
            };
            host(name)?;
            let authority = literal.parse::<Authority>();
            authority
                .map(HostField::Literal)
                .map_err(|_| "is no host".into())
        }
    }
}

pub(super) fn endpoint(text: &str) -> Judged<Option<Endpoint>> {
    if text.is_empty() {
        return Ok(None);
    }
    // `Uri` drops a fragment without a word.
    if text.contains('#') {
        return Err("has a fragment".into());
    }
    let uri: Uri = text.parse().map_err(|_| "is no URL")?;
    let parts = uri.into_parts();
    let scheme = match parts.scheme {
        Some(scheme) if scheme == Scheme::HTTP || scheme == Scheme::HTTPS => scheme,
        _ => return Err("does not begin with http:// or https://".into()),
    };
    let Some(authority) = parts.authority else {
        return Err("has no host".into());
    };
    if authority.as_str().contains('@') {
        return Err("has user information".into());
    }
    if authority.host().is_empty() {
        return Err("has no host".into());
    }
    if authority.as_str() != authority.host() && authority.port_u16().is_none_or(|port| port == 0) {
        return Err("has a port that is not from 1 to 65535".into());
    }
    if let Some(path) = parts.path_and_query {
        if path.query().is_some() {
            return Err("has a query".into());
        }
        if path.path() != "/" {
            return Err("has a path".into());
        }
    }
    Ok(Some(Endpoint { scheme, authority }))
}

fn object_key(text: &str) -> Judged<()> {
    if text.starts_with('/') {
        Err("begins with a `/`".into())
    } else if has_dot_segment(text) {
        Err("has a `.` or `..` segment".into())
    } else if text.chars().any(char::is_control) || text.contains('\\') {
        Err("has a control character or a backslash".into())
    } else if text.len() > LONGEST_KEY {
        Err("is too long".into())
    } else {
        Ok(())
    }
}

pub(super) fn prefix(text: &str) -> Judged<String> {
    object_key(text)?;
    // Else `site` would open `site-internal/` too.
    if !text.is_empty() && !text.ends_with('/') {
        return Err("does not end with a `/`".into());
    }
    Ok(text.to_owned())
}

pub(super) fn root_object(text: &str) -> Judged<Option<String>> {
    object_key(text)?;
    Ok((!text.is_empty()).then(|| text.to_owned()))
}

fn has_dot_segment(path: &str) -> bool {
    path.split('/').any(|segment| matches!(segment, "." | ".."))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdicts<T>(read: fn(&str) -> Judged<T>, cases: &[(&str, Option<&str>)]) {
        for (text, flaw) in cases {
            assert_eq!(read(text).err().as_deref(), *flaw, "{text:?}");
        }
    }

    #[test]
    fn endpoints_are_scheme_and_authority() {
        verdicts(
            endpoint,
            &[
                ("", None),
                ("https://s3.example.com", None),
                ("https://s3.example.com/", None),
                ("http://127.0.0.1:9000", None),
                ("HTTP://[::1]:9000", None),
                ("https://s3.example.com/base", Some("has a path")),
                ("https://s3.example.com//", Some("has a path")),
                ("https://s3.example.com?x", Some("has a query")),
                ("https://s3.example.com#x", Some("has a fragment")),
                ("https://me@s3.example.com", Some("has user information")),
                (
                    "https://s3.example.com:0",
                    Some("has a port that is not from 1 to 65535"),
                ),
                (
                    "https://s3.example.com:",
                    Some("has a port that is not from 1 to 65535"),
                ),
                (
                    "https://s3.example.com:70000",
                    Some("has a port that is not from 1 to 65535"),
                ),
                (
                    "ftp://s3.example.com",
                    Some("does not begin with http:// or https://"),
                ),
                (
                    "s3.example.com",
                    Some("does not begin with http:// or https://"),
                ),
                (
                    "127.0.0.1:9000",
                    Some("does not begin with http:// or https://"),
                ),
                ("/path", Some("does not begin with http:// or https://")),
                ("https://", Some("is no URL")),
                ("https://a b", Some("is no URL")),
            ],
        );
        let parsed = endpoint("http://127.0.0.1:9000/").unwrap().unwrap();
        assert_eq!(parsed.to_string(), "http://127.0.0.1:9000");
    }

    #[test]
    fn scopes_open_what_can_exist() {
        verdicts(
            scope,
            &[
                ("read", None),
                ("purge:/", None),
                ("purge:/img/", None),
                ("purge:E1:/", None),
                ("purge:E1:/img/", None),
                ("purge:/a:/b", None),
                ("purge:E1:", Some("has no `/` after `purge:`")),
                ("purge:E1:img/", Some("has no `/` after `purge:`")),
                ("purge::/", Some("has no distribution id before `:/`")),
                ("purge:E 1:/", Some("has no distribution id before `:/`")),
                (
                    "purge:E1:/a*",
                    Some("has a character that no path prefix has"),
                ),
                ("purge:", Some("has no `/` after `purge:`")),
                ("purge:img", Some("has no `/` after `purge:`")),
                ("purge:/a*", Some("has a character that no path prefix has")),
                (
                    "purge:/a b",
                    Some("has a character that no path prefix has"),
                ),
                ("purge:/é", Some("has a character that no path prefix has")),
                ("purge:/../b", Some("has a `.` or `..` segment")),
                ("write", Some("is no scope")),
                ("", Some("is no scope")),
                ("READ", Some("is no scope")),
            ],
        );
        for (text, distribution, prefix) in [
            ("purge:/img/", None, "/img/"),
            ("purge:E1:/img/", Some("E1"), "/img/"),
            ("purge:/a:/b", None, "/a:/b"),
        ] {
            let distribution = distribution.map(str::to_owned);
            let prefix = prefix.to_owned();
            let expected = Scope::Purge {
                distribution,
                prefix,
            };
            assert_eq!(scope(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn keys_stay_inside_their_bucket() {
        let longest = "k".repeat(1_024);
        verdicts(
            root_object,
            &[
                ("", None),
                ("index.html", None),
                ("site/..index.html", None),
                (&longest, None),
                (&format!("{longest}k"), Some("is too long")),
                ("/index.html", Some("begins with a `/`")),
                ("../index.html", Some("has a `.` or `..` segment")),
                ("a/./b", Some("has a `.` or `..` segment")),
                ("a\nb", Some("has a control character or a backslash")),
                ("a\\b", Some("has a control character or a backslash")),
            ],
        );
        verdicts(
            prefix,
            &[
                ("", None),
                ("site/", None),
                ("site/v1/", None),
                ("site", Some("does not end with a `/`")),
                ("/site/", Some("begins with a `/`")),
                ("a/../", Some("has a `.` or `..` segment")),
            ],
        );
        verdicts(
            bucket,
            &[
                ("abc", None),
                ("my.site-1_x", None),
                (&"b".repeat(255), None),
                (&"b".repeat(256), Some("is too long")),
                ("ab", Some("is too short")),
                ("...", Some("does not begin and end with a letter or digit")),
                ("a/b", Some("has a character that is not allowed")),
                (
                    "abc-",
                    Some("does not begin and end with a letter or digit"),
                ),
            ],
        );
    }

    #[test]
    fn a_misspelt_word_is_no_log_file() {
        verdicts(
            access,
            &[
                ("stdout", None),
                ("off", None),
                ("./stdout", None),
                ("stdotu", Some("is neither of the words nor a path")),
                ("", Some("is neither of the words nor a path")),
                ("/var/log/", Some("is a directory")),
                ("/a\0b", Some("has a NUL in it")),
            ],
        );
    }

    #[test]
    fn hosts_that_an_origin_gets() {
        verdicts(
            host_field,
            &[
                ("origin", None),
                ("viewer", None),
                ("www.example.com", None),
                ("www.example.com:8443", None),
                ("[::1]", None),
                ("[::1]:80", None),
                ("", Some("has an empty label")),
                ("a b", Some("has the character ' '")),
                ("*.example.com", Some("has a wildcard")),
                ("http://a", Some("has a port that is not from 1 to 65535")),
                ("a.test:0", Some("has a port that is not from 1 to 65535")),
                (
                    "a.test:65536",
                    Some("has a port that is not from 1 to 65535"),
                ),
            ],
        );
        assert_eq!(url("").err().as_deref(), Some("is empty"));
    }

    #[test]
    fn hosts_of_the_admin_listener() {
        verdicts(
            host,
            &[
                ("edge.internal", None),
                ("10.0.0.1", None),
                ("[::1]", None),
                ("[::x]", Some("is no IPv6 address")),
                ("*.internal", Some("has a wildcard")),
                ("edge:9080", Some("has the character ':'")),
            ],
        );
        assert_eq!(host("EDGE.Internal").as_deref(), Ok("edge.internal"));
        assert_eq!(host("[0:0::1]").as_deref(), Ok("[::1]"));
    }

    #[test]
    fn identifiers() {
        verdicts(
            identifier,
            &[
                ("E1-x_9", None),
                (&"a".repeat(64), None),
                (&"a".repeat(65), Some("is too long")),
                ("", Some("is too short")),
                ("a.b", Some("has a character that is not allowed")),
            ],
        );
        verdicts(
            dotted,
            &[
                ("a.b", None),
                ("a b", Some("has a character that is not allowed")),
            ],
        );
    }
}
