//! A registered application, and its way to the authorisation server.

mod answer;
mod ask;
mod http;
mod info;

use std::{
    fmt,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ::http::{Request, Response};
use b24_core::{BoxError, Error, PortalAddress, SdkCode, Secret};
use http_body::Body;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tower_service::Service;

pub use info::AppInfo;

use self::{
    ask::{Question, ask, patience},
    http::{Http, erase},
};
use crate::{AuthServer, LoginState, OAuthParams, OAuthSecret, Redirect, TokenReply, clock::Clock};

/// One registered application: what it proves itself with, and the HTTP client by which it asks the authorisation server.
/// Cheap to clone; one of them serves all portals.
///
/// The client secret goes to servers it [trusts](Self::trusts) and to no other, in the body of a POST. No redirect is
/// followed. An answer has 20 s; where none came, or the server failed, it is asked again, three times in all.
#[derive(Clone)]
pub struct OAuthApp {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    secret: OAuthSecret,
    http: Http,
    trusted: Vec<AuthServer>,
    timeout: Duration,
    clock: Clock,
}

impl OAuthApp {
    /// An application with its credentials and an HTTP client: that of `b24-transport`, or any
    /// `Service<http::Request<_>>` whose body is made of `Bytes`. It must not follow redirects.
    pub fn new<S, Q, P>(secret: OAuthSecret, client: S) -> Self
    where
        S: Service<Request<Q>, Response = Response<P>> + Clone + Send + Sync + 'static,
        S::Error: Into<BoxError>,
        S::Future: Send,
        Q: From<bytes::Bytes> + Send + 'static,
        P: Body<Data: Send> + Send,
        P::Error: Into<BoxError>,
    {
        let inner =
            Inner { secret, http: erase(client), trusted: Vec::new(), timeout: TIMEOUT, clock: Clock::of_the_system() };
        Self { inner: Arc::new(inner) }
    }

    /// Trusts one more authorisation server: that of a test, or one of the vendor's that is not known here yet.
    #[must_use]
    pub fn with_trusted_server(self, server: AuthServer) -> Self {
        self.with(|inner| inner.trusted.push(server))
    }

    /// How long one send to the authorisation server may take. Default: 20 s.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.with(|inner| inner.timeout = timeout)
    }

    /// Tells the time another way than the system's clock does.
    #[must_use]
    pub fn with_clock(self, now: impl Fn() -> SystemTime + Send + Sync + 'static) -> Self {
        self.with(|inner| inner.clock = Clock::new(now))
    }

    fn with(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.inner));
        self
    }

    /// What it proves itself with.
    #[must_use]
    pub fn secret(&self) -> &OAuthSecret {
        &self.inner.secret
    }

    /// Whether a server may be told the client secret: one of the vendor's (`*.bitrix.info`, `*.bitrix24.tech`, by https),
    /// or one named in [`with_trusted_server`](Self::with_trusted_server).
    #[must_use]
    pub fn trusts(&self, server: &AuthServer) -> bool {
        server.is_of_the_vendor() || self.inner.trusted.contains(server)
    }

    /// The page where a user lets the application in: send the browser there. It comes back to the address that was
    /// registered for the application, with a code that is good for 30 s and once: see [`Redirect::parse`].
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/oauth/index.html>
    #[must_use]
    pub fn authorize_url(&self, portal: &PortalAddress, state: &LoginState) -> String {
        let encoded = |text| utf8_percent_encode(text, NON_ALPHANUMERIC);
        let (client_id, state) = (encoded(self.inner.secret.client_id()), encoded(state.as_str()));
        format!("{portal}/oauth/authorize/?client_id={client_id}&state={state}")
    }

    /// Exchanges the code of a redirect for the first pair of tokens. Do it at once: the code is good for 30 s.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth), with the authorisation server's own code where it gave one:
    /// `invalid_grant` for a code that is used up or too old. [`SdkCode::UntrustedServer`] before anything is sent.
    ///
    /// # Cancel safety
    /// None: the code may be used up, and the tokens lost. Let the user log in again.
    pub async fn exchange_code(&self, redirect: &Redirect) -> Result<OAuthParams, Error> {
        let code = redirect.code();
        let reply = self.token(redirect.server(), "authorization_code", ("code", code), code).await?;
        let params = reply.into_params(self.now()).map_err(|error| unusable(&error))?;
        if redirect.member_id().is_some_and(|member| member != params.member_id()) {
            return Err(foreign("the tokens are those of another portal than the user came from"));
        }
        self.admit(&params)?;
        Ok(params)
    }

    /// Asks the authorisation server for whom the access token of `params` was made.
    ///
    /// # Errors
    /// Kind [`Auth`](b24_core::ErrorKind::Auth): [`SdkCode::ForeignToken`] when it was made for another application or
    /// portal, the server's own code when it does not know the token.
    ///
    /// # Cancel safety
    /// Nothing but the answer is lost.
    pub async fn app_info(&self, params: &OAuthParams) -> Result<AppInfo, Error> {
        self.admit(params)?;
        let token = params.access_token();
        let fields = [("auth", token.expose())];
        let question = Question { path: "/rest/app.info/", fields: &fields, secrets: &[token, params.refresh_token()] };
        let info = AppInfo::read(&ask(&self.inner.http, params.server(), &question, self.inner.timeout).await?)?;
        if info.client_id() != self.inner.secret.client_id() {
            return Err(foreign("the token was made for another application"));
        }
        if info.member_id().is_some_and(|member| member != params.member_id()) {
            return Err(foreign("the token was made for another portal"));
        }
        Ok(info)
    }

    /// Tokens that came through a browser, when the authorisation server knows them: with its own word on portal, user and
    /// status in place of the browser's. The refresh token and the `application_token` are still the browser's: before an
    /// event replaces the tokens of a portal that is known, ask [`OAuthParams::is_same_installation`] too.
    ///
    /// # Errors
    /// As [`app_info`](Self::app_info). Also where the server does not say on which portal the token was made: then it
    /// could be anybody's who names another's.
    pub async fn verify(&self, params: OAuthParams) -> Result<OAuthParams, Error> {
        let info = self.app_info(&params).await?;
        let (Some(_), Some(portal)) = (info.member_id(), info.portal()) else {
            return Err(foreign("the authorisation server does not say for which portal the token was made"));
        };
        Ok(OAuthParams {
            portal: portal.clone(),
            user_id: info.user_id().or(params.user_id),
            status: info.status().cloned().or(params.status),
            ..params
        })
    }

    /// Exchanges a refresh token. Whoever calls it sees to it that the new pair is kept.
    pub(crate) async fn refresh(&self, params: &OAuthParams) -> Result<TokenReply, Error> {
        let proof = ("refresh_token", params.refresh_token());
        self.token(params.server(), "refresh_token", proof, params.access_token()).await
    }

    /// `also` is not sent, and is taken out of errors all the same: the server knows it.
    async fn token(
        &self,
        server: &AuthServer,
        grant: &str,
        proof: (&str, &Secret),
        also: &Secret,
    ) -> Result<TokenReply, Error> {
        self.check(server)?;
        let OAuthSecret { client_id, client_secret } = &self.inner.secret;
        // The order of the official SDK.
        let fields = [
            ("grant_type", grant),
            ("client_id", client_id),
            ("client_secret", client_secret.expose()),
            (proof.0, proof.1.expose()),
        ];
        let question = Question { path: "/oauth/token/", fields: &fields, secrets: &[client_secret, proof.1, also] };
        TokenReply::from_json(&ask(&self.inner.http, server, &question, self.inner.timeout).await?)
    }

    /// Refuses addresses that must not be told a secret: an authorisation server that is not trusted, and a portal on this
    /// machine unless the authorisation server is here too.
    pub(crate) fn admit(&self, params: &OAuthParams) -> Result<(), Error> {
        self.check(params.server())?;
        if params.portal().is_loopback() && !params.server().address().is_loopback() {
            return Err(Error::auth(
                SdkCode::UntrustedServer.as_str(),
                "a portal on this machine, by the word of a stranger",
            ));
        }
        Ok(())
    }

    fn check(&self, server: &AuthServer) -> Result<(), Error> {
        if self.trusts(server) {
            return Ok(());
        }
        let text = format!("{server} is not known as an authorisation server, and is told no secret");
        Err(Error::auth(SdkCode::UntrustedServer.as_str(), text))
    }

    /// How long [`refresh`](Self::refresh) can take.
    pub(crate) fn patience(&self) -> Duration {
        patience(self.inner.timeout)
    }

    /// The time, as [its clock](Self::with_clock) tells it: by which tokens that have just come get their end.
    #[must_use]
    pub fn now(&self) -> SystemTime {
        self.inner.clock.now()
    }
}

