//! The limits of a viewer connection, each with its name. Past every one of them the connection
//! is refused or closed; none is infinite.

use std::time::Duration;

/// To receive a request's head, and for a connection to stay idle.
pub const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// For a write to make progress: a viewer that reads nothing for that long is cut.
pub const WRITE_TIMEOUT: Duration = Duration::from_secs(30);
/// To receive the body of a GET or HEAD, which is read only to be thrown away.
pub const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);
/// Bytes of such a body that are read; past it the connection closes after the answer.
pub const DRAIN_BYTES: usize = 64 * 1024;
/// Bytes that are read at once behind a head that is not all there, and of what is thrown away.
pub const GATE_READ: usize = 4 * 1024;
/// For a viewer that was refused to take note of it and go.
pub const LINGER: Duration = Duration::from_secs(2);
/// Buffer of an HTTP/1.1 connection: more than a whole head (`semantics::framing::HEAD_BYTES`).
pub const HTTP1_BUFFER: usize = 64 * 1024;
/// Streams of an HTTP/2 connection at once.
pub const HTTP2_STREAMS: u32 = 128;
/// Bytes of an HTTP/2 header list.
pub const HTTP2_HEADER_LIST: u32 = 32 * 1024;
/// Bytes that an HTTP/2 stream may have in its send buffer.
pub const HTTP2_SEND_BUFFER: usize = 256 * 1024;
/// Streams that a peer may reset before they were accepted (CVE-2023-44487).
pub const HTTP2_PENDING_RESETS: usize = 20;
/// Streams that we reset because of the peer's errors, before the connection is cut (CVE-2025-8671).
pub const HTTP2_ERROR_RESETS: usize = 500;
/// Between two keep-alive pings of an HTTP/2 connection.
pub const HTTP2_PING: Duration = Duration::from_secs(20);
/// Without a new request on an HTTP/2 connection; what is in flight then still finishes, unless its viewer
/// takes nothing of it for as long again.
pub const HTTP2_IDLE: Duration = Duration::from_secs(60);
/// Requests of an HTTP/2 connection that its viewer may cancel before they are answered; past it, and if
/// they are more than half of all, the connection is cut. A page whose reader goes on cancels all that it
/// has under way, which is at most [`HTTP2_STREAMS`].
pub const HTTP2_CANCELLED: u64 = 500;
/// Frames that an HTTP/2 viewer may send besides those of its requests (SETTINGS, PING, PRIORITY,
/// RST_STREAM, WINDOW_UPDATE and unknown ones); past it the connection is cut.
pub const HTTP2_EXTRA_FRAMES: u32 = 1_000;
/// Such frames that it may send again for each request.
pub const HTTP2_EXTRA_PER_REQUEST: u32 = 4;
/// Bytes of bodies, either way, for which it may send one such frame again.
pub const HTTP2_BYTES_PER_EXTRA: u32 = 1_024;
/// Such frames that it may send again each second.
pub const HTTP2_EXTRA_PER_SECOND: u32 = 10;
/// For such a ping to be answered.
pub const HTTP2_PONG: Duration = Duration::from_secs(10);
/// After an accept failed (no file descriptors), until the next try.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that wait to be accepted, per listener.
pub const BACKLOG: i32 = 1_024;
