//! Who is believed: a portal by its stored application token, a new one by the authorisation server's word.

use b24_auth_oauth::{OAuthParams, TokenKey};
use b24_core::{BoxError, Error, SdkCode};
use b24_events::{EventAuth, Incoming, Verdict, Verify, VerifyFuture};

use super::{Installer, params_of};

impl Verify for Installer {
    fn verify<'a>(&'a self, incoming: &'a Incoming) -> VerifyFuture<'a> {
        Box::pin(self.check(incoming))
    }
}

impl Installer {
    async fn check(&self, incoming: &Incoming) -> Result<Verdict, BoxError> {
        let auth = incoming.auth();
        let Some(key) = auth.member_id().and_then(|member| TokenKey::new(member).ok()) else {
            return Ok(Verdict::Forged);
        };
        let known = self.tenants.stored(&key).await?;
        if known.as_ref().is_some_and(|known| is_proven(auth, known)) {
            return Ok(Verdict::Genuine);
        }
        match known {
            _ if !brings_an_installation(incoming) => {
                Ok(if known.is_some() { Verdict::Forged } else { Verdict::UnknownPortal })
            }
            // The stranger first: whoever has no token of this application costs the known portal nothing.
            _ if !self.is_vouched_for(auth).await? => Ok(Verdict::Forged),
            Some(_) if self.tenants.is_installed(&key).await? => Ok(Verdict::Forged),
            _ => Ok(Verdict::Genuine),
        }
    }

    /// Whether the authorisation server knows the tokens as those of this application on that portal.
    async fn is_vouched_for(&self, auth: &EventAuth) -> Result<bool, Error> {
        // Without an application token no later event of that portal could be believed.
        let Ok(params) = params_of(auth) else { return Ok(false) };
        if params.application_token().is_none() {
            return Ok(false);
        }
        match self.tenants.app().verify(params).await {
            Ok(_) => Ok(true),
            Err(error) if is_refusal(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Compared in a time that tells nothing. Where no token is stored, nobody is believed.
fn is_proven(auth: &EventAuth, known: &OAuthParams) -> bool {
    match (auth.application_token(), known.application_token()) {
        (Some(given), Some(known)) => known.matches(given.expose()),
        _ => false,
    }
}

fn brings_an_installation(incoming: &Incoming) -> bool {
    matches!(incoming, Incoming::Event(event) if matches!(event.name(), "ONAPPINSTALL" | "ONAPPUPDATE"))
}

/// Whether asking again would bring the same answer.
fn is_refusal(error: &Error) -> bool {
    let ours = [SdkCode::ForeignToken, SdkCode::UntrustedServer, SdkCode::InvalidOAuthParams].map(SdkCode::as_str);
    let passes = ["PAYMENT_REQUIRED", "invalid_client", "wrong_client"];
    ours.contains(&error.code())
        || error.status().is_some_and(|status| status.is_client_error()) && !passes.contains(&error.code())
}
