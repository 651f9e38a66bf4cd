//! Who is believed: a portal by its stored application token, a new one by the authorisation server's word.

use b24_auth_oauth::{OAuthParams, TokenKey};
use b24_core::{BoxError, Error, SdkCode};
use b24_events::{EventAuth, Incoming, Verdict, Verify, VerifyFuture};
use http::StatusCode;

use super::Installer;

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
        if !brings_an_installation(incoming) {
            return Ok(if known.is_some() { Verdict::Forged } else { Verdict::UnknownPortal });
        }
        let Ok(_place) = self.strangers.try_acquire() else {
            return Err("as many installations are being looked at as may be at a time".into());
        };
        // The stranger first: whoever has no token of this application costs the known portal nothing.
        let Some(vouched) = self.vouched_for(auth).await? else { return Ok(Verdict::Forged) };
        let Some(known) = known else { return Ok(Verdict::Genuine) };
        // Any user of the portal has tokens that are vouched for. The one who has installed it may do so again, and an update
        // may bring another application token. Anybody else may when what is stored is dead: its removal was not heard of.
        let same_user = vouched.user_id().is_some() && vouched.user_id() == known.user_id();
        Ok(if same_user || !self.tenants.is_installed(&key).await? { Verdict::Genuine } else { Verdict::Forged })
    }

    /// The tokens of an event with the authorisation server's word on them; `None` where it does not know them as those of
    /// this application on that portal.
    async fn vouched_for(&self, auth: &EventAuth) -> Result<Option<OAuthParams>, Error> {
        let params = self.params_of(auth, |name| name != "user_id");
        // Without an application token no later event of that portal could be believed.
        let Some(params) = params.ok().filter(|params| params.application_token().is_some()) else { return Ok(None) };
        match self.tenants.app().verify(params).await {
            Ok(params) => Ok(Some(params)),
            Err(error) if is_refusal(&error) => Ok(None),
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

/// Whether asking again would bring the same answer: the server has understood, and does not know the token. What stands
/// before it, or how often it was asked, says nothing of that. A token that has expired was known: that it is too late to
/// tell is no reason to forget the event.
fn is_refusal(error: &Error) -> bool {
    let ours = [SdkCode::ForeignToken, SdkCode::UntrustedServer, SdkCode::InvalidOAuthParams].map(SdkCode::as_str);
    let passes =
        [SdkCode::InvalidResponse.as_str(), "expired_token", "PAYMENT_REQUIRED", "invalid_client", "wrong_client"];
    let has_refused = |status: StatusCode| status.is_client_error() && status != StatusCode::TOO_MANY_REQUESTS;
    ours.contains(&error.code()) || error.status().is_some_and(has_refused) && !passes.contains(&error.code())
}
