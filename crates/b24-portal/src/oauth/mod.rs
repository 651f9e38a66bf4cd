//! Applications and what they are given: codes, tokens, installations.
//!
//! Nothing here knows HTTP. The authorisation server and the page of the portal that send a user there are in `engine`.
//!
//! <https://apidocs.bitrix24.com/settings/oauth/index.html>

mod application;
mod installation;
mod ledger;

pub use application::Application;
pub use installation::Installation;
pub(crate) use ledger::{Denied, Ledger, Pair, Standing};

/// The addresses of the portal and of the authorisation server, without a slash at the end.
#[derive(Clone, Debug)]
pub(crate) struct Origins {
    pub(crate) portal: String,
    pub(crate) authority: String,
    /// Where the application is that the portal opens in a frame.
    pub(crate) app: Option<String>,
}

impl Origins {
    /// `https://some.bitrix24.com/rest/`
    pub(crate) fn client_endpoint(&self) -> String {
        format!("{}/rest/", self.portal)
    }

    /// `https://oauth.bitrix.info/rest/`
    pub(crate) fn server_endpoint(&self) -> String {
        format!("{}/rest/", self.authority)
    }

    /// The portal's domain, with the port where it has one: without it nobody would find a portal on the loopback.
    pub(crate) fn domain(&self) -> &str {
        host(&self.portal)
    }

    /// The domain of the authorisation server.
    pub(crate) fn server_domain(&self) -> &str {
        host(&self.authority)
    }
}

impl Default for Origins {
    fn default() -> Self {
        Self { portal: "https://portal.test".to_owned(), authority: "https://oauth.portal.test".to_owned(), app: None }
    }
}

fn host(origin: &str) -> &str {
    origin.split_once("://").map_or(origin, |(_, host)| host)
}
