//! The v3 methods: select, filter, order, pagination, cursors, writes, idempotency.
#![allow(clippy::expect_used, reason = "helpers of tests: a panic with its reason is the report")]

mod common;

use std::time::Duration;

use b24_portal::Portal;
use bytes::Bytes;
use common::{Bench, Reply, SECRET, column};
use http::Request;
use serde_json::{Value, json};

async fn log_ids(bench: &Bench, params: Value) -> Vec<i64> {
    column(&bench.v3("main.eventlog.list", &params).await.result()["items"], "id")
}

#[tokio::test]
async fn a_task_list_without_select_is_ids() {
    let reply = Bench::new().v3("tasks.task.list", &json!({"pagination": {"limit": 2}})).await;
    assert_eq!(reply.result(), &json!({"items": [{"id": 1}, {"id": 2}]}));
    assert!(reply.body.get("total").is_none() && reply.body.get("next").is_none());
}

#[tokio::test]
async fn relations_are_dotted_and_checked() {
    let bench = Bench::new();
    let reply =
        bench.v3("tasks.task.get", &json!({"id": 1, "select": ["id", "responsible.id", "responsible.name"]})).await;
    let responsible = &reply.result()["item"]["responsible"];
    assert!(responsible["id"].is_i64() && responsible["name"].is_string());
    for select in ["responsible.nope", "nope.name"] {
        let reply = bench.v3("tasks.task.get", &json!({"id": 1, "select": [select]})).await;
        assert_eq!((reply.status, reply.trouble()), (400, "UNKNOWNDTOPROPERTY"), "{select}");
    }
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1, "select": "id"})).await.trouble(), "INVALIDSELECT");
}

#[tokio::test]
async fn filters_are_triples_shorthands_and_groups() {
    let bench = Bench::new();
    for (filter, want) in [
        (json!([["id", "=", 3]]), vec![3]),
        (json!([["id", 3]]), vec![3]),
        (json!([["id", [3, 5]]]), vec![3, 5]),
        (json!([["id", "in", [3, 5]]]), vec![3, 5]),
        (json!([["id", "between", [3, 5]]]), vec![3, 4, 5]),
        (json!([["id", ">", 118]]), vec![119, 120]),
        (json!([["id", ">=", 119], ["id", "<", 120]]), vec![119]),
        (json!([["id", "<=", 3], ["id", "!=", 2]]), vec![1, 3]),
        (json!([{"logic": "or", "conditions": [["id", 3], ["id", 5]]}]), vec![3, 5]),
        (json!([["id", "<=", 3], {"logic": "or", "conditions": [["id", 1], ["id", 2]], "negative": true}]), vec![3]),
    ] {
        assert_eq!(log_ids(&bench, json!({"filter": filter})).await, want, "{filter}");
    }
}

#[tokio::test]
async fn broken_filters_are_refused() {
    let bench = Bench::new();
    for (filter, want) in [
        (json!({">id": 1}), "INVALIDFILTER"),
        (json!([["id", "between", [1]]]), "INVALIDFILTER"),
        (json!([["id", ">", [1]]]), "INVALIDFILTER"),
        (json!([["id"]]), "INVALIDFILTER"),
        (json!("id"), "INVALIDFILTER"),
        (json!([["id", "like", "x"]]), "UNKNOWNFILTEROPERATOR"),
        (json!([["nope", "=", 1]]), "UNKNOWNDTOPROPERTY"),
        (json!([["title", "=", "x"]]), "INVALIDFILTER"),
    ] {
        let reply = bench.v3("tasks.task.list", &json!({"filter": filter})).await;
        assert_eq!((reply.status, reply.trouble()), (400, want), "{filter}");
    }
}

#[tokio::test]
async fn order_is_an_object_of_sortable_fields() {
    let bench = Bench::new();
    assert_eq!(log_ids(&bench, json!({"order": {"id": "DESC"}, "pagination": {"limit": 2}})).await, [120, 119]);
    for (order, want) in [
        (json!({"title": "ASC"}), "INVALIDORDER"),
        (json!({"id": "UP"}), "INVALIDORDER"),
        (json!({"nope": "ASC"}), "UNKNOWNDTOPROPERTY"),
        (json!("id"), "INVALIDORDER"),
    ] {
        assert_eq!(bench.v3("tasks.task.list", &json!({"order": order})).await.trouble(), want, "{order}");
    }
}

