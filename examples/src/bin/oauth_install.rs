//! An application that a portal installs: the event of the installation comes in, its tokens are kept, calls go out.
//!
//! Shows: an event that is verified before anything is kept, tokens in a file that outlive the program, and one renewal
//! for all calls that need it. With `--fake` the portal sends the event, somebody else sends a forged one, and the access
//! token expires under twenty calls.
//!
//! ```text
//! cargo run -p b24-examples --bin oauth_install -- --fake
//! export B24_CLIENT_ID=… B24_CLIENT_SECRET=…
//! cargo run -p b24-examples --bin oauth_install -- install < event.txt     # the body that the portal has posted
//! cargo run -p b24-examples --bin oauth_install -- <member id>
//! ```
//!
//! Tokens are in the folder `tokens`, a file for each portal.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error as StdError, io::Read, sync::Arc};

use b24::{
    B24, Error, HttpClient, OAuth, OAuthApp, OAuthParams, de,
    oauth::{FileStore, OAuthBuilder, TokenKey, TokenStore},
};
use b24_portal::Portal;
use futures_util::future::try_join_all;
use serde::Deserialize;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let client = HttpClient::new();
    let app = b24_examples::application(client.clone())?;
    let service = Service { app, client, store: FileStore::folder("tokens") };
    match std::env::args().nth(1).ok_or("say `install`, or the member id of a portal")?.as_str() {
        "install" => {
            let mut body = Vec::new();
            std::io::stdin().read_to_end(&mut body)?;
            let key = service.installed(&body).await?;
            println!("installed on {key}");
        }
        member_id => {
            let (b24, oauth) = service.open(TokenKey::new(member_id)?).await?;
            println!("the portal knows us as user {}", who(&b24).await?);
            oauth.settled().await;
        }
    }
    Ok(())
}

// ---- The application.

/// What is there for as long as the program runs.
struct Service {
    app: OAuthApp,
    client: HttpClient,
    store: FileStore,
}

impl Service {
    /// Called by your web server with the body of a POST to the address that is registered for the installation.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/common/events/on-app-install.html>
    async fn installed(&self, body: &[u8]) -> Result<TokenKey, Error> {
        let event = OAuthParams::from_install_event(body, b24_examples::now())?;
        // Anybody can send such a form. The authorisation server knows whose token it is.
        let params = self.app.verify(event).await?;
        let key = params.key();
        // Any user of the portal has a token that passes. Of a portal that is known, its own token is asked for too.
        if let Ok(known) = self.builder().open(key.clone()).await {
            if !params.is_same_installation(&known.params().await?) {
                return Err(Error::auth("ANOTHER_INSTALLATION", "the removal of the known one was not heard of"));
            }
        }
        self.builder().install(key.clone(), params).await?;
        Ok(key)
    }

    /// A handle on a portal whose tokens are in the store; also after the program was started anew.
    async fn open(&self, key: TokenKey) -> Result<(B24, OAuth), Error> {
        let oauth = self.builder().open(key).await?;
        Ok((B24::builder().http_client(self.client.clone()).oauth(&oauth), oauth))
    }

    fn builder(&self) -> OAuthBuilder<Arc<dyn TokenStore>> {
        OAuth::builder(self.app.clone()).store(self.store.clone())
    }
}

/// Source: <https://apidocs.bitrix24.com/api-reference/common/users/profile.html>
async fn who(b24: &B24) -> Result<u64, Error> {
    #[derive(Deserialize)]
    struct Profile {
        #[serde(rename = "ID", deserialize_with = "de::number")]
        id: u64,
    }
    Ok(b24.v2().call("profile").send::<Profile>().await?.result.id)
}

// ---- The portal's part.

async fn fake() -> Result<(), Box<dyn StdError>> {
    let portal = Portal::builder().start().await?;
    let folder = tempfile::tempdir()?;
    let client = HttpClient::new();
    let app = b24_examples::application_of(&portal, client.clone())?;
    let service = Service { app, client, store: FileStore::folder(folder.path()) };

    let event = portal.install(1).event_form();
    let forged = event.replace(portal.install(1).member_id(), "another");
    let refusal = service.installed(forged.as_bytes()).await.err().ok_or("a forged event was believed")?;
    println!("a forged event: {refusal}");

    let key = service.installed(event.as_bytes()).await?;
    println!("installed on {key}; the tokens are in {}", folder.path().join(format!("{key}.json")).display());

    let (b24, oauth) = service.open(key.clone()).await?;
    println!("the portal knows us as user {}", who(&b24).await?);

    let installed = service.store.load(&key).await?.ok_or("the tokens are gone")?.generation();

    // An hour later.
    portal.expire_access_tokens();
    try_join_all((0..20).map(|_| who(&b24))).await?;
    let stored = service.store.load(&key).await?.ok_or("the tokens are gone")?;
    let renewed = stored.generation() - installed;
    println!("20 calls, {} exchange; {renewed} new pair is stored", portal.token_exchanges());

    // Before a program ends: a renewal that is cut off loses the pair.
    oauth.settled().await;
    if (portal.token_exchanges(), renewed) != (1, 1) {
        return Err("one renewal should have served all calls".into());
    }
    Ok(())
}
