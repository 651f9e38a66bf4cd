//! `b24 batch` as a stranger would use it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "real processes run in real time")]

mod support;

use std::io::Write;

use b24_portal::{Fault, Limits, Portal, PortalBuilder};
use serde_json::{Value, json};
use support::{Served, rows, stderr};

fn portal() -> PortalBuilder {
    Portal::builder().rows(200).limits(Limits::off())
}

fn get(id: u64) -> String {
    format!("[\"crm.deal.get\",{{\"id\":{id}}}]\n")
}

fn keys(rows: &[Value]) -> Vec<Value> {
    rows.iter().map(|row| row["key"].clone()).collect()
}

#[test]
fn rows_come_in_the_order_of_the_commands() {
    let served = Served::new(portal());
    let input: String = (1..=120).map(get).collect();
    for arguments in [&["batch"][..], &["batch", "--concurrency", "3"], &["batch", "--halt-on-error"], &["batch", "-"]]
    {
        served.portal.clear_requests();
        let output = served.feed(arguments, &input);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(stderr(&output), "");
        let rows = rows(&output);
        assert_eq!(keys(&rows), (0..120).map(|key| json!(key)).collect::<Vec<_>>());
        let ids: Vec<_> = rows.iter().map(|row| row["result"]["ID"].clone()).collect();
        assert_eq!(ids, (1..=120).map(|id| json!(format!("{id}"))).collect::<Vec<_>>(), "{arguments:?}");
        assert_eq!(served.portal.requests().len(), 3);
    }
}

#[test]
fn a_file_holds_commands_in_either_form() {
    let served = Served::new(portal());
    let mut file = tempfile::NamedTempFile::new().unwrap();
    writeln!(file, "\u{feff}[\"profile\"]\n\n{{\"method\":\"crm.deal.get\",\"params\":{{\"id\":7}},\"as\":\"seven\"}}")
        .unwrap();
    writeln!(file, "{{\"method\":\"crm.deal.get\",\"params\":{{\"id\":8}},\"as\":\"seven\"}}").unwrap();
    let output = served.run(&["batch", file.path().to_str().unwrap()]);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = rows(&output);
    assert_eq!(keys(&rows), [json!(0), json!("seven"), json!("seven")]);
    assert_eq!(rows[2]["result"]["ID"], "8");
}

#[test]
fn a_command_that_fails_does_not_stop_the_others() {
    let served = Served::new(portal());
    let input = [get(1), get(9999), "[\"a/b\"]\n".to_owned(), get(2)].concat();
    let output = served.feed(&["batch"], &input);
    assert_eq!(output.status.code(), Some(1));
    let rows = rows(&output);
    assert_eq!(rows.iter().map(|row| row["ok"] == true).collect::<Vec<_>>(), [true, false, false, true]);
    assert_eq!(rows[2]["error"]["code"], "INVALID_METHOD");
    assert!(stderr(&output).contains("2 of 4 commands failed, the first on line 2"), "{}", stderr(&output));
}

#[test]
fn nothing_is_sent_after_a_failure_that_halts() {
    let served = Served::new(portal());
    let input: String = (1..=60).map(|id| get(if id == 10 { 9999 } else { id })).collect();
    let output = served.feed(&["batch", "--halt-on-error"], &input);
    assert_eq!(output.status.code(), Some(1));
    let rows = rows(&output);
    assert_eq!((rows.len(), served.portal.requests().len()), (50, 1));
    assert_eq!((&rows[9]["ok"], &rows[10]), (&json!(false), &json!({ "key": 10, "skipped": true })));
    assert!(stderr(&output).contains("line 10 failed; nothing after line 50 was sent"), "{}", stderr(&output));
}

#[test]
fn a_line_that_is_no_command_is_the_end() {
    let served = Served::new(portal());
    for bad in [
        "{not json s3cr3t",
        "[]",
        "\"profile\"",
        "{\"method\":\"profile\",\"s3cr3t\":1}",
        "[\"crm.deal.get\",{\"id\":\"$result[0][ID]\"}]",
    ] {
        for concurrency in ["1", "4"] {
            let input = [&(1..=60).map(get).collect::<String>(), bad, "\n", &get(7)].concat();
            let output = served.feed(&["batch", "--concurrency", concurrency], &input);
            assert_eq!(output.status.code(), Some(2), "{bad}");
            assert_eq!(rows(&output).len(), 60, "{bad}");
            let said = stderr(&output);
            assert!(said.contains("line 61") && !said.contains("s3cr3t"), "{said}");
        }
    }
}

