//! An origin behind TLS is believed if its certificate is of an authority that is trusted, for its host.

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::harness::EdgeOptions;

/// An authority that nobody knows.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

impl Authority {
    fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Self {
            issuer: Issuer::new(params, key),
            pem,
        }
    }

    fn certify(&self, name: &str) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        (certificate.der().clone(), key)
    }

    /// Its certificate as a file, and the line of the configuration that names it.
    fn file(&self) -> (TempDir, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        std::fs::write(&path, &self.pem).unwrap();
        let line = format!("ca_file = {path:?}");
        (folder, line)
    }
}

/// A server with a certificate for `name`; its port.
async fn serve(authority: &Authority, name: &str) -> u16 {
    let (certificate, key) = authority.certify(name);
    let config = ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                    break;
                }
            }
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello";
            let _ = stream.write_all(answer).await;
            let _ = stream.shutdown().await;
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread")]
async fn a_private_authority_is_trusted_where_it_is_named() {
    let authority = Authority::new();
    let port = serve(&authority, "localhost").await;
    let (_folder, line) = authority.file();
    let url = format!("https://localhost:{port}");
    let edge = EdgeOptions::web(&url).origin(&line).start().await;
    let answer = edge.get("/a").await;
    assert_eq!((answer.status, answer.text().as_str()), (200, "hello"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_else_is_a_502() {
    let (authority, other) = (Authority::new(), Authority::new());
    let named = authority.file();
    let wrong = other.file();
    for (name, line, why) in [
        (
            "localhost",
            String::new(),
            "of an authority that nobody knows",
        ),
        ("localhost", wrong.1.clone(), "of another authority"),
        ("other.test", named.1.clone(), "for another host"),
    ] {
        let port = serve(&authority, name).await;
        let url = format!("https://localhost:{port}");
        let edge = EdgeOptions::web(&url).origin(&line).start().await;
        let answer = edge.get("/a").await;
        assert_eq!(answer.status, 502, "{why}: {}", answer.text());
        assert!(!answer.text().contains("hello"), "{why}");
    }
}
