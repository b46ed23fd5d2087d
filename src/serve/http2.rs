//! One HTTP/2 connection, from behind its preface to its end.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::connection::Protocols;
use super::metered::Metered;
use super::paced::Paced;
use super::streams::{Streams, Tracking};
use super::{Phase, limits};
use crate::clock;

impl Protocols {
    /// Serves a connection whose preface is `first`.
    pub(super) async fn http2<S, B>(
        &self,
        stream: TcpStream,
        first: Bytes,
        service: S,
        mut phase: watch::Receiver<Phase>,
    ) where
        S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
        S::Future: Send + Unpin + 'static,
        B: http_body::Body<Data = Bytes> + Send + Unpin + 'static,
        B::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
    {
        let streams = Arc::new(Streams::default());
        let (clock, metrics) = (self.clock.clone(), Arc::clone(&self.metrics));
        let metered = Metered::new(stream, Arc::clone(&streams), clock.clone(), metrics);
        let io = Paced::new(TokioIo::new(metered), first, clock);
        let service = Tracking {
            service,
            streams: Arc::clone(&streams),
        };
        let connection = self.http2.serve_connection(io, service);
        tokio::pin!(connection);
        // The connection comes first: what has been sent already is answered.
        tokio::select! {
            biased;
            _ = connection.as_mut() => return,
            () = streams.too_many_cancelled() => return self.metrics.http2_cancelled.increment(),
            _ = phase.wait_for(|phase| *phase != Phase::Open) => {}
            // hyper limits how long an HTTP/1.1 connection is idle; this is for HTTP/2.
            () = self.idle(&streams) => {}
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            biased;
            _ = connection => {}
            () = streams.too_many_cancelled() => self.metrics.http2_cancelled.increment(),
            _ = phase.wait_for(|phase| *phase == Phase::Closed) => {}
            () = self.stalled(&streams) => self.metrics.http2_stalled.increment(),
        }
    }

    /// Ends when no request has begun for the idle time. What is in flight then still finishes.
    async fn idle(&self, streams: &Streams) {
        let mut before = None;
        loop {
            let now = streams.begun();
            if before == Some(now) {
                return;
            }
            before = Some(now);
            clock::sleep(&*self.clock, limits::HTTP2_IDLE).await;
        }
    }

    /// Ends when the viewer has taken nothing for the idle time, although nothing waits for the edge.
    async fn stalled(&self, streams: &Streams) {
        let mut before = None;
        loop {
            let now = streams.bytes();
            let waiting = streams.is_waiting();
            if before == Some(now) && !waiting {
                return;
            }
            before = (!waiting).then_some(now);
            clock::sleep(&*self.clock, limits::HTTP2_IDLE).await;
        }
    }
}
