//! The smallest useful build: one webhook call out of single crates.
//!
//! `B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run --release -p minimal`
#![allow(clippy::print_stdout, reason = "printing is what a command line does")]

use std::error::Error;

use b24_auth_hook::Webhook;
use b24_client::Client;
use b24_core::AuthLayer;
use b24_transport::{HttpClient, RestLayer};
use serde_json::value::RawValue;
use tower_layer::Layer;

fn main() -> Result<(), Box<dyn Error>> {
    let hook = Webhook::from_url(&std::env::var("B24_HOOK")?)?;
    let portal = hook.portal().clone();
    let stack = AuthLayer::new(hook).layer(RestLayer::new().layer(HttpClient::new()));
    let client = Client::new(portal, stack);

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let me = runtime.block_on(client.v2().call("profile").send::<Box<RawValue>>())?;
    println!("{}", me.result);
    Ok(())
}
