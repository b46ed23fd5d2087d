//! One HTTP/1.1 exchange with an origin, by hyper-util's pooled client.
//!
//! The request goes out byte for byte as it was built: no URL library between the signature and
//! the wire. Time limits: connect, first byte, and (in the body) idle.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::OriginError;
use crate::clock::{self, HyperTimer, SharedClock};

/// Idle connections are kept this long: less than the shortest keep-alive of common stores.
const POOL_IDLE: Duration = Duration::from_secs(15);
/// Bytes of an answer's head that are read at the most; more is an error.
const HEAD_BYTES: usize = 64 * 1024;
/// Header lines of an answer that are read at the most; more is an error.
const HEAD_LINES: usize = 200;

/// Time limits of an origin.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// To make a connection.
    pub connect: Duration,
    /// From sending the request to the head of the answer.
    pub first_byte: Duration,
    /// Between two reads of a body.
    pub idle: Duration,
}

/// A pooled client.
#[derive(Clone, Debug)]
pub struct Wire {
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    limits: Limits,
    clock: SharedClock,
}

impl Wire {
    /// A client that trusts the machine's certificates and those in `ca_file` (PEM).
    ///
    /// # Errors
    /// A text that says what is wrong with `ca_file`.
    pub fn new(limits: Limits, ca_file: Option<&Path>, clock: SharedClock) -> Result<Self, String> {
        let mut roots = rustls::RootCertStore::empty();
        let system = rustls_native_certs::load_native_certs();
        // Certificates of the machine that rustls cannot read are left out, as browsers do.
        roots.add_parsable_certificates(system.certs);
        if let Some(path) = ca_file {
            let shown = path.display();
            let certificates = CertificateDer::pem_file_iter(path)
                .and_then(Iterator::collect::<Result<Vec<_>, _>>)
                .map_err(|error| format!("ca_file {shown}: {error}"))?;
            if certificates.is_empty() {
                return Err(format!(
                    "ca_file {shown}: found no certificate; it must hold PEM certificates"
                ));
            }
            for certificate in certificates {
                roots
                    .add(certificate)
                    .map_err(|error| format!("ca_file {shown}: {error}"))?;
            }
        }
        let tls = rustls::ClientConfig::builder()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(limits.connect));
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let timer = HyperTimer::new(clock.clone());
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(POOL_IDLE)
            .pool_timer(timer.clone())
            .timer(timer)
            .http1_max_buf_size(HEAD_BYTES)
            .http1_max_headers(HEAD_LINES)
            .set_host(false)
            .build(connector);
        Ok(Self {
            client,
            limits,
            clock,
        })
    }

    /// The time limits.
    #[must_use]
    pub fn limits(&self) -> Limits {
        self.limits
    }

    /// Sends a request without a body and waits for the head of the answer.
    ///
    /// # Errors
    /// [`OriginError::Connect`], [`OriginError::Timeout`], [`OriginError::Broken`].
    pub async fn send(
        &self,
        request: Request<Empty<Bytes>>,
    ) -> Result<Response<Incoming>, OriginError> {
        let limit = self.limits.first_byte;
        match clock::within(&*self.clock, limit, self.client.request(request)).await {
            Err(_) => Err(OriginError::Timeout {
                what: "answer",
                limit,
            }),
            Ok(Ok(response)) => Ok(response),
            Ok(Err(error)) if error.is_connect() => Err(OriginError::Connect(chain(&error))),
            Ok(Err(error)) => Err(OriginError::Broken(chain(&error))),
        }
    }
}

/// An error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        // Writing to a String cannot fail.
        let _ = write!(text, ": {cause}");
        next = cause.source();
    }
    text
}
