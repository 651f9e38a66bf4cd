//! Deliveries, and what is answered to them.

#![allow(dead_code, reason = "each test file uses some of it")]

use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use b24_core::{BoxError, Secret};
use b24_events::{ApplicationToken, EventService};
use bytes::Bytes;
use http::{Request, StatusCode, header};
use http_body::{Body, Frame};
use tower_service::Service;

pub(crate) const TOKEN: &str = "51856fefc120afa4b628cc82d3935cce";
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn verification() -> ApplicationToken {
    ApplicationToken::new(Secret::from(TOKEN))
}

/// An event as a portal writes it, about one record.
pub(crate) fn event(name: &str, id: u64, token: &str) -> String {
    format!(
        "event={name}&event_handler_id=12&data%5BFIELDS%5D%5BID%5D={id}&ts=1700000000&auth%5Bdomain%5D=p.bitrix24.com\
         &auth%5Bclient_endpoint%5D=https%3A%2F%2Fp.bitrix24.com%2Frest%2F&auth%5Bmember_id%5D=m1\
         &auth%5Bapplication_token%5D={token}"
    )
}

pub(crate) fn post(body: impl Into<String>) -> Request<Text> {
    Request::post("/events").header(header::CONTENT_TYPE, FORM).body(Text::from(body.into())).unwrap()
}

/// Status and text of the answer.
pub(crate) async fn send<B>(service: &EventService, request: Request<B>) -> (StatusCode, String)
where
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<BoxError>,
{
    let answer = service.clone().call(request).await.unwrap();
    let (head, mut body) = answer.into_parts();
    let mut text = String::new();
    while let Some(frame) = std::future::poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
        text.push_str(std::str::from_utf8(&frame.unwrap().into_data().unwrap()).unwrap());
    }
    (head.status, text)
}

/// A body in one piece.
pub(crate) struct Text(Option<Bytes>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(Some(text.into()))
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.take().map(|text| Ok(Frame::data(text))))
    }
}
