//! The arguments of `b24 portal`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};
use hyper::Uri;

/// The embedded portal is strict and faithful: limits, error shapes, paging quirks. It keeps everything in memory.
#[derive(Debug, ClapArgs)]
pub(crate) struct PortalArgs {
    /// The port on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) port: u16,

    /// Serve https with a self-made certificate authority, and write its certificate to DIR/ca.pem
    #[arg(long, value_name = "DIR")]
    pub(crate) tls: Option<PathBuf>,

    /// The plan, which decides how many requests are let through
    #[arg(long, value_enum, default_value_t)]
    pub(crate) plan: Plan,

    /// How many rows each table has
    #[arg(long, value_name = "N", default_value_t = 120)]
    pub(crate) rows: u32,

    /// What the data and the webhook's secret are made from: the same number makes the same portal
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,

    /// Milliseconds each answer takes
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency: u64,

    /// Let every request through, as fast as it comes
    #[arg(long)]
    pub(crate) no_limits: bool,

    /// The port of the authorisation server on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) auth_port: u16,

    /// Open the application in this folder, with its index.html, in a frame of the portal
    #[arg(long, value_name = "DIR")]
    pub(crate) frame_app: Option<PathBuf>,

    /// The port of that application on 127.0.0.1; 0 takes a free one
    #[arg(long, value_name = "N", default_value_t = 0, requires = "frame_app")]
    pub(crate) frame_app_port: u16,

    /// Where a user comes back to who has authorised the portal's application; without it the code is shown on a page
    #[arg(long, value_name = "URL")]
    pub(crate) redirect_uri: Option<String>,

    /// Install the portal's application, and write its credentials and tokens to this file, which only you can read
    ///
    /// It holds one JSON object: {"params": {"accessToken", "refreshToken", ..}, "clientId", "clientSecret"}.
    #[arg(long, value_name = "PATH")]
    pub(crate) oauth_file: Option<PathBuf>,

    /// Post what happens to this address, as an outgoing webhook; its application token is in what is printed
    ///
    /// The address is on this machine: `http://127.0.0.1:8025/`. May be given several times; each has a token of its own.
    #[arg(long, value_name = "URL", value_parser = here)]
    pub(crate) outgoing_webhook: Vec<String>,

    /// The events that outgoing webhooks are told of. Default: all that calls bring about here, of leads, deals, contacts,
    /// companies, smart processes and tasks
    #[arg(long, value_name = "NAME,..", value_delimiter = ',', requires = "outgoing_webhook")]
    pub(crate) outgoing_events: Vec<String>,

    /// Install the portal's application, and post ONAPPINSTALL to this address, as to the handler of an application
    ///
    /// Other events it gets when it has bound to them: b24 call event.bind --oauth FILE, with the file of --oauth-file.
    #[arg(long, value_name = "URL", value_parser = here)]
    pub(crate) event_handler: Option<String>,
}

/// A portal's plan.
#[derive(Clone, Copy, Debug, Default, ValueEnum)]
pub(crate) enum Plan {
    /// 50 requests at once, 2 a second
    #[default]
    Standard,
    /// 250 requests at once, 5 a second
    Enterprise,
}

/// The embedded portal posts without TLS, and to this machine only.
fn here(text: &str) -> Result<String, &'static str> {
    if text.parse().is_ok_and(|uri| is_here(&uri)) {
        return Ok(text.to_owned());
    }
    Err("the embedded portal posts to http addresses of this machine, such as http://127.0.0.1:8025/")
}

fn is_here(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let loopback = host.trim_matches(['[', ']']).parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
    uri.scheme_str() == Some("http") && (loopback || host.eq_ignore_ascii_case("localhost"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn handlers_are_on_this_machine() {
        for good in
            ["http://127.0.0.1:8025/", "http://127.0.0.1:8025/events?x=1", "http://localhost:1", "http://[::1]:1/"]
        {
            assert_eq!(here(good).unwrap(), good);
        }
        for bad in
            ["https://127.0.0.1/", "http://app.example/", "127.0.0.1:80", "/events", "", "http://", "A=http://[::1]:1/"]
        {
            assert!(here(bad).unwrap_err().contains("http://127.0.0.1:8025/"), "{bad}");
        }
    }
}
