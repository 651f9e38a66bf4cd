//! Batches against the embedded portal: what is sent, and what each command is told.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use b24::{
    B24, Error, ErrorKind,
    batch::{Command, Key, Outcome},
};
use b24_portal::{Fault, Limits, Portal};
use serde::Deserialize;
use serde_json::{Value, json};

fn portal() -> (Portal, B24) {
    let portal = Portal::builder().rows(60).limits(Limits::off()).in_process();
    let b24 = B24::builder().http_client(portal.service()).webhook_url(&portal.hook_url()).unwrap();
    (portal, b24)
}

fn get(id: u32) -> (&'static str, Value) {
    ("crm.deal.get", json!({ "id": id }))
}

#[derive(Debug, Deserialize)]
struct Deal {
    #[serde(rename = "ID", deserialize_with = "b24::de::number")]
    id: u64,
    #[serde(rename = "TITLE")]
    title: String,
}

#[derive(Debug, Deserialize)]
struct Task {
    item: TaskItem,
}

#[derive(Debug, Deserialize)]
struct TaskItem {
    id: u64,
    title: String,
}

#[tokio::test(start_paused = true)]
async fn a_handle_takes_its_own_result_and_refers_to_it() {
    let (portal, b24) = portal();
    let mut batch = b24.v2().batch();
    let made = batch.add::<u64>(("crm.deal.add", json!({ "fields": { "TITLE": "made" } })));
    let read = batch.add::<Deal>(("crm.deal.get", json!({ "id": made.result() })));
    let again = batch.add::<Deal>(("crm.deal.get", json!({ "id": read.field("ID") })));
    let list = batch.add::<Vec<Deal>>("crm.deal.list");
    let mut reply = batch.send().await.unwrap();
    let again = reply.take(again).unwrap();
    assert_eq!((reply.take(made).unwrap(), again.id, &*again.title), (61, 61, "made"));
    assert_eq!(reply.take(read).unwrap().id, 61);
    match reply.outcome(list) {
        Outcome::Done(list) => assert_eq!((list.result.len(), list.next, list.total), (50, Some(50), Some(61))),
        other => panic!("{other:?}"),
    }
    assert_eq!(portal.requests().len(), 1);
}

