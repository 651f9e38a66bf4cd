//! Tokens are in none of the places where somebody else could read them.

use std::collections::BTreeSet;

use b24_portal::ParentFault;
use serde_json::{Value, json};

use crate::probe::{Probe, portal, profile};

/// All tokens that the page has ever held: from the form that opened it, and from the answers that it heard.
async fn tokens(probe: &Probe) -> BTreeSet<String> {
    const FORM: &str = "return ['AUTH_ID', 'REFRESH_ID'].map((name) => document.querySelector(`[name=${name}]`).value)";
    let form: Vec<String> = serde_json::from_value(probe.on_page(FORM, Vec::new()).await).unwrap();
    let heard: Vec<Value> = serde_json::from_value(probe.in_app("return window.heard").await).unwrap();
    let answers = heard.iter().filter_map(|message| message["data"].as_str()?.split_once(':'));
    let answers = answers.filter_map(|(_, answer)| serde_json::from_str::<Value>(answer).ok());
    let answers =
        answers.flat_map(|answer| ["AUTH_ID", "REFRESH_ID"].map(|name| answer[name].as_str().map(str::to_owned)));
    form.into_iter().chain(answers.flatten()).filter(|token| !token.is_empty()).collect()
}

#[tokio::test]
async fn no_token_is_shown_logged_or_kept() {
    let Some(probe) = Probe::open(portal().frame_placement("CALL_CARD", "{}")).await else { return };
    probe.portal.parent_fault(ParentFault::truncated(80).for_command("getInitData"));
    probe.fails("connect", json!({})).await;
    probe.portal.parent_fault(ParentFault::foreign_first().for_command("getInitData"));
    probe.ok("connect", json!({})).await;
    probe
        .ok(
            "calls",
            json!({ "calls": [
        { "api": "v2", "method": "profile" },
        { "api": "v3", "method": "tasks.task.get", "params": { "id": 7, "select": ["id"] } },
    ] }),
        )
        .await;
    let batch = json!({ "api": "v3", "commands": [["tasks.task.get", { "id": 7, "select": ["id"] }]] });
    probe.ok("batch", batch.clone()).await;
    // Refusals, good and bad renewals, errors of every kind.
    for fault in [ParentFault::twice(), ParentFault::field("AUTH_EXPIRES", "soon"), ParentFault::truncated(60)] {
        probe.portal.parent_fault(fault.for_command("refreshAuth"));
        probe.portal.expire_access_tokens();
        // The last one fails, and that is fine: it is shown like everything else.
        let _ = probe.run("batch", batch.clone()).await;
        let _ = probe.run("calls", profile()).await;
    }
    probe.fails("calls", json!({ "calls": [{ "api": "v2", "method": "no.such.method" }] })).await;
    probe.portal.fault(b24_portal::Fault::reset().times(10));
    let lost = probe.run("calls", profile()).await;
    probe.portal.clear_faults();
    assert!(lost.is_err());
    probe.ok("describe", json!({})).await;
    probe.ok("destroy", json!({})).await;
    let log = probe.ok("log", json!({})).await;
    let log = log.as_str().unwrap();

    let tokens = tokens(&probe).await;
    // Of five pairs at least: two openings say the same.
    assert!(tokens.len() >= 8, "{}", tokens.len());
    let sent: String = probe.calls().iter().map(|call| format!("{}{:?}", call.query, call.body)).collect();
    assert!(tokens.iter().filter(|token| sent.contains(token.as_str())).count() >= 4);
    // The log speaks of what it should be silent about.
    for subject in ["getInitData", "refreshAuth", "tasks.task.get", "TRACE", "renewed the token"] {
        assert!(log.contains(subject), "{subject}: {log}");
    }
    let app = probe
        .in_app(
            "return document.documentElement.outerHTML + JSON.stringify([document.cookie, \
        {...localStorage}, {...sessionStorage}, location.href, window.name])",
        )
        .await;
    let messages = format!("{:?}", probe.portal.frame_messages());
    let sids: BTreeSet<_> = probe.portal.frame_messages().into_iter().map(|message| message.app_sid).collect();
    for token in &tokens {
        for (place, text) in [("the page", app.as_str().unwrap()), ("the log", log), ("the messages", &*messages)] {
            let at = text.find(token.as_str());
            assert!(at.is_none(), "{place} shows {token}: …{}", &text[at.unwrap_or(0).saturating_sub(200)..]);
        }
    }
    for sid in sids {
        assert!(!log.contains(&sid) && !messages.contains(&sid), "{sid} is shown");
    }
    // What the browser itself wrote: requests that failed, with their addresses. That of a v3 batch has the token in it,
    // as its body has no place for one.
    let console = probe.browser.console().await;
    assert!(console.contains("/rest/no.such.method"), "{console}");
    let lines: Vec<_> = console.split("\"level\"").filter(|line| !line.contains("/rest/api/batch?")).collect();
    for token in &tokens {
        assert!(lines.iter().all(|line| !line.contains(token.as_str())), "the console shows {token}: {console}");
    }
}
