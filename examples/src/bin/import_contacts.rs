//! An import: contacts from a file, each of them once, however often the program runs.
//!
//! Shows: `Fields` with phones and e-mails, and a look for what is there before anything is added. Every contact carries
//! the key that it has in the file, so that a run after a lost answer adds what is missing and nothing else. With
//! `--fake` the answer of the first batch is lost.
//!
//! ```text
//! cargo run -p b24-examples --bin import_contacts -- --fake
//! B24_HOOK='https://<portal>/rest/<user id>/<secret>/' cargo run -p b24-examples --bin import_contacts -- people.csv --write
//! ```
//!
//! A line of the file is `key;name;last name;phone;e-mail`, the last two may be empty. Without `--write` it says what is
//! missing and adds nothing.
#![allow(clippy::print_stdout, reason = "an example shows what it does")]

use std::{
    collections::{HashMap, HashSet},
    error::Error as StdError,
};

use b24::{
    B24, Error, Fields, MultiField,
    batch::Outcome,
    de,
    filter::v2::{Filter, eq, in_},
};
use b24_portal::Fault;
use serde::Deserialize;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn StdError>> {
    let (url, portal) = b24_examples::hook_url().await?;
    let b24 = B24::from_webhook_url(&url)?;
    let Some(portal) = portal else {
        let file = std::env::args().nth(1).ok_or("say which file to import")?;
        let added = import(&b24, &read(&std::fs::read_to_string(file)?)?).await?;
        println!("{added} added");
        return Ok(());
    };

    // A few people by hand, and many more.
    let more = (0..120).map(|number| format!("P-{number};Ada;Lovelace the {number}.;+1 555 02{number:02};\n"));
    let text = FEW.to_owned() + &more.collect::<String>();
    let people = read(&text)?;
    // The portal adds the first fifty, and nobody hears of it.
    portal.fault(Fault::lost_response().for_method("batch"));
    let added = import(&b24, &people).await?;
    println!("{added} added; once more");
    let added_again = import(&b24, &people).await?;
    println!("{added_again} added");

    let there = contacts_there(&b24, &people).await?.len();
    if (added, added_again, there) != (123, 0, 123) {
        return Err("every contact should be there, and each should have been added once".into());
    }
    Ok(())
}

/// A line of the file.
struct Person<'a> {
    key: &'a str,
    name: &'a str,
    last_name: &'a str,
    phone: Option<&'a str>,
    email: Option<&'a str>,
}

fn read(text: &str) -> Result<Vec<Person<'_>>, String> {
    let people =
        text.lines().enumerate().map(|(number, line)| match line.split(';').map(str::trim).collect::<Vec<_>>()[..] {
            [key, name, last_name, phone, email] if !key.is_empty() => {
                let [phone, email] = [phone, email].map(|text| Some(text).filter(|text| !text.is_empty()));
                Ok(Person { key, name, last_name, phone, email })
            }
            _ => Err(format!("line {}: expected a key and four more fields", number + 1)),
        });
    people.collect()
}

impl Person<'_> {
    /// The parameters of `crm.contact.add`. What is not known is left out, and not written as empty.
    ///
    /// Source: <https://apidocs.bitrix24.com/api-reference/crm/contacts/crm-contact-add.html>
    fn params(&self) -> Fields {
        Fields::new()
            .set("NAME", self.name)
            .set("LAST_NAME", self.last_name)
            .set_opt("PHONE", self.phone.map(|phone| MultiField::new().add(phone, "WORK")))
            .set_opt("EMAIL", self.email.map(|email| MultiField::new().add(email, "WORK")))
            .flag("OPENED", true)
            .set("ORIGINATOR_ID", SOURCE)
            .set("ORIGIN_ID", self.key)
            .wrapped()
    }
}

/// Adds those who are not there yet, and gives their number.
async fn import(b24: &B24, people: &[Person<'_>]) -> Result<usize, Box<dyn StdError>> {
    let mut added = 0;
    let mut refused = HashSet::new();
    let mut unsure = Vec::new();
    for _ in 0..3 {
        let there = contacts_there(b24, people).await?;
        added += unsure.drain(..).filter(|key| there.contains_key(*key)).count();
        let absent = |person: &&Person<'_>| !there.contains_key(person.key) && !refused.contains(person.key);
        let missing: Vec<_> = people.iter().filter(absent).collect();
        println!("{} of {} people are missing", missing.len(), people.len());
        if missing.is_empty() || !b24_examples::may_write() {
            return Ok(added);
        }
        let adds = missing.iter().map(|person| ("crm.contact.add", person.params()));
        let report = b24.v2().bulk(adds).halt_on_error(false).collect::<u64>().await;
        for row in report.rows() {
            match &row.outcome {
                Outcome::Done(_) => added += 1,
                Outcome::Failed(error) => {
                    println!("{}: {error}", missing[row.index].key);
                    refused.insert(missing[row.index].key);
                }
                Outcome::NotRun => {}
            }
        }
        for lost in report.lost() {
            println!("{lost}: {}", lost.error());
            // They were added, or they were not: the next round looks.
            unsure.extend(lost.places().iter().map(|place| missing[*place].key));
        }
        if unsure.is_empty() {
            return Ok(added);
        }
    }
    Err("too many answers were lost; run it again later, it adds nobody twice".into())
}

/// The contacts of this import that the portal has: the key in the file, and the id.
///
/// Source: <https://apidocs.bitrix24.com/api-reference/crm/contacts/crm-contact-list.html>
async fn contacts_there(b24: &B24, people: &[Person<'_>]) -> Result<HashMap<String, u64>, Error> {
    #[derive(Deserialize)]
    struct Contact {
        #[serde(rename = "ID", deserialize_with = "de::number")]
        id: u64,
        #[serde(rename = "ORIGIN_ID")]
        key: String,
    }
    let mut there = HashMap::new();
    for people in people.chunks(500) {
        let keys = people.iter().map(|person| person.key);
        let contacts = b24
            .v2()
            .list::<Contact>("crm.contact.list")
            .filter(Filter::new([eq("ORIGINATOR_ID", SOURCE), in_("ORIGIN_ID", keys)])?)
            .select(["ID", "ORIGIN_ID"]);
        there.extend(contacts.collect().await?.into_iter().map(|contact| (contact.key, contact.id)));
    }
    Ok(there)
}

/// Whose keys these are, in the field `ORIGINATOR_ID` of each contact.
const SOURCE: &str = "import-example";

const FEW: &str = "\
A-1;Grace;Hopper;+1 555 0100;grace@example.com
A-2;Alan;Turing;;alan@example.com
A-3;Edsger;Dijkstra;+31 20 555 0101;
";
