//! The functions of the program, by what they are for.

use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc};

use b24_core::{BoxError, Error, SdkCode};

use crate::{Event, RobotCall, Verified};

/// Everything that may be called.
#[derive(Debug, Default)]
pub(crate) struct Handlers {
    pub(crate) events: Table<Event>,
    pub(crate) robots: Table<RobotCall>,
}

/// Handlers of one kind of delivery.
pub(crate) struct Table<T> {
    by_name: HashMap<String, Handler<T>>,
    rest: Option<Handler<T>>,
    /// Names that were given twice or are none.
    wrong: Vec<String>,
}

pub(super) type Handler<T> = Arc<dyn Fn(Verified<T>) -> HandlerFuture + Send + Sync>;
type HandlerFuture = Pin<Box<dyn Future<Output = Result<(), BoxError>> + Send>>;

impl Handlers {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let wrong = self.events.wrong.iter().chain(&self.robots.wrong).next();
        match wrong {
            None => Ok(()),
            Some(name) if name.trim().is_empty() => Err(Error::usage(SdkCode::InvalidConfig, "a handler has no name")),
            Some(name) => Err(Error::usage(SdkCode::InvalidConfig, format!("{name} has two handlers"))),
        }
    }
}

impl<T: 'static> Table<T> {
    pub(crate) fn add<H, F>(&mut self, name: String, handler: H)
    where
        H: Fn(Verified<T>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        if name.trim().is_empty() || self.by_name.insert(name.clone(), erased(handler)).is_some() {
            self.wrong.push(name);
        }
    }

    pub(crate) fn add_for_the_rest<H, F>(&mut self, handler: H)
    where
        H: Fn(Verified<T>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<(), BoxError>> + Send + 'static,
    {
        if self.rest.replace(erased(handler)).is_some() {
            self.wrong.push("what has no handler of its own".to_owned());
        }
    }

    pub(super) fn find(&self, name: &str) -> Option<&Handler<T>> {
        self.by_name.get(name).or(self.rest.as_ref())
    }
}

fn erased<T, H, F>(handler: H) -> Handler<T>
where
    H: Fn(Verified<T>) -> F + Send + Sync + 'static,
    F: Future<Output = Result<(), BoxError>> + Send + 'static,
{
    Arc::new(move |delivery| Box::pin(handler(delivery)))
}

impl<T> Default for Table<T> {
    fn default() -> Self {
        Self { by_name: HashMap::new(), rest: None, wrong: Vec::new() }
    }
}

impl<T> fmt::Debug for Table<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.by_name.keys()).finish()
    }
}
