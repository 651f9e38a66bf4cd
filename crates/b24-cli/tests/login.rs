//! `b24 login`: the test plays the browser.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "real processes run in real time")]

mod support;

use std::{
    io::Write,
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Command, Output, Stdio},
};

use b24_portal::Fault;
use serde_json::{Value, json};

use support::{
    assert_private,
    desk::{Desk, Waiting, value},
    read_json, rows, stderr, wait_for, write_private,
};

#[test]
fn a_login_writes_a_private_file_that_calls_can_be_made_with() {
    let desk = Desk::new();
    let waiting = desk.begin(&[]);
    assert!(waiting.authorize_url.starts_with(&format!("{}/oauth/authorize/?", desk.portal().url())));
    assert!(waiting.authorize_url.contains("client_id=local"));
    let page = waiting.come_back();
    assert!(page.starts_with("HTTP/1.1 200 OK\r\n") && page.contains("You may close this page"), "{page}");
    for header in ["Referrer-Policy: no-referrer\r\n", "Cache-Control: no-store\r\n", "Content-Type: text/html"] {
        assert!(page.contains(header), "{page}");
    }
    let output = waiting.end();
    assert!(output.status.success(), "{}", stderr(&output));
    let line = &rows(&output)[0];
    assert_eq!((&line["oauthFile"], &line["portal"]), (&json!("oauth.json"), &json!(desk.portal().url())));
    assert_eq!(line["memberId"], desk.portal().member_id());
    assert!(stderr(&output).ends_with("  b24 call profile --oauth oauth.json\n"), "{}", stderr(&output));

    assert_private(&desk.file());
    assert_eq!(desk.files(), ["oauth.json"]);
    let file = read_json(&desk.file());
    let app = desk.portal().application();
    assert_eq!((&file["clientId"], &file["clientSecret"]), (&json!(app.client_id()), &json!(app.client_secret())));
    let call = |desk: &Desk| {
        let output = desk.served.run(&["call", "profile", "--oauth", desk.file().to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
        assert_eq!(rows(&output)[0]["result"]["ID"], "1");
    };
    call(&desk);
    desk.portal().expire_access_tokens();
    call(&desk);
    assert_eq!(desk.portal().token_exchanges(), 1);
}

#[test]
fn the_trace_log_of_a_login_shows_neither_code_nor_secret_nor_tokens() {
    let desk = Desk::new();
    let mut command = desk.command(&[]);
    command.env("RUST_LOG", "trace");
    let waiting = desk.start(command);
    let location = waiting.agree();
    let page = waiting.follow(&location);
    let output = waiting.end();
    assert!(output.status.success(), "{}", stderr(&output));
    let seen = format!("{}{}{page}", stderr(&output), String::from_utf8_lossy(&output.stdout));
    let file = read_json(&desk.file());
    let secrets = [
        value(&location, "code"),
        value(&location, "state"),
        file["clientSecret"].as_str().unwrap(),
        file["params"]["accessToken"].as_str().unwrap(),
        file["params"]["refreshToken"].as_str().unwrap(),
    ];
    assert!(seen.contains("TRACE"));
    assert!(secrets.iter().all(|secret| secret.len() > 8 && !seen.contains(secret)));
}

#[test]
fn other_visitors_get_a_page_and_the_login_goes_on() {
    let desk = Desk::new();
    let waiting = desk.begin(&[]);
    // Browsers open connections in advance.
    let _idle: Vec<_> = (0..5).map(|_| TcpStream::connect(("127.0.0.1", desk.port)).unwrap()).collect();
    let state = value(&waiting.authorize_url, "state").to_owned();
    let long = format!("GET /?code=c&state={state}&x={} HTTP/1.1\r\n\r\n", "x".repeat(40_000));
    for (request, status) in [
        ("GET /favicon.ico HTTP/1.1\r\n\r\n", "404"),
        ("GET / HTTP/1.1\r\n\r\n", "404"),
        ("GET /?code=<script>&state=0123 HTTP/1.1\r\n\r\n", "403"),
        ("GET /?code=c HTTP/1.1\r\n\r\n", "403"),
        (&format!("POST /?code=c&state={state} HTTP/1.1\r\nContent-Length: 0\r\n\r\n"), "405"),
        ("nonsense\r\n\r\n", "400"),
    ] {
        let answer = waiting.ask(request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{request:?}: {answer}");
        assert!(!answer.contains("<script>") && !answer.contains("0123"), "{answer}");
    }
    assert!(!waiting.ask(&long).contains("200 OK"));
    assert!(desk.portal().auth_requests().is_empty());
    assert!(waiting.come_back().contains("200 OK"));
    assert!(waiting.end().status.success());
}

#[test]
fn a_login_that_comes_to_nothing_leaves_no_file() {
    let desk = Desk::new();
    let waiting = desk.begin(&[]);
    let state = value(&waiting.authorize_url, "state").to_owned();
    assert!(waiting.get(&format!("/?error=access_denied&state={state}")).starts_with("HTTP/1.1 400 "));
    check_failed(&desk, &waiting.end(), "INVALID_REDIRECT");

    desk.portal().auth_fault(Fault::reply(400, "application/json", r#"{"error":"invalid_grant"}"#));
    let waiting = desk.begin(&[]);
    waiting.come_back();
    check_failed(&desk, &waiting.end(), "invalid_grant");

    let waiting = desk.begin(&["--wait", "0.2"]);
    check_failed(&desk, &waiting.end(), "REQUEST_TIMEOUT");
}

#[test]
fn an_authorisation_server_that_only_the_browser_names_is_told_nothing() {
    let desk = Desk::new();
    let waiting = desk.start(desk.command_with_any_server(&[]));
    waiting.come_back();
    check_failed(&desk, &waiting.end(), "UNTRUSTED_SERVER");
    assert!(desk.portal().auth_requests().is_empty());
}

#[test]
fn tokens_of_another_portal_than_the_one_asked_for_are_kept_only_by_force() {
    let desk = Desk::new();
    let asked = desk.portal().url().to_owned();
    let port = asked.rsplit(':').next().unwrap();
    let found = format!("http://localhost:{port}");
    desk.portal().rename(&found);
    let waiting = desk.begin(&[]);
    waiting.come_back();
    let output = waiting.end();
    assert!(stderr(&output).contains(&format!("--portal {found} ")) && stderr(&output).contains(&asked));
    check_failed(&desk, &output, "FOREIGN_TOKEN");

    // Nor are they kept where there are others already.
    write_private(&desk.file(), &without_tokens(&desk));
    let waiting = desk.begin(&[]);
    waiting.come_back();
    assert_eq!(waiting.end().status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(desk.file()).unwrap(), without_tokens(&desk));

    let (line, said) = desk.log_in(&["--force"]);
    assert_eq!(line["portal"], found);
    assert!(said.contains(&found) && said.contains(&asked), "{said}");
}

fn check_failed(desk: &Desk, output: &Output, code: &str) {
    assert_eq!(output.status.code(), Some(1), "{}", stderr(output));
    let error = &rows(output)[0]["error"];
    assert_eq!((&error["kind"], &error["code"]), (&json!("auth"), &json!(code)));
    assert!(stderr(output).contains(code), "{}", stderr(output));
    assert!(desk.files().is_empty(), "{:?}", desk.files());
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_login_and_leaves_no_file() {
    let desk = Desk::new();
    let waiting = desk.begin(&[]);
    support::interrupt(&waiting.process);
    let output = waiting.end();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(130), 0), "{}", stderr(&output));
    assert!(desk.files().is_empty(), "{:?}", desk.files());
}

/// A file as another login could have left it.
fn other(desk: &Desk, change: impl FnOnce(&mut Value)) -> String {
    let app = desk.portal().application();
    let mut content = json!({
        "clientId": app.client_id(), "clientSecret": app.client_secret(), "note": "mine",
        "params": {
            "memberId": "other", "accessToken": "oldAccess", "refreshToken": "oldRefresh",
            "clientEndpoint": "https://other.bitrix24.com/rest/", "serverEndpoint": "https://oauth.bitrix.info/rest/",
        },
    });
    change(&mut content);
    content.to_string()
}

/// One that was made by hand: the application alone.
fn without_tokens(desk: &Desk) -> String {
    other(desk, |content| drop(content.as_object_mut().unwrap().remove("params")))
}

fn check_refused(desk: &Desk, command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{}", stderr(&output));
    assert!(desk.portal().requests().is_empty());
    stderr(&output)
}

#[test]
fn a_file_of_something_else_is_replaced_only_by_force() {
    let desk = Desk::new();
    for (content, why) in [
        (other(&desk, |_| ()), "another portal"),
        (other(&desk, |content| content["clientId"] = "local.other".into()), "another application"),
        (other(&desk, |content| content["clientSecret"] = "other".into()), "another client secret"),
        ("a letter".to_owned(), "no file of tokens"),
        (String::new(), "no file of tokens"),
    ] {
        write_private(&desk.file(), &content);
        let said = check_refused(&desk, &mut desk.command(&[]));
        assert!(said.contains(why) && said.contains("--force") && !said.contains("oldRefresh"), "{said}");
        assert_eq!(std::fs::read_to_string(desk.file()).unwrap(), content);
    }
    // Where others could read the old file, they cannot read the new one.
    set_mode(&desk.file(), 0o644);
    desk.log_in(&["--force"]);
    assert_private(&desk.file());
    assert_eq!(read_json(&desk.file())["params"]["memberId"], desk.portal().member_id());
    assert_eq!(desk.files(), ["oauth.json"]);
}

fn set_mode(path: &Path, mode: u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    let _ = (path, mode);
}

#[test]
fn a_second_login_renews_the_file_and_what_else_is_in_it_stays() {
    let desk = Desk::new();
    desk.log_in(&[]);
    let mut first = read_json(&desk.file());
    first["note"] = "mine".into();
    write_private(&desk.file(), &first.to_string());
    desk.log_in(&[]);
    let second = read_json(&desk.file());
    assert_ne!(second["params"]["refreshToken"], first["params"]["refreshToken"]);
    assert_eq!((&second["note"], &second["clientId"]), (&json!("mine"), &first["clientId"]));
    // One that has the credentials and no tokens yet was made by hand.
    write_private(&desk.file(), &without_tokens(&desk));
    desk.log_in(&[]);
    assert_eq!(read_json(&desk.file())["note"], "mine");
    assert_private(&desk.file());
}

#[cfg(unix)]
#[test]
fn a_file_that_others_may_read_is_refused_before_the_login() {
    let desk = Desk::new();
    desk.log_in(&[]);
    desk.portal().clear_requests();
    set_mode(&desk.file(), 0o644);
    assert!(check_refused(&desk, &mut desk.command(&[])).contains("chmod 600"));
    // One without tokens goes into the hands of the store too.
    std::fs::write(desk.file(), without_tokens(&desk)).unwrap();
    assert!(check_refused(&desk, &mut desk.command(&[])).contains("chmod 600"));
    assert_eq!(desk.files(), ["oauth.json"]);
}

#[cfg(unix)]
#[test]
fn a_link_to_where_nothing_is_yet_is_followed() {
    for more in [&[][..], &["--force"]] {
        let desk = Desk::new();
        std::fs::create_dir(desk.folder.path().join("kept")).unwrap();
        std::os::unix::fs::symlink("kept/by-link.json", desk.folder.path().join("middle")).unwrap();
        std::os::unix::fs::symlink(desk.folder.path().join("middle"), desk.file()).unwrap();
        desk.log_in(more);
        assert!(desk.file().is_symlink());
        assert_private(&desk.folder.path().join("kept/by-link.json"));
        let output = desk.served.run(&["call", "profile", "--oauth", desk.file().to_str().unwrap()]);
        assert!(output.status.success(), "{}", stderr(&output));
    }
    let desk = Desk::new();
    std::os::unix::fs::symlink("no/such/folder.json", desk.file()).unwrap();
    assert!(check_refused(&desk, &mut desk.command(&["--force"])).contains("no/such"));
    // What leads to itself leads nowhere.
    std::fs::remove_file(desk.file()).unwrap();
    std::os::unix::fs::symlink("oauth.json", desk.file()).unwrap();
    check_refused(&desk, &mut desk.command(&[]));
}

#[cfg(unix)]
#[test]
fn a_known_file_that_the_store_could_not_replace_is_refused_before_the_login() {
    let desk = Desk::new();
    write_private(&desk.file(), &without_tokens(&desk));
    // No lock can be had, not even by root.
    let lock = desk.folder.path().join(".oauth.json.lock");
    std::fs::create_dir(&lock).unwrap();
    assert!(check_refused(&desk, &mut desk.command(&[])).contains(".oauth.json.lock"));
    std::fs::remove_dir(&lock).unwrap();
    // The lock is there, and nothing new can be put beside the file.
    write_private(&lock, "");
    set_mode(desk.folder.path(), 0o555);
    // Root can write everywhere.
    if std::fs::write(desk.folder.path().join("root"), "").is_err() {
        check_refused(&desk, &mut desk.command(&[]));
    }
    set_mode(desk.folder.path(), 0o755);
    assert_eq!(std::fs::read_to_string(desk.file()).unwrap(), without_tokens(&desk));
}

#[cfg(unix)]
#[test]
fn a_disk_without_room_is_told_before_the_login() {
    let desk = Desk::new();
    // A limit on the size of files stands in for it: half a KiB or one, as the shell counts.
    let run = |more: &[&str]| {
        let with_room = desk.command(more);
        let mut command = Command::new("sh");
        command.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "sh"]).arg(with_room.get_program());
        command.args(with_room.get_args()).current_dir(desk.folder.path()).stdin(Stdio::null());
        command.env("B24_CLIENT_SECRET", desk.portal().application().client_secret());
        check_refused(&desk, &mut command)
    };
    assert!(run(&[]).contains("cannot write"));
    assert!(desk.files().is_empty(), "{:?}", desk.files());
    // The store writes a file that is known.
    write_private(&desk.file(), &without_tokens(&desk));
    assert!(run(&[]).contains("cannot write") && run(&["--force"]).contains("cannot write"));
    assert_eq!(desk.files(), ["oauth.json"]);
}

#[test]
fn what_cannot_work_is_told_before_the_login() {
    let desk = Desk::new();
    let taken = TcpListener::bind(("127.0.0.1", desk.port)).unwrap();
    assert!(check_refused(&desk, &mut desk.command(&[])).contains("--port"));
    drop(taken);
    assert!(check_refused(&desk, &mut desk.command(&["--out", "no/such/folder.json"])).contains("no/such"));
    for folder in [".", "new/", "new/."] {
        assert!(check_refused(&desk, &mut desk.command(&["--out", folder])).contains("directory"));
    }
    let mut without_secret = desk.command(&[]);
    let said = check_refused(&desk, without_secret.env_remove("B24_CLIENT_SECRET").stdin(Stdio::null()));
    assert!(said.contains("B24_CLIENT_SECRET"), "{said}");
    // An argument could be read by everybody.
    check_refused(&desk, &mut desk.command(&["--client-secret", "s3cr3t"]));
    assert!(desk.files().is_empty(), "{:?}", desk.files());
}

#[test]
fn the_client_secret_can_come_from_standard_input() {
    let desk = Desk::new();
    let mut command = desk.command(&[]);
    let mut process = command.env_remove("B24_CLIENT_SECRET").stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = process.stdin.take().unwrap();
    writeln!(stdin, "{}", desk.portal().application().client_secret()).unwrap();
    let waiting = Waiting::new(process, desk.port);
    waiting.come_back();
    assert!(waiting.end().status.success());
}

#[cfg(target_os = "linux")]
#[test]
fn the_browser_is_shown_the_page_and_not_the_secret() {
    use std::os::unix::fs::PermissionsExt;

    let desk = Desk::new();
    let programs = tempfile::tempdir().unwrap();
    let (browser, seen) = (programs.path().join("xdg-open"), programs.path().join("seen"));
    let script = format!("#!/bin/sh\n(echo \"$@\"; env) > {0}.tmp\nmv {0}.tmp {0}\n", seen.display());
    std::fs::write(&browser, script).unwrap();
    std::fs::set_permissions(&browser, PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", programs.path().display());
    let mut arguments = desk.command(&[]);
    let mut command = Command::new(arguments.get_program());
    command.args(arguments.get_args().filter(|argument| *argument != "--no-browser"));
    command
        .current_dir(desk.folder.path())
        .env("PATH", path)
        .env("B24_CLIENT_SECRET", desk.portal().application().client_secret())
        .env("B24_HOOK", desk.portal().hook_url())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let waiting = desk.start(command);
    wait_for(|| seen.exists());
    let seen = std::fs::read_to_string(&seen).unwrap();
    assert_eq!(seen.lines().next(), Some(waiting.authorize_url.as_str()));
    let hook = desk.portal().hook_url();
    let secret = hook.trim_end_matches('/').rsplit('/').next().unwrap();
    assert!(!seen.contains(desk.portal().application().client_secret()) && !seen.contains(secret));
    waiting.come_back();
    assert!(waiting.end().status.success());
    let _ = arguments.stdin(Stdio::null());
}
