//! The server: a port of this machine, for as long as the command runs.

use std::{
    convert::Infallible,
    net::{Ipv4Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use b24::core::redact;
use b24_events::{Encoding, EventService};
use hyper::{
    Request, Response, StatusCode,
    body::{Body, Bytes, Frame, Incoming, SizeHint},
    header::CONTENT_TYPE,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    server::graceful::GracefulShutdown,
    service::TowerToHyperService,
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::oneshot,
    task::{JoinHandle, JoinSet},
    time::{sleep, timeout},
};

use crate::{failure::Failure, output::say};

/// A listening socket.
pub(super) struct Door {
    listener: TcpListener,
    address: SocketAddr,
}

/// A door that visitors come through.
pub(super) struct Open {
    task: JoinHandle<()>,
    closing: Option<oneshot::Sender<()>>,
}

impl Door {
    pub(super) async fn open(port: u16) -> Result<Self, Failure> {
        let opened = async {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await?;
            let address = listener.local_addr()?;
            Ok(Self { listener, address })
        };
        opened
            .await
            .map_err(|error: std::io::Error| Failure::unusable(format!("cannot listen on 127.0.0.1:{port}: {error}")))
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/", self.address)
    }

    pub(super) fn serve(self, service: EventService) -> Open {
        let (closing, closed) = oneshot::channel();
        Open { task: tokio::spawn(accept(self.listener, service, closed)), closing: Some(closing) }
    }
}

impl Open {
    /// Lets nobody in any more, and waits for the answers that are under way, but not long. Closing again does nothing.
    pub(super) async fn close(&mut self) {
        if let Some(closing) = self.closing.take() {
            // The task ends when it is told to, and has ended where it cannot be told.
            let _ = closing.send(());
            let _ = (&mut self.task).await;
        }
    }
}

async fn accept(listener: TcpListener, service: EventService, mut closing: oneshot::Receiver<()>) {
    let graceful = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            _ = &mut closing => break,
            Some(_) = connections.join_next() => {}
            visitor = listener.accept(), if connections.len() < MOST_CONNECTIONS => match visitor {
                Ok((stream, _)) => {
                    let connection = graceful.watch(connection(stream, service.clone()));
                    // It ends with an error when its sender leaves or is too slow: that is the sender's affair.
                    connections.spawn(async move { drop(connection.await) });
                }
                // Too many open files, or a visitor who has left already.
                Err(_) => sleep(Duration::from_millis(50)).await,
            },
        }
    }
    drop(listener);
    // Who has not got its answer by then does not read it.
    let _ = timeout(LAST_ANSWERS, graceful.shutdown()).await;
}

type Answering = Pin<Box<dyn Future<Output = Result<Response<b24_events::ResponseBody>, Infallible>> + Send>>;

fn connection(
    stream: TcpStream,
    service: EventService,
) -> http1::Connection<
    TokioIo<TcpStream>,
    impl Service<Request<Incoming>, Response = Response<b24_events::ResponseBody>, Error = Infallible, Future = Answering>,
> {
    let service = TowerToHyperService::new(service);
    let answering = service_fn(move |request: Request<Incoming>| -> Answering {
        // Addresses can have secrets of the user's own in their query.
        let asked = format!("{} {}", request.method(), request.uri().path());
        let answer = service.call(with_query(request));
        Box::pin(async move {
            let response = answer.await?;
            if response.status() != StatusCode::OK {
                let asked: String = asked.chars().take(200).collect();
                say(&format!("b24: {} was answered with {}", redact::text(&asked), response.status()));
            }
            Ok(response)
        })
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        // A tunnel must not post over a connection that is being closed for having been idle.
        .keep_alive(false)
        .header_read_timeout(SLOWEST_HEAD)
        .max_buf_size(LONGEST_HEAD)
        .serve_connection(TokioIo::new(stream), answering)
}

/// Puts what the address of a page says in front of its body: the portal tells there who it is, and events have none of it.
fn with_query(request: Request<Incoming>) -> Request<Fields<Incoming>> {
    let kind = request.headers().get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let is_form = kind.and_then(Encoding::of_content_type) == Some(Encoding::Form);
    let said = request.uri().query().filter(|_| is_form).map(of_a_page).filter(|fields| !fields.is_empty());
    request.map(|body| Fields { said: said.map(Bytes::from), body })
}

/// The fields of a query that the portal puts there, each with a `&` behind it.
fn of_a_page(query: &str) -> String {
    let known = |field: &&str| field.split_once('=').is_some_and(|(name, _)| IN_THE_ADDRESS.contains(&name));
    query.split('&').filter(known).flat_map(|field| [field, "&"]).collect()
}

/// A form with fields in front of it. Of two with one name the later one counts, which is that of the body.
struct Fields<B> {
    said: Option<Bytes>,
    body: B,
}

impl<B: Body<Data = Bytes> + Unpin> Body for Fields<B> {
    type Data = Bytes;
    type Error = B::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
        match self.said.take() {
            Some(said) => Poll::Ready(Some(Ok(Frame::data(said)))),
            None => Pin::new(&mut self.body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.said.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::new()
    }
}

const MOST_CONNECTIONS: usize = 256;
const SLOWEST_HEAD: Duration = Duration::from_secs(10);
const LONGEST_HEAD: usize = 32 << 10;
const LAST_ANSWERS: Duration = Duration::from_secs(2);
const IN_THE_ADDRESS: [&str; 4] = ["DOMAIN", "PROTOCOL", "LANG", "APP_SID"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_the_portal_says_of_a_page_is_taken_from_the_address() {
        assert_eq!(of_a_page("DOMAIN=p.example&event=X&PROTOCOL=1&AUTH_ID=a&LANG"), "DOMAIN=p.example&PROTOCOL=1&");
        assert_eq!(of_a_page("x=1&auth[application_token]=a"), "");
    }
}
