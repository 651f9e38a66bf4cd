//! Paging, filters, selects and writes of the v2 families.

mod common;

use b24_portal::Portal;
use common::{Bench, column};
use serde_json::{Value, json};

async fn ids(bench: &Bench, method: &str, params: Value) -> Vec<i64> {
    let reply = bench.v2(method, &params).await;
    match reply.result() {
        Value::Object(result) if result.contains_key("items") => column(&result["items"], "id"),
        Value::Object(result) => column(&result["tasks"], "id"),
        rows => column(rows, "ID"),
    }
}

#[tokio::test]
async fn start_is_floored_to_a_page() {
    let bench = Bench::new();
    for (method, start, want) in [
        ("crm.deal.list", json!(75), 51),
        ("crm.item.list", json!("75"), 51),
        ("crm.deal.list", json!("x"), 1),
        ("tasks.task.list", json!(60), 70),
    ] {
        let got = ids(&bench, method, json!({"entityTypeId": 2, "start": start})).await;
        assert_eq!(got[0], want, "{method} from {start}");
    }
}

#[tokio::test]
async fn past_the_end_wraps_to_page_one() {
    let bench = Bench::new();
    let reply = bench.v2("crm.deal.list", &json!({"start": 5000})).await;
    assert_eq!(column(reply.result(), "ID")[0], 1);
    assert_eq!((&reply.body["next"], &reply.body["total"]), (&json!(50), &json!(120)));
    let reply = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "start": 5000})).await;
    assert_eq!(reply.result()["items"], json!([]), "a controller does not wrap");
    assert!(reply.body.get("next").is_none());
}

#[tokio::test]
async fn next_is_absent_on_the_last_page() {
    let bench = Bench::new();
    for (start, rows, next) in [(0, 50, Some(50)), (50, 50, Some(100)), (100, 20, None)] {
        let reply = bench.v2("crm.deal.list", &json!({"start": start})).await;
        assert_eq!(reply.result().as_array().map(Vec::len), Some(rows));
        assert_eq!(reply.body.get("next").and_then(Value::as_i64), next);
    }
}

#[tokio::test]
async fn a_negative_start_reports_no_total_in_the_classic_families() {
    let reply = Bench::new().v2("crm.deal.list", &json!({"start": -1, "filter": {">ID": 70}})).await;
    assert_eq!(column(reply.result(), "ID")[0], 71);
    assert!(reply.body.get("total").is_none() && reply.body.get("next").is_none());
}

#[tokio::test]
async fn unknown_filter_keys_return_everything() {
    let bench = Bench::new();
    for filter in [json!({"TITEL": "x"}), json!({"title": "Deal 5"}), json!({"LOGIC": "OR"})] {
        assert_eq!(bench.v2("crm.deal.list", &json!({"filter": filter})).await.body["total"], 120, "{filter}");
        assert_eq!(bench.v2("tasks.task.list", &json!({"filter": filter})).await.body["total"], 120, "{filter}");
    }
    let reply = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "filter": {"TITLE": "x"}})).await;
    assert_eq!((reply.status, reply.error()), (400, "INVALID_ARG_VALUE"), "the universal method is strict");
}

