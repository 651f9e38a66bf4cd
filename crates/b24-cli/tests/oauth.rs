//! `--oauth FILE`: calls of an application, whose tokens renew themselves in the file.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may panic")]
#![allow(clippy::disallowed_methods, reason = "real processes run in real time")]

mod support;

use std::{
    io::{BufRead, BufReader},
    path::PathBuf,
    process::{Command, Output, Stdio},
    time::{Duration, Instant},
};

use b24_portal::{Fault, Limits, Portal, PortalBuilder};
use serde_json::{Value, json};
use tempfile::TempDir;

use support::{Served, assert_private, read_json, rows, stderr, write_private};

fn portal() -> PortalBuilder {
    Portal::builder().limits(Limits::off()).rows(120)
}

/// A portal, and the file of an application that is installed there.
struct App {
    served: Served,
    file: PathBuf,
    _folder: TempDir,
}

impl App {
    fn new(builder: PortalBuilder) -> Self {
        let (served, folder) = (Served::new(builder), tempfile::tempdir().unwrap());
        let app = Self { served, file: folder.path().join("oauth.json"), _folder: folder };
        let installed = app.portal().install(1);
        let (mine, life) = (installed.application(), installed.expires_in().as_secs());
        app.write(&json!({
            "clientId": mine.client_id(), "note": {"by": "hand", "big": 12_345_678_901_234_567_890_u64},
            "params": {
                "applicationToken": mine.application_token(), "userId": 1, "memberId": installed.member_id(),
                "accessToken": installed.access_token(), "refreshToken": installed.refresh_token(),
                "expires": installed.expires().as_secs(), "expiresIn": life, "scope": installed.scope(),
                "domain": installed.domain(), "clientEndpoint": installed.client_endpoint(),
                "serverEndpoint": installed.server_endpoint(), "status": installed.status(),
            },
            "clientSecret": mine.client_secret(),
        }));
        app
    }

    fn portal(&self) -> &Portal {
        &self.served.portal
    }

    fn write(&self, content: &Value) {
        write_private(&self.file, &content.to_string());
    }

    fn content(&self) -> Value {
        read_json(&self.file)
    }

