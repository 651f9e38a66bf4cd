//! The commands, each as the portal's page carries it out: `rest/install/js/rest/applayout.js`.
//!
//! <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/index.html>

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::fault::Answer;
use super::interface::{self, DEFAULT};
use super::message::is_truthy;
use super::session::{Session, Slider};
use super::{Frames, Size, dialog};
use crate::method::user::is_admin;
use crate::oauth::{Ledger, Origins};
use crate::php::form::encode;

/// What everything outside the frames has to say about a command.
pub(crate) struct Scene<'a> {
    pub(crate) now: Duration,
    pub(crate) ledger: &'a mut Ledger,
    pub(crate) origins: &'a Origins,
    pub(crate) member_id: &'a str,
    /// How large the application's place on the page is.
    pub(crate) size: Size,
}

/// What came of a command.
pub(crate) struct Deed {
    pub(crate) effect: Option<Value>,
    pub(crate) answer: Answer,
}

impl Deed {
    fn answer(value: Value) -> Self {
        Self { effect: None, answer: Answer::Json(value) }
    }

    fn done() -> Self {
        Self { effect: None, answer: Answer::Done }
    }

    fn nothing() -> Self {
        Self { effect: None, answer: Answer::None }
    }

    fn silent(effect: Value) -> Self {
        Self { effect: Some(effect), answer: Answer::None }
    }

    fn slider(effect: Value) -> Self {
        Self { effect: Some(effect), answer: Answer::Later }
    }

    fn seen(self, effect: Value) -> Self {
        Self { effect: Some(effect), ..self }
    }
}

impl Frames {
    /// Carries a command out; nothing where the page has no such command in this placement.
    pub(super) fn obey(
        &mut self,
        scene: &mut Scene<'_>,
        at: usize,
        command: &str,
        params: &Value,
        key: &str,
    ) -> Option<Deed> {
        let placement = self.sessions[at].placement.clone();
        if placement != DEFAULT && interface::is_for_own_page(command) {
            return None;
        }
        Some(match command {
            "getInitData" => Deed::answer(self.init_data(scene, at)),
            "refreshAuth" => refresh(scene, &mut self.sessions[at]),
            "getInterface" => Deed::answer(self.interface(&placement)),
            "setAppOption" => self.set_app_option(at, params),
            "setUserOption" => {
                let user = self.sessions[at].pair.holder.user;
                set_option(self.user_options.entry(user).or_default(), params);
                Deed::answer(params.clone())
            }
            "setInstall" => {
                self.first_run = !is_truthy(&params["install"]);
                Deed::answer(params.clone())
            }
            "setInstallFinish" => finish(scene, &self.sessions[at], params),
            "resizeWindow" => resize(scene.size, params),
            "setTitle" => {
                Deed::answer(params.clone()).seen(json!({ "kind": "title", "title": text(&params["title"]) }))
            }
            "setScroll" => match params["scroll"].as_f64().filter(|scroll| *scroll >= 0.0) {
                Some(scroll) => Deed::answer(params.clone()).seen(json!({ "kind": "scroll", "top": scroll.trunc() })),
                None => Deed::answer(params.clone()),
            },
            "reloadWindow" => Deed::silent(json!({ "kind": "reload" })),
            "imCallTo" | "imPhoneTo" | "imOpenMessenger" | "imOpenHistory" => {
                Deed::silent(json!({ "kind": "messenger", "command": command, "params": params }))
            }
            "selectUser" => Deed::answer(dialog::user(params)),
            "selectAccess" => Deed::answer(dialog::access()),
            "selectCRM" => Deed::answer(dialog::crm(params)),
            "openApplication" => open_application(&mut self.sessions[at], params, key),
            "openPath" => open_path(&mut self.sessions[at], params, key),
            "closeApplication" => self.close_application(at, key),
            "placementBindEvent" if placement != DEFAULT => {
                let event = text(&params["event"]);
                if !key.is_empty() && self.has_event(&placement, &event) {
                    self.sessions[at].bound.push((event, key.to_owned()));
                }
                Deed::nothing()
            }
            own if interface::of(&placement).commands.contains(&own) => {
                in_placement(&mut self.sessions[at], own, params)
            }
            _ => return None,
        })
    }

