//! Where the browser comes back to: a port of this machine, as long as a login takes.

use std::{net::Ipv4Addr, time::Duration};

use b24::{
    Error,
    oauth::{LoginState, Redirect},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{sleep, timeout},
};

use super::page::{Page, answer};
use crate::failure::Failure;

/// A listening socket.
pub(super) struct Door(TcpListener);

impl Door {
    pub(super) async fn open(port: u16) -> Result<Self, Failure> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await;
        listener.map(Self).map_err(|error| {
            Failure::unusable(format!(
                "cannot listen on 127.0.0.1:{port}: {error}; --port names another one, which has to be registered too"
            ))
        })
    }

    /// Waits for the visitor who brings the state back; all others get a page and are forgotten. Browsers open
    /// connections in advance and leave them idle, so none may stand in the way of the next.
    pub(super) async fn wait_for(&self, state: &LoginState) -> Result<Redirect, Error> {
        let mut visitors = JoinSet::new();
        loop {
            tokio::select! {
                Some(visit) = visitors.join_next() => {
                    if let Ok(Some(outcome)) = visit {
                        return outcome;
                    }
                }
                visitor = self.0.accept(), if visitors.len() < MOST_VISITORS => match visitor {
                    Ok((stream, _)) => drop(visitors.spawn(receive(stream, state.clone()))),
                    // Too many open files, or a visitor who has left already.
                    Err(_) => sleep(Duration::from_millis(50)).await,
                },
            }
        }
    }
}

/// One request and its answer. `Some` ends the login.
async fn receive(mut stream: TcpStream, state: LoginState) -> Option<Result<Redirect, Error>> {
    let head = timeout(READ_LIMIT, read_head(&mut stream)).await.ok()?;
    let (page, outcome) = match head {
        Some(head) => answer(&head, &state),
        None => (Page::BadRequest, None),
    };
    let write = async {
        stream.write_all(page.response().as_bytes()).await?;
        stream.shutdown().await
    };
    // The code is good for 30 s: who does not read the page is not waited for.
    let _ = timeout(WRITE_LIMIT, write).await;
    outcome
}

/// The head of a request; `None` when it ends early, is too long, or is no text.
async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::with_capacity(2048);
    while head.len() < LONGEST_HEAD {
        let room = u64::try_from(LONGEST_HEAD - head.len()).unwrap_or_default();
        if (&mut *stream).take(room).read_buf(&mut head).await.ok()? == 0 {
            return None;
        }
        if let Some(end) = head.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
            head.truncate(end);
            return String::from_utf8(head).ok();
        }
    }
    None
}

const MOST_VISITORS: usize = 64;
/// Cookies of other programs on this machine come along.
const LONGEST_HEAD: usize = 32 << 10;
const READ_LIMIT: Duration = Duration::from_secs(10);
const WRITE_LIMIT: Duration = Duration::from_secs(2);
