//! Which object a path names: what is refused on any route, and the one spelling of a bucket key.
//!
//! An S3 store works on the decoded path, so on a bucket route every spelling of one key must become
//! one string, which is then key, signature and request target alike. That string is made by decoding
//! once and encoding again by the SigV4 alphabet. On an HTTP route the viewer's bytes go on unchanged
//! and [`check`] is all that happens.
//!
//! Dot segments are refused, never resolved. For that an encoded slash counts as a slash on every
//! route, since whoever decodes later would see it so. Only one layer of encoding is taken off:
//! `%252e` is the literal text `%2e`. A path here never holds its query.

use std::borrow::Cow;

/// Why a path is refused. The answer is 400.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TargetError {
    /// It does not begin with `/`.
    #[error("the path does not begin with '/'")]
    NoSlash,
    /// A segment is `.` or `..`, plain or encoded.
    #[error("the path has a segment '.' or '..', plain or percent-encoded; segments must be names")]
    DotSegment,
    /// A backslash, plain or encoded.
    #[error("the path has a backslash, plain or percent-encoded; segments are separated by '/'")]
    Backslash,
    /// A byte 00 to 1F or 7F, plain or encoded.
    #[error("the path has a control byte (00 to 1f or 7f), plain or percent-encoded")]
    ControlByte,
    /// A plain byte of 80 or above.
    #[error("the path has a byte above ASCII; such bytes must be percent-encoded")]
    NonAscii,
    /// A plain `?`, `#` or space, which end a path.
    #[error("the path has a plain '?', '#' or space; these must be percent-encoded")]
    Delimiter,
    /// A `%` without two hexadecimal digits behind it.
    #[error("the path has a '%' that two hexadecimal digits do not follow")]
    BadEscape,
    /// The decoded path is not UTF-8, as every S3 key is.
    #[error("the decoded path is not UTF-8, so it cannot name an object")]
    NotUtf8,
}

/// Checks a path for what is refused on any route.
pub fn check(path: &str) -> Result<(), TargetError> {
    if !path.starts_with('/') {
        return Err(TargetError::NoSlash);
    }
    // How many dots the current segment consists of; `None` once it holds anything else.
    let mut dots = None;
    for octet in octets(path) {
        let octet = octet?;
        match octet.value {
            0x00..=0x1f | 0x7f => return Err(TargetError::ControlByte),
            b'\\' => return Err(TargetError::Backslash),
            b'?' | b'#' | b' ' if octet.spelling == Spelling::Plain => {
                return Err(TargetError::Delimiter);
            }
            0x80.. if octet.spelling == Spelling::Plain => return Err(TargetError::NonAscii),
            b'/' if is_dot_segment(dots) => return Err(TargetError::DotSegment),
            b'/' => dots = Some(0),
            b'.' => dots = dots.map(|count: usize| count + 1),
            _ => dots = None,
        }
    }
    if is_dot_segment(dots) {
        return Err(TargetError::DotSegment);
    }
    Ok(())
}

/// Checks a query, without its `?`, for what no route forwards. Its escapes are left alone: what
/// they mean is the origin's business, and `%0A` is what a form sends for a line end.
pub fn check_query(query: &str) -> Result<(), TargetError> {
    match query
        .bytes()
        .find(|byte| !byte.is_ascii_graphic() || *byte == b'#')
    {
        None => Ok(()),
        Some(0x80..) => Err(TargetError::NonAscii),
        Some(b' ' | b'#') => Err(TargetError::Delimiter),
        Some(_) => Err(TargetError::ControlByte),
    }
}

/// The one spelling of the bucket key that `path` names: [`check`]ed, decoded once, and encoded again
/// so that `A-Z a-z 0-9 - . _ ~ /` stay and every other byte is `%XX` in upper case.
///
/// Two paths have the same canonical form exactly if they decode to the same bytes. Borrowed, and made
/// without allocation, where the path is canonical already.
pub fn canonical(path: &str) -> Result<Cow<'_, str>, TargetError> {
    if is_plainly_canonical(path.as_bytes()) {
        return Ok(Cow::Borrowed(path));
    }
    check(path)?;
    // The check has shown that every escape is sound, so no octet is lost here or below.
    let decoded = || octets(path).filter_map(Result::ok);
    if !is_utf8(decoded().map(|octet| octet.value)) {
        return Err(TargetError::NotUtf8);
    }
    if decoded().all(|octet| octet.spelling == canonical_spelling(octet.value)) {
        return Ok(Cow::Borrowed(path));
    }
    let mut spelled = String::with_capacity(path.len() + 16);
    for octet in decoded() {
        match canonical_spelling(octet.value) {
            Spelling::Plain => spelled.push(char::from(octet.value)),
            _ => {
                spelled.push('%');
                spelled.push(hex_digit(octet.value >> 4));
                spelled.push(hex_digit(octet.value & 0xf));
            }
        }
    }
    Ok(Cow::Owned(spelled))
}

