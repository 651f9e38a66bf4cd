//! Wire samples: what a portal is known to answer, byte for byte where the shape is the point.

mod common;

use b24_portal::{Dialect, Limits, Portal};
use common::{Bench, SECRET, column};
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn a_classic_list_is_upper_text_and_says_where_it_goes_on() {
    let bench = Bench::with(Portal::builder().rows(2387));
    let reply = bench.get(&format!("/rest/1/{SECRET}/crm.deal.list.json?start=50")).await;
    assert_eq!(reply.result()[0]["ID"], "51");
    assert_eq!(reply.body["next"], 100);
    assert_eq!(reply.body["total"], 2387);
    assert!(reply.body["time"]["operating_reset_at"].is_i64());
}

#[tokio::test]
async fn a_list_without_counting_says_total_zero_and_no_next() {
    let bench = Bench::with(Portal::builder().rows(2387));
    let reply = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "start": -1})).await;
    assert_eq!(reply.result()["items"][0]["id"], 1);
    assert_eq!(reply.body["total"], 0);
    assert!(reply.body.get("next").is_none());
}

#[tokio::test]
async fn an_added_deal_is_its_number() {
    let bench = Bench::with(Portal::builder().rows(6122));
    assert_eq!(bench.v2("crm.deal.add", &json!({"fields": {}})).await.result(), 6123);
}

#[tokio::test]
async fn a_missing_deal_has_an_empty_code() {
    let reply = Bench::new().v2("crm.deal.get", &json!({"id": 999_999})).await;
    assert_eq!(reply.status, 400);
    assert_eq!(&reply.bytes[..], br#"{"error":"","error_description":"Not found"}"#);
}

#[tokio::test]
async fn refusals_have_their_codes_texts_and_statuses() {
    let bench = Bench::with(Portal::builder().access_token("old", 1, Duration::ZERO));
    for (path, body, status, want) in [
        (
            "/rest/1/BAD/user.current",
            json!({}),
            401,
            json!({"error":"INVALID_CREDENTIALS","error_description":"Invalid request credentials"}),
        ),
        (
            "/rest/no.such.method",
            json!({}),
            404,
            json!({"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"}),
        ),
        (
            "/rest/user.current",
            json!({"auth":"old"}),
            401,
            json!({"error":"expired_token","error_description":"The access token provided has expired."}),
        ),
        (
            "/rest/user.current",
            json!({}),
            401,
            json!({"error":"NO_AUTH_FOUND","error_description":"Wrong authorization data"}),
        ),
        (
            "/rest/user.current",
            json!({"auth":"?"}),
            401,
            json!({"error":"invalid_token","error_description":"Unable to get application by token"}),
        ),
    ] {
        let reply = bench.post(path, &body).await;
        assert_eq!(reply.status, status, "{path}");
        assert_eq!(reply.body, want, "{path}");
    }
}

#[tokio::test]
async fn the_documented_statuses_are_a_knob() {
    let bench = Bench::with(Portal::builder().dialect(Dialect::Docs));
    assert_eq!(bench.post("/rest/1/BAD/user.current", &json!({})).await.status, 403);
    assert_eq!(bench.v3("no.such", &json!({})).await.status, 400);
}

#[tokio::test]
async fn a_full_bucket_answers_503() {
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(2, 1)));
    bench.v2("profile", &json!({})).await.result();
    let reply = bench.v2("profile", &json!({})).await;
    assert_eq!(reply.status, 503);
    assert_eq!(&reply.bytes[..], br#"{"error":"QUERY_LIMIT_EXCEEDED","error_description":"Too many requests"}"#);
    assert_eq!(reply.header("retry-after"), None, "no portal ever sends it");
}

