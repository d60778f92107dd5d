//! The SIP domain and the certificate of the session border controller.

use std::time::{Duration, SystemTime};

use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, KeyUsage, anchor_from_trusted_cert};

use super::Checker;
use super::validity::{Authority, DateFault, EXPIRY_WARNING, fault_of_authority};
use crate::rule::table as rules;
use crate::{Date, Outcome, Question, Sip, Software, Why};

pub(super) fn check(checker: &mut Checker<'_>) {
    let deployment = checker.deployment;
    let broadworks = deployment.broadworks.as_ref();
    let needed = broadworks.is_some_and(|broadworks| broadworks.has(Software::RoomOs));
    let Some(sip) = &deployment.sip else {
        if needed {
            let what = "room devices are described, and no SIP domain is";
            checker.find(rules::SIP_DOMAIN, "sip", what);
        }
        return;
    };
    domain(checker, sip);
    sbc(checker, sip);
}

fn domain(checker: &mut Checker<'_>, sip: &Sip) {
    let path = "sip.domain";
    let question = Question::sip_domain(sip.domain.clone());
    let Some(outcome) = checker.ask(&question, rules::SIP_DOMAIN, path) else {
        return;
    };
    let what = match outcome {
        Outcome::Servers(servers) if servers.is_empty() => "it leads to no server",
        Outcome::Servers(servers) => {
            if servers.iter().any(|server| server.by_address) {
                let what = format!("{} has no NAPTR and no SRV record", sip.domain);
                let finding = checker.finding(rules::SIP_DOMAIN_SRV, path, what);
                checker.findings.push(finding.at(&sip.domain));
            }
            return;
        }
        Outcome::Dangling => "its SRV records name servers without an address",
        Outcome::Loop => "its aliases lead in a circle",
        Outcome::NoTls => "it offers SIP, but not over TLS",
        Outcome::NotOffered => "it says that it does not offer SIP over TLS",
        _ => "it has neither NAPTR, SRV nor address records",
    };
    let what = format!("{}: {what}", sip.domain);
    let finding = checker.finding(rules::SIP_DOMAIN, path, what);
    checker.findings.push(finding.at(&sip.domain));
}

fn sbc(checker: &mut Checker<'_>, sip: &Sip) {
    for (file, path, what) in [
        (&sip.sbc_certificates, SBC, "the certificate of the SBC"),
        (
            &sip.device_trust_list,
            TRUST_LIST,
            "the trust list of the devices",
        ),
    ] {
        if file.is_none() {
            checker.unknown(rules::SBC_CHAIN, path, what, Why::NotDescribed);
        }
    }
    let chain = sip.sbc_certificates.as_deref();
    let chain = chain.and_then(|file| checker.certificates(file, rules::SBC_CHAIN, SBC));
    let anchors = sip.device_trust_list.as_deref();
    let anchors = anchors.and_then(|file| checker.certificates(file, rules::SBC_CHAIN, TRUST_LIST));
    let Some((own, intermediates)) = chain.and_then(<[_]>::split_first) else {
        return;
    };
    let own = match EndEntityCert::try_from(own) {
        Ok(own) => own,
        Err(error) => {
            let reason = in_words(&error);
            let what = format!("the certificate of the SBC cannot be used: {reason}");
            checker.find(rules::SBC_CHAIN, SBC, what);
            return;
        }
    };
    if !is_named(&own, sip.domain.as_str()) {
        let what = format!("the certificate of the SBC does not name {}", sip.domain);
        checker.find(rules::SBC_NAME, SBC, what);
    }
    let Some(anchors) = anchors else {
        return dates(checker, own.der().as_ref(), intermediates);
    };
    chain_of_sbc(checker, &own, intermediates, anchors);
}

