//! A socket that can be cut from inside a request.

use std::future;
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use http::Response;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use super::body::WireBody;

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const RESET: u8 = 2;

/// Cuts the connection it belongs to.
#[derive(Clone, Debug)]
pub(super) struct Switch(Arc<State>);

#[derive(Debug, Default)]
struct State {
    cut: AtomicU8,
    /// Who waits for the client's next byte, and has to be told that none will be read.
    reader: Mutex<Option<Waker>>,
}

/// A TCP stream with its switch.
#[derive(Debug)]
pub(super) struct Wire {
    tcp: TcpStream,
    switch: Switch,
}

impl Switch {
    /// Closes the connection in an orderly way, without an answer. Never returns: the connection takes the request with it.
    pub(super) async fn close(&self) -> Response<WireBody> {
        self.cut(CLOSED);
        future::pending().await
    }

    /// Resets the connection. Never returns: the connection takes the request with it.
    pub(super) async fn reset(&self) -> Response<WireBody> {
        self.cut(RESET);
        future::pending().await
    }

    fn cut(&self, how: u8) {
        self.0.cut.store(how, Ordering::SeqCst);
        if let Some(waker) = self.0.reader.lock().unwrap_or_else(PoisonError::into_inner).take() {
            waker.wake();
        }
    }

    pub(super) fn close_now(&self) {
        self.cut(CLOSED);
    }

    fn is_cut(&self) -> bool {
        self.0.cut.load(Ordering::SeqCst) != OPEN
    }
}

impl Wire {
    pub(super) fn new(tcp: TcpStream) -> (Self, Switch) {
        let switch = Switch(Arc::default());
        (Self { tcp, switch: switch.clone() }, switch)
    }

    fn refuse_when_cut(&self) -> io::Result<()> {
        if self.switch.is_cut() { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        if self.switch.0.cut.load(Ordering::SeqCst) == RESET {
            // With nothing to linger for, the kernel sends RST instead of FIN.
            // tokio deprecates it because a linger of some length blocks the drop; one of zero does not.
            #[allow(deprecated, reason = "its successor is younger than the oldest tokio this crate works with")]
            let _ = self.tcp.set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for Wire {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        *self.switch.0.reader.lock().unwrap_or_else(PoisonError::into_inner) = Some(cx.waker().clone());
        // Looked at after the waker is in place, so that a cut in between is not missed.
        self.refuse_when_cut()?;
        Pin::new(&mut self.tcp).poll_read(cx, buf)
    }
}

impl AsyncWrite for Wire {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.refuse_when_cut()?;
        Pin::new(&mut self.tcp).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.refuse_when_cut()?;
        Pin::new(&mut self.tcp).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.tcp).poll_shutdown(cx)
    }
}

/// How long written bytes get to leave before the connection is cut behind them.
pub(super) const DRAIN: Duration = Duration::from_millis(5);
