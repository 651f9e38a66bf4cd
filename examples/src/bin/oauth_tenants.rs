//! An application that is installed on many portals.
//!
//! Shows: `Tenants`, a client for each portal, made when it is asked for; installations and removals while calls are
//! under way; what to do with a portal that does not let the application in any more. With `--fake` there are three
//! portals. One of them removes the application, and somebody else pretends that another one did.
//!
//! ```text
//! cargo run -p b24-examples --bin oauth_tenants -- --fake
//! B24_CLIENT_ID=… B24_CLIENT_SECRET=… cargo run -p b24-examples --bin oauth_tenants -- <member id> <member id> …
//! ```
//!
//! Tokens are in the folder `tokens`, where `oauth_install` puts them.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{collections::HashMap, error::Error as StdError};

use b24::{
    B24, Error, HttpClient, OAuthApp, OAuthParams,
    oauth::{FileStore, Tenants, TokenKey, TokenStore},
};
use b24_portal::Portal;
use futures_util::future::join_all;
use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let client = HttpClient::new();
    let service = Service::new(b24_examples::application(client.clone())?, FileStore::folder("tokens"), client);
    // A store has no list of its portals: whom an application serves, it knows from a table of its own.
    let keys = std::env::args().skip(1).map(|id| TokenKey::new(&id)).collect::<Result<Vec<_>, _>>()?;
    service.count_deals(&keys).await;
    service.tenants.settled().await;
    Ok(())
}

// ---- The application.

struct Service {
    app: OAuthApp,
    store: FileStore,
    tenants: Tenants<B24>,
}

impl Service {
    fn new(app: OAuthApp, store: FileStore, client: HttpClient) -> Self {
        // All portals share the connections of one HTTP client; each has limits of its own.
        let tenants = B24::tenants(app.clone(), store.clone(), client);
        Self { app, store, tenants }
    }

    /// `ONAPPINSTALL`. The answer to the portal should not wait for more than this.
    async fn installed(&self, body: &[u8]) -> Result<TokenKey, Error> {
        let params = self.app.verify(OAuthParams::from_install_event(body, b24_examples::now())?).await?;
        let key = params.key();
        // Any user of the portal has a token that passes. Of a portal that is known, its own token is asked for too.
        if let Some(known) = self.tenants.stored(&key).await? {
            if !params.is_same_installation(&known) {
                return Err(Error::auth("ANOTHER_INSTALLATION", "the removal of the known one was not heard of"));
            }
        }
        self.tenants.install(&key, params).await?;
        Ok(key)
    }

    /// `ONAPPUNINSTALL`. It brings no token that could be verified, so what came with the installation has to be in it.
    /// `false` when it is dropped, or when nothing was there.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-uninstall.html>
    async fn uninstalled(&self, body: &[u8]) -> Result<bool, Box<dyn StdError>> {
        let fields: HashMap<_, _> = form_urlencoded::parse(body).collect();
        let field = |name| fields.get(name).map(AsRef::as_ref).unwrap_or_default();
        let key = TokenKey::new(field("auth[member_id]"))?;
        let Some(stored) = self.store.load(&key).await? else { return Ok(false) };
        // Compared in a time that tells nothing of it. Where no token is known, nobody is believed.
        let known = stored.params().application_token();
        if !known.is_some_and(|known| known.matches(field("auth[application_token]"))) {
            return Ok(false);
        }
        Ok(self.tenants.remove(&key).await?)
    }

    /// The same question to many portals at once. What is wrong with one of them stops no other.
    async fn count_deals(&self, keys: &[TokenKey]) -> usize {
        let answers = join_all(keys.iter().map(|key| async move { (key, self.deals(key).await) })).await;
        let mut good = 0;
        for (key, answer) in answers {
            match answer {
                Ok(deals) => {
                    good += 1;
                    println!("{key}: {deals} deals");
                }
                Err(error) => match error.code() {
                    "TOKENS_MISSING" | "NOT_INSTALLED" => println!("{key}: not installed there (any more)"),
                    "PAYMENT_REQUIRED" => println!("{key}: not paid for; once more tomorrow"),
                    "invalid_grant" => println!("{key}: has to be installed or opened once more: {error}"),
                    _ => println!("{key}: {error}"),
                },
            }
        }
        good
    }

    async fn deals(&self, key: &TokenKey) -> Result<usize, Error> {
        // Asked for with each piece of work, and not kept: it costs a look into a map.
        let b24 = self.tenants.get(key).await?;
        Ok(b24.v2().list::<Value>("crm.deal.list").select(["ID"]).collect().await?.len())
    }
}

// ---- The portals' part.

async fn fake() -> Result<(), Box<dyn StdError>> {
    // Portals of one seed know the same application.
    let first = Portal::builder().member_id("first").rows(10).start().await?;
    let second = Portal::builder().member_id("second").rows(20).start().await?;
    let third = Portal::builder().member_id("third").rows(30).start().await?;
    let portals = [&first, &second, &third];

    let folder = tempfile::tempdir()?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&first, client.clone())?
        .with_trusted_server(second.auth_url().parse()?)
        .with_trusted_server(third.auth_url().parse()?);
    let service = Service::new(app, FileStore::folder(folder.path()), client);

    let mut keys = Vec::new();
    for portal in portals {
        keys.push(service.installed(portal.install(1).event_form().as_bytes()).await?);
    }
    // An hour later.
    portals.iter().for_each(|portal| portal.expire_access_tokens());
    let before = service.count_deals(&keys).await;

    // One is removed. Somebody else, who does not know the application token, says the same of another one.
    let goodbye = second.install(1).uninstall_form(true);
    second.uninstall();
    let removed = service.uninstalled(goodbye.as_bytes()).await?;
    let forged = third.install(1).uninstall_form(true).replace(third.application().application_token(), "guessed");
    let forgery_believed = service.uninstalled(forged.as_bytes()).await?;
    println!("second removed: {removed}; third removed by a stranger: {forgery_believed}");
    let after = service.count_deals(&keys).await;

    service.tenants.settled().await;
    let exchanges = portals.map(Portal::token_exchanges);
    if (before, after, removed, forgery_believed, exchanges) != (3, 2, true, false, [1, 1, 1]) {
        return Err("each portal should have been served for as long as it lets us in".into());
    }
    Ok(())
}