#[tokio::test]
async fn a_limit_above_a_thousand_is_a_thousand() {
    let bench = Bench::with(Portal::builder().rows(1500));
    for (pagination, first, rows) in [
        (json!({}), 1, 50),
        (json!({"limit": 5000}), 1, 1000),
        (json!({"limit": "10", "page": 3}), 21, 10),
        (json!({"limit": 10, "page": 2, "offset": 500}), 11, 10),
        (json!({"limit": 10, "offset": 7}), 8, 10),
        (json!({"limit": 1000, "page": 2}), 1001, 500),
        (json!({"limit": 10, "page": 0}), 1, 10),
    ] {
        let ids = log_ids(&bench, json!({"pagination": pagination, "select": ["id"]})).await;
        assert_eq!((ids[0], ids.len()), (first, rows), "{pagination}");
    }
    for pagination in
        [json!({"limit": 0}), json!({"limit": -1}), json!({"limit": "abc"}), json!({"page": -1}), json!(5)]
    {
        let reply = bench.v3("tasks.task.list", &json!({"pagination": pagination})).await;
        assert_eq!((reply.status, reply.trouble()), (400, "INVALIDPAGINATION"), "{pagination}");
    }
}

#[tokio::test]
async fn a_tail_is_strictly_after_its_cursor() {
    let bench = Bench::new();
    let tail = async |params: Value| bench.v3("main.eventlog.tail", &params).await;
    assert_eq!(column(&tail(json!({})).await.result()["items"], "id").len(), 50);
    let after = json!({"cursor": {"field": "id", "value": 118}});
    assert_eq!(column(&tail(after).await.result()["items"], "id"), [119, 120]);
    let before = json!({"cursor": {"field": "id", "value": 5, "order": "DESC", "limit": 2}});
    assert_eq!(column(&tail(before).await.result()["items"], "id"), [4, 3]);
    for (params, want) in [
        (json!({"cursor": {"value": 5}}), "VALIDATION_REQUESTVALIDATION"),
        (json!({"cursor": {"field": "id"}}), "VALIDATION_REQUESTVALIDATION"),
        (json!({"cursor": {"field": "id", "value": 5}, "filter": [["id", ">", 1]]}), "INVALIDFILTER"),
        (json!({"cursor": {"field": "nope", "value": 5}}), "UNKNOWNDTOPROPERTY"),
        (json!({"filter": {"logic": "or", "conditions": [["id", ">", 1]]}}), "INVALIDFILTER"),
        (json!({"filter": {"conditions": [{"logic": "or", "conditions": [["id", ">", 1]]}]}}), "INVALIDFILTER"),
    ] {
        assert_eq!(tail(params.clone()).await.trouble(), want, "{params}");
    }
}

#[tokio::test]
async fn only_json_in_a_post_is_read() {
    let bench = Bench::new();
    let path = format!("/rest/api/1/{SECRET}/tasks.task.get");
    assert_eq!(bench.get(&format!("{path}?id=51")).await.trouble(), "VALIDATION_REQUESTVALIDATION");
    let reply = bench.form(&path, "id=51").await;
    assert_eq!((reply.status, reply.trouble()), (400, "INVALIDJSON"));
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": "x"})).await.trouble(), "VALIDATION_REQUESTVALIDATION");
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 999})).await.trouble(), "ENTITYNOTFOUND");
    assert_eq!(bench.get(&format!("/rest/api/1/{SECRET}/tasks.task.field.list")).await.status, 200);
}

#[tokio::test]
async fn fields_tell_what_may_be_done_with_them() {
    let bench = Bench::new();
    let reply = bench.v3("tasks.task.field.list", &json!({})).await;
    let fields = reply.result()["items"].as_array().expect("a list").clone();
    let filterable: Vec<&Value> =
        fields.iter().filter(|field| field["filterable"] == true).map(|field| &field["name"]).collect();
    assert_eq!(filterable, ["id"]);
    assert_eq!(bench.v3("main.eventlog.field.get", &json!({"name": "userId"})).await.result()["item"]["type"], "int");
    let reply = bench.v3("tasks.task.field.get", &json!({"name": "nope"})).await;
    assert_eq!(reply.body["error"]["code"], "BITRIX_REST_V3_REALISATION_EXCEPTION_FIELDNOTFOUNDEXCEPTION");
    assert_eq!(bench.v3("rest.scope.list", &json!({})).await.result()["tasks.task.get"], "tasks");
}

