//! HTTP/1.1 read by its letters (RFC 9112), as little as needed and nothing mended: an opinion of its own, that
//! shares no code with the edge.

/// A message that is spotless.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The first line.
    pub(super) line: String,
    /// Fields in their order, names in lower case.
    pub(super) fields: Vec<(String, Vec<u8>)>,
    pub(super) body: Vec<u8>,
}

/// What a message answers, for that decides whether it has a body.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Request,
    AnswerTo { head: bool },
}

/// What the bytes begin with.
#[derive(Debug)]
pub(super) enum Read {
    /// A message, and how many bytes it takes.
    Whole(Message, usize),
    /// A message whose end the connection's end is.
    ToTheEnd(Message),
    /// Not yet all of one.
    Part,
}

impl Message {
    pub(super) fn all(&self, name: &str) -> Vec<&[u8]> {
        let lines = self.fields.iter().filter(|(given, _)| given == name);
        lines.map(|(_, value)| value.as_slice()).collect()
    }

    pub(super) fn word(&self, at: usize) -> &str {
        self.line.split(' ').nth(at).unwrap_or_default()
    }
}

/// Reads the message at the beginning, or says what is wrong with it.
pub(super) fn read(bytes: &[u8], kind: Kind) -> Result<Read, String> {
    let Some(end) = find(bytes, b"\r\n\r\n") else {
        return Ok(Read::Part);
    };
    let mut lines = split(&bytes[..end]);
    let line = String::from_utf8(lines.remove(0).to_vec()).map_err(|_| "first line not ASCII")?;
    first_line(&line, kind)?;
    let fields = lines.into_iter().map(field).collect::<Result<_, _>>()?;
    let message = Message {
        line,
        fields,
        body: Vec::new(),
    };
    body(message, bytes, end + 4, kind)
}

fn body(mut message: Message, bytes: &[u8], start: usize, kind: Kind) -> Result<Read, String> {
    let lengths = message.all("content-length");
    let codings = message.all("transfer-encoding");
    if lengths.len() + codings.len() > 1 {
        return Err("more than one way to delimit the body".to_owned());
    }
    if codings.first().is_some_and(|coding| *coding != b"chunked") {
        return Err("a transfer coding that is not chunked".to_owned());
    }
    let length = match lengths.first() {
        Some(digits) => Some(number(digits, 10)?),
        None => None,
    };
    let without = match kind {
        Kind::Request => length.is_none() && codings.is_empty(),
        Kind::AnswerTo { head } => {
            head || message.word(1).starts_with('1') || ["204", "304"].contains(&message.word(1))
        }
    };
    if message.word(1) == "204" && !(lengths.is_empty() && codings.is_empty()) {
        return Err("a 204 that delimits a body".to_owned());
    }
    let rest = &bytes[start..];
    if without {
        return Ok(Read::Whole(message, start));
    }
    if let Some(length) = length {
        if rest.len() < length {
            return Ok(Read::Part);
        }
        message.body = rest[..length].to_vec();
        return Ok(Read::Whole(message, start + length));
    }
    if codings.is_empty() {
        message.body = rest.to_vec();
        return Ok(Read::ToTheEnd(message));
    }
    let mut at = 0;
    loop {
        let Some(end) = find(&rest[at..], b"\r\n") else {
            return Ok(Read::Part);
        };
        // No extension either: nobody asked for one.
        let size = number(&rest[at..at + end], 16)?;
        at += end + 2;
        let Some(data) = rest.get(at..at + size + 2) else {
            return Ok(Read::Part);
        };
        // After the last chunk this is the empty line: no trailers.
        if !data.ends_with(b"\r\n") {
            return Err("a chunk without its end, or a trailer".to_owned());
        }
        message.body.extend_from_slice(&data[..size]);
        at += size + 2;
        if size == 0 {
            return Ok(Read::Whole(message, start + at));
        }
    }
}

fn first_line(line: &str, kind: Kind) -> Result<(), String> {
    let words: Vec<&str> = line.splitn(3, ' ').collect();
    let sound = match (kind, words.as_slice()) {
        (Kind::Request, [method, target, "HTTP/1.1"]) => {
            token(method.as_bytes())
                && (target.starts_with('/') || *target == "*")
                && target.bytes().all(|byte| byte.is_ascii_graphic())
                && !target.contains('#')
        }
        (Kind::AnswerTo { .. }, ["HTTP/1.1" | "HTTP/1.0", status, reason]) => {
            status.len() == 3
                && status.bytes().all(|byte| byte.is_ascii_digit())
                && reason
                    .bytes()
                    .all(|byte| byte == b' ' || byte.is_ascii_graphic())
        }
        _ => false,
    };
    sound
        .then_some(())
        .ok_or_else(|| format!("first line {line:?}"))
}

fn field(line: &[u8]) -> Result<(String, Vec<u8>), String> {
    let shown = || format!("field line {:?}", String::from_utf8_lossy(line));
    let colon = line
        .iter()
        .position(|&byte| byte == b':')
        .ok_or_else(shown)?;
    let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
    // RFC 9110 section 5.5: visible bytes, blanks and tabs between them, and what is above ASCII.
    let sound = |byte: &u8| *byte == b'\t' || (*byte >= b' ' && *byte != 0x7f);
    if !token(name) || !value.iter().all(sound) {
        return Err(shown());
    }
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    Ok((name, value.to_vec()))
}

fn token(word: &[u8]) -> bool {
    let sound = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    !word.is_empty() && word.iter().all(sound)
}

fn number(digits: &[u8], radix: u32) -> Result<usize, String> {
    let text = String::from_utf8_lossy(digits);
    let sound = !text.is_empty() && text.chars().all(|digit| digit.is_digit(radix));
    let number = usize::from_str_radix(&text, radix).ok().filter(|_| sound);
    number
        .filter(|number| *number < 1 << 40)
        .ok_or_else(|| format!("length {text:?}"))
}

/// Lines that end with CRLF. A CR or LF anywhere else stays in its line, where it is a control byte.
fn split(head: &[u8]) -> Vec<&[u8]> {
    let mut lines = Vec::new();
    let mut rest = head;
    while let Some(end) = find(rest, b"\r\n") {
        lines.push(&rest[..end]);
        rest = &rest[end + 2..];
    }
    lines.push(rest);
    lines
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}

#[test]
fn the_reader_is_strict() {
    let whole = |text: &str, kind| match read(text.as_bytes(), kind) {
        Ok(Read::Whole(message, bytes)) => Some((message.body, bytes == text.len())),
        _ => None,
    };
    let request = |text: &str| whole(text, Kind::Request);
    assert_eq!(
        request("GET / HTTP/1.1\r\nHost: a\r\n\r\n"),
        Some((vec![], true))
    );
    let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n";
    assert_eq!(request(chunked), Some((b"ab".to_vec(), true)));
    let head = Kind::AnswerTo { head: true };
    let answer = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n";
    assert_eq!(whole(answer, head), Some((vec![], true)));
    for broken in [
        "GET / HTTP/1.0\r\n\r\n",
        "GET  / HTTP/1.1\r\n\r\n",
        "GET /\u{1} HTTP/1.1\r\n\r\n",
        "GET http://a/ HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nA : b\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        "GET / HTTP/1.1\r\nA: b\u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nContent-Length: +1\r\n\r\na",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        "GET / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1;x\r\na\r\n0\r\n\r\n",
        "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nT: 1\r\n\r\n",
    ] {
        assert!(
            read(broken.as_bytes(), Kind::Request).is_err(),
            "{broken:?}"
        );
    }
}