    fn arguments<'a>(&'a self, arguments: &[&'a str]) -> Vec<&'a str> {
        [arguments, &["--oauth", self.file.to_str().unwrap()]].concat()
    }

    /// The environment names a webhook too; the argument wins.
    fn run(&self, arguments: &[&str]) -> Output {
        self.served.run(&self.arguments(arguments))
    }

    /// Everything that must not be seen, old or new.
    fn secrets(&self, contents: &[&Value]) -> Vec<String> {
        let mut secrets = vec![self.portal().application().client_secret().to_owned()];
        for content in contents {
            for name in ["accessToken", "refreshToken", "applicationToken"] {
                secrets.push(content["params"][name].as_str().unwrap().to_owned());
            }
        }
        secrets
    }
}

#[test]
fn every_command_that_calls_takes_the_tokens_of_a_file() {
    let app = App::new(portal());
    let operation = r#"{"op":"call","api":"v3","method":"tasks.task.get","params":{"id":1}}"#;
    for (arguments, input, want) in [
        (&["call", "profile"][..], "", 1),
        (&["list", "crm.deal.list", "--select", "ID"], "", 120),
        (&["batch"], "[\"profile\"]\n[\"profile\"]\n", 2),
        (&["batch", "--one"], "[\"profile\"]\n[\"profile\"]\n", 2),
        (&["run", "--concurrency", "2"], operation, 1),
    ] {
        let output = app.served.feed(&app.arguments(arguments), input);
        assert!(output.status.success(), "{arguments:?}: {}", stderr(&output));
        assert_eq!((rows(&output).len(), stderr(&output)), (want, String::new()), "{arguments:?}");
    }
    let paths: Vec<_> = app.portal().requests().into_iter().map(|request| request.path).collect();
    assert!(paths.iter().all(|path| !path.starts_with("/rest/1/")), "a webhook: {paths:?}");
    assert!(app.portal().auth_requests().is_empty());

    let from_environment = app.served.command(&["call", "profile"]).env("B24_OAUTH", &app.file).output().unwrap();
    assert_eq!(from_environment.status.code(), Some(2), "the environment names a webhook as well");
    let from_environment =
        app.served.command(&["call", "profile"]).env_remove("B24_HOOK").env("B24_OAUTH", &app.file).output().unwrap();
    assert!(from_environment.status.success(), "{}", stderr(&from_environment));
}

#[test]
fn expired_tokens_are_renewed_and_the_rest_of_the_file_stays() {
    let app = App::new(portal());
    let old = app.content();
    app.portal().expire_access_tokens();
    let output = app.run(&["call", "profile"]);
    assert!(output.status.success(), "{}", stderr(&output));
    let new = app.content();
    for name in ["accessToken", "refreshToken"] {
        assert_ne!(new["params"][name], old["params"][name], "{name}");
    }
    for name in ["clientId", "clientSecret", "note"] {
        assert_eq!(new[name], old[name], "{name}");
    }
    for name in ["applicationToken", "userId", "memberId"] {
        assert_eq!(new["params"][name], old["params"][name], "{name}");
    }
    assert_private(&app.file);
    assert!(app.run(&["call", "profile"]).status.success());
    assert_eq!(app.portal().token_exchanges(), 1);
}

#[test]
fn processes_that_meet_expired_tokens_together_renew_them_once() {
    let app = App::new(portal().auth_latency(Duration::from_millis(300)));
    app.portal().expire_access_tokens();
    let arguments = app.arguments(&["call", "profile"]);
    let processes: Vec<_> = (0..4).map(|_| app.served.command(&arguments).spawn().unwrap()).collect();
    for process in processes {
        let output = process.wait_with_output().unwrap();
        assert!(output.status.success(), "{}", stderr(&output));
    }
    assert_eq!(app.portal().token_exchanges(), 1);
}

#[test]
fn a_refused_renewal_fails_with_the_code_of_the_server() {
    let app = App::new(portal());
    let old = app.content();
    app.portal().expire_access_tokens();
    let refusal = r#"{"error":"invalid_grant","error_description":"Gone"}"#;
    app.portal().auth_fault(Fault::reply(400, "application/json", refusal));
    let output = app.run(&["call", "profile"]);
    assert_eq!(output.status.code(), Some(1));
    let error = &rows(&output)[0]["error"];
    assert_eq!(
        (&error["kind"], &error["code"], &error["status"]),
        (&json!("auth"), &json!("invalid_grant"), &json!(400))
    );
    assert_eq!(error["mayHaveRun"], false);
    assert!(stderr(&output).contains("invalid_grant"));
    assert_eq!(app.content()["params"], old["params"]);
}

#[test]
fn the_trace_log_of_a_renewal_shows_no_secret() {
    let app = App::new(portal());
    let old = app.content();
    for refused in [false, true] {
        app.portal().expire_access_tokens();
        if refused {
            // The server repeats what it was told.
            let said = format!("of {} nothing is known", app.content()["params"]["refreshToken"].as_str().unwrap());
            let body = json!({ "error": "invalid_grant", "error_description": said }).to_string();
            app.portal().auth_fault(Fault::reply(400, "application/json", body));
        }
        let mut command = app.served.command(&[]);
        let output = command.args(app.arguments(&["call", "profile"])).env("RUST_LOG", "trace").output().unwrap();
        assert_eq!(output.status.success(), !refused);
        let seen = format!("{}{}", stderr(&output), String::from_utf8_lossy(&output.stdout));
        assert!(seen.contains("b24.call"), "{seen}");
        for secret in app.secrets(&[&old, &app.content()]) {
            assert!(!seen.contains(&secret));
        }
    }
}

#[test]
fn an_unusable_file_is_told_without_what_is_in_it() {
    let app = App::new(portal());
    let good = app.content();
    let without = |pointer: &str, name: &str| {
        let mut content = good.clone();
        content.pointer_mut(pointer).unwrap().as_object_mut().unwrap().remove(name);
        content.to_string()
    };
    let with = |pointer: &str, value: &str| {
        let mut content = good.clone();
        *content.pointer_mut(pointer).unwrap() = value.into();
        content.to_string()
    };
    let truncated = good.to_string()[..300].to_owned();
    let text = good.to_string();
    for (content, code) in [
        ("", "INVALID_OAUTH_PARAMS"),
        ("s3cr3tHere", "INVALID_OAUTH_PARAMS"),
        ("\"s3cr3tHere\"", "INVALID_OAUTH_PARAMS"),
        ("[]", "INVALID_OAUTH_PARAMS"),
        (&truncated, "INVALID_OAUTH_PARAMS"),
        (&without("", "clientSecret"), "INVALID_OAUTH_PARAMS"),
        (&without("", "clientId"), "INVALID_OAUTH_PARAMS"),
        (&without("", "params"), "INVALID_OAUTH_PARAMS"),
        (&without("/params", "refreshToken"), "INVALID_OAUTH_PARAMS"),
        (&without("/params", "memberId"), "INVALID_OAUTH_PARAMS"),
        (&with("/clientSecret", ""), "INVALID_OAUTH_PARAMS"),
        (&with("/params", "s3cr3tHere"), "INVALID_OAUTH_PARAMS"),
        (&with("/params/expires", "s3cr3tHere"), "INVALID_OAUTH_PARAMS"),
        (&with("/params/clientEndpoint", "http://portal.invalid/s3cr3tHere/"), "INVALID_OAUTH_PARAMS"),
        (&with("/params/serverEndpoint", "https://oauth.bitrix.info/rest/"), "UNTRUSTED_SERVER"),
    ] {
        write_private(&app.file, content);
        check_refused(&app, &app.run(&["call", "profile"]), code, &good);
        check_refused(&app, &app.served.feed(&app.arguments(&["run"]), "{}"), code, &good);
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        write_private(&app.file, &text);
        std::fs::set_permissions(&app.file, PermissionsExt::from_mode(0o640)).unwrap();
        let output = app.run(&["list", "crm.deal.list"]);
        check_refused(&app, &output, "TOKEN_STORE_FAILED", &good);
        assert!(stderr(&output).contains("chmod 600"), "{}", stderr(&output));
    }
    std::fs::remove_file(&app.file).unwrap();
    check_refused(&app, &app.run(&["call", "profile"]), "TOKENS_MISSING", &good);
    std::fs::create_dir(&app.file).unwrap();
    check_refused(&app, &app.run(&["batch"]), "TOKEN_STORE_FAILED", &good);
    assert!(app.portal().requests().is_empty() && app.portal().auth_requests().is_empty());
}

fn check_refused(app: &App, output: &Output, code: &str, good: &Value) {
    let said = stderr(output);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0), "{said}");
    assert!(said.starts_with("b24: ") && said.contains(code) && !said.contains("s3cr3tHere"), "{code}: {said}");
    assert!(app.secrets(&[good]).iter().all(|secret| !said.contains(secret)), "{said}");
}

