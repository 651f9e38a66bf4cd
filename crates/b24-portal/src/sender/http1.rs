//! A connection to a handler, kept for the next letter. HTTP/1.1 without TLS, and to this machine only.

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bytes::Bytes;
use http::uri::{Authority, Scheme};
use http::{HeaderValue, Request, Uri, header};
use http_body_util::{BodyExt, Full, Limited};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

use super::receiver::Answer;

/// How much of an answer is read; nobody looks at it.
const MAX_ANSWER: usize = 1 << 20;

/// At most one connection.
#[derive(Debug, Default)]
pub(super) struct Wire(Option<(Authority, SendRequest<Full<Bytes>>)>);

impl Wire {
    /// Posts a letter, over the connection of the last one where that goes to the same place and is still open.
    pub(super) async fn post(&mut self, mut request: Request<Full<Bytes>>) -> Answer {
        let (authority, address) = target(request.uri())?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|error| error.to_string())?;
        request.headers_mut().insert(header::HOST, host);
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = path.parse().map_err(|error: http::uri::InvalidUri| error.to_string())?;

        let kept = self.0.take().filter(|(at, _)| *at == authority).map(|(_, sender)| sender);
        if let Some(mut sender) = kept {
            if sender.ready().await.is_ok() {
                match sender.try_send_request(request).await {
                    Ok(response) => return self.read(authority, sender, response).await,
                    // The other side had closed it: the letter has not left, and goes over a new one.
                    Err(mut error) => match error.take_message() {
                        Some(unsent) => request = unsent,
                        None => return Err(error.into_error().to_string()),
                    },
                }
            }
        }
        let mut sender = connect(address).await.map_err(|error| error.to_string())?;
        let response = sender.send_request(request).await.map_err(|error| error.to_string())?;
        self.read(authority, sender, response).await
    }

    /// Gives the connection up: the answer to the last letter may still be on it.
    pub(super) fn hang_up(&mut self) {
        self.0 = None;
    }

    async fn read(
        &mut self,
        authority: Authority,
        sender: SendRequest<Full<Bytes>>,
        response: http::Response<hyper::body::Incoming>,
    ) -> Answer {
        let status = response.status();
        // The status has come, whatever becomes of the rest.
        if Limited::new(response.into_body(), MAX_ANSWER).collect().await.is_ok() {
            self.0 = Some((authority, sender));
        }
        Ok(status)
    }
}

async fn connect(address: SocketAddr) -> io::Result<SendRequest<Full<Bytes>>> {
    let tcp = TcpStream::connect(address).await?;
    tcp.set_nodelay(true)?;
    let (sender, connection) = http1::handshake(TokioIo::new(tcp)).await.map_err(io::Error::other)?;
    // It ends when the sender goes.
    tokio::spawn(connection);
    Ok(sender)
}

/// Where a letter goes. A portal of a test writes to nobody outside.
fn target(uri: &Uri) -> Result<(Authority, SocketAddr), String> {
    if uri.scheme() != Some(&Scheme::HTTP) {
        return Err("only http:// can be delivered to; for anything else there is `deliver_to`".to_owned());
    }
    let authority = uri.authority().ok_or("the address has no host")?;
    let host = authority.host().trim_start_matches('[').trim_end_matches(']');
    let named = host.eq_ignore_ascii_case("localhost") || host.to_ascii_lowercase().ends_with(".localhost");
    let ip = if named { Some(IpAddr::V4(Ipv4Addr::LOCALHOST)) } else { host.parse().ok() };
    let ip = ip.filter(IpAddr::is_loopback).ok_or("only loopback addresses are delivered to")?;
    Ok((authority.clone(), SocketAddr::new(ip, authority.port_u16().unwrap_or(80))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_stay_on_this_machine() {
        for (url, want) in [
            ("http://127.0.0.1:8080/x", Some("127.0.0.1:8080")),
            ("http://app.localhost/x", Some("127.0.0.1:80")),
            ("http://[::1]:1/", Some("[::1]:1")),
            ("https://127.0.0.1/x", None),
            ("http://example.com/x", None),
            ("http://192.0.2.1/x", None),
        ] {
            let uri: Uri = url.parse().expect("an address");
            assert_eq!(target(&uri).ok().map(|(_, address)| address.to_string()).as_deref(), want, "{url}");
        }
    }
}
