//! A client that sends exactly what it is told: its own SigV4, one request a connection.

use std::net::SocketAddr;

use hmac::{Hmac, KeyInit, Mac};
use seawall::demo::bucket::Identity;
use sha2::{Digest, Sha256};
use time::{Duration, OffsetDateTime};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request, signed unless told otherwise; every part can be made wrong on purpose.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) method: &'static str,
    /// Path and query on the wire.
    pub(super) target: String,
    /// Path and query that are signed, if not those on the wire.
    pub(super) signed_target: Option<String>,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    /// The value of `x-amz-content-sha256`, if not the hash of the body.
    pub(super) payload: Option<String>,
    pub(super) signer: Option<Identity>,
    pub(super) region: String,
    pub(super) service: String,
    /// The Content-Length that is sent, if not the length of the body.
    pub(super) announced: Option<u64>,
    /// How far the signer's clock is ahead.
    pub(super) clock: Duration,
}

impl Request {
    pub(super) fn new(method: &'static str, target: &str) -> Self {
        Self {
            method,
            target: target.into(),
            signed_target: None,
            headers: Vec::new(),
            body: Vec::new(),
            payload: None,
            signer: None,
            region: super::REGION.into(),
            service: "s3".into(),
            announced: None,
            clock: Duration::ZERO,
        }
    }

    pub(super) fn by(mut self, signer: Identity) -> Self {
        self.signer = Some(signer);
        self
    }

    pub(super) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Opens a connection and sends the request.
    pub(super) async fn start(&self, addr: SocketAddr) -> TcpStream {
        let mut stream = TcpStream::connect(addr).await.unwrap();
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in self.fields(addr) {
            head += &format!("{name}: {value}\r\n");
        }
        head += "connection: close\r\n\r\n";
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(&self.body).await.unwrap();
        stream
    }

    /// Sends the request and reads until the connection ends.
    pub(super) async fn send(&self, addr: SocketAddr) -> Answer {
        let mut bytes = Vec::new();
        // A reset after a cut is an end too.
        let _ = self.start(addr).await.read_to_end(&mut bytes).await;
        Answer::parse(&bytes)
    }

    fn fields(&self, addr: SocketAddr) -> Vec<(String, String)> {
        let mut fields = vec![("host".to_owned(), addr.to_string())];
        fields.extend(self.headers.clone());
        if !self.body.is_empty() || self.method == "PUT" {
            let length = self.announced.unwrap_or(self.body.len() as u64);
            fields.push(("content-length".into(), length.to_string()));
        }
        let Some(signer) = &self.signer else {
            return fields;
        };
        let now = OffsetDateTime::now_utc() + self.clock;
        let date = format!(
            "{:04}{:02}{:02}",
            now.year(),
            u8::from(now.month()),
            now.day()
        );
        let stamp = format!(
            "{date}T{:02}{:02}{:02}Z",
            now.hour(),
            now.minute(),
            now.second()
        );
        let payload = match &self.payload {
            Some(payload) => payload.clone(),
            None => hex(&Sha256::digest(&self.body)),
        };
        fields.push(("x-amz-content-sha256".into(), payload.clone()));
        fields.push(("x-amz-date".into(), stamp.clone()));

        let mut signed = fields.clone();
        signed.sort();
        let names: Vec<&str> = signed.iter().map(|(name, _)| name.as_str()).collect();
        let names = names.join(";");
        let target = self.signed_target.as_ref().unwrap_or(&self.target);
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut parameters: Vec<String> = query
            .split('&')
            .filter(|parameter| !parameter.is_empty())
            .map(|parameter| {
                if parameter.contains('=') {
                    parameter.to_owned()
                } else {
                    format!("{parameter}=")
                }
            })
            .collect();
        parameters.sort();
        let lines: String = signed
            .iter()
            .map(|(name, value)| format!("{name}:{value}\n"))
            .collect();
        let canonical = format!(
            "{}\n{path}\n{}\n{lines}\n{names}\n{payload}",
            self.method,
            parameters.join("&")
        );
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let to_sign = format!(
            "AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{}",
            hex(&Sha256::digest(canonical))
        );
        let mut key = format!("AWS4{}", signer.secret_key).into_bytes();
        for part in [&date, &self.region, &self.service, "aws4_request"] {
            key = mac(&key, part);
        }
        let signature = hex(&mac(&key, &to_sign));
        let id = &signer.access_key;
        fields.push((
            "authorization".into(),
            format!("AWS4-HMAC-SHA256 Credential={id}/{scope}, SignedHeaders={names}, Signature={signature}"),
        ));
        fields
    }
}

/// What came back before the connection ended.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Answer {
    pub(super) fn parse(bytes: &[u8]) -> Self {
        let at = bytes
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .expect("a whole head");
        let head = String::from_utf8(bytes[..at].to_vec()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap();
        Self {
            status: status.parse().unwrap(),
            headers: lines
                .map(|line| line.split_once(':').unwrap())
                .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
                .collect(),
            body: bytes[at + 4..].to_vec(),
        }
    }

    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let field = self.headers.iter().find(|(field, _)| field == name)?;
        Some(&field.1)
    }

    /// The code in an S3 error document; empty if there is none.
    pub(super) fn code(&self) -> &str {
        let text = std::str::from_utf8(&self.body).unwrap_or_default();
        let after = text.split_once("<Code>").map_or("", |(_, after)| after);
        after.split_once("</Code>").map_or("", |(code, _)| code)
    }
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
