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
/// How many bytes may be in the reading together. Who sends a byte a second takes up a byte of it at a time.
const TOGETHER: usize = 64 << 20;

pub(super) async fn body<B: Body>(body: B, limit: usize, reading: &AtomicUsize) -> Result<Bytes, Answer> {
    let mut share = Share { reading, bytes: 0 };
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
    tokio::time::timeout(PATIENCE, whole).await.unwrap_or(Err(Answer::TooSlow))
}

/// What one body takes up of what may be read together; given back when dropped.
struct Share<'a> {
    reading: &'a AtomicUsize,
    bytes: usize,
}

impl Share<'_> {
    fn grow(&mut self, by: usize) -> Result<(), Answer> {
        self.bytes += by;
        let together = self.reading.fetch_add(by, Ordering::Relaxed).saturating_add(by);
        if together > TOGETHER { Err(Answer::Busy) } else { Ok(()) }
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.reading.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}
