//! What stands between an HTTP/1 connection and its parser: requests pass whole heads at a time and
//! byte for byte, as long as `semantics::framing` has nothing against them.
//!
//! hyper mends what RFC 9112 lets a recipient mend, and drops a Content-Length beside a
//! Transfer-Encoding, before any code of ours sees the request. Here nothing is mended. Instead of a
//! head that is refused the parser gets one of ours, whose request the service answers by what
//! [`Refused`] says of it (so this answer is like every other, and is logged); in a body the connection
//! fails to be read. Either way nothing that came after is ever read as a request.
//!
//! Invariant: what the parser was given ends where the last request that passed does, or inside its body.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::limits;
use crate::clock::{self, SharedClock, Sleep};
use crate::semantics::framing::{Chunks, Delimiter, Head, Violation};

/// What an HTTP/1 connection was refused for: which of its requests, from 0, and why. It is the last.
#[derive(Debug, Default)]
pub struct Refused(OnceLock<(u64, Violation)>);

impl Refused {
    /// What is wrong with this request of the connection.
    #[must_use]
    pub fn of(&self, request: u64) -> Option<Violation> {
        let (refused, violation) = self.0.get()?;
        (*refused == request).then_some(*violation)
    }
}

/// A stream whose reader gets well-formed requests and nothing else.
pub struct Gate<T> {
    stream: T,
    /// Read, and not passed on yet: first what may pass, then what must wait for the rest of its head.
    held: BytesMut,
    /// So many bytes of it may pass.
    passing: usize,
    state: State,
    /// Heads that have passed.
    heads: u64,
    refused: Arc<Refused>,
    clock: SharedClock,
    /// Until when a viewer that was refused may go on sending.
    lingering: Option<Sleep>,
}

enum State {
    Head(Head),
    Body {
        left: u64,
    },
    Chunks(Chunks),
    /// Nothing more passes; so many bytes were thrown away.
    Stopped {
        in_body: bool,
        thrown: usize,
    },
}

/// Where a stream of requests must end.
struct Stop {
    violation: Violation,
    /// The request line of the head, where that had nothing wrong; else one that tells HEAD at least.
    line: Bytes,
    in_body: bool,
}

impl<T> Gate<T> {
    /// `first` was read from `stream` already.
    pub fn new(stream: T, first: Bytes, refused: Arc<Refused>, clock: SharedClock) -> Self {
        let mut gate = Self {
            stream,
            held: BytesMut::from(first),
            passing: 0,
            state: State::Head(Head::default()),
            heads: 0,
            refused,
            clock,
            lingering: None,
        };
        gate.judge_held();
        gate
    }

    /// How many of these bytes pass, and why not more, where that is for good.
    fn judge(&mut self, bytes: &[u8]) -> (usize, Option<Stop>) {
        let mut at = 0;
        while at < bytes.len() {
            let rest = &bytes[at..];
            match &mut self.state {
                State::Head(head) => match head.read(rest) {
                    Ok(None) => break,
                    Ok(Some(complete)) => {
                        at += complete.bytes;
                        self.heads += 1;
                        self.state = match complete.body {
                            Delimiter::Length(0) => State::Head(Head::default()),
                            Delimiter::Length(left) => State::Body { left },
                            Delimiter::Chunked => State::Chunks(Chunks::default()),
                        };
                    }
                    Err(violation) => {
                        let line = match head.has_request_line() {
                            true => first_line(rest),
                            // The answer to it has no body, whatever else is wrong.
                            false if rest.trim_ascii_start().starts_with(b"HEAD ") => {
                                Bytes::from_static(b"HEAD * HTTP/1.1")
                            }
                            false => Bytes::new(),
                        };
                        let in_body = false;
                        return (
                            at,
                            Some(Stop {
                                violation,
                                line,
                                in_body,
                            }),
                        );
                    }
                },
                State::Body { left } => {
                    let here = rest.len() as u64;
                    // At most `here`, which is a usize.
                    at += (*left).min(here) as usize;
                    *left = left.saturating_sub(here);
                    if *left == 0 {
                        self.state = State::Head(Head::default());
                    }
                }
                State::Chunks(chunks) => match chunks.read(rest) {
                    Ok((read, end)) => {
                        at += read;
                        if end {
                            self.state = State::Head(Head::default());
                        }
                    }
                    Err((read, violation)) => {
                        let (line, in_body) = (Bytes::new(), true);
                        return (
                            at + read,
                            Some(Stop {
                                violation,
                                line,
                                in_body,
                            }),
                        );
                    }
                },
                State::Stopped { .. } => break,
            }
        }
        (at, None)
    }