#[tokio::test]
async fn of_filter_and_its_upper_twin_the_later_wins() {
    let bench = Bench::new();
    // serde_json sorts keys, and capitals come first: written by hand.
    let request =
        http::Request::post(format!("/rest/1/{}/user.get", common::SECRET)).header("content-type", "application/json");
    let body = bytes::Bytes::from_static(br#"{"filter":{"ID":1},"FILTER":{"ID":2}}"#);
    assert_eq!(column(bench.send(request.body(body).expect("a request")).await.result(), "ID"), [2]);
}

#[tokio::test]
async fn prefix_operators_of_v2() {
    let bench = Bench::new();
    for (filter, want) in [
        (json!({"ID": 7}), vec![7]),
        (json!({"=ID": "7"}), vec![7]),
        (json!({"ID": [3, 5, 999]}), vec![3, 5]),
        (json!({"@ID": [3, 5]}), vec![3, 5]),
        (json!({">ID": 118}), vec![119, 120]),
        (json!({">=ID": 119, "<ID": "120"}), vec![119]),
        (json!({"<=ID": 2}), vec![1, 2]),
        (json!({"<ID": 4, "!ID": 2}), vec![1, 3]),
        (json!({"<ID": 4, "!=ID": 2}), vec![1, 3]),
        (json!({"<ID": 4, "!@ID": [1, 2]}), vec![3]),
        (json!({"%TITLE": "deal 12"}), vec![12, 120]),
        (json!({"=%TITLE": "Deal 11_"}), (110..120).collect()),
        (json!({"%=TITLE": "%al 3"}), vec![3]),
        (json!({"<ID": 13, "!%TITLE": "1"}), (2..10).collect()),
        (json!({"<ID": 13, "!=%TITLE": "Deal _"}), vec![10, 11, 12]),
        (json!({"TITLE": "DEAL 5"}), vec![5]),
        (json!({"%STAGE_ID": "WO"}), vec![]),
        (json!({"=ORIGIN_ID": "", "<ID": 3}), vec![1, 2]),
    ] {
        assert_eq!(ids(&bench, "crm.deal.list", json!({"filter": filter})).await, want, "{filter}");
    }
}

#[tokio::test]
async fn groups_of_the_universal_method_nest() {
    let bench = Bench::new();
    for (filter, want) in [
        (json!({"logic": "OR", "0": {"id": 3}, "1": {"id": 5}}), vec![3, 5]),
        (json!({"<id": 10, "0": {"logic": "OR", "0": {"id": 3}, "1": {">id": 8}}}), vec![3, 9]),
        (json!([{"logic": "OR", "0": {"id": 3}, "1": {"id": 4, "title": "nope"}}]), vec![3]),
    ] {
        assert_eq!(ids(&bench, "crm.item.list", json!({"entityTypeId": 2, "filter": filter})).await, want, "{filter}");
    }
}

#[tokio::test]
async fn tasks_are_asked_in_upper_and_answer_in_camel() {
    let bench = Bench::new();
    let asked = json!({"filter": {">ID": 118}, "select": ["ID", "RESPONSIBLE_ID"], "order": {"ID": "ASC"}});
    let reply = bench.v2("tasks.task.list", &asked).await;
    let tasks = &reply.result()["tasks"];
    assert_eq!((&tasks[0]["id"], tasks[0]["responsibleId"].is_string()), (&json!("119"), true), "numbers are texts");
    assert_eq!(tasks[0].as_object().map(serde_json::Map::len), Some(2));
    let camel = bench.v2("tasks.task.list", &json!({"filter": {">id": 118}, "order": {"id": "ASC"}})).await;
    assert_eq!((column(&camel.result()["tasks"], "id")[0], &camel.body["total"]), (120, &json!(120)), "all of them");
}

#[tokio::test]
async fn order_is_by_any_column_and_tasks_are_newest_first() {
    let bench = Bench::new();
    assert_eq!(ids(&bench, "tasks.task.list", json!({})).await[0], 120);
    assert_eq!(ids(&bench, "tasks.task.list", json!({"order": {"ID": "asc"}})).await[0], 1);
    assert_eq!(
        ids(&bench, "tasks.task.list", json!({"filter": {">ID": 118}, "order": {"ID": "asc"}})).await,
        [119, 120]
    );
    let reply =
        bench.v2("crm.deal.list", &json!({"order": {"OPPORTUNITY": "DESC"}, "select": ["ID", "OPPORTUNITY"]})).await;
    let sums: Vec<f64> = reply
        .result()
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["OPPORTUNITY"].as_str()?.parse().ok())
        .collect();
    assert_eq!(sums.len(), 50);
    assert!(sums.is_sorted_by(|left, right| left >= right));
}

