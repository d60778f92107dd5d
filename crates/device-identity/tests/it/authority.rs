//! Certificates of makers, made on the spot and judged at a fixed time.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use offhook_device_identity::ChainVerifier;
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use rustls_pki_types::CertificateDer;

/// An authority, with its certificate.
pub(crate) struct Authority {
    pub(crate) issuer: Issuer<'static, KeyPair>,
    pub(crate) certificate: CertificateDer<'static>,
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::with_key(name, KeyPair::generate().unwrap())
    }

    pub(crate) fn with_key(name: &str, key: KeyPair) -> Self {
        let params = Self::params(name);
        let certificate = params.self_signed(&key).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        Self {
            issuer,
            certificate,
        }
    }

    pub(crate) fn under(&self, name: &str, usages: &[ExtendedKeyUsagePurpose]) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = Self::params(name);
        params.extended_key_usages = usages.to_vec();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().der().clone();
        let issuer = Issuer::new(params, key);
        Self {
            issuer,
            certificate,
        }
    }

    fn params(name: &str) -> CertificateParams {
        let mut params = device(&[(DnType::CommonName, name)]);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params
    }

    /// The certificate of a device and its key.
    pub(crate) fn issue(&self, params: &CertificateParams) -> (CertificateDer<'static>, KeyPair) {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.der().clone(), key)
    }

    pub(crate) fn verifier(&self) -> Arc<ChainVerifier> {
        let builder = ChainVerifier::builder();
        Arc::new(builder.anchor(&self.certificate).unwrap().build().unwrap())
    }
}

/// A device with this subject, good from 2020 to 2030.
pub(crate) fn device(subject: &[(DnType, &str)]) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2030, 1, 1);
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in subject {
        params.distinguished_name.push(kind.clone(), *value);
    }
    params
}

/// The `serialNumber` attribute, which `rcgen` has no name for.
pub(crate) fn serial_number() -> DnType {
    DnType::CustomDnType(vec![2, 5, 4, 5])
}

/// 2026-01-01T00:00:00Z.
pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)
}

/// So many days after [`now`].
pub(crate) fn days(days: u64) -> SystemTime {
    now() + Duration::from_secs(days * 86_400)
}
