//! One HTTP/1.1 exchange with an origin, by hyper-util's pooled client, with or without a body.
//!
//! The request goes out byte for byte as it was built: no URL library between the signature and
//! the wire. Time limits: connect, first byte, and (in the body) idle.

use std::error::Error;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::{CaptureConnection, HttpConnector, capture_connection};
use hyper_util::rt::TokioExecutor;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use tokio::sync::Notify;

use super::OriginError;
use super::connection::{Connector, Used};
use super::judge;
use super::upload::Progress;
use crate::clock::{self, HyperTimer, SharedClock};

/// Idle connections are kept this long: less than the shortest keep-alive of common stores.
const POOL_IDLE: Duration = Duration::from_secs(15);
/// Bytes of an answer's head that are read at the most; more is an error.
const HEAD_BYTES: usize = 64 * 1024;
/// Header lines of an answer that are read at the most; more is an error.
const HEAD_LINES: usize = 200;
/// Interim answers (1xx) before an answer; more is an error. They are dropped, so nobody would notice that
/// they never end.
const INTERIM_ANSWERS: usize = 16;

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

/// A pooled client whose requests have bodies of this type.
#[derive(Clone, Debug)]
pub struct Wire<B> {
    client: Client<Connector, B>,
    limits: Limits,
    clock: SharedClock,
}

/// Why there was no answer.
#[derive(Debug)]
pub struct NoAnswer {
    /// The error.
    pub error: OriginError,
    /// Whether it came over a connection that had been used before: the origin may just have closed it.
    pub reused: bool,
    /// Whether something came that is no answer. A head that broke off cannot be told from none.
    pub heard: bool,
}

impl From<OriginError> for NoAnswer {
    fn from(error: OriginError) -> Self {
        Self {
            error,
            reused: false,
            heard: false,
        }
    }
}

impl<B> Wire<B>
where
    B: Body<Data = Bytes> + Send + Unpin + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
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
            .build(Connector(connector));
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

    /// Sends a request and waits for the head of the answer. The limit counts from the last
    /// `progress` of its body, if it has one. An answer whose end is not certain is none, and its
    /// connection is not used again (RFC 9112 section 6.3).
    ///
    /// # Errors
    /// [`OriginError::Connect`], [`OriginError::Timeout`], [`OriginError::Broken`].
    pub async fn send(
        &self,
        mut request: Request<B>,
        progress: Option<&Progress>,
    ) -> Result<Response<Incoming>, NoAnswer> {
        let limit = self.limits.first_byte;
        let mut since = self.clock.now();
        let connection = capture_connection(&mut request);
        let interim = Arc::new(Interim::default());
        let counting = Arc::clone(&interim);
        hyper::ext::on_informational(&mut request, move |_| counting.came());
        let exchange = self.client.request(request);
        tokio::pin!(exchange);
        let answered = loop {
            let left = since
                .saturating_add(limit)
                .saturating_since(self.clock.now());
            let answered = async {
                tokio::select! {
                    biased;
                    () = interim.too_many.notified() => None,
                    answered = exchange.as_mut() => Some(answered),
                }
            };
            match clock::within(&*self.clock, left, answered).await {
                Ok(Some(answered)) => break answered,
                Ok(None) => {
                    poison(&connection);
                    let many = format!("more than {INTERIM_ANSWERS} interim answers");
                    return Err(NoAnswer {
                        error: OriginError::Broken(many),
                        reused: false,
                        heard: true,
                    });
                }
                Err(_) => {
                    let moved = progress.map_or(since, |body| body.moved(self.clock.now()));
                    if moved <= since {
                        return Err(NoAnswer::from(OriginError::Timeout {
                            what: "answer",
                            limit,
                        }));
                    }
                    since = moved;
                }
            }
        };
        match answered {
            Ok(response) => {
                Used::note(response.extensions());
                if let Err(error) = judge::framing(response.headers()) {
                    // What it takes for the next answer may be the rest of this one, or a forged one.
                    poison(&connection);
                    return Err(NoAnswer {
                        error,
                        reused: false,
                        heard: true,
                    });
                }
                Ok(response)
            }
            Err(error) if error.is_connect() => {
                Err(NoAnswer::from(OriginError::Connect(chain(&error))))
            }
            Err(error) => Err(NoAnswer {
                reused: error.connect_info().is_some_and(Used::of),
                heard: is_parse(&error),
                error: OriginError::Broken(chain(&error)),
            }),
        }
    }
}

/// Has a connection used no more.
fn poison(connection: &CaptureConnection) {
    if let Some(connection) = &*connection.connection_metadata() {
        connection.poison();
    }
}

/// Counts the interim answers to one request.
#[derive(Default)]
struct Interim {
    came: AtomicUsize,
    too_many: Notify,
}

impl Interim {
    fn came(&self) {
        if self.came.fetch_add(1, Ordering::Relaxed) == INTERIM_ANSWERS {
            self.too_many.notify_one();
        }
    }
}

/// Whether what came could not be read.
fn is_parse(error: &(dyn Error + 'static)) -> bool {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if error
            .downcast_ref::<hyper::Error>()
            .is_some_and(hyper::Error::is_parse)
        {
            return true;
        }
        cause = error.source();
    }
    false
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
