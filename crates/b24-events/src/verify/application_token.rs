//! One portal, or one application token for each of a few webhooks.

use b24_core::Secret;

use super::{Verdict, Verify, VerifyFuture};
use crate::Incoming;

/// Lets through what brings a known application token: for outgoing webhooks, and for an application of one portal.
///
/// Compared in a time that tells nothing of what is in it. An empty token is none, and matches nothing.
///
/// ```
/// use b24_core::Secret;
/// use b24_events::ApplicationToken;
///
/// # fn example() -> Result<(), std::env::VarError> {
/// let verification = ApplicationToken::new(Secret::from(std::env::var("B24_APPLICATION_TOKEN")?));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct ApplicationToken(Vec<Secret>);

impl ApplicationToken {
    /// The token of one webhook or application.
    #[must_use]
    pub fn new(token: Secret) -> Self {
        Self::any_of([token])
    }

    /// The tokens of several webhooks that post to one address: each has its own.
    pub fn any_of(tokens: impl IntoIterator<Item = Secret>) -> Self {
        Self(tokens.into_iter().filter(|token| !token.expose().is_empty()).collect())
    }

    fn is_known(&self, given: &str) -> bool {
        // No early end: which of them it was is nobody's business.
        self.0.iter().fold(false, |known, token| known | token.matches(given))
    }
}

impl Verify for ApplicationToken {
    fn verify<'a>(&'a self, incoming: &'a Incoming) -> VerifyFuture<'a> {
        let given = incoming.auth().application_token();
        let genuine = given.is_some_and(|given| self.is_known(given.expose()));
        let verdict = if genuine { Verdict::Genuine } else { Verdict::Forged };
        Box::pin(std::future::ready(Ok(verdict)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

    fn verdict(with: &ApplicationToken, body: &str) -> Verdict {
        let incoming = Incoming::decode(Encoding::Form, body.as_bytes()).unwrap();
        futures_util::FutureExt::now_or_never(with.verify(&incoming)).unwrap().unwrap()
    }

    #[test]
    fn only_the_whole_token_in_its_own_case_is_known() {
        let with = ApplicationToken::new(Secret::from("51856fefc120afa4b628cc82d3935cce"));
        for (token, want) in [
            ("&auth[application_token]=51856fefc120afa4b628cc82d3935cce", Verdict::Genuine),
            ("&auth[application_token]=51856FEFC120AFA4B628CC82D3935CCE", Verdict::Forged),
            ("&auth[application_token]=51856fefc120afa4b628cc82d3935cc", Verdict::Forged),
            ("&auth[application_token]=51856fefc120afa4b628cc82d3935cce0", Verdict::Forged),
            ("&auth[application_token]=", Verdict::Forged),
            ("&auth[application_token][]=51856fefc120afa4b628cc82d3935cce", Verdict::Forged),
            ("&application_token=51856fefc120afa4b628cc82d3935cce", Verdict::Forged),
            ("", Verdict::Forged),
        ] {
            assert_eq!(verdict(&with, &format!("event=ONCRMDEALADD&auth[domain]=p.com{token}")), want, "{token}");
        }
    }

    #[test]
    fn without_a_configured_token_nobody_is_believed() {
        for with in [ApplicationToken::new(Secret::from("")), ApplicationToken::any_of([])] {
            assert_eq!(verdict(&with, "event=X&auth[application_token]="), Verdict::Forged);
            assert_eq!(verdict(&with, "event=X&auth[application_token]=a"), Verdict::Forged);
            assert_eq!(verdict(&with, "event=X"), Verdict::Forged);
        }
    }

    #[test]
    fn several_webhooks_have_several_tokens() {
        let with = ApplicationToken::any_of(["one", "two"].map(Secret::from));
        for (token, want) in [("one", Verdict::Genuine), ("two", Verdict::Genuine), ("onetwo", Verdict::Forged)] {
            assert_eq!(verdict(&with, &format!("event=X&auth[application_token]={token}")), want, "{token}");
        }
    }
}
