//! Which requests are navigations: a person who goes to a page, and not a page that asks for a part of
//! itself or for data.

use http::{HeaderMap, HeaderName, header};

use crate::semantics::{fields, target};

const SEC_FETCH_MODE: HeaderName = HeaderName::from_static("sec-fetch-mode");

/// The fields that [`is_one`] reads, as a value of Vary.
pub const FIELDS: &str = "Sec-Fetch-Mode, Accept";

/// Whether a request with these fields is a navigation. A browser says so in Sec-Fetch-Mode (W3C Fetch
/// Metadata section 2.2); where that field is missing, whoever asks for `text/html` by name is taken for
/// one. `*/*` is not: scripts and API clients send that.
#[must_use]
pub fn is_one(headers: &HeaderMap) -> bool {
    let mut modes = headers.get_all(SEC_FETCH_MODE).iter();
    match (modes.next(), modes.next()) {
        (Some(mode), None) => mode.as_bytes() == b"navigate",
        // Twice there: no browser has sent it.
        (Some(_), Some(_)) => false,
        (None, _) => fields::members(headers, header::ACCEPT).any(wants_html),
    }
}

/// Whether a path may be that of a page of an application: its last segment, decoded, has no dot. What
/// has one is a file, and a missing file is missing.
#[must_use]
pub fn may_be_a_page(path: &str) -> bool {
    // What cannot be decoded was refused before.
    let Ok(decoded) = target::decode(path) else {
        return false;
    };
    let last = decoded.rsplit(|byte| *byte == b'/').next();
    !last.unwrap_or_default().contains(&b'.')
}

/// Whether a member of Accept is `text/html` with a weight above 0 (RFC 9110 sections 12.4.2, 12.5.1).
fn wants_html(member: &[u8]) -> bool {
    let mut parts = member.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let named = parts
        .next()
        .is_some_and(|range| range.eq_ignore_ascii_case(b"text/html"));
    let refused = |part: &[u8]| {
        let weight = part
            .strip_prefix(b"q=")
            .or_else(|| part.strip_prefix(b"Q="));
        weight.is_some_and(|weight| {
            let zeros = weight.iter().all(|byte| matches!(byte, b'0' | b'.'));
            zeros || !weight.starts_with(b"0") && !weight.starts_with(b"1")
        })
    };
    named && !parts.any(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(lines: &[(&'static str, &'static str)]) -> bool {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, value.parse().unwrap());
        }
        is_one(&headers)
    }

    #[test]
    fn a_browser_says_whether_it_navigates() {
        const HTML: (&str, &str) = ("accept", "text/html");
        assert!(judged(&[("sec-fetch-mode", "navigate")]));
        for mode in [
            "no-cors",
            "cors",
            "same-origin",
            "websocket",
            "Navigate",
            "",
        ] {
            assert!(!judged(&[("sec-fetch-mode", mode), HTML]), "{mode}");
        }
        let twice = [("sec-fetch-mode", "navigate"); 2];
        assert!(!judged(&twice));
    }

    #[test]
    fn without_its_word_html_must_be_wanted_by_name() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,*/*;q=0.8", true),
            ("application/json, text/HTML ; level=1 ; q=0.1", true),
            ("text/html;q=1.0", true),
            ("text/html;q=0", false),
            ("text/html; Q=0.000", false),
            ("text/html;q=x", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("text/htmlx", false),
            ("", false),
        ] {
            assert_eq!(judged(&[("accept", accept)]), expected, "{accept}");
        }
        assert!(!judged(&[]));
    }

    #[test]
    fn what_has_a_dot_in_its_last_segment_is_a_file() {
        for (path, expected) in [
            ("/", true),
            ("/users/7", true),
            ("/v1.2/users", true),
            ("/app.js", false),
            ("/app%2Ejs", false),
            ("/a%2Fb.c", false),
            ("/users/7.", false),
        ] {
            assert_eq!(may_be_a_page(path), expected, "{path}");
        }
    }
}
