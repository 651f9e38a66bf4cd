//! `b24 portal`: the embedded portal, until interrupted.

use std::{fs, io, io::Write, path::Path, time::Duration};

use b24_portal::{Installation, Limits, OutgoingWebhook, Portal};
use serde_json::{Map, Value, json};

use crate::{
    args::{Plan, PortalArgs},
    failure::Failure,
    output::{print, say},
};

pub(crate) fn main(args: &PortalArgs) -> Result<(), Failure> {
    let runtime = tokio::runtime::Runtime::new()
        .map_err(|error| Failure::unusable(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let portal = start(args).await?;
        let description = describe(args, &portal)?;
        print(&description.to_string())?;
        say(&format!("A portal is at {}. Stop it with Ctrl-C. Try:", portal.url()));
        say(&format!("  {}", suggestion(args, &portal)));
        say(&format!("Its authorisation server is at {}. To authorise its application:", portal.auth_url()));
        say(&format!("  {}", portal.authorize_url("state")));
        for webhook in portal.outgoing_webhooks() {
            say(&format!("What is written is posted to {}. To verify it there:", webhook.url()));
            say(&format!("  export B24_APPLICATION_TOKEN={}", webhook.application_token()));
        }
        if let Some(url) = portal.frame_url() {
            say("Its page with the application in a frame, to be opened in a browser:");
            say(&format!("  {url}"));
        }
        // Without signals to wait for, it runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        portal.shutdown().await;
        Ok(())
    })
}

async fn start(args: &PortalArgs) -> Result<Portal, Failure> {
    let plan = match args.plan {
        Plan::Standard => b24_portal::Plan::Standard,
        Plan::Enterprise => b24_portal::Plan::Enterprise,
    };
    let limits = if args.no_limits { Limits::off() } else { Limits::of(plan) };
    let mut builder = Portal::builder()
        .plan(plan)
        .limits(limits)
        .rows(args.rows)
        .seed(args.seed)
        .latency(Duration::from_millis(args.latency))
        .port(args.port)
        .auth_port(args.auth_port);
    if let Some(uri) = &args.redirect_uri {
        builder = builder.redirect_uri(uri);
    }
    if let Some(folder) = &args.frame_app {
        builder = builder.frame_app(folder).frame_app_port(args.frame_app_port);
    }
    if let Some(url) = &args.event_handler {
        builder = builder.application_handler(url);
    }
    let events = if args.outgoing_events.is_empty() { all_events() } else { args.outgoing_events.clone() };
    for url in &args.outgoing_webhook {
        builder = builder.outgoing_webhook(&events, url);
    }
    if args.tls.is_some() {
        builder = builder.tls();
    }
    builder.start().await.map_err(|error| Failure::unusable(format!("cannot start the portal: {error}")))
}

/// What calls bring about in the embedded portal.
fn all_events() -> Vec<String> {
    let kinds = ["CRMLEAD", "CRMDEAL", "CRMCONTACT", "CRMCOMPANY", "CRMDYNAMICITEM", "TASK"];
    kinds.iter().flat_map(|kind| ["ADD", "UPDATE", "DELETE"].map(|change| format!("ON{kind}{change}"))).collect()
}

/// One JSON object, so that a program can read where the portal is.
fn describe(args: &PortalArgs, portal: &Portal) -> Result<Value, Failure> {
    let app = portal.application();
    let mut description = Map::from_iter(
        [
            ("hookUrl", portal.hook_url()),
            ("url", portal.url().to_owned()),
            ("authUrl", portal.auth_url().to_owned()),
            ("authorizeUrl", portal.authorize_url("state")),
            ("clientId", app.client_id().to_owned()),
            ("clientSecret", app.client_secret().to_owned()),
            ("applicationToken", app.application_token().to_owned()),
        ]
        .map(|(name, value)| (name.to_owned(), json!(value))),
    );
    if let (Some(url), Some(app_url)) = (portal.frame_url(), portal.frame_app_url()) {
        description.insert("frameUrl".to_owned(), json!(url));
        description.insert("frameAppUrl".to_owned(), json!(app_url));
    }
    if let (Some(folder), Some(pem)) = (&args.tls, portal.ca_pem()) {
        let path = write_ca(folder, pem)
            .map_err(|error| Failure::unusable(format!("cannot write ca.pem into {}: {error}", folder.display())))?;
        description.insert("caPem".to_owned(), json!(path));
    }
    let webhooks = portal.outgoing_webhooks();
    if !webhooks.is_empty() {
        let webhook = |webhook: &OutgoingWebhook| json!({ "url": webhook.url(), "applicationToken": webhook.application_token(), "events": webhook.events() });
        description.insert("outgoingWebhooks".to_owned(), webhooks.iter().map(webhook).collect());
    }
    // Whoever has the file or the handler is to have the tokens of the same installation.
    let installed = (args.oauth_file.is_some() || args.event_handler.is_some()).then(|| portal.install(1));
    if let (Some(path), Some(installed)) = (&args.oauth_file, installed) {
        write_private(path, &credentials(&installed).to_string())
            .map_err(|error| Failure::unusable(format!("cannot write {}: {error}", path.display())))?;
        description.insert("oauthFile".to_owned(), json!(path));
    }
    Ok(description.into())
}

fn write_ca(folder: &Path, pem: &str) -> io::Result<std::path::PathBuf> {
    fs::create_dir_all(folder)?;
    let path = folder.join("ca.pem");
    fs::write(&path, pem)?;
    Ok(path)
}

/// What an application keeps of an installation.
fn credentials(installed: &Installation) -> Value {
    let app = installed.application();
    json!({
        "params": {
            "applicationToken": app.application_token(),
            "userId": installed.user_id(),
            "memberId": installed.member_id(),
            "accessToken": installed.access_token(),
            "refreshToken": installed.refresh_token(),
            "expires": installed.expires().as_secs(),
            "expiresIn": installed.expires_in().as_secs(),
            "scope": installed.scope(),
            "domain": installed.domain(),
            "clientEndpoint": installed.client_endpoint(),
            "serverEndpoint": installed.server_endpoint(),
            "status": installed.status(),
        },
        "clientId": app.client_id(),
        "clientSecret": app.client_secret(),
    })
}

/// Writes a file that other users of this machine cannot read, not even while it is being written.
fn write_private(path: &Path, text: &str) -> io::Result<()> {
    // A file that is there keeps its mode when it is written to, so it has to go.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    writeln!(file, "{text}")
}

fn suggestion(args: &PortalArgs, portal: &Portal) -> String {
    let ca = args.tls.as_ref().map(|folder| format!(" --ca {}", folder.join("ca.pem").display()));
    format!("B24_HOOK={} b24 call profile{}", portal.hook_url(), ca.unwrap_or_default())
}
