//! Who is believed, and what of their word is taken.

use std::time::{Duration, SystemTime};

use b24::{
    OAuthParams,
    events::{Encoding, Incoming, Verdict},
};
use b24_portal::Fault;

use super::*;

#[tokio::test]
async fn a_stranger_needs_the_authorisation_servers_word() {
    let portal = portal().await;
    let installer = installer(&portal);
    let genuine = portal.install(1).event_form();
    let access = portal.install(1);
    assert_eq!(verdict(&installer, &genuine).await, Some(Verdict::Genuine));
    for (what, form) in [
        ("a token that nobody has issued", access.event_form().replace(access.access_token(), "invented")),
        ("no access token", access.event_form().replace("auth%5Baccess_token%5D", "x")),
        ("no application token", access.event_form().replace("auth%5Bapplication_token%5D", "x")),
        ("another portal", access.event_form().replace(portal.member_id(), "0123456789abcdef0123456789abcdef")),
        (
            "another server",
            access
                .event_form()
                .replace("server_endpoint%5D=http%3A%2F%2F127", "server_endpoint%5D=https%3A%2F%2Fevil.example"),
        ),
    ] {
        assert_eq!(verdict(&installer, &form).await, Some(Verdict::Forged), "{what}");
    }
    assert_eq!(verdict(&installer, &access.uninstall_form(false)).await, Some(Verdict::UnknownPortal));
}

#[tokio::test]
async fn while_the_authorisation_server_is_away_nobody_can_tell() {
    // What stands before it says nothing of the token, nor does a server that is asked too often.
    for status in [503, 429, 403, 407] {
        let portal = portal().await;
        let installer = installer(&portal);
        let form = portal.install(1).event_form();
        portal.auth_fault(Fault::html(status).times(50));
        // Neither genuine nor forged: it is kept, and asked about again.
        assert_eq!(verdict(&installer, &form).await, None, "{status}");
    }
    let portal = portal().await;
    let installer = installer(&portal);
    let form = portal.install(1).event_form();
    portal.auth_fault(Fault::refusal(429, "TOO_MANY_REQUESTS").times(50));
    assert_eq!(verdict(&installer, &form).await, None);
}

#[tokio::test]
async fn an_installation_that_is_looked_at_too_late_is_not_called_forged() {
    let portal = portal().await;
    let installer = installer(&portal);
    let form = portal.install(1).event_form();
    portal.expire_access_tokens();
    assert_eq!(verdict(&installer, &form).await, None);
}

#[tokio::test]
async fn strangers_do_not_take_all_places_of_the_worker() {
    let portal = portal().await;
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("http://{}", silent.local_addr().unwrap());
    let app = application_of(&portal, HttpClient::new()).with_trusted_server(nobody.parse().unwrap());
    let installer = Installer::new(B24::tenants(app, MemoryStore::new(), HttpClient::new()), ADDRESS);
    let service = listen(&portal, &installer);
    let installation = install(&portal, &service).await;

    // Installations that nobody has made, vouched for by a server that never answers.
    for stranger in 0..40 {
        let form = installation
            .event_form()
            .replace(portal.member_id(), &format!("{stranger:032}"))
            .replace("auth%5Bserver_endpoint%5D", "x")
            + &format!("&auth[server_endpoint]={nobody}/rest/");
        let request = Request::post(ADDRESS).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        service.clone().call(request.body(Full::new(Bytes::from(form))).unwrap()).await.unwrap();
    }
    let token = portal.application().application_token();
    let form = format!("event=ONCRMDEALADD&auth[member_id]={}&auth[application_token]={token}", portal.member_id());
    let request = Request::post(ADDRESS).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    service.clone().call(request.body(Full::new(Bytes::from(form))).unwrap()).await.unwrap();
    let soon = async {
        while service.stats().unhandled == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), soon).await.unwrap();
}