/// The percent-decoded bytes of a path or of the beginning of one, for matching.
///
/// Refuses only broken escapes: a pattern may end inside a segment (`/.`) or inside a character, so
/// whoever wants a whole path calls [`check`] as well.
pub fn decode(path: &str) -> Result<Vec<u8>, TargetError> {
    octets(path)
        .map(|octet| octet.map(|octet| octet.value))
        .collect()
}

/// The canonical spelling of bytes that are no path yet, such as a prefix or a root object as the
/// operator wrote it: nothing is decoded, every `%` is a byte like any other.
#[must_use]
pub fn encode(bytes: &[u8]) -> String {
    let mut spelled = String::with_capacity(bytes.len());
    for byte in bytes {
        match canonical_spelling(*byte) {
            Spelling::Plain => spelled.push(char::from(*byte)),
            _ => {
                spelled.push('%');
                spelled.push(hex_digit(byte >> 4));
                spelled.push(hex_digit(byte & 0xf));
            }
        }
    }
    spelled
}

/// The bytes that a path or a pattern of paths stands for, each with whether its being percent-encoded
/// counts. It does not for unreserved bytes, which mean the same either way, and the case of the two
/// digits never does (RFC 3986 sections 2.3 and 6.2.2). A `%` that is no escape stands for itself.
pub fn spelled(path: &str) -> impl Iterator<Item = (u8, bool)> {
    octets(path).map(|octet| match octet {
        Ok(Octet { value, spelling }) => {
            let unreserved = stays_plain(value) && value != b'/';
            (value, spelling != Spelling::Plain && !unreserved)
        }
        Err(_) => (b'%', false),
    })
}

/// How a byte of a path is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Spelling {
    /// As itself.
    Plain,
    /// `%XX` with digits and capitals.
    Upper,
    /// `%xx` with some lower-case digit.
    Lower,
}

struct Octet {
    value: u8,
    spelling: Spelling,
}

/// The bytes that a path stands for. After a broken escape its remaining characters follow.
fn octets(path: &str) -> impl Iterator<Item = Result<Octet, TargetError>> {
    let mut rest = path.as_bytes();
    std::iter::from_fn(move || {
        let (&first, after) = rest.split_first()?;
        rest = after;
        if first != b'%' {
            return Some(Ok(Octet {
                value: first,
                spelling: Spelling::Plain,
            }));
        }
        let escape = after.split_at_checked(2).and_then(|(digits, after)| {
            let value = (hex_value(digits[0])? << 4) | hex_value(digits[1])?;
            rest = after;
            let spelling = match digits.iter().any(u8::is_ascii_lowercase) {
                true => Spelling::Lower,
                false => Spelling::Upper,
            };
            Some(Octet { value, spelling })
        });
        Some(escape.ok_or(TargetError::BadEscape))
    })
}

fn is_dot_segment(dots: Option<usize>) -> bool {
    matches!(dots, Some(1 | 2))
}

/// Unreserved bytes (RFC 3986 2.3) and the slash.
const fn stays_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/')
}

const fn canonical_spelling(byte: u8) -> Spelling {
    if stays_plain(byte) {
        Spelling::Plain
    } else {
        Spelling::Upper
    }
}

/// The quick answer for nearly every path: nothing but plain bytes, and no segment begins with a dot.
fn is_plainly_canonical(path: &[u8]) -> bool {
    path.first() == Some(&b'/')
        && path.iter().all(|&b| stays_plain(b))
        && !path.windows(2).any(|pair| pair == b"/.")
}

/// Whether these bytes are UTF-8, without collecting them.
fn is_utf8(mut bytes: impl Iterator<Item = u8>) -> bool {
    while let Some(lead) = bytes.next() {
        let length = match lead {
            0x00..=0x7f => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => return false,
        };
        let mut character = [lead, 0, 0, 0];
        for place in &mut character[1..length] {
            let Some(byte) = bytes.next() else {
                return false;
            };
            *place = byte;
        }
        if std::str::from_utf8(&character[..length]).is_err() {
            return false;
        }
    }
    true
}

