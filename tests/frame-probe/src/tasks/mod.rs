//! What a test can ask for.

mod calls;
mod events;
mod place;
mod session;

use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use crate::{
    log,
    outcome::{Outcome, Trouble},
};

/// Does a task of this name.
pub(crate) async fn run(name: &str, with: Value) -> Outcome {
    match name {
        "log" => Ok(json!(log::text())),
        "connect" => session::connect(arguments(with)?).await,
        "describe" => session::describe(),
        "destroy" => session::destroy(),
        "install finish" => session::install_finish().await,
        "calls" => calls::calls(arguments(with)?).await,
        "batch" => calls::batch(arguments(with)?).await,
        "bind" => events::bind(arguments(with)?),
        "events" => events::so_far(arguments(with)?),
        "unbind" => events::unbind(arguments(with)?),
        other => place::run(other, with).await,
    }
}

fn arguments<T: DeserializeOwned>(with: Value) -> Result<T, Trouble> {
    // A task that needs none may come without.
    let with = if with.is_null() { json!({}) } else { with };
    Ok(T::deserialize(with)?)
}
