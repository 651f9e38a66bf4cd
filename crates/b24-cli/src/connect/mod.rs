//! From arguments to a handle, and to the runtime its calls run on.

pub(crate) mod file;
mod oauth;
mod settle;

use std::{future::Future, path::Path};

use b24::{B24, HttpClient, OAuth, Restrictions};
use tokio::runtime::Runtime;

use crate::{
    args::{Credentials, PortalAccess},
    failure::Failure,
    interrupt::interrupted,
    output::say,
};

/// A handle on the portal that the arguments name. What a command does with it runs in [`run`](Self::run).
pub(crate) struct Session {
    b24: B24,
    /// The tokens that renew themselves, where there are any.
    oauth: Option<OAuth>,
    runtime: Runtime,
}

impl Session {
    pub(crate) fn open(access: &PortalAccess, restrictions: Restrictions) -> Result<Self, Failure> {
        let credentials = access.credentials()?;
        let client = client(access.ca.as_deref())?;
        let builder = B24::builder()
            .http_client(client.clone())
            .restrictions(restrictions)
            .map_err(|error| Failure::unusable(format!("--restrictions: {error}")))?;
        let runtime = runtime()?;
        let (b24, oauth) = match credentials {
            Credentials::Hook(hook) => {
                (builder.webhook_url(hook.expose()).map_err(|error| Failure::refused(&error))?, None)
            }
            Credentials::OAuth(file) => {
                let oauth = runtime.block_on(oauth::open(&file, client))?;
                (builder.oauth(&oauth), Some(oauth))
            }
        };
        Ok(Self { b24, oauth, runtime })
    }

    pub(crate) fn b24(&self) -> B24 {
        self.b24.clone()
    }

    /// Does the work of a command that knows itself what to do when somebody asks for the end. A renewal of tokens that is
    /// still under way afterwards is not cut off.
    pub(crate) fn run(self, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let Self { oauth, runtime, .. } = self;
        let outcome = runtime.block_on(async {
            let outcome = work.await;
            if let Some(oauth) = &oauth {
                settle::settle(oauth, matches!(outcome, Err(Failure::Interrupted(_)))).await;
            }
            outcome
        });
        // Neither an open standard input nor a reader of the output that stands still is waited for.
        runtime.shutdown_background();
        outcome
    }

    /// Does the work of a command that simply ends when somebody asks for it.
    ///
    /// A webhook has nothing to lose: there the signal ends the process, as it ends any other.
    pub(crate) fn run_until_interrupted(self, work: impl Future<Output = Result<(), Failure>>) -> Result<(), Failure> {
        let renews = self.oauth.is_some();
        self.run(async move {
            if !renews {
                return work.await;
            }
            tokio::select! {
                outcome = work => outcome,
                status = interrupted() => {
                    say("b24: interrupted");
                    Err(Failure::Interrupted(status))
                }
            }
        })
    }
}

/// The HTTP client, with the certificates of `--ca`.
pub(crate) fn client(ca: Option<&Path>) -> Result<HttpClient, Failure> {
    let mut client = HttpClient::builder();
    if let Some(path) = ca {
        let pem = std::fs::read(path)
            .map_err(|error| Failure::unusable(format!("cannot read --ca {}: {error}", path.display())))?;
        client = client.root_certificates_pem(&pem).map_err(|error| Failure::refused(&error))?;
    }
    Ok(client.build())
}

/// A runtime for calls: one thread is enough.
pub(crate) fn runtime() -> Result<Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unusable(format!("cannot start the runtime: {error}")))
}
