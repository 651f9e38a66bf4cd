//! `b24 login`: a user lets an application in, and its tokens go into a file.

mod browser;
mod door;
mod page;
mod secret;
mod target;

use b24::{
    Error, ErrorKind, OAuthApp, OAuthParams, OAuthSecret,
    core::SdkCode,
    oauth::{LoginState, Redirect},
};
use serde_json::json;
use tokio::time::timeout;

use self::{door::Door, target::Target};
use crate::{
    args::LoginArgs,
    call,
    connect::{client, runtime},
    failure::Failure,
    interrupt::interrupted,
    output::{print_beside, say},
};

pub(crate) fn main(args: &LoginArgs) -> Result<(), Failure> {
    let secret = OAuthSecret::new(&args.client_id, secret::ask()?).map_err(|error| Failure::refused(&error))?;
    let app = OAuthApp::new(secret, client(args.ca.as_deref())?);
    let app = match &args.auth_server {
        Some(server) => app.with_trusted_server(server.clone()),
        None => app,
    };
    let runtime = runtime()?;
    let outcome = runtime.block_on(async {
        tokio::select! {
            outcome = login(args, &app) => outcome,
            status = interrupted() => {
                say("b24: interrupted");
                Err(Failure::Interrupted(status))
            }
        }
    });
    runtime.shutdown_background();
    outcome
}

async fn login(args: &LoginArgs, app: &OAuthApp) -> Result<(), Failure> {
    // What can be wrong with the file and the port is found out before anybody is troubled.
    let target = Target::choose(args, app.secret()).await?;
    let door = Door::open(args.port).await?;
    let state = LoginState::new();
    let url = app.authorize_url(&args.portal, &state);
    print_beside(json!({ "authorizeUrl": url }).to_string()).await?;
    say("b24: let the application in on this page; the browser then comes back here");
    if !args.no_browser && !browser::open(&url) {
        say("b24: no browser could be started: open the address above yourself");
    }
    let params = match come_back(args, &door, &state).await {
        Ok(redirect) => app.exchange_code(&redirect).await,
        Err(error) => Err(error),
    };
    match params.and_then(|params| of_the_portal(args, params)) {
        Ok(params) => {
            target.keep(app, params.clone()).await?;
            report(args, &params).await
        }
        Err(error) => Err(call::failed(&of_the_login(error)).await),
    }
}

async fn come_back(args: &LoginArgs, door: &Door, state: &LoginState) -> Result<Redirect, Error> {
    let Ok(redirect) = timeout(args.wait, door.wait_for(state)).await else {
        let text = format!("nobody came back from the portal's page within {} s", args.wait.as_secs_f64());
        return Err(Error::auth(SdkCode::RequestTimeout.as_str(), text));
    };
    let redirect = redirect?;
    Ok(match &args.auth_server {
        Some(server) => redirect.with_server(server.clone()),
        None => redirect,
    })
}

/// A browser that is signed in elsewhere, or a link that somebody sent, must not decide where data goes from now on.
fn of_the_portal(args: &LoginArgs, params: OAuthParams) -> Result<OAuthParams, Error> {
    let (found, asked) = (params.portal(), &args.portal);
    if args.force || found == asked {
        return Ok(params);
    }
    let text = format!(
        "the tokens are those of {found}, and {asked} was asked for: nothing was written; --portal {found} asks for it, \
         --force keeps them all the same"
    );
    Err(Error::auth(SdkCode::ForeignToken.as_str(), text))
}

/// What a portal or a user did is no fault of the arguments.
fn of_the_login(error: Error) -> Error {
    if error.kind() == ErrorKind::Usage {
        return Error::auth(error.code().to_owned(), error.message().to_owned());
    }
    error
}

async fn report(args: &LoginArgs, params: &OAuthParams) -> Result<(), Failure> {
    let (file, portal) = (&args.out, params.portal());
    let line = json!({
        "oauthFile": file,
        "portal": portal.to_string(),
        "memberId": params.member_id(),
        "scope": params.scope().collect::<Vec<_>>(),
    });
    print_beside(line.to_string()).await?;
    let ca = args.ca.as_ref().map(|ca| format!(" --ca {}", ca.display())).unwrap_or_default();
    if *portal != args.portal {
        say(&format!("b24: the portal is {portal} now, and was asked for as {}", args.portal));
    }
    say(&format!("b24: the tokens of {portal} are in {}, which only you can read. Try:", file.display()));
    say(&format!("  b24 call profile --oauth {}{ca}", file.display()));
    Ok(())
}
