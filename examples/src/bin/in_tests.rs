//! Testing an integration of your own against the embedded portal.
//!
//! Shows: faults that strike one method, what the portal was really asked, and rows that are really there. The
//! integration under test adds a deal once, whatever the network does.
//!
//! ```text
//! cargo run -p b24-examples --bin in_tests -- --fake
//! ```
//!
//! In a project of yours the three checks are functions with `#[tokio::test]`, and `b24-portal` is a dev-dependency.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error as StdError;

use b24::{B24, Client, Error, de};
use b24_portal::{Fault, Portal};
use serde::Deserialize;
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    lost_answer_makes_no_second_deal().await?;
    refused_call_is_repeated_at_once().await?;
    call_that_a_gateway_swallowed_is_repeated().await?;
    println!("all three hold");
    Ok(())
}

// ---- The integration: it knows nothing of tests, and takes any handle.

/// Adds a deal that carries `mark`, and gives its id. When an answer is lost it looks for the mark before it tries
/// again, so that there is one deal in the end.
async fn add_once(b24: &Client, mark: &str, title: &str) -> Result<u64, Error> {
    let params = json!({ "entityTypeId": DEAL, "fields": { "title": title, "originId": mark } });
    let mut tries = 3;
    loop {
        tries -= 1;
        match b24.v2().call("crm.item.add").params(&params).send::<Added>().await {
            Ok(reply) => return Ok(reply.result.item.id),
            Err(error) if tries == 0 || !error.is_retryable() => return Err(error),
            Err(error) if error.may_have_run() => {
                if let Some(id) = find(b24, mark).await? {
                    return Ok(id);
                }
            }
            Err(_) => {}
        }
    }
}

async fn find(b24: &Client, mark: &str) -> Result<Option<u64>, Error> {
    let params = json!({ "entityTypeId": DEAL, "select": ["id"], "filter": { "=originId": mark } });
    let found = b24.v2().call("crm.item.list").params(params).send::<Found>().await?;
    Ok(found.result.items.first().map(|item| item.id))
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-add.html>
#[derive(Deserialize)]
struct Added {
    item: Item,
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>
#[derive(Deserialize)]
struct Found {
    #[serde(deserialize_with = "de::php_list")]
    items: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    #[serde(deserialize_with = "de::number")]
    id: u64,
}

const DEAL: u64 = 2;

// ---- The checks.

async fn lost_answer_makes_no_second_deal() -> Result<(), Box<dyn StdError>> {
    let (b24, portal) = portal().await?;
    // The portal adds the deal, and then the connection breaks.
    portal.fault(Fault::lost_response().for_method("crm.item.add"));

    let id = add_once(&b24, "order-17", "Order 17").await?;

    assert_eq!(methods(&portal), ["crm.item.add", "crm.item.list"]);
    assert_eq!(deals_with(&b24, "order-17").await?, [id]);
    Ok(())
}

async fn refused_call_is_repeated_at_once() -> Result<(), Box<dyn StdError>> {
    let (b24, portal) = portal().await?;
    // Refused in front of the method: nothing ran, so there is nothing to look for.
    portal.fault(Fault::query_limit_exceeded().for_method("crm.item.add"));

    let id = add_once(&b24, "order-18", "Order 18").await?;

    assert_eq!(methods(&portal), ["crm.item.add", "crm.item.add"]);
    assert_eq!(deals_with(&b24, "order-18").await?, [id]);
    Ok(())
}

async fn call_that_a_gateway_swallowed_is_repeated() -> Result<(), Box<dyn StdError>> {
    let (b24, portal) = portal().await?;
    // A proxy's page instead of an answer. This time the portal never saw the call; the program cannot know.
    portal.fault(Fault::html(502).for_method("crm.item.add"));

    let id = add_once(&b24, "order-19", "Order 19").await?;

    assert_eq!(methods(&portal), ["crm.item.add", "crm.item.list", "crm.item.add"]);
    assert_eq!(deals_with(&b24, "order-19").await?, [id]);

    // What was asked, to the letter.
    let requests = portal.requests();
    let body: Value = serde_json::from_slice(&requests[0].body)?;
    assert_eq!(body["fields"]["title"], "Order 19");
    assert_eq!(requests[0].status.map(|status| status.as_u16()), Some(502));
    Ok(())
}

/// A portal of its own for each check: they cannot disturb each other, and may run at the same time.
async fn portal() -> Result<(B24, Portal), Box<dyn StdError>> {
    let portal = Portal::builder().start().await?;
    Ok((B24::from_webhook_url(&portal.hook_url())?, portal))
}

/// The methods that were called, in order.
fn methods(portal: &Portal) -> Vec<String> {
    portal.requests().into_iter().map(|request| request.method).collect()
}

async fn deals_with(b24: &Client, mark: &str) -> Result<Vec<u64>, Error> {
    let params = json!({ "entityTypeId": DEAL, "select": ["id"], "filter": { "=originId": mark } });
    let found = b24.v2().call("crm.item.list").params(params).send::<Found>().await?;
    Ok(found.result.items.iter().map(|item| item.id).collect())
}
