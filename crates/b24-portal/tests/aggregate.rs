//! Aggregates of v3, over an object that only this portal has.

mod common;

use common::{Bench, column};
use serde_json::{Value, json};

#[tokio::test]
async fn an_aggregate_says_what_its_rows_say() {
    let bench = Bench::new();
    let filter = json!([["id", "<=", 40], ["stageId", "in", ["NEW", "WON"]]]);
    let reply = bench.v3("b24portal.deal.list", &json!({"filter": filter})).await;
    let rows = reply.result()["items"].as_array().expect("rows").clone();
    let amounts: Vec<f64> = rows.iter().filter_map(|row| row["amount"].as_f64()).collect();
    let select = json!({
        "sum": ["amount"], "avg": {"amount": "mean"}, "min": ["amount", "createdTime"], "max": ["id"],
        "count": {"id": "all"}, "countDistinct": ["stageId", "createdTime"],
    });
    let reply = bench.v3("b24portal.deal.aggregate", &json!({"select": select, "filter": filter})).await;
    let result = &reply.result()["result"];
    let sum: f64 = amounts.iter().sum();
    let near = |value: &Value, want: f64| value.as_f64().is_some_and(|got| (got - want).abs() < 1e-6);
    #[allow(clippy::cast_precision_loss, reason = "forty rows at most")]
    let mean = sum / rows.len() as f64;
    assert!(near(&result["sum"]["amount"], sum) && near(&result["avg"]["mean"], mean), "{result}");
    assert!(near(&result["min"]["amount"], amounts.iter().copied().fold(f64::MAX, f64::min)));
    assert_eq!(result["min"]["createdTime"], rows[0]["createdTime"], "a date stays a date");
    assert_eq!(result["max"]["id"].as_i64(), column(&json!(rows), "id").last().copied());
    assert_eq!(result["count"], json!({"all": rows.len()}));
    assert_eq!(result["countDistinct"], json!({"stageId": 2, "createdTime": rows.len()}));
    assert!(reply.body["time"].is_object());
}

#[tokio::test]
async fn of_no_rows_everything_is_null_but_the_count() {
    let params = json!({"select": {"sum": ["amount"], "max": ["id"], "count": ["id"]}, "filter": [["id", 0]]});
    let reply = Bench::new().v3("b24portal.deal.aggregate", &params).await;
    assert_eq!(reply.result(), &json!({"result": {"sum": {"amount": null}, "max": {"id": null}, "count": {"id": 0}}}));
}

#[tokio::test]
async fn broken_aggregates_are_refused() {
    let bench = Bench::new();
    for (params, want) in [
        (json!({}), "VALIDATION_REQUESTVALIDATION"),
        (json!({"select": {}}), "INVALIDSELECT"),
        (json!({"select": "sum"}), "INVALIDSELECT"),
        (json!({"select": {"median": ["amount"]}}), "INVALIDSELECT"),
        (json!({"select": {"sum": "amount"}}), "INVALIDSELECT"),
        (json!({"select": {"sum": [5]}}), "INVALIDSELECT"),
        (json!({"select": {"sum": ["nope"]}}), "UNKNOWNDTOPROPERTY"),
        (json!({"select": {"sum": {"nope": "x"}}}), "UNKNOWNDTOPROPERTY"),
        (json!({"select": {"sum": ["amount"]}, "filter": {">id": 1}}), "INVALIDFILTER"),
        (json!({"select": {"sum": ["amount"]}, "filter": [["nope", 1]]}), "UNKNOWNDTOPROPERTY"),
    ] {
        let reply = bench.v3("b24portal.deal.aggregate", &params).await;
        assert_eq!((reply.status, reply.trouble()), (400, want), "{params}");
    }
}

#[tokio::test]
async fn what_no_real_portal_has_is_in_no_description() {
    let bench = Bench::new();
    let document = bench.v3("documentation", &json!({})).await.body;
    let scopes = bench.v3("rest.scope.list", &json!({})).await.body;
    let methods = bench.v2("methods", &json!({"full": true})).await.body;
    for (name, described) in [("openapi", document), ("scopes", scopes), ("methods", methods)] {
        assert!(!described.to_string().contains("b24portal."), "{name}");
    }
}
