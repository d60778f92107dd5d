//! Who redeems a code.

use std::fmt;
use std::str::FromStr;

use offhook_device_name::{DeviceModel, MacAddress};
use ring::digest::{self, SHA256};
use zeroize::Zeroizing;

use crate::{Entropy, EntropyError, ParseClaimantKeyError, ParseRedemptionKeyError, hex};

/// The device that presents a code, as far as the caller has made sure of it.
///
/// A MAC address or model that the device merely states is as good as the binding needs it to be:
/// where a device has a certificate, take both from there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Claimant {
    key: ClaimantKey,
    mac: Option<MacAddress>,
    model: Option<DeviceModel>,
}

impl Claimant {
    /// The device that holds `key`.
    #[must_use]
    pub fn new(key: ClaimantKey) -> Self {
        Self {
            key,
            mac: None,
            model: None,
        }
    }

    /// The device with the MAC address `mac`.
    #[must_use]
    pub fn with_mac(self, mac: MacAddress) -> Self {
        Self {
            mac: Some(mac),
            ..self
        }
    }

    /// The device of the model `model`.
    #[must_use]
    pub fn with_model(self, model: DeviceModel) -> Self {
        Self {
            model: Some(model),
            ..self
        }
    }

    /// The key by which the device is known again.
    #[must_use]
    pub fn key(&self) -> &ClaimantKey {
        &self.key
    }

    /// The MAC address, if known.
    #[must_use]
    pub fn mac(&self) -> Option<MacAddress> {
        self.mac
    }

    /// The model, if known.
    #[must_use]
    pub fn model(&self) -> Option<&DeviceModel> {
        self.model.as_ref()
    }
}

/// By what a device is known again when it asks a second time because the answer was lost.
///
/// Both forms are digests and no secrets. `Display` and `FromStr` are the form in which stores
/// keep it.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum ClaimantKey {
    /// The SHA-256 of the `SubjectPublicKeyInfo` (DER) of the certificate that the device proved
    /// to hold.
    Certificate([u8; 32]),
    /// The digest of a [`RedemptionKey`].
    RedemptionKey([u8; 32]),
}

impl ClaimantKey {
    /// The key of the device whose certificate has this `SubjectPublicKeyInfo`, in DER.
    #[must_use]
    pub fn from_spki(der: &[u8]) -> Self {
        Self::Certificate(sha256(&[der]))
    }
}

impl fmt::Display for ClaimantKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, digest) = match self {
            Self::Certificate(digest) => (CERTIFICATE, digest),
            Self::RedemptionKey(digest) => (REDEMPTION_KEY, digest),
        };
        write!(f, "{kind}{}", hex::encode(digest))
    }
}

impl FromStr for ClaimantKey {
    type Err = ParseClaimantKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut digest = [0; 32];
        let mut read = |hex| hex::decode(hex, &mut digest).ok_or(ParseClaimantKeyError);
        if let Some(hex) = text.strip_prefix(CERTIFICATE) {
            read(hex)?;
            Ok(Self::Certificate(digest))
        } else if let Some(hex) = text.strip_prefix(REDEMPTION_KEY) {
            read(hex)?;
            Ok(Self::RedemptionKey(digest))
        } else {
            Err(ParseClaimantKeyError)
        }
    }
}

/// 256 random bits that a device without a certificate makes itself, keeps, and sends with its
/// code, so that it gets its grant again if the answer is lost.
///
/// Hidden in `Debug`, wiped on drop; the text, 64 hexadecimal digits, is given by
/// [`RedemptionKey::secret`] alone.
#[derive(Clone)]
pub struct RedemptionKey(Zeroizing<[u8; 32]>);

impl RedemptionKey {
    /// Draws a key.
    ///
    /// # Errors
    ///
    /// [`EntropyError`] when `entropy` cannot supply bytes.
    pub fn draw(entropy: &mut dyn Entropy) -> Result<Self, EntropyError> {
        let mut bytes = Zeroizing::new([0; 32]);
        entropy.fill(bytes.as_mut_slice())?;
        Ok(Self(bytes))
    }

    /// The key as 64 lower-case hexadecimal digits, for the request and the device's own memory.
    #[must_use]
    pub fn secret(&self) -> Zeroizing<String> {
        Zeroizing::new(hex::encode(&self.0))
    }

    /// What a store keeps of the key.
    #[must_use]
    pub fn claimant_key(&self) -> ClaimantKey {
        ClaimantKey::RedemptionKey(sha256(&[b"rk1|", self.0.as_slice()]))
    }
}

impl FromStr for RedemptionKey {
    type Err = ParseRedemptionKeyError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode(text, &mut bytes).ok_or(ParseRedemptionKeyError)?;
        Ok(Self(bytes))
    }
}

impl fmt::Debug for RedemptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedemptionKey([redacted])")
    }
}

fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = digest::Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut bytes = [0; 32];
    for (to, from) in bytes.iter_mut().zip(context.finish().as_ref()) {
        *to = *from;
    }
    bytes
}

const CERTIFICATE: &str = "certificate:";
const REDEMPTION_KEY: &str = "redemption-key:";
