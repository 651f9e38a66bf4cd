//! A body as it comes in, up to a limit.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use b24_core::BoxError;
use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;

const FRAMES_AT_ONCE: usize = 256;

/// What has come of a body so far. A body of one piece, as most are, is not copied.
#[derive(Debug)]
pub(super) struct Received {
    first: Bytes,
    more: BytesMut,
    left: usize,
}

/// Why a body was not read to its end.
#[derive(Debug)]
pub(super) enum ReadError {
    TooLarge,
    Lost(BoxError),
}

impl Received {
    pub(super) fn new(limit: usize) -> Self {
        Self { first: Bytes::new(), more: BytesMut::new(), left: limit }
    }

    /// Reads on, to the end or the limit.
    pub(super) fn poll_all<B>(&mut self, mut body: Pin<&mut B>, cx: &mut Context<'_>) -> Poll<Result<Bytes, ReadError>>
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        for _ in 0..FRAMES_AT_ONCE {
            match ready!(body.as_mut().poll_frame(cx)) {
                None => return Poll::Ready(Ok(self.take())),
                Some(Err(error)) => return Poll::Ready(Err(ReadError::Lost(error.into()))),
                // Trailers say nothing here.
                Some(Ok(frame)) => {
                    if let Ok(mut data) = frame.into_data() {
                        let Some(left) = self.left.checked_sub(data.remaining()) else {
                            return Poll::Ready(Err(ReadError::TooLarge));
                        };
                        self.left = left;
                        self.add(data.copy_to_bytes(data.remaining()));
                    }
                }
            }
        }
        // A body that always has more must not keep its thread: others, and the clock of this call, come next.
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn add(&mut self, piece: Bytes) {
        if self.first.is_empty() && self.more.is_empty() {
            self.first = piece;
            return;
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(&piece);
    }

    fn take(&mut self) -> Bytes {
        if self.more.is_empty() { std::mem::take(&mut self.first) } else { self.more.split().freeze() }
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::VecDeque, convert::Infallible};

    use http_body::Frame;

    use super::*;

    struct Pieces(VecDeque<&'static str>);

    impl Body for Pieces {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(Bytes::from_static(piece.as_bytes())))))
        }
    }

    fn read(limit: usize, pieces: &[&'static str]) -> Result<Bytes, ReadError> {
        let mut body = Pieces(pieces.iter().copied().collect());
        let mut cx = Context::from_waker(std::task::Waker::noop());
        match Received::new(limit).poll_all(Pin::new(&mut body), &mut cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => panic!("nothing here waits"),
        }
    }

    #[test]
    fn pieces_are_joined() {
        assert_eq!(read(10, &[]).unwrap(), "");
        assert_eq!(read(10, &["abc"]).unwrap(), "abc");
        assert_eq!(read(10, &["", "ab", "", "c", "d"]).unwrap(), "abcd");
    }

    #[test]
    fn the_limit_is_the_last_size_that_passes() {
        assert_eq!(read(4, &["ab", "cd"]).unwrap(), "abcd");
        assert!(matches!(read(4, &["ab", "cde"]), Err(ReadError::TooLarge)));
        assert!(matches!(read(0, &["a"]), Err(ReadError::TooLarge)));
    }
}
