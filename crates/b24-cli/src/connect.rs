//! From arguments to a handle.

use b24::{B24, HttpClient, Restrictions};

use crate::{args::PortalAccess, failure::Failure};

/// A handle on the portal that the arguments name.
pub(crate) fn connect(access: &PortalAccess, restrictions: Restrictions) -> Result<B24, Failure> {
    let Some(hook) = &access.hook else {
        return Err(Failure::unusable("HOOK_URL_EMPTY: no webhook; set B24_HOOK or give --hook"));
    };
    let mut client = HttpClient::builder();
    if let Some(path) = &access.ca {
        let pem = std::fs::read(path)
            .map_err(|error| Failure::unusable(format!("cannot read --ca {}: {error}", path.display())))?;
        client = client.root_certificates_pem(&pem).map_err(|error| Failure::refused(&error))?;
    }
    B24::builder()
        .http_client(client.build())
        .restrictions(restrictions)
        .map_err(|error| Failure::unusable(format!("--restrictions: {error}")))?
        .webhook_url(hook.expose())
        .map_err(|error| Failure::refused(&error))
}

/// A runtime for calls: one thread is enough.
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::unusable(format!("cannot start the runtime: {error}")))
}
