//! The viewer service: a synchronous hit first, an axum router for everything that waits.

use std::convert::Infallible;
use std::net::IpAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::State;
use axum::{Extension, Router};
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::{BodyExt, Empty};
use hyper::body::Incoming;
use hyper::service::Service;
use tower::ServiceExt;

use super::limits;
use crate::clock;
use crate::request::body::Body;
use crate::request::{Engine, Pending, receive};
use crate::semantics::framing::{self, Violation};

/// Makes the service of each connection.
#[derive(Clone, Debug)]
pub struct Viewers {
    engine: Arc<Engine>,
    router: Router,
}

/// The service of one connection.
#[derive(Clone, Debug)]
pub struct Viewer {
    viewers: Viewers,
    client: IpAddr,
}

/// A request on its way through the router: what it asks for is known, and could not be answered at once.
#[derive(Clone)]
struct OnItsWay {
    pending: Pending,
    client: IpAddr,
}

impl Viewers {
    /// Services on `engine`.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let router = Router::new()
            .fallback(handle)
            .with_state(Arc::clone(&engine));
        Self { engine, router }
    }

    /// Whether connections from this address are counted against what one may have.
    #[must_use]
    pub fn counts(&self, address: IpAddr) -> bool {
        !self.engine.site.load().clients.trusts(address)
    }

    /// The service of a connection from `client`.
    #[must_use]
    pub fn viewer(&self, client: IpAddr) -> Viewer {
        Viewer {
            viewers: self.clone(),
            client,
        }
    }
}

async fn handle(
    State(engine): State<Arc<Engine>>,
    Extension(on_its_way): Extension<OnItsWay>,
    request: axum::extract::Request,
) -> Response<axum::body::Body> {
    let OnItsWay { pending, client } = on_its_way;
    engine
        .handle(pending, request, Some(client))
        .await
        .map(axum::body::Body::new)
}

impl Viewer {
    /// Answers at once, or gives the request back, on its way.
    // As Engine::try_hit: the request itself.
    #[allow(
        clippy::result_large_err,
        reason = "the request on its way; boxing it would cost every miss"
    )]
    fn try_hit<B>(&self, request: &Request<B>) -> Result<Response<AnswerBody>, Pending> {
        let engine = &self.viewers.engine;
        let hit = AssertUnwindSafe(|| engine.try_hit(request, Some(self.client)));
        match std::panic::catch_unwind(hit) {
            Ok(Ok(response)) => Ok(response.map(AnswerBody::Own)),
            Ok(Err(pending)) => Err(pending),
            Err(_) => Ok(engine
                .answer_panic(request, Some(self.client))
                .map(AnswerBody::Own)),
        }
    }

    /// The answer to what is no request; an HTTP/1 connection ends with it.
    fn refuse<B>(&self, request: &Request<B>, violation: Violation) -> Response<AnswerBody> {
        let engine = &self.viewers.engine;
        let mut answer = engine.answer_malformed(request, Some(self.client), violation);
        close_behind(&mut answer, request.version());
        answer.map(AnswerBody::Own)
    }

    async fn wait<B>(self, mut request: Request<B>, pending: Pending) -> Response<AnswerBody>
    where
        B: HttpBody<Data = Bytes> + Send + 'static,
        B::Error: Into<axum::BoxError>,
    {
        let Self { viewers, client } = self;
        // What an answer to a panic needs; the request itself goes on.
        let mut head = Request::new(());
        *head.method_mut() = request.method().clone();
        *head.uri_mut() = request.uri().clone();
        *head.version_mut() = request.version();
        request
            .extensions_mut()
            .insert(OnItsWay { pending, client });
        let answer = viewers.router.oneshot(request.map(axum::body::Body::new));
        let mut answer = match Unwinding(Box::pin(answer)).await {
            Ok(Ok(response)) => response.map(AnswerBody::Routed),
            Ok(Err(never)) => match never {},
            Err(Panicked) => viewers
                .engine
                .answer_panic(&head, Some(client))
                .map(AnswerBody::Own),
        };
        // In HTTP/1.0 only the end of the connection can be the end of a body whose length is not known.
        if head.version() == Version::HTTP_10 && answer.body().size_hint().exact().is_none() {
            close_behind(&mut answer, Version::HTTP_10);
        }
        answer
    }

    /// A GET or HEAD with a body, which has no meaning (RFC 9110 section 9.3.1), or any request with
    /// one that is answered already. The body is read, so that none of its bytes can be taken for the
    /// next request, and thrown away.
    ///
    /// A viewer that waits to be told to send it (RFC 9110 section 10.1.1) is not told, and it is not waited
    /// for: whatever it sends after that can only be the end of its connection.
    async fn drain(
        self,
        request: Request<Incoming>,
        answered: Option<Response<AnswerBody>>,
    ) -> Response<AnswerBody> {
        let (head, mut body) = request.into_parts();
        let withheld = head.version != Version::HTTP_10 && receive::expects_continue(&head.headers);
        let mut left = limits::DRAIN_BYTES;
        let reading = async {
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else {
                    return Drained::Broken;
                };
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(rest) = left.checked_sub(length) else {
                    return Drained::InPart;
                };
                left = rest;
            }
            Drained::Whole
        };
        let clock = &*self.viewers.engine.clock;
        let drained = match withheld {
            true => Drained::InPart,
            false => clock::within(clock, limits::DRAIN_TIMEOUT, reading)
                .await
                .unwrap_or(Drained::InPart),
        };
        let version = head.version;
        let request = Request::from_parts(head, Empty::new());
        let mut response = match answered {
            Some(response) => response,
            // What has no end that can be told is no request, whatever its head says.
            None if drained == Drained::Broken => return self.refuse(&request, Violation::Chunk),
            None => match self.try_hit(&request) {
                Ok(response) => response,
                Err(pending) => self.wait(request, pending).await,
            },
        };
        if drained != Drained::Whole {
            close_behind(&mut response, version);
        }
        response
    }
}

