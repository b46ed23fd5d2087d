//! One viewer, over HTTP/1.1 or cleartext HTTP/2: what it asks and gets has the same shape.

use std::convert::Infallible;

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::{Answer, Client, TestEdge, bounded};

/// What a viewer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http1,
    Http2,
}

impl Protocol {
    pub(crate) const BOTH: [Self; 2] = [Self::Http1, Self::Http2];

    /// What `Via` calls it, in either direction.
    pub(crate) const fn via(self) -> &'static str {
        match self {
            Self::Http1 => "1.1",
            Self::Http2 => "2",
        }
    }
}

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// One connection of a viewer.
pub(crate) enum Viewer {
    Http1(Client),
    Http2(SendRequest<Body>),
}

impl Viewer {
    pub(crate) async fn connect(edge: &TestEdge, protocol: Protocol) -> Self {
        if protocol == Protocol::Http1 {
            return Self::Http1(edge.connect().await);
        }
        let stream = TcpStream::connect(edge.viewer()).await.unwrap();
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let (sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        Self::Http2(sender)
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    pub(crate) async fn get_with(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.request("GET", path, fields, "").await
    }

    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        match self {
            Self::Http1(client) => client.request(method, path, fields, body).await,
            Self::Http2(sender) => {
                let body = Full::new(Bytes::copy_from_slice(body.as_bytes())).boxed_unsync();
                let response = sender.send_request(request(method, path, fields, body));
                bounded("an answer over HTTP/2", async {
                    whole(response.await.unwrap()).await
                })
                .await
            }
        }
    }

    /// Begins a GET whose answer comes in steps.
    pub(crate) async fn begin(&mut self, path: &str) -> Exchange<'_> {
        match self {
            Self::Http1(client) => {
                client.send_request("GET", path, &[], "").await;
                Exchange::Http1(client)
            }
            Self::Http2(sender) => {
                let body = Full::new(Bytes::new()).boxed_unsync();
                let response = sender.send_request(request("GET", path, &[], body));
                Exchange::Http2 {
                    pieces: None,
                    response: Some(tokio::spawn(response)),
                    body: None,
                }
            }
        }
    }

    /// Begins a POST whose body comes in pieces and announces no length.
    pub(crate) async fn post(&mut self, path: &str) -> Exchange<'_> {
        match self {
            Self::Http1(client) => {
                let framing = [("transfer-encoding", "chunked")];
                client.send_request("POST", path, &framing, "").await;
                Exchange::Http1(client)
            }
            Self::Http2(sender) => {
                let (pieces, mut received) = mpsc::channel::<Bytes>(1);
                let pieces_come = futures_util::stream::poll_fn(move |cx| received.poll_recv(cx));
                let body = StreamBody::new(pieces_come.map(|piece| Ok(Frame::data(piece))));
                let response = sender.send_request(request("POST", path, &[], body.boxed_unsync()));
                Exchange::Http2 {
                    pieces: Some(pieces),
                    response: Some(tokio::spawn(response)),
                    body: None,
                }
            }
        }
    }
}

fn request(method: &str, path: &str, fields: &[(&str, &str)], body: Body) -> Request<Body> {
    let uri = format!("http://localhost{path}");
    let mut request = Request::builder().method(method).uri(uri);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    request.body(body).unwrap()
}

/// The head as an [`Answer`].
fn head(response: &Response<Incoming>) -> Answer {
    let fields = response.headers().iter();
    Answer {
        status: response.status().as_u16(),
        fields: fields
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
            .collect(),
        body: Vec::new(),
        complete: true,
    }
}

/// The answer with its body, as far as it comes. Trailers are shown among the fields.
async fn whole(response: Response<Incoming>) -> Answer {
    let mut answer = head(&response);
    let mut body = response.into_body();
    while let Some(frame) = body.frame().await {
        match frame.map(Frame::into_data) {
            Ok(Ok(bytes)) => answer.body.extend_from_slice(&bytes),
            Ok(Err(trailers)) => {
                for (name, value) in trailers.trailers_ref().unwrap() {
                    let value = value.to_str().unwrap().to_owned();
                    answer.fields.push((name.to_string(), value));
                }
            }
            // The stream was reset.
            Err(_) => {
                answer.complete = false;
                break;
            }
        }
    }
    answer
}

/// A request under way: its body goes out while its answer comes in.
pub(crate) enum Exchange<'a> {
    Http1(&'a mut Client),
    Http2 {
        pieces: Option<mpsc::Sender<Bytes>>,
        response: Option<JoinHandle<hyper::Result<Response<Incoming>>>>,
        body: Option<Incoming>,
    },
}

impl Exchange<'_> {
    pub(crate) async fn send(&mut self, piece: &str) {
        match self {
            Self::Http1(client) => {
                let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
                client.send(chunk.as_bytes()).await;
            }
            Self::Http2 { pieces, .. } => {
                let piece = Bytes::copy_from_slice(piece.as_bytes());
                pieces.as_ref().unwrap().send(piece).await.unwrap();
            }
        }
    }

    /// Ends the body.
    pub(crate) async fn end(&mut self) {
        match self {
            Self::Http1(client) => client.send(b"0\r\n\r\n").await,
            Self::Http2 { pieces, .. } => *pieces = None,
        }
    }

    /// The head of the answer, which may come before the body has ended.
    pub(crate) async fn head(&mut self) -> Answer {
        match self {
            Self::Http1(client) => client.head().await,
            Self::Http2 { response, body, .. } => {
                let answered = bounded("the head of an answer", response.take().unwrap());
                let response = answered.await.unwrap().unwrap();
                let answer = head(&response);
                *body = Some(response.into_body());
                answer
            }
        }
    }

    /// Reads on in the answer's body, as it is framed, until `end` has come.
    pub(crate) async fn until(&mut self, end: &str) {
        let mut seen = Vec::new();
        while !String::from_utf8_lossy(&seen).contains(end) {
            let more = match self {
                Self::Http1(client) => client.some().await,
                Self::Http2 { body, .. } => {
                    let frame = bounded("some bytes", body.as_mut().unwrap().frame()).await;
                    let data = frame.map(|frame| frame.unwrap().into_data().unwrap());
                    data.unwrap_or_default().to_vec()
                }
            };
            assert!(!more.is_empty(), "it ended before {end:?}: {seen:?}");
            seen.extend(more);
        }
    }

    /// Reads what came, as it is framed, until it breaks off: with the connection over HTTP/1.1, with the
    /// stream over HTTP/2. A body that ends as bodies end is none that breaks off.
    pub(crate) async fn broken_off(mut self) -> String {
        let mut seen = Vec::new();
        match &mut self {
            Self::Http1(client) => {
                seen = client.closed().await;
                assert!(!seen.ends_with(b"0\r\n\r\n"), "it has an end");
            }
            Self::Http2 { body, .. } => {
                let body = body.as_mut().unwrap();
                loop {
                    let frame = bounded("the end", body.frame()).await;
                    match frame.expect("an error, not an end") {
                        Ok(frame) => seen.extend(frame.into_data().unwrap()),
                        Err(_) => break,
                    }
                }
            }
        }
        String::from_utf8_lossy(&seen).into_owned()
    }

    /// Reads the rest, which must be nothing but the end.
    pub(crate) async fn ended(mut self) {
        match &mut self {
            Self::Http1(_) => self.until("0\r\n\r\n").await,
            Self::Http2 { body, .. } => {
                let rest = bounded("the end", body.as_mut().unwrap().frame()).await;
                assert!(rest.is_none_or(|frame| frame.unwrap().into_data().unwrap().is_empty()));
            }
        }
    }
}
