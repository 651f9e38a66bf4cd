//! `events`, `event.bind`, `event.unbind`, `event.get`, `event.test`.
//!
//! <https://apidocs.bitrix24.com/api-reference/events/event-bind.html>

use super::Call;
use super::user::is_admin;
use super::world::World;
use crate::engine::error::Refusal;
use crate::event::{Kind, catalog};
use crate::php::number;
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn events(world: &mut World, call: &Call<'_>) -> Result<Value> {
    client(call)?;
    let params = call.params.upper();
    let smart = world.smart_types();
    let names = match (params.get("SCOPE").and_then(Value::as_str), params.get("FULL")) {
        (Some(scope), _) => catalog::names(|of| of == scope, &smart),
        (None, Some(full)) if full.is_truthy() => catalog::names(|_| true, &smart),
        (None, _) => catalog::names(|of| call.caller.has_scope(of), &smart),
    };
    Ok(names.into())
}

pub(crate) fn bind(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let client = client(call)?;
    let params = call.params.upper();
    let user = asked_user(&params, call, "Event binding with AUTH_TYPE requires administrator access rights")?;
    let event = name(&params)?;
    let handler = text(&params, "HANDLER");
    let kind = if is_offline(&params)? {
        admin(call, "Offline events binding requires administrator access rights")?;
        Kind::Offline
    } else {
        check_url(&handler)?;
        Kind::Online { url: handler, user }
    };
    let known = catalog::names(|scope| call.caller.has_scope(scope), &world.smart_types());
    if !known.contains(&event) {
        return Err(Refusal::new(400, "ERROR_EVENT_NOT_FOUND", "Event not found"));
    }
    let is_bell = event == "ONOFFLINEEVENT";
    if is_bell && kind == Kind::Offline {
        return Err(Refusal::new(400, "ERROR_ARGUMENT", "Offline event cannot be registered for this event."));
    }
    let options = params.get("OPTIONS").and_then(Value::as_array);
    let timeout = options.and_then(|options| options.filled("minTimeout")).filter(|_| is_bell).map(number::int);
    if world.events.handlers.bind(client, &event, kind, &call.caller.connector, timeout) {
        return Ok(true.into());
    }
    Err(Refusal::new(400, "ERROR_CORE", "Unable to set event handler: Handler already binded"))
}

pub(crate) fn unbind(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let client = client(call)?;
    let params = call.params.upper();
    let event = name(&params)?;
    let count = if is_offline(&params)? {
        admin(call, "Offline events unbinding requires administrator access rights")?;
        let connector = &call.caller.connector;
        world.events.handlers.unbind(client, |bound| {
            bound.event == event && bound.kind == Kind::Offline && bound.connector == *connector
        })
    } else {
        let wanted = text(&params, "HANDLER");
        if wanted.is_empty() {
            return Err(missing("HANDLER"));
        }
        let text = "Event unbinding with AUTH_TYPE requires administrator access rights";
        let of_user = match params.filled("AUTH_TYPE") {
            Some(_) => Some(asked_user(&params, call, text)?),
            None if is_admin(call.caller.user) => None,
            None => Some(call.caller.user),
        };
        world.events.handlers.unbind(client, |bound| match &bound.kind {
            Kind::Online { url, user } => {
                bound.event == event && *url == wanted && of_user.is_none_or(|wanted| wanted == *user)
            }
            Kind::Offline => false,
        })
    };
    Ok(map! { "count" => i64::try_from(count).unwrap_or(i64::MAX) }.into())
}

pub(crate) fn get(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let client = client(call)?;
    let shown = world.events.handlers.of_client(client).filter_map(|handler| match &handler.kind {
        Kind::Online { url, user } => (is_admin(call.caller.user) || *user == call.caller.user).then(|| {
            map! {
                "event" => handler.event.clone(),
                "handler" => url.clone(),
                "auth_type" => user.to_string(),
                "offline" => 0_i64,
            }
        }),
        Kind::Offline => is_admin(call.caller.user).then(|| {
            map! {
                "event" => handler.event.clone(),
                "connector_id" => handler.connector.clone(),
                "offline" => 1_i64,
            }
        }),
    });
    Ok(shown.collect::<Array>().into())
}

/// Lets `ONAPPTEST` happen, for this application alone.
///
/// <https://apidocs.bitrix24.com/api-reference/events/test-handler.html>
pub(crate) fn test(world: &mut World, call: &Call<'_>) -> Result<Value> {
    let client = client(call)?.to_owned();
    let data = map! { "QUERY" => call.params.clone(), "LANGUAGE_ID" => "en" };
    world.events.note_for(call.caller, "ONAPPTEST".to_owned(), data, Some(client));
    Ok(1_i64.into())
}

/// The application that calls: a webhook has none, and no events either.
pub(crate) fn client<'a>(call: &Call<'a>) -> Result<&'a str> {
    let text = "Current authorization type is denied for this method";
    call.caller.client().ok_or_else(|| Refusal::new(403, "WRONG_AUTH_TYPE", text))
}

pub(crate) fn admin(call: &Call<'_>, text: &str) -> Result<()> {
    if is_admin(call.caller.user) {
        return Ok(());
    }
    Err(Refusal::new(403, "ACCESS_DENIED", format!("Access denied! {text}").trim_end()))
}

pub(crate) fn missing(name: &'static str) -> Refusal {
    Refusal::argument(name, format!("Argument '{name}' is null or empty"))
}

fn name(params: &Array) -> Result<String> {
    let name = text(params, "EVENT").to_uppercase();
    if name.is_empty() { Err(missing("EVENT")) } else { Ok(name) }
}

fn text(params: &Array, name: &str) -> String {
    params.get(name).and_then(Value::to_text).unwrap_or_default().into_owned()
}

fn is_offline(params: &Array) -> Result<bool> {
    match text(params, "EVENT_TYPE").to_lowercase().as_str() {
        "" | "online" => Ok(false),
        "offline" => Ok(true),
        _ => Err(Refusal::argument("EVENT_TYPE", "Value must be one of {online|offline}")),
    }
}

/// The user a handler works as; 0 is the one behind the event. Only the administrator may choose.
fn asked_user(params: &Array, call: &Call<'_>, refusal: &str) -> Result<i64> {
    let asked = params.get("AUTH_TYPE").map_or(0, number::int);
    if asked > 0 && asked != call.caller.user {
        admin(call, refusal)?;
    }
    Ok(if asked > 0 || is_admin(call.caller.user) { asked } else { call.caller.user })
}

/// An address needs a host with a dot in it, and `http` or `https`.
fn check_url(url: &str) -> Result<()> {
    if url.is_empty() {
        return Err(missing("HANDLER"));
    }
    let (scheme, rest) = url.split_once("://").unwrap_or(("", ""));
    let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let host = host.split(':').next().unwrap_or_default();
    if host.find('.').is_none_or(|dot| dot == 0) {
        return Err(Refusal::new(400, "ERROR_WRONG_HANDLER_URL", "Wrong handler URL"));
    }
    if scheme != "http" && scheme != "https" {
        return Err(Refusal::new(400, "ERROR_UNSUPPORTED_PROTOCOL", "Unsupported handler protocol"));
    }
    Ok(())
}
