//! `batch` of both generations.

mod common;

use std::time::Duration;

use b24_portal::{BatchBilling, Limits, Overrun, Portal};
use common::{Bench, SECRET};
use serde_json::{Value, json};

#[tokio::test]
async fn fifty_third_command_is_refused_while_fifty_run() {
    let bench = Bench::new();
    let reply = bench.v2("batch", &json!({"cmd": vec!["crm.deal.add?fields[TITLE]=x"; 53]})).await;
    let result = reply.result();
    assert_eq!(result["result"].as_array().map(Vec::len), Some(50), "they ran: {}", result["result"]);
    let errors = result["result_error"].as_object().expect("an object");
    assert_eq!(errors.keys().collect::<Vec<_>>(), ["50", "51", "52"]);
    assert!(errors.values().all(|error| error["error"] == "ERROR_BATCH_LENGTH_EXCEEDED"));
    let last = bench.v2("crm.deal.list", &json!({"order": {"ID": "DESC"}, "start": -1})).await;
    assert_eq!(last.result()[0]["ID"], "170");
}

#[tokio::test]
async fn halt_is_php_truth_and_keeps_what_was_done() {
    let bench = Bench::new();
    let cmd = json!(["crm.deal.add?fields[TITLE]=x", "nope", "crm.deal.add?fields[TITLE]=y"]);
    for (halt, ran) in [(json!(0), 2), (json!("0"), 2), (json!(false), 2), (json!("false"), 1), (json!(1), 1)] {
        let reply = bench.v2("batch", &json!({"halt": halt, "cmd": cmd})).await;
        let results = &reply.result()["result"];
        let count = results.as_array().map(Vec::len).or_else(|| results.as_object().map(serde_json::Map::len));
        assert_eq!(count, Some(ran), "halt {halt}");
        assert_eq!(reply.result()["result_error"]["1"]["error"], "ERROR_METHOD_NOT_FOUND");
    }
}

#[tokio::test]
async fn forbidden_commands_fail_alone() {
    let cmd = json!({"a": "batch?cmd[]=profile", "b": "upload", "c": "download", "d": "profile", "e": 5});
    let reply = Bench::new().v2("BATCH", &json!({"CMD": cmd})).await;
    let result = reply.result();
    for key in ["a", "b", "c"] {
        assert_eq!(result["result_error"][key]["error"], "ERROR_BATCH_METHOD_NOT_ALLOWED");
    }
    assert_eq!(result["result"]["d"]["ID"], "1");
    assert!(result["result"].get("e").is_none() && result["result_error"].get("e").is_none(), "skipped without a word");
}

#[tokio::test]
async fn totals_and_next_stand_beside_the_results() {
    let cmd = json!({"l": "crm.deal.list?select[]=ID", "u": "user.current"});
    let reply = Bench::new().v2("batch", &json!({"cmd": cmd})).await;
    let result = reply.result();
    assert_eq!(result["result_total"], json!({"l": 120}));
    assert_eq!(result["result_next"], json!({"l": 50}));
    assert_eq!(result["result"]["l"].as_array().map(Vec::len), Some(50));
    assert!(result["result_time"]["l"]["operating"].is_number());
    assert!(reply.body.get("total").is_none());
}

#[tokio::test]
async fn values_are_texts_and_the_fragment_is_lost() {
    let cmd = json!({"e": "b24portal.echo?a=1&b[]=%D1%91%2B+x&c=true#&d=4"});
    let reply = Bench::new().v2("batch", &json!({"cmd": cmd})).await;
    assert_eq!(reply.result()["result"]["e"]["params"], json!({"a": "1", "b": ["ё+ x"], "c": "true"}));
}