    /// What an application asks for first.
    ///
    /// <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-functions/bx24-init.html>
    fn init_data(&mut self, scene: &Scene<'_>, at: usize) -> Value {
        let session = &mut self.sessions[at];
        let first_run = std::mem::take(&mut session.first_run);
        let user = session.pair.holder.user;
        json!({
            "LANG": self.setting.language,
            "DOMAIN": scene.origins.domain(),
            "PROTOCOL": i32::from(scene.origins.portal.starts_with("https:")),
            "PATH": "/rest",
            "AUTH_ID": session.pair.access,
            // A text, as everything is that PHP writes between quotes.
            "AUTH_EXPIRES": session.pair.lives.as_secs().to_string(),
            "REFRESH_ID": session.pair.refresh,
            "MEMBER_ID": scene.member_id,
            "FIRST_RUN": first_run,
            "IS_ADMIN": is_admin(user),
            "INSTALL": is_admin(user) && !scene.ledger.standing(&session.pair.holder.client).installed,
            "USER_OPTIONS": php(self.user_options.get(&user)),
            "APP_OPTIONS": php(Some(&self.app_options)),
            "PLACEMENT": session.placement,
            "PLACEMENT_OPTIONS": php(Some(&session.options)),
        })
    }

    fn interface(&self, placement: &str) -> Value {
        let own = interface::of(placement);
        let mut events: Vec<&str> = own.events.to_vec();
        if placement != DEFAULT {
            events.extend(self.setting.events.iter().map(String::as_str));
        }
        json!({ "command": own.commands, "event": events })
    }

    fn has_event(&self, placement: &str, event: &str) -> bool {
        interface::of(placement).events.contains(&event) || self.setting.events.iter().any(|own| own == event)
    }

    /// Only an administrator's is taken, and only that is answered: with all options.
    fn set_app_option(&mut self, at: usize, params: &Value) -> Deed {
        if !is_admin(self.sessions[at].pair.holder.user) {
            return Deed::nothing();
        }
        set_option(&mut self.app_options, params);
        Deed::answer(php(Some(&self.app_options)))
    }

    /// Closes the slider on top, or the one that this page is in. Without any nothing happens, and nobody is told.
    fn close_application(&mut self, at: usize, key: &str) -> Deed {
        let opener = self.sessions[at].opener.clone();
        let own = !self.sessions[at].sliders.is_empty();
        let opener = opener.and_then(|sid| self.sessions.iter().position(|session| session.sid == sid));
        let Some(on) = (if own { Some(at) } else { opener }) else { return Deed::nothing() };
        for step in self.close_top(on) {
            self.sessions[on].push(step);
        }
        if key.is_empty() { Deed::nothing() } else { Deed::done() }
    }
}

/// A new pair in place of the old one. Where there is none the page tells the user, and the application nothing.
fn refresh(scene: &mut Scene<'_>, session: &mut Session) -> Deed {
    let client = session.pair.holder.client.clone();
    let renewed = scene
        .ledger
        .may_have_tokens(&client)
        .and_then(|()| scene.ledger.renew(scene.now, &client, &session.pair.refresh));
    let Ok(pair) = renewed else {
        return Deed::silent(json!({ "kind": "alert", "text": "Unable to get new token! Reload page, please!" }));
    };
    let answer = json!({
        "AUTH_ID": pair.access,
        "AUTH_EXPIRES": pair.lives.as_secs().to_string(),
        "REFRESH_ID": pair.refresh,
    });
    session.pair = pair;
    Deed::answer(answer)
}

/// The page is opened anew and says with `install_finished` whether it worked; the application hears nothing.
fn finish(scene: &mut Scene<'_>, session: &Session, params: &Value) -> Deed {
    let holder = &session.pair.holder;
    let allowed = is_admin(holder.user);
    if allowed && params["value"] == Value::Bool(false) {
        scene.ledger.unfinish(&holder.client);
    } else if allowed {
        scene.ledger.finish(&holder.client);
    }
    Deed::silent(json!({ "kind": "reload", "installFinished": if allowed { "Y" } else { "N" } }))
}

/// Answers with the size that the place has then.
fn resize(size: Size, params: &Value) -> Deed {
    let is_full = params["width"] == "100%";
    let width = whole(&params["width"]).filter(|width| *width > 0.0).unwrap_or(100.0);
    let height = whole(&params["height"]).filter(|height| *height != 0.0);
    let after = json!({
        "width": if is_full { size.available } else { width },
        "height": height.unwrap_or(size.height),
    });
    let style = if is_full { "100%".to_owned() } else { format!("{width}px") };
    Deed::answer(after).seen(json!({
        "kind": "resize",
        "width": style,
        "height": height.map(|height| format!("{height}px")),
    }))
}

