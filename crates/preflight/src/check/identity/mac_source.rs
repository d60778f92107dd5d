//! From what the MAC address of a phone is taken.

use std::time::SystemTime;

use offhook_device_identity::{ChainVerifier, IdentityPattern};
use rustls_pki_types::CertificateDer;

use crate::check::Checker;
use crate::check::validity::{Authority, DateFault};
use crate::rule::table as rules;
use crate::{BroadWorks, MacHeader};

pub(super) fn check(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let (headers, certificates) = (&broadworks.headers, &broadworks.certificates);
    match (headers.enabled, certificates.enabled) {
        (true, true) => {
            let what = "Headers and Certificates are both enabled";
            checker.find(rules::MAC_SOURCES, "broadworks.headers.enabled", what);
        }
        (false, false) => {
            let what = "neither Headers nor Certificates is enabled";
            checker.find(
                rules::MAC_SOURCE_MISSING,
                "broadworks.certificates.enabled",
                what,
            );
        }
        _ => {}
    }
    let what = match (
        broadworks.behind_firewall,
        headers.enabled,
        certificates.enabled,
    ) {
        (true, false, true) => Some((
            "broadworks.certificates.enabled",
            "behind the firewall no certificate of a device arrives, and no header is read",
        )),
        (false, true, _) => Some((
            "broadworks.headers.enabled",
            "without a firewall anybody can send the header, and with it any MAC address",
        )),
        _ => None,
    };
    if let Some((path, what)) = what {
        checker.find(rules::MAC_SOURCE_PLACE, path, what);
    }
    if headers.enabled {
        header_pattern(checker, headers);
    }
    if certificates.enabled {
        let path = "broadworks.certificates.identity-pattern";
        pattern(checker, &certificates.identity_pattern, path);
    }
    maker_roots(checker, broadworks);
}

fn maker_roots(checker: &mut Checker<'_>, broadworks: &BroadWorks) {
    let path = "broadworks.maker-roots";
    let Some(file) = &broadworks.maker_roots else {
        let what = "no certificate of the phones' maker is named";
        checker.find(rules::MAKER_ROOTS, path, what);
        return;
    };
    let roots = checker.certificates(file, rules::MAKER_ROOTS, path);
    let roots = roots.unwrap_or_default();
    for (at, root) in roots.iter().enumerate() {
        let anchored = ChainVerifier::builder().anchor(root);
        if let Err(error) = &anchored {
            let what = format!("certificate {at} of {file:?} cannot be trusted: {error}");
            checker.find(rules::MAKER_ROOTS, path, what);
        }
        if let Some(fault) = DateFault::of(root, checker.now)
            && (anchored.is_ok() || fault != DateFault::Unreadable)
            && !is_survived(root, roots, checker.now)
        {
            let what = format!("certificate {at} of {file:?}, of the phones' maker, {fault}");
            checker.find(rules::CERTIFICATE_EXPIRY, path, what);
        }
    }
}

/// Whether an authority that the root has issued is trusted by itself, so that nobody looks at the
/// root any more.
fn is_survived(root: &CertificateDer<'_>, all: &[CertificateDer<'_>], now: SystemTime) -> bool {
    Authority::read(root).is_some_and(|root| {
        let mut issued = all.iter().filter(|each| root.has_issued(each));
        issued.any(|each| DateFault::of(each, now).is_none())
    })
}

fn header_pattern(checker: &mut Checker<'_>, headers: &MacHeader) {
    let path = "broadworks.headers.identity-pattern";
    let Some(pattern) = pattern(checker, &headers.identity_pattern, path) else {
        return;
    };
    let header = headers.header.as_str();
    if header.is_empty() {
        let what = "which header the firewall sets is not told";
        checker.find(rules::IDENTITY_PATTERN, "broadworks.headers.header", what);
        return;
    }
    let finds = |between: &str| {
        let line = format!("{header}:{between}{SAMPLE_MAC}");
        let found = pattern.matches(&line).map(|mac| mac.to_string());
        found.as_deref() == Some(SAMPLE_MAC)
    };
    if !finds("") && !finds(" ") {
        let text = pattern.as_str();
        let what = format!("{text:?} does not find the address in \"{header}: {SAMPLE_MAC}\"");
        checker.find(rules::IDENTITY_PATTERN, path, what);
    }
}

/// The pattern, unless it cannot be used, which is reported.
fn pattern(checker: &mut Checker<'_>, text: &str, path: &str) -> Option<IdentityPattern> {
    match IdentityPattern::new(text) {
        Ok(pattern) => Some(pattern),
        Err(error) => {
            let what = format!("the pattern {text:?} cannot be used: {error}");
            checker.find(rules::IDENTITY_PATTERN, path, what);
            None
        }
    }
}

const SAMPLE_MAC: &str = "0A1B2C3D4D5F";