#[tokio::test]
async fn references_carry_results_forward() {
    // Keys in alphabetical order: the maps of `serde_json` sort them, and commands run in the order they are written.
    let cmd = json!({
        "a": "crm.deal.get?id=5",
        "b": "crm.deal.get?id=%24result%5Ba%5D%5BID%5D",
        "c": "crm.deal.add?fields[TITLE]=copy of $result[a][TITLE]",
        "d": "crm.deal.get?id=$result[c][ID]",
        "e": "crm.item.list?entityTypeId=2&select[]=id",
        "f": "b24portal.echo?id=$result[e][items][0][id]&all=$result[a]&next=$next[e]&total=$total[e]",
        "g": "b24portal.echo?like=%25$result[a][ID]%25",
        "h": "b24portal.echo?x=$result[nope][0]",
    });
    let reply = Bench::new().v2("batch", &json!({"cmd": cmd})).await;
    let result = &reply.result()["result"];
    assert_eq!(result["b"]["ID"], "5");
    assert_eq!(result["d"]["TITLE"], "copy of Deal 5");
    let first = &result["f"]["params"];
    assert_eq!(
        (&first["id"], &first["next"], &first["total"]),
        (&json!(1), &json!(50), &json!(121)),
        "typed when alone"
    );
    assert_eq!(first["all"], result["a"]);
    assert_eq!(result["g"]["params"]["like"], "%5");
    assert_eq!(result["h"]["params"]["x"]["a"]["ID"], "5", "the whole map of results");
}

#[tokio::test]
async fn a_keyset_chain_misbehaves_after_a_short_page() {
    // 120 rows: the third page has 20, so index 49 is missing and the page itself becomes the "id".
    let page = |previous: &str| {
        format!("crm.deal.list?select[]=ID&order[ID]=ASC&start=-1&filter[>ID]=$result[{previous}][49][ID]")
    };
    let cmd = json!({
        "p0": "crm.deal.list?select[]=ID&order[ID]=ASC&start=-1",
        "p1": page("p0"), "p2": page("p1"), "p3": page("p2"),
    });
    let reply = Bench::new().v2("batch", &json!({"cmd": cmd})).await;
    let result = &reply.result()["result"];
    assert_eq!(result["p2"].as_array().map(Vec::len), Some(20));
    assert_ne!(result["p3"], json!([]), "rows that a client has to throw away");
}

#[tokio::test]
async fn what_refers_to_a_failed_command_runs_with_the_whole_map_of_results() {
    let bench = Bench::new();
    let cmd = json!({"a": "profile", "b": "nope", "c": "b24portal.echo?id=$result[b][ID]&empty[]=&none="});
    let reply = bench.v2("batch", &json!({"cmd": cmd})).await;
    let params = &reply.result()["result"]["c"]["params"];
    assert_eq!(params["id"]["a"]["ID"], "1", "not an error, and not nothing");
    assert_eq!((&params["empty"], &params["none"]), (&json!([""]), &json!("")), "no command can say [] or null");
    let halted = bench.v2("batch", &json!({"cmd": cmd, "halt": 1})).await;
    assert!(halted.result()["result"].get("c").is_none());
}

#[tokio::test]
async fn a_reference_that_a_user_wrote_is_followed_too() {
    let bench = Bench::new();
    let fields = json!({"fields": {"TITLE": "price: $result[a][ID] EUR"}});
    let id = bench.v2("crm.deal.add", &fields).await.result().clone();
    let cmd = json!({"a": format!("crm.deal.get?id={id}"), "b": "b24portal.echo?title=price: $result[a][ID] EUR"});
    let reply = bench.v2("batch", &json!({"cmd": cmd})).await;
    assert_eq!(reply.result()["result"]["a"]["TITLE"], "price: $result[a][ID] EUR");
    assert_eq!(reply.result()["result"]["b"]["params"]["title"], format!("price: {id} EUR"), "there is no escape");
}

#[tokio::test]
async fn scope_is_checked_per_command_with_an_empty_text() {
    let portal = Portal::builder().webhook(1, SECRET).scopes(["task"]).in_process();
    let bench = Bench { portal, ..Bench::new() };
    let reply = bench.v2("batch", &json!({"cmd": {"a": "crm.deal.list", "b": "profile"}})).await;
    assert_eq!(reply.result()["result_error"]["a"], json!({"error": "insufficient_scope", "error_description": ""}));
    assert_eq!(reply.result()["result"]["b"]["ID"], "1");
}