#[tokio::test]
async fn only_administrators_read_the_audit_log() {
    let bench = Bench::with(Portal::builder().access_token("two", 2, Duration::from_secs(3600)));
    let reply = bench.post("/rest/api/main.eventlog.list", &json!({"auth": "two"})).await;
    assert_eq!((reply.status, reply.trouble()), (403, "ACCESSDENIED"));
    let filterable = bench.v3("main.eventlog.field.list", &json!({"select": ["name", "filterable"]})).await;
    let rows = filterable.result()["items"].as_array().expect("a list").clone();
    assert_eq!(rows[0], json!({"name": "id", "filterable": true}));
    assert_eq!(rows.iter().filter(|row| row["filterable"] == true).count(), 5);
    let reply = bench.v3("main.eventlog.field.list", &json!({"select": ["nope"]})).await;
    assert_eq!(reply.body["error"]["message"], "Unknown field `nope` for entity `DtoFieldDto`");
}

#[tokio::test]
async fn messages_are_worded_as_documented() {
    let bench = Bench::new();
    for (method, params, want) in [
        (
            "tasks.task.get",
            json!({"id": 1, "select": ["responsible.stageId"]}),
            "Unknown field `stageId` for entity `UserDto`",
        ),
        ("tasks.task.get", json!({"id": 999}), "Record with ID = `999` not found."),
        (
            "tasks.task.list",
            json!({"pagination": {"limit": "abc"}}),
            r#"Unable to recognize pagination parameter `{"limit":"abc"}`"#,
        ),
        (
            "main.eventlog.tail",
            json!({"cursor": {"field": "id", "value": 5}, "filter": [["id", 1]]}),
            "Unable to recognize filter expression `Cursor field id cannot be used at filter.`",
        ),
    ] {
        assert_eq!(bench.v3(method, &params).await.body["error"]["message"], want);
    }
    let reply = bench.v3("tasks.task.get", &json!({"id": "1"})).await;
    let violation = &reply.body["error"]["validation"][0];
    assert_eq!(violation["message"], "Field `id` requires data type `int` for this request", "a text is not a number");
}

#[tokio::test]
async fn tasks_speak_in_words_and_null_relations() {
    let bench = Bench::new();
    let fields = json!({"title": "t", "creatorId": 1, "responsibleId": 2, "priority": "high"});
    let item = bench.v3("tasks.task.add", &json!({"fields": fields})).await.result()["item"].clone();
    assert_eq!(
        (&item["status"], &item["priority"], &item["parentId"]),
        (&json!("pending"), &json!("high"), &json!(null))
    );
    let task = bench.v2("tasks.task.get", &json!({"taskId": 121})).await.result()["task"].clone();
    assert_eq!((&task["status"], &task["priority"], &task["parentId"]), (&json!("2"), &json!("2"), &json!("0")));
    let reply = bench.v3("tasks.task.update", &json!({"id": 121, "fields": {"priority": 2}})).await;
    assert_eq!(reply.trouble(), "VALIDATION_DTOVALIDATION");
}

