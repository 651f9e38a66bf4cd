//! Errors: who refused, and what may have happened.
//!
//! Shows: `send` and `outcome`, `kind`, `code`, `validation`, `may_have_run`. Every call here is refused on purpose,
//! and none changes anything on your portal. With `--fake` there is one more: a write whose answer is lost.
//!
//! ```text
//! cargo run -p b24-examples --bin errors -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin errors
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::error::Error as StdError;

use b24::{B24, Error, ErrorKind};
use b24_portal::{Fault, Portal};
use serde_json::{Value, json};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let (url, portal) = b24_examples::hook_url().await?;
    let b24 = B24::from_webhook_url(&url)?;

    refused_before_sending(&b24).await;
    refused_by_the_portal(&b24).await;
    wrong_fields(&b24).await;
    a_condition_and_no_fault(&b24).await?;
    refused_url();
    if let Some(portal) = portal {
        lost_answer(&b24, &portal).await;
    }
    Ok(())
}

/// What cannot be right is not sent: kind `Usage`.
async fn refused_before_sending(b24: &B24) {
    if let Err(error) = b24.v2().call("crm.item.list?start=50").send::<Value>().await {
        report("a name that is no method", &error);
    }
    if let Err(error) = b24.v2().call("crm.item.list").params([1, 2]).send::<Value>().await {
        report("parameters that are no object", &error);
    }
}

/// The portal's own refusal: kind `Rest`, with the portal's code, text and status.
async fn refused_by_the_portal(b24: &B24) {
    if let Err(error) = b24.v2().call("no.such.method").send::<Value>().await {
        report("a method that is not there", &error);
        if let Some(refusal) = error.rest() {
            println!("   what is known of the code: {:?}", refusal.info());
        }
    }
}

/// v3 says which field is wrong.
async fn wrong_fields(b24: &B24) {
    if let Err(error) = b24.v3().call("tasks.task.get").send::<Value>().await {
        report("a call without its required field", &error);
        for row in error.validation() {
            println!("   field {}: {}", row.field.as_deref().unwrap_or("-"), row.message);
        }
    }
}

/// Where "it is not there" is a normal answer, `outcome` keeps it apart from faults; `?` is for the faults.
async fn a_condition_and_no_fault(b24: &B24) -> Result<(), Error> {
    let params = json!({ "id": 999_999_999, "select": ["id", "title"] });
    match b24.v3().call("tasks.task.get").params(params).outcome::<Value>().await? {
        Ok(reply) => println!("-- there is such a task: {}", reply.result),
        Err(refusal) => println!("-- no such task: {} ({})", refusal.message(), refusal.code()),
    }
    Ok(())
}

/// A webhook URL with a slip in it; the error repeats no part of it.
fn refused_url() {
    if let Err(error) = B24::from_webhook_url("https://example.bitrix24.com/k32t88gf3azpmwv3/1/") {
        report("a webhook URL that is none", &error);
    }
}

/// The portal adds the deal, then the connection breaks. Nobody can tell from here: `may_have_run` is true.
async fn lost_answer(b24: &B24, portal: &Portal) {
    portal.fault(Fault::lost_response().for_method("crm.item.add"));
    let params = json!({ "entityTypeId": 2, "fields": { "title": "Only once, please" } });
    if let Err(error) = b24.v2().call("crm.item.add").params(params).send::<Value>().await {
        report("a write whose answer is lost", &error);
    }
}

fn report(what: &str, error: &Error) {
    println!("-- {what}\n   {error}");
    // The reasons behind it, from the nearest to the deepest; the deepest is the most telling.
    let mut reason = error.source();
    while let Some(deeper) = reason.and_then(StdError::source) {
        reason = Some(deeper);
    }
    if let Some(reason) = reason {
        println!("   because: {reason}");
    }
    println!("   {}", advice(error));
}

/// The questions in the order in which a program asks them.
fn advice(error: &Error) -> &'static str {
    if error.kind() == ErrorKind::Usage {
        "not sent: the program is to be corrected"
    } else if error.may_have_run() {
        "it may have run: look before you repeat it"
    } else if error.is_retryable() {
        "it did not run, and may succeed later"
    } else {
        "it did not run, and would be refused again"
    }
}