#[tokio::test]
async fn a_batch_through_a_form_is_encoded_twice() {
    let bench = Bench::new();
    let path = format!("/rest/1/{SECRET}/batch");
    let reply = bench.form(&path, "halt=0&cmd[a]=b24portal.echo%3Fx%3D1%252B1%26y%3D2").await;
    assert_eq!(reply.result()["result"]["a"]["params"], json!({"x": "1+1", "y": "2"}));
}

fn costly(limits: Limits) -> Bench {
    let limits = limits.without_rate().with_operating(Duration::from_secs(10));
    Bench::with(
        Portal::builder().limits(limits).method_cost("crm.deal.get", Duration::from_secs(6)).webhook(1, "other"),
    )
}

fn operating(time: &Value) -> f64 {
    time["operating"].as_f64().unwrap_or(f64::NAN)
}

#[tokio::test]
async fn the_operating_limit_strikes_halfway_through_a_batch() {
    let bench = costly(Limits::default());
    let reply = bench.v2("batch", &json!({"cmd": vec!["crm.deal.get?id=1"; 4]})).await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.result()["result"].as_array().map(Vec::len), Some(2), "the crossing call still succeeds");
    assert_eq!(reply.result()["result_error"]["2"]["error"], "OPERATION_TIME_LIMIT");
    assert_eq!(reply.body["time"]["operating"], 0, "the outer batch is not counted");
}

#[tokio::test]
async fn the_outer_batch_tells_what_it_has_used_where_the_limiter_is_on() {
    let bench = costly(Limits::default());
    for _ in 0..2 {
        let time = bench.v2("batch", &json!({"cmd": ["profile"]})).await.body["time"].clone();
        assert_eq!(time["operating"], 0);
        assert_eq!(time["operating_reset_at"], bench.clock.now().as_secs() + 600);
    }
    let off = Bench::with(Portal::builder().limits(Limits::off()));
    assert!(off.v2("batch", &json!({"cmd": ["profile"]})).await.body["time"].get("operating").is_none());
}

#[tokio::test]
async fn a_ban_inside_a_batch_is_counted_from_the_batch() {
    let bench = costly(Limits::default().with_overrun(Overrun::Ban).with_shared_batch_key(false));
    let cmd = json!({"cmd": vec!["crm.deal.get?id=1"; 2]});
    let reply = bench.v2("batch", &cmd).await;
    let times = reply.result()["result_time"].clone();
    assert_eq!(times[1]["operating_reset_at"], bench.clock.now().as_secs() + 300);
    let starts: Vec<f64> = (0..2).filter_map(|place| times[place]["start"].as_f64()).collect();
    assert!((starts[1] - starts[0] - 6.0).abs() < 1e-3, "the printed times go on: {times}");
    bench.clock.advance(Duration::from_secs(300));
    assert_eq!(bench.v2("batch", &cmd).await.result()["result_error"], json!([]));
}

#[tokio::test]
async fn names_of_commands_are_taken_as_they_are() {
    let reply = Bench::new().v2("batch", &json!({"cmd": [" profile", "profile ?x=1"]})).await;
    for place in 0..2 {
        assert_eq!(reply.result()["result_error"][place]["error"], "ERROR_METHOD_NOT_FOUND");
    }
}

#[tokio::test]
async fn webhooks_share_one_counter_inside_batches_apart_from_direct_calls() {
    // `with` adds the bench's own webhook after "other".
    let bench = costly(Limits::default());
    let cmd = json!({"cmd": vec!["crm.deal.get?id=1"; 2]});
    bench.post("/rest/1/other/batch", &cmd).await.result();
    let reply = bench.v2("batch", &cmd).await;
    assert_eq!(reply.result()["result_error"][0]["error"], "OPERATION_TIME_LIMIT", "the other webhook spent it");
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.status, 200);

    let bench = costly(Limits::default().with_shared_batch_key(false));
    bench.post("/rest/1/other/batch", &cmd).await.result();
    assert_eq!(bench.v2("batch", &cmd).await.result()["result_error"], json!([]));
}

