//! The methods about the API itself: `server.time`, `app.info`, `scope`, `methods`, `method.get`, and an aid for tests.

use super::world::World;
use super::{Call, find_v2, v2};
use crate::config::all_scopes;
use crate::engine::error::Refusal;
use crate::php::time;
use crate::value::{Array, Value, map};

type Result<T> = std::result::Result<T, Refusal>;

pub(crate) fn server_time(_: &mut World, call: &Call<'_>) -> Result<Value> {
    Ok(time::iso(call.now).into())
}

/// What a webhook learns about its portal; an application learns about itself as well.
///
/// <https://apidocs.bitrix24.com/api-reference/common/system/app-info.html>. Its page also has a refusal for callers
/// without an application, and shows a call by webhook: servers answer a webhook with scope and licence.
pub(crate) fn app_info(_: &mut World, call: &Call<'_>) -> Result<Value> {
    let mut info = Array::new();
    if let (Some(client), Some(standing)) = (call.caller.client(), call.caller.standing) {
        for (key, value) in [
            ("ID", Value::Int(standing.id)),
            ("CODE", Value::text(client)),
            ("VERSION", Value::Int(1)),
            ("STATUS", Value::from(standing.status)),
            ("INSTALLED", Value::Bool(standing.installed)),
            ("PAYMENT_EXPIRED", Value::from(if standing.unpaid { "Y" } else { "N" })),
            ("DAYS", Value::Null),
            ("LANGUAGE_ID", Value::from("en")),
        ] {
            info.set(key, value);
        }
    }
    info.set("SCOPE", call.caller.scopes.to_vec());
    info.set("LICENSE", "en_std");
    info.set("LICENSE_TYPE", "std");
    info.set("LICENSE_FAMILY", "std");
    Ok(info.into())
}

pub(crate) fn scope(_: &mut World, call: &Call<'_>) -> Result<Value> {
    let full = call.params.get("full").is_some_and(Value::is_truthy);
    Ok(if full { all_scopes().into() } else { call.caller.scopes.to_vec().into() })
}

pub(crate) fn methods(_: &mut World, call: &Call<'_>) -> Result<Value> {
    let full = call.params.get("full").is_some_and(Value::is_truthy);
    let wanted = call.params.filled("scope").and_then(Value::as_str);
    let names = v2::METHODS
        .iter()
        .filter(|method| !method.name.starts_with(AID))
        .filter(|method| wanted.map_or(full || call.caller.has_scope(method.scope), |scope| method.scope == scope))
        .map(|method| method.name);
    Ok(names.collect::<Array>().into())
}

pub(crate) fn method_get(_: &mut World, call: &Call<'_>) -> Result<Value> {
    let name = call.params.get("name").and_then(Value::as_str).unwrap_or_default();
    let method = find_v2(name);
    Ok(map! {
        "isExisting" => method.is_some(),
        "isAvailable" => method.is_some_and(|method| call.caller.has_scope(method.scope)),
    }
    .into())
}

/// Not part of a real portal: answers with its own parameters, as PHP's parser left them.
pub(crate) fn echo(_: &mut World, call: &Call<'_>) -> Result<Value> {
    Ok(map! { "params" => call.params.clone(), "start" => call.start }.into())
}

/// Not part of a real portal: answers with its parameter `value`, or null, as a method's result.
pub(crate) fn answer(_: &mut World, call: &Call<'_>) -> Result<Value> {
    Ok(call.params.get("value").cloned().unwrap_or(Value::Null))
}

/// What the methods begin with that no real portal has; no description of the API lists them.
pub(crate) const AID: &str = "b24portal.";
