//! `b24 listen`: the embedded portal posts, and so does the test.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "real processes run in real time")]

mod support;

use std::{
    io::{BufRead, BufReader},
    net::{TcpListener, TcpStream},
    process::Output,
    time::Duration,
};

use b24_portal::{Limits, Portal, RobotCall};
use serde_json::{Value, json};

use support::{
    Served, assert_private,
    listening::{Listening, b24},
    stderr, wait_for,
};

const TOKEN: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

fn served() -> Served {
    Served::new(Portal::builder().limits(Limits::off()))
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn event(name: &str) -> String {
    format!("event={name}&auth[application_token]={TOKEN}")
}

#[test]
fn a_write_arrives_as_a_verified_event() {
    let served = served();
    // Portals of one seed give the same tokens, and this one has to be known before there is an address.
    let twin =
        Portal::builder().outgoing_webhook(["A"], "http://127.0.0.1/").outgoing_webhook(["A"], "http://127.0.0.1/");
    let hooks = twin.in_process().outgoing_webhooks();
    let token = |number: usize| hooks[number].application_token();
    let one = Listening::start(&["--application-token", token(0)]);
    let tokens = format!("{},{}", token(0), token(1));
    let both = Listening::spawn(b24(&["listen", "--port", "0"]).env("B24_APPLICATION_TOKEN", tokens));
    for url in [one.url(), both.url()] {
        served.portal.outgoing_webhook(["ONCRMDEALADD"], url);
    }
    let output = served.run(&["call", "crm.deal.add", "-p", "fields[TITLE]=x"]);
    let id = serde_json::from_slice::<Value>(&output.stdout).unwrap()["result"].clone();

    let row = one.row();
    assert_eq!((&row["kind"], &row["name"], &row["verified"]), (&json!("event"), &json!("ONCRMDEALADD"), &json!(true)));
    assert_eq!(row["data"], json!({ "FIELDS": { "ID": id.to_string() } }));
    assert!(row["handlerId"].is_u64() && row["received"].is_string() && row["sent"].is_string(), "{row}");
    assert_eq!((&row["auth"]["application_token"], row["auth"].get("access_token")), (&json!("***"), None));
    assert_eq!(row["auth"]["member_id"], served.portal.member_id());
    // The second webhook has a token of its own.
    assert_eq!(both.row()["verified"], true);
    one.post(&format!("event=A&auth[application_token]={}", token(1)));
    assert_eq!(one.row()["verified"], false);
}

#[test]
fn robots_and_pages_are_shown_beside_events() {
    let served = served();
    let app_token = served.portal.application().application_token().to_owned();
    let listening = Listening::start(&["--application-token", &app_token]);
    let robot = RobotCall::new("send_sms").property("phone", "+1 555 0100").waits(Duration::from_secs(600));
    // Letters are sent on the portal's runtime.
    let inside = served.runtime.enter();
    let token = served.portal.run_robot(&listening.url(), &robot);
    drop(inside);
    let row = listening.row();
    assert_eq!((&row["kind"], &row["name"], &row["verified"]), (&json!("robot"), &json!("send_sms"), &json!(true)));
    assert_eq!(row["data"]["properties"], json!({ "phone": "+1 555 0100" }));
    assert_eq!((&row["data"]["event_token"], &row["data"]["timeout_duration"]), (&json!("***"), &json!(600)));

    let page = served.portal.install(1);
    let target = format!("/app?x=1&{}", page.page_query());
    listening.post_to(&target, "application/x-www-form-urlencoded", &page.page_form());
    let row = listening.row();
    assert_eq!((&row["kind"], &row["name"], &row["verified"]), (&json!("page"), &json!("DEFAULT"), &json!(true)));
    assert_eq!((&row["auth"]["domain"], &row["data"]["LANG"]), (&json!(page.domain()), &json!("en")));

    listening.post_to("/", "application/json", r#"{"event":"OnX","data":{"a":[1]},"auth":{"user_id":5}}"#);
    let row = listening.row();
    assert_eq!((&row["name"], &row["data"], &row["verified"]), (&json!("ONX"), &json!({"a": [1]}), &json!(false)));
    let shown = format!("{row}{}", listening.said());
    assert!(!shown.contains(&token) && !shown.contains(page.access_token()) && !shown.contains(&app_token));
}

#[test]
fn what_is_not_genuine_not_readable_or_not_posted_is_told_apart() {
    let listening = Listening::start(&[]);
    listening.post(&event("A"));
    // Twice is twice.
    listening.post(&event("A"));
    listening.post("nonsense=1");
    listening.post_to("/", "application/json", "{half");
    for (request, status) in [
        ("GET /health?token=s3cr3t HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", "405"),
        (
            "POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: 0\r\n\r\n",
            "415",
        ),
        ("POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2000000\r\n\r\n", "413"),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let answer = listening.ask(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
    }
    for _ in 0..2 {
        let row = listening.row();
        assert_eq!((&row["name"], &row["verified"], &row["sent"]), (&json!("A"), &Value::Null, &Value::Null));
    }
    for message in ["the body is neither an event nor the call of a robot nor a page", "the body is no JSON object"] {
        let row = listening.row();
        assert_eq!((&row["kind"], &row["error"]["message"]), (&json!("unreadable"), &json!(message)));
        assert!(row["received"].is_string() && row["verified"].is_null());
    }
    wait_for(|| listening.said().contains("b24: GET /health was answered with 405 Method Not Allowed\n"));
    assert!(!listening.said().contains("s3cr3t"));
}

#[test]
fn with_only_verified_the_rest_is_told_on_standard_error() {
    let listening = Listening::start(&["--only-verified", "--application-token", TOKEN, "--count", "1"]);
    listening.post("event=FORGED&auth[application_token]=51856");
    listening.post("nonsense=1");
    listening.post(&event("GENUINE"));
    let output = listening.end();
    assert!(output.status.success());
    assert_eq!(stdout(&output).lines().count(), 1);
    assert!(stdout(&output).contains("GENUINE"));
    let said = stderr(&output);
    assert!(said.contains("left out event FORGED") && said.contains("left out an unreadable body"), "{said}");

    for token in [None, Some("")] {
        let mut command = b24(&["listen", "--port", "0", "--only-verified"]);
        let output = command.envs(token.map(|token| ("B24_APPLICATION_TOKEN", token))).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(&output));
    }
}

#[test]
fn a_token_or_a_command_that_is_empty_is_refused() {
    let (nothing, gap) = (Some(""), Some("51856fefc120,"));
    let no_token = "an empty application token verifies nothing: leave it out, or unset B24_APPLICATION_TOKEN";
    for (token, more, said) in [
        (nothing, &[][..], no_token),
        (gap, &[], no_token),
        (None, &["--application-token", ""], no_token),
        (None, &["--forward", ""], "a value is required for '--forward <CMD>'"),
    ] {
        let mut command = b24(&["listen", "--port", "0"]);
        let output = command.args(more).envs(token.map(|token| ("B24_APPLICATION_TOKEN", token))).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(&output));
        assert!(stderr(&output).contains(said) && !stderr(&output).contains("51856"), "{}", stderr(&output));
    }
}

#[test]
fn no_secret_shows_in_output_help_or_trace() {
    let mut command = b24(&["listen", "--port", "0", "--count", "2", "--forward", "cat"]);
    let listening = Listening::spawn(command.env("RUST_LOG", "trace").env("B24_APPLICATION_TOKEN", TOKEN));
    let secrets = ["s3cr3tAccess", "s3cr3tRefresh", "s3cr3tStep", "s3cr3tBot", TOKEN];
    listening.post(&format!(
        "{}&auth[access_token]=s3cr3tAccess&auth[refresh_token]=s3cr3tRefresh&data[BOT][1][access_token]=s3cr3tBot",
        event("X")
    ));
    listening.post(&format!("code=r&workflow_id=w&event_token=s3cr3tStep&auth[application_token]={TOKEN}"));
    let output = listening.end();
    assert!(output.status.success());
    let seen = format!("{}{}", stdout(&output), stderr(&output));
    assert!(seen.contains(r#""name":"X","verified":true"#), "{seen}");
    for secret in secrets {
        assert!(!seen.contains(secret), "{secret}: {seen}");
    }
    let help = b24(&["listen", "--help"]).env("B24_APPLICATION_TOKEN", TOKEN).output().unwrap();
    assert!(help.status.success() && !stdout(&help).contains(TOKEN));
}

#[cfg(unix)]
#[test]
fn a_command_gets_each_delivery_in_order_and_may_fail() {
    let folder = tempfile::tempdir().unwrap();
    let script = r#"cat >> seen; echo "$B24_EVENT $B24_EVENT_KIND" | tee -a names; test "$B24_EVENT" != B"#;
    let mut command =
        b24(&["listen", "--port", "0", "--count", "5", "--application-token", TOKEN, "--forward", script]);
    let listening = Listening::spawn(command.current_dir(folder.path()));
    for name in ["A", "B", "C"] {
        listening.post(&event(name));
    }
    listening.post("event=FORGED&auth[application_token]=x");
    listening.post("nonsense=1");
    let output = listening.end();
    assert!(output.status.success());
    let lines: Vec<String> = stdout(&output).lines().map(str::to_owned).collect();
    let seen = std::fs::read_to_string(folder.path().join("seen")).unwrap();
    // Neither the forged nor the unreadable one.
    assert_eq!(seen.lines().collect::<Vec<_>>(), lines[..3]);
    assert_eq!(std::fs::read_to_string(folder.path().join("names")).unwrap(), "A event\nB event\nC event\n");
    let said = stderr(&output);
    assert!(said.contains("b24: --forward of event B: exit status: 1\n") && said.contains("C event\n"), "{said}");
}

#[cfg(unix)]
#[test]
fn a_command_that_does_not_read_holds_nothing_up() {
    let listening = Listening::start(&["--forward", "exit 0"]);
    let body = format!("event=BIG&data[T]={}", "x".repeat(300_000));
    for _ in 0..3 {
        listening.post(&body);
        assert_eq!(listening.row()["name"], "BIG");
    }
    assert!(!listening.said().contains("--forward of"), "{}", listening.said());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_with_130_after_the_command_that_runs() {
    let folder = tempfile::tempdir().unwrap();
    let script = "echo begun >> log; while test ! -e go; do sleep 0.01; done; echo ended >> log";
    let listening = Listening::spawn(b24(&["listen", "--port", "0", "--forward", script]).current_dir(folder.path()));
    let (log, url) = (folder.path().join("log"), ("127.0.0.1", listening.port));
    listening.post(&event("A"));
    listening.post(&event("B"));
    wait_for(|| log.exists());
    support::interrupt(&listening.process);
    // Nobody is let in any more.
    wait_for(|| TcpStream::connect(url).is_err());
    std::fs::write(folder.path().join("go"), "").unwrap();
    let output = listening.end();
    assert_eq!(output.status.code(), Some(130), "{}", stderr(&output));
    // The second was answered, and is printed; no command begins any more.
    assert_eq!(stdout(&output).lines().count(), 2);
    assert_eq!(std::fs::read_to_string(log).unwrap(), "begun\nended\n");

    let listening = Listening::start(&[]);
    support::signal(&listening.process, "-TERM");
    let output = listening.end();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn an_inbox_keeps_what_was_not_forwarded_for_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    let start = |more: &[&str]| {
        let mut command = b24(&["listen", "--port", "0", "--inbox", "inbox.db"]);
        Listening::spawn(command.args(more).current_dir(folder.path()))
    };
    let listening = start(&["--forward", "touch begun; while test ! -e go; do sleep 0.01; done"]);
    assert_private(&folder.path().join("inbox.db"));
    listening.post(&event("A"));
    listening.post(&event("B"));
    assert_eq!(listening.row()["name"], "A");
    wait_for(|| folder.path().join("begun").exists());
    let taken = b24(&["listen", "--port", "0", "--inbox", "inbox.db"]).current_dir(folder.path()).output().unwrap();
    assert_eq!((taken.status.code(), taken.stdout.len()), (Some(2), 0), "{}", stderr(&taken));
    assert!(stderr(&taken).contains("another process uses the inbox"), "{}", stderr(&taken));
    // Killed at the worst moment.
    drop(listening);
    std::fs::write(folder.path().join("go"), "").unwrap();

    let listening = start(&["--count", "1"]);
    assert_eq!(listening.row()["name"], "A");
    let output = listening.end();
    assert!(output.status.success() && stderr(&output).contains("1 delivery left in the inbox"), "{}", stderr(&output));
    let listening = start(&[]);
    assert_eq!(listening.row()["name"], "B");
    support::interrupt(&listening.process);
    let output = listening.end();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0));
    assert!(!stderr(&output).contains("left in the inbox"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_delivery_whose_command_was_interrupted_comes_again_the_next_time() {
    let folder = tempfile::tempdir().unwrap();
    // As Ctrl-C in a terminal does; the second time the command fails, which is another matter.
    let script = "test -e first && exit 1; touch first; kill -INT $$";
    let start = || {
        let mut command = b24(&["listen", "--port", "0", "--inbox", "inbox.db", "--forward", script]);
        Listening::spawn(command.current_dir(folder.path()))
    };
    for (left, failure) in [(true, "signal: 2"), (false, "exit status: 1")] {
        let listening = start();
        if left {
            listening.post(&event("A"));
        }
        assert_eq!(listening.row()["name"], "A");
        wait_for(|| listening.said().contains("--forward of event A"));
        support::interrupt(&listening.process);
        let said = stderr(&listening.end());
        assert!(said.contains(failure), "{said}");
        assert_eq!(said.contains("1 delivery left in the inbox for the next time"), left, "{said}");
    }
}

#[test]
fn a_closed_output_ends_it_without_a_word() {
    let mut process = b24(&["listen", "--port", "0"]).spawn().unwrap();
    // Nobody reads it.
    drop(process.stdout.take());
    let listening = Listening::of(process);
    listening.post(&event("A"));
    let output = listening.end();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(stderr(&output).lines().count(), 1, "{}", stderr(&output));
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let output = b24(&["listen", "--port", &port]).output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(stderr(&output).contains(&format!("cannot listen on 127.0.0.1:{port}")), "{}", stderr(&output));
}

#[test]
fn idle_visitors_stand_in_nobodys_way() {
    let listening = Listening::start(&["--count", "1"]);
    let _idle: Vec<_> = (0..50).map(|_| TcpStream::connect(("127.0.0.1", listening.port)).unwrap()).collect();
    listening.post(&event("A"));
    let output = listening.end();
    assert!(output.status.success());
    assert_eq!(stdout(&output).lines().count(), 1);
}

#[test]
fn the_command_of_a_portal_posts_to_a_listener() {
    let listening = Listening::start(&[]);
    let portal = b24(&["portal", "--event-handler", &listening.url(), "--outgoing-webhook", &listening.url()]).spawn();
    let mut portal = portal.unwrap();
    let mut description = String::new();
    BufReader::new(portal.stdout.take().unwrap()).read_line(&mut description).unwrap();
    let description: Value = serde_json::from_str(&description).unwrap();
    let row = listening.row();
    assert_eq!((&row["name"], &row["auth"]["refresh_token"]), (&json!("ONAPPINSTALL"), &json!("***")));
    let hook = &description["outgoingWebhooks"][0];
    assert_eq!((&hook["url"], hook["events"].as_array().unwrap().len()), (&json!(listening.url()), 18));
    assert!(description["applicationToken"].is_string() && description["applicationToken"] != hook["applicationToken"]);
    for method in ["crm.deal.update", "crm.contact.delete", "tasks.task.delete"] {
        let mut call = b24(&["call", method, "--params", r#"{"id": 5, "taskId": 5, "fields": {"TITLE": "x"}}"#]);
        let output = call.env("B24_HOOK", description["hookUrl"].as_str().unwrap()).output().unwrap();
        assert!(output.status.success(), "{}", stdout(&output));
    }
    let names: Vec<_> = (0..3).map(|_| listening.row()["name"].as_str().unwrap().to_owned()).collect();
    for name in ["ONCRMDEALUPDATE", "ONCRMCONTACTDELETE", "ONTASKDELETE"] {
        assert!(names.iter().any(|seen| seen == name), "{names:?}");
    }
    portal.kill().unwrap();
    portal.wait().unwrap();

    for wrong in ["https://127.0.0.1/", "http://app.example/"] {
        let output = b24(&["portal", "--outgoing-webhook", wrong]).output().unwrap();
        assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(&output));
    }
}
