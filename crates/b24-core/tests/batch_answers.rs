//! The answers of batches, in every shape in which PHP writes them.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use b24_core::{
    ApiVersion, CallOptions, Error, ErrorKind, RestResponse,
    batch::{Command, Outcome, Plan, Prepared},
};
use bytes::Bytes;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn plan(version: ApiVersion, count: usize, labelled: bool, halt: bool) -> Plan {
    let command = |place: usize| {
        let command = Command::from(("crm.deal.get", json!({ "id": place })));
        let command = if labelled { command.label(&format!("c{place}")) } else { command };
        Prepared::new(command, version, false).unwrap()
    };
    Plan::new(version, &(0..count).map(command).collect::<Vec<_>>(), halt).unwrap()
}

fn read(plan: &Plan, result: &Value) -> Result<Vec<Outcome<Bytes>>, Error> {
    let body = json!({ "result": result }).to_string();
    let response = RestResponse::read(StatusCode::OK, body.into()).unwrap();
    plan.read(&plan.request(CallOptions::default()), &response)
}

/// What became of one command, in the portal.
#[derive(Clone, Debug, PartialEq)]
enum Told {
    Result(Value),
    Error(&'static str),
}

fn told() -> impl Strategy<Value = Told> {
    let result = prop_oneof![
        Just(json!(null)),
        Just(json!(false)),
        Just(json!([])),
        any::<u32>().prop_map(Value::from),
        "[a-z]{0,3}".prop_map(|text| json!({ "item": { "TITLE": text } })),
    ];
    prop_oneof![3 => result.prop_map(Told::Result), 1 => Just(Told::Error("ERROR_CORE")), 1 => Just(Told::Error(""))]
}

/// An array of PHP as JSON: `[]`, a list when its keys are 0, 1, 2 …, else an object.
fn php(entries: Vec<(String, Value)>) -> Value {
    if entries.iter().enumerate().all(|(place, (key, _))| *key == place.to_string()) {
        return entries.into_iter().map(|(_, value)| value).collect();
    }
    Value::Object(entries.into_iter().collect::<Map<_, _>>())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_command_gets_what_the_portal_told_of_it(
        all in proptest::collection::vec(told(), 1..50),
        labelled: bool,
        halt: bool,
    ) {
        let plan = plan(ApiVersion::V2, all.len(), labelled, halt);
        let name = |place: usize| if labelled { format!("c{place}") } else { place.to_string() };
        let first_error = all.iter().position(|told| matches!(told, Told::Error(_)));
        let ran = if halt { first_error.map_or(all.len(), |place| place + 1) } else { all.len() };
        let (mut results, mut errors, mut totals) = (Vec::new(), Vec::new(), Vec::new());
        for (place, told) in all.iter().enumerate().take(ran) {
            match told {
                Told::Result(value) => {
                    results.push((name(place), value.clone()));
                    if place % 3 == 0 {
                        totals.push((name(place), json!(place)));
                    }
                }
                Told::Error(code) => errors.push((name(place), json!({ "error": code, "error_description": "no" }))),
            }
        }
        let answer = json!({
            "result": php(results), "result_error": php(errors), "result_total": php(totals),
            "result_next": [], "result_time": [],
        });
        let rows = read(&plan, &answer).unwrap();
        prop_assert_eq!(rows.len(), all.len());
        for (place, (row, told)) in rows.into_iter().zip(all).enumerate() {
            match row {
                Outcome::Done(reply) => {
                    prop_assert_eq!(Told::Result(serde_json::from_slice(&reply.result).unwrap()), told);
                    prop_assert_eq!(reply.total, (place % 3 == 0).then_some(place as u64));
                    prop_assert_eq!(reply.next, None);
                }
                Outcome::Failed(error) => prop_assert_eq!(Told::Error(if error.code().is_empty() { "" } else { "ERROR_CORE" }), told),
                Outcome::NotRun => prop_assert!(place >= ran),
            }
        }
    }
}

fn words(plan: &Plan, result: &Value) -> Vec<String> {
    let word = |outcome: Outcome<Bytes>| match outcome {
        Outcome::Done(reply) => String::from_utf8(reply.result.to_vec()).unwrap(),
        Outcome::Failed(error) => format!("{} {}", error.kind(), error.code()),
        Outcome::NotRun => "not run".to_owned(),
    };
    read(plan, result).unwrap().into_iter().map(word).collect()
}

#[test]
fn a_command_that_must_have_run_and_has_no_row_is_an_error_of_its_own() {
    let answer = json!({ "result": { "0": 1, "2": 3 }, "result_error": [] });
    let missing = "decode BATCH_ROW_MISSING";
    assert_eq!(words(&plan(ApiVersion::V2, 3, false, false), &answer), ["1", missing, "3"]);
    assert_eq!(words(&plan(ApiVersion::V2, 3, false, true), &answer), ["1", missing, "3"]);
    let halted = json!({ "result": [1], "result_error": { "1": { "error": "X" } } });
    assert_eq!(words(&plan(ApiVersion::V2, 3, false, true), &halted), ["1", "rest X", "not run"]);
    assert_eq!(words(&plan(ApiVersion::V2, 3, false, false), &halted), ["1", "rest X", missing]);
    assert_eq!(words(&plan(ApiVersion::V3, 3, true, true), &json!([1, null])), ["1", "null", missing]);
}

#[test]
fn errors_of_commands_come_in_many_forms() {
    for (error, want) in [
        (json!({ "error": "ERROR_CORE", "error_description": "no" }), "rest ERROR_CORE"),
        (json!("ERROR_CORE"), "rest ERROR_CORE"),
        (json!({ "error": 100 }), "rest 100"),
        (json!(100), "rest 100"),
        (json!({ "error": "" }), "rest "),
        (json!({ "error": { "code": "C", "message": "m" } }), "rest C"),
        (json!({ "error_description": "no" }), "rest {\"error_description\":\"no\"}"),
    ] {
        let answer = json!({ "result": [], "result_error": [error] });
        assert_eq!(words(&plan(ApiVersion::V2, 1, false, true), &answer), [want]);
    }
}

#[test]
fn what_is_no_answer_of_a_batch_is_an_error_of_the_whole() {
    for answer in [json!({}), json!([]), json!(5), json!("x"), json!(null), json!({ "items": [] })] {
        let error = read(&plan(ApiVersion::V2, 1, false, true), &answer).unwrap_err();
        assert_eq!((error.kind(), error.code(), error.may_have_run()), (ErrorKind::Decode, "INVALID_RESPONSE", true));
    }
    for answer in [json!(5), json!("x"), json!({ "a": [] })] {
        let rows = read(&plan(ApiVersion::V3, 1, false, true), &answer);
        assert!(rows.is_err() || words(&plan(ApiVersion::V3, 1, false, true), &answer) == ["decode BATCH_ROW_MISSING"]);
    }
}

#[test]
fn time_next_and_total_belong_to_their_command() {
    let answer = json!({
        "result": { "c0": [1], "c1": [2] }, "result_error": [], "result_total": { "c0": "77" }, "result_next": { "c0": 50 },
        "result_time": { "c0": { "operating": 1.5 }, "c1": [] },
    });
    let rows = read(&plan(ApiVersion::V2, 2, true, true), &answer).unwrap();
    let told: Vec<_> = rows.into_iter().map(|row| row.into_result().unwrap()).collect();
    assert_eq!((told[0].next, told[0].total, told[1].next, told[1].total), (Some(50), Some(77), None, None));
    assert_eq!(told[0].time.as_ref().unwrap().operating, Some(1.5));
    assert!(told[1].time.is_none());
}
