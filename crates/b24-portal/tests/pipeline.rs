//! The order of the checks, and what each of them eats.

mod common;

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use b24_portal::{ApiVersion, Dialect, Fault, Limits, Portal, TimeFormat};
use bytes::Bytes;
use common::{Bench, SECRET};
use http::Request;
use serde_json::json;

#[tokio::test]
async fn unknown_method_beats_bad_auth() {
    let reply = Bench::new().post("/rest/1/BAD/no.such.method", &json!({})).await;
    assert_eq!((reply.status, reply.error()), (404, "ERROR_METHOD_NOT_FOUND"));
    let reply = Bench::new().post("/rest/api/1/BAD/no.such.method", &json!({})).await;
    assert_eq!((reply.status, reply.trouble()), (404, "METHODNOTFOUND"));
}

#[tokio::test]
async fn the_full_bucket_beats_everything() {
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(1, 1)));
    bench.v2("profile", &json!({})).await.result();
    assert_eq!(bench.post("/rest/1/BAD/no.such", &json!({})).await.error(), "QUERY_LIMIT_EXCEEDED");
    // The gateway knows nothing of v3 and answers it in the v2 shape.
    assert_eq!(bench.v3("tasks.task.get", &json!({})).await.error(), "QUERY_LIMIT_EXCEEDED");
}

#[tokio::test]
async fn bad_auth_beats_the_scope_and_the_scope_beats_the_method() {
    let bench = Bench::with(Portal::builder());
    assert_eq!(bench.post("/rest/1/BAD/crm.deal.get", &json!({})).await.error(), "INVALID_CREDENTIALS");
    let portal = Portal::builder().webhook(1, SECRET).scopes(["task"]).in_process();
    let narrow = Bench { portal, ..bench };
    for (dialect_status, bench) in [(401, narrow)] {
        let reply = bench.v2("crm.deal.get", &json!({})).await;
        assert_eq!((reply.status, reply.error()), (dialect_status, "insufficient_scope"));
        assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
        assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.trouble(), "INSUFFICIENTSCOPE");
    }
}

#[tokio::test]
async fn the_docs_dialect_has_statuses_of_its_own() {
    let portal = Portal::builder().webhook(1, SECRET).scopes(["task"]).dialect(Dialect::Docs).in_process();
    let bench = Bench { portal, ..Bench::new() };
    assert_eq!(bench.v2("crm.deal.get", &json!({})).await.status, 403);
    for (fault, status) in [(Fault::deleted(), 500), (Fault::overloaded(), 503)] {
        bench.portal.fault(fault);
        assert_eq!(bench.v2("profile", &json!({})).await.status, status);
    }
}

#[tokio::test]
async fn method_names_of_v2_have_no_case_and_an_optional_suffix() {
    let bench = Bench::new();
    for path in ["Crm.Deal.LIST", "crm.deal.list.json", "crm.deal.list/", "TASKS.TASK.GETFIELDS"] {
        assert_eq!(bench.v2(path, &json!({})).await.status, 200, "{path}");
    }
    let xml = bench.get(&format!("/rest/1/{SECRET}/profile.xml")).await;
    assert_eq!(xml.header("content-type"), Some("text/xml; charset=utf-8"));
    assert!(String::from_utf8_lossy(&xml.bytes).contains("<response><result><ID>1</ID>"));
}

#[tokio::test]
async fn an_unknown_suffix_of_a_known_method_is_a_wrong_transport() {
    let bench = Bench::new();
    let reply = bench.v2("crm.deal.list.yaml", &json!({})).await;
    assert_eq!((reply.status, reply.error()), (500, "INTERNAL_WRONG_TRANSPORT"));
    assert_eq!(bench.v2("crm.deal.nope", &json!({})).await.error(), "ERROR_METHOD_NOT_FOUND");
}