#[tokio::test]
async fn the_newest_servers_count_half_of_the_batch_itself() {
    let limits = Limits::default()
        .with_batch_billing(BatchBilling::CommandsAndBatch(0.5))
        .with_overrun(Overrun::Ban)
        .with_shared_batch_key(false);
    let bench = costly(limits);
    let cmd = json!({"cmd": ["crm.deal.get?id=1", "crm.item.list?entityTypeId=2&start=-1"]});
    let reply = bench.v2("batch", &cmd).await;
    assert!((3.0..3.2).contains(&operating(&reply.body["time"])), "{}", reply.body["time"]);
    assert_eq!(reply.result()["result_time"][0]["operating"], 6, "its method's own");
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.body["time"]["operating"], 12);
}

/// Six seconds; every method may spend ten.
const DEAR: &str = "crm.deal.get?id=1";

fn batch_only(weight: f64) -> Bench {
    costly(Limits::default().with_batch_billing(BatchBilling::BatchOnly(weight)))
}

#[tokio::test]
async fn a_batch_that_pays_alone_leaves_the_counters_of_its_methods_where_they_are() {
    let bench = batch_only(0.5);
    // Eighteen seconds of one method pass within one batch, as nothing is checked inside.
    let reply = bench.v2("batch", &json!({"cmd": vec![DEAR; 3]})).await;
    assert_eq!(reply.result()["result_error"], json!([]));
    assert!((9.0..9.1).contains(&operating(&reply.body["time"])), "{}", reply.body["time"]);
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.body["time"]["operating"], 6, "only this call's");
}

#[tokio::test]
async fn every_command_of_a_batch_that_pays_alone_tells_the_counter_of_the_batch() {
    let reply = batch_only(0.5).v2("batch", &json!({"cmd": [DEAR, "nope", "profile"]})).await;
    let (times, whole) = (&reply.result()["result_time"], &reply.body["time"]);
    for key in ["0", "2"] {
        for told in ["operating", "operating_reset_at"] {
            assert!(times[key][told].is_number() && times[key][told] == whole[told], "{key} {told}: {times} {whole}");
        }
    }
    assert_eq!(times.as_object().map(serde_json::Map::len), Some(2), "what failed has no time");
    assert_ne!(times["0"]["duration"], times["2"]["duration"], "how long each took is its own");

    let limits = Limits::default().with_batch_billing(BatchBilling::BatchOnly(0.5)).with_operating_reported(false);
    let reply = costly(limits).v2("batch", &json!({"cmd": [DEAR]})).await;
    assert!(reply.result()["result_time"][0].get("operating").is_none());
}

