//! A small HTTP/1.1 client that shows what is on the wire.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::bounded;

/// One connection.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Lines in their order, names in lower case.
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    /// The body came to its announced end; else the connection broke off.
    pub(crate) complete: bool,
}

impl Answer {
    /// The field's lines, joined; empty if there is none.
    pub(crate) fn field(&self, name: &str) -> String {
        let lines: Vec<&str> = self
            .fields
            .iter()
            .filter(|(given, _)| given == name)
            .map(|(_, value)| value.as_str())
            .collect();
        lines.join(", ")
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(given, _)| given == name)
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// `Hit`, `Miss`, `RefreshHit` or `Error`.
    pub(crate) fn cache(&self) -> String {
        self.field("x-cache")
            .trim_end_matches(" from seawall")
            .to_owned()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).await.unwrap())
    }

    pub(crate) fn over(stream: TcpStream) -> Self {
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.request("GET", path, &[], "").await
    }

    pub(crate) async fn request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send_request(method, path, fields, body).await;
        self.answer(method).await
    }

    /// Sends a request and does not wait for the answer.
    pub(crate) async fn send_request(
        &mut self,
        method: &str,
        path: &str,
        fields: &[(&str, &str)],
        body: &str,
    ) {
        let mut head = format!("{method} {path} HTTP/1.1\r\n");
        if !fields
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("host"))
        {
            head.push_str("host: localhost\r\n");
        }
        for (name, value) in fields {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if !body.is_empty() {
            head.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        head.push_str("\r\n");
        self.send(head.as_bytes()).await;
        self.send(body.as_bytes()).await;
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Sends to an edge that may have closed the connection; whether it could.
    pub(crate) async fn try_send(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).await.is_ok()
    }

    /// Reads one answer.
    pub(crate) async fn answer(&mut self, method: &str) -> Answer {
        bounded("an answer", self.read_answer(method)).await
    }

    /// Reads the head of an answer; its body stays on the connection.
    pub(crate) async fn head(&mut self) -> Answer {
        bounded("the head of an answer", self.read_head()).await
    }

    /// Reads what is there now, at least one byte; empty at the end.
    pub(crate) async fn some(&mut self) -> Vec<u8> {
        if self.buffer.is_empty() {
            bounded("some bytes", self.fill()).await;
        }
        std::mem::take(&mut self.buffer)
    }

    /// Waits until the other side has closed the connection; what came before that.
    pub(crate) async fn closed(&mut self) -> Vec<u8> {
        bounded("the end of the connection", async {
            while self.fill().await {}
        })
        .await;
        std::mem::take(&mut self.buffer)
    }

    async fn read_head(&mut self) -> Answer {
        let end = loop {
            if let Some(at) = self
                .buffer
                .windows(4)
                .position(|window| window == b"\r\n\r\n")
            {
                break at + 4;
            }
            assert!(
                self.fill().await,
                "the connection ended within a head: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        };
        let head: Vec<u8> = self.buffer.drain(..end).collect();
        let head = String::from_utf8_lossy(&head).into_owned();
        let mut lines = head.split("\r\n").filter(|line| !line.is_empty());
        let status = lines
            .next()
            .unwrap()
            .split(' ')
            .nth(1)
            .unwrap()
            .parse()
            .unwrap();
        let fields = lines
            .map(|line| line.split_once(':').unwrap())
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        Answer {
            status,
            fields,
            body: Vec::new(),
            complete: true,
        }
    }

    async fn read_answer(&mut self, method: &str) -> Answer {
        let mut answer = self.read_head().await;
        if method == "HEAD" || answer.status == 304 || answer.status == 204 {
            return answer;
        }
        if answer
            .field("transfer-encoding")
            .eq_ignore_ascii_case("chunked")
        {
            return self.read_chunked(answer).await;
        }
        let length = answer.field("content-length").parse().ok();
        while self.buffer.len() < length.unwrap_or(usize::MAX) {
            if !self.fill().await {
                break;
            }
        }
        let have = self.buffer.len().min(length.unwrap_or(usize::MAX));
        answer.body = self.buffer.drain(..have).collect();
        answer.complete = length.is_none_or(|length| length == have);
        answer
    }

    async fn read_chunked(&mut self, mut answer: Answer) -> Answer {
        loop {
            let line = loop {
                if let Some(at) = self.buffer.windows(2).position(|window| window == b"\r\n") {
                    break self.buffer.drain(..at + 2).collect::<Vec<u8>>();
                }
                if !self.fill().await {
                    answer.complete = false;
                    return answer;
                }
            };
            let size = usize::from_str_radix(String::from_utf8_lossy(&line).trim(), 16).unwrap();
            while self.buffer.len() < size + 2 {
                if !self.fill().await {
                    answer.complete = false;
                    return answer;
                }
            }
            answer.body.extend(self.buffer.drain(..size));
            self.buffer.drain(..2);
            if size == 0 {
                return answer;
            }
        }
    }

    /// Reads more; false at the end, or when the connection broke.
    async fn fill(&mut self) -> bool {
        self.stream
            .read_buf(&mut self.buffer)
            .await
            .is_ok_and(|count| count > 0)
    }
}

/// Sends bytes on a connection of their own, and reads until the other side closes.
pub(crate) async fn raw(address: SocketAddr, bytes: &[u8]) -> String {
    let mut client = Client::connect(address).await;
    client.send(bytes).await;
    String::from_utf8_lossy(&client.closed().await).into_owned()
}