#[tokio::test]
async fn an_exhausted_method_answers_429_without_time() {
    let limits = Limits::default().with_operating(Duration::from_secs(1));
    let bench = Bench::with(Portal::builder().limits(limits).method_cost("profile", Duration::from_secs(2)));
    assert_eq!(bench.v2("profile", &json!({})).await.body["time"]["operating"], 2);
    let reply = bench.v2("profile", &json!({})).await;
    assert_eq!(reply.status, 429);
    let want =
        json!({"error":"OPERATION_TIME_LIMIT","error_description":"Method is blocked due to operation time limit."});
    assert_eq!(reply.body, want);
    bench.v2("server.time", &json!({})).await.result();
}

#[tokio::test]
async fn a_failed_command_in_the_middle_turns_the_list_into_an_object() {
    let reply = Bench::new().v2("batch", &json!({"halt": 0, "cmd": ["user.current", "nope", "user.current"]})).await;
    let result = reply.result();
    let keys: Vec<&String> = result["result"].as_object().expect("an object").keys().collect();
    assert_eq!(keys, ["0", "2"]);
    let error = json!({"error":"ERROR_METHOD_NOT_FOUND","error_description":"Method not found!"});
    assert_eq!(result["result_error"], json!({ "1": error }));
    assert_eq!(result["result_total"], json!([]));
    assert_eq!(result["result_next"], json!([]));
    assert!(result["result_time"]["2"]["start"].is_number());
    assert!(result["result_time"].get("1").is_none());
}

#[tokio::test]
async fn a_batch_of_failures_has_empty_lists_for_the_rest() {
    let reply = Bench::new().v2("batch", &json!({"cmd": {"a": "bad", "b": "bad"}})).await;
    let result = reply.result();
    assert_eq!(result["result"], json!([]));
    assert_eq!(result["result_time"], json!([]));
    assert_eq!(result["result_error"].as_object().map(serde_json::Map::len), Some(2));
}

#[tokio::test]
async fn a_failed_first_command_makes_a_list_of_errors_and_an_object_of_results() {
    let reply = Bench::new().v2("batch", &json!({"cmd": ["bad", "user.current"]})).await;
    assert_eq!(reply.result()["result"]["1"]["ID"], "1");
    assert!(reply.result()["result"].is_object());
    assert!(reply.result()["result_error"].is_array());
}

#[tokio::test]
async fn v3_select_drops_unknown_fields_without_a_word() {
    let reply = Bench::new().v3("tasks.task.get", &json!({"id": 1, "select": ["id", "nope"]})).await;
    assert_eq!(reply.result(), &json!({"item": {"id": 1}}));
    assert!(reply.body["time"].is_object());
}

#[tokio::test]
async fn v3_names_the_required_field() {
    let reply = Bench::new().v3("tasks.task.get", &json!({})).await;
    assert_eq!(reply.status, 400);
    let error = &reply.body["error"];
    assert_eq!(error["code"], "BITRIX_REST_V3_EXCEPTION_VALIDATION_REQUESTVALIDATIONEXCEPTION");
    assert_eq!(error["validation"], json!([{"message":"Required field `id` is not specified","field":"id"}]));
    assert!(reply.body.get("time").is_none());
}

#[tokio::test]
async fn v3_batch_refers_to_the_content_of_an_item() {
    let reply = Bench::new()
        .v3(
            "batch",
            &json!([
                {"method": "tasks.task.get", "as": "t", "query": {"id": 1, "select": ["id", "groupId"]}},
                {"method": "tasks.task.get", "query": {"id": {"$ref": "t.id"}, "select": ["id"]}},
            ]),
        )
        .await;
    assert_eq!(reply.result()[1], json!({"item": {"id": 1}}));
    assert_eq!(reply.result().as_array().map(Vec::len), Some(2));
}

#[tokio::test]
async fn the_openapi_document_has_no_envelope() {
    let bench = Bench::new();
    let reply = bench.get(&format!("/rest/api/1/{SECRET}/documentation")).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.body["openapi"], "3.0.0");
    assert!(reply.body["paths"]["/tasks.task.get"].is_object());
    assert!(reply.body["components"]["schemas"]["TaskDto"]["properties"]["id"].is_object());
    assert!(reply.body.get("result").is_none() && reply.body.get("time").is_none());
    let full = bench.v3("rest.documentation.openapi", &json!({})).await;
    assert_eq!(full.bytes, reply.bytes);
}

