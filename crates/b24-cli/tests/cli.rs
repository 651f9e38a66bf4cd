//! The command as a stranger would use it: real processes, real sockets.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::{Value, json};

fn b24() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_b24"));
    command.env_remove("B24_HOOK").env_remove("B24_OAUTH").env_remove("SSL_CERT_FILE").env_remove("RUST_LOG");
    command
}

/// A running `b24 portal`; killed when dropped.
struct Portal {
    process: Child,
    description: Value,
}

impl Portal {
    fn start(arguments: &[&str]) -> Self {
        let mut process = b24()
            .args(["portal", "--port", "0"])
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { process, description: serde_json::from_str(&line).unwrap() }
    }

    fn hook(&self) -> &str {
        self.description["hookUrl"].as_str().unwrap()
    }
}

impl Drop for Portal {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn json_of(output: &Output) -> Value {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text:?}, {}", stderr(output)))
}

fn lines(output: &Output) -> Vec<Value> {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn run(hook: &str, arguments: &[&str], input: &str) -> Output {
    let mut process = b24()
        .env("B24_HOOK", hook)
        .arg("run")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses its arguments does not read.
    let _ = process.stdin.take().unwrap().write_all(input.as_bytes());
    process.wait_with_output().unwrap()
}

#[test]
fn the_demo_needs_nothing_and_prints_json_lines() {
    let output = b24().arg("demo").output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let lines = lines(&output);
    assert_eq!(lines[0]["result"]["ID"], "1");
    assert_eq!(lines.last().unwrap()["error"]["mayHaveRun"], false);
    assert!(stderr(&output).contains("> tasks.task.get"));
    // No colours where there is no terminal.
    assert!(!stderr(&output).contains('\x1b'));
}

#[test]
fn one_call_prints_one_object() {
    let portal = Portal::start(&[]);
    let output = b24().env("B24_HOOK", portal.hook()).args(["call", "profile"]).output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
    let answer = json_of(&output);
    assert_eq!(answer["result"]["ID"], "1");
    assert!(answer["time"]["duration"].is_number());
    assert_eq!(stderr(&output), "");
}

#[test]
fn parameters_are_given_singly_or_as_json() {
    let portal = Portal::start(&["--rows", "60"]);
    let call = |arguments: &[&str]| {
        let output = b24().env("B24_HOOK", portal.hook()).arg("call").args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
        json_of(&output)
    };
    let single =
        ["crm.item.list", "-p", "entityTypeId=2", "-p", "select[]=id", "-p", "filter[>id]=58", "-p", "order[id]=DESC"];
    assert_eq!(call(&single)["result"], json!({ "items": [{ "id": 60 }, { "id": 59 }] }));
    let whole = ["tasks.task.get", "--api", "v3", "--params", r#"{"id":5,"select":["id"]}"#];
    assert_eq!(call(&whole)["result"], json!({ "item": { "id": 5 } }));

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("params.json");
    std::fs::write(&path, r#"{"entityTypeId":2,"id":7}"#).unwrap();
    let from_file = ["crm.item.get", "--params", &format!("@{}", path.display())];
    assert_eq!(call(&from_file)["result"]["item"]["id"], 7);
}

#[test]
fn a_refused_call_is_told_to_people_and_to_programs() {
    let portal = Portal::start(&[]);
    let output = b24().env("B24_HOOK", portal.hook()).args(["call", "no.such.method"]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let error = &json_of(&output)["error"];
    assert_eq!((&error["code"], &error["status"]), (&json!("ERROR_METHOD_NOT_FOUND"), &json!(404)));
    assert_eq!(stderr(&output), "b24: no.such.method: ERROR_METHOD_NOT_FOUND (status 404): Method not found!\n");
}

#[test]
fn a_portal_opens_an_application_in_a_frame() {
    let folder = tempfile::tempdir().unwrap();
    let app = folder.path().to_str().unwrap();
    let refused = b24().args(["portal", "--frame-app", app]).output().unwrap();
    assert_ne!(refused.status.code(), Some(0));
    assert!(stderr(&refused).contains("has no index.html"), "{}", stderr(&refused));

    std::fs::write(folder.path().join("index.html"), "<p>here</p>").unwrap();
    let portal = Portal::start(&["--frame-app", app, "--frame-app-port", "0"]);
    let text = |name: &str| portal.description[name].as_str().unwrap();
    assert_eq!(text("frameUrl"), format!("{}/frame/", text("url")));
    assert!(text("frameAppUrl").starts_with("http://127.0.0.1:") && text("frameAppUrl") != text("url"));
    assert!(Portal::start(&[]).description["frameUrl"].is_null());
    assert_eq!(b24().args(["portal", "--frame-app-port", "1"]).output().unwrap().status.code(), Some(2));
}

#[test]
fn a_portal_has_an_application_to_try_and_a_file_with_its_tokens() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("oauth.json");
    // What was there before, for everybody to read, is not kept.
    std::fs::write(&path, "old").unwrap();
    let portal =
        Portal::start(&["--oauth-file", path.to_str().unwrap(), "--redirect-uri", "http://127.0.0.1:1/callback"]);
    let text = |name: &str| portal.description[name].as_str().unwrap();
    assert!(text("authUrl").starts_with("http://127.0.0.1:") && text("authUrl") != text("url"));
    assert!(text("authorizeUrl").starts_with(&format!("{}/oauth/authorize/?client_id=local.", text("url"))));
    assert_eq!(text("oauthFile"), path.to_str().unwrap());

    let file: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    assert_eq!((&file["clientId"], &file["clientSecret"]), (&json!(text("clientId")), &json!(text("clientSecret"))));
    let mut names: Vec<&str> = file["params"].as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    let want = "accessToken applicationToken clientEndpoint domain expires expiresIn memberId refreshToken scope \
                serverEndpoint status userId";
    assert_eq!(names, want.split(' ').collect::<Vec<_>>());
    assert_eq!(file["params"]["serverEndpoint"], format!("{}/rest/", text("authUrl")));
    assert_eq!((&file["params"]["userId"], &file["params"]["expiresIn"]), (&json!(1), &json!(3600)));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_portal_with_its_own_authority_is_trusted_by_option_or_environment() {
    let folder = tempfile::tempdir().unwrap();
    let portal = Portal::start(&["--tls", folder.path().to_str().unwrap()]);
    let ca = portal.description["caPem"].as_str().unwrap();
    assert_eq!(Path::new(ca), folder.path().join("ca.pem"));
    let call = || {
        let mut command = b24();
        command.env("B24_HOOK", portal.hook()).args(["call", "profile"]);
        command
    };
    let option = call().args(["--ca", ca]).output().unwrap();
    assert!(option.status.success(), "{}", stderr(&option));
    let environment = call().env("SSL_CERT_FILE", ca).output().unwrap();
    assert!(environment.status.success(), "{}", stderr(&environment));
    let untrusted = call().output().unwrap();
    assert_eq!(untrusted.status.code(), Some(1));
    assert_eq!(json_of(&untrusted)["error"]["mayHaveRun"], false);
}

#[test]
fn unusable_arguments_are_told_without_repeating_the_webhook() {
    for (hook, code) in [
        ("", "HOOK_URL_EMPTY"),
        ("portal-s3cr3t", "HOOK_URL_INVALID"),
        ("http://portal.invalid/rest/1/s3cr3t/", "HOOK_URL_NOT_HTTPS"),
        ("https://portal.invalid/rest/1/s3cr3t/profile", "HOOK_URL_MALFORMED"),
        ("https://portal.invalid/rest/s3cr3t/1/", "HOOK_URL_USER_ID"),
    ] {
        let output = b24().args(["call", "profile", "--hook", hook]).output().unwrap();
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
        let said = stderr(&output);
        assert!(said.contains(code) && !said.contains("s3cr3t") && !said.contains("portal.invalid"), "{said}");
    }
    let none = b24().args(["call", "profile"]).output().unwrap();
    assert_eq!(none.status.code(), Some(2));
    assert!(stderr(&none).contains("B24_HOOK"));
}

#[test]
fn help_does_not_show_the_webhook_of_the_environment() {
    let output = b24().env("B24_HOOK", "https://p/rest/1/s3cr3t/").args(["call", "--help"]).output().unwrap();
    let help = String::from_utf8(output.stdout).unwrap();
    assert!(help.contains("B24_HOOK") && !help.contains("s3cr3t"), "{help}");
}

#[test]
fn bad_parameters_are_refused_before_anything_is_sent() {
    for arguments in [
        &["call", "a/b"][..],
        &["call", "profile", "--params", "[1]"],
        &["call", "profile", "--params", "{no"],
        &["call", "profile", "--params", "@/no/such/file"],
        &["call", "profile", "-p", "id"],
        &["call", "profile", "--ca", "/no/such/file"],
        &["call", "profile", "--api", "v4"],
        &["call", "profile", "--timeout", "soon"],
        &["run", "--restrictions", "[]"],
        &["run", "--concurrency", "0"],
        &["run", "/no/such/file"],
        &["dance"],
    ] {
        // Nobody listens there: sending would be status 1.
        let output = b24().env("B24_HOOK", "http://127.0.0.1:9/rest/1/s3cr3t/").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(output.stdout.is_empty(), "{arguments:?}");
    }
}

#[test]
fn operations_are_run_in_order_and_a_failure_does_not_stop_them() {
    let portal = Portal::start(&[]);
    let input = concat!(
        "{\"id\":\"a\",\"op\":\"call\",\"method\":\"crm.item.get\",\"params\":{\"entityTypeId\":2,\"id\":3}}\n",
        "\n",
        "{\"op\":\"call\",\"method\":\"a/b\"}\n",
        "{\"id\":7,\"op\":\"call\",\"api\":\"v3\",\"method\":\"tasks.task.get\",\"params\":{}}\n",
    );
    let output = run(portal.hook(), &[], input);
    assert_eq!(output.status.code(), Some(1));
    let lines = lines(&output);
    assert_eq!((&lines[0]["id"], &lines[0]["result"]["item"]["id"]), (&json!("a"), &json!(3)));
    assert_eq!((&lines[1]["id"], &lines[1]["error"]["code"]), (&json!(null), &json!("INVALID_METHOD")));
    assert_eq!((&lines[2]["id"], &lines[2]["soft"]), (&json!(7), &json!(true)));
    assert_eq!(lines[2]["error"]["validation"][0]["field"], "id");
}

#[test]
fn with_concurrency_slow_operations_overlap() {
    let portal = Portal::start(&["--latency", "100"]);
    let line = "{\"id\":1,\"op\":\"call\",\"method\":\"profile\"}\n";
    let output =
        run(portal.hook(), &["--concurrency", "20", "--restrictions", r#"{"maxRetries":0}"#], &line.repeat(20));
    assert_eq!(lines(&output).len(), 20);
    assert!(output.status.success());
}

#[test]
fn a_line_that_is_no_operation_ends_the_run_after_what_was_sent() {
    let portal = Portal::start(&[]);
    let input = "{\"id\":1,\"op\":\"call\",\"method\":\"profile\"}\n{not json s3cr3t\n{\"id\":2,\"op\":\"call\",\"method\":\"profile\"}\n";
    let output = run(portal.hook(), &[], input);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(lines(&output).len(), 1);
    let said = stderr(&output);
    assert!(said.contains("line 2") && !said.contains("s3cr3t"), "{said}");
}

#[test]
fn shell_completions_are_printed() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let output = b24().args(["completions", shell]).output().unwrap();
        assert!(output.status.success() && output.stdout.len() > 500, "{shell}");
    }
}

#[test]
fn the_trace_log_shows_no_secret() {
    let portal = Portal::start(&[]);
    let secret = portal.hook().trim_end_matches('/').rsplit('/').next().unwrap();
    let arguments = ["call", "profile", "-p", "PASSWORD=s3cr3tPw"];
    let output = b24().env("B24_HOOK", portal.hook()).env("RUST_LOG", "trace").args(arguments).output().unwrap();
    let log = stderr(&output);
    assert!(log.contains("b24.call") && log.contains(r#""PASSWORD":"***""#), "{log}");
    assert!(!log.contains(secret) && !log.contains("s3cr3tPw"));
}

#[test]
fn a_webhook_in_the_wrong_place_is_not_repeated() {
    let url = "https://portal.invalid/rest/1/s3cr3tHook/";
    for arguments in [
        &[url][..],
        &["run", url],
        &["call", "profile", url],
        &["call", "profile", "--ca", url],
        &["call", "profile", "--api", url],
        &["call", "profile", "--params", &format!("@{url}")],
        &["call", "profile", "--oauth", url],
        &["login", "--client-id", "x", "--portal", url, "--out", url],
        &["login", "--client-id", "x", "--portal", "p.invalid", "--auth-server", url],
        &["portal", "--port", url],
        &["list", url],
        &["list", "crm.deal.list", url],
        &["list", "crm.deal.list", "--where", url],
        &["list", "crm.deal.list", "--where", &format!("ID=[\"{url}\"]")],
        &["list", "crm.deal.list", "--page-size", url],
        &["batch", url],
        &["batch", "--concurrency", url],
        &["batch", "--restrictions", url],
        &["run", "--restrictions", &format!("\"{url}\"")],
        &["run", "--restrictions", &format!("{{\"{url}\":1}}")],
    ] {
        let output = b24().env("B24_HOOK", "http://127.0.0.1:9/rest/1/x/").args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        let said = stderr(&output);
        assert!(!said.contains("s3cr3tHook") && !said.is_empty(), "{said}");
    }
}

#[test]
fn output_that_nobody_reads_is_no_panic() {
    let portal = Portal::start(&[]);
    for arguments in
        [&["call", "profile"][..], &["call", "no.such.method"], &["demo"], &["completions", "bash"], &["--help"]]
    {
        let mut process = b24()
            .env("B24_HOOK", portal.hook())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(process.stdout.take());
        let output = process.wait_with_output().unwrap();
        assert!(matches!(output.status.code(), Some(0 | 1)), "{arguments:?}: {:?}", output.status);
        assert!(!stderr(&output).contains("panicked"), "{}", stderr(&output));
    }
}

#[test]
fn a_byte_order_mark_in_front_of_the_input_is_passed_over() {
    let portal = Portal::start(&[]);
    let output = run(portal.hook(), &[], "\u{feff}{\"id\":1,\"op\":\"call\",\"method\":\"profile\"}\n");
    assert!(output.status.success(), "{}", stderr(&output));
}
