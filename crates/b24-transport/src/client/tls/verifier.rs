//! Checking a server's certificate.

use std::sync::Arc;

use b24_core::BoxError;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, OtherError, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_name,
    },
    crypto::CryptoProvider,
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Checks as rustls does, and lets one more case pass: a trusted root certificate that a server presents as its own.
///
/// Self-hosted portals often have a certificate that signs itself and says that it is an authority, which is what
/// `openssl req -x509` makes. Whoever puts it among the trusted roots means that server; OpenSSL and curl accept it,
/// webpki does not (`CaUsedAsEndEntity`). Its validity in time has been checked when that error arises, its name is
/// checked here, and that the server has its key is shown by the handshake. What a certificate may be used for is not
/// looked at in that case.
#[derive(Debug)]
pub(super) struct Verifier {
    webpki: Arc<WebPkiServerVerifier>,
    roots: Arc<RootCertStore>,
}

impl Verifier {
    pub(super) fn new(roots: RootCertStore, provider: Arc<CryptoProvider>) -> Result<Self, BoxError> {
        let roots = Arc::new(roots);
        let webpki = WebPkiServerVerifier::builder_with_provider(Arc::clone(&roots), provider).build()?;
        Ok(Self { webpki, roots })
    }

    fn is_trusted_root(&self, certificate: &CertificateDer<'_>) -> bool {
        let mut store = RootCertStore::empty();
        let readable = store.add(certificate.clone().into_owned()).is_ok();
        readable && store.roots.iter().all(|root| self.roots.roots.contains(root))
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        match self.webpki.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            Err(error) if is_authority(&error) && self.is_trusted_root(certificate) => {
                verify_server_name(&ParsedCertificate::try_from(certificate)?, name)?;
                Ok(ServerCertVerified::assertion())
            }
            outcome => outcome,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.webpki.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.webpki.supported_verify_schemes()
    }
}

/// Whether the only complaint is that the server's own certificate says it is an authority.
fn is_authority(error: &Error) -> bool {
    let Error::InvalidCertificate(CertificateError::Other(OtherError(source))) = error else { return false };
    matches!(source.downcast_ref(), Some(webpki::Error::CaUsedAsEndEntity))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rcgen::{BasicConstraints, CertificateParams, IsCa, KeyPair, date_time_ymd};
    use rustls::crypto::aws_lc_rs;

    use super::*;

    /// A certificate that signs itself and says that it is an authority, good from 2020 to the end of 2039.
    fn self_signed(name: &str) -> CertificateDer<'static> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2039, 12, 31);
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().clone()
    }

    fn check(
        trusted: &CertificateDer<'static>,
        shown: &CertificateDer<'_>,
        name: &str,
        year: u64,
    ) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        roots.add(trusted.clone()).unwrap();
        let verifier = Verifier::new(roots, Arc::new(aws_lc_rs::default_provider())).unwrap();
        let now = UnixTime::since_unix_epoch(Duration::from_secs((year - 1970) * 31_557_600));
        let name = ServerName::try_from(name.to_owned()).unwrap();
        verifier.verify_server_cert(shown, &[], &name, &[], now).map(|_| ())
    }

    #[test]
    fn a_trusted_root_may_present_itself() {
        let root = self_signed("box.example");
        check(&root, &root, "box.example", 2030).unwrap();
    }

    #[test]
    fn but_not_under_another_name_or_out_of_its_time() {
        let root = self_signed("box.example");
        check(&root, &root, "other.example", 2030).unwrap_err();
        check(&root, &root, "box.example", 2050).unwrap_err();
        check(&root, &root, "box.example", 2010).unwrap_err();
    }

    #[test]
    fn and_no_other_certificate_of_that_name() {
        let (root, other) = (self_signed("box.example"), self_signed("box.example"));
        check(&root, &other, "box.example", 2030).unwrap_err();
    }
}