    /// Judges what is held; all of what passed before has been given away.
    fn judge_held(&mut self) {
        let held = std::mem::take(&mut self.held);
        let (passing, stop) = self.judge(&held);
        self.held = held;
        self.passing = passing;
        if let Some(stop) = stop {
            self.stop(stop);
        }
    }

    /// What is held is cut to what passes, and where that ends in a head a head of ours follows.
    fn stop(&mut self, stop: Stop) {
        let (in_body, thrown) = (stop.in_body, 0);
        self.state = State::Stopped { in_body, thrown };
        self.held.truncate(self.passing);
        if in_body {
            return;
        }
        // The service is called for the head of ours only after this.
        let _ = self.refused.0.set((self.heads, stop.violation));
        let line: &[u8] = match &stop.line[..] {
            [] => b"- * HTTP/1.1",
            line => line,
        };
        self.held.extend_from_slice(line);
        self.held.extend_from_slice(b"\r\n\r\n");
        self.passing = self.held.len();
    }
}

/// A line, without its end and what stands before it.
fn first_line(bytes: &[u8]) -> Bytes {
    let start = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_whitespace())
        .count();
    let line = bytes[start..].split(|&byte| byte == b'\r').next();
    Bytes::copy_from_slice(line.unwrap_or_default())
}

impl<T: AsyncRead + Unpin> Gate<T> {
    /// Reads into what is held. Whether there was anything.
    fn poll_hold(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        let mut bytes = [0; limits::GATE_READ];
        let mut buffer = ReadBuf::new(&mut bytes);
        ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
        self.held.extend_from_slice(buffer.filled());
        Poll::Ready(Ok(!buffer.filled().is_empty()))
    }

    /// Reads what a viewer that was refused still sends, and throws it away: a socket that is closed
    /// with bytes unread is reset, and the answer may be lost with it. Ready at its end, or where it has
    /// sent enough.
    fn poll_throw_away(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut bytes = [0; limits::GATE_READ];
        loop {
            let State::Stopped { thrown, .. } = &mut self.state else {
                return Poll::Ready(());
            };
            if *thrown >= limits::DRAIN_BYTES {
                return Poll::Ready(());
            }
            let mut buffer = ReadBuf::new(&mut bytes);
            match ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer)) {
                Ok(()) if !buffer.filled().is_empty() => *thrown += buffer.filled().len(),
                Ok(()) | Err(_) => {
                    *thrown = limits::DRAIN_BYTES;
                    return Poll::Ready(());
                }
            }
        }
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Gate<T> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        loop {
            if gate.passing > 0 {
                let count = gate.passing.min(buffer.remaining());
                buffer.put_slice(&gate.held[..count]);
                gate.held.advance(count);
                gate.passing -= count;
                return Poll::Ready(Ok(()));
            }
            match gate.state {
                State::Stopped { in_body: false, .. } => {
                    // No end either: the parser would leave the answer.
                    let _ = gate.poll_throw_away(cx);
                    return Poll::Pending;
                }
                State::Stopped { in_body: true, .. } => {
                    let violation = Violation::Chunk.text();
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, violation)));
                }
                _ if !gate.held.is_empty() => {
                    if !ready!(gate.poll_hold(cx))? {
                        // A head that never came to its end is no request.
                        return Poll::Ready(Ok(()));
                    }
                    gate.judge_held();
                }
                // Nothing waits, so what comes is judged where it is wanted.
                _ => {
                    let before = buffer.filled().len();
                    ready!(Pin::new(&mut gate.stream).poll_read(cx, buffer))?;
                    let come = &buffer.filled()[before..];
                    if come.is_empty() {
                        return Poll::Ready(Ok(()));
                    }
                    let (passing, stop) = gate.judge(come);
                    if stop.is_none() {
                        gate.held.extend_from_slice(&come[passing..]);
                    }
                    buffer.set_filled(before + passing);
                    if let Some(stop) = stop {
                        gate.stop(stop);
                    }
                    if passing > 0 {
                        return Poll::Ready(Ok(()));
                    }
                }
            }
        }
    }
}

impl<T: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let gate = self.get_mut();
        ready!(Pin::new(&mut gate.stream).poll_shutdown(cx))?;
        if !matches!(gate.state, State::Stopped { .. }) {
            return Poll::Ready(Ok(()));
        }
        let clock = &gate.clock;
        let end = gate
            .lingering
            .get_or_insert_with(|| clock::sleep(&**clock, limits::LINGER));
        match end.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Ok(())),
            Poll::Pending => gate.poll_throw_away(cx).map(Ok),
        }
    }
}

#[cfg(test)]
mod tests;
