//! The arguments of `b24 list`.

use std::num::NonZeroU64;

use b24::Cursor;
use clap::Args as ClapArgs;

use super::{Api, LimitArgs, ParamArgs, PortalAccess};

#[derive(Debug, ClapArgs)]
#[command(after_help = HELP)]
pub(crate) struct ListArgs {
    /// The method, such as crm.item.list
    pub(crate) method: String,

    /// The generation of the API
    #[arg(long, value_enum, default_value_t)]
    pub(crate) api: Api,

    #[command(flatten)]
    pub(crate) params: ParamArgs,

    /// A condition on the rows, such as 'opportunity>=1000'; of several, all must hold
    ///
    /// Operators: = != > >= < <=, ~ for a part of a text (v2), and `in` for one of several: 'stageId in NEW,WON'. A value
    /// that is JSON (5, true, null, "5") is sent as such, anything else as text.
    #[arg(long = "where", value_name = "CONDITION")]
    pub(crate) conditions: Vec<String>,

    /// The fields of each row; the id is added to them
    #[arg(long, value_name = "FIELD,..", value_delimiter = ',')]
    pub(crate) select: Vec<String>,

    /// Stop after N rows
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<NonZeroU64>,

    /// Under which key of the result the rows are; '' for the result itself. Default: known of the usual methods
    #[arg(long, value_name = "KEY")]
    pub(crate) items_key: Option<String>,

    /// How the id is called in a row. Default: known of the usual methods
    #[arg(long, value_name = "KEY")]
    pub(crate) id_key: Option<String>,

    /// How the id is called in filter and order. Default: known of the usual methods, else as in a row
    #[arg(long, value_name = "KEY")]
    pub(crate) cursor_key: Option<String>,

    /// v3: how many rows to ask for at once. Default: 50, which is what a page of v2 always has
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) page_size: Option<u16>,

    /// From the highest id to the lowest
    #[arg(long)]
    pub(crate) descending: bool,

    /// v2: go by number of rows instead of by id, for rows without one; cannot be resumed
    ///
    /// The portal counts for each page, rows that are added or deleted meanwhile can be missed, and memory grows by the
    /// ids. The order that the parameters ask for stays.
    #[arg(long, conflicts_with_all = ["descending", "exhaustive", "resume_after"])]
    pub(crate) by_offset: bool,

    /// Go on until a page is empty, for methods that give short pages before the last one
    #[arg(long)]
    pub(crate) exhaustive: bool,

    /// Go on after this id, as the message of a list that ended early says
    #[arg(long, value_name = "CURSOR", allow_negative_numbers = true, value_parser = cursor)]
    pub(crate) resume_after: Option<Cursor>,

    #[command(flatten)]
    pub(crate) access: PortalAccess,

    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

// Left to itself, clap takes any text for an id that is text.
fn cursor(text: &str) -> Result<Cursor, String> {
    text.parse().map_err(|error: b24::Error| error.message().to_owned())
}

const HELP: &str = "Examples:\n  \
    b24 list crm.item.list -p entityTypeId=2 --select id,title --where 'opportunity>=1000' > deals.ndjson\n  \
    b24 list crm.deal.list --where 'STAGE_ID in NEW,WON' --where 'TITLE~Acme' --limit 10\n  \
    b24 list tasks.task.list --api v3 --select id,title --where 'created>=2026-01-01' --page-size 500\n  \
    b24 list vendor.thing.list --items-key things --id-key ID\n  \
    b24 list crm.contact.list --select ID | jq -c '[\"crm.contact.delete\", {id: .ID}]' > delete.ndjson\n\n\
    Prints each row as the portal wrote it, page by page. `order` and paging are the list's own: it goes by id, without\n\
    letting the portal count. When it fails half way, the rows before stay printed, standard error says with which\n\
    --resume-after to go on, and the exit status is 1; Ctrl-C does the same with 130.";
