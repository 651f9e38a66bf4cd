//! All that the SDK says of itself, at its most talkative.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use tracing_subscriber::fmt::{MakeWriter, format::FmtSpan};

/// What was written so far.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

thread_local! {
    static LOG: Log = Log::default();
}

/// Writes everything down from now on.
pub(crate) fn begin() {
    let subscriber = tracing_subscriber::fmt()
        .with_ansi(false)
        // There is no clock that it knows of.
        .without_time()
        .with_span_events(FmtSpan::FULL)
        .with_max_level(tracing::Level::TRACE)
        .with_writer(LOG.with(Clone::clone))
        .finish();
    // It is the only one.
    let _ = tracing::subscriber::set_global_default(subscriber);
    std::panic::set_hook(Box::new(|panic| web_sys::console::error_1(&panic.to_string().into())));
}

/// What was written so far.
pub(crate) fn text() -> String {
    LOG.with(|log| String::from_utf8_lossy(&log.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned())
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
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
