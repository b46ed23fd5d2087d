//! A body in chunks (RFC 9112 section 7.1), to its last byte.

use super::{TOKEN, Violation};

/// Bytes of chunk extensions in one body. Nobody has a use for them, and each stands for a byte of
/// data that need not be sent.
pub const EXTENSION_BYTES: usize = 8 * 1_024;
/// Bytes of trailers after one body.
pub const TRAILER_BYTES: usize = 8 * 1_024;

/// A chunked body as far as it has been read.
#[derive(Clone, Debug, Default)]
pub struct Chunks {
    state: State,
    extensions: usize,
    trailers: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// A chunk's size: so many digits, and what they say.
    Size { digits: u8, size: u64 },
    /// An extension, to its CR.
    Extension { size: u64 },
    /// The LF after a chunk's first line.
    SizeEnd { size: u64 },
    /// Data that is left of a chunk.
    Data { left: u64 },
    /// The CR after the data.
    DataCr,
    /// The LF after that.
    DataLf,
    /// The beginning of a trailer, or of the empty line at the end.
    Line,
    /// A trailer's name.
    Name,
    /// A trailer's value, to its CR.
    Value,
    /// The LF after a trailer.
    LineEnd,
    /// The last LF.
    LastLf,
    /// Nothing more belongs to it.
    End,
}

impl Default for State {
    fn default() -> Self {
        Self::Size { digits: 0, size: 0 }
    }
}

impl Chunks {
    /// Reads on. How many of `bytes` belong to the body, and whether it ends with them.
    ///
    /// # Errors
    /// What is wrong, and before which byte.
    pub fn read(&mut self, bytes: &[u8]) -> Result<(usize, bool), (usize, Violation)> {
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            if let State::Data { left } = self.state {
                let here = (bytes.len() - at) as u64;
                // At most `here`, which is a usize.
                at += left.min(here) as usize;
                self.state = match left.checked_sub(here) {
                    Some(left) if left > 0 => State::Data { left },
                    _ => State::DataCr,
                };
                continue;
            }
            self.state = self.after(byte).ok_or((at, Violation::Chunk))?;
            at += 1;
            if self.state == State::End {
                return Ok((at, true));
            }
        }
        Ok((at, false))
    }

    /// The state after a byte that is no data; none if it must not come here.
    fn after(&mut self, byte: u8) -> Option<State> {
        Some(match (self.state, byte) {
            (State::Size { digits, size }, _) if byte.is_ascii_hexdigit() => {
                // Sixteen digits are 64 bits; more could be read as any number.
                if digits == 16 {
                    return None;
                }
                let digit = (byte as char).to_digit(16)?;
                State::Size {
                    digits: digits + 1,
                    size: size << 4 | u64::from(digit),
                }
            }
            (State::Size { digits: 1.., size }, b';') => State::Extension { size },
            (State::Size { digits: 1.., size }, b'\r') => State::SizeEnd { size },
            (State::Extension { size }, b'\r') => State::SizeEnd { size },
            (State::Extension { size }, b'\t' | b' '..=b'~' | 0x80..) => {
                self.extensions += 1;
                if self.extensions > EXTENSION_BYTES {
                    return None;
                }
                State::Extension { size }
            }
            (State::SizeEnd { size: 0 }, b'\n') => State::Line,
            (State::SizeEnd { size }, b'\n') => State::Data { left: size },
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => State::default(),
            (State::Line, b'\r') => State::LastLf,
            (State::LastLf, b'\n') => State::End,
            (State::Line | State::Name, _) if TOKEN[usize::from(byte)] => {
                self.count_trailer()?;
                State::Name
            }
            (State::Name, b':') => State::Value,
            (State::Value, b'\r') => State::LineEnd,
            (State::Value, b'\t' | b' '..=b'~' | 0x80..) => {
                self.count_trailer()?;
                State::Value
            }
            (State::LineEnd, b'\n') => State::Line,
            _ => return None,
        })
    }

    fn count_trailer(&mut self) -> Option<()> {
        self.trailers += 1;
        (self.trailers <= TRAILER_BYTES).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &[u8]) -> Result<(usize, bool), (usize, Violation)> {
        Chunks::default().read(text)
    }

    #[test]
    fn a_body_ends_where_its_last_line_does() {
        for body in [
            "0\r\n\r\n",
            "000\r\n\r\n",
            "5\r\nhello\r\n0\r\n\r\n",
            "5\r\n\r\n0\r\n\r\n0\r\n\r\n",
            "A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n",
            "5;name=\"v a l\";x\r\nhello\r\n0;y\r\n\r\n",
            "0\r\nX-Sum: 1\r\nEmpty:\r\n\r\n",
        ] {
            let bytes = body.as_bytes();
            assert_eq!(read(bytes), Ok((bytes.len(), true)), "{body:?}");
            let more = [bytes, b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(read(&more), Ok((bytes.len(), true)), "{body:?}");
            let mut one_by_one = Chunks::default();
            for at in 0..bytes.len() {
                let last = at + 1 == bytes.len();
                assert_eq!(
                    one_by_one.read(&bytes[at..=at]),
                    Ok((1, last)),
                    "{body:?} {at}"
                );
            }
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_where_it_stands() {
        for (body, at) in [
            ("\r\n", 0),
            (" 5\r\nhello", 0),
            ("-5\r\n", 0),
            ("+5\r\n", 0),
            ("0x5\r\n", 1),
            ("5_\r\n", 1),
            ("5 \r\nhello", 1),
            ("5 ;x\r\nhello", 1),
            ("5\nhello", 1),
            ("5;\nhello", 2),
            ("5;x\rhello", 4),
            ("5;x\0\r\n", 3),
            ("5\rhello", 2),
            ("00000000000000005\r\n", 16),
            ("5\r\nhello0\r\n", 8),
            ("5\r\nhello\n", 8),
            ("5\r\nhello\r0", 9),
            ("5\r\nhello\r\n\r\n", 10),
            ("0\r\n\n", 3),
            ("0\r\n\rX", 4),
            ("0\r\nName value\r\n", 7),
            ("0\r\n: value\r\n", 3),
            ("0\r\n folded: x\r\n", 3),
            ("0\r\nA: b\n", 7),
            ("0\r\nA: b\0\r\n", 7),
        ] {
            assert_eq!(
                read(body.as_bytes()),
                Err((at, Violation::Chunk)),
                "{body:?}"
            );
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let chunks = |bytes: usize| {
            let extension = "x".repeat(bytes);
            read(format!("1;{extension}\r\na\r\n0\r\n\r\n").as_bytes())
        };
        assert!(chunks(EXTENSION_BYTES).is_ok());
        let at = "1;".len() + EXTENSION_BYTES;
        assert_eq!(chunks(EXTENSION_BYTES + 1), Err((at, Violation::Chunk)));
        // In all chunks together.
        let many = format!("1;{}\r\na\r\n", "x".repeat(100)).repeat(EXTENSION_BYTES / 100 + 1);
        assert!(read(many.as_bytes()).is_err());

        let trailers = |bytes: usize| {
            let value = "x".repeat(bytes - 1);
            read(format!("0\r\na:{value}\r\n\r\n").as_bytes())
        };
        assert!(trailers(TRAILER_BYTES).is_ok());
        assert!(trailers(TRAILER_BYTES + 1).is_err());
    }
}