fn chain_of_sbc(
    checker: &mut Checker<'_>,
    own: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &[CertificateDer<'_>],
) {
    let now = checker.now;
    match verify(own, intermediates, anchors, now) {
        Err(error) => {
            let what = match error {
                Error::UnknownIssuer => {
                    "no authority in the trust list of the devices has issued the certificate of \
                     the SBC"
                        .to_owned()
                }
                error => format!("the chain of the SBC does not verify: {}", in_words(&error)),
            };
            checker.find(rules::SBC_CHAIN, SBC, what);
        }
        Ok(anchor) => {
            if let Some((_, fault)) = fault_of_authority(&anchor, anchors, now) {
                let what = format!("the authority that the chain of the SBC leads to {fault}");
                checker.find(rules::SBC_EXPIRY, TRUST_LIST, what);
            }
            let later = now.checked_add(EXPIRY_WARNING).unwrap_or(now);
            if verify(own, intermediates, anchors, later).is_err() {
                let what = "the chain of the SBC ends within 30 days";
                checker.find(rules::SBC_EXPIRY, SBC, what);
            }
        }
    }
}

/// What can be said of the dates where it is not known to which authority the chain has to lead.
fn dates(checker: &mut Checker<'_>, own: &[u8], intermediates: &[CertificateDer<'_>]) {
    if let Some(fault) = DateFault::of(own, checker.now) {
        let rule = if fault.is_good_yet() {
            rules::SBC_EXPIRY
        } else {
            rules::SBC_CHAIN
        };
        checker.find(rule, SBC, format!("the certificate of the SBC {fault}"));
    }
    // Devices may find their way around an intermediate.
    for intermediate in intermediates {
        if let Some(fault) = DateFault::of(intermediate, checker.now) {
            let what = format!("an authority that the SBC sends {fault}");
            checker.find(rules::SBC_EXPIRY, SBC, what);
        }
    }
}

/// Why a chain does not verify, for people: the library tells programmers.
fn in_words(error: &Error) -> String {
    let day = |time: &UnixTime| {
        let since = Duration::from_secs(time.as_secs());
        Date::of(SystemTime::UNIX_EPOCH + since)
    };
    let words = match error {
        Error::CertExpired { not_after, .. } => {
            return format!("a certificate in it {}", DateFault::Ended(day(not_after)));
        }
        Error::CertNotValidYet { not_before, .. } => {
            return format!(
                "a certificate in it {}",
                DateFault::NotBegun(day(not_before))
            );
        }
        Error::BadDerTime | Error::InvalidCertValidity => "its dates are malformed",
        Error::CaUsedAsEndEntity => "it is the certificate of an authority",
        Error::EndEntityUsedAsCa => "an issuer in it is no authority",
        Error::InvalidSignatureForPublicKey => "a signature in it is wrong",
        Error::NameConstraintViolation => "an authority in it may not issue for this name",
        Error::PathLenConstraintViolated | Error::MaximumPathDepthExceeded => {
            "there are too many authorities in it"
        }
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            "its extended key usage does not allow servers"
        }
        Error::SignatureAlgorithmMismatch
        | Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => {
            "it is signed by an algorithm that is not supported"
        }
        Error::UnsupportedCertVersion => "it is of another version than 3",
        Error::UnsupportedCriticalExtension => "it has a critical extension that is not known",
        _ => "it is malformed",
    };
    words.to_owned()
}

/// Whether a certificate has the domain as a SIP URI or, for want of any, as a DNS name; a wildcard
/// does not count.
///
/// # Source
///
/// RFC 5922 section 7.1 and 7.2, <https://www.rfc-editor.org/rfc/rfc5922#section-7.1>.
fn is_named(own: &EndEntityCert<'_>, domain: &str) -> bool {
    let mut sip_uris = own.valid_uri_names().filter_map(sip_host).peekable();
    if sip_uris.peek().is_some() {
        return sip_uris.any(|host| host.eq_ignore_ascii_case(domain));
    }
    own.valid_dns_names()
        .any(|name| name.eq_ignore_ascii_case(domain))
}

/// The host of a SIP URI; `None` for other URIs, and where it names somebody at the host.
fn sip_host(uri: &str) -> Option<&str> {
    let (scheme, rest) = uri.split_once(':')?;
    let is_sip = scheme.eq_ignore_ascii_case("sip") && !rest.contains('@');
    let end = rest.find([':', ';', '?']).unwrap_or(rest.len());
    rest.get(..end).filter(|_| is_sip)
}

fn verify(
    own: &EndEntityCert<'_>,
    intermediates: &[CertificateDer<'_>],
    anchors: &[CertificateDer<'_>],
    at: SystemTime,
) -> Result<Authority, Error> {
    let anchors = anchors
        .iter()
        .filter_map(|anchor| anchor_from_trusted_cert(anchor).ok());
    let anchors: Vec<_> = anchors.collect();
    let since = at
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap_or_default();
    own.verify_for_usage(
        ALL_VERIFICATION_ALGS,
        &anchors,
        intermediates,
        UnixTime::since_unix_epoch(since),
        KeyUsage::server_auth(),
        None,
        None,
    )
    .map(|path| {
        let anchor = path.anchor();
        Authority::new(&anchor.subject, &anchor.subject_public_key_info)
    })
}

const SBC: &str = "sip.sbc-certificates";
const TRUST_LIST: &str = "sip.device-trust-list";
