//! The arguments of `b24 batch`.

use std::path::PathBuf;

use clap::Args as ClapArgs;

use super::{Api, LimitArgs, PortalAccess};

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct BatchArgs {
    /// The generation of the API
    #[arg(long, value_enum, default_value_t)]
    pub(crate) api: Api,

    /// Send nothing more after a command that failed. Default: go on
    #[arg(long)]
    pub(crate) halt_on_error: bool,

    /// How many batches may be under way; with 1, commands run in the order of the input. Rows are always in order
    #[arg(long, value_name = "N", default_value_t = 1, conflicts_with = "halt_on_error",
          value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) concurrency: u16,

    /// Send all commands as one batch, at most 50, which may refer to each other; it stops at the first that fails
    #[arg(long, conflicts_with_all = ["concurrency", "halt_on_error"])]
    pub(crate) one: bool,

    #[command(flatten)]
    pub(crate) access: PortalAccess,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,

    /// The file with the commands; default, or with -: standard input
    pub(crate) file: Option<PathBuf>,
}

const HELP: &str = "Each line is one command:\n  \
    [\"crm.deal.update\", {\"id\": 7, \"fields\": {\"STAGE_ID\": \"WON\"}}]\n  \
    {\"method\": \"crm.deal.get\", \"params\": {\"id\": 7}, \"as\": \"seven\"}\n\
    and gives one line, in the same order:\n  \
    {\"key\": 0, \"ok\": true, \"result\": .., \"next\"?, \"total\"?}\n  \
    {\"key\": \"seven\", \"ok\": false, \"error\": {\"kind\", \"code\", \"message\", \"status\", \"mayHaveRun\", \"attempts\"}}\n  \
    {\"key\": 2, \"skipped\": true}\n\
    `key` is what `as` says, or the place of the command, from 0. Commands are read as they are needed and sent 50 at a\n\
    time; what a v2 batch cannot carry, such as null, is sent as a call of its own. A batch that is lost as a whole gives\n\
    the error for each of its commands, and `mayHaveRun` says whether repeating them is safe. On v3 the first error is the\n\
    answer to the whole batch. A line that is no command is the end, with exit status 2: it and what follows are not sent.\n\
    Ctrl-C waits for what is under way and says what was not sent; a second one does not wait.\n\n\
    Examples:\n  \
    b24 batch updates.ndjson --concurrency 4 > outcome.ndjson\n  \
    b24 list crm.contact.list --select ID | jq -c '[\"crm.contact.delete\", {id: .ID}]' | b24 batch\n  \
    b24 batch --one <<'END'\n  \
    {\"method\": \"crm.deal.get\", \"params\": {\"id\": 7}, \"as\": \"deal\"}\n  \
    {\"method\": \"crm.company.get\", \"params\": {\"id\": \"$result[deal][COMPANY_ID]\"}, \"as\": \"company\"}\n  \
    END";