/// Opens the application once more, in a slider. `bx24_…` are wishes about the slider, the rest is for the application.
fn open_application(session: &mut Session, params: &Value, key: &str) -> Deed {
    let mut given = params.as_object().cloned().unwrap_or_default();
    let wishes: Map<String, Value> = given
        .iter()
        .filter_map(|(name, value)| Some((name.strip_prefix("bx24_")?.to_owned(), value.clone())))
        .collect();
    given.retain(|name, _| !name.starts_with("bx24_"));
    if given.get("options").is_some_and(Value::is_object) {
        if let Some(Value::Object(inner)) = given.get("params").cloned() {
            given = inner;
        }
    }
    session.sliders.push(Slider { command: "openApplication", key: key.to_owned(), answer: Answer::Done });
    let options = encode(&Value::Object(given).to_string());
    let source = format!("{}?slider={}&options={options}", super::PATH, session.sid);
    Deed::slider(json!({ "kind": "slider", "source": source, "wishes": wishes }))
}

/// Opens a page of the portal in a slider, if it is one of those that may be opened.
///
/// <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/additional-functions/bx24-open-path.html>
fn open_path(session: &mut Session, params: &Value, key: &str) -> Deed {
    let path = params["path"].as_str().unwrap_or_default();
    if !may_open(path) {
        return Deed::answer(json!({ "result": "error", "errorCode": "PATH_NOT_AVAILABLE" }));
    }
    let answer = Answer::Json(json!({ "result": "close" }));
    session.sliders.push(Slider { command: "openPath", key: key.to_owned(), answer });
    let joint = if path.contains('?') { '&' } else { '?' };
    let path = format!("{path}{joint}from=rest_placement&from_app={}", session.pair.holder.client);
    Deed::slider(json!({ "kind": "slider", "path": path }))
}

/// Only the beginning of a path is looked at, which is why `/crm/deal/../..` opens everything.
fn may_open(path: &str) -> bool {
    let parts: Vec<&str> = path.split('/').collect();
    // The slash behind the last part makes one more of them.
    match parts[..] {
        ["", "crm", "deal" | "lead" | "contact" | "company", _, ..] | ["", "marketplace", _, ..] => true,
        ["", "company", "personal", "user", id, _, ..] | ["", "workgroups", "group", id, _, ..] => {
            !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())
        }
        _ => false,
    }
}

fn in_placement(session: &mut Session, command: &str, params: &Value) -> Deed {
    match command {
        "getValue" => Deed::answer(session.value.clone()),
        "setValue" => {
            session.value = params.clone();
            Deed::done()
        }
        "getStatus" => Deed::answer(php(Some(&session.options))),
        _ => Deed::done(),
    }
}

fn set_option(options: &mut Map<String, Value>, params: &Value) {
    options.insert(text(&params["name"]), params["value"].clone());
}

/// PHP's array of these names: a list where there are none.
fn php(options: Option<&Map<String, Value>>) -> Value {
    match options {
        Some(options) if !options.is_empty() => options.clone().into(),
        _ => json!([]),
    }
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// JavaScript's `parseInt`.
fn whole(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64().map(f64::trunc),
        Value::String(text) => {
            let text = text.trim_start();
            let end = text.bytes().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
            text[..end].parse().ok()
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_judged_by_its_beginning() {
        for (path, want) in [
            ("/crm/deal/details/5/", true),
            ("/crm/deal/../../../etc/", true),
            ("/company/personal/user/15/", true),
            ("/workgroups/group/0/card/", true),
            ("/marketplace/app/1/", true),
            ("/crm/deal", false),
            ("/crm/invoice/1/", false),
            ("/company/personal/user/me/", false),
            ("crm/deal/1/", false),
            ("", false),
        ] {
            assert_eq!(may_open(path), want, "{path}");
        }
    }

    #[test]
    fn sizes_are_read_as_javascript_reads_them() {
        for (value, want) in
            [(json!(300), Some(300.0)), (json!("300px"), Some(300.0)), (json!("x"), None), (json!(null), None)]
        {
            assert_eq!(whole(&value), want, "{value}");
        }
    }
}
