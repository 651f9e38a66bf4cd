//! The arguments of `b24 listen`.

use std::{convert::Infallible, num::NonZeroU64, path::PathBuf};

use b24::Secret;
use clap::{Args as ClapArgs, builder::NonEmptyStringValueParser};

/// Tokens may be arguments too: whoever sees one can feign deliveries, and call nothing.
#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct ListenArgs {
    /// The port on 127.0.0.1; 0 takes a free one, which standard error tells
    #[arg(long, value_name = "N")]
    pub(crate) port: u16,

    /// The token that shows a delivery to come from the portal; better in the environment, since others can see arguments
    ///
    /// An outgoing webhook has it on its page, an application gets it with its installation. Of several portals or
    /// webhooks: several times, or with commas. Without any, "verified" is null. An empty one is refused.
    #[arg(long, value_name = "TOKEN", env = "B24_APPLICATION_TOKEN", hide_env_values = true, value_delimiter = ',',
        value_parser = secret)]
    pub(crate) application_token: Vec<Secret>,

    /// Print what is verified alone, and tell the rest on standard error; needs an application token
    #[arg(long)]
    pub(crate) only_verified: bool,

    /// Run this command for each delivery, one at a time and in order, with its line on standard input
    ///
    /// The shell runs it: sh -c, or cmd /C on Windows. Its environment has `B24_EVENT`, the "name" with _
    /// in place of all but letters, digits, dots and dashes, and `B24_EVENT_KIND`, the "kind". What it prints goes to standard
    /// error. When it fails that is told, and the next one is run. It is not run for what is unreadable, nor for what turned out not to come from the portal; without an application token that is
    /// not known, and whoever reaches the port has it run.
    #[arg(long, value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    pub(crate) forward: Option<String>,

    /// Keep deliveries in this file until they are printed and forwarded, so that none is lost when this ends
    ///
    /// One whose command was interrupted, by Ctrl-C for example, comes again the next time. The file holds tokens in the clear. Only you can read it, and one process at a time uses it.
    #[arg(long, value_name = "FILE")]
    pub(crate) inbox: Option<PathBuf>,

    /// Stop after N lines
    #[arg(long, value_name = "N")]
    pub(crate) count: Option<NonZeroU64>,
}

fn secret(text: &str) -> Result<Secret, Infallible> {
    Ok(Secret::from(text))
}

const HELP: &str = "Each delivery is answered first, and then gives one line:\n  \
    {\"received\": \"2026-08-20T12:52:22+00:00\", \"kind\": \"event\" | \"robot\" | \"page\", \"name\": \"ONCRMDEALADD\",\n   \
     \"verified\": true | false | null, \"handlerId\": 7 | null, \"sent\": \"..\" | null, \"data\": {..}, \"auth\": {..}}\n  \
    {\"received\": .., \"kind\": \"unreadable\", \"verified\": false | null, \"error\": {\"message\": ..}}\n\
    \"name\" is the robot's code or the page's placement where it is no event. Tokens are \"***\" in \"auth\", and so is what\n\
    has the name of a secret in \"data\". A delivery that comes twice is printed twice. What is no POST of a form or of\n\
    JSON, or is larger than 1 MiB, is refused, and told on standard error.\n\n\
    Ctrl-C lets the command of --forward end, and ends with exit status 130; a second one does not wait.\n\n\
    Examples:\n  \
    export B24_APPLICATION_TOKEN=51856fefc120afa4b628cc82d3935cce\n  \
    b24 listen --port 8025 --only-verified | jq .data\n  \
    b24 listen --port 8025 --forward 'jq -r .data.FIELDS.ID >> deals.txt'\n  \
    b24 listen --port 8025 &  b24 portal --port 8024 --outgoing-webhook http://127.0.0.1:8025/";