#[tokio::test]
async fn a_wrong_direction_is_refused_by_the_universal_method_only() {
    let bench = Bench::new();
    let reply = bench.v2("crm.item.list", &json!({"entityTypeId": 2, "order": {"id": "up"}})).await;
    let want = "Invalid order: allowed sort directions are `ASC, DESC`. But got 'up' for field 'id'";
    assert_eq!((reply.error(), reply.body["error_description"].as_str()), ("INVALID_ARG_VALUE", Some(want)));
    assert_eq!(ids(&bench, "crm.deal.list", json!({"order": {"ID": "up"}})).await[0], 1);
}

#[tokio::test]
async fn the_documented_example_of_a_nested_filter_is_understood() {
    let filter = json!({
        "0": {"logic": "OR", "0": {"!=name": ""}, "1": {"!=lastName": ""}},
        "@stageId": ["NEW", "IN_PROCESS"], "@sourceId": ["WEB", "ADVERTISING"], "@assignedById": [1, 6],
        ">=opportunity": 5000, "<=opportunity": 20000, "isManualOpportunity": "Y",
    });
    let select = ["id", "stageId", "sourceId", "assignedById", "opportunity", "isManualOpportunity"];
    let bench = Bench::with(Portal::builder().rows(2000));
    let params =
        json!({"entityTypeId": 1, "select": select, "filter": filter, "order": {"lastName": "ASC", "name": "ASC"}});
    let reply = bench.v2("crm.item.list", &params).await;
    let items = reply.result()["items"].as_array().expect("a list").clone();
    assert!(!items.is_empty());
    for item in items {
        assert!(item["stageId"] == "NEW" || item["stageId"] == "IN_PROCESS", "{item}");
        assert!(item["sourceId"] == "WEB" || item["sourceId"] == "ADVERTISING", "{item}");
        assert!(item["assignedById"] == 1 || item["assignedById"] == 6, "{item}");
        assert!(item["opportunity"].as_f64().is_some_and(|sum| (5000.0..=20000.0).contains(&sum)), "{item}");
        assert_eq!(item["isManualOpportunity"], "Y");
    }
}

#[tokio::test]
async fn select_gives_what_was_asked_for() {
    let bench = Bench::new();
    let keys = async |select: Value| {
        let reply = bench.v2("crm.contact.list", &json!({"select": select, "filter": {"ID": 1}})).await;
        let row = reply.result()[0].as_object().expect("a row").clone();
        row.keys().cloned().collect::<Vec<_>>()
    };
    assert_eq!(keys(json!(["NAME"])).await, ["NAME"]);
    let all = keys(json!([])).await;
    assert!(all.contains(&"NAME".into()) && !all.contains(&"PHONE".into()) && !all.contains(&"UF_CRM_MARK".into()));
    assert_eq!(keys(json!(["PHONE", "UF_*"])).await, ["PHONE", "UF_CRM_MARK"]);
    let item =
        bench.v2("crm.item.list", &json!({"entityTypeId": 3, "select": ["ufCrmMark"], "filter": {"id": 1}})).await;
    assert!(item.result()["items"][0]["ufCrmMark"].is_string());
    let item = bench.v2("crm.item.get", &json!({"entityTypeId": 3, "id": 1, "useOriginalUfNames": "Y"})).await;
    assert!(item.result()["item"]["UF_CRM_MARK"].is_string());
    let tasks = bench.v2("tasks.task.list", &json!({"select": ["TITLE"], "filter": {"ID": 5}})).await;
    assert_eq!(tasks.result(), &json!({"tasks": [{"id": "5", "title": "Task 5"}]}));
}

