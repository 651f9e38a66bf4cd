//! The page around the frame: size and title, sliders, dialogs, options, the placement.

use b24::frame::{
    Delivery, Options,
    dialog::{Access, Kind, Record, User},
    slider::Width,
};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{arguments, session};
use crate::outcome::{Outcome, Trouble};

#[derive(Deserialize)]
struct Setting {
    of: Owner,
    name: String,
    #[serde(default)]
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Owner {
    App,
    User,
}

#[derive(Deserialize)]
struct Command {
    command: String,
    #[serde(default)]
    params: Value,
}

pub(super) async fn run(name: &str, with: Value) -> Outcome {
    let frame = session::frame()?;
    let (parent, slider, dialog, placement) = (frame.parent(), frame.slider(), frame.dialog(), frame.placement());
    let number = |name: &str| with[name].as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or_default();
    let text = |name: &str| with[name].as_str().unwrap_or_default();
    Ok(match name {
        "title" => delivery(parent.set_title(text("title")).await?),
        "resize" => delivery(parent.resize(number("width"), number("height")).await?),
        "fit" => delivery(parent.fit().await?),
        "scroll" => delivery(parent.scroll_to(number("to")).await?),
        "reload" => delivery(parent.reload().await?),
        "close" => delivery(parent.close().await?),
        "messenger" => delivery(parent.open_messenger(text("dialog"), None).await?),
        "open path" => json!(format!("{:?}", slider.open_path(text("path"), Width::Full).await?)),
        "open app" => slider.open_app(arguments::<Map<String, Value>>(with.clone())?).await?,
        "select user" => json!(dialog.select_user().await?.as_ref().map(user)),
        "select users" => dialog.select_users().await?.iter().map(user).collect(),
        "select access" => dialog.select_access(&["U2"]).await?.iter().map(access).collect(),
        "select crm" => {
            let chosen = dialog.select_crm(&[Kind::Deal, Kind::Contact], true, &[(Kind::Deal, 5)]).await?;
            let bucket = |rows: Option<Vec<Record>>| rows.map(|rows| rows.iter().map(record).collect::<Value>());
            json!({ "deal": bucket(chosen.deal), "contact": bucket(chosen.contact), "lead": bucket(chosen.lead) })
        }
        "interface" => placement.interface().await?,
        "placement call" => {
            let Command { command, params } = arguments(with)?;
            placement.call(&command, params).await?
        }
        "placement post" => {
            let Command { command, params } = arguments(with)?;
            delivery(placement.post(&command, params).await?)
        }
        "set value" => delivery(placement.set_value(&with["value"]).await?),
        "set option" => {
            let Setting { of, name, value } = arguments(with)?;
            delivery(options(&of, frame.app_options(), frame.user_options()).set(&name, value).await?)
        }
        "option" => {
            let Setting { of, name, .. } = arguments(with)?;
            json!(options(&of, frame.app_options(), frame.user_options()).text(&name))
        }
        other => return Err(Trouble::misunderstood(other)),
    })
}

fn options<'a>(of: &Owner, app: Options<'a>, user: Options<'a>) -> Options<'a> {
    match of {
        Owner::App => app,
        Owner::User => user,
    }
}

fn delivery(delivery: Delivery) -> Value {
    match delivery {
        Delivery::Answered(answer) => json!({ "answered": answer }),
        Delivery::Posted => json!("posted"),
    }
}

fn user(user: &User) -> Value {
    json!([user.id, user.name])
}

fn access(access: &Access) -> Value {
    json!([access.id, access.name])
}

fn record(record: &Record) -> Value {
    json!([record.id, record.title])
}
