//! Reads a body within limits of size, time and memory.

use std::{
    future::poll_fn,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use http_body::Body;

use super::answer::Answer;

/// How long a whole body may take. The portal's comes in one piece.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many bytes may be on their way together, read or before the inbox. Who sends a byte a second takes up a byte of it at
/// a time.
const TOGETHER: usize = 64 << 20;

/// A body, and what it takes up until the inbox has it.
pub(super) struct Whole<'a> {
    pub(super) bytes: Bytes,
    pub(super) share: Share<'a>,
}

pub(super) async fn body<B: Body>(body: B, limit: usize, on_the_way: &AtomicUsize) -> Result<Whole<'_>, Answer> {
    let mut share = Share { on_the_way, bytes: 0 };
    let whole = async {
        let mut body = pin!(body);
        let mut whole = BytesMut::new();
        while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
            let Ok(mut data) = frame.map_err(|_| Answer::Unreadable)?.into_data() else { continue };
            if data.remaining() > limit - whole.len() {
                return Err(Answer::TooLarge);
            }
            share.grow(data.remaining())?;
            while data.has_remaining() {
                let chunk = data.chunk();
                whole.extend_from_slice(chunk);
                let read = chunk.len();
                data.advance(read);
            }
        }
        Ok(whole.freeze())
    };
    let bytes = tokio::time::timeout(PATIENCE, whole).await.unwrap_or(Err(Answer::TooSlow))?;
    Ok(Whole { bytes, share })
}

/// What one body takes up of what may be on its way together; given back when dropped.
pub(super) struct Share<'a> {
    on_the_way: &'a AtomicUsize,
    bytes: usize,
}

impl Share<'_> {
    fn grow(&mut self, by: usize) -> Result<(), Answer> {
        self.bytes += by;
        let together = self.on_the_way.fetch_add(by, Ordering::Relaxed).saturating_add(by);
        if together > TOGETHER { Err(Answer::Busy) } else { Ok(()) }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.on_the_way.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
