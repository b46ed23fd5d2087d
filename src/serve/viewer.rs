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
use http::{HeaderValue, Request, Response, StatusCode, Version, header};
use http_body::{Body as HttpBody, Frame, SizeHint};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use hyper::service::Service;
use tower::ServiceExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::limits;
use crate::clock;
use crate::request::Engine;
use crate::request::body::Body;
use crate::request::route::Keyed;

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

/// A request on its way through the router: its object is known, and was no hit.
#[derive(Clone)]
struct OnItsWay {
    keyed: Keyed<'static>,
    client: IpAddr,
}

impl Viewers {
    /// Services on `engine`.
    #[must_use]
    pub fn new(engine: Arc<Engine>) -> Self {
        let panics = Arc::clone(&engine.metrics);
        let caught = CatchPanicLayer::custom(move |_: Box<dyn std::any::Any + Send>| {
            panics.panics.increment();
            broken(axum::body::Body::from("500 Internal Server Error\n"))
        });
        let router = Router::new()
            .fallback(handle)
            .layer(caught)
            .with_state(Arc::clone(&engine));
        Self { engine, router }
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
    let OnItsWay { keyed, client } = on_its_way;
    engine
        .handle(keyed, request, Some(client))
        .await
        .map(axum::body::Body::new)
}

fn broken<B>(body: B) -> Response<B> {
    let mut response = Response::new(body);
    *response.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

impl Viewer {
    /// Answers at once, or gives the request back, on its way.
    // As Engine::try_hit: the request itself.
    #[allow(
        clippy::result_large_err,
        reason = "the request on its way; boxing it would cost every miss"
    )]
    fn try_hit<B>(&self, request: &Request<B>) -> Result<Response<AnswerBody>, Keyed<'static>> {
        let engine = &self.viewers.engine;
        let hit = AssertUnwindSafe(|| engine.try_hit(request, Some(self.client)));
        match std::panic::catch_unwind(hit) {
            Ok(Ok(response)) => Ok(response.map(AnswerBody::Own)),
            Ok(Err(keyed)) => Err(keyed),
            Err(_) => {
                engine.metrics.panics.increment();
                Ok(broken(AnswerBody::Own(Body::empty())))
            }
        }
    }

    async fn wait<B: Send + 'static>(
        self,
        mut request: Request<B>,
        keyed: Keyed<'static>,
    ) -> Response<AnswerBody> {
        let on_its_way = OnItsWay {
            keyed,
            client: self.client,
        };
        request.extensions_mut().insert(on_its_way);
        match self
            .viewers
            .router
            .oneshot(request.map(|_| axum::body::Body::empty()))
            .await
        {
            Ok(response) => response.map(AnswerBody::Routed),
            Err(never) => match never {},
        }
    }

    /// A request with a body. No method that is allowed here has a use for one; it is read, so
    /// that none of its bytes can be taken for the next request, and thrown away.
    async fn drain(self, request: Request<Incoming>) -> Response<AnswerBody> {
        let (head, mut body) = request.into_parts();
        let mut left = limits::DRAIN_BYTES;
        let reading = async {
            while let Some(frame) = body.frame().await {
                let Ok(frame) = frame else { return false };
                let length = frame.data_ref().map_or(0, Bytes::len);
                let Some(rest) = left.checked_sub(length) else {
                    return false;
                };
                left = rest;
            }
            true
        };
        let read = clock::within(&*self.viewers.engine.clock, limits::DRAIN_TIMEOUT, reading).await
            == Ok(true);
        let version = head.version;
        let request = Request::from_parts(head, ());
        let mut response = match self.try_hit(&request) {
            Ok(response) => response,
            Err(keyed) => self.wait(request, keyed).await,
        };
        if !read && version != Version::HTTP_2 {
            response
                .headers_mut()
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Service<Request<Incoming>> for Viewer {
    type Response = Response<AnswerBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        if !request.body().is_end_stream() {
            return Answering::Waiting(Box::pin(self.clone().drain(request)));
        }
        match self.try_hit(&request) {
            Ok(response) => Answering::Ready(Some(Box::new(response))),
            Err(keyed) => Answering::Waiting(Box::pin(self.clone().wait(request, keyed))),
        }
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
