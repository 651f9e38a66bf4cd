//! `b24 portal`: the embedded portal, until interrupted.

use std::{path::Path, time::Duration};

use b24_portal::{Limits, Portal};
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
        .port(args.port);
    if args.tls.is_some() {
        builder = builder.tls();
    }
    builder.start().await.map_err(|error| Failure::unusable(format!("cannot start the portal: {error}")))
}

/// One JSON object, so that a program can read where the portal is.
fn describe(args: &PortalArgs, portal: &Portal) -> Result<Value, Failure> {
    let mut description =
        Map::from_iter([("hookUrl".to_owned(), json!(portal.hook_url())), ("url".to_owned(), json!(portal.url()))]);
    if let (Some(folder), Some(pem)) = (&args.tls, portal.ca_pem()) {
        let path = write_ca(folder, pem)
            .map_err(|error| Failure::unusable(format!("cannot write ca.pem into {}: {error}", folder.display())))?;
        description.insert("caPem".to_owned(), json!(path));
    }
    Ok(description.into())
}

fn write_ca(folder: &Path, pem: &str) -> std::io::Result<std::path::PathBuf> {
    std::fs::create_dir_all(folder)?;
    let path = folder.join("ca.pem");
    std::fs::write(&path, pem)?;
    Ok(path)
}

fn suggestion(args: &PortalArgs, portal: &Portal) -> String {
    let ca = args.tls.as_ref().map(|folder| format!(" --ca {}", folder.join("ca.pem").display()));
    format!("B24_HOOK={} b24 call profile{}", portal.hook_url(), ca.unwrap_or_default())
}
