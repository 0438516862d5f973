//! Whether the parts of a descriptor fit each other. Costs more than parsing, so it is done only when asked.

use memchr::memmem;

use super::{ExtraInfo, ServerDescriptor, Type, order::first_line};
use crate::{
    netdoc::Frame,
    schema::{Issue, Problem, parse},
    value::{Base64, Certificate, Ed25519Cert},
};

/// What does not fit in a document besides what its parsing tells: digests, certificates, the order of signed lines.
/// Signatures are not checked. Spans count from the first byte of the document.
pub fn inconsistencies(kind: Type, frame: Frame<'_>) -> Vec<Issue> {
    match kind {
        Type::ServerDescriptor | Type::BridgeServerDescriptor => {
            parse::<ServerDescriptor<'_>>(frame).partial.inconsistencies()
        }
        Type::ExtraInfo | Type::BridgeExtraInfo => parse::<ExtraInfo<'_>>(frame).partial.inconsistencies(),
        _ => Vec::new(),
    }
}

impl ServerDescriptor<'_> {
    /// What does not fit in the descriptor besides what its parsing tells: the fingerprint is not that of the key, a
    /// certificate is about another key, a line that belongs to others is missing. Signatures are not checked.
    pub fn inconsistencies(&self) -> Vec<Issue> {
        let mut found = Findings { raw: self.raw, issues: Vec::new() };
        if let (Some(said), Some(key)) = (&self.fingerprint, &self.signing_key) {
            match key.fingerprint() {
                None => found.add("signing-key", Problem::BadObject("base64")),
                Some(real) if real != said.0 => {
                    found.add(
                        "fingerprint",
                        Problem::Mismatch("the fingerprint is not that of the signing key"),
                    );
                }
                Some(_) => {}
            }
        }
        for (keyword, key) in [("signing-key", &self.signing_key), ("onion-key", &self.onion_key)] {
            if key.is_some_and(|key| key.bits() != Some(1024)) {
                found.add(keyword, Problem::BadObject("an RSA key of 1024 bits"));
            }
        }
        self.ed25519_lines(&mut found);
        let master_key = found.signing_certificate(self.identity_ed25519.as_ref());
        if let (Some(said), Some(real)) = (self.master_key_ed25519, master_key)
            && said != real
        {
            found.add("master-key-ed25519", Problem::Mismatch("the key is not that of the certificate"));
        }
        let master_key = self.master_key_ed25519.or(master_key);
        if let Some(cross) = &self.ntor_onion_key_crosscert {
            let certificate = cross.certificate.certificate();
            found.certifies("ntor-onion-key-crosscert", certificate, Certificate::NTOR_CROSSCERT, master_key);
        }
        for family in &self.family_cert {
            found.certifies("family-cert", family.certificate(), Certificate::FAMILY, master_key);
        }
        found.order();
        found.issues
    }

    /// The lines of a descriptor with Ed25519 keys stand together or not at all. Sanitized bridges have the identity alone.
    fn ed25519_lines(&self, found: &mut Findings<'_>) {
        let lines = [
            ("identity-ed25519", self.identity_ed25519.is_some()),
            ("router-sig-ed25519", self.router_sig_ed25519.is_some()),
            ("ntor-onion-key-crosscert", self.ntor_onion_key_crosscert.is_some()),
            ("ntor-onion-key", self.ntor_onion_key.is_some()),
            // Without an onion key there is nothing that could sign.
            ("onion-key-crosscert", self.onion_key_crosscert.is_some() || self.onion_key.is_none()),
        ];
        let signed = self.identity_ed25519.is_some()
            || self.router_sig_ed25519.is_some()
            || self.ntor_onion_key_crosscert.is_some()
            || self.onion_key_crosscert.is_some();
        if signed {
            for (keyword, _) in lines.into_iter().filter(|(_, present)| !present) {
                found.missing(keyword);
            }
        }
    }
}

impl ExtraInfo<'_> {
    /// What does not fit in the descriptor besides what its parsing tells: a certificate that is none or that is not for a
    /// signing key, signed lines out of order. Signatures are not checked.
    pub fn inconsistencies(&self) -> Vec<Issue> {
        let mut found = Findings { raw: self.raw, issues: Vec::new() };
        found.signing_certificate(self.identity_ed25519.as_ref());
        found.order();
        found.issues
    }
}

struct Findings<'a> {
    raw: &'a [u8],
    issues: Vec<Issue>,
}

impl Findings<'_> {
    /// Notes what is wrong with the first line of a keyword.
    fn add(&mut self, keyword: &'static str, problem: Problem) {
        let span = first_line(self.raw, keyword).map_or(0..0, |start| {
            let length = memchr::memchr(b'\n', &self.raw[start..]).unwrap_or(self.raw.len() - start);
            start..start + length
        });
        self.issues.push(Issue { problem, keyword: keyword.into(), span });
    }

    /// Notes that a line is missing, unless it is malformed, which parsing has noted then.
    fn missing(&mut self, keyword: &'static str) {
        if first_line(self.raw, keyword).is_none() {
            self.add(keyword, Problem::MissingLine);
        }
    }

    /// Checks the certificate of the signing key; the identity key that made it.
    fn signing_certificate(&mut self, certificate: Option<&Ed25519Cert<'_>>) -> Option<Base64<32>> {
        let certificate = certificate?;
        let keyword = "identity-ed25519";
        let Some(certificate) = certificate.certificate() else {
            self.add(keyword, Problem::BadObject("an Ed25519 certificate"));
            return None;
        };
        if certificate.purpose != Certificate::SIGNING_KEY || certificate.key_type != Certificate::ED25519 {
            self.add(keyword, Problem::Mismatch("the certificate is not for an Ed25519 signing key"));
        }
        let identity = certificate.signed_with();
        if identity.is_none() {
            self.add(keyword, Problem::Mismatch("the certificate does not tell the identity key"));
        }
        identity
    }

    /// Checks a certificate of the identity key.
    fn certifies(
        &mut self,
        keyword: &'static str,
        certificate: Option<Certificate>,
        purpose: u8,
        identity: Option<Base64<32>>,
    ) {
        let problem = match certificate {
            None => Problem::BadObject("an Ed25519 certificate"),
            Some(it) if it.purpose != purpose || it.key_type != Certificate::ED25519 => {
                Problem::Mismatch("the certificate is for another purpose")
            }
            Some(it) if identity.is_some_and(|identity| identity != it.key) => {
                Problem::Mismatch("the certificate is for another key than the identity")
            }
            Some(_) => return,
        };
        self.add(keyword, problem);
    }

    /// The Ed25519 signature stands right before the RSA signature.
    fn order(&mut self) {
        let Some(at) = first_line(self.raw, "router-sig-ed25519") else { return };
        let next = memmem::find(&self.raw[at..], b"\n").map(|end| &self.raw[at + end + 1..]);
        if next.is_none_or(|next| !next.starts_with(b"router-signature\n")) {
            let problem = Problem::Misplaced("the line must stand right before router-signature");
            self.add("router-sig-ed25519", problem);
        }
    }
}
