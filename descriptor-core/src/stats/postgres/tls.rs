//! Encrypted connections, with the parameters of PostgreSQL's own programs.

use std::sync::Arc;

use ::postgres::{Client, Config, config::SslMode};
use percent_encoding::percent_decode_str;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::LoadError;

/// How much of a server's certificate is verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verify {
    Nothing,
    Issuer,
    Name,
}

/// What an address says about encryption, and the address without it.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    rest: String,
    mode: SslMode,
    verify: Verify,
    /// A file of certificates; `None` for those that browsers trust.
    roots: Option<String>,
}

/// Connects as the address says.
pub(super) fn connect(address: &str) -> Result<Client, LoadError> {
    let Address { rest, mode, verify, roots } = Address::parse(address)?;
    let mut config: Config = rest.parse()?;
    // Lists of `key=value` have their own.
    if is_url(address) {
        config.ssl_mode(mode);
    }
    Ok(config.connect(MakeRustlsConnect::new(client(verify, roots.as_deref())?))?)
}

fn is_url(address: &str) -> bool {
    address.starts_with("postgres://") || address.starts_with("postgresql://")
}

impl Address {
    fn parse(address: &str) -> Result<Self, LoadError> {
        let (mut mode, mut roots) = (None, None);
        let mut rest = address.to_owned();
        if let Some((server, query)) = address.split_once('?').filter(|_| is_url(address)) {
            let mut others = Vec::new();
            for parameter in query.split('&') {
                let decoded = |value: &str| percent_decode_str(value).decode_utf8_lossy().into_owned();
                match parameter.split_once('=') {
                    Some(("sslmode", value)) => mode = Some(decoded(value)),
                    Some(("sslrootcert", value)) => roots = Some(decoded(value)),
                    _ => others.push(parameter),
                }
            }
            rest = match others.is_empty() {
                true => server.to_owned(),
                false => format!("{server}?{}", others.join("&")),
            };
        }
        // A file of certificates is there to verify by.
        let at_least = if roots.is_some() { Verify::Issuer } else { Verify::Nothing };
        let (mode, verify) = match mode.as_deref() {
            None | Some("prefer" | "allow") => (SslMode::Prefer, Verify::Nothing),
            Some("disable") => (SslMode::Disable, Verify::Nothing),
            Some("require") => (SslMode::Require, at_least),
            Some("verify-ca") => (SslMode::Require, Verify::Issuer),
            Some("verify-full") => (SslMode::Require, Verify::Name),
            Some(other) => {
                let choices = "disable, prefer, require, verify-ca or verify-full";
                return Err(LoadError::Tls(format!("no sslmode {other}; it is {choices}")));
            }
        };
        Ok(Address { rest, mode, verify, roots: roots.filter(|path| path != "system") })
    }
}

fn client(verify: Verify, roots: Option<&str>) -> Result<ClientConfig, LoadError> {
    let failed = |error: &dyn std::fmt::Display| LoadError::Tls(error.to_string());
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder = builder.with_safe_default_protocol_versions().map_err(|error| failed(&error))?;
    if verify == Verify::Nothing {
        let verifier = Arc::new(Lenient { issuer: None, provider });
        return Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth());
    }
    let mut store = RootCertStore::empty();
    match roots {
        None => store.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        Some(path) => {
            let named = |error: &dyn std::fmt::Display| LoadError::Tls(format!("{path}: {error}"));
            for certificate in CertificateDer::pem_file_iter(path).map_err(|error| named(&error))? {
                let certificate = certificate.map_err(|error| named(&error))?;
                store.add(certificate).map_err(|error| named(&error))?;
            }
            if store.is_empty() {
                return Err(named(&"no certificate is in it"));
            }
        }
    }
    if verify == Verify::Name {
        return Ok(builder.with_root_certificates(store).with_no_client_auth());
    }
    let issuer = WebPkiServerVerifier::builder_with_provider(Arc::new(store), Arc::clone(&provider)).build();
    let issuer = Some(issuer.map_err(|error| failed(&error))?);
    let verifier = Arc::new(Lenient { issuer, provider });
    Ok(builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth())
}

/// Verifies that a server has the key of its certificate, and who has issued that, or not even this; but no name.
#[derive(Debug)]
struct Lenient {
    issuer: Option<Arc<WebPkiServerVerifier>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Lenient {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let Some(issuer) = &self.issuer else { return Ok(ServerCertVerified::assertion()) };
        match issuer.verify_server_cert(certificate, intermediates, name, ocsp, now) {
            // The name is looked at last.
            Err(Error::InvalidCertificate(
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
            )) => Ok(ServerCertVerified::assertion()),
            verified => verified,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_say_how_to_encrypt() {
        let parse = |text: &str| Address::parse(text).expect("an address");
        let plain = parse("postgres://x@h/d?connect_timeout=5");
        assert_eq!(plain.rest, "postgres://x@h/d?connect_timeout=5");
        assert_eq!((plain.mode, plain.verify), (SslMode::Prefer, Verify::Nothing));
        let full =
            parse("postgresql://x@h/d?sslmode=verify-full&connect_timeout=5&sslrootcert=%2Fca%20s.pem");
        assert_eq!(full.rest, "postgresql://x@h/d?connect_timeout=5");
        assert_eq!((full.mode, full.verify), (SslMode::Require, Verify::Name));
        assert_eq!(full.roots.as_deref(), Some("/ca s.pem"));
        let require = parse("postgres://h?sslmode=require&sslrootcert=ca.pem");
        assert_eq!((require.rest.as_str(), require.verify), ("postgres://h", Verify::Issuer));
        assert_eq!(parse("postgres://h?sslmode=verify-ca&sslrootcert=system").roots, None);
        assert_eq!(parse("host=h sslmode=require").rest, "host=h sslmode=require");
        let error = Address::parse("postgres://h?sslmode=maybe").expect_err("no mode").to_string();
        assert!(error.contains("maybe") && error.contains("verify-full"), "{error}");
    }
}
