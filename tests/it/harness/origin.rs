//! An origin that does as it is told, byte for byte, request by request.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What it does with one request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// Sends these bytes and keeps the connection.
    Send(Vec<u8>),
    /// Sends these bytes and closes the connection.
    SendAndClose(Vec<u8>),
    /// Sends these bytes, and closes the connection after a [`ScriptedOrigin::release`].
    SendAndCloseLater(Vec<u8>),
    /// Sends these bytes, and then nothing more, for ever.
    SendAndStall(Vec<u8>),
    /// Waits for [`ScriptedOrigin::release`], then sends these bytes.
    Hold(Vec<u8>),
    /// Sends the first of these, the second after a [`ScriptedOrigin::release`], and waits for the other side
    /// to close the connection ([`ScriptedOrigin::discarded`]).
    Surplus(Vec<u8>, Vec<u8>),
    /// Sends the first of these, and each of the others after a [`ScriptedOrigin::release`].
    Drip(Vec<Vec<u8>>),
    /// Sends an S3 error document with this status and code that repeats the whole head of the
    /// request, as stores repeat the text that they signed.
    Repeat(u16, &'static str),
}

impl Reply {
    /// A 200 with these fields (each line with its CRLF) and body.
    pub(crate) fn ok(fields: &str, body: &str) -> Self {
        let length = body.len();
        Self::Send(
            format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
                .into_bytes(),
        )
    }

    /// Any status with these fields (each line with its CRLF) and body.
    pub(crate) fn status(status: u16, fields: &str, body: &str) -> Self {
        let length = body.len();
        Self::Send(
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
                .into_bytes(),
        )
    }

    /// A 304 with these fields (each line with its CRLF).
    pub(crate) fn not_modified(fields: &str) -> Self {
        Self::Send(format!("HTTP/1.1 304 Not Modified\r\n{fields}\r\n").into_bytes())
    }

    /// Any status, with an S3 error document.
    pub(crate) fn error(status: u16, code: &str) -> Self {
        let body = format!("<?xml version=\"1.0\"?><Error><Code>{code}</Code></Error>");
        let length = body.len();
        Self::Send(
            format!("HTTP/1.1 {status} X\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes(),
        )
    }
}

/// An origin whose replies a test writes. Requests for random keys (the edge asks for those by
/// itself) get 404 NoSuchKey and are not counted.
pub(crate) struct ScriptedOrigin {
    address: SocketAddr,
    script: Arc<Script>,
}

struct Script {
    replies: Mutex<VecDeque<Reply>>,
    requests: Mutex<Vec<String>>,
    bodies: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    discarded: AtomicUsize,
    released: watch::Sender<usize>,
}

impl ScriptedOrigin {
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let script = Arc::new(Script {
            replies: Mutex::new(replies.into_iter().collect()),
            requests: Mutex::default(),
            bodies: Mutex::default(),
            connections: AtomicUsize::new(0),
            discarded: AtomicUsize::new(0),
            released: watch::Sender::new(0),
        });
        let theirs = Arc::clone(&script);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                theirs.connections.fetch_add(1, Ordering::SeqCst);
                tokio::spawn(serve(stream, Arc::clone(&theirs)));
            }
        });
        Self { address, script }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Adds a reply.
    pub(crate) fn then(&self, reply: Reply) {
        self.script.replies.lock().unwrap().push_back(reply);
    }

    /// Drops the replies that nobody has asked for.
    pub(crate) fn forget(&self) {
        self.script.replies.lock().unwrap().clear();
    }

    /// Takes the next reply back.
    pub(crate) fn take(&self) -> Option<Reply> {
        self.script.replies.lock().unwrap().pop_front()
    }

    /// The heads of all requests so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.script.requests.lock().unwrap().clone()
    }

    /// How many requests there were so far.
    pub(crate) fn count(&self) -> usize {
        self.script.requests.lock().unwrap().len()
    }

    /// The head of the last request.
    pub(crate) fn last(&self) -> String {
        self.requests().pop().unwrap_or_default()
    }

    /// The bodies of all requests so far, empty ones included.
    pub(crate) fn bodies(&self) -> Vec<Vec<u8>> {
        self.script.bodies.lock().unwrap().clone()
    }

    /// How many connections were made so far.
    pub(crate) fn connections(&self) -> usize {
        self.script.connections.load(Ordering::SeqCst)
    }

    /// How many connections were closed after [`Reply::Surplus`], no further request having come on them.
    pub(crate) fn discarded(&self) -> usize {
        self.script.discarded.load(Ordering::SeqCst)
    }

    /// Lets one held reply go.
    pub(crate) fn release(&self) {
        self.script.released.send_modify(|released| *released += 1);
    }
}

