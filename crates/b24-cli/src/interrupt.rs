//! Ctrl-C, and the signal by which a supervisor asks for the end.

use std::future::pending;

use crate::failure::INTERRUPTED;

/// Waits until somebody asks for the end.
pub(crate) async fn interrupted() {
    tokio::select! {
        () = ctrl_c() => {}
        () = terminated() => {}
    }
}

/// Waits until somebody asks for the end; the second time he does not want to wait any longer.
///
/// For use inside of the runtime.
pub(crate) async fn interrupted_once() {
    let first = tokio::spawn(async {
        interrupted().await;
        tokio::spawn(async {
            interrupted().await;
            std::process::exit(i32::from(INTERRUPTED));
        });
    });
    // The task neither panics nor is cancelled.
    let _ = first.await;
}

async fn ctrl_c() {
    // Without signals to wait for, the process is simply killed.
    if tokio::signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

#[cfg(unix)]
async fn terminated() {
    use tokio::signal::unix::{SignalKind, signal};

    match signal(SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    pending().await
}