// Fact: a v3 reference leads to `alias.id`, not to `alias.item.id`.
#[tokio::test(start_paused = true)]
async fn a_reference_of_v3_names_the_fields_of_the_item() {
    let (_portal, b24) = portal();
    let select = json!(["id", "title"]);
    let mut batch = b24.v3().batch();
    let first = batch.add::<Task>(("tasks.task.get", json!({ "id": 7, "select": select })));
    let second = batch.add::<Task>(("tasks.task.get", json!({ "id": first.field("id"), "select": select })));
    let mut reply = batch.send().await.unwrap();
    let (first, second) = (reply.take(first).unwrap(), reply.take(second).unwrap());
    assert_eq!((first.item.id, second.item.id, first.item.title), (7, 7, second.item.title));
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_another_batch_takes_nothing() {
    let (_portal, b24) = portal();
    let mut other = b24.v2().batch();
    let foreign = other.add::<Value>(get(1));
    let mut reply = b24.v2().batch().command(get(2)).send().await.unwrap();
    assert_eq!(reply.take(foreign).unwrap_err().kind(), ErrorKind::Usage);
    assert!(reply.all_done());
}

/// What became of each command, in a word.
async fn outcomes(b24: &B24, halt: bool, commands: Vec<Command>) -> Vec<String> {
    let reply = b24.v2().batch().halt_on_error(halt).commands(commands).send().await.unwrap();
    let word = |(key, outcome): (Key, Outcome<Value>)| match outcome {
        Outcome::Done(_) => format!("{key} done"),
        Outcome::Failed(error) => format!("{key} {}", error.code()),
        Outcome::NotRun => format!("{key} not run"),
    };
    reply.into_rows().map(word).collect()
}

// Facts: `result` and `result_error` are lists, objects or `[]`, by what is in them.
#[tokio::test(start_paused = true)]
async fn each_command_has_its_outcome_whatever_shape_the_answer_took() {
    let (_portal, b24) = portal();
    let list = |ids: &[u32]| ids.iter().map(|id| get(*id).into()).collect::<Vec<Command>>();
    assert_eq!(outcomes(&b24, false, list(&[1, 2])).await, ["0 done", "1 done"]);
    assert_eq!(outcomes(&b24, false, list(&[1, 900, 3])).await, ["0 done", "1 ", "2 done"]);
    assert_eq!(outcomes(&b24, false, list(&[900, 2])).await, ["0 ", "1 done"]);
    assert_eq!(outcomes(&b24, false, list(&[900, 901])).await, ["0 ", "1 "]);
    assert_eq!(outcomes(&b24, true, list(&[1, 900, 3])).await, ["0 done", "1 ", "2 not run"]);
    // Numbers for labels: PHP takes them for places.
    let labelled = |labels: &[&str]| labels.iter().map(|label| Command::from(get(1)).label(label)).collect();
    assert_eq!(outcomes(&b24, false, labelled(&["0", "1"])).await, ["0 done", "1 done"]);
    assert_eq!(outcomes(&b24, false, labelled(&["1", "0"])).await, ["1 done", "0 done"]);
    assert_eq!(outcomes(&b24, false, labelled(&["01", "-5", "é"])).await, ["01 done", "-5 done", "é done"]);
}

#[tokio::test(start_paused = true)]
async fn an_error_of_a_command_names_its_own_method_and_whether_it_may_have_run() {
    let (_portal, b24) = portal();
    let commands: [Command; 3] = [
        get(900).into(),
        Command::new("no.such.method"),
        ("crm.deal.update", json!({ "id": 900, "fields": {} })).into(),
    ];
    let reply = b24.v2().batch().halt_on_error(false).commands(commands).send().await.unwrap();
    let errors: Vec<Error> =
        reply.into_rows::<Value>().map(|(_, outcome)| outcome.into_result().unwrap_err()).collect();
    let told: Vec<_> =
        errors.iter().map(|error| (error.request().unwrap().method().as_str(), error.may_have_run())).collect();
    assert_eq!(told, [("crm.deal.get", true), ("no.such.method", false), ("crm.deal.update", true)]);
}

// Fact: 53 commands in one batch: 50 are executed, 3 errors appear, status 200.
#[tokio::test(start_paused = true)]
async fn fifty_one_commands_are_refused_before_anything_runs() {
    let (portal, b24) = portal();
    for count in [0, 51, 53] {
        let error = b24.v2().batch().commands((0..count).map(get)).send().await.unwrap_err();
        assert_eq!((error.kind(), error.may_have_run()), (ErrorKind::Usage, false));
    }
    assert!(b24.v2().batch().commands((1..51).map(get)).send().await.unwrap().all_done());
    assert_eq!(portal.requests().len(), 1);
}

// Fact: v3 batch: one error hides all results but rolls nothing back.
#[tokio::test(start_paused = true)]
async fn the_error_of_a_v3_batch_says_what_may_have_been_applied() {
    let (portal, b24) = portal();
    let add = || ("tasks.task.add", json!({ "fields": { "title": "x", "creatorId": 1, "responsibleId": 1 } }));
    let read = ("tasks.task.get", json!({ "id": 9000, "select": ["id"] }));
    let batch = |commands: Vec<(&'static str, Value)>| b24.v3().batch().commands(commands).send();
    let error = batch(vec![add(), read.clone(), add()]).await.unwrap_err();
    assert!(error.may_have_run() && error.is_soft());
    let applied: Vec<_> = error.commands_that_may_have_run().map(|command| command.key().to_string()).collect();
    assert_eq!(applied, ["0", "2"]);
    // The methods are looked up before the first of them runs.
    let error = batch(vec![add(), ("no.such.method", json!({}))]).await.unwrap_err();
    assert_eq!((error.may_have_run(), error.commands_that_may_have_run().count()), (false, 0));
    let error = batch(vec![read]).await.unwrap_err();
    assert_eq!(error.commands_that_may_have_run().count(), 0);
    let added = portal.requests().iter().filter(|request| request.status.is_some_and(|status| status == 200)).count();
    assert_eq!(added, 0);
}

#[tokio::test(start_paused = true)]
async fn a_batch_of_reads_is_sent_again_and_one_with_a_write_is_not() {
    let (portal, b24) = portal();
    portal.fault(Fault::html(502));
    assert!(b24.v2().batch().command(get(1)).command(get(2)).send().await.unwrap().all_done());
    portal.fault(Fault::html(502).after_handler());
    let write = ("crm.deal.add", json!({ "fields": { "TITLE": "x" } }));
    let error = b24.v2().batch().command(get(1)).command(write).send().await.unwrap_err();
    assert!(error.may_have_run());
    let applied: Vec<_> = error.commands_that_may_have_run().map(|command| command.method().as_str()).collect();
    assert_eq!(applied, ["crm.deal.add"]);
    assert_eq!(portal.requests().len(), 3);
}

// Facts: a command that refers to a failed one runs on garbage unless the batch halts; a path that leads nowhere is no error.
#[tokio::test(start_paused = true)]
async fn a_chain_halts_or_is_not_sent() {
    let (portal, b24) = portal();
    let chain = |halt| {
        let mut batch = b24.v2().batch().halt_on_error(halt);
        let read = batch.add::<Deal>(get(900));
        let change = json!({ "id": read.field("ID"), "fields": { "TITLE": "changed" } });
        let _ = batch.add::<bool>(("crm.deal.update", change));
        batch.send()
    };
    let reply = chain(true).await.unwrap();
    let words: Vec<_> = reply.into_rows::<Value>().map(|(_, row)| matches!(row, Outcome::NotRun)).collect();
    assert_eq!(words, [false, true]);
    assert_eq!(chain(false).await.unwrap_err().code(), "INVALID_BATCH_REF");
    assert_eq!(portal.requests().len(), 1);
}

// Fact: user data that contains a reference is substituted; there is no escape.
#[tokio::test(start_paused = true)]
async fn text_of_a_user_never_becomes_a_reference() {
    let (portal, b24) = portal();
    for text in ["$result[0]", "costs $total[0] a piece", "%$result[0][ID]%"] {
        let title = ("crm.deal.add", json!({ "fields": { "TITLE": text } }));
        let error = b24.v2().batch().command(get(1)).command(title).send().await.unwrap_err();
        assert_eq!((error.code(), error.may_have_run()), ("INVALID_BATCH_REF", false));
        assert!(error.message().contains("fields[TITLE]"), "{error}");
        // Outside of a batch it is text like any other, and in v3 it is everywhere.
        let id = b24.v2().call("crm.deal.add").params(json!({ "fields": { "TITLE": text } })).send::<u64>();
        let id = id.await.unwrap().result;
        let deal = b24.v2().call("crm.deal.get").params(json!({ "id": id })).send::<Deal>().await.unwrap().result;
        assert_eq!(deal.title, text);
    }
    assert_eq!(portal.requests().len(), 6);
}