#[tokio::test]
async fn options_asks_and_runs_nothing() {
    let bench = Bench::new();
    for path in [format!("/rest/1/{SECRET}/crm.deal.delete?id=1"), "/rest/api/1/BAD/tasks.task.delete".to_owned()] {
        let request = Request::options(path).body(Bytes::from_static(b"{\"id\":1}")).expect("a request");
        let reply = bench.send(request).await;
        assert_eq!((reply.status, reply.bytes.len()), (200, 0));
        assert_eq!(reply.header("access-control-allow-origin"), Some("*"));
        assert_eq!(reply.header("access-control-allow-headers"), Some("origin, content-type, accept"));
    }
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn an_error_array_keeps_its_other_keys() {
    let value = json!({"error": "ERROR_ARGUMENT", "error_description": "No.", "argument": "x", "error_content": [1]});
    let reply = Bench::new().v2("b24portal.answer", &json!({"value": value})).await;
    assert_eq!((reply.status, &reply.body), (200, &value));
}

#[tokio::test]
async fn the_scheme_of_a_bearer_has_no_case() {
    let bench = Bench::with(Portal::builder().access_token("two", 2, Duration::from_secs(3600)));
    for (header, want) in [("bearer two", 200), ("BEARER two", 200), ("Basic two", 401), ("two", 401)] {
        let request = Request::get("/rest/profile").header("authorization", header).body(Bytes::new());
        assert_eq!(bench.send(request.expect("a request")).await.status, want, "{header}");
    }
}

#[tokio::test]
async fn a_method_of_one_generation_is_unknown_to_the_other() {
    let bench = Bench::new();
    assert_eq!(bench.v2("main.eventlog.list", &json!({})).await.error(), "ERROR_METHOD_NOT_FOUND");
    assert_eq!(bench.v3("crm.item.list", &json!({})).await.trouble(), "METHODNOTFOUND");
}

#[tokio::test]
async fn one_name_means_two_contracts() {
    let bench = Bench::new();
    assert_eq!(
        bench.v2("tasks.task.get", &json!({"taskId": 1, "select": ["ID"]})).await.result(),
        &json!({"task": {"id": "1"}})
    );
    assert_eq!(
        bench.v3("tasks.task.get", &json!({"id": 1, "select": ["id"]})).await.result(),
        &json!({"item": {"id": 1}})
    );
}

#[tokio::test]
async fn parameters_are_gathered_as_php_does() {
    let bench = Bench::new();
    let echo = format!("/rest/1/{SECRET}/b24portal.echo");
    let reply = bench.get(&format!("{echo}?filter[%3EID]=5&select[]=ID&select[]=TITLE&start=50")).await;
    assert_eq!(reply.result(), &json!({"params": {"filter": {">ID": "5"}, "select": ["ID", "TITLE"]}, "start": 50}));
    let reply = bench.form(&format!("{echo}?a=1&b=1"), "b=2&c[x]=3").await;
    assert_eq!(reply.result()["params"], json!({"a": "1", "b": "2", "c": {"x": "3"}}));
    let reply = bench.post(&format!("{echo}?b=1"), &json!({"b": true, "auth": "x", "state": 1, "token2": {}})).await;
    assert_eq!(reply.result()["params"], json!({"b": true, "token2": []}));
    let get = Request::get(&echo)
        .header("content-type", "application/json")
        .body(Bytes::from_static(b"{\"a\":1}"))
        .expect("a request");
    assert_eq!(bench.send(get).await.result()["params"], json!([]), "the body of a GET is not read");
}

#[tokio::test]
async fn broken_json_is_an_unfiltered_list() {
    let bench = Bench::new();
    let request = Request::post(format!("/rest/1/{SECRET}/crm.deal.list")).header("content-type", "application/json");
    let reply = bench.send(request.body(Bytes::from_static(b"{\"filter\":{\"ID\":1}")).expect("a request")).await;
    assert_eq!(reply.result().as_array().map(Vec::len), Some(50));
}

#[tokio::test]
async fn a_field_named_token_turns_the_call_into_a_link_check() {
    let reply = Bench::new().v2("profile", &json!({"token": "x"})).await;
    assert_eq!((reply.status, reply.error()), (403, "ACCESS_DENIED"));
}

#[tokio::test]
async fn the_path_beats_the_header_and_the_header_beats_the_parameter() {
    let hour = Duration::from_secs(3600);
    let bench = Bench::with(Portal::builder().access_token("two", 2, hour).access_token("three", 3, hour));
    let call = async |path: &str| {
        let request = Request::get(path).header("authorization", "Bearer two").body(Bytes::new()).expect("a request");
        bench.send(request).await.result()["ID"].as_str().map(str::to_owned)
    };
    assert_eq!(call(&format!("/rest/1/{SECRET}/profile?auth=three")).await.as_deref(), Some("1"));
    assert_eq!(call("/rest/profile?auth=three").await.as_deref(), Some("2"));
}

#[tokio::test]
async fn v3_failures_of_auth_all_look_the_same() {
    let bench = Bench::with(Portal::builder().access_token("old", 1, Duration::ZERO));
    for (path, body) in [
        ("/rest/api/1/BAD/tasks.task.get", json!({"id": 1})),
        ("/rest/api/tasks.task.get", json!({"id": 1, "auth": "old"})),
        ("/rest/api/tasks.task.get?auth=old", json!({"id": 1})),
        ("/rest/api/tasks.task.get", json!({"id": 1})),
    ] {
        let reply = bench.post(path, &body).await;
        assert_eq!((reply.status, reply.trouble()), (401, "ACCESSDENIED"), "{path}");
    }
}

#[tokio::test]
async fn an_expired_token_was_good_before() {
    let bench = Bench::with(Portal::builder().access_token("T", 1, Duration::from_secs(3600)));
    bench.post("/rest/profile", &json!({"auth": "T"})).await.result();
    bench.post("/rest/api/tasks.task.get", &json!({"auth": "T", "id": 1})).await.result();
    bench.clock.advance(Duration::from_secs(3600));
    assert_eq!(bench.post("/rest/profile", &json!({"auth": "T"})).await.error(), "expired_token");
}

#[tokio::test]
async fn the_bucket_belongs_to_the_source_address() {
    let mut bench = Bench::with(Portal::builder().limits(Limits::default().with_rate(2, 1)));
    bench.v2("profile", &json!({})).await.result();
    assert_eq!(bench.v2("profile", &json!({})).await.status, 503);
    bench.source = Some(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7)));
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
    bench.clock.advance(Duration::from_secs(1));
    bench.source = None;
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
}