#[tokio::test]
async fn a_task_lives_through_its_life() {
    let bench = Bench::new();
    let fields = json!({"title": "t", "creatorId": 1, "responsibleId": 2, "deadline": "2026-12-31T23:59:59+02:00"});
    let item = bench.v3("tasks.task.add", &json!({"fields": fields})).await.result()["item"].clone();
    assert_eq!((&item["id"], &item["title"], &item["allowsChangeDeadline"]), (&json!(121), &json!("t"), &json!(false)));
    let reply = bench.v3("tasks.task.update", &json!({"id": 121, "fields": {"title": "u"}})).await;
    assert_eq!(reply.result(), &json!({"result": true}));
    assert_eq!(bench.v2("tasks.task.get", &json!({"taskId": 121})).await.result()["task"]["title"], "u");
    assert_eq!(bench.v3("tasks.task.delete", &json!({"id": 121})).await.result(), &json!({"result": true}));
    assert_eq!(bench.v3("tasks.task.delete", &json!({"id": 121})).await.trouble(), "ENTITYNOTFOUND");
    for (fields, want) in [
        (json!({"title": "t", "creatorId": 1}), "VALIDATION_DTOVALIDATION"),
        (json!({"title": 5, "creatorId": 1, "responsibleId": 1}), "VALIDATION_DTOVALIDATION"),
        (json!({"title": "t", "creatorId": "x", "responsibleId": 1}), "VALIDATION_DTOVALIDATION"),
        (json!({"title": "t", "creatorId": 1, "responsibleId": 1, "id": 5}), "VALIDATION_DTOVALIDATION"),
        (json!({"title": "t", "creatorId": 1, "responsibleId": 1, "TITLE": "x"}), "UNKNOWNDTOPROPERTY"),
        (json!({}), "VALIDATION_REQUESTVALIDATION"),
    ] {
        let reply = bench.v3("tasks.task.add", &json!({"fields": fields})).await;
        assert_eq!((reply.status, reply.trouble()), (400, want), "{fields}");
    }
}

const NEW: &str = r#"{"fields":{"title":"t","creatorId":1,"responsibleId":1}}"#;

async fn keyed(bench: &Bench, method: &str, key: &str, body: &'static str) -> Reply {
    let request = Request::post(format!("/rest/api/1/{SECRET}/{method}"))
        .header("content-type", "application/json")
        .header("idempotency-key", key);
    bench.send(request.body(Bytes::from_static(body.as_bytes())).expect("a request")).await
}

#[tokio::test]
async fn an_idempotency_key_replays_the_answer_for_a_day() {
    let bench = Bench::new();
    let first = keyed(&bench, "tasks.task.add", "k", NEW).await;
    assert_eq!((first.header("idempotency-key"), first.header("idempotent-replayed")), (Some("k"), None));
    let again = keyed(&bench, "tasks.task.add", "k", NEW).await;
    assert_eq!(again.header("idempotent-replayed"), Some("true"));
    assert_eq!(again.bytes, first.bytes);
    assert_eq!(keyed(&bench, "tasks.task.add", "other", NEW).await.result()["item"]["id"], 122);
    bench.clock.advance(Duration::from_secs(24 * 3600));
    assert_eq!(keyed(&bench, "tasks.task.add", "k", NEW).await.result()["item"]["id"], 123);
}

#[tokio::test]
async fn an_idempotency_key_wants_identical_bytes() {
    let bench = Bench::new();
    keyed(&bench, "tasks.task.add", "k", NEW).await.result();
    let reply =
        keyed(&bench, "tasks.task.add", "k", r#"{"fields": {"title":"t","creatorId":1,"responsibleId":1}}"#).await;
    assert_eq!((reply.status, reply.trouble()), (422, "IDEMPOTENCYKEYREUSED"));
    let reply = keyed(&bench, "tasks.task.add", "a b", NEW).await;
    assert_eq!((reply.status, reply.trouble()), (400, "INVALIDIDEMPOTENCYKEY"));
}

#[tokio::test]
async fn failures_and_reads_are_not_kept() {
    let bench = Bench::new();
    let wrong = r#"{"fields":{"title":"t"}}"#;
    assert_eq!(keyed(&bench, "tasks.task.add", "k", wrong).await.status, 400);
    assert_eq!(keyed(&bench, "tasks.task.add", "k", NEW).await.status, 200, "a failure leaves the key free");
    let read = keyed(&bench, "tasks.task.get", "k", r#"{"id":1}"#).await;
    assert_eq!((read.status, read.header("idempotency-key")), (200, None));
}

#[tokio::test]
async fn v2_ignores_an_idempotency_key() {
    let bench = Bench::new();
    let add = async || {
        let request =
            Request::post(format!("/rest/1/{SECRET}/crm.deal.add?fields[TITLE]=x")).header("idempotency-key", "k");
        bench.send(request.body(Bytes::new()).expect("a request")).await.result().clone()
    };
    assert_eq!((add().await, add().await), (json!(121), json!(122)));
}