#[tokio::test]
async fn a_batch_that_pays_alone_is_refused_alone() {
    let bench = batch_only(0.5);
    bench.v2("batch", &json!({"cmd": vec![DEAR; 4]})).await.result();
    let reply = bench.v2("batch", &json!({"cmd": ["profile"]})).await;
    assert_eq!((reply.status, reply.error()), (429, "OPERATION_TIME_LIMIT"));
    assert_eq!(bench.v3("batch", &json!([])).await.trouble(), "RATELIMIT", "both generations have one `batch`");
    assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn a_blocked_method_runs_in_a_batch_that_pays_alone() {
    let cmd = json!({"cmd": [DEAR]});
    for (billing, refused) in [(BatchBilling::CommandsAndBatch(0.5), true), (BatchBilling::BatchOnly(0.5), false)] {
        let bench = costly(Limits::default().with_batch_billing(billing).with_shared_batch_key(false));
        for _ in 0..2 {
            bench.v2("crm.deal.get", &json!({"id": 1})).await.result();
        }
        assert_eq!(bench.v2("crm.deal.get", &json!({"id": 1})).await.status, 429);
        let reply = bench.v2("batch", &cmd).await;
        assert_eq!(reply.result()["result_error"] != json!([]), refused, "{billing:?}");
    }
}

#[tokio::test]
async fn v3_first_error_is_the_whole_answer_but_rolls_nothing_back() {
    let bench = Bench::new();
    let reply = bench
        .v3(
            "batch",
            &json!([
                {"method": "tasks.task.add", "query": {"fields": {"title": "kept", "creatorId": 1, "responsibleId": 1}}},
                {"method": "tasks.task.get", "query": {"id": 999_999}},
                {"method": "tasks.task.delete", "query": {"id": 1}},
            ]),
        )
        .await;
    assert_eq!((reply.status, reply.trouble()), (400, "ENTITYNOTFOUND"));
    assert!(reply.body.get("result").is_none());
    let kept = bench.v3("tasks.task.get", &json!({"id": 121, "select": ["title"]})).await;
    assert_eq!(kept.result()["item"]["title"], "kept");
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn v3_names_are_resolved_before_anything_runs() {
    let bench = Bench::new();
    let reply = bench
        .v3("batch", &json!([{"method": "tasks.task.delete", "query": {"id": 1}}, {"method": "nope", "query": {}}]))
        .await;
    assert_eq!((reply.status, reply.trouble()), (400, "METHODNOTFOUND"));
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn v3_a_batch_in_a_batch_is_refused_before_anything_runs() {
    let bench = Bench::new();
    let items = json!([{"method": "tasks.task.delete", "query": {"id": 1}}, {"method": "batch", "query": {}}]);
    let reply = bench.v3("batch", &items).await;
    assert_eq!((reply.status, reply.trouble()), (400, "METHODNOTFOUND"));
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.status, 200);
}

#[tokio::test]
async fn v3_malformed_batches_are_invalid_selects() {
    let bench = Bench::new();
    let item = |alias: &str| json!({"method": "tasks.task.get", "query": {"id": 1}, "as": alias});
    for body in [
        json!({"cmd": {"a": "tasks.task.get?id=1"}}),
        json!([{"method": "tasks.task.get"}]),
        json!([{"query": {}}]),
        json!([item("a"), item("a")]),
        json!([{"method": "tasks.task.get", "query": {"id": {"$ref": "0.id"}}}]),
        json!([]),
    ] {
        let reply = bench.v3("batch", &body).await;
        assert_eq!((reply.status, reply.trouble()), (400, "INVALIDSELECT"), "{body}");
    }
}

#[tokio::test]
async fn v3_columns_feed_later_filters_and_fifty_one_items_pass() {
    let bench = Bench::new();
    let mut items = vec![
        json!({"method": "main.eventlog.list", "as": "log", "query": {"pagination": {"limit": 3}}}),
        json!({"method": "tasks.task.list", "query": {"filter": [["id", "in", {"$refArray": "log.id"}]]}}),
    ];
    items.resize(51, json!({"method": "tasks.task.get", "query": {"id": {"$ref": "log.1.id"}, "select": ["id"]}}));
    let reply = bench.v3("batch", &Value::Array(items)).await;
    assert_eq!(reply.result()[1], json!({"items": [{"id": 1}, {"id": 2}, {"id": 3}]}));
    assert_eq!(reply.result()[50], json!({"item": {"id": 2}}));
}

#[tokio::test]
async fn v3_counts_the_batch_and_not_its_items() {
    let limits = Limits::default().without_rate().with_operating(Duration::from_secs(10));
    let bench = Bench::with(Portal::builder().limits(limits).method_cost("tasks.task.get", Duration::from_secs(6)));
    let get = json!({"method": "tasks.task.get", "query": {"id": 1}});
    bench.v3("batch", &json!([get, get])).await.result();
    let reply = bench.v3("batch", &json!([get])).await;
    assert_eq!((reply.status, reply.trouble()), (429, "RATELIMIT"));
    assert_eq!(bench.v3("tasks.task.get", &json!({"id": 1})).await.status, 200);
}