#[tokio::test]
async fn whole_second_times_are_whole() {
    let bench = Bench::with(Portal::builder().time_format(TimeFormat::WholeSeconds));
    bench.clock.advance(Duration::from_millis(700));
    let reply = bench.v2("profile", &json!({})).await;
    assert_eq!(reply.header("x-bitrix-rest-time"), Some("0.0000000000"));
    let time = reply.body["time"].clone();
    assert!(time["start"].is_i64(), "{time}");
    assert_eq!(time["processing"], 0);
    assert!(time["duration"].as_f64().is_some_and(|duration| duration > 0.7), "too long by what was cut off: {time}");
}

#[tokio::test]
async fn a_self_hosted_portal_reports_no_operating() {
    let bench = Bench::with(Portal::builder().limits(Limits::off()));
    let reply = bench.v2("profile", &json!({})).await;
    assert!(reply.body["time"].get("operating").is_none());
    let bench = Bench::with(Portal::builder().limits(Limits::default().with_operating_reported(false)));
    assert!(bench.v2("profile", &json!({})).await.body["time"].get("operating").is_none());
}

#[tokio::test]
async fn only_the_cloud_tells_its_times_in_headers() {
    let names = ["x-bitrix-rest-time", "x-bitrix-rest-user-time", "x-bitrix-rest-system-time"];
    for (limits, cloud) in [(Limits::default(), true), (Limits::off(), false)] {
        let bench = Bench::with(Portal::builder().limits(limits).access_token("T", 1, Duration::from_secs(3600)));
        for reply in [
            bench.post("/rest/profile", &json!({"auth": "T"})).await,
            bench.post("/rest/api/tasks.task.get", &json!({"auth": "T", "id": 1})).await,
        ] {
            assert!(names.iter().all(|name| reply.header(name).is_some() == cloud), "{:?}", reply.headers);
            assert_eq!(reply.header("x-bitrix-rest-application"), cloud.then_some("app.b24portal"));
        }
    }
}

