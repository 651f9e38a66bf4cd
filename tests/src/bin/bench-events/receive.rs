//! The receiver: says where it listens, and at the next line of its input what it has done.

use std::{
    convert::Infallible,
    error::Error,
    future::Future,
    io::BufRead,
    path::Path,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use b24::events::{ApplicationToken, EventService, Inbox, MemoryInbox, SqliteInbox, inbox::Durability};
use b24_tests::server::serve;
use bytes::Bytes;
use cpu_time::ProcessTime;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use hyper::body::{Body, Incoming};
use serde_json::json;
use tokio::{net::TcpListener, runtime::Runtime};
use tower_service::Service;

use crate::{Outcome, send::TOKEN};

pub(crate) fn run(inbox: &str, folder: &Path) -> Outcome<()> {
    let file = folder.join("events.db");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    match inbox {
        "bare" => bare(&runtime),
        "memory" => with(&runtime, MemoryInbox::new()),
        "process-death" => with(&runtime, SqliteInbox::builder().durability(Durability::ProcessDeath).open(file)?),
        "power-loss" => with(&runtime, SqliteInbox::open(file)?),
        _ => Err("unknown inbox".into()),
    }
}

fn bare(runtime: &Runtime) -> Outcome<()> {
    let service = Bare::default();
    let begin = listen(runtime, service.clone())?;
    wait_for_a_line()?;
    report(service.0.load(Ordering::Relaxed), begin)
}

fn with(runtime: &Runtime, inbox: impl Inbox) -> Outcome<()> {
    let (service, worker) = EventService::builder(ApplicationToken::new(TOKEN.into()))
        .inbox(inbox)
        .on("ONCRMDEALUPDATE", |_| async { Ok(()) })
        .build()?;
    runtime.spawn(worker.run());
    let begin = listen(runtime, service.clone())?;
    wait_for_a_line()?;
    while service.stats().handled < service.stats().accepted {
        runtime.block_on(async { tokio::time::sleep(Duration::from_millis(1)).await });
    }
    report(service.stats().handled, begin)
}

/// Serves, and says where. From then on CPU time counts.
fn listen<S, B>(runtime: &Runtime, service: S) -> Outcome<ProcessTime>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    println!("{}", listener.local_addr()?);
    runtime.spawn(serve(listener, service));
    Ok(ProcessTime::try_now()?)
}

fn wait_for_a_line() -> Outcome<()> {
    std::io::stdin().lock().read_line(&mut String::new())?;
    Ok(())
}

fn report(handled: u64, begin: ProcessTime) -> Outcome<()> {
    let cpu = u64::try_from(begin.try_elapsed()?.as_micros())?;
    println!("{}", json!({ "handled": handled, "cpuMicros": cpu }));
    Ok(())
}

/// Reads a body, counts it, and answers.
#[derive(Clone, Default)]
struct Bare(Arc<AtomicU64>);

impl Service<Request<Incoming>> for Bare {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Incoming>) -> Self::Future {
        let count = Arc::clone(&self.0);
        Box::pin(async move {
            if request.into_body().collect().await.is_ok() {
                count.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Response::new(Full::new(Bytes::from_static(b"ok"))))
        })
    }
}
