//! Many updates: all deals of one employee go to another.
//!
//! Shows: a walk over all rows, updates in batches of 50, failures by the id of the deal, and what to do about a request
//! whose answer was lost. With `--fake` two of the deals are deleted meanwhile, and the answer of one batch is lost.
//!
//! ```text
//! cargo run -p b24-examples --bin bulk_update -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin bulk_update -- 7 9 --write
//! ```
//!
//! Without `--write` it counts the deals and changes nothing.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::HashSet, error::Error as StdError};

use b24::{
    B24, Error, Fields,
    batch::Outcome,
    filter::v2::{Filter, eq, in_},
    values::EntityType,
};
use b24_portal::{Fault, Portal};
use futures_util::StreamExt;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::json;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let (url, portal) = b24_examples::hook_url_or(Portal::builder().rows(2_000)).await?;
    let b24 = B24::from_webhook_url(&url)?;
    let (from, to) = if portal.is_some() { (1, 2) } else { who()? };

    let deals = deals_of(&b24, from).await?;
    println!("{} deals of employee {from}", deals.len());
    if !b24_examples::may_write() {
        return Ok(());
    }
    if let Some(portal) = &portal {
        for id in &deals[..2] {
            let gone = json!({ "entityTypeId": EntityType::DEAL, "id": id });
            b24.v2().call("crm.item.delete").params(gone).send::<IgnoredAny>().await?;
        }
        portal.fault(Fault::lost_response().for_method("batch"));
    }

    let Report { updated, failed } = hand_over(&b24, &deals, to).await?;
    println!("{updated} deals now belong to employee {to}");
    for (id, error) in &failed {
        println!("deal {id}: {error}");
    }
    if portal.is_some() && (failed.len(), updated, deals_of(&b24, from).await?.len()) != (2, deals.len() - 2, 0) {
        return Err("all deals but the deleted ones should be handed over".into());
    }
    Ok(())
}

/// A deal, as far as this program is concerned.
#[derive(Deserialize)]
struct Deal {
    id: u64,
}

/// The ids of all deals of an employee. They are known before the first update, so that the list cannot change underfoot.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>
async fn deals_of(b24: &B24, employee: u64) -> Result<Vec<u64>, Error> {
    let deals = b24
        .v2()
        .list::<Deal>("crm.item.list")
        .params(json!({ "entityTypeId": EntityType::DEAL }))
        .filter(Filter::new([eq("assignedById", employee)])?)
        .select(["id"]);
    Ok(deals.collect().await?.into_iter().map(|deal| deal.id).collect())
}

struct Report {
    updated: usize,
    /// The id of a deal, and why it was not updated.
    failed: Vec<(u64, Error)>,
}

/// Gives deals to an employee, 50 a request. A deal that cannot be updated stops none of the others.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-update.html>
async fn hand_over(b24: &B24, deals: &[u64], to: u64) -> Result<Report, Error> {
    let mut report = Report { updated: 0, failed: Vec::new() };
    let mut left = deals.to_vec();
    for last_try in [false, true] {
        let updates = left.iter().map(|id| {
            let fields = Fields::new().set("assignedById", to);
            ("crm.item.update", fields.wrapped().set("entityTypeId", EntityType::DEAL).set("id", id))
        });
        let mut unsure = Vec::new();
        let mut rows = b24.v2().bulk(updates).halt_on_error(false).rows::<IgnoredAny>();
        while let Some(row) = rows.next().await {
            match row {
                // `index` is the place of the command, whichever batch it was in.
                Ok(row) => match row.outcome {
                    Outcome::Done(_) => report.updated += 1,
                    Outcome::Failed(error) => report.failed.push((left[row.index], error)),
                    Outcome::NotRun => {}
                },
                // A request without an answer: nobody knows which of its updates took effect.
                Err(lost) if last_try => return Err(lost.into()),
                Err(lost) => {
                    println!("{lost}: {}", lost.error());
                    unsure.extend(lost.places().iter().map(|place| left[*place]));
                }
            }
        }
        drop(rows);
        if unsure.is_empty() {
            break;
        }
        // So look. What did not take effect is sent again.
        let done = which_belong_to(b24, to, &unsure).await?;
        println!("{} of these {} updates had taken effect", done.len(), unsure.len());
        report.updated += done.len();
        left = unsure.into_iter().filter(|id| !done.contains(id)).collect();
    }
    Ok(report)
}

async fn which_belong_to(b24: &B24, employee: u64, deals: &[u64]) -> Result<HashSet<u64>, Error> {
    let found = b24
        .v2()
        .list::<Deal>("crm.item.list")
        .params(json!({ "entityTypeId": EntityType::DEAL }))
        .filter(Filter::new([in_("id", deals), eq("assignedById", employee)])?)
        .select(["id"]);
    Ok(found.collect().await?.into_iter().map(|deal| deal.id).collect())
}

/// The two employees on the command line.
fn who() -> Result<(u64, u64), Box<dyn StdError>> {
    let mut ids = std::env::args().skip(1).filter(|argument| !argument.starts_with('-'));
    match (ids.next(), ids.next()) {
        (Some(from), Some(to)) => Ok((from.parse()?, to.parse()?)),
        _ => Err("say whose deals go to whom: two ids of employees".into()),
    }
}
