//! Multi-fields: phones and e-mails are rows with numbers of their own.

mod common;

use common::{Bench, column};
use serde_json::{Value, json};

async fn phones(bench: &Bench, method: &str, id: i64) -> Value {
    bench.v2(method, &json!({"id": id})).await.result()["PHONE"].clone()
}

#[tokio::test]
async fn multi_fields_are_shown_on_request() {
    let bench = Bench::new();
    for method in ["crm.contact.list", "crm.lead.list", "crm.company.list"] {
        let plain = bench.v2(method, &json!({"select": ["*", "UF_*"]})).await;
        assert!(plain.result()[0].get("PHONE").is_none(), "{method}");
        let asked = bench.v2(method, &json!({"select": ["ID", "PHONE", "EMAIL"]})).await;
        let row = &asked.result()[1];
        let mut keys: Vec<&String> = row["PHONE"][0].as_object().expect("a row").keys().collect();
        keys.sort();
        assert_eq!(keys, ["ID", "TYPE_ID", "VALUE", "VALUE_TYPE"], "{method}");
        assert_eq!((&row["PHONE"][0]["ID"], &row["EMAIL"][0]["TYPE_ID"]), (&json!("3"), &json!("EMAIL")));
    }
}

#[tokio::test]
async fn rows_without_an_id_are_added_and_the_others_stay() {
    let bench = Bench::new();
    let rows = json!([{"VALUE": "+1", "VALUE_TYPE": "HOME"}, {"VALUE": ""}, {"VALUE": "+2"}]);
    let update = json!({"id": 5, "fields": {"PHONE": rows}});
    assert_eq!(bench.v2("crm.contact.update", &update).await.result(), true);
    let kept = phones(&bench, "crm.contact.get", 5).await;
    // 120 made-up rows have two each.
    assert_eq!(column(&kept, "ID"), [9, 241, 242]);
    assert_eq!(
        (&kept[1]["VALUE_TYPE"], &kept[2]["VALUE_TYPE"], &kept[2]["TYPE_ID"]),
        (&json!("HOME"), &json!("WORK"), &json!("PHONE"))
    );
    assert_eq!(bench.v2("crm.contact.get", &json!({"id": 5})).await.result()["EMAIL"][0]["ID"], "10", "untouched");
}

#[tokio::test]
async fn rows_with_an_id_are_changed_or_deleted() {
    let bench = Bench::new();
    let fields = json!({"TITLE": "x", "PHONE": [{"VALUE": "+1"}, {"VALUE": "+2"}, {"VALUE": "+3"}, {"VALUE": "+4"}]});
    let id = bench.v2("crm.company.add", &json!({"fields": fields})).await.result().as_i64().expect("an id");
    assert_eq!(column(&phones(&bench, "crm.company.get", id).await, "ID"), [241, 242, 243, 244]);
    let rows = json!([
        {"ID": "241", "VALUE": "+10", "VALUE_TYPE": "FAX"},
        {"ID": 242, "DELETE": "Y"},
        {"ID": "243", "VALUE": ""},
        {"ID": 7, "VALUE": "of somebody else"},
    ]);
    bench.v2("crm.company.update", &json!({"id": id, "fields": {"PHONE": rows}})).await.result();
    let kept = phones(&bench, "crm.company.get", id).await;
    let want = json!([
        {"ID": "241", "VALUE_TYPE": "FAX", "VALUE": "+10", "TYPE_ID": "PHONE"},
        {"ID": "244", "VALUE_TYPE": "WORK", "VALUE": "+4", "TYPE_ID": "PHONE"},
    ]);
    assert_eq!(kept, want);
}

#[tokio::test]
async fn what_is_no_list_of_rows_changes_nothing() {
    let bench = Bench::new();
    for sent in [json!("+1"), json!([]), json!(["+1"]), json!(null)] {
        bench.v2("crm.lead.update", &json!({"id": 3, "fields": {"PHONE": sent}})).await.result();
        assert_eq!(column(&phones(&bench, "crm.lead.get", 3).await, "ID"), [5], "{sent}");
    }
    let item = json!({"entityTypeId": 3, "id": 3, "fields": {"phone": [{"VALUE": "+1"}]}});
    bench.v2("crm.item.update", &item).await.result();
    assert_eq!(
        column(&phones(&bench, "crm.contact.get", 3).await, "ID"),
        [5],
        "the universal method has them elsewhere"
    );
}

#[tokio::test]
async fn a_form_writes_them_too() {
    let bench = Bench::new();
    let path = format!("/rest/1/{}/crm.contact.update", common::SECRET);
    bench.form(&path, "id=2&fields[PHONE][n0][VALUE]=%2B1&fields[PHONE][n0][VALUE_TYPE]=MOBILE").await.result();
    assert_eq!(phones(&bench, "crm.contact.get", 2).await[1]["VALUE"], "+1");
}
