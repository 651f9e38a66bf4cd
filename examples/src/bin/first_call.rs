//! The first call: who am I, in the eyes of the portal?
//!
//! Shows: a handle from a webhook, one call, a typed result.
//!
//! ```text
//! cargo run -p b24-examples --bin first_call -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin first_call
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use b24::{B24, de};
use serde::Deserialize;

/// The part of the answer that this program needs; the rest is passed over.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/common/users/profile.html>
#[derive(Deserialize)]
struct Profile {
    // The portal writes ids as text in one method and as numbers in another; the helper reads both.
    #[serde(rename = "ID", deserialize_with = "de::number")]
    id: u64,
    #[serde(rename = "NAME")]
    name: String,
    #[serde(rename = "ADMIN", deserialize_with = "de::flag")]
    admin: bool,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, _portal) = b24_examples::hook_url().await?;

    // Reads the URL and sends nothing: whether the webhook is good shows with the first call.
    let b24 = B24::from_webhook_url(&url)?;

    let reply = b24.v2().call("profile").send::<Profile>().await?;
    let me = reply.result;
    println!("Hello, {}! You are user {}{}.", me.name, me.id, if me.admin { ", an administrator" } else { "" });
    println!("The portal's log knows this call as {}.", reply.request_id.as_deref().unwrap_or("-"));
    Ok(())
}