#[tokio::test]
async fn a_classic_row_lives_through_its_life() {
    let bench = Bench::new();
    let id = bench
        .v2("crm.company.add", &json!({"fields": {"TITLE": "New", "REVENUE": "10.5", "NOPE": 1, "ID": 5}}))
        .await
        .result()
        .clone();
    assert_eq!(id, 121);
    let row = bench.v2("crm.company.get", &json!({"id": id})).await.result().clone();
    assert_eq!((&row["ID"], &row["TITLE"], &row["REVENUE"]), (&json!("121"), &json!("New"), &json!("10.50")));
    assert_eq!(row["DATE_CREATE"], "2026-08-20T15:00:00+03:00");
    assert_eq!(bench.v2("crm.company.update", &json!({"ID": id, "FIELDS": {"TITLE": "Old"}})).await.result(), true);
    assert_eq!(bench.v2("crm.item.get", &json!({"entityTypeId": 4, "id": id})).await.result()["item"]["title"], "Old");
    assert_eq!(bench.v2("crm.company.delete", &json!({"id": id})).await.result(), true);
    assert_eq!(bench.v2("crm.company.delete", &json!({"id": id})).await.body["error_description"], "Not found");
    assert_eq!(bench.v2("crm.company.list", &json!({})).await.body["total"], 120);
    assert_eq!(bench.v2("crm.company.add", &json!({"fields": {}})).await.result(), 122, "ids are not given twice");
}

#[tokio::test]
async fn an_item_lives_through_its_life() {
    let bench = Bench::with(Portal::builder().smart_process(1030));
    let add = json!({"entityTypeId": 1030, "fields": {"title": "x", "opportunity": 5, "ufCrmMark": "m"}});
    let item = bench.v2("crm.item.add", &add).await.result()["item"].clone();
    assert_eq!((&item["id"], &item["opportunity"], &item["ufCrmMark"]), (&json!(121), &json!(5), &json!("m")));
    let update = json!({"entityTypeId": 1030, "id": 121, "fields": {"title": "y"}});
    assert_eq!(bench.v2("crm.item.update", &update).await.result()["item"]["title"], "y");
    let key = json!({"entityTypeId": 1030, "id": 121});
    assert_eq!(bench.v2("crm.item.delete", &key).await.result(), &json!([]));
    let reply = bench.v2("crm.item.get", &key).await;
    assert_eq!((reply.status, reply.error()), (400, "NOT_FOUND"));
    assert_eq!(bench.v2("crm.item.get", &json!({"entityTypeId": 128, "id": 5})).await.status, 200);
    let fields = bench.v2("crm.item.fields", &json!({"entityTypeId": 1030})).await;
    assert_eq!(fields.result()["fields"]["title"]["upperName"], "TITLE");
}

#[tokio::test]
async fn a_task_lives_through_its_life() {
    let bench = Bench::new();
    let reply = bench.v2("tasks.task.add", &json!({"fields": {"TITLE": "t", "RESPONSIBLE_ID": 3}})).await;
    let task = &reply.result()["task"];
    assert_eq!(
        (&task["id"], &task["responsibleId"], &task["createdBy"], &task["status"]),
        (&json!("121"), &json!("3"), &json!("1"), &json!("2"))
    );
    let update = json!({"taskId": 121, "fields": {"DEADLINE": "2026-12-31T23:59:59+02:00"}});
    assert_eq!(bench.v2("tasks.task.update", &update).await.result()["task"]["deadline"], "2027-01-01T00:59:59+03:00");
    assert_eq!(
        bench.v3("tasks.task.get", &json!({"id": 121})).await.result()["item"]["title"],
        "t",
        "v3 sees the same task"
    );
    assert_eq!(bench.v2("tasks.task.delete", &json!({"taskId": 121})).await.result(), &json!({"task": true}));
    assert_eq!(bench.v2("tasks.task.get", &json!({"taskId": 121})).await.status, 400);
    assert_eq!(bench.v2("tasks.task.add", &json!({"fields": {"TITLE": "t"}})).await.error(), "ERROR_CORE");
}

