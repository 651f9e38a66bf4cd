//! `b24 list` as a stranger would use it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "real processes run in real time")]

mod support;

use std::{
    io::{BufRead, BufReader},
    process::Output,
    time::Duration,
};

use b24_portal::{Fault, Limits, Portal, PortalBuilder};
use serde_json::{Value, json};
use support::{Served, rows, stderr};

fn portal() -> PortalBuilder {
    Portal::builder().rows(130).limits(Limits::off())
}

fn ids(output: &Output, key: &str) -> Vec<u64> {
    let id = |row: &Value| row[key].as_u64().or_else(|| row[key].as_str()?.parse().ok()).unwrap();
    rows(output).iter().map(id).collect()
}

#[test]
fn a_method_that_is_known_needs_no_keys() {
    let served = Served::new(portal());
    for (arguments, key) in [
        (&["crm.item.list", "-p", "entityTypeId=2"][..], "id"),
        (&["crm.deal.list"], "ID"),
        (&["tasks.task.list"], "id"),
        (&["tasks.task.list", "--api", "v3", "--select", "id", "--page-size", "100"], "id"),
        (&["crm.deal.list", "--by-offset"], "ID"),
        (&["crm.deal.list", "--exhaustive"], "ID"),
        (&["b24portal.thinning.list", "--id-key", "ID", "--exhaustive", "--resume-after", "0"], "ID"),
    ] {
        let output = served.run(&[&["list"], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        assert_eq!(stderr(&output), "");
        let ids = ids(&output, key);
        let all = if arguments[0].contains("thinning") { ids.len() } else { 130 };
        assert!(ids.len() == all && ids.is_sorted(), "{arguments:?}: {ids:?}");
    }
    let down = served.run(&["list", "crm.deal.list", "--descending", "--select", "ID"]);
    assert_eq!(ids(&down, "ID"), (1..=130).rev().collect::<Vec<_>>());
}

#[test]
fn rows_are_as_the_portal_wrote_them() {
    let served = Served::new(portal());
    served.portal.fault(Fault::reply(200, "application/json", "{\"result\":[{\"ID\":\"1\",\"n\":0.10,\n \"a\":1e3}]}"));
    let output = served.run(&["list", "crm.deal.list"]);
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "{\"ID\":\"1\",\"n\":0.10,  \"a\":1e3}\n");
}

#[test]
fn a_method_that_is_not_known_says_which_option_to_give() {
    let served = Served::new(portal());
    let output = served.run(&["list", "b24portal.thinning.list"]);
    assert_eq!(output.status.code(), Some(2));
    let said = stderr(&output);
    for option in ["--id-key", "--items-key", "--by-offset"] {
        assert!(said.contains(option), "{said}");
    }
    assert_eq!(served.portal.requests().len(), 0);
    let wrong = served.run(&["list", "profile", "--id-key", "ID"]);
    assert_eq!(wrong.status.code(), Some(1));
    assert!(stderr(&wrong).contains("--items-key"));
}

#[test]
fn a_limit_asks_for_no_page_too_many() {
    let served = Served::new(portal());
    for (arguments, limit, pages) in [
        (&["crm.deal.list"][..], 1, 1),
        (&["crm.deal.list"], 50, 1),
        (&["crm.deal.list"], 51, 2),
        (&["crm.deal.list"], 500, 3),
        (&["tasks.task.list", "--api", "v3", "--select", "id"], 100, 2),
    ] {
        served.portal.clear_requests();
        let output = served.run(&[&["list"], arguments, &["--limit", &limit.to_string()]].concat());
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!((rows(&output).len(), served.portal.requests().len()), (limit.min(130), pages), "{limit}");
    }
}

#[test]
fn conditions_are_written_for_their_generation() {
    let served = Served::new(portal());
    for (arguments, key, want) in [
        (&["crm.deal.list", "--where", "ID>128"][..], "ID", &[129, 130][..]),
        (&["crm.deal.list", "--where", "ID in 5,7"], "ID", &[5, 7]),
        (&["crm.deal.list", "--where", "ID >= 5", "--where", "ID<7"], "ID", &[5, 6]),
        (&["crm.deal.list", "--where", "TITLE~Deal 12", "--where", "ID>125"], "ID", &[126, 127, 128, 129]),
        (&["tasks.task.list", "--api", "v3", "--where", "id>128"], "id", &[129, 130]),
        (&["tasks.task.list", "--api", "v3", "--where", "id in 5,7", "--where", "id!=6"], "id", &[5, 7]),
    ] {
        let output = served.run(&[&["list", "--select", key], arguments].concat());
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        if arguments.iter().any(|argument| argument.contains("Deal 12")) {
            assert!(ids(&output, key).iter().all(|id| want.contains(id)), "{arguments:?}");
        } else {
            assert_eq!(ids(&output, key), want, "{arguments:?}");
        }
    }
}

#[test]
fn a_list_goes_on_after_a_cursor() {
    let served = Served::new(portal());
    for (arguments, key) in [
        (&["crm.deal.list", "--resume-after", "127"][..], "ID"),
        (&["crm.deal.list", "--resume-after", "\"127\""], "ID"),
        (&["tasks.task.list", "--api", "v3", "--resume-after", "127"], "id"),
    ] {
        let output = served.run(&[&["list", "--select", key], arguments].concat());
        assert_eq!(ids(&output, key), [128, 129, 130], "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn a_failure_half_way_keeps_the_rows_and_names_the_cursor() {
    let served = Served::new(portal());
    // The first page is the true one, in one piece.
    served.portal.fault(Fault::slow_body(1 << 20, Duration::ZERO));
    served.portal.fault(Fault::deleted().after_handler());
    let output = served.run(&["list", "crm.deal.list", "--select", "ID", "--limit", "120"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(ids(&output, "ID"), (1..=50).collect::<Vec<_>>());
    let said = stderr(&output);
    assert!(said.contains("PORTAL_DELETED"), "{said}");
    let (_, fragment) = said.trim_end().rsplit_once("go on with: ").expect(&said);
    assert_eq!(fragment, "--resume-after 50 --limit 70");
    let words: Vec<_> = fragment.split(' ').collect();
    let rest = served.run(&[&["list", "crm.deal.list", "--select", "ID"], &words[..]].concat());
    assert_eq!(ids(&rest, "ID"), (51..=120).collect::<Vec<_>>());
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_whole_rows_and_names_the_cursor() {
    // Many pages, so that it is not done before it is interrupted.
    let served = Served::new(portal().rows(5000).latency(Duration::from_millis(300)));
    let interrupt = |process: &std::process::Child| {
        let pid = process.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    };
    let output = served.run_until(&["list", "crm.deal.list", "--select", "ID"], 2, interrupt);
    assert_eq!(output.status.code(), Some(130));
    let ids = ids(&output, "ID");
    let last = ids.last().expect("rows");
    assert!(stderr(&output).contains(&format!("--resume-after {last}\n")), "{}", stderr(&output));
}

#[test]
fn a_reader_that_has_enough_ends_the_list_quietly() {
    let served = Served::new(portal().rows(5000));
    let mut process = served.command(&["list", "crm.deal.list"]).spawn().unwrap();
    let mut line = String::new();
    BufReader::with_capacity(64, process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = process.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output)), (Some(1), String::new()));
    assert_eq!(serde_json::from_str::<Value>(&line).unwrap()["ID"], json!("1"));
    assert!(served.portal.requests().len() < 50);
}

#[test]
fn arguments_that_make_no_sense_are_refused_before_anything_is_sent() {
    let served = Served::new(portal());
    for arguments in [
        &["a/b", "--id-key", "ID"][..],
        &["crm.deal.list", "--where", "ID"],
        &["crm.deal.list", "--where", "ID!=1", "--where", "ID!=2"],
        &["crm.deal.list", "--where", "ID>1", "-p", "FILTER[ID]=1"],
        &["crm.deal.list", "--select", "ID", "--params", r#"{"select":["ID"]}"#],
        &["crm.deal.list", "--params", r#"{"filter":[["ID",">",1]]}"#],
        &["crm.deal.list", "--page-size", "10"],
        &["crm.deal.list", "--limit", "0"],
        &["crm.deal.list", "--resume-after", ""],
        &["crm.deal.list", "--by-offset", "--resume-after", "5"],
        &["crm.deal.list", "--restrictions", "[]"],
        &["tasks.task.list", "--api", "v3", "--where", "title~x"],
        &["tasks.task.list", "--api", "v3", "--by-offset"],
        &["tasks.task.list", "--api", "v3", "--page-size", "1001"],
    ] {
        let output = served.run(&[&["list"], arguments].concat());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty() && !output.stderr.is_empty(), "{arguments:?}");
    }
    assert_eq!(served.portal.requests().len(), 0);
}

#[test]
fn the_trace_log_of_a_list_shows_no_secret() {
    let served = Served::new(portal());
    let hook = served.portal.hook_url();
    let secret = hook.trim_end_matches('/').rsplit('/').next().unwrap();
    let output = served.command(&["list", "crm.deal.list", "--limit", "60"]).env("RUST_LOG", "trace").output().unwrap();
    let log = stderr(&output);
    assert!(log.contains("crm.deal.list") && !log.contains(secret));
}