#[tokio::test]
async fn the_headers_are_the_portals() {
    let bench = Bench::with(Portal::builder().access_token("T", 2, Duration::from_secs(3600)));
    let reply = bench.v2("profile", &json!({})).await;
    assert_eq!(reply.header("content-type"), Some("application/json; charset=utf-8"));
    assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
    assert_eq!(reply.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(reply.header("x-bitrix-rest-time"), Some("0.0200000000"));
    assert_eq!(reply.header("x-bitrix-rest-application"), None, "webhooks have no client id");
    let reply = bench.post("/rest/profile", &json!({"auth": "T"})).await;
    assert_eq!(reply.result()["ID"], "2");
    assert_eq!(reply.header("x-bitrix-rest-application"), Some("app.b24portal"));
}

#[tokio::test]
async fn both_crm_spellings_show_the_same_rows() {
    let bench = Bench::new();
    let upper = bench.v2("crm.deal.list", &json!({"select": ["ID", "TITLE", "OPPORTUNITY"]})).await;
    let camel = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "select": ["id", "title", "opportunity"]})).await;
    assert_eq!(column(upper.result(), "ID"), column(&camel.result()["items"], "id"));
    for (upper, camel) in
        upper.result().as_array().into_iter().flatten().zip(camel.result()["items"].as_array().into_iter().flatten())
    {
        assert_eq!(upper["TITLE"], camel["title"]);
        let money: f64 = upper["OPPORTUNITY"].as_str().expect("text").parse().expect("a number");
        assert_eq!(camel["opportunity"].as_f64(), Some(money));
    }
}

#[tokio::test]
async fn a_result_loses_its_next_and_total() {
    let value = json!({"next": "70", "total": null, "rest": 1});
    let reply = Bench::new().v2("b24portal.answer", &json!({"value": value})).await;
    assert_eq!(reply.result(), &json!({"rest": 1}));
    assert_eq!((&reply.body["next"], &reply.body["total"]), (&json!(70), &json!(0)));
}

#[tokio::test]
async fn results_flip_their_shape_by_content() {
    let bench = Bench::new();
    for (value, want) in [
        (json!({}), json!([])),
        (json!({"0": "a", "1": "b"}), json!(["a", "b"])),
        (json!({"0": "a", "2": "b"}), json!({"0": "a", "2": "b"})),
        (json!(null), json!(null)),
        (json!(false), json!(false)),
        (json!("123"), json!("123")),
        (json!(10.0), json!(10)),
    ] {
        assert_eq!(bench.v2("b24portal.answer", &json!({"value": value})).await.result(), &want, "{value}");
    }
}

#[tokio::test]
async fn an_error_can_come_with_status_200() {
    let bench = Bench::new();
    let error = json!({"error": "ERROR_PLACEMENT_MAX_COUNT", "error_description": "Too many handlers"});
    let reply = bench.v2("b24portal.answer", &json!({"value": error})).await;
    assert_eq!((reply.status, &reply.body), (200, &error));
    let reply = bench.v2("b24portal.answer", &json!({"value": {"error": "", "error_description": "x"}})).await;
    assert_eq!(reply.result()["error"], "", "an empty code makes no error");
    let cmd = json!({"a": "b24portal.answer?value[error]=E&value[error_description]=text", "b": "b24portal.answer"});
    let reply = bench.v2("batch", &json!({"cmd": cmd})).await;
    assert_eq!(reply.result()["result_error"], json!({"a": {"error": "E", "error_description": "text"}}));
    assert_eq!(reply.result()["result"], json!({"b": null}), "a null result keeps its key");
}
