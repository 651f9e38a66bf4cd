//! The list families beside the CRM: where their rows are, how the id is spelled, how they page.

mod common;

use b24_portal::Portal;
use common::{Bench, Reply, column};
use serde_json::{Value, json};

/// The rows of a reply: under `key`, or the result itself.
fn rows<'a>(reply: &'a Reply, key: &str) -> &'a Value {
    if key.is_empty() { reply.result() } else { &reply.result()[key] }
}

/// A method with the parameters it cannot do without, where its rows are, and its id.
fn families() -> [(&'static str, Value, &'static str, &'static str); 11] {
    [
        ("lists.element.get", json!({"IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": 1}), "", "ID"),
        ("disk.folder.getchildren", json!({"id": 9}), "", "ID"),
        ("catalog.product.list", json!({"select": ["id", "iblockId"], "filter": {"iblockId": 23}}), "products", "id"),
        ("booking.v1.booking.list", json!({}), "booking", "id"),
        ("crm.address.list", json!({}), "", "ENTITY_ID"),
        ("crm.stagehistory.list", json!({"entityTypeId": 2}), "items", "ID"),
        ("crm.deal.list", json!({}), "", "ID"),
        ("crm.item.list", json!({"entityTypeId": 2}), "items", "id"),
        ("tasks.task.list", json!({"order": {"ID": "ASC"}}), "tasks", "id"),
        ("b24portal.stalling.list", json!({}), "", "ID"),
        ("crm.company.list", json!({}), "", "ID"),
    ]
}

/// The base parameters with one more.
fn with(params: &Value, name: &str, value: Value) -> Value {
    let mut params = params.clone();
    params[name] = value;
    params
}

#[tokio::test]
async fn every_family_pages_by_its_own_rule() {
    let bench = Bench::new();
    for (method, params, key, id) in families() {
        // 120 rows each: what `start=75` and a start past the end begin with.
        let (from_75, past) = match method {
            "disk.folder.getchildren" => (Some(19 + 75), None),
            "catalog.product.list"
            | "crm.item.list"
            | "tasks.task.list"
            | "booking.v1.booking.list"
            | "crm.stagehistory.list" => (Some(51), None),
            _ => (Some(51), Some(1)),
        };
        for (start, want) in [(75, from_75), (5000, past)] {
            let reply = bench.v2(method, &with(&params, "start", json!(start))).await;
            let got = column(rows(&reply, key), id).first().copied();
            assert_eq!(got, want, "{method} from {start}");
        }
    }
}

#[tokio::test]
async fn without_counting_there_is_no_next_and_no_true_total() {
    let bench = Bench::new();
    for (method, params, key, _) in families() {
        let reply = bench.v2(method, &with(&params, "start", json!(-1))).await;
        assert_eq!(rows(&reply, key).as_array().map(Vec::len), Some(50), "{method}");
        assert!(reply.body.get("next").is_none(), "{method}");
        let total = reply.body.get("total").and_then(Value::as_i64);
        let want = match method {
            "crm.address.list" => Some(120),
            "catalog.product.list" | "crm.item.list" | "tasks.task.list" | "crm.stagehistory.list" => Some(0),
            _ => None,
        };
        assert_eq!(total, want, "{method}");
    }
}

#[tokio::test]
async fn keyset_reads_every_family_with_an_id_in_its_filter() {
    let bench = Bench::new();
    for (method, params, key, id) in families() {
        if matches!(method, "booking.v1.booking.list" | "crm.address.list" | "b24portal.stalling.list") {
            continue;
        }
        let (filter, order) = match method {
            "lists.element.get" => ("FILTER", "ELEMENT_ORDER"),
            _ => ("filter", "order"),
        };
        let name = if method == "tasks.task.list" { "ID" } else { id };
        let (mut last, mut seen) = (0, 0);
        loop {
            let mut filters = params.get(filter).cloned().unwrap_or(json!({}));
            filters[format!(">{name}")] = json!(last);
            let params = with(&with(&params, filter, filters), order, json!({ name: "ASC" }));
            let reply = bench.v2(method, &with(&params, "start", json!(-1))).await;
            let ids = column(rows(&reply, key), id);
            assert!(ids.iter().all(|id| *id > last) && ids.is_sorted(), "{method} after {last}: {ids:?}");
            seen += ids.len();
            if ids.len() < 50 {
                break;
            }
            last = ids[49];
        }
        assert_eq!(seen, 120, "{method}");
    }
}

#[tokio::test]
async fn addresses_have_no_id_and_more_than_fifty_of_them_are_fifty() {
    let bench = Bench::new();
    let reply = bench.v2("crm.address.list", &json!({})).await;
    let row = &reply.result()[0];
    assert!(row.get("ID").is_none() && row.get("id").is_none(), "{row}");
    assert_eq!((&row["TYPE_ID"], &row["ENTITY_TYPE_ID"], &row["ENTITY_ID"]), (&json!("1"), &json!("8"), &json!("1")));
    assert_eq!((reply.body["total"].as_i64(), reply.body.get("next")), (Some(50), None));
    let reply = bench.v2("crm.address.list", &json!({"start": -1})).await;
    assert_eq!(reply.body["total"], 120);
    let reply = bench.v2("crm.address.list", &json!({"filter": {"ENTITY_ID": 7}})).await;
    assert_eq!((column(reply.result(), "ENTITY_ID"), &reply.body["total"]), (vec![7], &json!(1)));
    assert_eq!(column(bench.v2("crm.address.list", &json!({"start": 50})).await.result(), "ENTITY_ID")[0], 51);
}

#[tokio::test]
async fn templates_are_an_object_keyed_by_id() {
    let bench = Bench::new();
    for method in ["documentgenerator.template.list", "crm.documentgenerator.template.list"] {
        let reply = bench.v2(method, &json!({"order": {"id": "desc"}, "filter": {">id": 100}})).await;
        let templates = reply.result()["templates"].as_object().expect("an object");
        assert_eq!((templates.len(), &reply.body["total"]), (20, &json!(20)), "{method}");
        assert_eq!(templates["120"]["id"], "120");
        assert!(templates["120"].get("users").is_none(), "on request only");
        // The same method, and a list: nothing is left in the object, or its keys run from 0.
        let reply = bench.v2(method, &json!({"filter": {">id": 120}})).await;
        assert_eq!(reply.result(), &json!({"templates": []}));
        let asked = json!({"select": ["id", "users"], "filter": {"id": 5}});
        let reply = bench.v2(method, &asked).await;
        assert_eq!(reply.result()["templates"], json!({"5": {"id": "5", "users": ["UA"]}}));
    }
}

#[tokio::test]
async fn bookings_are_under_one_booking_and_tell_no_total() {
    let bench = Bench::new();
    let reply = bench.v2("booking.v1.booking.list", &json!({"FILTER": {">id": 100}, "ORDER": {"id": "DESC"}})).await;
    let bookings = &reply.result()["booking"];
    assert_eq!(
        (column(bookings, "id")[0], bookings.as_array().map(Vec::len)),
        (120, Some(50)),
        "the filter is ignored"
    );
    assert!(bookings[0]["datePeriod"]["from"]["timestamp"].is_i64());
    assert!(reply.body.get("total").is_none() && reply.body.get("next").is_none());
    let last = bench.v2("booking.v1.booking.list", &json!({"start": 100})).await;
    assert_eq!(last.result()["booking"].as_array().map(Vec::len), Some(20));
}

#[tokio::test]
async fn a_list_of_products_names_its_keys_and_its_block() {
    let bench = Bench::new();
    for (params, text) in [
        (json!({}), "Required select fields: id, iblockId"),
        (json!({"select": ["id", "name"], "filter": {"iblockId": 23}}), "Required select fields: id, iblockId"),
        (json!({"select": ["id", "iblockId"]}), "Required filter fields: iblockId"),
    ] {
        let reply = bench.v2("catalog.product.list", &params).await;
        let got = (reply.status, &reply.body["error"], reply.body["error_description"].as_str());
        assert_eq!(got, (400, &json!(0), Some(text)), "the code is a number");
    }
    let params = json!({"select": ["id", "iblockId", "name", "property107"], "filter": {"iblockId": 23, "NAME": "x"}});
    let reply = bench.v2("catalog.product.list", &params).await;
    assert_eq!((&reply.body["total"], &reply.body["next"]), (&json!(120), &json!(50)), "an unknown key is dropped");
    let row = &reply.result()["products"][0];
    assert_eq!((&row["id"], &row["iblockId"], &row["name"]), (&json!(1), &json!(23), &json!("Product 1")));
    assert!(row["property107"]["value"].is_string() && row["property107"]["valueId"].is_string());
}

#[tokio::test]
async fn a_product_lives_through_its_life() {
    let bench = Bench::new();
    let fields = json!({"iblockId": 23, "name": "Chair", "purchasingPrice": "12.5", "property107": "red", "ID": 9});
    let element = bench.v2("catalog.product.add", &json!({"fields": fields})).await.result()["element"].clone();
    assert_eq!(
        (&element["id"], &element["active"], &element["purchasingPrice"]),
        (&json!(121), &json!("Y"), &json!(12.5))
    );
    assert_eq!(element["property107"]["value"], "red");
    let update = json!({"id": 121, "fields": {"name": "Stool"}});
    assert_eq!(bench.v2("catalog.product.update", &update).await.result()["element"]["name"], "Stool");
    let got = bench.v2("catalog.product.get", &json!({"id": 121})).await;
    assert_eq!((&got.result()["product"]["name"], &got.result()["product"]["createdBy"]), (&json!("Stool"), &json!(1)));
    assert_eq!(bench.v2("catalog.product.delete", &json!({"id": 121})).await.result(), true);
    let gone = bench.v2("catalog.product.get", &json!({"id": 121})).await;
    assert_eq!((gone.status, &gone.body["error"]), (400, &json!(0)));
    let nameless = bench.v2("catalog.product.add", &json!({"fields": {"iblockId": 23}})).await;
    assert_eq!(nameless.body["error_description"], "Required fields: name");
}

#[tokio::test]
async fn lists_want_their_type_and_elements_their_list() {
    let bench = Bench::new();
    let reply = bench.v2("lists.get", &json!({"IBLOCK_TYPE_ID": "lists", "IBLOCK_ORDER": {"ID": "DESC"}})).await;
    assert_eq!(column(reply.result(), "ID"), [3, 2, 1]);
    for (extra, want) in [(json!({"IBLOCK_ID": 2}), 2), (json!({"IBLOCK_CODE": "list_3"}), 3)] {
        let mut params = json!({"IBLOCK_TYPE_ID": "lists"});
        params.as_object_mut().expect("an object").extend(extra.as_object().expect("an object").clone());
        assert_eq!(column(bench.v2("lists.get", &params).await.result(), "ID"), [want]);
    }
    for (method, params, code) in [
        ("lists.get", json!({}), "ERROR_REQUIRED_PARAMETERS_MISSING"),
        ("lists.element.get", json!({"IBLOCK_TYPE_ID": "lists"}), "ERROR_REQUIRED_PARAMETERS_MISSING"),
        ("lists.element.get", json!({"IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": 9}), "ERROR_IBLOCK_NOT_FOUND"),
    ] {
        let reply = bench.v2(method, &params).await;
        assert_eq!((reply.status, reply.error()), (400, code), "{method}");
    }
    let one = json!({"IBLOCK_TYPE_ID": "lists", "IBLOCK_ID": 1, "ELEMENT_ID": 7, "SELECT": ["ID", "PROPERTY_101"]});
    let row = bench.v2("lists.element.get", &one).await.result()[0].clone();
    let values: Vec<&String> = row["PROPERTY_101"].as_object().expect("values by their ids").keys().collect();
    assert_eq!((row["ID"].as_str(), values.as_slice()), (Some("7"), [&"14".to_owned(), &"15".to_owned()].as_slice()));
    let empty = json!({"IBLOCK_TYPE_ID": "lists", "IBLOCK_CODE": "list_2"});
    assert_eq!(bench.v2("lists.element.get", &empty).await.result(), &json!([]));
}

#[tokio::test]
async fn the_disk_is_a_tree() {
    let bench = Bench::new();
    let reply = bench.v2("disk.storage.getlist", &json!({"filter": {"ENTITY_TYPE": "common"}})).await;
    assert_eq!((&reply.result()[0]["ID"], &reply.result()[0]["ROOT_OBJECT_ID"]), (&json!("1"), &json!("1")));
    assert_eq!(bench.v2("disk.storage.getlist", &json!({})).await.body["total"], 8);
    let folders = bench.v2("disk.storage.getchildren", &json!({"id": 1})).await;
    assert_eq!(column(folders.result(), "ID"), (9..19).collect::<Vec<_>>());
    assert_eq!((&folders.result()[0]["TYPE"], &folders.result()[0]["PARENT_ID"]), (&json!("folder"), &json!("1")));
    assert_eq!(folders.result(), bench.v2("disk.folder.getchildren", &json!({"id": 1})).await.result());
    let files = bench.v2("disk.folder.getchildren", &json!({"id": 9, "start": 70})).await;
    assert_eq!(
        (column(files.result(), "ID")[0], &files.body["total"], files.body.get("next")),
        (89, &json!(120), None)
    );
    assert_eq!((&files.result()[0]["TYPE"], &files.result()[0]["PARENT_ID"]), (&json!("file"), &json!("9")));
    assert_eq!(bench.v2("disk.folder.getchildren", &json!({"id": 12})).await.result(), &json!([]));
    for (params, code) in [(json!({}), "ERROR_ARGUMENT"), (json!({"id": 30}), "ERROR_NOT_FOUND")] {
        assert_eq!(bench.v2("disk.folder.getchildren", &params).await.error(), code);
    }
}

#[tokio::test]
async fn dictionaries_are_where_their_pages_say() {
    let bench = Bench::new();
    let stages = bench.v2("crm.status.list", &json!({"filter": {"ENTITY_ID": "DEAL_STAGE"}})).await;
    assert_eq!(
        (column(stages.result(), "ID"), &stages.result()[3]["STATUS_ID"]),
        (vec![6, 7, 8, 9, 10], &json!("WON"))
    );

    let currencies = bench.v2("crm.currency.list", &json!({"order": {"CURRENCY": "desc"}})).await;
    let first = &currencies.result()[0];
    assert_eq!((&first["CURRENCY"], &first["AMOUNT"], first.get("ID")), (&json!("USD"), &json!("0.92"), None));

    let params = json!({"PARENT": 1, "sort": "NAME", "order": "DESC"});
    let departments = bench.v2("department.get", &params).await;
    assert_eq!((departments.result()[0]["NAME"].as_str(), &departments.body["total"]), (Some("Support"), &json!(5)));
    assert_eq!(bench.v2("department.get", &json!({"ID": 3})).await.result()[0]["PARENT"], "1");

    let categories = bench.v2("crm.category.list", &json!({"entityTypeId": 128})).await;
    assert_eq!(column(&categories.result()["categories"], "id"), [1, 2]);
    assert_eq!(categories.result()["categories"][0]["isDefault"], "Y");
    assert_eq!(bench.v2("crm.category.list", &json!({})).await.error(), "100");

    let history = bench.v2("crm.stagehistory.list", &json!({"entityTypeId": 2, "filter": {"OWNER_ID": 4}})).await;
    assert_eq!((&history.result()["items"][0]["ID"], &history.body["total"]), (&json!(4), &json!(1)));
    let none = bench.v2("crm.stagehistory.list", &json!({"entityTypeId": 1})).await;
    assert_eq!(none.result(), &json!({"items": []}));

    let fields =
        bench.v2("userfieldconfig.list", &json!({"moduleId": "crm", "filter": {"entityId": "CRM_DEAL"}})).await;
    let field = &fields.result()["fields"][0];
    assert_eq!(
        (&field["id"], &field["fieldName"], &field["languageId"]),
        (&json!("2"), &json!("UF_CRM_MARK"), &json!([]))
    );
    assert_eq!(bench.v2("userfieldconfig.list", &json!({})).await.error(), "100");
}

#[tokio::test]
async fn a_family_may_ignore_the_filter_and_stall() {
    let bench = Bench::new();
    let after = async |id: i64| {
        let params = json!({"filter": {">ID": id}, "order": {"ID": "ASC"}, "start": -1});
        column(bench.v2("b24portal.stalling.list", &params).await.result(), "ID")
    };
    assert_eq!(after(0).await, after(50).await);
}

#[tokio::test]
async fn a_page_may_be_thinned_after_it_was_read() {
    let reply = Bench::new().v2("b24portal.thinning.list", &json!({})).await;
    assert_eq!(reply.result().as_array().map(Vec::len), Some(34), "fewer than fifty, and there is more");
    assert_eq!((&reply.body["next"], &reply.body["total"]), (&json!(50), &json!(120)));
}

#[tokio::test]
async fn scopes_are_those_of_the_modules() {
    let portal = Portal::builder().webhook(1, common::SECRET).scopes(["crm", "lists"]).in_process();
    let bench = Bench { portal, ..Bench::new() };
    for (method, status) in [
        ("lists.get", 200),
        ("crm.address.list", 200),
        ("crm.documentgenerator.template.list", 200),
        ("documentgenerator.template.list", 401),
        ("disk.storage.getlist", 401),
        ("catalog.product.list", 401),
        ("booking.v1.booking.list", 401),
        ("department.get", 401),
    ] {
        assert_eq!(bench.v2(method, &json!({"IBLOCK_TYPE_ID": "lists"})).await.status, status, "{method}");
    }
}
