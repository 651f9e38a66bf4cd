//! The arguments: what `--help` shows.

mod access;
mod batch;
mod list;
mod listen;
mod login;
mod portal;

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use access::{Credentials, PortalAccess};
pub(crate) use batch::BatchArgs;
pub(crate) use list::ListArgs;
pub(crate) use listen::ListenArgs;
pub(crate) use login::LoginArgs;
pub(crate) use portal::{Plan, PortalArgs};

/// Call a Bitrix24 portal's REST API, or run an embedded portal to try things on.
///
/// Results are JSON on standard output; messages go to standard error. Set `RUST_LOG` (for example `b24=debug`) to see
/// what is sent; secrets are never shown.
#[derive(Debug, Parser)]
#[command(name = "b24", version, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "Exit status:\n  \
    0  everything succeeded\n  \
    1  a call failed: what the portal or the network said is on standard output as {\"error\": ..}, or for a list, whose\n     \
       output is rows alone, on standard error\n  \
    2  unusable arguments or input; nothing is printed on standard output for the unusable part\n  \
  130  interrupted; what was printed is whole. 129 where the terminal was closed, 131 by Ctrl-\\";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start an embedded portal, make calls on v2 and v3, and show what was sent and what came back
    ///
    /// Needs no account and no network.
    Demo,
    /// Call one method and print its result
    Call(CallArgs),
    /// Print all rows of a method that gives them in pages, one JSON row a line
    List(ListArgs),
    /// Run any number of commands from a file or standard input in batches of 50, one row of output for each
    Batch(BatchArgs),
    /// Run REST operations from a file or standard input, one JSON object a line
    Run(RunArgs),
    /// Let a user authorise an application in the browser, and keep its tokens in a file for --oauth
    Login(LoginArgs),
    /// Print what a portal posts to this machine, one JSON object a line: events, robots' calls, pages
    ///
    /// Listens on 127.0.0.1. A portal on the internet reaches it through a tunnel, such as cloudflared, ngrok or ssh -R: the
    /// portal is given the tunnel's public https address, and the tunnel brings the deliveries to this port.
    Listen(ListenArgs),
    /// Run an embedded portal and print its webhook URL
    Portal(PortalArgs),
    /// Print shell completions
    ///
    /// For example: b24 completions bash > ~/.local/share/bash-completion/completions/b24
    Completions {
        /// The shell to print them for
        shell: Shell,
    },
}

/// How fast.
#[derive(Debug, ClapArgs)]
pub(crate) struct LimitArgs {
    /// Limits and retries as JSON, merged over the preset it names or the default one; `b24 run --help` has all of it
    ///
    /// For example: {"preset": "enterprise", "maxRetries": 4}
    #[arg(long, value_name = "JSON")]
    pub(crate) restrictions: Option<String>,
}

/// Which generation of the API.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Api {
    /// Every method of the portal
    #[default]
    V2,
    /// The newer families
    V3,
}

/// The parameters of a method.
#[derive(Debug, ClapArgs)]
pub(crate) struct ParamArgs {
    /// A parameter: name=value, filter[>id]=5, select[]=id
    ///
    /// A value that is JSON (5, true, null, [1,2], "5") is sent as such, anything else as text.
    #[arg(short = 'p', long = "param", value_name = "NAME=VALUE")]
    pub(crate) param: Vec<String>,

    /// All parameters as one JSON object; @FILE reads it from a file, @- from standard input
    #[arg(long, value_name = "JSON", conflicts_with = "param")]
    pub(crate) params: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = CALL_HELP)]
pub(crate) struct CallArgs {
    /// The method, such as crm.item.list
    pub(crate) method: String,

    /// The generation of the API
    #[arg(long, value_enum, default_value_t)]
    pub(crate) api: Api,

    #[command(flatten)]
    pub(crate) params: ParamArgs,

    #[command(flatten)]
    pub(crate) access: PortalAccess,

    /// The id by which the call is known in the portal's log; default: a new UUID
    #[arg(long, value_name = "ID")]
    pub(crate) request_id: Option<String>,

    /// Seconds one send may take; the cloud itself cuts a request at 60 s
    #[arg(long, value_name = "SECONDS", default_value = "75", value_parser = seconds)]
    pub(crate) timeout: std::time::Duration,
}