#[tokio::test]
async fn missing_parameters_are_named() {
    let bench = Bench::new();
    for (method, params, code, text) in [
        ("crm.item.list", json!({}), "100", "Could not find value for parameter {entityTypeId}"),
        ("crm.item.get", json!({"entityTypeId": 2}), "100", "Could not find value for parameter {id}"),
        ("crm.item.list", json!({"entityTypeId": 77}), "NOT_FOUND", "Smart process not found"),
        ("tasks.task.get", json!({}), "100", "Could not find value for parameter {taskId}"),
        ("crm.deal.get", json!({}), "", "ID is not defined or invalid."),
        ("crm.deal.add", json!({}), "", "Parameter 'fields' must be array."),
    ] {
        let reply = bench.v2(method, &params).await;
        assert_eq!(
            (reply.status, reply.error(), reply.body["error_description"].as_str()),
            (400, code, Some(text)),
            "{method}"
        );
    }
}

#[tokio::test]
async fn users_are_filtered_by_parameter_or_by_filter() {
    let bench = Bench::with(Portal::builder().access_token("x", 12, std::time::Duration::ZERO));
    for (params, want) in [
        (json!({"ID": 3}), vec![3]),
        (json!({"FILTER": {">ID": 10}}), vec![11, 12]),
        (json!({"filter": {"ACTIVE": "Y", "<ID": 3}}), vec![1, 2]),
        (json!({"sort": "ID", "order": "DESC", "FILTER": {"<ID": 3}}), vec![2, 1]),
    ] {
        assert_eq!(ids(&bench, "user.get", params.clone()).await, want, "{params}");
    }
    let user = bench.v2("user.get", &json!({"ID": 3})).await.result()[0].clone();
    assert_eq!(user["ACTIVE"], true, "the one family with true booleans");
}

#[tokio::test]
async fn the_api_describes_itself() {
    let bench = Bench::new();
    assert_eq!(bench.v2("server.time", &json!({})).await.result(), "2026-08-20T15:00:00+03:00");
    assert!(
        bench.v2("scope", &json!({})).await.result().as_array().is_some_and(|scopes| scopes.contains(&json!("crm")))
    );
    assert_eq!(bench.v2("app.info", &json!({})).await.result()["LICENSE"], "en_std");
    let methods = bench.v2("methods", &json!({})).await.result().clone();
    let methods = methods.as_array().expect("a list");
    assert!(methods.contains(&json!("crm.deal.list")) && !methods.contains(&json!("b24portal.echo")));
    assert_eq!(
        bench.v2("method.get", &json!({"name": "crm.deal.list"})).await.result(),
        &json!({"isExisting": true, "isAvailable": true})
    );
    assert_eq!(
        bench.v2("method.get", &json!({"name": "nope"})).await.result(),
        &json!({"isExisting": false, "isAvailable": false})
    );
    let fields = bench.v2("crm.lead.fields", &json!({})).await;
    assert_eq!(fields.result()["STATUS_ID"]["type"], "string");
}

#[tokio::test]
async fn gaps_in_the_ids_shift_no_rows() {
    let bench = Bench::with(Portal::builder().rows(10).id_gap_after(3));
    assert_eq!(ids(&bench, "crm.deal.list", json!({})).await, [1, 2, 3, 5, 6, 7, 9, 10, 11, 13]);
    assert_eq!(ids(&bench, "crm.deal.list", json!({"filter": {">ID": 7}})).await, [9, 10, 11, 13]);
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 4})).await.status, 400);
    assert_eq!(bench.v2("crm.deal.add", &json!({"fields": {}})).await.result(), 14);
}

#[tokio::test]
async fn equal_seeds_make_equal_portals() {
    let row = async |seed| {
        Bench::with(Portal::builder().seed(seed)).v2("crm.deal.get", &json!({"id": 9})).await.result().clone()
    };
    assert_eq!(row(1).await, row(1).await);
    assert_ne!(row(1).await, row(2).await);
    // The origin is each portal's own, the webhook behind it is the seed's.
    let hook = |seed| {
        let portal = Portal::builder().seed(seed).in_process();
        portal.hook_url().replace(portal.url(), "")
    };
    assert_eq!(hook(1), hook(1));
    assert_ne!(hook(1), hook(2));
}