#[test]
fn a_webhook_and_a_file_at_once_are_refused() {
    let app = App::new(portal());
    let output = app.run(&["call", "profile", "--hook", &app.portal().hook_url()]);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
    assert!(stderr(&output).contains("--oauth"), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_signal_in_a_renewal_waits_until_the_new_tokens_are_in_the_file() {
    std::thread::scope(|scope| {
        for arguments in [
            &["call", "profile"][..],
            &["list", "crm.deal.list"],
            &["batch", "commands.txt"],
            &["batch", "--one", "commands.txt"],
            &["run", "operations.txt"],
        ] {
            scope.spawn(|| a_signal_in_a_renewal(arguments, "-INT", 130));
        }
        scope.spawn(|| a_signal_in_a_renewal(&["call", "profile"], "-TERM", 130));
        scope.spawn(|| a_signal_in_a_renewal(&["call", "profile"], "-QUIT", 131));
    });
}

#[cfg(unix)]
fn a_signal_in_a_renewal(arguments: &[&str], signal: &str, status: i32) {
    let app = App::new(portal().auth_latency(Duration::from_secs(3)));
    let folder = app.file.parent().unwrap();
    std::fs::write(folder.join("commands.txt"), "[\"profile\"]\n").unwrap();
    std::fs::write(folder.join("operations.txt"), "{\"op\":\"call\",\"method\":\"profile\"}\n").unwrap();
    let old = app.content();
    app.portal().expire_access_tokens();
    let process = app.served.command(&app.arguments(arguments)).current_dir(folder).spawn().unwrap();
    support::wait_for(|| app.portal().token_exchanges() == 1);
    support::signal(&process, signal);
    let output = process.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", stderr(&output));
    let new = app.content();
    assert_ne!(new["params"]["refreshToken"], old["params"]["refreshToken"], "{arguments:?}");
    // The new pair is the one that the server knows.
    app.portal().expire_access_tokens();
    let again = app.run(&["call", "profile"]);
    assert!(again.status.success(), "{arguments:?}: {}", stderr(&again));
    assert_eq!(app.portal().token_exchanges(), 2);
}

#[cfg(target_os = "linux")]
#[test]
fn a_closed_terminal_in_a_renewal_is_waited_for_however_often_it_is_told() {
    let app = App::new(portal().auth_latency(Duration::from_secs(3)));
    let old = app.content();
    app.portal().expire_access_tokens();
    let mut command = app.served.command(&app.arguments(&["call", "profile"]));
    // This end of a terminal is one too, and needs no other.
    let terminal = std::fs::File::options().read(true).write(true).open("/dev/ptmx").unwrap();
    let mut process = command.stderr(terminal).spawn().unwrap();
    support::wait_for(|| app.portal().token_exchanges() == 1);
    for _ in 0..3 {
        support::signal(&process, "-HUP");
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(process.wait().unwrap().code(), Some(129));
    assert_ne!(app.content()["params"]["refreshToken"], old["params"]["refreshToken"]);
}

#[cfg(unix)]
#[test]
fn nohup_keeps_its_meaning() {
    let app = App::new(portal().auth_latency(Duration::from_millis(500)));
    app.portal().expire_access_tokens();
    let direct = app.served.command(&app.arguments(&["call", "profile"]));
    let mut command = Command::new("nohup");
    command
        .env_remove("B24_HOOK")
        .env_remove("SSL_CERT_FILE")
        .arg(direct.get_program())
        .args(direct.get_args())
        .stdin(Stdio::null());
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    support::wait_for(|| app.portal().token_exchanges() == 1);
    support::signal(&process, "-HUP");
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", stderr(&output));
}

#[cfg(unix)]
#[test]
fn a_second_ctrl_c_does_not_wait() {
    let app = App::new(portal().auth_latency(Duration::from_secs(60)));
    app.portal().expire_access_tokens();
    let mut process = app.served.command(&app.arguments(&["call", "profile"])).spawn().unwrap();
    support::wait_for(|| app.portal().token_exchanges() == 1);
    let begun = Instant::now();
    support::interrupt(&process);
    let mut said = BufReader::new(process.stderr.take().unwrap()).lines().map(Result::unwrap);
    assert!(said.any(|line| line.contains("waiting until renewed tokens are in the file")));
    support::interrupt(&process);
    assert_eq!(process.wait().unwrap().code(), Some(130));
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}

#[cfg(unix)]
#[test]
fn a_call_that_times_out_in_a_renewal_leaves_the_new_tokens_in_the_file() {
    // The deadline of the operation ends its wait, and with it the program, while the server still thinks.
    let app = App::new(portal().auth_latency(Duration::from_secs(6)));
    let old = app.content();
    app.portal().expire_access_tokens();
    let operation = r#"{"op":"call","method":"profile","options":{"deadlineMs":3000}}"#;
    let output = app.served.feed(&app.arguments(&["run"]), operation);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    assert_eq!(app.portal().token_exchanges(), 1);
    assert_ne!(app.content()["params"]["refreshToken"], old["params"]["refreshToken"]);
}
