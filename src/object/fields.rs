//! A header section in one compact block.
//!
//! A ready `HeaderMap` takes 1.4 KiB before any value, and hyper's values pin the buffer that
//! they were read from (up to 400 KiB). So what is kept is copied into one block; a map is made
//! from it when an answer needs one, its values slices of the block.

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderName, HeaderValue};

/// A header section, immutable; lines in their order, repeated names kept.
#[derive(Clone, Debug)]
pub struct FieldBlock {
    values: Bytes,
    lines: Box<[Line]>,
}

#[derive(Clone, Debug)]
struct Line {
    name: HeaderName,
    end: u32,
}

impl FieldBlock {
    /// Copies `headers` into a block of their exact size.
    #[must_use]
    pub fn new(headers: &HeaderMap) -> Self {
        let mut values = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
        let lines = headers.iter().map(|(name, value)| {
            values.extend_from_slice(value.as_bytes());
            // A head is bounded to some hundred KiB before it comes here.
            Line {
                name: compact(name),
                end: u32::try_from(values.len()).unwrap_or(u32::MAX),
            }
        });
        let lines = lines.collect();
        Self {
            values: values.freeze(),
            lines,
        }
    }

    /// The section as a map, with room for `extra` more lines. The values share the block.
    #[must_use]
    pub fn to_map(&self, extra: usize) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.lines.len() + extra);
        let mut start = 0;
        for line in &self.lines {
            let end = line.end as usize;
            // The bytes came out of a HeaderValue, so they make one again.
            if let Ok(value) = HeaderValue::from_maybe_shared(self.values.slice(start..end)) {
                map.append(line.name.clone(), value);
            }
            start = end;
        }
        map
    }

    /// The first value of `name`.
    #[must_use]
    pub fn first(&self, name: &HeaderName) -> Option<&[u8]> {
        let at = self.lines.iter().position(|line| line.name == *name)?;
        let start = at
            .checked_sub(1)
            .map_or(0, |before| self.lines[before].end as usize);
        Some(&self.values[start..self.lines[at].end as usize])
    }

    /// Bytes that the block takes in memory, its own allocations included.
    #[must_use]
    pub fn weight(&self) -> usize {
        let names: usize = self.lines.iter().map(|line| line.name.as_str().len()).sum();
        self.values.len() + names + self.lines.len() * size_of::<Line>()
    }
}

/// A name that pins no read buffer: one that is not in the standard table holds its own copy.
fn compact(name: &HeaderName) -> HeaderName {
    HeaderName::from_bytes(name.as_str().as_bytes()).unwrap_or_else(|_| name.clone())
}

#[cfg(test)]
mod tests {
    use http::header;

    use super::*;

    #[test]
    fn a_block_gives_back_what_it_was_made_of() {
        let mut map = HeaderMap::new();
        map.append(header::ETAG, HeaderValue::from_static("\"a\""));
        map.append("x-a", HeaderValue::from_bytes(b"caf\xe9").unwrap());
        map.append("x-a", HeaderValue::from_static(""));
        map.append("x-a", HeaderValue::from_static("third"));
        let block = FieldBlock::new(&map);
        assert_eq!(block.to_map(0), map);
        assert_eq!(block.first(&header::ETAG), Some(&b"\"a\""[..]));
        assert_eq!(
            block.first(&HeaderName::from_static("x-a")),
            Some(&b"caf\xe9"[..])
        );
        assert_eq!(block.first(&header::DATE), None);
    }
}