/// Has the connection of a request of this version end with its answer; over HTTP/2 a stream ends by itself.
fn close_behind<B>(answer: &mut Response<B>, version: Version) {
    if version == Version::HTTP_2 {
        return;
    }
    // hyper would tell an HTTP/1.0 viewer who asked for it that the connection goes on, unless the answer is
    // of its own version.
    *answer.version_mut() = version;
    answer
        .headers_mut()
        .insert(header::CONNECTION, HeaderValue::from_static("close"));
}

/// What became of a body that nobody wants.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Drained {
    /// It was read to its end.
    Whole,
    /// It was too long, or too slow.
    InPart,
    /// It broke off, or was malformed.
    Broken,
}

impl Service<Request<Incoming>> for Viewer {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, mut request: Request<Incoming>) -> Answering {
        if let Some(violation) = request.extensions().get::<Violation>() {
            return Answering::Ready(Some(Box::new(self.refuse(&request, *violation))));
        }
        // The gate has judged what comes by HTTP/1.
        if request.version() == Version::HTTP_2 {
            let uri = request.uri().clone();
            if let Err(violation) = framing::http2(&uri, request.headers_mut()) {
                return Answering::Ready(Some(Box::new(self.refuse(&request, violation))));
            }
        }
        let body = !request.body().is_end_stream();
        if body && matches!(*request.method(), Method::GET | Method::HEAD) {
            return Answering::Waiting(Box::pin(self.clone().drain(request, None)));
        }
        match self.try_hit(&request) {
            Ok(response) if body => {
                Answering::Waiting(Box::pin(self.clone().drain(request, Some(response))))
            }
            Ok(response) => Answering::Ready(Some(Box::new(response))),
            Err(pending) => Answering::Waiting(Box::pin(self.clone().wait(request, pending))),
        }
    }
}

/// A future whose panic ends itself alone.
struct Unwinding<F>(Pin<Box<F>>);

struct Panicked;

impl<F: Future> Future for Unwinding<F> {
    type Output = Result<F::Output, Panicked>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        // After a panic it is not polled again, so nothing half done in it is ever seen.
        let polled = std::panic::catch_unwind(AssertUnwindSafe(|| self.0.as_mut().poll(cx)));
        polled.map_or(Poll::Ready(Err(Panicked)), |poll| poll.map(Ok))
    }
}

/// The future of an answer: there already, or waited for.
pub enum Answering {
    /// There.
    Ready(Option<Box<Response<AnswerBody>>>),
    /// Waited for.
    Waiting(Pin<Box<dyn Future<Output = Response<AnswerBody>> + Send>>),
}

impl Future for Answering {
    type Output = Result<Response<AnswerBody>, Infallible>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut *self {
            // Polled again after its end only by a caller that breaks the rules of futures.
            Self::Ready(response) => response
                .take()
                .map_or(Poll::Pending, |response| Poll::Ready(Ok(*response))),
            Self::Waiting(answer) => answer.as_mut().poll(cx).map(Ok),
        }
    }
}

/// The body of an answer, from either side of the router.
#[derive(Debug)]
pub enum AnswerBody {
    /// Of a hit or a refusal.
    Own(Body),
    /// Of everything else.
    Routed(axum::body::Body),
}

impl HttpBody for AnswerBody {
    type Data = Bytes;
    type Error = axum::BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::BoxError>>> {
        match &mut *self {
            Self::Own(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
            Self::Routed(body) => Pin::new(body).poll_frame(cx).map_err(Into::into),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Own(body) => body.is_end_stream(),
            Self::Routed(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Own(body) => body.size_hint(),
            Self::Routed(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_ends_its_own_future_alone() {
        let fine = Unwinding(Box::pin(async { 7 }));
        assert!(matches!(fine.await, Ok(7)));
        let broken = Unwinding(Box::pin(async {
            tokio::task::yield_now().await;
            assert_eq!(1, 2, "on purpose");
        }));
        assert!(broken.await.is_err());
    }
}
