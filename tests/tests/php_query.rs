//! What a v2 command says is what the portal hears: parameters through the encoder and PHP's own way of reading.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::LazyLock;

use b24::B24;
use b24_portal::{Limits, Portal};
use proptest::{collection, prelude::*};
use serde_json::{Map, Value, json};

/// Names of parameters and fields. PHP changes a dot and a space in the first name, and brackets in all of them.
fn name() -> impl Strategy<Value = String> {
    prop_oneof!["[A-Za-z_>=%!@][A-Za-z0-9_]{0,8}", "[а-яё]{1,4}", "[a-z]&[a-z]", "[a-z]#%=[?]\\+"]
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        // Any text at all, but for what the portal would take for a reference.
        any::<String>().prop_filter("no reference", |text| !text.contains('$')).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            collection::vec(inner.clone(), 1..4).prop_map(Value::from),
            collection::btree_map(name(), inner, 1..4).prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Every value as PHP has it after it was text.
fn as_text(value: &Value) -> Value {
    match value {
        Value::Bool(flag) => json!(if *flag { "1" } else { "0" }),
        Value::Number(number) => json!(number.to_string()),
        Value::Array(list) => list.iter().map(as_text).collect(),
        Value::Object(map) => Value::Object(map.iter().map(|(key, value)| (key.clone(), as_text(value))).collect()),
        other => other.clone(),
    }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap());

fn heard(params: &Map<String, Value>) -> Value {
    static PORTAL: LazyLock<(Portal, B24)> = LazyLock::new(|| {
        let portal = Portal::builder().rows(1).limits(Limits::off()).in_process();
        let mut restrictions = b24::Restrictions::default();
        restrictions.rate = None;
        let builder = B24::builder().http_client(portal.service()).restrictions(restrictions).unwrap();
        let b24 = builder.webhook_url(&portal.hook_url()).unwrap();
        (portal, b24)
    });
    let batch = PORTAL.1.v2().batch().command(("b24portal.echo", Value::Object(params.clone())));
    RUNTIME.block_on(batch.send()).unwrap().into_results::<Value>().unwrap().remove(0)["params"].take()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_portal_hears_what_was_said(params in collection::btree_map(name(), value(), 1..4)) {
        // Not a parameter: the echo leaves it to the server.
        prop_assume!(params.keys().all(|key| !["auth", "start", "token", "state", "ap"].contains(&&**key)));
        let params: Map<_, _> = params.into_iter().map(|(key, value)| (format!("p{key}"), value)).collect();
        prop_assert_eq!(heard(&params), as_text(&Value::Object(params)));
    }
}

#[test]
fn letters_that_mean_something_in_a_query_are_heard_as_letters() {
    let params = json!({ "p": "é+ %~*()'!&=#?;\"\\\n", "q": { ">id": 5, "@x": ["a b", "c&d"] }, "r": [[1, 2], [3]] });
    let Value::Object(params) = params else { unreachable!() };
    assert_eq!(heard(&params), as_text(&Value::Object(params)));
}
