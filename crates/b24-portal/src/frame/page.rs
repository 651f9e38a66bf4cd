//! The pages: the portal's around an application, and the one that speaks from elsewhere.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{PATH, Session, Setting};
use crate::oauth::{Application, Origins};
use crate::php::form::encode;

const PAGE: &str = include_str!("page.html");
/// The script of the portal's page.
pub(crate) const SCRIPT: &str = include_str!("page.js");
/// A page for the authorisation server, which is another origin than the portal's.
pub(crate) const FOREIGN: &str = include_str!("foreign.html");

/// The portal's page with one session.
pub(crate) fn page(
    session: &Session,
    setting: &Setting,
    app: &Application,
    (origins, app_origin, member_id): (&Origins, &str, &str),
) -> String {
    let protocol = if origins.portal.starts_with("https:") { "1" } else { "0" };
    let domain = origins.domain();
    let language = setting.language.as_str();
    let query = [("DOMAIN", domain), ("PROTOCOL", protocol), ("LANG", language), ("APP_SID", session.sid.as_str())];
    let query: Vec<String> = query.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
    let options = if session.options.is_empty() { json!([]) } else { Value::Object(session.options.clone()) };
    let inputs = [
        ("AUTH_ID", session.pair.access.clone()),
        ("AUTH_EXPIRES", session.pair.lives.as_secs().to_string()),
        ("REFRESH_ID", session.pair.refresh.clone()),
        ("SERVER_ENDPOINT", origins.server_endpoint()),
        ("APPLICATION_TOKEN", app.application_token.clone()),
        ("APPLICATION_SCOPE", app.scope()),
        ("member_id", member_id.to_owned()),
        ("status", app.status().to_owned()),
        ("PLACEMENT", session.placement.clone()),
        ("PLACEMENT_OPTIONS", options.to_string()),
    ];
    let inputs = inputs.iter().fold(String::new(), |mut html, (name, value)| {
        // Writing to a String cannot fail.
        let _ = writeln!(html, "<input type=\"hidden\" name=\"{name}\" value=\"{}\">", escape(value));
        html
    });
    let for_script = json!({
        "sid": session.sid,
        "appOrigin": app_origin,
        "foreignOrigin": origins.authority,
    });
    let fields = [
        ("{LANG}", escape(language)),
        ("{NAME}", escape(&format!("{domain}|{protocol}|{}", session.sid))),
        ("{ACTION}", escape(&format!("{app_origin}/?{}", query.join("&")))),
        ("{INPUTS}", inputs),
        // Addresses and hexadecimal digits: nothing that could end the script.
        ("{SETTING}", for_script.to_string().replace('<', "\\u003C")),
    ];
    fields.iter().fold(PAGE.to_owned(), |page, (name, value)| page.replace(name, value))
}

/// What stands where an application cannot be opened.
pub(crate) fn refusal(text: &str) -> String {
    format!("<!DOCTYPE html><html><body><p id=\"alert\" role=\"alert\">{text}</p></body></html>")
}

/// Which part of the page's conversation a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Page,
    Script,
    Message,
    Closed,
    Due,
    Left,
}

impl Part {
    pub(crate) fn of(path: &str) -> Option<Self> {
        match path.strip_prefix(PATH).or_else(|| (path == "/frame").then_some(""))? {
            "" => Some(Self::Page),
            "page.js" => Some(Self::Script),
            "message" => Some(Self::Message),
            "closed" => Some(Self::Closed),
            "due" => Some(Self::Due),
            "left" => Some(Self::Left),
            _ => None,
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
