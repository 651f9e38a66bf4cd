//! Dialogs that let the user choose.

use std::collections::BTreeMap;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error as _},
};
use serde_json::{Value, json};

use crate::{
    Conversation, FrameError,
    protocol::{Command, Payload},
};

/// Dialogs of the portal that let the user choose. They wait for the user, an hour at most; a user who closes a dialog
/// without a choice may leave it unanswered.
///
/// Source: <https://apidocs.bitrix24.com/sdk/bx24-js-sdk/system-dialogues/index.html>
#[derive(Clone, Copy, Debug)]
pub struct Dialog<'a> {
    conversation: &'a Conversation,
}

/// A colleague.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct User {
    /// The id, as text.
    #[serde(deserialize_with = "as_text")]
    pub id: String,
    /// The full name.
    #[serde(default)]
    pub name: String,
    /// What they do.
    #[serde(default)]
    pub position: Option<String>,
    /// The address of a picture.
    #[serde(default)]
    pub photo: Option<String>,
    /// The address of their page.
    #[serde(default)]
    pub url: Option<String>,
}

/// A right, such as that of a user, a group or a department.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Access {
    /// Its code, such as `U1`, `G2` or `DR3`.
    #[serde(deserialize_with = "as_text")]
    pub id: String,
    /// How it is shown.
    #[serde(default)]
    pub name: String,
}

/// A record of the CRM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// The id with its kind, such as `D_5` or `CO_7`.
    #[serde(deserialize_with = "as_text")]
    pub id: String,
    /// How it is shown.
    #[serde(default)]
    pub title: String,
    /// More of it.
    #[serde(default)]
    pub desc: Option<String>,
    /// The address of its page.
    #[serde(default)]
    pub url: Option<String>,
}

/// A kind of record that the dialog offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// Leads.
    Lead,
    /// Contacts.
    Contact,
    /// Companies.
    Company,
    /// Deals.
    Deal,
    /// Quotes.
    Quote,
}

/// The records that were chosen. `None` where the page did not speak of a kind, which it does not for those that were not
/// offered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Chosen {
    /// Leads.
    pub lead: Option<Vec<Record>>,
    /// Contacts.
    pub contact: Option<Vec<Record>>,
    /// Companies.
    pub company: Option<Vec<Record>>,
    /// Deals.
    pub deal: Option<Vec<Record>>,
    /// Quotes.
    pub quote: Option<Vec<Record>>,
}

impl<'a> Dialog<'a> {
    pub(crate) fn new(conversation: &'a Conversation) -> Self {
        Self { conversation }
    }

    /// Lets the user choose one colleague; `None` where they chose nobody.
    ///
    /// # Errors
    /// As [`Conversation::ask`]; [`FrameError::BadAnswer`] when the answer is no user.
    pub async fn select_user(&self) -> Result<Option<User>, FrameError> {
        Ok(self.users(false).await?.into_iter().next())
    }

    /// Lets the user choose colleagues.
    ///
    /// # Errors
    /// As [`select_user`](Self::select_user).
    pub async fn select_users(&self) -> Result<Vec<User>, FrameError> {
        self.users(true).await
    }

    /// Lets the user choose rights, but for those in `blocked`.
    ///
    /// # Errors
    /// As [`Conversation::ask`]; [`FrameError::BadAnswer`] when the answer is no list of rights.
    pub async fn select_access(&self, blocked: &[&str]) -> Result<Vec<Access>, FrameError> {
        let command = Command::SELECT_ACCESS;
        let answer = self.conversation.ask(&command, Payload::Json(json!({ "value": blocked }))).await?;
        rows(&command, answer)
    }

    /// Lets the user choose records of these kinds, one or several. `preselected` has the ids that are chosen from the
    /// start, by kind.
    ///
    /// # Errors
    /// [`FrameError::InvalidArgument`] when no kind is offered; as [`Conversation::ask`]; [`FrameError::BadAnswer`] when
    /// the answer is not as it should be.
    pub async fn select_crm(
        &self,
        kinds: &[Kind],
        several: bool,
        preselected: &[(Kind, u64)],
    ) -> Result<Chosen, FrameError> {
        if kinds.is_empty() {
            return Err(FrameError::InvalidArgument { why: "the dialog needs a kind of record to offer" });
        }
        let names: Vec<_> = kinds.iter().map(|kind| kind.name()).collect();
        let mut params = json!({ "entityType": names, "multiple": several });
        if !preselected.is_empty() {
            let mut ids = BTreeMap::<_, Vec<u64>>::new();
            for (kind, id) in preselected {
                ids.entry(kind.name()).or_default().push(*id);
            }
            params["value"] = json!(ids);
        }
        let command = Command::SELECT_CRM;
        let answer = self.conversation.ask(&command, Payload::Json(params)).await?;
        let bucket = |kind: Kind| match answer.get(kind.name()) {
            None | Some(Value::Null) => Ok(None),
            Some(bucket) => rows(&command, bucket.clone()).map(Some),
        };
        Ok(Chosen {
            lead: bucket(Kind::Lead)?,
            contact: bucket(Kind::Contact)?,
            company: bucket(Kind::Company)?,
            deal: bucket(Kind::Deal)?,
            quote: bucket(Kind::Quote)?,
        })
    }

    async fn users(&self, several: bool) -> Result<Vec<User>, FrameError> {
        let command = Command::SELECT_USER;
        let answer = self.conversation.ask(&command, Payload::Json(json!({ "mult": several }))).await?;
        // One that was chosen alone comes without a list around it.
        let one = answer.get("id").is_some();
        rows(&command, if one { Value::Array(vec![answer]) } else { answer })
    }
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Contact => "contact",
            Self::Company => "company",
            Self::Deal => "deal",
            Self::Quote => "quote",
        }
    }
}

/// A list, an object with rows as its values (PHP's list with gaps), or nothing.
fn rows<T: DeserializeOwned>(command: &Command, answer: Value) -> Result<Vec<T>, FrameError> {
    let rows = match answer {
        Value::Null => Vec::new(),
        Value::Array(rows) => rows,
        Value::Object(fields) => {
            let mut rows: Vec<_> = fields.into_iter().collect();
            // As texts, 10 comes before 2.
            rows.sort_by_key(|(number, _)| number.parse::<u64>().unwrap_or(u64::MAX));
            rows.into_iter().map(|(_, row)| row).collect()
        }
        _ => return Err(FrameError::bad_answer(command, "it is no list")),
    };
    let row = |row| serde_json::from_value(row).map_err(|_| FrameError::bad_answer(command, "a row lacks its id"));
    rows.into_iter().map(row).collect()
}

/// Ids come as numbers too.
fn as_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::String(text) => Ok(text),
        Value::Number(number) => Ok(number.to_string()),
        _ => Err(D::Error::custom("an id is a text or a number")),
    }
}
