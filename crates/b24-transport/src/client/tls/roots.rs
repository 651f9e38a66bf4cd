//! The trusted root certificates.

use std::sync::Arc;

use b24_core::{BoxError, Error, SdkCode};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, aws_lc_rs},
    pki_types::{CertificateDer, pem::PemObject},
};

use super::verifier::Verifier;

/// Root certificates trusted beside those of the platform.
#[derive(Clone, Default)]
pub(in crate::client) struct Roots(Vec<CertificateDer<'static>>);

impl Roots {
    pub(in crate::client) fn add_pem(&mut self, pem: &[u8]) -> Result<(), Error> {
        let refuse = |source: BoxError| {
            Error::usage(SdkCode::InvalidConfig, "a root certificate cannot be read").with_source(source)
        };
        let found: Vec<_> = CertificateDer::pem_slice_iter(pem)
            .collect::<Result<_, _>>()
            .map_err(|source| refuse(source.to_string().into()))?;
        if found.is_empty() {
            return Err(Error::usage(SdkCode::InvalidConfig, "the PEM text holds no certificate"));
        }
        let mut check = RootCertStore::empty();
        for certificate in &found {
            check.add(certificate.clone()).map_err(|source| refuse(source.into()))?;
        }
        self.0.extend(found);
        Ok(())
    }

    /// The TLS settings: reads the platform's certificates.
    pub(in crate::client) fn config(&self) -> Result<ClientConfig, BoxError> {
        // The provider is passed and not installed: a library must not decide for the whole process.
        let provider: Arc<CryptoProvider> = Arc::new(aws_lc_rs::default_provider());
        let verifier = Verifier::new(self.store()?, Arc::clone(&provider))?;
        Ok(ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            // "Dangerous" because it takes a verifier of ours, which is rustls' own but for one case.
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth())
    }

    fn store(&self) -> Result<RootCertStore, BoxError> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(self.0.iter().cloned());
        let platform = rustls_native_certs::load_native_certs();
        store.add_parsable_certificates(platform.certs);
        match platform.errors.into_iter().next() {
            // Without a single root no connection can be made; say why rather than let each one fail.
            Some(error) if store.is_empty() => Err(error.into()),
            None if store.is_empty() => Err("the platform has no root certificates".into()),
            _ => Ok(store),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_without_a_certificate_is_refused() {
        for pem in [&b""[..], b"hello", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
            assert_eq!(Roots::default().add_pem(pem).unwrap_err().code(), "INVALID_CONFIG");
        }
    }
}
