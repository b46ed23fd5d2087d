//! What an HTTP/2 connection carries, frame by frame, in both directions: read along, never changed.
//!
//! h2 bounds what it holds for a viewer: CONTINUATION, small DATA frames, streams that are reset before
//! they are accepted or because of errors. It does not bound how many frames a viewer may send that are
//! neither a request nor a body: each SETTINGS and PING has to be answered (CVE-2019-9512, CVE-2019-9515),
//! each of the others costs work. Here they draw on an allowance, which what a connection is for fills
//! again: requests, bytes of bodies either way, and time. Past it the connection is cut.
//!
//! Invariant: bytes pass as they are; a frame that cannot be read is h2's to refuse.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::limits;
use super::streams::Streams;
use crate::clock::SharedClock;
use crate::semantics::age::Instant;
use crate::telemetry::metrics::Metrics;

/// The head of a frame (RFC 9113 section 4.1).
const HEAD: usize = 9;

// Types of frames (RFC 9113 section 6).
const DATA: u8 = 0x0;
const HEADERS: u8 = 0x1;
const RST_STREAM: u8 = 0x3;
const GOAWAY: u8 = 0x7;
const CONTINUATION: u8 = 0x9;

/// Error codes that say nothing about the viewer: NO_ERROR, INTERNAL_ERROR, CANCEL (RFC 9113 section 7).
const NOT_THE_VIEWERS: [u32; 3] = [0x0, 0x2, 0x8];

/// A stream whose frames are counted.
pub(super) struct Metered<T> {
    stream: T,
    come: Frames,
    gone: Frames,
    allowance: Allowance,
    streams: Arc<Streams>,
    clock: SharedClock,
    metrics: Arc<Metrics>,
}

impl<T> Metered<T> {
    /// `stream` stands behind the preface.
    pub(super) fn new(
        stream: T,
        streams: Arc<Streams>,
        clock: SharedClock,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            stream,
            come: Frames::default(),
            gone: Frames::default(),
            allowance: Allowance::new(clock.now()),
            streams,
            clock,
            metrics,
        }
    }

    fn has_come(&mut self, bytes: &[u8]) -> io::Result<()> {
        let (allowance, clock) = (&mut self.allowance, &self.clock);
        let mut within = true;
        self.come.read(bytes, |frame| match frame.kind {
            DATA => allowance.moved(frame.length),
            HEADERS => allowance.asked(),
            CONTINUATION => {}
            _ => within &= allowance.take(clock.now()),
        });
        if within {
            return Ok(());
        }
        self.metrics.http2_flooded.increment();
        Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "the viewer sends more frames than its requests need",
        ))
    }

    fn has_gone(&mut self, bytes: &[u8]) {
        let Self {
            gone,
            allowance,
            streams,
            metrics,
            ..
        } = self;
        gone.read(bytes, |frame| match frame.kind {
            DATA => {
                allowance.moved(frame.length);
                streams.sent(frame.length);
            }
            RST_STREAM if !NOT_THE_VIEWERS.contains(&frame.first) => {
                metrics.http2_resets.increment();
            }
            GOAWAY if !NOT_THE_VIEWERS.contains(&frame.second) => {
                metrics.http2_errors.increment();
            }
            _ => {}
        });
    }
}

/// One frame, at its end.
struct Frame {
    kind: u8,
    length: u32,
    /// The first four bytes of its payload as a number, and the next four.
    first: u32,
    second: u32,
}

/// Frames as far as they have been read.
#[derive(Default)]
struct Frames {
    /// The head, and the first eight bytes of the payload.
    start: [u8; HEAD + 8],
    /// How much of `start` is there.
    have: usize,
    /// Bytes of the payload that `start` does not hold and that are still to come.
    rest: usize,
}

impl Frames {
    fn read(&mut self, mut bytes: &[u8], mut each: impl FnMut(Frame)) {
        while !bytes.is_empty() {
            let wanted = match self.have < HEAD {
                true => HEAD,
                false => self.wanted(),
            };
            if self.have < wanted {
                let count = (wanted - self.have).min(bytes.len());
                self.start[self.have..self.have + count].copy_from_slice(&bytes[..count]);
                self.have += count;
                bytes = &bytes[count..];
                if self.have < HEAD {
                    continue;
                }
                self.rest = self.length() - (self.wanted() - HEAD);
            } else {
                let count = self.rest.min(bytes.len());
                self.rest -= count;
                bytes = &bytes[count..];
            }
            if self.have == self.wanted() && self.rest == 0 {
                let number = |at: usize| {
                    let four: [u8; 4] = std::array::from_fn(|byte| self.start[at + byte]);
                    u32::from_be_bytes(four)
                };
                each(Frame {
                    kind: self.start[3],
                    // A length has three bytes.
                    length: self.length() as u32,
                    first: number(HEAD),
                    second: number(HEAD + 4),
                });
                *self = Self::default();
            }
        }
    }

