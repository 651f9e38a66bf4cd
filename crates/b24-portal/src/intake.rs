//! Reading the body of a request, as much of it as the portal takes.

use std::pin::pin;

use bytes::{Buf, Bytes};
use http_body::Body;
use http_body_util::BodyExt;

/// Reads a body of up to `limit` bytes; nothing when it is larger.
///
/// Of a larger one as much again is read and forgotten, so that most clients get to the answer before the
/// connection closes.
pub(crate) async fn read<B: Body>(body: B, limit: usize) -> Result<Option<Bytes>, B::Error> {
    let mut body = pin!(body);
    let (mut first, mut all, mut seen) = (Bytes::new(), Vec::new(), 0_usize);
    while let Some(frame) = body.frame().await {
        let Ok(mut data) = frame?.into_data() else { continue };
        let piece = data.copy_to_bytes(data.remaining());
        seen = seen.saturating_add(piece.len());
        if seen > limit {
            (first, all) = (Bytes::new(), Vec::new());
            if seen > limit.saturating_mul(2) {
                break;
            }
        } else if first.is_empty() {
            // Most bodies come in one piece, and need no copy.
            first = piece;
        } else {
            if all.is_empty() {
                all.extend_from_slice(&first);
            }
            all.extend_from_slice(&piece);
        }
    }
    let whole = if all.is_empty() { first } else { all.into() };
    Ok((seen <= limit).then_some(whole))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::convert::Infallible;
    use std::pin::Pin;
    use std::task::{Context, Poll};

    use http_body::Frame;

    use super::*;

    /// A body that comes in these pieces.
    struct Pieces(VecDeque<&'static [u8]>);

    impl Body for Pieces {
        type Data = &'static [u8];
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<&'static [u8]>, Infallible>>> {
            Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
        }
    }

    async fn taken(pieces: &[&'static [u8]], limit: usize) -> Option<Bytes> {
        let Ok(taken) = read(Pieces(pieces.iter().copied().collect()), limit).await;
        taken
    }

    #[tokio::test]
    async fn a_body_is_whole_or_nothing() {
        let pieces: [&[u8]; 4] = [b"ab", b"", b"c", b"d"];
        assert_eq!(taken(&pieces, 4).await.as_deref(), Some(&b"abcd"[..]));
        assert_eq!(taken(&pieces, 3).await, None);
        assert_eq!(taken(&pieces, 0).await, None);
        assert_eq!(taken(&[], 0).await.as_deref(), Some(&b""[..]));
    }
}
