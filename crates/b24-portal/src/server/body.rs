//! The body of an answer on the wire: whole, in pieces, or cut short.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::wire::{DRAIN, Switch};
use crate::clock::Clock;
use crate::engine::Delivery;

type Pause = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A body that does to its bytes what a [`Delivery`] says.
pub(super) struct WireBody {
    rest: Bytes,
    /// The announced length that is still owed, sent or not.
    owed: u64,
    delivery: Delivery,
    pause: Option<Pause>,
    clock: Clock,
    switch: Switch,
}

impl WireBody {
    pub(super) fn new(bytes: Bytes, delivery: Delivery, clock: Clock, switch: Switch) -> Self {
        let owed = bytes.len() as u64;
        let rest = match delivery {
            Delivery::Truncated { keep } => bytes.slice(..keep.min(bytes.len())),
            _ => bytes,
        };
        let mut body = Self { rest, owed, delivery, pause: None, clock, switch };
        body.rest_before_piece();
        body
    }

    /// Puts the pause before the next piece.
    fn rest_before_piece(&mut self) {
        if let (Delivery::Slow { pause, .. }, false) = (self.delivery, self.rest.is_empty()) {
            let clock = self.clock.clone();
            self.pause = Some(Box::pin(async move { clock.pass(pause).await }));
        }
    }

    fn next_piece(&mut self) -> Bytes {
        let length = match self.delivery {
            Delivery::Slow { piece, .. } => piece.min(self.rest.len()),
            _ => self.rest.len(),
        };
        let piece = self.rest.split_to(length);
        self.owed = self.owed.saturating_sub(piece.len() as u64);
        self.rest_before_piece();
        piece
    }
}

impl Body for WireBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        if let Some(pause) = &mut self.pause {
            std::task::ready!(pause.as_mut().poll(cx));
            self.pause = None;
        }
        if !self.rest.is_empty() {
            let piece = self.next_piece();
            return Poll::Ready(Some(Ok(Frame::data(piece))));
        }
        if self.owed == 0 {
            return Poll::Ready(None);
        }
        // A truncated body: what was written gets a moment to leave, then the connection goes.
        let switch = self.switch.clone();
        let mut drain: Pause = Box::pin(async move {
            tokio::time::sleep(DRAIN).await;
            switch.close_now();
            std::future::pending::<()>().await;
        });
        let _ = drain.as_mut().poll(cx);
        self.pause = Some(drain);
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.owed == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.owed)
    }
}
