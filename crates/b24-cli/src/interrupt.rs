//! Ctrl-C, and the other signals by which somebody asks for the end.

use std::future::pending;

/// Waits until somebody asks for the end. Gives the exit status.
pub(crate) async fn interrupted() -> u8 {
    tokio::select! {
        status = interrupted_again() => status,
        () = system::hung_up() => HUNG_UP,
    }
}

/// Waits until somebody asks for the end who has asked before. Gives the exit status.
///
/// A closed terminal is nobody's impatience: the system and the shell may both tell of it, and who closed it does not know
/// what he cuts off.
pub(crate) async fn interrupted_again() -> u8 {
    tokio::select! {
        () = ctrl_c() => INTERRUPTED,
        () = system::terminated() => INTERRUPTED,
        () = system::quit() => QUIT,
    }
}

/// Waits until somebody asks for the end; the second time he does not want to wait any longer. Gives the exit status.
///
/// For use inside of the runtime.
pub(crate) async fn interrupted_once() -> u8 {
    let first = tokio::spawn(async {
        let status = interrupted().await;
        tokio::spawn(async {
            std::process::exit(i32::from(interrupted_again().await));
        });
        status
    });
    // The task neither panics nor is cancelled.
    first.await.unwrap_or(INTERRUPTED)
}

async fn ctrl_c() {
    // Without signals to wait for, the process is simply killed.
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
mod system {
    use std::{
        future::pending,
        io::{IsTerminal, stderr, stdout},
    };

    use tokio::signal::unix::{SignalKind, signal};

    pub(super) async fn terminated() {
        received(SignalKind::terminate()).await;
    }

    pub(super) async fn quit() {
        received(SignalKind::quit()).await;
    }

    /// The terminal was closed.
    pub(super) async fn hung_up() {
        // `nohup` has the signal ignored, and whoever listens to it undoes that. It leaves neither output on a terminal.
        if stdout().is_terminal() || stderr().is_terminal() {
            received(SignalKind::hangup()).await;
        } else {
            pending::<()>().await;
        }
    }

    async fn received(kind: SignalKind) {
        match signal(kind) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => pending().await,
        }
    }
}

#[cfg(not(unix))]
mod system {
    pub(super) use std::future::pending as terminated;
    pub(super) use std::future::pending as quit;
    pub(super) use std::future::pending as hung_up;
}

/// 128 and the number of the signal, as shells have it. A supervisor's word counts as Ctrl-C.
const INTERRUPTED: u8 = 130;
const HUNG_UP: u8 = 129;
const QUIT: u8 = 131;