impl Script {
    /// Waits for a release and uses it up.
    async fn released(&self) {
        let mut released = self.released.subscribe();
        let _ = released.wait_for(|released| *released > 0).await;
        self.released.send_modify(|released| *released -= 1);
    }
}

async fn serve(mut stream: TcpStream, script: Arc<Script>) {
    let mut buffer = Vec::new();
    loop {
        let end = loop {
            if let Some(at) = buffer.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            match stream.read_buf(&mut buffer).await {
                Ok(count) if count > 0 => {}
                _ => return,
            }
        };
        let head = String::from_utf8_lossy(&buffer.drain(..end).collect::<Vec<u8>>()).into_owned();
        let reply = if head.contains("/seawall-probe-") {
            Reply::error(404, "NoSuchKey")
        } else {
            let Some(body) = body(&mut stream, &mut buffer, &head).await else {
                return;
            };
            script.bodies.lock().unwrap().push(body);
            script.requests.lock().unwrap().push(head.clone());
            // A request that was not scripted breaks the connection.
            let Some(reply) = script.replies.lock().unwrap().pop_front() else {
                return;
            };
            reply
        };
        let sent = match reply {
            Reply::Send(bytes) => stream.write_all(&bytes).await,
            Reply::SendAndClose(bytes) => {
                let _ = stream.write_all(&bytes).await;
                return;
            }
            Reply::SendAndCloseLater(bytes) => {
                let _ = stream.write_all(&bytes).await;
                script.released().await;
                return;
            }
            Reply::SendAndStall(bytes) => {
                let _ = stream.write_all(&bytes).await;
                // Until the other side gives up.
                let _ = stream.read_buf(&mut buffer).await;
                return;
            }
            Reply::Repeat(status, code) => {
                let said = format!("{code}</Code><Message>{head}</Message><Code>{code}");
                let Reply::Send(bytes) = Reply::error(status, &said) else {
                    unreachable!("an error is sent")
                };
                stream.write_all(&bytes).await
            }
            Reply::Hold(bytes) => {
                script.released().await;
                stream.write_all(&bytes).await
            }
            Reply::Surplus(bytes, surplus) => {
                let _ = stream.write_all(&bytes).await;
                script.released().await;
                let _ = stream.write_all(&surplus).await;
                let read = stream.read_buf(&mut buffer).await;
                if !matches!(read, Ok(count) if count > 0) {
                    script.discarded.fetch_add(1, Ordering::SeqCst);
                }
                return;
            }
            Reply::Drip(parts) => {
                let mut sent = Ok(());
                for (at, part) in parts.iter().enumerate() {
                    if at > 0 {
                        script.released().await;
                    }
                    sent = stream.write_all(part).await;
                }
                sent
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

/// The value of a field of a head, its name in lower case; empty if it is not there.
pub(crate) fn field(head: &str, name: &str) -> String {
    let lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let values: Vec<&str> = lines
        .filter(|(given, _)| given.eq_ignore_ascii_case(name))
        .map(|(_, value)| value.trim())
        .collect();
    values.join(" | ")
}

/// Reads the body behind a head; `None` if the connection ends within it.
async fn body(stream: &mut TcpStream, buffer: &mut Vec<u8>, head: &str) -> Option<Vec<u8>> {
    if field(head, "transfer-encoding") == "chunked" {
        let mut body = Vec::new();
        loop {
            let line = loop {
                if let Some(at) = buffer.windows(2).position(|window| window == b"\r\n") {
                    break buffer.drain(..at + 2).collect::<Vec<u8>>();
                }
                more(stream, buffer).await?;
            };
            let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).unwrap();
            while buffer.len() < size + 2 {
                more(stream, buffer).await?;
            }
            body.extend(buffer.drain(..size));
            buffer.drain(..2);
            if size == 0 {
                return Some(body);
            }
        }
    }
    let length = field(head, "content-length").parse().unwrap_or(0);
    while buffer.len() < length {
        more(stream, buffer).await?;
    }
    Some(buffer.drain(..length).collect())
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<()> {
    let count = stream.read_buf(buffer).await.ok()?;
    (count > 0).then_some(())
}
