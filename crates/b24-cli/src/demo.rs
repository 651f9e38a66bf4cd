//! `b24 demo`: what a first hour with the SDK would show, in a second and without an account.

use b24::{B24, Error};
use b24_portal::Portal;
use serde_json::{Value, json};

use crate::{
    connect::runtime,
    failure::Failure,
    output::{Failed, Payload, Success, explain, json_text, print, say},
};

/// What the demo calls, and what there is to see.
const STEPS: &[Step] = &[
    Step { v3: false, method: "profile", params: || json!({}), why: "whose webhook is it? (v2)" },
    Step {
        v3: false,
        method: "crm.item.list",
        params: || json!({ "entityTypeId": 2, "select": ["id", "title"], "filter": { "<=id": 53 }, "start": 50 }),
        why: "the second page of a list; `total` stands beside the result (v2)",
    },
    Step {
        v3: false,
        method: "crm.item.add",
        params: || json!({ "entityTypeId": 2, "fields": { "title": "Made by the demo", "opportunity": 990.5 } }),
        why: "a new deal (v2)",
    },
    Step {
        v3: true,
        method: "tasks.task.get",
        params: || json!({ "id": 1, "select": ["id", "title"] }),
        why: "a task, from the newer generation of the API (v3)",
    },
    Step {
        v3: true,
        method: "tasks.task.get",
        params: || json!({}),
        why: "the portal refuses this one, and says which field is wrong (v3)",
    },
    Step {
        v3: false,
        method: "no.such.method",
        params: || json!({}),
        why: "and this one; `mayHaveRun` says that repeating it would be safe (v2)",
    },
];

struct Step {
    v3: bool,
    method: &'static str,
    params: fn() -> Value,
    why: &'static str,
}

pub(crate) fn main() -> Result<(), Failure> {
    runtime()?.block_on(async {
        let portal = Portal::builder().start().await;
        let portal = portal.map_err(|error| Failure::unusable(format!("cannot start the portal: {error}")))?;
        say(&format!("An embedded portal is at {}; it keeps everything in memory.", portal.url()));
        let b24 = B24::from_webhook_url(&portal.hook_url()).map_err(|error| Failure::refused(&error))?;
        for step in STEPS {
            show(&b24, step).await?;
        }
        say(&format!(
            "\nThe portal saw {} requests. Your own portal, with an inbound webhook of it:",
            portal.requests().len()
        ));
        say("  B24_HOOK='https://<portal>/rest/<user id>/<secret>/' b24 call profile");
        portal.shutdown().await;
        Ok(())
    })
}

async fn show(b24: &B24, step: &Step) -> Result<(), Failure> {
    let params = (step.params)();
    say(&format!("\n# {}\n> {} {}", step.why, step.method, params));
    let call = if step.v3 { b24.v3().call(step.method) } else { b24.v2().call(step.method) };
    let outcome: Result<_, Error> = call.params(params).send::<Payload>().await;
    match outcome {
        Ok(reply) => print(&json_text(&Success::from(reply))),
        Err(error) => {
            say(&explain(&error));
            print(&json_text(&Failed::from(&error)))
        }
    }
}
