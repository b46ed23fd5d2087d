//! HTTP/2 frame by frame, right or wrong: nothing is checked on the way out (RFC 9113).

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bounded;

// Types of frames.
pub(crate) const DATA: u8 = 0x0;
pub(crate) const HEADERS: u8 = 0x1;
pub(crate) const PRIORITY: u8 = 0x2;
pub(crate) const RST_STREAM: u8 = 0x3;
pub(crate) const SETTINGS: u8 = 0x4;
pub(crate) const PING: u8 = 0x6;
pub(crate) const GOAWAY: u8 = 0x7;
pub(crate) const WINDOW_UPDATE: u8 = 0x8;
pub(crate) const CONTINUATION: u8 = 0x9;

// Flags.
pub(crate) const ACK: u8 = 0x1;
pub(crate) const END_STREAM: u8 = 0x1;
pub(crate) const END_HEADERS: u8 = 0x4;

// Error codes.
pub(crate) const PROTOCOL_ERROR: u32 = 0x1;
pub(crate) const REFUSED_STREAM: u32 = 0x7;
pub(crate) const CANCEL: u32 = 0x8;
pub(crate) const ENHANCE_YOUR_CALM: u32 = 0xb;

/// One frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) kind: u8,
    pub(crate) flags: u8,
    pub(crate) stream: u32,
    pub(crate) payload: Vec<u8>,
}

/// What a stream came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// An answer with this status, to its end.
    Answer(u16),
    /// It was reset with this code.
    Reset(u32),
    /// The connection was ended with this code.
    GoAway(u32),
    /// The connection was cut.
    Cut,
}

/// A connection behind its preface.
pub(crate) struct Frames {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Frames {
    /// Connects, and sends the preface and empty settings.
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        let mut frames = Self {
            stream: TcpStream::connect(address).await.unwrap(),
            buffer: Vec::new(),
        };
        let mut bytes = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
        bytes.extend(frame(SETTINGS, 0, 0, &[]));
        assert!(frames.send(&bytes).await);
        frames
    }

    /// Sends bytes; false if the other side has closed the connection.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Sends a request without a body.
    pub(crate) async fn ask(&mut self, stream: u32, fields: &[(&str, &str)]) -> bool {
        let block = block(fields);
        self.send(&frame(HEADERS, END_STREAM | END_HEADERS, stream, &block))
            .await
    }

    /// The next frame; `None` at the end.
    pub(crate) async fn next(&mut self) -> Option<Frame> {
        bounded("a frame", self.read()).await
    }

    /// Reads until a stream has come to its end, or the connection has.
    pub(crate) async fn end(&mut self, stream: u32) -> End {
        let mut found = None;
        while let Some(frame) = self.next().await {
            let number = |at: usize| {
                let four: [u8; 4] = frame.payload[at..at + 4].try_into().unwrap();
                u32::from_be_bytes(four)
            };
            match frame.kind {
                GOAWAY => return End::GoAway(number(4)),
                RST_STREAM if frame.stream == stream => return End::Reset(number(0)),
                HEADERS if frame.stream == stream => found = Some(status(&frame.payload)),
                _ => {}
            }
            if frame.stream == stream
                && matches!(frame.kind, HEADERS | DATA)
                && frame.flags & END_STREAM != 0
            {
                return End::Answer(found.expect("a head comes first"));
            }
        }
        End::Cut
    }

    /// As [`Frames::next`], for as long as it takes.
    pub(crate) async fn read(&mut self) -> Option<Frame> {
        loop {
            if let [a, b, c, kind, flags, s1, s2, s3, s4, rest @ ..] = &self.buffer[..] {
                let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
                if rest.len() >= length {
                    let frame = Frame {
                        kind: *kind,
                        flags: *flags,
                        stream: u32::from_be_bytes([*s1, *s2, *s3, *s4]),
                        payload: rest[..length].to_vec(),
                    };
                    self.buffer.drain(..9 + length);
                    return Some(frame);
                }
            }
            match self.stream.read_buf(&mut self.buffer).await {
                Ok(count) if count > 0 => {}
                _ => return None,
            }
        }
    }
}

/// The bytes of a frame.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut bytes = length[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

/// The fields of a GET.
pub(crate) fn get(path: &str) -> [(&str, &str); 4] {
    [
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", path),
    ]
}

/// A block of literals that are not indexed (RFC 7541 section 6.2.2).
pub(crate) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, value) in fields {
        field(&mut bytes, name.as_bytes(), value.as_bytes());
    }
    bytes
}

/// One such literal, of any bytes.
pub(crate) fn field(bytes: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    bytes.push(0);
    for text in [name, value] {
        // A length in a prefix of 7 bits (RFC 7541 section 5.1).
        match text.len() {
            short @ 0..127 => bytes.push(u8::try_from(short).unwrap()),
            long => {
                bytes.push(127);
                let mut rest = long - 127;
                while rest >= 128 {
                    bytes.push(u8::try_from(rest % 128).unwrap() | 128);
                    rest /= 128;
                }
                bytes.push(u8::try_from(rest).unwrap());
            }
        }
        bytes.extend(text);
    }
}

/// The status that begins a block: one of the static table, or a literal with its digits in Huffman's
/// code (RFC 7541 appendices A and B). What was indexed by an earlier answer is not known here.
fn status(block: &[u8]) -> u16 {
    match block {
        [indexed @ 0x88..=0x8e, ..] => {
            [200, 204, 206, 304, 400, 404, 500][usize::from(indexed - 0x88)]
        }
        [0x48 | 0x08, length, digits @ ..] if length & 0x80 != 0 => {
            let bytes = &digits[..usize::from(length & 0x7f)];
            let mut bits = bytes
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| u16::from(byte >> bit & 1)));
            let mut status = 0;
            for _ in 0..3 {
                let mut code = (0..5).fold(0, |code, _| code << 1 | bits.next().unwrap());
                // 0, 1 and 2 have five bits, the other digits six.
                if code > 2 {
                    code = (code << 1 | bits.next().unwrap()) - 0x19 + 3;
                }
                status = status * 10 + code;
            }
            status
        }
        [0x48 | 0x08, 3, a, b, c, ..] => {
            let digit = |byte: &u8| u16::from(byte - b'0');
            digit(a) * 100 + digit(b) * 10 + digit(c)
        }
        _ => panic!("no status that can be read: {block:?}"),
    }
}