#[test]
fn one_batch_may_refer_to_its_own_commands() {
    let served = Served::new(portal());
    let input = "{\"method\":\"crm.deal.get\",\"params\":{\"id\":7},\"as\":\"deal\"}\n\
                 {\"method\":\"crm.company.get\",\"params\":{\"id\":\"$result[deal][COMPANY_ID]\"},\"as\":\"company\"}\n";
    let output = served.feed(&["batch", "--one"], input);
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = rows(&output);
    assert_eq!(keys(&rows), [json!("deal"), json!("company")]);
    assert_eq!(rows[0]["result"]["COMPANY_ID"], rows[1]["result"]["ID"]);
    assert_eq!(served.portal.requests().len(), 1);
}

#[test]
fn one_batch_is_sent_as_a_whole_or_not_at_all() {
    let served = Served::new(portal());
    let refused = [
        [get(1), "{no\n".to_owned()].concat(),
        (1..=51).map(get).collect(),
        [get(1), "{\"method\":\"profile\",\"as\":\"x\"}\n".to_owned()].concat(),
        "[\"crm.deal.get\",{\"id\":\"$result[4][ID]\"}]\n".to_owned(),
        "[\"crm.deal.update\",{\"id\":1,\"fields\":{\"TITLE\":null}}]\n".to_owned(),
    ];
    for input in refused {
        let output = served.feed(&["batch", "--one"], &input);
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{input}");
        assert_ne!(stderr(&output), "");
    }
    assert_eq!(served.portal.requests().len(), 0);
    let output = served.feed(&["batch", "--one"], &[get(1), get(9999), get(2)].concat());
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(rows(&output)[2], json!({ "key": 2, "skipped": true }));
}

#[test]
fn what_a_batch_cannot_carry_is_sent_singly_and_keeps_its_place() {
    let served = Served::new(portal());
    let empty = "{\"method\":\"crm.deal.update\",\"params\":{\"id\":2,\"fields\":{\"TITLE\":null}},\"as\":\"empty\"}\n";
    let output = served.feed(&["batch"], &[&get(1), empty, &get(3)].concat());
    assert!(output.status.success(), "{}", stderr(&output));
    let rows = rows(&output);
    assert_eq!(keys(&rows), [json!(0), json!("empty"), json!(2)]);
    assert_eq!(rows[1]["result"], true);
    assert_eq!(served.portal.requests().len(), 3);
}

#[test]
fn a_batch_that_is_lost_gives_the_error_for_each_of_its_commands() {
    let served = Served::new(portal());
    served.portal.fault(Fault::lost_response());
    let add = "{\"method\":\"crm.deal.add\",\"params\":{\"fields\":{\"TITLE\":\"x\"}},\"as\":\"new\"}\n";
    let input = [(1..=49).map(get).collect::<String>(), add.to_owned(), get(1)].concat();
    let output = served.feed(&["batch"], &input);
    assert_eq!(output.status.code(), Some(1));
    let rows = rows(&output);
    assert_eq!((rows.len(), &rows[49]["key"], &rows[50]["ok"]), (51, &json!("new"), &json!(true)));
    assert!(rows[..50].iter().all(|row| row["error"]["mayHaveRun"] == true), "{}", rows[0]);
    assert!(stderr(&output).contains("the request with 50 commands from 0 to 49 failed"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn ctrl_c_waits_for_what_is_under_way() {
    let served = Served::new(portal().latency(std::time::Duration::from_secs(2)));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all((1..=150).map(get).collect::<String>().as_bytes()).unwrap();
    let interrupt = |process: &std::process::Child| {
        let pid = process.id().to_string();
        assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    };
    let output = served.run_until(&["batch", file.path().to_str().unwrap()], 1, interrupt);
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    assert_eq!(rows(&output).len(), 50);
    assert_eq!(stderr(&output), "b24: interrupted; nothing after line 50 was sent\n");
}

#[test]
fn no_commands_are_no_failure() {
    let served = Served::new(portal());
    for arguments in [&["batch"][..], &["batch", "--one"]] {
        let output = served.feed(arguments, "\n\n");
        assert_eq!((output.status.code(), output.stdout.len(), output.stderr.len()), (Some(0), 0, 0));
    }
}
