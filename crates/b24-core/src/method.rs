//! The name of a REST method, and what can be told from it.

use std::{
    fmt,
    str::FromStr,
    sync::{Arc, LazyLock},
};

use crate::error::{Error, SdkCode};

/// The name of a REST method, such as `crm.item.list`; a clone is one reference count.
///
/// Letters, digits, `.`, `_` and `-`, and not empty: a name that holds anything else would change the address the
/// call goes to.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Method(Arc<str>);

impl Method {
    /// Checks and keeps a name.
    ///
    /// # Errors
    /// [`SdkCode::InvalidMethod`] when the name is empty or holds a character no method name has. The message does
    /// not repeat the name.
    pub fn new(name: &str) -> Result<Self, Error> {
        let legal = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        if name.is_empty() {
            return Err(Error::usage(SdkCode::InvalidMethod, "the method name is empty"));
        }
        if !name.bytes().all(legal) || name.bytes().all(|byte| byte == b'.') {
            let text = "the method name may hold letters, digits, `.`, `_` and `-` only";
            return Err(Error::usage(SdkCode::InvalidMethod, text));
        }
        Ok(Self(name.into()))
    }

    /// The method that carries others: `batch`.
    #[must_use]
    pub fn batch() -> Self {
        static BATCH: LazyLock<Method> = LazyLock::new(|| Method("batch".into()));
        BATCH.clone()
    }

    /// The name as it was given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the method reads its parameters by position, the query string included.
    ///
    /// Nothing may stand in the query string of such a call: it would shift the parameters.
    ///
    /// Source: <https://apidocs.bitrix24.com/settings/how-to-call-rest-api/data-encoding.html>
    #[must_use]
    pub fn is_positional(&self) -> bool {
        self.0.starts_with("task.")
    }

    /// Whether the name says that the method only reads, so that sending it twice does no harm.
    ///
    /// Told by the last part of the name (`get`, `list`, `fields`, …) and a few whole names. Unknown means no.
    #[must_use]
    pub fn is_read(&self) -> bool {
        let name = self.0.to_ascii_lowercase();
        // Reading this queue deletes what was read, unless asked otherwise:
        // https://apidocs.bitrix24.com/api-reference/events/event-offline-get.html
        if name == "event.offline.get" {
            return false;
        }
        let verb = name.rsplit('.').next().unwrap_or_default();
        READ_NAMES.contains(&name.as_str()) || (name.contains('.') && READ_VERBS.contains(&verb))
    }

    /// Whether the name says that the method adds, changes or deletes a record: the ones of v3 that take an idempotency
    /// key.
    #[must_use]
    pub fn is_write(&self) -> bool {
        let verb = self.0.rsplit('.').next().unwrap_or_default();
        ["add", "update", "delete"].iter().any(|write| verb.eq_ignore_ascii_case(write))
    }
}

const READ_NAMES: &[&str] = &[
    "app.info",
    "documentation",
    "methods",
    "profile",
    "rest.documentation.openapi",
    "scope",
    "server.time",
    "user.current",
];

const READ_VERBS: &[&str] = &[
    "aggregate",
    "fields",
    "get",
    "getchildren",
    "getcount",
    "getfields",
    "getitem",
    "getlist",
    "getmanifest",
    "list",
    "search",
    "tail",
];

impl fmt::Debug for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Method {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        Self::new(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_characters_of_method_names_are_accepted() {
        for good in ["profile", "crm.item.list", "tasks.task.checklistitem.add", "Crm.Deal.List", "a_b-c.1"] {
            assert_eq!(Method::new(good).unwrap().as_str(), good);
        }
        for bad in ["", " ", "a b", "a/b", "../x", "..", ".", "a?b", "a#b", "a%2Fb", "é", "a\n", "a\0"] {
            let error = Method::new(bad).unwrap_err();
            assert_eq!(error.code(), "INVALID_METHOD", "{bad:?}");
            assert!(!error.may_have_run());
        }
    }

    #[test]
    fn only_names_that_begin_with_task_dot_are_positional() {
        for (name, want) in [
            ("task.commentitem.getlist", true),
            ("task.item.add", true),
            ("tasks.task.list", false),
            ("bizproc.task.list", false),
            ("taskish.get", false),
            ("Task.item.list", false),
        ] {
            assert_eq!(Method::new(name).unwrap().is_positional(), want, "{name}");
        }
    }

    #[test]
    fn reads_are_told_by_the_last_part_of_the_name() {
        for (name, want) in [
            ("crm.item.list", true),
            ("crm.item.get", true),
            ("CRM.DEAL.FIELDS", true),
            ("main.eventlog.tail", true),
            ("profile", true),
            ("server.time", true),
            ("crm.item.add", false),
            ("crm.item.update", false),
            ("crm.item.delete", false),
            ("batch", false),
            ("get", false),
            ("vendor.thing.do", false),
            ("event.offline.get", false),
        ] {
            assert_eq!(Method::new(name).unwrap().is_read(), want, "{name}");
        }
    }
}
