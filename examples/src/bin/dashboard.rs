//! A dashboard: what a page needs of a portal, in one request.
//!
//! Shows: a batch of commands with typed handles, a reference from one command to another, `total` without rows, and an
//! outcome that is allowed to be a failure.
//!
//! ```text
//! cargo run -p b24-examples --bin dashboard -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin dashboard
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error;

use b24::{B24, DateTime, Fields, Order, batch::Outcome, de};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

/// Source: <https://apidocs.bitrix24.com/api-reference/common/users/profile.html>
#[derive(Deserialize)]
struct Profile {
    #[serde(rename = "NAME")]
    name: String,
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/deals/crm-deal-list.html>
#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct Deal {
    title: String,
    #[serde(deserialize_with = "de::number")]
    opportunity: f64,
    #[serde(rename = "DATE_CREATE")]
    created: DateTime,
}

/// Source: <https://apidocs.bitrix24.com/api-reference/crm/companies/crm-company-get.html>
#[derive(Deserialize)]
struct Company {
    #[serde(rename = "TITLE")]
    title: String,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, portal) = b24_examples::hook_url().await?;
    let b24 = B24::from_webhook_url(&url)?;

    let mut batch = b24.v2().batch();
    let me = batch.add::<Profile>("profile");
    // For its `total` alone: the rows are passed over.
    let won = json!({ "filter": { "STAGE_ID": "WON" }, "select": ["ID"] });
    let won = batch.add::<IgnoredAny>(("crm.deal.list", won));
    // The field that the reference below leads to must be selected: the portal puts what it finds in its place, and where
    // there is no such field, that is the whole deal.
    let newest = Fields::new()
        .set("order", Order::new().desc("ID"))
        .set("select", ["ID", "TITLE", "OPPORTUNITY", "DATE_CREATE", "COMPANY_ID"]);
    let newest = batch.add::<Vec<Deal>>(("crm.deal.list", newest));
    // Last, because a batch with references stops at the first command that fails, and a deal may have no company.
    let company = json!({ "id": newest.row(0).field("COMPANY_ID") });
    let company = batch.add::<Company>(("crm.company.get", company));

    let mut reply = batch.send().await?;

    println!("Hello, {}", reply.take(me)?.name);
    match reply.outcome(won) {
        Outcome::Done(won) => println!("{} deals are won", won.total.unwrap_or_default()),
        other => println!("won deals: {}", reason(&other)),
    }
    if let Some(deal) = reply.take(newest)?.first() {
        println!("The newest is {}: {:.2}, of {}", deal.title, deal.opportunity, deal.created);
    }
    match reply.outcome(company) {
        Outcome::Done(company) => println!("It is a deal with {}", company.result.title),
        other => println!("It is a deal with nobody known ({})", reason(&other)),
    }

    if let Some(portal) = portal {
        println!("{} request", portal.requests().len());
    }
    Ok(())
}

fn reason<T>(outcome: &Outcome<T>) -> String {
    outcome.error().map_or_else(|| "it did not run".to_owned(), ToString::to_string)
}
