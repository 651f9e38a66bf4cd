//! Takes deliveries in: within limits, from whom it may, into the inbox.

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use b24_core::{BoxError, keys};
use bytes::Bytes;
use http::{Method, Request, header, request::Parts};
use http_body::Body;
use tokio::sync::Notify;

use super::{
    AllowedSources,
    answer::Answer,
    read::{self, Whole},
};
use crate::{
    Encoding,
    inbox::{InboxErrorKind, Letter},
    shared::Shared,
};

/// What answers.
pub(crate) struct Reception {
    pub(crate) shared: Arc<Shared>,
    max_body: usize,
    sources: Option<(AllowedSources, SourceOf)>,
    /// Bytes of bodies that are being read, or wait for the inbox.
    on_the_way: AtomicUsize,
    /// Whether there was no room for the last delivery.
    has_no_room: AtomicBool,
}

/// Tells who has sent a request.
pub(super) type SourceOf = Box<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

impl Reception {
    pub(super) fn new(shared: Arc<Shared>, max_body: usize, sources: Option<(AllowedSources, SourceOf)>) -> Self {
        let (on_the_way, has_no_room) = (AtomicUsize::new(0), AtomicBool::new(false));
        Self { shared, max_body, sources, on_the_way, has_no_room }
    }

    pub(super) async fn receive<B>(&self, request: Request<B>) -> Answer
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let answer = self.take_in(request).await;
        self.shared.counters.answered(answer.status());
        answer.log(self.is_news(answer));
        answer
    }

    async fn take_in<B>(&self, request: Request<B>) -> Answer
    where
        B: Body,
        B::Error: Into<BoxError>,
    {
        let (head, body) = request.into_parts();
        let encoding = match self.admit(&head) {
            Ok(encoding) => encoding,
            Err(refusal) => return refusal,
        };
        if self.shared.door.is_shut() {
            return Answer::Closing;
        }
        match read::body(body, self.max_body, &self.on_the_way).await {
            Ok(Whole { bytes, share }) => {
                let answer = self.keep(bytes, encoding).await;
                // Not before: an inbox that is slow would be waited for by more than there is memory.
                drop(share);
                answer
            }
            Err(refusal) => refusal,
        }
    }

    /// Whether this is the first for which there is no room, after there was some.
    fn is_news(&self, answer: Answer) -> bool {
        match answer {
            Answer::Kept => {
                self.has_no_room.store(false, Ordering::Relaxed);
                false
            }
            _ => answer.lacks_room() && !self.has_no_room.swap(true, Ordering::Relaxed),
        }
    }

    /// What can be told before the body is read.
    fn admit(&self, head: &Parts) -> Result<Encoding, Answer> {
        if head.method != Method::POST {
            return Err(Answer::WrongMethod);
        }
        if let Some((allowed, source_of)) = &self.sources {
            let source = source_of(head);
            if !source.is_some_and(|source| allowed.contains(source)) {
                return Err(Answer::WrongSource(source));
            }
        }
        let text = |name| head.headers.get(name).and_then(|value| value.to_str().ok());
        let encoding = text(header::CONTENT_TYPE).and_then(Encoding::of_content_type).ok_or(Answer::WrongType)?;
        let length = text(header::CONTENT_LENGTH).and_then(|length| length.trim().parse::<u64>().ok());
        if length.is_some_and(|length| usize::try_from(length).map_or(true, |length| length > self.max_body)) {
            return Err(Answer::TooLarge);
        }
        Ok(encoding)
    }

    async fn keep(&self, body: Bytes, encoding: Encoding) -> Answer {
        let Some(inside) = self.shared.door.enter().await else { return Answer::Closing };
        // Also when the sender leaves now: the letter may be kept all the same.
        let mut ring = Ring(Some(&self.shared.bell));
        let kept = self.shared.inbox.append(Letter::new(body, encoding, self.shared.now())).await;
        drop(inside);
        if kept.is_err() {
            ring.0 = None;
        }
        match kept {
            Ok(()) => Answer::Kept,
            Err(error) if error.kind() == InboxErrorKind::Full => Answer::Full,
            Err(error) => {
                tracing::error!(target: keys::TARGET_EVENTS, error = &error as &dyn std::error::Error, "a delivery was not kept");
                Answer::Broken
            }
        }
    }
}

/// Rings the bell when it is dropped.
struct Ring<'a>(Option<&'a Notify>);

impl Drop for Ring<'_> {
    fn drop(&mut self) {
        if let Some(bell) = self.0 {
            bell.notify_one();
        }
    }
}
