//! All that is written while a test runs.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

use std::{
    error::Error as StdError,
    io,
    sync::{Arc, Mutex},
};

use b24::Error;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::MakeWriter;

/// All that was written.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Log {
    /// Writes down everything that this thread says, at its most talkative.
    #[allow(dead_code, reason = "each test includes this file, and needs one of the two")]
    pub(crate) fn everything(&self) -> DefaultGuard {
        tracing::subscriber::set_default(self.subscriber())
    }

    /// The same of every thread, for the rest of the process.
    #[allow(dead_code, reason = "each test includes this file, and needs one of the two")]
    pub(crate) fn everywhere(&self) {
        tracing::subscriber::set_global_default(self.subscriber()).unwrap();
    }

    fn subscriber(&self) -> impl tracing::Subscriber + Send + Sync + use<> {
        tracing_subscriber::fmt()
            .with_ansi(false)
            .with_writer(self.clone())
            .with_max_level(tracing::Level::TRACE)
            .finish()
    }

    pub(crate) fn add(&self, text: &str) {
        self.0.lock().unwrap().extend_from_slice(text.as_bytes());
    }

    /// Fails with the line of the first secret that is found.
    pub(crate) fn holds_none_of<'a>(&self, secrets: impl IntoIterator<Item = &'a str>) {
        let text = self.text();
        for secret in secrets {
            let found = text.find(secret).map(|at| &text[text[..at].rfind('\n').unwrap_or(0)..at]);
            assert_eq!(found, None, "{secret} was written");
        }
    }

    /// Everything there is to print of an error.
    pub(crate) fn note(&self, error: &Error) {
        let mut text = format!("{error}\n{error:?}\n{error:#?}\n{:?}\n", error.request());
        let mut source = StdError::source(error);
        while let Some(cause) = source {
            text.push_str(&format!("{cause}\n{cause:?}\n"));
            source = cause.source();
        }
        self.add(&text);
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}
