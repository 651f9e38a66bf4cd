//! One command of a batch, as its author writes it.

use serde::Serialize;

use crate::{Error, Method, Params};

/// One command of a batch: a method, its parameters, and a label if it has one.
///
/// What is wrong with it comes out when the batch is built, before anything is sent.
///
/// ```
/// use b24_core::batch::Command;
/// use serde_json::json;
///
/// let by_name = Command::new("crm.deal.get").params(json!({ "id": 5 })).label("deal");
/// let as_a_pair = Command::from(("crm.deal.get", json!({ "id": 5 })));
/// # let _ = (by_name, as_a_pair);
/// ```
#[derive(Debug)]
#[must_use = "a command does nothing until its batch is sent"]
pub struct Command {
    pub(super) method: Result<Method, Error>,
    pub(super) params: Result<Params, Error>,
    pub(super) label: Option<Box<str>>,
    pub(super) parallel: Option<bool>,
}

impl Command {
    /// A command without parameters.
    pub fn new(method: &str) -> Self {
        Self { method: Method::new(method), params: Ok(Params::empty()), label: None, parallel: None }
    }

    /// The parameters: anything that becomes a JSON object.
    pub fn params<T: Serialize>(mut self, params: T) -> Self {
        self.params = Params::object(&params);
        self
    }

    /// Parameters that are serialised already.
    pub fn raw_params(mut self, params: Params) -> Self {
        self.params = Ok(params);
        self
    }

    /// The name of its result in the answer and in references. Either all commands of a batch have one, or none.
    pub fn label(mut self, label: &str) -> Self {
        self.label = Some(label.into());
        self
    }

    /// The label it was given.
    #[must_use]
    pub fn given_label(&self) -> Option<&str> {
        self.label.as_deref()
    }

    /// v3: the field `parallel` of the item. Portals read it and run the commands one after another all the same.
    pub fn parallel(mut self, parallel: bool) -> Self {
        self.parallel = Some(parallel);
        self
    }
}

impl From<&str> for Command {
    fn from(method: &str) -> Self {
        Self::new(method)
    }
}

impl<T: Serialize> From<(&str, T)> for Command {
    fn from((method, params): (&str, T)) -> Self {
        Self::new(method).params(params)
    }
}
