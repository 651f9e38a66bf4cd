//! What the portal is told.

use std::{
    convert::Infallible,
    net::IpAddr,
    pin::Pin,
    task::{Context, Poll},
};

use b24_core::keys;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};

/// An answer, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Kept,
    WrongMethod,
    /// From there; `None` where nobody could tell.
    WrongSource(Option<IpAddr>),
    WrongType,
    TooLarge,
    TooSlow,
    /// The sender has gone away, or its body makes no sense as HTTP.
    Unreadable,
    /// As many bytes are being read as may be.
    Busy,
    Full,
    Broken,
    Closing,
}

impl Answer {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Kept => StatusCode::OK,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::WrongSource(_) => StatusCode::FORBIDDEN,
            Self::WrongType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Unreadable => StatusCode::BAD_REQUEST,
            Self::Busy | Self::Full | Self::Broken | Self::Closing => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Why it was not kept.
    pub(crate) fn reason(self) -> Option<&'static str> {
        Some(match self {
            Self::Kept => return None,
            Self::WrongMethod => "events are posted",
            Self::WrongSource(Some(_)) => "not from an address on the list",
            Self::WrongSource(None) => "where it comes from cannot be told",
            Self::WrongType => "events are forms or JSON",
            Self::TooLarge => "the body is too large",
            Self::TooSlow => "the body did not arrive in time",
            Self::Unreadable => "the body broke off",
            Self::Busy => "too much is being received",
            Self::Full => "there is no room for another event",
            Self::Broken => "events cannot be kept",
            Self::Closing => "about to end",
        })
    }

    /// Whether there was no room for it.
    pub(crate) fn lacks_room(self) -> bool {
        matches!(self, Self::Full | Self::Busy)
    }

    /// Says in the log why it was not kept; `is_news` where the last one was.
    pub(crate) fn log(self, is_news: bool) {
        let (Some(reason), status) = (self.reason(), self.status().as_u16()) else { return };
        match self {
            // Where the portal does not repeat it, it is lost. Of a flood, one line is enough.
            Self::Full | Self::Busy if is_news => {
                tracing::warn!(target: keys::TARGET_EVENTS, status, "refused: {reason}");
            }
            // The list may be old, or a proxy not be known.
            Self::WrongSource(source) => {
                tracing::info!(target: keys::TARGET_EVENTS, status, source = source.map(display), "refused: {reason}");
            }
            _ => tracing::debug!(target: keys::TARGET_EVENTS, status, "refused: {reason}"),
        }
    }

    pub(crate) fn into_response(self) -> Response<ResponseBody> {
        // The reason is for the log: who posts here at random need not know it.
        let text = if self == Self::Kept { "ok" } else { "" };
        let mut response = Response::new(ResponseBody(Some(Bytes::from_static(text.as_bytes()))));
        *response.status_mut() = self.status();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        let header = match self {
            Self::WrongMethod => Some((header::ALLOW, "POST")),
            Self::Busy | Self::Full | Self::Broken | Self::Closing => Some((header::RETRY_AFTER, "60")),
            // What is left of the body is not read, so the connection is of no use.
            Self::TooLarge | Self::TooSlow => Some((header::CONNECTION, "close")),
            _ => None,
        };
        if let Some((name, value)) = header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}

/// The body of an answer: a word, or nothing.
#[derive(Debug)]
pub struct ResponseBody(Option<Bytes>);

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.get_mut().0.take().filter(|text| !text.is_empty()).map(|text| Ok(Frame::data(text))))
    }

    fn is_end_stream(&self) -> bool {
        self.0.as_ref().is_none_or(Bytes::is_empty)
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.0.as_ref().map_or(0, |text| u64::try_from(text.len()).unwrap_or(u64::MAX)))
    }
}
