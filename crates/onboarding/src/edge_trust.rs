//! Whom telephones outside trust.

use offhook_device_identity::{AnchorError, ChainVerifier};
use thiserror::Error;

/// The authorities that sign the certificate of an edge. The activation service hands them to a
/// telephone together with the domain of that edge.
///
/// # Source
///
/// Unified CM, device onboarding by activation code, enable cloud onboarding for remote access:
/// certificates of the trust store `Phone-Edge-trust` are brought to telephones outside. That they
/// come as PEM is ours.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct EdgeTrust(Box<str>);

/// A text is no list of authorities.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum EdgeTrustError {
    /// There is no certificate in it, one that cannot be read, or one that is not of an authority.
    #[error("no certificates of authorities")]
    Anchor(#[source] AnchorError),
    /// There is something else in it, such as a private key.
    #[error("something other than certificates")]
    NotCertificate,
    /// It is longer than [`EdgeTrust::MAX_BYTES`].
    #[error("more than {} bytes", EdgeTrust::MAX_BYTES)]
    TooLong,
}

impl EdgeTrust {
    /// How long the text may be: an answer has at most 65,536 bytes.
    pub const MAX_BYTES: usize = 32_768;

    /// The authorities whose certificates stand in `pem`. What stands between them is left out.
    ///
    /// # Errors
    ///
    /// [`EdgeTrustError::TooLong`] when it is longer than [`MAX_BYTES`](Self::MAX_BYTES);
    /// [`EdgeTrustError::NotCertificate`] when a line with `-----` in it is not that of a certificate,
    /// as with a private key, or a line within a certificate is no base64;
    /// [`EdgeTrustError::Anchor`] when there is no certificate in it, one that cannot be read, or one
    /// that is not of an authority.
    pub fn from_pem(pem: &str) -> Result<Self, EdgeTrustError> {
        if pem.len() > Self::MAX_BYTES {
            return Err(EdgeTrustError::TooLong);
        }
        let mut kept = String::new();
        let mut is_inside = false;
        // Whatever others take for the end of a line is one here: what is kept must not be read in another
        // way later, and show more than certificates.
        for line in pem.split(['\n', '\r']).map(str::trim) {
            let is_kept = match (is_inside, line) {
                (false, BEGIN) | (true, END) => {
                    is_inside = !is_inside;
                    true
                }
                (true, _) if line.bytes().all(is_base64) => !line.is_empty(),
                (false, _) if !line.contains("-----") => false,
                _ => return Err(EdgeTrustError::NotCertificate),
            };
            if is_kept {
                kept.push_str(line);
                kept.push('\n');
            }
        }
        let builder = ChainVerifier::builder().anchors_from_pem(kept.as_bytes());
        let good = builder.and_then(|builder| builder.build());
        good.map_err(EdgeTrustError::Anchor)?;
        Ok(Self(kept.into()))
    }

    /// The certificates, as PEM.
    #[must_use]
    pub fn as_pem(&self) -> &str {
        &self.0
    }
}

const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=')
}

const BEGIN: &str = "-----BEGIN CERTIFICATE-----";
const END: &str = "-----END CERTIFICATE-----";

#[cfg(test)]
mod tests {
    use super::*;

    fn authority() -> String {
        let key = rcgen::KeyPair::generate().unwrap();
        let mut parameters = rcgen::CertificateParams::default();
        parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        parameters.self_signed(&key).unwrap().pem()
    }

    #[test]
    fn what_stands_between_certificates_is_left_out() {
        let (one, other) = (authority(), authority());
        let text = format!("Edge of Example\r\n{one}# and\n{other}end\n");
        let trust = EdgeTrust::from_pem(&text).unwrap();
        let wanted = (one + &other).replace("\r\n", "\n");
        assert_eq!(trust.as_pem(), wanted);
        assert_eq!(EdgeTrust::from_pem(&wanted).unwrap(), trust);
    }

    #[test]
    fn nothing_but_certificates_is_handed_out() {
        let key = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let authority = authority();
        for text in [
            format!("{authority}{key}"),
            format!("{key}{authority}"),
            // A file without a last line end, before another; line ends of other systems.
            format!("{}{key}", authority.trim_end()),
            format!("{}{authority}", key.trim_end()),
            format!("{authority}{key}").replace('\n', "\r"),
            format!("{}\r{}", authority.trim_end(), key.replace('\n', "\r")),
            format!("{authority}  {key}"),
            format!("{authority}# {key}"),
            authority.replace("-----END", "# \n-----END"),
        ] {
            let with_key = EdgeTrust::from_pem(&text);
            let refused = matches!(with_key, Err(EdgeTrustError::NotCertificate));
            assert!(refused, "{text:?}");
        }
        for bad in ["", "authority", "-----BEGIN CERTIFICATE-----\nAA"] {
            let refused = EdgeTrust::from_pem(bad);
            assert!(matches!(refused, Err(EdgeTrustError::Anchor(_))), "{bad}");
        }
        let long = authority + &" ".repeat(EdgeTrust::MAX_BYTES);
        assert!(matches!(
            EdgeTrust::from_pem(&long),
            Err(EdgeTrustError::TooLong)
        ));
    }
}
