//! The body of an answer: whole, in pieces, or coming from an origin.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::sync::mpsc;

use crate::origin::OriginError;

/// A body that is there is handed out in slices of this size.
const SLICE: usize = 256 * 1_024;

/// The body ended before its end. The connection (or the stream) is cut, so that nobody can take
/// what came for the whole.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the origin's body ended early: {0}")]
pub struct Aborted(#[from] pub OriginError);

/// An answer's body.
#[derive(Debug)]
pub struct Body(Kind);

#[derive(Debug)]
enum Kind {
    None,
    Whole(Bytes),
    Pieces(VecDeque<Bytes>),
    Coming(Box<Coming>),
}

#[derive(Debug)]
struct Coming {
    chunks: mpsc::Receiver<Result<Bytes, OriginError>>,
    /// What is still to come, where that was announced.
    left: Option<u64>,
    ended: bool,
    /// Called once with the bytes that were handed over, when the body is done with.
    done: Done,
}

/// What is to be done when a body is done with.
struct Done(Option<Box<dyn FnOnce(u64) + Send>>, u64);

impl std::fmt::Debug for Done {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} bytes so far", self.1)
    }
}

impl Drop for Done {
    fn drop(&mut self) {
        if let Some(done) = self.0.take() {
            done(self.1);
        }
    }
}

impl Body {
    /// No body at all, as with a 304 or to a HEAD: its length says nothing, so none is announced.
    #[must_use]
    pub const fn none() -> Self {
        Self(Kind::None)
    }

    /// All bytes are there. They are handed out in slices, so that an HTTP/2 stream whose viewer
    /// does not read holds one of them and not the whole.
    #[must_use]
    pub const fn whole(bytes: Bytes) -> Self {
        Self(Kind::Whole(bytes))
    }

    /// All pieces are there. They go out one after the other, in slices like a whole.
    #[must_use]
    pub fn pieces(pieces: Vec<Bytes>) -> Self {
        Self(Kind::Pieces(pieces.into()))
    }

    /// Bytes as they come. `length`: how many were announced; fewer are an error, so that the
    /// answer cannot look complete. `done` is told how many were handed over, at the end or when
    /// the viewer has gone.
    #[must_use]
    pub fn coming(
        chunks: mpsc::Receiver<Result<Bytes, OriginError>>,
        length: Option<u64>,
        done: impl FnOnce(u64) + Send + 'static,
    ) -> Self {
        let done = Done(Some(Box::new(done)), 0);
        Self(Kind::Coming(Box::new(Coming {
            chunks,
            left: length,
            ended: false,
            done,
        })))
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = Aborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Aborted>>> {
        let coming = match &mut self.0 {
            Kind::None => return Poll::Ready(None),
            Kind::Whole(bytes) if bytes.is_empty() => return Poll::Ready(None),
            Kind::Whole(bytes) => {
                let slice = bytes.split_to(bytes.len().min(SLICE));
                return Poll::Ready(Some(Ok(Frame::data(slice))));
            }
            Kind::Pieces(pieces) => {
                while pieces.front().is_some_and(Bytes::is_empty) {
                    pieces.pop_front();
                }
                let slice = pieces
                    .front_mut()
                    .map(|piece| piece.split_to(piece.len().min(SLICE)));
                return Poll::Ready(slice.map(|slice| Ok(Frame::data(slice))));
            }
            Kind::Coming(coming) => coming,
        };
        if coming.ended {
            return Poll::Ready(None);
        }
        let next = match coming.chunks.poll_recv(cx) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(next) => next,
        };
        let early = |left: u64| OriginError::Broken(format!("{left} bytes are missing"));
        Poll::Ready(match next {
            Some(Ok(bytes)) => {
                if let Some(left) = &mut coming.left {
                    *left = left.saturating_sub(bytes.len() as u64);
                }
                coming.done.1 += bytes.len() as u64;
                Some(Ok(Frame::data(bytes)))
            }
            Some(Err(error)) => {
                coming.ended = true;
                Some(Err(Aborted(error)))
            }
            None => {
                coming.ended = true;
                coming
                    .left
                    .filter(|left| *left > 0)
                    .map(|left| Err(Aborted(early(left))))
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        match &self.0 {
            Kind::None => true,
            Kind::Whole(bytes) => bytes.is_empty(),
            Kind::Pieces(pieces) => pieces.iter().all(Bytes::is_empty),
            Kind::Coming(coming) => coming.ended || coming.left == Some(0),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.0 {
            Kind::None => SizeHint::default(),
            Kind::Whole(bytes) => SizeHint::with_exact(bytes.len() as u64),
            Kind::Pieces(pieces) => {
                SizeHint::with_exact(pieces.iter().map(|piece| piece.len() as u64).sum())
            }
            Kind::Coming(coming) => coming
                .left
                .map_or_else(SizeHint::default, SizeHint::with_exact),
        }
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;

    use super::*;

    async fn collected(
        length: Option<u64>,
        chunks: Vec<Result<Bytes, OriginError>>,
    ) -> Result<Bytes, Aborted> {
        let (sender, receiver) = mpsc::channel(8);
        for chunk in chunks {
            sender.send(chunk).await.unwrap();
        }
        drop(sender);
        Ok(Body::coming(receiver, length, |_| ())
            .collect()
            .await?
            .to_bytes())
    }

    #[tokio::test]
    async fn a_body_that_ends_early_is_an_error_and_never_an_end() {
        let part = || Ok(Bytes::from_static(b"part"));
        assert_eq!(collected(Some(4), vec![part()]).await.unwrap(), "part");
        assert_eq!(collected(None, vec![part()]).await.unwrap(), "part");
        assert!(collected(Some(5), vec![part()]).await.is_err());
        let broken = OriginError::Broken("reset".to_owned());
        assert!(collected(None, vec![part(), Err(broken)]).await.is_err());
    }

    #[tokio::test]
    async fn pieces_go_out_in_order_and_in_slices() {
        let long = Bytes::from(vec![7; SLICE + 1]);
        let pieces = vec![Bytes::from_static(b"a"), Bytes::new(), long, Bytes::new()];
        let expected = pieces.concat();
        let mut body = Body::pieces(pieces);
        assert_eq!(body.size_hint().exact(), Some(SLICE as u64 + 2));
        let mut sizes = vec![];
        let mut came = vec![];
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            sizes.push(data.len());
            came.extend_from_slice(&data);
        }
        assert_eq!(sizes, [1, SLICE, 1]);
        assert_eq!(came, expected);
        assert!(body.is_end_stream());
    }

    #[tokio::test]
    async fn whoever_waits_for_the_end_is_told_once_what_was_sent() {
        let (told, tell) = std::sync::mpsc::sync_channel(2);
        let (sender, receiver) = mpsc::channel(8);
        let mut body = Body::coming(receiver, None, move |bytes| told.send(bytes).unwrap());
        sender.send(Ok(Bytes::from_static(b"part"))).await.unwrap();
        body.frame().await.unwrap().unwrap();
        assert!(tell.try_recv().is_err());
        drop(body);
        assert_eq!(tell.try_iter().collect::<Vec<_>>(), [4]);
    }
}
