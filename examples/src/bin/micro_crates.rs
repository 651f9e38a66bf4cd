//! The stack put together by hand, out of single crates and without the facade.
//!
//! Shows: `b24-core`, `b24-auth-hook`, `b24-limiter`, `b24-transport` and `b24-client` joined by `tower::ServiceBuilder`
//! in the order of the ready-made stack, with a place for a layer of your own; first under the handle, then without it.
//!
//! ```text
//! cargo run -p b24-examples --bin micro_crates -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin micro_crates
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use b24_auth_hook::Webhook;
use b24_client::Client;
use b24_core::{ApiVersion, AuthLayer, Method, Params, RestRequest};
use b24_limiter::{RestrictionLayer, RetryLayer};
use b24_transport::{HttpClient, RestLayer};
use serde_json::Value;
use tower::{ServiceBuilder, ServiceExt};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, _portal) = b24_examples::hook_url().await?;
    let hook = Webhook::from_url(&url)?;
    let portal = hook.portal().clone();

    // Outermost first. Below `Auth` each send passes, repeats and the one after a renewal of the credentials included:
    // that is the place for whatever counts or delays sends. Leave out the layers that you do not want.
    let stack = ServiceBuilder::new()
        .layer(RetryLayer::default())
        .layer(AuthLayer::new(hook))
        .layer(RestrictionLayer::default().rejecting())
        .map_request(|request: RestRequest| {
            println!("sending {} ({})", request.method(), request.version());
            request
        })
        .layer(RestLayer::new())
        .service(HttpClient::new());

    // Under the handle: the actions, request ids, and one span a call.
    let client = Client::new(portal, stack.clone());
    let me = client.v2().call("profile").send::<Value>().await?;
    println!("{}", me.result["NAME"]);

    // Without it: a service like any other, from a request to a response.
    let request = RestRequest::new(ApiVersion::V2, Method::new("server.time")?, Params::empty());
    let response = stack.oneshot(request).await?;
    println!("{}", response.decode::<String>()?.result);
    Ok(())
}