    fn length(&self) -> usize {
        let [high, middle, low, ..] = self.start;
        usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low)
    }

    /// How much of `start` this frame fills.
    fn wanted(&self) -> usize {
        HEAD + self.length().min(8)
    }
}

/// Frames that a viewer may still send besides requests and bodies.
struct Allowance {
    left: u32,
    /// Bytes of bodies that have not earned a frame yet.
    bytes: u32,
    since: Instant,
}

impl Allowance {
    const fn new(now: Instant) -> Self {
        Self {
            left: limits::HTTP2_EXTRA_FRAMES,
            bytes: 0,
            since: now,
        }
    }

    fn earn(&mut self, frames: u32) {
        self.left = self
            .left
            .saturating_add(frames)
            .min(limits::HTTP2_EXTRA_FRAMES);
    }

    fn asked(&mut self) {
        self.earn(limits::HTTP2_EXTRA_PER_REQUEST);
    }

    fn moved(&mut self, bytes: u32) {
        self.bytes = self.bytes.saturating_add(bytes);
        self.earn(self.bytes / limits::HTTP2_BYTES_PER_EXTRA);
        self.bytes %= limits::HTTP2_BYTES_PER_EXTRA;
    }

    /// Takes one; false if there is none.
    fn take(&mut self, now: Instant) -> bool {
        let seconds = now.saturating_since(self.since).as_secs();
        if seconds > 0 {
            self.since = now;
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            self.earn(seconds.saturating_mul(limits::HTTP2_EXTRA_PER_SECOND));
        }
        let left = self.left.checked_sub(1);
        self.left = left.unwrap_or(0);
        left.is_some()
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Metered<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let metered = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(&mut metered.stream).poll_read(cx, buffer))?;
        Poll::Ready(metered.has_come(&buffer.filled()[before..]))
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Metered<T> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let metered = self.get_mut();
        let count = ready!(Pin::new(&mut metered.stream).poll_write(cx, bytes))?;
        metered.has_gone(&bytes[..count]);
        Poll::Ready(Ok(count))
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let metered = self.get_mut();
        let count = ready!(Pin::new(&mut metered.stream).poll_write_vectored(cx, slices))?;
        let mut left = count;
        for slice in slices {
            let here = left.min(slice.len());
            metered.has_gone(&slice[..here]);
            left -= here;
        }
        Poll::Ready(Ok(count))
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn frame(kind: u8, payload: &[u8]) -> Vec<u8> {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let mut bytes = length[1..].to_vec();
        bytes.extend([kind, 0, 0, 0, 0, 1]);
        bytes.extend(payload);
        bytes
    }

    #[test]
    fn frames_are_the_same_however_they_come() {
        let mut bytes = frame(0x4, &[]);
        bytes.extend(frame(RST_STREAM, &[0, 0, 0, 11]));
        bytes.extend(frame(GOAWAY, &[0, 0, 0, 5, 0, 0, 0, 1, 9, 9]));
        bytes.extend(frame(DATA, &[7; 300]));
        bytes.extend(frame(0x6, &[1, 2, 3, 4, 5, 6, 7, 8]));
        bytes.extend(frame(0xfa, &[1]));
        for size in 1..bytes.len() + 1 {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for piece in bytes.chunks(size) {
                frames.read(piece, |frame| {
                    let code = match frame.kind {
                        RST_STREAM => frame.first,
                        GOAWAY => frame.second,
                        _ => 0,
                    };
                    found.push((frame.kind, frame.length, code));
                });
            }
            let expected = [
                (0x4, 0, 0),
                (RST_STREAM, 4, 11),
                (GOAWAY, 10, 1),
                (DATA, 300, 0),
                (0x6, 8, 0),
                (0xfa, 1, 0),
            ];
            assert_eq!(found, expected, "{size}");
        }
    }

    #[test]
    fn an_allowance_is_filled_by_what_a_connection_is_for_and_by_no_more() {
        let at = |seconds| Instant::from_nanos(Duration::from_secs(seconds).as_nanos() as u64);
        let mut allowance = Allowance::new(at(0));
        let taken =
            |allowance: &mut Allowance, now| (0..).take_while(|_| allowance.take(now)).count();
        assert_eq!(
            taken(&mut allowance, at(0)),
            limits::HTTP2_EXTRA_FRAMES as usize
        );
        allowance.asked();
        let expected = limits::HTTP2_EXTRA_PER_REQUEST as usize;
        assert_eq!(taken(&mut allowance, at(0)), expected);
        allowance.moved(limits::HTTP2_BYTES_PER_EXTRA - 1);
        assert_eq!(taken(&mut allowance, at(0)), 0);
        allowance.moved(1);
        assert_eq!(taken(&mut allowance, at(0)), 1);
        let expected = limits::HTTP2_EXTRA_PER_SECOND as usize;
        assert_eq!(taken(&mut allowance, at(1)), expected);
        // Nothing is saved up.
        allowance.moved(u32::MAX);
        let expected = limits::HTTP2_EXTRA_FRAMES as usize;
        assert_eq!(taken(&mut allowance, at(1_000_000)), expected);
    }
}