const CALL_HELP: &str = "Examples:\n  \
    b24 call profile\n  \
    b24 call crm.item.list -p entityTypeId=2 -p 'select[]=id' -p 'select[]=title' -p 'filter[>id]=100'\n  \
    b24 call tasks.task.get --api v3 --params '{\"id\": 5, \"select\": [\"id\", \"title\"]}'\n\n\
    Prints {\"result\": .., \"time\": .., \"next\": .., \"total\": ..}, or {\"error\": {\"kind\", \"code\", \
    \"message\", \"status\", \"mayHaveRun\", ..}} with exit status 1.";

#[derive(Debug, ClapArgs)]
#[command(after_help = RUN_HELP)]
pub(crate) struct RunArgs {
    #[command(flatten)]
    pub(crate) access: PortalAccess,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    /// How many operations may be in flight; with 1, output keeps the order of the input
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,

    /// The file with the operations; default, or with -: standard input
    pub(crate) file: Option<PathBuf>,
}

const RUN_HELP: &str = "Each line is one operation:\n  \
    {\"id\": 1, \"op\": \"call\", \"api\": \"v2\", \"method\": \"crm.deal.get\", \"params\": {\"id\": 7},\n   \
     \"options\": {\"requestId\": \"job-17\", \"timeoutMs\": 5000, \"deadlineMs\": 9000, \"idempotent\": false,\n               \
     \"maxRetries\": 2, \"idempotencyKey\": \"order-4711\"}}\n\
    and gives one line:\n  \
    {\"id\": 1, \"ok\": true, \"result\": .., \"time\": .., \"next\"?, \"total\"?}\n  \
    {\"id\": 1, \"ok\": false, \"soft\": .., \"error\": {\"kind\", \"code\", \"message\", \"status\", \"mayHaveRun\", \"attempts\",\n             \
     \"validation\"?}}\n\
    Other operations, and what they give instead of \"result\":\n  \
    {\"op\": \"batch\", \"commands\": [[\"crm.deal.get\", {\"id\": 7}], ..] or {label: [..], ..}, \"haltOnError\": true}\n  \
    {\"op\": \"batchByChunk\", \"commands\": [any number], \"haltOnError\": true}\n    \
     \"rows\": [{\"key\", \"ok\": true, \"result\"} | {\"key\", \"ok\": false, \"error\"} | {\"key\", \"skipped\": true}]\n  \
    {\"op\": \"list\", \"method\": .., \"params\": {}, \"itemsKey\"?, \"idKey\"?, \"cursorIdKey\"?, \"limit\"?}\n  \
    {\"op\": \"tail\", \"method\": .., \"cursorField\"?, \"order\"?, \"initialValue\"?, \"limit\"?}: v3\n    \
     \"rows\": [..], also where a failure ends them\n  \
    {\"op\": \"aggregate\", \"method\": .., \"select\": {\"sum\": [\"amount\"]}, \"filter\"?}: v3\n\
    A failed operation does not stop the ones after it; the exit status is then 1. A line that is no operation ends the\n\
    run, with exit status 2: what follows it cannot be trusted.\n\
    --restrictions takes, each part optional:\n  \
    {\"preset\": \"default\" | \"enterprise\" | \"batchProcessing\" | \"realtime\",\n   \
     \"rateLimit\": {\"burstLimit\": 50, \"drainRate\": 2, \"adaptiveEnabled\": true} | null,\n   \
     \"operatingLimit\": {\"windowMs\": 600000, \"limitMs\": 480000, \"heavyPercent\": 80},\n   \
     \"adaptiveConfig\": {\"enabled\": true, \"thresholdPercent\": 80, \"coefficient\": 0.01, \"maxDelay\": 7000},\n   \
     \"maxRetries\": 2, \"retryDelay\": 1000, \"retryOnNetworkError\": true | false | \"auto\",\n   \
     \"hardErrorCodes\": [], \"softErrorCodes\": []}\n\
    The numbers here are those of the default preset; times are milliseconds; with rateLimit null, calls go as they\n\
    come. Operations wait for their turn within the limits. One that would wait longer than its deadlineMs is not\n\
    sent: its code is LIMIT_WAIT_TOO_LONG. An operation's options take maxRetries, retryOnNetworkError, hardErrorCodes\n\
    and softErrorCodes too.";

fn seconds(text: &str) -> Result<std::time::Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number of seconds")?;
    std::time::Duration::try_from_secs_f64(seconds).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Args::command().debug_assert();
    }
}
