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
/// Streams that we reset because of the peer's errors, before the connection is cut.
pub const HTTP2_ERROR_RESETS: usize = 1_024;
/// Between two keep-alive pings of an HTTP/2 connection.
pub const HTTP2_PING: Duration = Duration::from_secs(20);
/// Without a new request on an HTTP/2 connection; what is in flight then still finishes.
pub const HTTP2_IDLE: Duration = Duration::from_secs(60);
/// For such a ping to be answered.
pub const HTTP2_PONG: Duration = Duration::from_secs(10);
/// After an accept failed (no file descriptors), until the next try.
pub const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// Connections that wait to be accepted, per listener.
pub const BACKLOG: i32 = 1_024;
