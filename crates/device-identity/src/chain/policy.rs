//! What a chain has to fulfil.

use std::sync::Arc;
use std::time::Duration;

use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm, TrustAnchor, UnixTime};
use webpki::{
    ALL_VERIFICATION_ALGS, CertRevocationList, EndEntityCert, KeyUsage, RevocationOptions,
    RevocationOptionsBuilder, VerifiedPath,
};

use super::revocation::Revocation;
use super::sha1::NamedKeys;
use crate::certificate::Certificate;
use crate::{ChainError, IdentityPattern, Limits, Rules, Validity};

#[derive(Clone, Debug, Default)]
pub(crate) struct Policy {
    pub(super) anchors: Vec<TrustAnchor<'static>>,
    pub(super) intermediates: Vec<CertificateDer<'static>>,
    pub(super) pinned: bool,
    pub(super) rules: Rules,
    pub(super) pattern: Option<IdentityPattern>,
    pub(super) limits: Limits,
    pub(super) revocation: Option<Revocation>,
    pub(crate) sha1_keys: Vec<Box<[u8]>>,
    pub(crate) expired: Option<Concession>,
}

/// How far past their end certificates of devices count, and why.
#[derive(Clone, Debug)]
pub(crate) struct Concession {
    pub(crate) most: Duration,
    pub(crate) reason: Arc<str>,
}

impl Policy {
    /// The time at which the path is judged, in seconds since 1970, and the reason if that is
    /// not `now`.
    pub(super) fn judged_at(
        &self,
        certificate: &Certificate<'_>,
        now: u64,
    ) -> Result<(u64, Option<&Arc<str>>), ChainError> {
        let Some(concession) = &self.expired else {
            return Ok((now, None));
        };
        let validity = Validity::in_certificate(certificate);
        let end = validity.map_err(ChainError::Malformed)?.end();
        match now.checked_sub(end) {
            Some(past @ 1..) if past <= concession.most.as_secs() => {
                Ok((end, Some(&concession.reason)))
            }
            _ => Ok((now, None)),
        }
    }

    pub(super) fn verify_path(
        &self,
        certificate: &EndEntityCert<'_>,
        intermediates: &[CertificateDer<'_>],
        judged_at: u64,
        now: u64,
    ) -> Result<(), ChainError> {
        let sha1 = NamedKeys::new(&self.sha1_keys);
        let extended: Vec<&dyn SignatureVerificationAlgorithm>;
        let algorithms = if self.sha1_keys.is_empty() {
            ALL_VERIFICATION_ALGS
        } else {
            let all = ALL_VERIFICATION_ALGS.iter().copied();
            extended = all
                .chain([&sha1 as &dyn SignatureVerificationAlgorithm])
                .collect();
            &extended
        };
        let lists = self.revocation.as_ref().map(Revocation::lists);
        let revocation = self.revocation.as_ref().zip(lists.as_deref());
        let revocation = revocation.and_then(|(revocation, lists)| options(revocation, lists));
        let current = |path: &VerifiedPath<'_>| {
            authorities_are_current(path, now)?;
            self.lists_are_current(path, now)
        };
        let result = certificate.verify_for_usage(
            algorithms,
            &self.anchors,
            intermediates,
            UnixTime::since_unix_epoch(Duration::from_secs(judged_at)),
            KeyUsage::client_auth(),
            revocation,
            (judged_at != now).then_some(&current),
        );
        match result {
            Ok(_) => Ok(()),
            Err(webpki::Error::InvalidSignatureForPublicKey) if sha1.has_refused() => {
                Err(ChainError::UnsupportedSignature)
            }
            Err(error) => Err(chain_error(error)),
        }
    }

    /// Whether no list that the path depends on is stale `now`, where the path is judged at an
    /// earlier time.
    fn lists_are_current(&self, path: &VerifiedPath<'_>, now: u64) -> Result<(), webpki::Error> {
        let lists = self.revocation.as_ref();
        match lists.and_then(|lists| lists.stale_since(path, now)) {
            None => Ok(()),
            Some(next_update) => Err(webpki::Error::CrlExpired {
                time: UnixTime::since_unix_epoch(Duration::from_secs(now)),
                next_update: UnixTime::since_unix_epoch(Duration::from_secs(next_update)),
            }),
        }
    }
}

fn options<'a>(
    revocation: &Revocation,
    lists: &'a [&'a CertRevocationList<'a>],
) -> Option<RevocationOptions<'a>> {
    let (depth, unknown, expiration) = revocation.policies();
    let builder = RevocationOptionsBuilder::new(lists).ok()?;
    let builder = builder.with_depth(depth).with_status_policy(unknown);
    Some(builder.with_expiration_policy(expiration).build())
}

/// Whether no intermediate is past its end `now`, where the path is judged at an earlier time.
fn authorities_are_current(path: &VerifiedPath<'_>, now: u64) -> Result<(), webpki::Error> {
    for authority in path.intermediate_certificates() {
        let der = authority.der();
        let certificate = Certificate::read(&der).map_err(|_| webpki::Error::BadDer)?;
        let validity = Validity::in_certificate(&certificate);
        let end = validity.map_err(|_| webpki::Error::BadDerTime)?.end();
        if now > end {
            return Err(webpki::Error::CertExpired {
                time: UnixTime::since_unix_epoch(Duration::from_secs(now)),
                not_after: UnixTime::since_unix_epoch(Duration::from_secs(end)),
            });
        }
    }
    Ok(())
}

pub(super) fn chain_error(error: webpki::Error) -> ChainError {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => ChainError::Expired,
        Error::CertNotValidYet { .. } => ChainError::NotValidYet,
        Error::CertRevoked => ChainError::Revoked,
        Error::CrlExpired { .. } => ChainError::RevocationListStale,
        Error::RequiredEkuNotFoundContext(_) => ChainError::NotForClients,
        Error::UnknownIssuer => ChainError::UnknownIssuer,
        Error::UnknownRevocationStatus => ChainError::RevocationUnknown,
        Error::UnsupportedCertVersion => ChainError::UnsupportedVersion,
        Error::UnsupportedCriticalExtension => ChainError::UnknownCriticalExtension,
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            ChainError::UnsupportedSignature
        }
        other => ChainError::Invalid(other.into()),
    }
}