const fn hex_value(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// The digit of a number below 16.
fn hex_digit(nibble: u8) -> char {
    char::from_digit(u32::from(nibble), 16)
        .unwrap_or('0')
        .to_ascii_uppercase()
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::TargetError::*;
    use super::*;

    #[test]
    fn what_any_route_refuses() {
        for (path, why) in [
            ("", NoSlash),
            ("a", NoSlash),
            ("*", NoSlash),
            ("%2Fa", NoSlash),
            ("/.", DotSegment),
            ("/..", DotSegment),
            ("/./a", DotSegment),
            ("/../a", DotSegment),
            ("/a/./b", DotSegment),
            ("/a/../b", DotSegment),
            ("/a/..", DotSegment),
            ("/a/.", DotSegment),
            ("//..//", DotSegment),
            ("/%2e", DotSegment),
            ("/%2E%2e/a", DotSegment),
            ("/.%2e/a", DotSegment),
            ("/%2E./a", DotSegment),
            ("/a%2F..%2Fb", DotSegment),
            ("/a/..%2fb", DotSegment),
            ("/a%2f../b", DotSegment),
            ("/a%2f%2e%2e", DotSegment),
            ("/a%2F.", DotSegment),
            ("/\\", Backslash),
            ("/a\\b", Backslash),
            ("/..\\a", Backslash),
            ("/%5c", Backslash),
            ("/a%5C..%5Cb", Backslash),
            ("/\0", ControlByte),
            ("/a\tb", ControlByte),
            ("/a\r\n", ControlByte),
            ("/\u{7f}", ControlByte),
            ("/%00", ControlByte),
            ("/a%0ab", ControlByte),
            ("/a%0D", ControlByte),
            ("/%1f", ControlByte),
            ("/%7f", ControlByte),
            ("/%7F", ControlByte),
            ("/é", NonAscii),
            ("/a?b", Delimiter),
            ("/a#b", Delimiter),
            ("/a b", Delimiter),
            ("/%", BadEscape),
            ("/a%2", BadEscape),
            ("/%zz", BadEscape),
            ("/%2", BadEscape),
            ("/%2g", BadEscape),
            ("/%g2", BadEscape),
            ("/%%41", BadEscape),
            ("/%+1", BadEscape),
            ("/%u0041", BadEscape),
        ] {
            assert_eq!(check(path), Err(why), "{path:?}");
            assert_eq!(canonical(path), Err(why), "{path:?}");
        }
    }

    #[test]
    fn what_a_query_may_hold() {
        for (query, expected) in [
            ("", Ok(())),
            ("a=b&c;d=/../%2e%00%0A%zz?\\\"{|}", Ok(())),
            ("a b", Err(Delimiter)),
            ("a#b", Err(Delimiter)),
            ("a\tb", Err(ControlByte)),
            ("a\u{7f}", Err(ControlByte)),
            ("\u{e9}", Err(NonAscii)),
        ] {
            assert_eq!(check_query(query), expected, "{query:?}");
        }
    }

    #[test]
    fn what_only_looks_refused() {
        for path in [
            "/",
            "//",
            "///",
            "/a/",
            "/a//b",
            "/.a",
            "/..a",
            "/a.",
            "/a..",
            "/...",
            "/..../b",
            "/..;/a",
            "/..;x",
            "/.;",
            "/%252e%252e/a",
            "/%252F",
            "/.%20",
            "/a%20b",
            "/a%3Fb",
            "/a%23b",
            "/a%2Fb",
            "/%2F",
            "/%ff",
            "/%C3%A9",
            "/a;v=1",
            "/a%25",
            "/.well-known/x",
            "/~a",
            "/*",
            "/a'()!b",
            "/:@&=+$,",
            "/\"<>^`{|}",
        ] {
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn one_spelling_per_key() {
        for (path, expected) in [
            ("/", "/"),
            ("//", "//"),
            ("/a//b/", "/a//b/"),
            ("/index.html", "/index.html"),
            ("/.well-known/a", "/.well-known/a"),
            ("/A-Za-z0-9-._~", "/A-Za-z0-9-._~"),
            ("/a%2Fb", "/a/b"),
            ("/a%2fb", "/a/b"),
            ("/%61%41%30%2D%2e%5f%7E", "/aA0-._~"),
            ("/a+b", "/a%2Bb"),
            ("/a%2bb", "/a%2Bb"),
            ("/a%20b", "/a%20b"),
            ("/a;v=1", "/a%3Bv%3D1"),
            ("/..;/a", "/..%3B/a"),
            ("/*'()!$&,:@", "/%2A%27%28%29%21%24%26%2C%3A%40"),
            ("/%252e%252e/a", "/%252e%252e/a"),
            ("/%252E", "/%252E"),
            ("/%c3%a9", "/%C3%A9"),
            ("/%C3%A9", "/%C3%A9"),
            ("/%f0%9f%8c%8a", "/%F0%9F%8C%8A"),
            ("/a%3fb", "/a%3Fb"),
            ("/a%23", "/a%23"),
        ] {
            let spelled = canonical(path).unwrap();
            assert_eq!(spelled, expected, "{path}");
            let borrowed = matches!(spelled, Cow::Borrowed(_));
            assert_eq!(borrowed, path == expected, "{path}");
        }
    }

    #[test]
    fn a_key_is_utf8() {
        for path in [
            "/%ff",
            "/%80",
            "/%C3",
            "/%C3a",
            "/%C3/",
            "/%C0%AF",
            "/%C1%81",
            "/%E2%82",
            "/%ED%A0%80",
            "/%F5%80%80%80",
            "/%F4%90%80%80",
            "/%E0%80%AF",
            "/%c3%c3%a9",
            "/a%fe",
        ] {
            assert_eq!(canonical(path), Err(NotUtf8), "{path}");
            assert_eq!(check(path), Ok(()), "{path}");
        }
    }

    #[test]
    fn decoding_takes_one_layer_off_and_asks_nothing_else() {
        for (path, expected) in [
            ("/a%2Fb", Ok(&b"/a/b"[..])),
            ("/%252e", Ok(b"/%2e")),
            ("/%ff%C3", Ok(b"/\xff\xc3")),
            ("/a+b", Ok(b"/a+b")),
            ("/.", Ok(b"/.")),
            ("", Ok(b"")),
            ("/%2", Err(BadEscape)),
            ("/%zz/a", Err(BadEscape)),
        ] {
            assert_eq!(decode(path), expected.map(<[u8]>::to_vec), "{path}");
        }
    }

    /// Every byte by itself, spelled each way it can be, so that no byte is forgotten.
    #[test]
    fn every_byte_in_every_spelling() {
        for byte in 0..=0x7fu8 {
            let refused = byte < 0x20 || byte == 0x7f || byte == b'\\';
            let stays = byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
            let expected = match stays {
                true => format!("/a{}", char::from(byte)),
                false => format!("/a%{byte:02X}"),
            };
            for path in [format!("/a%{byte:02x}"), format!("/a%{byte:02X}")] {
                match refused {
                    true => assert!(canonical(&path).is_err(), "{path}"),
                    false => assert_eq!(canonical(&path).unwrap(), expected),
                }
            }
        }
    }

    /// Paths over an alphabet that makes collisions and dot segments likely.
    fn paths() -> impl Strategy<Value = String> {
        let pieces = vec![
            "/", "%2F", "%2f", ".", "%2e", "%2E", "a", "%61", "b", "+", "%2B", "%2b", "%20", "~",
            "%7e", "%25", "%252e", "%C3%A9", "%c3%a9", "%C3", "%ff", "%", "\\", "%5c", ";",
        ];
        prop::collection::vec(prop::sample::select(pieces), 0..8)
            .prop_map(|pieces| format!("/{}", pieces.concat()))
    }

    proptest! {
        #[test]
        fn canonical_is_idempotent_and_keeps_the_key(path in paths()) {
            if let Ok(spelled) = canonical(&path) {
                prop_assert_eq!(decode(&spelled), decode(&path));
                let again = canonical(&spelled).unwrap();
                prop_assert!(matches!(again, Cow::Borrowed(_)));
                prop_assert_eq!(&again, &spelled);
                prop_assert!(spelled.bytes().all(|b| stays_plain(b) || b == b'%'));
            }
        }

        #[test]
        fn two_paths_share_a_spelling_exactly_if_they_share_a_key(
            paths in prop::collection::vec(paths(), 2..40),
        ) {
            let mut by_key = HashMap::new();
            let mut by_spelling = HashMap::new();
            for path in &paths {
                if let Ok(spelled) = canonical(path) {
                    let key = decode(path).unwrap();
                    let spelled = spelled.into_owned();
                    prop_assert_eq!(by_key.entry(key.clone()).or_insert_with(|| spelled.clone()), &spelled);
                    prop_assert_eq!(by_spelling.entry(spelled).or_insert_with(|| key.clone()), &key);
                }
            }
        }

        #[test]
        fn what_passes_has_no_dot_segment_once_decoded(path in paths()) {
            let decoded = decode(&path);
            let dotted = decoded.as_ref().is_ok_and(|bytes| {
                bytes.split(|&b| b == b'/').any(|segment| segment == b"." || segment == b"..")
            });
            if dotted {
                prop_assert!(check(&path).is_err());
            }
            if check(&path) == Err(DotSegment) {
                // The escape that breaks may stand behind the dot segment.
                prop_assert!(dotted || decoded.is_err());
            }
        }

        #[test]
        fn canonical_agrees_with_checking_decoding_and_utf8(path in prop_oneof![paths(), any::<String>()]) {
            let expected = check(&path).is_ok()
                && decode(&path).is_ok_and(|bytes| String::from_utf8(bytes).is_ok());
            prop_assert_eq!(canonical(&path).is_ok(), expected);
        }
    }
}
