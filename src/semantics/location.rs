//! Where a redirect may lead: an absolute path of the same host, or an http(s) URL.

use http::Uri;

/// Whether a text may be the value of Location as it is.
///
/// A path that begins with two slashes is no path but another host (RFC 3986 section 4.2), and browsers
/// take a backslash for a slash (WHATWG URL, "special authority slashes state"): neither is a path here.
/// Bytes that no URI has are in none; so no line can end within a value.
#[must_use]
pub fn may_lead_to(text: &str) -> bool {
    if !text.bytes().all(|byte| byte.is_ascii_graphic()) || text.contains('\\') {
        return false;
    }
    match text.strip_prefix('/') {
        Some(rest) => !rest.starts_with('/'),
        None => host_of(text).is_some(),
    }
}

/// The authority of an http(s) URL; `None` if it is none, or has a user name.
#[must_use]
pub fn host_of(text: &str) -> Option<String> {
    let uri: Uri = text.split('#').next()?.parse().ok()?;
    let scheme = uri.scheme_str()?;
    let web = scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https");
    let authority = uri.authority()?.as_str();
    let sound = web && !uri.host()?.is_empty() && !authority.contains('@');
    sound.then(|| authority.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_web_addresses_are_led_to_and_nothing_else_is() {
        for (text, expected) in [
            ("/", true),
            ("/a/b?c=d#e", true),
            ("/a//b", true),
            ("http://a.test", true),
            ("https://a.test:8443/b?c#d", true),
            ("HTTPS://a.test/", true),
            ("", false),
            ("a/b", false),
            ("//evil.test", false),
            ("/\\evil.test", false),
            ("/a\\b", false),
            ("https:/a.test", false),
            ("https:///a", false),
            ("https://user@a.test/", false),
            ("ftp://a.test/", false),
            ("javascript:alert(1)", false),
            ("data:text/html,x", false),
            ("/a b", false),
            ("/a\r\nset-cookie: x=y", false),
            ("/\u{e9}", false),
        ] {
            assert_eq!(may_lead_to(text), expected, "{text:?}");
        }
    }
}
