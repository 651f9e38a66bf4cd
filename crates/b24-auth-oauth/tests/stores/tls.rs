//! TLS to a database, against one that ends when the handshake is done.

use std::{sync::Arc, time::Duration};

use b24_auth_oauth::{TokenStore, store::PostgresStore};
use rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
    time::timeout,
};

use crate::sample::key;

/// What came of one connection.
#[derive(Debug, PartialEq, Eq)]
enum Seen {
    NoTls,
    Refused,
    /// The handshake was done, and the name of the user came.
    User,
}

/// Takes one connection, with a certificate of its own making for `localhost`.
async fn serve(listener: TcpListener) -> Seen {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let (mut stream, _) = listener.accept().await.unwrap();
    // Length 8 and the code of a request for TLS: https://www.postgresql.org/docs/current/protocol-message-formats.html
    let mut request = [0; 8];
    stream.read_exact(&mut request).await.unwrap();
    if request != [0, 0, 0, 8, 4, 210, 22, 47] {
        return Seen::NoTls;
    }
    stream.write_all(b"S").await.unwrap();
    let Ok(mut stream) = tokio_rustls::TlsAcceptor::from(Arc::new(config)).accept(stream).await else {
        return Seen::Refused;
    };
    let mut startup = [0; 64];
    match stream.read(&mut startup).await {
        Ok(length) if startup[..length].windows(7).any(|part| part == b"tls-use") => Seen::User,
        _ => Seen::Refused,
    }
}

#[tokio::test]
async fn a_certificate_is_checked_when_the_url_requires_tls() {
    for (mode, want) in [
        ("?sslmode=disable", Seen::NoTls),
        ("?sslmode=prefer", Seen::User),
        ("", Seen::User),
        ("?sslmode=require", Seen::Refused),
        ("?sslmode=verify-full", Seen::Refused),
    ] {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = tokio::spawn(serve(listener));
        let store = PostgresStore::new(&format!("postgres://tls-user:S3CR3T@127.0.0.1:{port}/d{mode}")).unwrap();
        let error = timeout(Duration::from_secs(20), store.load(&key())).await.unwrap().map(drop).unwrap_err();
        assert!(!format!("{error:?}").contains("S3CR3T"), "{error:?}");
        if want == Seen::Refused {
            assert!(format!("{error:?}").contains("certificate"), "{error:?}");
        }
        assert_eq!(server.await.unwrap(), want, "{mode}");
    }
}
