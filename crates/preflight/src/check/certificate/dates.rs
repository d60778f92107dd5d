//! Whether what is presented and trusted for remote access is within its dates.

use std::collections::HashSet;

use offhook_device_identity::requirement::{Holder, Outcome, Report, Requirement};
use rustls_pki_types::CertificateDer;

use super::{chain_path, path_of_store};
use crate::RemoteAccess;
use crate::check::Checker;
use crate::check::validity::{Authority, DateFault, fault_of_authority, is_self_issued};
use crate::rule::table as rules;

pub(super) fn check(checker: &mut Checker<'_>, remote: &RemoteAccess, report: &Report) {
    // One authority stands in many chains, and is renewed once.
    let mut told = HashSet::new();
    for (holder, key, file) in remote.chains.all() {
        let chain = checker.read(file.as_deref());
        for (position, certificate) in chain.iter().enumerate() {
            let Some(fault) = DateFault::of(certificate, checker.now) else {
                continue;
            };
            // What cannot be read has a rule of its own, here and in stores.
            if fault == DateFault::Unreadable {
                continue;
            }
            let rule = match Role::of(holder, chain, position, report) {
                Role::Anchor => rules::CERTIFICATE_EXPIRY,
                Role::Presented if fault.is_good_yet() => rules::CERTIFICATE_EXPIRY,
                Role::Presented => rules::CERTIFICATE_VALIDITY,
                Role::Superfluous => continue,
            };
            if position > 0 && !told.insert((certificate, rule.id())) {
                continue;
            }
            let what = match position {
                0 => format!("the {holder} certificate {fault}"),
                _ => format!("certificate {position} of the {holder} chain, an authority, {fault}"),
            };
            checker.find(rule, &chain_path(key), what);
        }
    }
    stores(checker, remote, report);
}

/// What a certificate in a chain is for.
#[derive(Clone, Copy, Debug)]
enum Role {
    /// It stands in a trust store: verifiers differ in whether they look at its dates.
    Anchor,
    /// It is presented, so that its dates are looked at.
    Presented,
    /// It is above what stands in a trust store.
    Superfluous,
}

impl Role {
    fn of(holder: Holder, chain: &[CertificateDer<'_>], position: usize, report: &Report) -> Self {
        let is_last = position + 1 == chain.len();
        let certificate = chain.get(position);
        // An authority whose certificate is too old in form to be read here stands at the end.
        let is_root = certificate.and_then(is_self_issued).unwrap_or(is_last);
        // The Expressway-E trusts the issuer of the device's certificate itself.
        let is_above = holder == Holder::ActivatingDevice || is_root;
        if position == 0 || !is_above {
            return Self::Presented;
        }
        let is_trusted = report.findings().iter().any(|finding| {
            matches!(finding.requirement(), Requirement::Trust { holder: of, position: Some(at), .. }
                if (*of, *at) == (holder, position))
        });
        if is_trusted {
            Self::Anchor
        } else {
            Self::Superfluous
        }
    }
}

/// What a store holds of an authority may be older than what the chain has of it.
fn stores(checker: &mut Checker<'_>, remote: &RemoteAccess, report: &Report) {
    let mut told = HashSet::new();
    for finding in report.findings() {
        let Requirement::Trust {
            store,
            holder,
            position: Some(position),
            ..
        } = finding.requirement()
        else {
            continue;
        };
        if finding.outcome() != Outcome::Met {
            continue;
        }
        let (chains, stores) = (remote.chains.all(), remote.trust_stores.all());
        let chain = chains.iter().find(|(of, ..)| of == holder);
        let chain = chain.and_then(|(.., file)| file.as_deref());
        let held = stores.iter().find(|(of, ..)| of == store);
        let held = checker.read(held.and_then(|(.., file)| file.as_deref()));
        let Some(wanted) = checker.read(chain).get(*position) else {
            continue;
        };
        let authority = Authority::read(wanted);
        let fault =
            authority.and_then(|authority| fault_of_authority(&authority, held, checker.now));
        if let Some((certificate, fault)) = fault
            // The one in the chain has been told of.
            && certificate != wanted
            && fault != DateFault::Unreadable
            && told.insert((*store, certificate))
        {
            let what = format!("in {store}, certificate {position} of the {holder} chain {fault}");
            checker.find(
                rules::CERTIFICATE_EXPIRY,
                &path_of_store(*store, remote),
                what,
            );
        }
    }
}