#[tokio::test]
async fn requests_are_recorded_with_the_secret_masked() {
    let bench = Bench::new();
    bench.v2("crm.deal.list?start=50", &json!({"select": ["ID"]})).await;
    bench.v3("nope", &json!({})).await;
    bench.get("/favicon.ico").await;
    let requests = bench.portal.requests();
    assert_eq!(requests[0].method, "crm.deal.list");
    assert_eq!(requests[0].version, Some(ApiVersion::V2));
    assert_eq!(requests[0].path, "/rest/1/***/crm.deal.list");
    assert_eq!(requests[0].query, "start=50");
    assert_eq!(&requests[0].body[..], br#"{"select":["ID"]}"#);
    assert_eq!(requests[0].status.map(|status| status.as_u16()), Some(200));
    assert_eq!(
        (requests[1].version, requests[1].status.map(|status| status.as_u16())),
        (Some(ApiVersion::V3), Some(404))
    );
    assert_eq!((requests[2].version, requests[2].method.as_str()), (None, ""));
    bench.portal.clear_requests();
    assert!(bench.portal.requests().is_empty());
}

#[tokio::test]
async fn only_the_last_requests_are_kept() {
    let bench = Bench::with(Portal::builder().keep_requests(2));
    for method in ["profile", "server.time", "scope"] {
        bench.v2(method, &json!({})).await;
    }
    let methods: Vec<String> = bench.portal.requests().into_iter().map(|request| request.method).collect();
    assert_eq!(methods, ["server.time", "scope"]);
}

#[tokio::test]
async fn debug_never_shows_a_secret() {
    let hour = Duration::from_secs(3600);
    let builder = Portal::builder().webhook(1, SECRET).access_token("t0ken", 1, hour);
    let mut shown = format!("{builder:?}");
    let mut engine = builder.clone().engine(Duration::ZERO);
    engine.fault(Fault::moved("https://new.example"));
    for method in ["profile", "b24portal.echo?x=t0ken"] {
        let request = Request::get(format!("/rest/1/{SECRET}/{method}")).body(Bytes::new()).expect("a request");
        shown += &format!("{:?}", engine.handle(Duration::ZERO, Ipv4Addr::LOCALHOST.into(), request));
    }
    let portal = builder.in_process();
    let bench = Bench { portal, ..Bench::new() };
    bench.post("/rest/profile?auth=t0ken", &json!({"auth": "t0ken"})).await;
    bench.v2("profile", &json!({})).await;
    shown += &format!("{:?}{:?}{:?}{engine:?}", bench.portal, bench.portal.requests(), bench.portal.service());
    assert!(!shown.contains(SECRET) && !shown.contains("t0ken"), "{shown}");
}

#[tokio::test]
async fn faults_strike_before_or_after_the_method() {
    let bench = Bench::new();
    let last = async || {
        bench.v2("crm.deal.list", &json!({"order": {"ID": "DESC"}, "start": -1})).await.result()[0]["ID"].clone()
    };
    assert_eq!(last().await, "120");

    bench.portal.fault(Fault::html(502).for_method("crm.deal.add"));
    let reply = bench.v2("crm.deal.add", &json!({"fields": {}})).await;
    assert_eq!((reply.status, reply.header("content-type")), (502, Some("text/html")));
    assert_eq!(last().await, "120", "nothing was added");

    bench.portal.fault(Fault::html(504).after_handler().for_method("crm.deal.add"));
    assert_eq!(bench.v2("crm.deal.add", &json!({"fields": {}})).await.status, 504);
    assert_eq!(last().await, "121", "the answer was lost, the deal was not");

    bench.portal.fault(Fault::lost_response().for_method("crm.deal.add"));
    let request =
        Request::post(format!("/rest/1/{SECRET}/crm.deal.add?fields[TITLE]=x")).body(Bytes::new()).expect("a request");
    assert!(bench.try_send(request).await.is_err());
    assert_eq!(bench.portal.requests().last().expect("recorded").status, None);
    assert_eq!(last().await, "122");
}

#[tokio::test]
async fn the_gateway_has_answers_of_its_own() {
    let bench = Bench::new();
    for (fault, status, text) in [
        (Fault::query_limit_exceeded(), 503, "QUERY_LIMIT_EXCEEDED"),
        (Fault::deleted(), 410, "PORTAL_DELETED"),
        (Fault::overloaded(), 401, "OVERLOAD_LIMIT"),
        (Fault::reply(418, "text/plain", "teapot"), 418, "teapot"),
        (Fault::moved("https://new.example/"), 302, "302"),
    ] {
        bench.portal.fault(fault);
        let reply = bench.v2("profile?x=1", &json!({})).await;
        assert_eq!(reply.status, status);
        assert!(String::from_utf8_lossy(&reply.bytes).contains(text), "{text}");
        if status == 302 {
            assert_eq!(reply.header("location"), Some("https://new.example/rest/1/s3cr3tofatest/profile?x=1"));
        }
    }
    bench.portal.fault(Fault::deleted());
    bench.portal.clear_faults();
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
}

#[tokio::test]
async fn latency_moves_a_virtual_clock() {
    let bench = Bench::with(Portal::builder().latency(Duration::from_secs(2)));
    let before = bench.clock.now();
    bench.v2("profile", &json!({})).await.result();
    assert_eq!(bench.clock.now() - before, Duration::from_secs(2));
    assert_eq!(bench.portal.clock().now(), bench.clock.now());
}

#[tokio::test(start_paused = true)]
async fn a_paused_runtime_pauses_an_in_process_portal() {
    let portal = Portal::builder()
        .webhook(1, SECRET)
        .limits(Limits::default().with_rate(1, 1))
        .latency(Duration::from_secs(5))
        .in_process();
    let bench = Bench { portal, ..Bench::new() };
    let before = bench.portal.clock().now();
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200);
    assert_eq!(bench.portal.clock().now() - before, Duration::from_secs(5));
    assert_eq!(bench.v2("profile", &json!({})).await.status, 200, "five seconds have drained the bucket");
}
