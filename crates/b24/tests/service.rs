//! The handle as a tower service.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    future::{Ready, poll_fn, ready},
    task::{Context, Poll},
};

use b24::{
    ApiVersion, B24, Client, Error, Method, Params,
    core::{RestRequest, RestResponse},
};
use tower_service::Service;

/// Answers with the name of the method, and panics unless that very copy was made ready before.
#[derive(Default)]
struct Echo {
    ready: bool,
}

impl Clone for Echo {
    fn clone(&self) -> Self {
        Self::default()
    }
}

impl Service<RestRequest> for Echo {
    type Response = RestResponse;
    type Error = Error;
    type Future = Ready<Result<RestResponse, Error>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Error>> {
        self.ready = true;
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: RestRequest) -> Self::Future {
        assert!(std::mem::take(&mut self.ready), "called without having been made ready");
        let body = format!(r#"{{"result":"{}"}}"#, request.method());
        ready(RestResponse::read(http::StatusCode::OK, body.into()))
    }
}

#[tokio::test]
async fn a_handle_is_a_service_of_requests() {
    let mut b24 = B24::from(Client::new("https://p.bitrix24.com".parse().unwrap(), Echo::default()));
    poll_fn(|context| b24.poll_ready(context)).await.unwrap();
    let request = RestRequest::new(ApiVersion::V2, Method::new("server.time").unwrap(), Params::empty());
    assert_eq!(b24.call(request).await.unwrap().result(), "\"server.time\"");
}
