//! The portal's applications, and its authorisation server.

use std::sync::Arc;

use super::Portal;
use crate::engine::Site;
use crate::fault::Fault;
use crate::oauth::{Application, Installation};
use crate::php::form::encode;
use crate::record::RecordedRequest;
use crate::service::PortalService;

impl Portal {
    /// The address of the authorisation server, such as `http://127.0.0.1:40818`.
    ///
    /// It is another one than the portal's, as `https://oauth.bitrix.info` is.
    #[must_use]
    pub fn auth_url(&self) -> &str {
        &self.origins.authority
    }

    /// The authorisation server as a `tower` service, without sockets.
    #[must_use]
    pub fn auth_service(&self) -> PortalService {
        PortalService::new(Arc::clone(&self.shared), Site::Authority)
    }

    /// The first application.
    ///
    /// # Panics
    /// Never: the builder sees to it that there is one.
    #[must_use]
    pub fn application(&self) -> &Application {
        &self.shared.applications[0]
    }

    /// All applications, in the order they were registered.
    #[must_use]
    pub fn applications(&self) -> &[Application] {
        &self.shared.applications
    }

    /// The portal's id, which outlives its domain.
    #[must_use]
    pub fn member_id(&self) -> &str {
        &self.shared.member_id
    }

    /// Where to send a user who is to authorise the first application.
    #[must_use]
    pub fn authorize_url(&self, state: &str) -> String {
        let client = encode(self.application().client_id());
        format!("{}/oauth/authorize/?client_id={client}&state={}", self.url(), encode(state))
    }

    /// Installs the first application once more, for this user: a pair of tokens, and what the portal would send.
    ///
    /// An application without a page is told by `ONAPPINSTALL`, at the address of
    /// [`application_handler`](crate::PortalBuilder::application_handler) and wherever it has bound to that. Earlier tokens
    /// stay good. Users 1 to 8 are there, and 1 is the administrator; any other has no name.
    pub fn install(&self, user_id: u32) -> Installation {
        self.install_application(self.application(), user_id)
    }

    /// Installs one of the [`applications`](Self::applications); the first one where it is none of them.
    pub fn install_application(&self, application: &Application, user_id: u32) -> Installation {
        let mine = self.applications().iter().find(|mine| mine.client_id() == application.client_id());
        let app = mine.unwrap_or_else(|| self.application()).clone();
        let now = self.shared.clock.now();
        let installation = self.shared.engine().install(now, &app, user_id);
        self.shared.dispatch();
        installation
    }

    /// A user opens the page of the first application: what the portal posts to that is [`Installation::page_query`] and
    /// [`Installation::page_form`], with tokens of this user. Nobody is told of it. `None` where the application is not
    /// installed.
    pub fn open_page(&self, user_id: u32) -> Option<Installation> {
        self.shared.engine().open_page(self.shared.clock.now(), self.application(), user_id)
    }

    /// Gives the portal another address, such as `http://localhost:40817` for `http://127.0.0.1:40817`.
    ///
    /// It is the one that tokens, redirects and installations name from now on. The portal goes on listening where it
    /// did: [`Fault::moved`] makes the old address send its visitors away.
    ///
    /// <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/change-domen.html>
    pub fn rename(&self, origin: impl Into<String>) {
        self.shared.engine().rename(origin.into().trim_end_matches('/').to_owned());
    }

    /// What the page of an application says when it is done: `BX24.installFinish`. It hears of events from then on.
    ///
    /// <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-functions/bx24-install-finish.html>
    pub fn finish_installation(&self) {
        let now = self.shared.clock.now();
        self.shared.engine().finish_installation(now, &self.application().client_id);
        self.shared.dispatch();
    }

    /// Removes the first application, and with it all codes and tokens that were issued to it.
    ///
    /// Its tokens are refused with `ERROR_OAUTH`, a refresh with `NOT_INSTALLED`. Handlers that are bound to
    /// `ONAPPUNINSTALL` are told, without tokens; then all its handlers and its offline queue are gone.
    pub fn uninstall(&self) {
        self.uninstall_application(self.application());
    }

    /// Removes the first application, as a user does who wants the data of it gone as well: `data[CLEAN]` is 1.
    pub fn uninstall_with_data(&self) {
        self.remove(self.application(), true);
    }

    /// Removes one of the [`applications`](Self::applications).
    pub fn uninstall_application(&self, application: &Application) {
        self.remove(application, false);
    }

    fn remove(&self, application: &Application, clean: bool) {
        self.shared.engine().uninstall(self.shared.clock.now(), &application.client_id, clean);
        self.shared.dispatch();
    }

    /// Ends all access tokens issued so far. Refresh tokens stay good.
    pub fn expire_access_tokens(&self) {
        self.shared.engine().ledger.expire_access();
    }

    /// Whether applications have to be paid for first: calls and refreshes are refused with 401 `PAYMENT_REQUIRED`.
    pub fn require_payment(&self, required: bool) {
        self.shared.engine().ledger.payment_required = required;
    }

    /// Queues a fault for a request to the authorisation server.
    ///
    /// Its "methods" are `token` and `app.info`: `Fault::lost_response().for_method("token")` is a refresh that has
    /// taken place, though nobody hears of it.
    pub fn auth_fault(&self, fault: Fault) {
        self.shared.engine().auth_fault(fault);
    }

    /// The requests to the authorisation server so far, oldest first. Their `method` is `token` or `app.info`.
    #[must_use]
    pub fn auth_requests(&self) -> Vec<RecordedRequest> {
        self.shared.engine().auth_requests()
    }

    /// How many refresh tokens were exchanged for new ones, whether or not the answer arrived.
    #[must_use]
    pub fn token_exchanges(&self) -> u64 {
        self.shared.engine().ledger.exchanges()
    }
}
