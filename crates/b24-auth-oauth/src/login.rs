//! A user lets the application in: the page they are sent to, and what they come back with.

use std::fmt;

use b24_core::{Error, SdkCode, Secret};

use crate::AuthServer;

/// What ties the end of a login to its beginning: 122 random bits, kept in the user's session while the user is away.
///
/// Without it, somebody could send a user back with a code of their own, and have the user's data written to their portal.
#[derive(Clone)]
pub struct LoginState(Secret);

impl LoginState {
    /// A new one.
    #[allow(clippy::new_without_default, reason = "two of them are never the same")]
    #[must_use]
    pub fn new() -> Self {
        Self(Secret::from(uuid::Uuid::new_v4().simple().to_string()))
    }

    /// To keep it while the user is away.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.expose()
    }
}

/// One that was kept.
impl From<String> for LoginState {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Debug for LoginState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// What a user came back with: a code that is good for 30 s and once, and for which
/// [`OAuthApp::exchange_code`](crate::OAuthApp::exchange_code) gives the tokens.
///
/// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
#[derive(Clone, Debug)]
pub struct Redirect {
    code: Secret,
    member_id: Option<Box<str>>,
    domain: Option<Box<str>>,
    server: AuthServer,
}

impl Redirect {
    /// Reads the address the user came back to, its path and query, or its query alone.
    ///
    /// The state is compared first, and in a time that says nothing of it.
    ///
    /// # Errors
    /// [`SdkCode::StateMismatch`] when it is another one than `state`: do nothing then. [`SdkCode::InvalidRedirect`] when
    /// there is no code, or one given twice.
    pub fn parse(url: &str, state: &LoginState) -> Result<Self, Error> {
        let query = url.split_once('?').map_or(url, |(_, query)| query);
        let query = query.split('#').next().unwrap_or_default();
        let get = |name: &str| {
            let mut values =
                form_urlencoded::parse(query.as_bytes()).filter(|(key, _)| key == name).map(|(_, value)| value);
            let first = values.next().filter(|value| !value.is_empty());
            match values.next() {
                Some(_) => Err(invalid("it says one thing twice")),
                None => Ok(first.map(std::borrow::Cow::into_owned)),
            }
        };
        let given = get("state")?;
        // An empty state would be matched by everybody who leaves it out.
        if state.as_str().is_empty() || !given.is_some_and(|given| state.0.matches(&given)) {
            let text = "the login came back with another state than it was begun with";
            return Err(Error::usage(SdkCode::StateMismatch, text));
        }
        let code = get("code")?.ok_or_else(|| invalid("it has no code"))?;
        let server = match get("server_domain")? {
            Some(host) => host.parse().map_err(|_| invalid("server_domain is no host"))?,
            None => AuthServer::default(),
        };
        let member_id = get("member_id")?.map(Into::into);
        Ok(Self { code: code.into(), member_id, domain: get("domain")?.map(Into::into), server })
    }

    /// Exchanges the code at `server`: that of a test, where the redirect names a host alone.
    #[must_use]
    pub fn with_server(mut self, server: AuthServer) -> Self {
        self.server = server;
        self
    }

    /// The host of the portal that the user came from, by the word of the browser.
    #[must_use]
    pub fn domain(&self) -> Option<&str> {
        self.domain.as_deref()
    }

    /// The portal that the user came from, by the word of the browser.
    #[must_use]
    pub fn member_id(&self) -> Option<&str> {
        self.member_id.as_deref()
    }

    /// Who exchanges the code.
    #[must_use]
    pub fn server(&self) -> &AuthServer {
        &self.server
    }

    pub(crate) fn code(&self) -> &Secret {
        &self.code
    }
}

fn invalid(why: &str) -> Error {
    Error::usage(SdkCode::InvalidRedirect, format!("this is no end of a login: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const QUERY: &str =
        "code=c0de&state=st4te&domain=p.bitrix24.com&member_id=m1&scope=crm%2Ctask&server_domain=oauth.bitrix24.tech";

    fn parse(url: &str) -> Result<Redirect, Error> {
        Redirect::parse(url, &LoginState::from("st4te".to_owned()))
    }

    #[test]
    fn a_redirect_is_read_as_address_path_or_query() {
        for url in [QUERY.to_owned(), format!("/?{QUERY}"), format!("https://app.example.com/back?{QUERY}#x")] {
            let redirect = parse(&url).unwrap();
            assert_eq!(redirect.code().expose(), "c0de");
            assert_eq!((redirect.member_id(), redirect.domain()), (Some("m1"), Some("p.bitrix24.com")));
            assert_eq!(redirect.server().to_string(), "https://oauth.bitrix24.tech");
            assert!(!format!("{redirect:?}").contains("c0de"));
        }
        assert_eq!(parse("code=c0de&state=st4te").unwrap().server(), &AuthServer::default());
    }

    #[test]
    fn the_state_is_looked_at_first() {
        for url in ["", "state=", "code=c0de", "state=other&code=c0de", "state=st4t", "error=x&state=st4teX"] {
            assert_eq!(parse(url).unwrap_err().code(), "STATE_MISMATCH", "{url}");
        }
        assert_eq!(Redirect::parse("code=c0de&state=", &String::new().into()).unwrap_err().code(), "STATE_MISMATCH");
    }

    #[test]
    fn a_redirect_without_a_code_or_with_two_is_refused() {
        for url in
            ["state=st4te", "state=st4te&code=", "state=st4te&code=a&code=b", "state=st4te&code=a&server_domain=a/b"]
        {
            assert_eq!(parse(url).unwrap_err().code(), "INVALID_REDIRECT", "{url}");
        }
        assert_eq!(parse("state=st4te&state=st4te&code=a").unwrap_err().code(), "INVALID_REDIRECT");
    }

    #[test]
    fn no_two_states_are_the_same_and_none_is_shown() {
        let (one, two) = (LoginState::new(), LoginState::new());
        assert_ne!(one.as_str(), two.as_str());
        assert_eq!(format!("{one:?}"), "***");
    }
}