#[tokio::test]
async fn a_portal_that_proves_itself_does_not_choose_where_calls_go() {
    let portal = portal().await;
    let installer = installer(&portal);
    let service = listen(&portal, &installer);
    install(&portal, &service).await;
    // With the application token that it has, and with good tokens of its own.
    let elsewhere =
        portal.install(1).event_form().replace("ONAPPINSTALL", "ONAPPUPDATE").replace("auth%5Bclient_endpoint%5D", "x")
            + "&auth[client_endpoint]=https://intranet.example/rest/";
    portal.deliveries_done().await;
    post(&service, sent_at(&elsewhere, 4_000_000_000)).await;
    let stored = || async { installer.tenants().stored(&key(&portal)).await.unwrap().unwrap() };
    assert_eq!(stored().await.portal().to_string(), portal.url().trim_end_matches('/'));
    // Nor who renews its tokens.
    let server = stored().await.server().to_string();
    let foreign =
        portal.install(1).event_form().replace("ONAPPINSTALL", "ONAPPUPDATE").replace("auth%5Bserver_endpoint%5D", "x")
            + "&auth[server_endpoint]=https://oauth.evil.example/rest/";
    portal.deliveries_done().await;
    let failed = settled(&service).await.failed;
    assert_eq!(post(&service, sent_at(&foreign, 4_000_000_001)).await.failed, failed + 1);
    assert_eq!(stored().await.server().to_string(), server);
}

#[tokio::test]
async fn a_portal_that_is_new_chooses_neither_where_calls_go_nor_whose_tokens_they_are() {
    let portal = portal().await;
    let installer = installer(&portal);
    let form = portal.install(2).event_form();
    let service = listen(&portal, &installer);
    let said = form.replace("auth%5Bclient_endpoint%5D", "x").replace("auth%5Buser_id%5D", "y")
        + "&auth[client_endpoint]=https://intranet.example/rest/&auth[user_id]=1";
    post(&service, said).await;
    let stored = installer.tenants().stored(&key(&portal)).await.unwrap().unwrap();
    assert_eq!((stored.portal().to_string().as_str(), stored.user_id()), (portal.url().trim_end_matches('/'), Some(2)));
}

#[tokio::test]
async fn a_portal_whose_application_token_is_not_stored_is_not_believed() {
    let portal = portal().await;
    let installer = installer(&portal);
    let form = portal.install(1).event_form();
    let incoming = Incoming::decode(Encoding::Form, form.as_bytes()).unwrap();
    // As after a login in a browser.
    let field = |name: &str| {
        let value = incoming.auth().field(name).filter(|_| name != "application_token")?;
        Some(value.expose().to_owned())
    };
    let params = OAuthParams::from_fields(field, SystemTime::UNIX_EPOCH).unwrap();
    installer.tenants().install(&key(&portal), params).await.unwrap();
    let deal = form.replace("ONAPPINSTALL", "ONCRMDEALADD");
    assert_eq!(verdict(&installer, &deal).await, Some(Verdict::Forged));
    let bare = format!("event=ONCRMDEALADD&auth[member_id]={}", portal.member_id());
    assert_eq!(verdict(&installer, &bare).await, Some(Verdict::Forged));
    let empty = bare + "&auth[application_token]=";
    assert_eq!(verdict(&installer, &empty).await, Some(Verdict::Forged));
}

#[tokio::test]
async fn no_time_that_a_portal_tells_makes_a_handler_panic() {
    let portal = portal().await;
    let installer = installer(&portal);
    let timeless = |form: String| form.replace("auth%5Bexpires%5D", "x").replace("auth%5Bexpires_in%5D", "y");
    let end = "&auth[expires]=9223372036854775807&auth[expires_in]=0";
    let (first, update) = (portal.install(1).event_form(), portal.install(1).event_form());
    // What the portal sends itself goes nowhere.
    let (service, worker) = installer.events().build().unwrap();
    tokio::spawn(worker.run());
    post(&service, timeless(first) + end).await;
    let update = timeless(update.replace("ONAPPINSTALL", "ONAPPUPDATE")) + end;
    let stats = post(&service, sent_at(&update, 4_000_000_000)).await;
    assert_eq!((stats.handled, stats.failed), (2, 0), "{stats:?}");
}
