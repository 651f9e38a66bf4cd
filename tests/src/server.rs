//! A server of plain HTTP/1.1, for services that a portal posts to.

use std::{convert::Infallible, error::Error, future::Future};

use http::{Request, Response};
use hyper::{
    body::{Body, Incoming},
    server::conn::http1,
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use tokio::net::TcpListener;
use tower_service::Service;

/// Serves whoever connects, until it is dropped; what is connected then is served on.
///
/// # Errors
/// The listener failed.
pub async fn serve<S, B>(listener: TcpListener, service: S) -> std::io::Result<Infallible>
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Future + Send,
    B: Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    loop {
        let (connection, _) = listener.accept().await?;
        // Small answers must not wait for the acknowledgement of the one before.
        connection.set_nodelay(true)?;
        let service = TowerToHyperService::new(service.clone());
        // That a client goes away in the middle is its own affair.
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(connection), service));
    }
}
