//! An export: all deals into a file, a JSON object a line, and on from where a failure stopped it.
//!
//! Shows: a list page by page, rows kept as the portal wrote them, the cursor of a page in a file, `resume_after`. The
//! note is written after the rows it speaks of, and says how long the file was: whatever happens in between, no row is
//! lost and none stands twice. With `--fake` the portal breaks down half way, and the second run ends what the first
//! began.
//!
//! ```text
//! cargo run -p b24-examples --bin export -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin export -- deals.ndjson
//! ```
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    error::Error,
    fs,
    io::{self, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use b24::{B24, Cursor, values::EntityType};
use b24_portal::{Fault, Portal};
use futures_util::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::{json, value::RawValue};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let (url, portal) = b24_examples::hook_url_or(Portal::builder().rows(230)).await?;
    let b24 = B24::from_webhook_url(&url)?;
    if let Some(portal) = portal {
        return a_portal_that_breaks_down(&b24, &portal).await;
    }
    let file = std::env::args().nth(1).map_or_else(|| PathBuf::from("deals.ndjson"), PathBuf::from);
    let done = export(&b24, &file, |note| println!("{} rows", note.rows)).await?;
    println!("{}: {} rows", file.display(), done.rows);
    Ok(())
}

/// What the next run has to know.
#[derive(Default, Serialize, Deserialize)]
struct Note {
    /// The id of the last row in the file.
    after: Option<Cursor>,
    /// How much of the file the note speaks of.
    bytes: u64,
    rows: u64,
}

/// Writes all deals to `file`, or those that are missing there after a run that failed.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/universal/crm-item-list.html>
async fn export(b24: &B24, file: &Path, mut progress: impl FnMut(&Note)) -> Result<Note, Box<dyn Error>> {
    let note_file = file.with_extension("note");
    let mut note = read_note(&note_file)?;
    let mut out = fs::OpenOptions::new().create(true).truncate(false).write(true).open(file)?;
    // Rows behind the end of the note come again: the run before was stopped between its two writes.
    out.set_len(note.bytes)?;
    out.seek(SeekFrom::End(0))?;

    // Raw rows: every digit and the order of the fields stay as the portal wrote them.
    let mut deals = b24
        .v2()
        .list::<Box<RawValue>>("crm.item.list")
        .params(json!({ "entityTypeId": EntityType::DEAL, "select": ["id", "title", "stageId", "opportunity"] }))
        .prefetch(1);
    if let Some(after) = &note.after {
        deals = deals.resume_after(after);
    }

    let mut pages = deals.pages();
    while let Some(page) = pages.try_next().await? {
        let mut text = String::new();
        for row in &page.rows {
            text.push_str(row.get());
            text.push('\n');
        }
        out.write_all(text.as_bytes())?;
        out.sync_data()?;
        note.rows += u64::try_from(page.rows.len())?;
        note.bytes += u64::try_from(text.len())?;
        note.after = page.cursor.or(note.after);
        write_note(&note_file, &note)?;
        progress(&note);
    }
    // Complete: the next run begins anew.
    fs::remove_file(&note_file)?;
    Ok(note)
}

fn read_note(file: &Path) -> Result<Note, Box<dyn Error>> {
    match fs::read(file) {
        Ok(json) => Ok(serde_json::from_slice(&json)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Note::default()),
        Err(error) => Err(error.into()),
    }
}

/// Under another name first: a note is there as a whole, or the one before it is.
fn write_note(file: &Path, note: &Note) -> Result<(), Box<dyn Error>> {
    let new = file.with_extension("new");
    fs::write(&new, serde_json::to_vec(note)?)?;
    fs::rename(new, file)?;
    Ok(())
}

// ---- What `--fake` shows.

async fn a_portal_that_breaks_down(b24: &B24, portal: &Portal) -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("b24-export-{}", std::process::id()));
    fs::create_dir_all(&folder)?;
    let file = folder.join("deals.ndjson");

    let mut broken = false;
    let first = export(b24, &file, |note| {
        println!("{} rows, the last one is {:?}", note.rows, note.after);
        if note.rows >= 100 && !broken {
            broken = true;
            // As often as a read is sent.
            portal.fault(Fault::html(502).for_method("crm.item.list").times(3));
        }
    });
    let Err(error) = first.await else { return Err("the first run should have failed".into()) };
    println!("the first run fails: {error}");

    // The worst moment to be stopped: a row is in the file, and the note does not know it yet.
    let mut half_written = fs::OpenOptions::new().append(true).open(&file)?;
    half_written.write_all(b"{\"id\":1}\n{\"id\":")?;

    let second = export(b24, &file, |note| println!("{} rows, the last one is {:?}", note.rows, note.after)).await?;

    #[derive(Deserialize)]
    struct Row {
        id: u64,
    }
    let text = fs::read_to_string(&file)?;
    let ids = text.lines().map(|line| Ok(serde_json::from_str::<Row>(line)?.id));
    let ids = ids.collect::<Result<Vec<_>, serde_json::Error>>()?;
    println!("the file has {} rows, from {:?} to {:?}", ids.len(), ids.first(), ids.last());
    fs::remove_dir_all(&folder)?;
    if ids.len() != 230 || second.rows != 230 || !ids.is_sorted_by(|one, next| one < next) {
        return Err("a row is lost, or stands twice".into());
    }
    Ok(())
}
