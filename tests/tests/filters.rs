//! Filters, fields and the small questions, against the embedded portal.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use b24::{
    B24, Fields, MultiField, Order, de,
    filter::{v2, v3},
};
use b24_portal::Portal;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
struct Row {
    #[serde(alias = "ID", deserialize_with = "de::number")]
    id: u64,
}

fn ids(rows: &[Row]) -> Vec<u64> {
    rows.iter().map(|row| row.id).collect()
}

async fn portal() -> (Portal, B24) {
    let portal = Portal::builder().rows(60).start().await.unwrap();
    let b24 = B24::from_webhook_url(&portal.hook_url()).unwrap();
    (portal, b24)
}

#[tokio::test]
async fn a_v2_filter_means_what_it_says() {
    let (_portal, b24) = portal().await;
    for (filter, want) in [
        (v2::Filter::new([v2::gt("ID", 5), v2::le("ID", 8)]), vec![8, 7, 6]),
        (v2::Filter::new([v2::in_("ID", [3, 1, 99])]), vec![3, 1]),
        (v2::Filter::new([v2::le("ID", 3), v2::ne("ID", 2)]), vec![3, 1]),
        (v2::Filter::new([v2::le("ID", 3), v2::not_in("ID", [1, 2])]), vec![3]),
        (v2::Filter::new([v2::eq("ID", 7)]), vec![7]),
        (v2::Filter::new([v2::exact("ID", 7)]), vec![7]),
    ] {
        let params = Fields::new().set("filter", filter.unwrap()).set("order", Order::new().desc("ID"));
        let rows = b24.v2().call("crm.deal.list").params(params).send::<Vec<Row>>().await.unwrap().result;
        assert_eq!(ids(&rows), want);
    }
}

#[derive(Deserialize)]
struct Items {
    items: Vec<Row>,
}

#[tokio::test]
async fn a_v3_filter_means_what_it_says() {
    let (_portal, b24) = portal().await;
    for (filter, want) in [
        (v3::Filter::new([v3::between("id", 5, 7)]), vec![5, 6, 7]),
        (v3::Filter::new([v3::lt("id", 5), v3::not(v3::or([v3::eq("id", 1), v3::in_("id", [3, 4])]))]), vec![2]),
        (v3::Filter::new([v3::or([v3::le("id", 1), v3::and([v3::ge("id", 4), v3::lt("id", 6)])])]), vec![1, 4, 5]),
        (v3::Filter::new([v3::lt("id", 4), v3::not(v3::not(v3::ne("id", 2)))]), vec![1, 3]),
    ] {
        let params = Fields::new().set("filter", filter.unwrap()).set("select", ["id"]);
        let rows = b24.v3().call("tasks.task.list").params(params).send::<Items>().await.unwrap().result.items;
        assert_eq!(ids(&rows), want);
    }
}

#[tokio::test]
async fn fields_go_over_the_wire_in_their_order() {
    let (portal, b24) = portal().await;
    let phones = MultiField::new().delete(6).add("+1 555 0100", "WORK");
    let params = Fields::new().set("TITLE", "Acme").clear("COMMENTS").set("PHONE", phones).wrapped().set("id", 1);
    b24.v2().call("crm.deal.update").params(params).send::<Value>().await.unwrap();
    assert_eq!(
        portal.requests()[0].body,
        concat!(
            r#"{"fields":{"TITLE":"Acme","COMMENTS":"","#,
            r#""PHONE":[{"ID":"6","DELETE":"Y"},{"VALUE":"+1 555 0100","VALUE_TYPE":"WORK"}]},"id":1}"#
        )
    );
}

#[tokio::test]
async fn the_portal_is_there_and_has_a_time() {
    let (portal, b24) = portal().await;
    assert!(b24.health_check().await);
    assert!(b24.ping().await.unwrap() > Duration::ZERO);
    let now = b24.server_time().await.unwrap();
    assert_eq!(now.offset_minutes(), 180);
    drop(portal);
    assert!(!b24.health_check().await);
}
