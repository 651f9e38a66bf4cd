//! An HTTP client of your own, in place of the one that comes with the SDK.
//!
//! Shows: `reqwest` as a `Service<http::Request<Body>>`, and the two duties of such a client: it follows no redirect
//! (a redirect would carry the webhook's secret to another address), and its errors say whether the request may have
//! reached the portal.
//!
//! ```text
//! cargo run -p b24-examples --bin own_http_client -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin own_http_client
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    error::Error,
    pin::Pin,
    task::{Context, Poll},
};

use b24::{
    B24,
    transport::{Body, HttpError},
};
use http::{Request, Response};
use serde_json::Value;
use tower_service::Service;

/// `reqwest` as the SDK wants its HTTP client.
#[derive(Clone)]
struct Reqwest(reqwest::Client);

impl Service<Request<Body>> for Reqwest {
    type Response = Response<reqwest::Body>;
    type Error = HttpError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, HttpError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), HttpError>> {
        // It queues by itself.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let client = self.0.clone();
        Box::pin(async move {
            let request = request.map(|body| reqwest::Body::from(body.into_bytes()));
            let request = reqwest::Request::try_from(request).map_err(not_sent)?;
            let response = client.execute(request).await;
            // `is_connect`: name, socket, proxy, TLS. After that, somebody may have read the request.
            let response = response.map_err(|error| if error.is_connect() { not_sent(error) } else { sent(error) })?;
            Ok(response.into())
        })
    }
}

/// At this place the address is complete, secret included: it must not stay in an error.
fn not_sent(error: reqwest::Error) -> HttpError {
    HttpError::not_sent(error.without_url())
}

fn sent(error: reqwest::Error) -> HttpError {
    HttpError::sent(error.without_url())
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, portal) = b24_examples::hook_url().await?;

    let mut settings = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    if portal.is_some() {
        // A proxy of the environment cannot reach into this program.
        settings = settings.no_proxy();
    }
    let b24 = B24::builder().http_client(Reqwest(settings.build()?)).webhook_url(&url)?;

    let me = b24.v2().call("profile").send::<Value>().await?;
    println!("{} says reqwest", me.result);

    // The portal goes away: no connection, so nothing was sent, and the error says so.
    if let Some(portal) = portal {
        portal.shutdown().await;
        match b24.v2().call("profile").send::<Value>().await {
            Ok(_) => return Err("nobody is there to answer".into()),
            Err(error) => println!("{error} (may have run: {})", error.may_have_run()),
        }
    }
    Ok(())
}
