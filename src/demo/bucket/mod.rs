//! A real S3 store inside this process: one private bucket behind a loopback listener.
//!
//! **Duty.** Speak S3 to anybody's client (path style, SigV4), keep objects in memory under their
//! true keys, let in two identities and nobody else, and misbehave on request ([`Faults`]) while
//! writing down every request that arrived ([`RequestLog`]).
//!
//! **Invariants.** An anonymous, foreign or badly signed request never touches an object. The
//! edge's identity can read objects and nothing else. A key is a byte string: `a//b`, `../x`, `a`
//! and `a/b` are four unrelated objects. Content is lost when the bucket stops.
//!
//! **Not here.** No virtual-hosted addressing, no versions, no multipart uploads, no ACLs, no TLS,
//! nothing on disk: what is missing answers `NotImplemented`. A `Range` that is not one byte range
//! is refused with 400 where S3 would ignore it.
//!
//! ```text
//! TCP ─ wire ─ hyper ─ front (log) ─ s3s (signature) ─ access (who may) ─ store (objects) ─ back through wire (cuts)
//! ```

mod access;
mod conditions;
mod faults;
mod front;
mod listing;
mod log;
mod object;
mod store;
mod upload;
mod wire;

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::{JoinHandle, JoinSet};

pub use self::faults::{Faults, Hold};
pub use self::log::{Entry, LOG_LIMIT, RequestLog};
pub use self::store::{MAX_BUCKET_BYTES, MAX_OBJECT_BYTES};

use self::front::Front;
use self::wire::{Flushes, Wire};

/// Connections served at a time; further ones wait in the listener's backlog.
pub const MAX_CONNECTIONS: usize = 1_024;

/// An access key id and its secret. `Debug` shows the id only.
#[derive(Clone, PartialEq, Eq)]
pub struct Identity {
    /// The access key id, as it stands in a SigV4 credential scope.
    pub access_key: String,
    /// The secret access key.
    pub secret_key: String,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("access_key", &self.access_key)
            .finish_non_exhaustive()
    }
}

/// What a bucket needs to know before it starts.
#[derive(Clone, Debug)]
pub struct BucketOptions {
    /// Where to listen; port 0 takes a free one.
    pub listen: SocketAddr,
    /// The only bucket of this store. It does not exist until the publisher creates it.
    pub bucket: String,
    /// The region that a signature must be made for.
    pub region: String,
    /// May read objects, and nothing else.
    pub edge: Identity,
    /// May create the bucket, and put, read, delete and list its objects.
    pub publisher: Identity,
}

/// A running store. Dropping it closes the listener and all connections soon;
/// [`stop`](Self::stop) returns when that is done.
#[derive(Debug)]
pub struct Bucket {
    addr: SocketAddr,
    faults: Faults,
    log: RequestLog,
    /// Dropping the sender is the signal to stop.
    running: oneshot::Sender<()>,
    acceptor: JoinHandle<()>,
}

impl Bucket {
    /// Binds the listener and serves from a background task of the current tokio runtime.
    ///
    /// # Errors
    /// Whatever binding the address says, such as `AddrInUse`; `InvalidInput` if the two
    /// identities share an access key id, since then nothing could tell them apart.
    pub async fn start(options: BucketOptions) -> io::Result<Self> {
        if options.edge.access_key == options.publisher.access_key {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                format!(
                    "the edge and the publisher share the access key id {:?}; each needs its own",
                    options.edge.access_key
                ),
            ));
        }
        let listener = TcpListener::bind(options.listen).await?;
        let addr = listener.local_addr()?;
        let faults = Faults::default();
        let log = RequestLog::default();
        let front = Arc::new(Front::new(options, faults.clone(), log.clone()));
        let (running, stopped) = oneshot::channel();
        let acceptor = tokio::spawn(accept(listener, front, stopped));
        Ok(Self {
            addr,
            faults,
            log,
            running,
            acceptor,
        })
    }

    /// The address that the listener is bound to.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The endpoint for an S3 client, such as `http://127.0.0.1:49152`.
    pub fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    /// The knobs that make this bucket misbehave.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Every request that reached this bucket.
    pub fn log(&self) -> &RequestLog {
        &self.log
    }

    /// Closes the listener and all connections, in the middle of an answer too. When this returns
    /// the port is free and a connection attempt is refused.
    pub async fn stop(self) {
        drop(self.running);
        // The acceptor ends by itself; an error here would be its panic, and it holds nothing more.
        let _ = self.acceptor.await;
    }
}

async fn accept(listener: TcpListener, front: Arc<Front>, mut stopped: oneshot::Receiver<()>) {
    let mut connections = JoinSet::new();
    let mut exhausted = false;
    loop {
        let room = !exhausted && connections.len() < MAX_CONNECTIONS;
        tokio::select! {
            _ = &mut stopped => break,
            Some(_) = connections.join_next() => exhausted = false,
            accepted = listener.accept(), if room => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(serve(stream, front.clone()));
                }
                // Out of file descriptors, most likely: one comes free when a connection ends.
                Err(_) if !connections.is_empty() => exhausted = true,
                Err(_) => tokio::task::yield_now().await,
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

async fn serve(stream: TcpStream, front: Arc<Front>) {
    if stream.set_nodelay(true).is_err() {
        return; // the peer is gone already
    }
    let flushes = Arc::new(Flushes::default());
    let wire = Wire::new(stream, flushes.clone());
    let service = service_fn(move |request| {
        let front = front.clone();
        let flushes = flushes.clone();
        async move { front.answer(request, flushes).await }
    });
    // How a connection ends is the client's affair, or a fault that was asked for.
    let _ = http1::Builder::new()
        .max_buf_size(64 * 1024)
        .serve_connection(TokioIo::new(wire), service)
        .await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(id: &str) -> Identity {
        Identity {
            access_key: id.into(),
            secret_key: format!("{id}-secret"),
        }
    }

    #[test]
    fn debug_output_never_shows_a_secret() {
        let shown = format!("{:?}", identity("EDGE"));
        assert!(shown.contains("EDGE"));
        assert!(!shown.contains("EDGE-secret"), "{shown}");
    }

    #[tokio::test]
    async fn two_identities_with_one_key_id_are_refused() {
        let options = BucketOptions {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            bucket: "b-1".into(),
            region: "r".into(),
            edge: identity("SAME"),
            publisher: identity("SAME"),
        };
        let error = Bucket::start(options).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
