//! A login: a user lets the application in by their browser, and it calls in their name.
//!
//! Shows: the address to send the browser to, what it comes back with, tokens in one file, and a second run that needs no
//! browser. With `--fake` the portal's user says yes at once.
//!
//! ```text
//! cargo run -p b24-examples --bin oauth_login -- --fake
//! B24_CLIENT_ID=… B24_CLIENT_SECRET=… cargo run -p b24-examples --bin oauth_login -- example.bitrix24.com
//! ```
//!
//! Register the application with the address `http://localhost:7777/`. The file is `oauth.json`, which `b24 login` writes
//! too: for a program with one portal that command is all it takes.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{error::Error as StdError, path::Path};

use b24::{
    B24, HttpClient, OAuth, OAuthApp, PortalAddress, de,
    oauth::{AuthServer, FileStore, LoginState, Redirect, TokenKey, TokenRecord},
};
use b24_portal::Portal;
use serde::Deserialize;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    if b24_examples::is_fake() {
        return fake().await;
    }
    let (client, file) = (HttpClient::new(), Path::new("oauth.json"));
    let app = b24_examples::application(client.clone())?;
    let oauth = if file.exists() {
        open(app, file).await?
    } else {
        let portal = std::env::args().nth(1).ok_or("say which portal")?.parse()?;
        let door = TcpListener::bind("127.0.0.1:7777").await?;
        let state = LoginState::new();
        println!("Let the application in on this page:\n{}", app.authorize_url(&portal, &state));
        log_in(app, &door, &state, file, None).await?
    };
    greet(&oauth, client).await
}

// ---- The application.

/// Waits for the browser, and keeps the tokens of the user.
///
/// In a web application the state is kept in the user's session instead, and the rest is the handler of the address that
/// the browser comes back to.
async fn log_in(
    app: OAuthApp,
    door: &TcpListener,
    state: &LoginState,
    file: &Path,
    test_server: Option<AuthServer>,
) -> Result<OAuth, Box<dyn StdError>> {
    let mut redirect = Redirect::parse(&visitor(door).await?, state)?;
    if let Some(server) = test_server {
        redirect = redirect.with_server(server);
    }
    // At once: the code is good for 30 s.
    let params = app.exchange_code(&redirect).await?;
    let key = TokenKey::new(params.member_id())?;
    Ok(OAuth::builder(app).store(FileStore::single(file)).install(key, params).await?)
}

/// Goes on with the tokens of an earlier run.
async fn open(app: OAuthApp, file: &Path) -> Result<OAuth, Box<dyn StdError>> {
    // Which portal it is stands in the file.
    let record = TokenRecord::from_json(&std::fs::read(file)?)?;
    let key = TokenKey::new(record.params().member_id())?;
    Ok(OAuth::builder(app).store(FileStore::single(file)).open(key).await?)
}

async fn greet(oauth: &OAuth, client: HttpClient) -> Result<(), Box<dyn StdError>> {
    #[derive(Deserialize)]
    struct Profile {
        #[serde(rename = "ID", deserialize_with = "de::number")]
        id: u64,
        #[serde(rename = "NAME")]
        name: String,
    }
    let b24 = B24::builder().http_client(client).oauth(oauth);
    let me = b24.v2().call("profile").send::<Profile>().await?.result;
    println!("Hello, {}! On {} you are user {}.", me.name, b24.portal(), me.id);
    // A renewal that is cut off by the end of the program would lose the pair.
    oauth.settled().await;
    Ok(())
}

/// The target of the first request, such as `/?code=…&state=…`. As much of a web server as a login needs.
async fn visitor(door: &TcpListener) -> Result<String, Box<dyn StdError>> {
    let (mut stream, _) = door.accept().await?;
    let mut head = Vec::new();
    while !head.windows(4).any(|bytes| bytes == b"\r\n\r\n") && head.len() < 16_384 {
        if stream.read_buf(&mut head).await? == 0 {
            break;
        }
    }
    let length = PAGE.len();
    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{PAGE}");
    stream.write_all(answer.as_bytes()).await?;
    stream.shutdown().await?;
    let target = std::str::from_utf8(&head)?.split(' ').nth(1);
    Ok(target.ok_or("the visitor was no browser")?.to_owned())
}

const PAGE: &str = "You may close this page now.\n";

// ---- The portal's part, and the browser's.

async fn fake() -> Result<(), Box<dyn StdError>> {
    let door = TcpListener::bind("127.0.0.1:0").await?;
    let portal = Portal::builder().redirect_uri(format!("http://{}/", door.local_addr()?)).start().await?;
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("oauth.json");
    let client = HttpClient::new();
    let app = b24_examples::application_of(&portal, client.clone())?;

    let state = LoginState::new();
    let address: PortalAddress = portal.url().parse()?;
    let browser = reqwest::Client::builder().no_proxy().build()?;
    let page = browser.get(app.authorize_url(&address, &state)).send();
    // A redirect names the authorisation server by its host alone, and the one of this test speaks plain HTTP.
    let server = Some(portal.auth_url().parse()?);
    let (oauth, page) = tokio::join!(log_in(app.clone(), &door, &state, &file, server), page);
    println!("the browser shows: {}", page?.text().await?.trim());
    greet(&oauth?, client.clone()).await?;

    // The next morning.
    portal.expire_access_tokens();
    greet(&open(app, &file).await?, client).await?;
    if portal.token_exchanges() != 1 {
        return Err("the second run should have renewed the tokens once".into());
    }
    Ok(())
}
