//! The arguments of `b24 login`.

use std::{path::PathBuf, time::Duration};

use b24::{PortalAddress, oauth::AuthServer};
use clap::Args as ClapArgs;

use super::seconds;

/// The client secret is no argument: other users of this machine can see those.
#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct LoginArgs {
    /// The portal: its host, such as example.bitrix24.com
    #[arg(long, value_name = "HOST", value_parser = portal)]
    pub(crate) portal: PortalAddress,

    /// The application's `client_id`, as the portal shows it: local.…
    #[arg(long, value_name = "ID", env = "B24_CLIENT_ID")]
    pub(crate) client_id: String,

    /// The port on 127.0.0.1 where the browser comes back to, as it is registered for the application
    #[arg(long, value_name = "N", default_value_t = 7777, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,

    /// The file to keep the tokens in; only you can read it
    #[arg(long, value_name = "FILE", default_value = "oauth.json")]
    pub(crate) out: PathBuf,

    /// Replace a file that has the tokens of another portal or application, or something else, and keep tokens that turn
    /// out to be those of another portal than --portal
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the address of the page, and let somebody else open it
    #[arg(long)]
    pub(crate) no_browser: bool,

    /// Seconds to wait for the browser to come back
    #[arg(long, value_name = "SECONDS", default_value = "300", value_parser = seconds)]
    pub(crate) wait: Duration,

    /// Exchange the code at this authorisation server, and trust it with the client secret: for `b24 portal` and tests
    ///
    /// Default: the vendor's one that the portal names.
    #[arg(long, value_name = "URL")]
    pub(crate) auth_server: Option<AuthServer>,

    /// Trust the root certificates in this PEM file beside those of the platform
    #[arg(long, value_name = "FILE")]
    pub(crate) ca: Option<PathBuf>,
}

fn portal(text: &str) -> Result<PortalAddress, String> {
    let address = if text.contains("://") { text.to_owned() } else { format!("https://{text}") };
    address.parse().map_err(|error| format!("{error}"))
}

const HELP: &str = "The application has to be registered on the portal as one that uses the API only, with the address\n  \
    http://localhost:7777/\n\
    (or http://127.0.0.1:7777/, or with the port that --port says), where the browser brings the code to. Its client secret\n\
    is taken from B24_CLIENT_SECRET, or asked for on the terminal, or read from standard input.\n\n\
    Prints {\"authorizeUrl\": ..}, and when the tokens are in the file {\"oauthFile\", \"portal\", \"memberId\", ..}. A file that\n\
    has tokens of the same application and portal gets the new ones; whatever else is in it stays.\n\n\
    Example:\n  \
    b24 login --portal example.bitrix24.com --client-id local.573ad8a0346747.09223434\n  \
    b24 call profile --oauth oauth.json";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_portal_is_a_host_or_an_address() {
        for (text, want) in [
            ("example.bitrix24.com", "https://example.bitrix24.com"),
            ("https://Example.bitrix24.com/stream/", "https://example.bitrix24.com"),
            ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ] {
            assert_eq!(portal(text).unwrap().to_string(), want);
        }
        for bad in ["", "http://example.bitrix24.com", "https://u:p@example.com", "a b"] {
            assert!(portal(bad).is_err(), "{bad}");
        }
    }
}