fn foreign(text: &'static str) -> Error {
    Error::auth(SdkCode::ForeignToken.as_str(), text)
}

/// A reply to a code that lacks something: not the caller's mistake.
fn unusable(error: &Error) -> Error {
    let text = format!("the authorisation server's answer is no first token reply: {}", error.message());
    Error::auth(SdkCode::InvalidResponse.as_str(), text)
}

/// The same error in other words.
pub(crate) fn reworded(error: &Error, text: String) -> Error {
    let reworded = Error::auth(error.code().to_owned(), text).with_attempts(error.attempts());
    match error.status() {
        Some(status) => reworded.with_status(status),
        None => reworded,
    }
}

/// Whether the tokens may have been exchanged although there is nothing to show for it: no answer came, or one that says
/// nothing.
pub(crate) fn may_have_been_used_up(error: &Error) -> bool {
    let ours = [SdkCode::InvalidResponse, SdkCode::NetworkError, SdkCode::RequestTimeout].map(SdkCode::as_str);
    ours.contains(&error.code()) || error.status().is_some_and(|status| status.is_server_error())
}

/// Whether the authorisation server has understood and refused, so that asking again is of no use.
pub(crate) fn is_refusal(error: &Error) -> bool {
    let ours = [SdkCode::InvalidResponse.as_str(), SdkCode::RedirectRefused.as_str()];
    error.status().is_some_and(|status| !answer::may_pass(status)) && !ours.contains(&error.code())
}

impl fmt::Debug for OAuthApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OAuthApp").field("secret", &self.inner.secret).finish_non_exhaustive()
    }
}

const TIMEOUT: Duration = Duration::from_secs(20);
