//! What certificates and trust stores must hold before phones can register from outside.
//!
//! A [`Deployment`] describes the servers of one cluster of each kind: the certificates that they
//! present, the names that must stand in them, and what their trust stores hold.
//! [`Deployment::check`] judges all of it and reports every requirement that it looked at, be it
//! met or not, with the document that asks for it.
//!
//! Names and keys are compared; signatures are not looked at, and dates only for their form: when a
//! certificate ends is what [`Validity`](crate::Validity) tells. It is a check of one's own servers
//! and proves nothing about anybody.
//!
//! # Examples
//!
//! ```
//! use offhook_device_identity::requirement::{Deployment, Holder, NameKind, SecurityMode};
//!
//! # fn certificate() -> rustls_pki_types::CertificateDer<'static> {
//! #     let mut params = rcgen::CertificateParams::new(["example.com".to_owned()]).unwrap();
//! #     params.extended_key_usages = vec![rcgen::ExtendedKeyUsagePurpose::ServerAuth];
//! #     params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().into()
//! # }
//! let chain = [certificate()]; // of the Expressway-E, for servers alone
//! let report = Deployment::new(SecurityMode::NonSecure)
//!     .chain(Holder::ExpresswayE, &chain)
//!     .name(NameKind::RegistrationDomain, "example.com")
//!     .check();
//!
//! let unmet: Vec<String> = report.unmet().map(|finding| finding.to_string()).collect();
//! assert_eq!(
//!     unmet,
//!     [
//!         "not met: client authentication in the extended key usage of the Expressway-E \
//!          certificate: it has other usages only (Expressway MRA guide, requirements and \
//!          prerequisites: certificate signing requests, table 5)"
//!     ]
//! );
//! ```

mod chain;
mod name;
mod report;
mod trust;

use std::collections::BTreeMap;

use rustls_pki_types::CertificateDer;

use self::chain::{Chain, Presented};
pub use self::name::NameKind;
pub use self::report::{
    Advice, Citation, Finding, Missing, Outcome, Place, Problem, Report, Requirement,
};
pub use self::trust::{Holder, SecurityMode, TrustStore};

/// The certificates, names and trust stores of a deployment; what is left out is not judged.
///
/// Where there are several clusters of a kind, each wants a check of its own.
#[derive(Clone, Debug)]
#[must_use]
pub struct Deployment<'a> {
    security_mode: SecurityMode,
    chains: BTreeMap<Holder, &'a [CertificateDer<'a>]>,
    stores: BTreeMap<TrustStore, &'a [CertificateDer<'a>]>,
    names: Vec<(NameKind, &'a str)>,
    sip_oauth: Option<&'a [&'a str]>,
}

impl<'a> Deployment<'a> {
    /// A deployment of which only the security mode of the Unified CM cluster is known.
    pub const fn new(security_mode: SecurityMode) -> Self {
        Self {
            security_mode,
            chains: BTreeMap::new(),
            stores: BTreeMap::new(),
            names: Vec::new(),
            sip_oauth: None,
        }
    }

    /// The certificate that `holder` presents, followed by its authorities up to the root.
    ///
    /// A second call for the same holder replaces the first.
    pub fn chain(mut self, holder: Holder, certificates: &'a [CertificateDer<'a>]) -> Self {
        self.chains.insert(holder, certificates);
        self
    }

    /// All that `store` holds, in any order.
    ///
    /// A second call for the same store replaces the first.
    pub fn store(mut self, store: TrustStore, certificates: &'a [CertificateDer<'a>]) -> Self {
        self.stores.insert(store, certificates);
        self
    }

    /// Adds a name that the deployment uses, and that must stand in the certificates that
    /// [`NameKind::holders`] lists.
    pub fn name(mut self, kind: NameKind, name: &'a str) -> Self {
        self.names.push((kind, name));
        self
    }

    /// SIP OAuth is on, and these are the X.509 subject names entered in Unified CM for the
    /// Expressway-C.
    pub const fn sip_oauth(mut self, entered: &'a [&'a str]) -> Self {
        self.sip_oauth = Some(entered);
        self
    }

    /// Judges every requirement on what has been described.
    #[must_use]
    pub fn check(&self) -> Report {
        let mut report = Report::default();
        let chains = self.read_chains(&mut report);
        let stores = self.read_stores(&mut report);
        for holder in [Holder::ExpresswayC, Holder::ExpresswayE] {
            if let Some(chain) = chains.get(&holder) {
                client_authentication(holder, chain, &mut report);
            }
        }
        name::check(&self.names, &self.chains, &chains, &mut report);
        if let Some(entered) = self.sip_oauth {
            let presented = chains.get(&Holder::ExpresswayC).map(Chain::own);
            name::check_sip_oauth(entered, presented, &mut report);
        }
        trust::check_common_names(&chains, &mut report);
        trust::check(self, &chains, &stores, &mut report);
        report
    }

    fn read_chains(&self, report: &mut Report) -> BTreeMap<Holder, Chain<'a>> {
        let mut chains = BTreeMap::new();
        for (&holder, certificates) in &self.chains {
            let place = Place::Chain(holder);
            let certificates = read(place, certificates, report);
            let broken = certificates.windows(2).find_map(|pair| match pair {
                [(at, issued), (_, issuer)] => (issued.issuer != issuer.subject).then_some(*at),
                _ => None,
            });
            // Without the holder's own certificate, which has been reported, nothing follows.
            let Some(chain) = Chain::new(certificates) else {
                continue;
            };
            report.add(
                Requirement::Chain(holder),
                match broken {
                    Some(position) => Outcome::Unmet(Problem::Broken { position }),
                    None => Outcome::Met,
                },
                trust::EXCHANGE,
            );
            chains.insert(holder, chain);
        }
        chains
    }

    fn read_stores(&self, report: &mut Report) -> BTreeMap<TrustStore, Vec<Presented<'a>>> {
        let mut stores = BTreeMap::new();
        for (&store, certificates) in &self.stores {
            let certificates = read(Place::Store(store), certificates, report);
            let certificates = certificates.into_iter().map(|(_, read)| read);
            stores.insert(store, certificates.collect());
        }
        stores
    }
}

/// What can be read of `certificates`, each with its position; the rest is reported.
fn read<'a>(
    place: Place,
    certificates: &'a [CertificateDer<'a>],
    report: &mut Report,
) -> Vec<(usize, Presented<'a>)> {
    let mut all = Vec::new();
    for (position, der) in certificates.iter().enumerate() {
        match Presented::read(der) {
            Ok(certificate) => all.push((position, certificate)),
            Err(error) => report.add(
                Requirement::Readable { place, position },
                Outcome::Unmet(Problem::Unreadable(error)),
                trust::EXCHANGE,
            ),
        }
    }
    all
}

fn client_authentication(holder: Holder, chain: &Chain<'_>, report: &mut Report) {
    let outcome = match chain.own().usages {
        None => Outcome::Unmet(Problem::NoUsages),
        Some(usages) if usages.client_authentication => Outcome::Met,
        Some(_) => Outcome::Unmet(Problem::OtherUsages),
    };
    report.add(
        Requirement::ClientAuthentication(holder),
        outcome,
        name::SIGNING_REQUESTS,
    );
}
