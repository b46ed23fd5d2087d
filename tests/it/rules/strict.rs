//! A reader of one structured-fields item with parameters (RFC 9651 4.2.3), written to the letter: what
//! it does not know, it refuses.

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    True,
    Integer(i64),
    Token(String),
    String(String),
}

impl Value {
    /// The text of a token or a string.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Token(text) | Self::String(text) => Some(text),
            Self::True | Self::Integer(_) => None,
        }
    }
}

type Parameters = Vec<(String, Value)>;

pub(super) fn item(line: &str) -> Result<(Value, Parameters), String> {
    let mut rest = line;
    let name = bare(&mut rest)?;
    if matches!(name, Value::Integer(_)) {
        return Err("a cache is named by a string or a token".to_owned());
    }
    let mut parameters = Vec::new();
    while let Some(after) = rest.strip_prefix(';') {
        rest = after.trim_start_matches(' ');
        let end = rest
            .find(|c: char| !matches!(c, 'a'..='z' | '0'..='9' | '_' | '-' | '.' | '*'))
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if !key.starts_with(|c: char| c.is_ascii_lowercase() || c == '*') {
            return Err(format!("no key: {rest:?}"));
        }
        rest = after;
        let value = match rest.strip_prefix('=') {
            Some(after) => {
                rest = after;
                bare(&mut rest)?
            }
            None => Value::True,
        };
        parameters.push((key.to_owned(), value));
    }
    if rest.is_empty() {
        Ok((name, parameters))
    } else {
        Err(format!("trailing: {rest:?}"))
    }
}

fn bare(rest: &mut &str) -> Result<Value, String> {
    let text = *rest;
    match text.chars().next() {
        Some('"') => {
            let mut out = String::new();
            let mut chars = text.char_indices().skip(1);
            while let Some((at, c)) = chars.next() {
                match c {
                    '"' => {
                        *rest = &text[at + 1..];
                        return Ok(Value::String(out));
                    }
                    '\\' => match chars.next() {
                        Some((_, c @ ('"' | '\\'))) => out.push(c),
                        _ => return Err("a bad escape".to_owned()),
                    },
                    ' '..='~' => out.push(c),
                    _ => return Err(format!("{c:?} in a string")),
                }
            }
            Err("an open string".to_owned())
        }
        Some('-' | '0'..='9') => {
            let end = text[1..]
                .find(|c: char| !c.is_ascii_digit())
                .map_or(text.len(), |at| at + 1);
            let (number, after) = text.split_at(end);
            *rest = after;
            let digits = number.trim_start_matches('-').len();
            match number.parse() {
                Ok(number) if (1..=15).contains(&digits) => Ok(Value::Integer(number)),
                _ => Err(format!("no integer: {number:?}")),
            }
        }
        Some('A'..='Z' | 'a'..='z' | '*') => {
            let tchar = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:/".contains(c);
            let end = text.find(|c: char| !tchar(c)).unwrap_or(text.len());
            let (token, after) = text.split_at(end);
            *rest = after;
            Ok(Value::Token(token.to_owned()))
        }
        _ => Err(format!("no bare item: {text:?}")),
    }
}

#[test]
fn the_strict_reader_refuses_what_is_no_item() {
    for line in [
        "",
        "a b",
        "a;",
        "a; B",
        "a; b=",
        "a; b=\"x",
        "a; b=01234567890123456",
        "1a",
        "a, b",
        "a ;b",
        "a;b=\u{e9}",
    ] {
        assert!(item(line).is_err(), "{line:?}");
    }
    let (name, parameters) = item("\"a\\\"b\"; c;d=-5; e=t/x;f=\"\"").unwrap();
    assert_eq!(name.text(), Some("a\"b"));
    assert_eq!(parameters.len(), 4);
}
