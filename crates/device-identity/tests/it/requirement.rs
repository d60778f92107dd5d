use offhook_device_identity::requirement::{
    Advice, Deployment, Holder, Missing, NameKind, Outcome, Place, Problem, Report, Requirement,
    SecurityMode, TrustStore,
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use rustls_pki_types::CertificateDer;

use crate::authority::{Authority, device};

const BOTH: [ExtendedKeyUsagePurpose; 2] = [
    ExtendedKeyUsagePurpose::ServerAuth,
    ExtendedKeyUsagePurpose::ClientAuth,
];

fn server(name: &str, dns: &[&str]) -> CertificateParams {
    let mut params = device(&[(DnType::CommonName, name)]);
    params.extended_key_usages = BOTH.to_vec();
    let name = |name: &&str| SanType::DnsName((*name).try_into().unwrap());
    params.subject_alt_names = dns.iter().map(name).collect();
    params
}

/// A server's certificate, its issuing authority and the root.
fn chain(organisation: &str, params: &CertificateParams) -> Vec<CertificateDer<'static>> {
    let root = Authority::root(&format!("{organisation} Root"));
    let issuing = root.under(&format!("{organisation} Issuing"), &[]);
    let (own, _) = issuing.issue(params);
    vec![own, issuing.certificate, root.certificate]
}

fn self_signed(params: &CertificateParams) -> Vec<CertificateDer<'static>> {
    let key = KeyPair::generate().unwrap();
    vec![params.self_signed(&key).unwrap().der().clone()]
}

/// The findings that match, as their outcomes.
fn outcomes(report: &Report, wanted: impl Fn(&Requirement) -> bool) -> Vec<Outcome> {
    let findings = report.findings().iter();
    findings
        .filter(|finding| wanted(finding.requirement()))
        .map(|finding| finding.outcome())
        .collect()
}

fn one(report: &Report, wanted: impl Fn(&Requirement) -> bool) -> Outcome {
    let all = outcomes(report, wanted);
    assert_eq!(all.len(), 1, "{report}");
    all[0]
}

fn trusts(report: &Report, in_store: TrustStore, of: Holder) -> Vec<(Option<usize>, Outcome)> {
    let findings = report.findings().iter();
    findings
        .filter_map(|finding| match finding.requirement() {
            Requirement::Trust {
                store,
                holder,
                position,
                ..
            } if (*store, *holder) == (in_store, of) => Some((*position, finding.outcome())),
            _ => None,
        })
        .collect()
}

const MISSING: Outcome = Outcome::Unmet(Problem::NotInStore);

#[test]
fn client_authentication_must_be_among_the_usages_of_both_expressways() {
    for (usages, expected) in [
        (vec![], Outcome::Unmet(Problem::NoUsages)),
        (
            vec![ExtendedKeyUsagePurpose::ServerAuth],
            Outcome::Unmet(Problem::OtherUsages),
        ),
        (
            vec![ExtendedKeyUsagePurpose::Any],
            Outcome::Unmet(Problem::OtherUsages),
        ),
        (BOTH.to_vec(), Outcome::Met),
    ] {
        let mut params = server("expressway", &[]);
        params.extended_key_usages = usages;
        let chain = chain("Example", &params);
        for holder in [Holder::ExpresswayC, Holder::ExpresswayE] {
            let report = Deployment::new(SecurityMode::NonSecure)
                .chain(holder, &chain)
                .check();
            let wanted = Requirement::ClientAuthentication(holder);
            assert_eq!(one(&report, |other| *other == wanted), expected);
        }
    }
}

#[test]
fn each_role_must_have_its_own_names() {
    let c = chain(
        "Inside",
        &server(
            "c1",
            &["Profile.example.com", "alias.example.com", "c.example.com"],
        ),
    );
    let e = chain(
        "Outside",
        &server(
            "e1",
            &["example.com", "alias.example.com", "im.example.com"],
        ),
    );
    let names = [
        (NameKind::PhoneSecurityProfile, "profile.example.com"),
        (NameKind::ClusterName, "c.example.com"),
        (NameKind::ChatNodeAlias, "alias.example.com"),
        (NameKind::RegistrationDomain, "example.com"),
        (NameKind::XmppFederationDomain, "im.example.com"),
    ];
    let check = |c: &[CertificateDer<'_>], e: &[CertificateDer<'_>]| {
        let deployment = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ExpresswayC, c)
            .chain(Holder::ExpresswayE, e);
        names
            .iter()
            .fold(deployment, |deployment, (kind, name)| {
                deployment.name(*kind, name)
            })
            .check()
    };
    let is_name = |other: &Requirement| matches!(other, Requirement::AlternativeName { .. });
    assert_eq!(outcomes(&check(&c, &e), is_name), [Outcome::Met; 6]);

    // With the certificates changed over, only what both must have is there.
    let swapped = check(&e, &c);
    let met: Vec<_> = swapped
        .findings()
        .iter()
        .filter(|finding| is_name(finding.requirement()) && finding.outcome() == Outcome::Met)
        .collect();
    assert_eq!(met.len(), 2, "{swapped}");
    assert_eq!(swapped.unmet().count(), 4, "{swapped}");
}

#[test]
fn a_name_that_almost_stands_in_the_certificate_is_told_apart() {
    let xmpp = SanType::OtherName((vec![1, 3, 6, 1, 5, 5, 7, 8, 5], "alias.example.com".into()));
    let mut params = server("profile.example.com", &["*.phones.example.com"]);
    params.subject_alt_names.push(xmpp);
    let chain = chain("Example", &params);
    for (kind, name, expected) in [
        (
            NameKind::ChatNodeAlias,
            "ALIAS.example.com",
            Outcome::Advised(Advice::NotDns),
        ),
        (
            NameKind::ClusterName,
            "alias.example.com",
            Outcome::Unmet(Problem::NotNamed),
        ),
        (
            NameKind::PhoneSecurityProfile,
            "a.phones.example.com",
            Outcome::Unmet(Problem::OnlyWildcard),
        ),
        (
            NameKind::PhoneSecurityProfile,
            "a.b.phones.example.com",
            Outcome::Unmet(Problem::NotNamed),
        ),
        (
            NameKind::PhoneSecurityProfile,
            "profile.example.com",
            Outcome::Unmet(Problem::OnlyCommonName),
        ),
    ] {
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ExpresswayC, &chain)
            .name(kind, name)
            .check();
        let found = one(&report, |other| {
            matches!(other, Requirement::AlternativeName { holder, .. }
                if *holder == Holder::ExpresswayC)
        });
        assert_eq!(found, expected, "{name}");
    }
}

#[test]
fn compulsory_names_that_are_not_described_are_unknown() {
    let chain = chain("Example", &server("e1", &[]));
    let report = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::ExpresswayE, &chain)
        .check();
    let found = one(&report, |other| {
        matches!(other, Requirement::AlternativeNames { .. })
    });
    let kind = NameKind::RegistrationDomain;
    assert_eq!(found, Outcome::Unknown(Missing::Names(kind)));
    assert!(kind.is_compulsory() && !NameKind::ClusterName.is_compulsory());
}

#[test]
fn unified_cm_must_trust_every_authority_of_the_expressway_c() {
    let c = chain("Example", &server("c1", &[]));
    let stores = [
        TrustStore::UnifiedCmCallManager,
        TrustStore::UnifiedCmTomcat,
    ];
    for store in stores {
        let check = |mode, held: &[CertificateDer<'_>]| {
            let report = Deployment::new(mode)
                .chain(Holder::ExpresswayC, &c)
                .store(store, held)
                .check();
            trusts(&report, store, Holder::ExpresswayC)
        };
        let non_secure = SecurityMode::NonSecure;
        assert_eq!(
            check(non_secure, &c[2..]),
            [(Some(1), MISSING), (Some(2), Outcome::Met)]
        );
        assert_eq!(
            check(non_secure, &c[1..]),
            [(Some(1), Outcome::Met), (Some(2), Outcome::Met)]
        );
        // Mixed mode wants the certificate itself too.
        assert_eq!(check(SecurityMode::Mixed, &c[1..])[0], (Some(0), MISSING));
        assert_eq!(check(SecurityMode::Mixed, &c), {
            let met = Outcome::Met;
            [(Some(0), met), (Some(1), met), (Some(2), met)]
        });
    }
}

#[test]
fn the_expressways_must_trust_the_whole_chain_of_each_other() {
    let c = chain("Inside", &server("c1", &[]));
    let e = chain("Outside", &server("e1", &[]));
    for (store, holder, chain) in [
        (TrustStore::ExpresswayC, Holder::ExpresswayE, &e),
        (TrustStore::ExpresswayE, Holder::ExpresswayC, &c),
    ] {
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(holder, chain)
            .store(store, &chain[2..])
            .check();
        assert_eq!(
            trusts(&report, store, holder),
            [(Some(1), MISSING), (Some(2), Outcome::Met)]
        );
    }
}

#[test]
fn the_expressway_c_must_trust_the_roots_of_the_servers_or_what_they_signed_themselves() {
    let signed = chain("Inside", &server("cucm", &[]));
    let alone = self_signed(&server("cucm", &[]));
    for holder in [
        Holder::UnifiedCmCallManager,
        Holder::UnifiedCmTomcat,
        Holder::ImPresenceXmpp,
        Holder::ImPresenceTomcat,
    ] {
        let check = |chain: &[CertificateDer<'_>], held: &[CertificateDer<'_>]| {
            let report = Deployment::new(SecurityMode::NonSecure)
                .chain(holder, chain)
                .store(TrustStore::ExpresswayC, held)
                .check();
            trusts(&report, TrustStore::ExpresswayC, holder)
        };
        assert_eq!(check(&signed, &signed[1..2]), [(Some(2), MISSING)]);
        assert_eq!(check(&signed, &signed[2..]), [(Some(2), Outcome::Met)]);
        assert_eq!(check(&alone, &signed), [(Some(0), MISSING)]);
        assert_eq!(check(&alone, &alone), [(Some(0), Outcome::Met)]);
    }
}

#[test]
fn im_and_presence_must_trust_the_root_of_the_expressway_c() {
    let c = chain("Example", &server("c1", &[]));
    for store in [TrustStore::ImPresenceXmpp, TrustStore::ImPresenceTomcat] {
        for (held, expected) in [(&c[..2], MISSING), (&c[2..], Outcome::Met)] {
            let report = Deployment::new(SecurityMode::NonSecure)
                .chain(Holder::ExpresswayC, &c)
                .store(store, held)
                .check();
            let found = trusts(&report, store, Holder::ExpresswayC);
            assert_eq!(found, [(Some(2), expected)]);
        }
    }
}

#[test]
fn devices_and_the_expressway_e_must_trust_each_other() {
    let phone = chain("Maker", &device(&[(DnType::CommonName, "SEP000E08ABCDEF")]));
    let e = chain("Public", &server("e1", &[]));
    let check = |held: &[CertificateDer<'_>]| {
        Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ActivatingDevice, &phone[..2])
            .chain(Holder::MutualTlsDevice, &phone)
            .chain(Holder::ExpresswayE, &e)
            .store(TrustStore::ExpresswayEActivation, held)
            .store(TrustStore::ExpresswayE, held)
            .store(TrustStore::Device, held)
            .check()
    };
    let all: Vec<_> = phone[1..].iter().chain(&e[2..]).cloned().collect();
    for (held, expected) in [(&all[..], Outcome::Met), (&[][..], MISSING)] {
        let report = check(held);
        for (store, holder, position) in [
            (
                TrustStore::ExpresswayEActivation,
                Holder::ActivatingDevice,
                1,
            ),
            (TrustStore::ExpresswayE, Holder::MutualTlsDevice, 2),
            (TrustStore::Device, Holder::ExpresswayE, 2),
            (TrustStore::ExpresswayE, Holder::ExpresswayE, 2),
        ] {
            let found = trusts(&report, store, holder);
            assert_eq!(found, [(Some(position), expected)], "{store} {holder}");
        }
    }
}

#[test]
fn an_authority_is_known_by_name_and_key() {
    let key = KeyPair::generate().unwrap();
    let mut params = device(&[(DnType::CommonName, "Root")]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let root = params.self_signed(&key).unwrap().der().clone();
    params.not_after = rcgen::date_time_ymd(2040, 1, 1);
    let renewed = params.self_signed(&key).unwrap().der().clone();
    let other = self_signed(&params).remove(0);
    let issuer = Issuer::new(params, key);
    let own = server("im", &[])
        .signed_by(&KeyPair::generate().unwrap(), &issuer)
        .unwrap();
    let chain = [own.der().clone(), root];
    for (held, expected) in [(renewed, Outcome::Met), (other, MISSING)] {
        let held = [held];
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ImPresenceXmpp, &chain)
            .store(TrustStore::ExpresswayC, &held)
            .check();
        let found = trusts(&report, TrustStore::ExpresswayC, Holder::ImPresenceXmpp);
        assert_eq!(found, [(Some(1), expected)]);
    }
}

#[test]
fn an_authority_named_in_utf_16_can_be_trusted() {
    let mut params = device(&[]);
    let wide = rcgen::string::BmpString::try_from("Wurzel").unwrap();
    let wide = rcgen::DnValue::BmpString(wide);
    params.distinguished_name.push(DnType::CommonName, wide);
    let alone = self_signed(&params);
    let report = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::ImPresenceXmpp, &alone)
        .store(TrustStore::ExpresswayC, &alone)
        .check();
    let found = trusts(&report, TrustStore::ExpresswayC, Holder::ImPresenceXmpp);
    assert_eq!(found, [(Some(0), Outcome::Met)]);
}

#[test]
fn sip_oauth_wants_a_subject_name_of_the_expressway_c() {
    let chain = chain("Example", &server("c1.example.com", &["c.example.com"]));
    let subject = |other: &Requirement| *other == Requirement::SipOauthSubject;
    let stray = |other: &Requirement| matches!(other, Requirement::SipOauthEntry { .. });
    for (entered, expected, strays) in [
        (&["C1.example.com"][..], Outcome::Met, 0),
        (&["c.example.com"], Outcome::Met, 0),
        (&["old.example.com", "c.example.com"], Outcome::Met, 1),
        (&["c1"], Outcome::Unmet(Problem::EnteredForAnother), 0),
        (&[], Outcome::Unmet(Problem::NothingEntered), 0),
    ] {
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ExpresswayC, &chain)
            .sip_oauth(entered)
            .check();
        assert_eq!(one(&report, subject), expected, "{entered:?}");
        let advised = Outcome::Advised(Advice::NotInCertificate);
        assert_eq!(outcomes(&report, stray), vec![advised; strays]);
    }
    let report = Deployment::new(SecurityMode::NonSecure)
        .sip_oauth(&["c.example.com"])
        .check();
    let missing = Missing::Chain(Holder::ExpresswayC);
    assert_eq!(one(&report, subject), Outcome::Unknown(missing));
}

#[test]
fn sip_oauth_wants_the_roots_of_tomcat_at_the_phones_and_strangers_in_tomcat_trust() {
    let root = Authority::root("Example Root");
    let signed = |name: &str| {
        let (own, _) = root.issue(&server(name, &[]));
        vec![own, root.certificate.clone()]
    };
    let (c, tomcat) = (signed("c1"), signed("cucm"));
    let stranger = chain("Other", &server("cucm", &[]));
    let alone = self_signed(&server("cucm", &[]));
    for (tomcat, must_hold_itself) in [(&tomcat, false), (&stranger, true), (&alone, true)] {
        let held = [tomcat.last().unwrap().clone()];
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::ExpresswayC, &c)
            .chain(Holder::UnifiedCmTomcat, tomcat)
            .store(TrustStore::UnifiedCmPhoneEdge, &held)
            .store(TrustStore::UnifiedCmTomcat, &c[1..])
            .sip_oauth(&["c1"])
            .check();
        let tomcat_root = Some(tomcat.len() - 1);
        assert_eq!(
            trusts(
                &report,
                TrustStore::UnifiedCmPhoneEdge,
                Holder::UnifiedCmTomcat
            ),
            [(tomcat_root, Outcome::Met)]
        );
        let itself = trusts(&report, TrustStore::UnifiedCmTomcat, Holder::ExpresswayC)
            .contains(&(Some(0), MISSING));
        assert_eq!(itself, must_hold_itself);
    }
    // Self-signed certificates of one name have no authority in common either.
    let namesake = self_signed(&server("cucm", &[]));
    let report = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::ExpresswayC, &namesake)
        .chain(Holder::UnifiedCmTomcat, &alone)
        .store(TrustStore::UnifiedCmTomcat, &[])
        .sip_oauth(&["cucm"])
        .check();
    let found = trusts(&report, TrustStore::UnifiedCmTomcat, Holder::ExpresswayC);
    assert_eq!(found, [(Some(0), MISSING); 2]);
    let without = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::UnifiedCmTomcat, &stranger)
        .check();
    let phone_edge = TrustStore::UnifiedCmPhoneEdge;
    assert!(trusts(&without, phone_edge, Holder::UnifiedCmTomcat).is_empty());
}

#[test]
fn two_self_signed_certificates_must_not_share_a_name() {
    let (one_name, same_name) = (server("cucm", &[]), server("cucm", &[]));
    let other_name = server("cucm-tomcat", &[]);
    let call_manager = self_signed(&one_name);
    let distinct = |tomcat: &[CertificateDer<'_>]| {
        let report = Deployment::new(SecurityMode::NonSecure)
            .chain(Holder::UnifiedCmCallManager, &call_manager)
            .chain(Holder::UnifiedCmTomcat, tomcat)
            .check();
        outcomes(&report, |other| {
            matches!(other, Requirement::DistinctCommonNames { .. })
        })
    };
    assert_eq!(
        distinct(&self_signed(&same_name)),
        [Outcome::Unmet(Problem::SameCommonName)]
    );
    assert_eq!(distinct(&self_signed(&other_name)), [Outcome::Met]);
    assert_eq!(distinct(&chain("Example", &same_name)), []);
    assert_eq!(distinct(&call_manager), []);
}

#[test]
fn what_is_not_described_is_unknown_and_not_passed_over() {
    let chain = chain("Example", &server("c1", &[]));
    let report = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::ExpresswayC, &chain[..2])
        .store(TrustStore::ImPresenceXmpp, &[])
        .store(TrustStore::ExpresswayC, &[])
        .check();
    let (c, e) = (Holder::ExpresswayC, Holder::ExpresswayE);
    for (store, holder, expected) in [
        (TrustStore::ImPresenceXmpp, c, vec![Missing::Root(c)]),
        (
            TrustStore::ExpresswayE,
            c,
            vec![Missing::Store(TrustStore::ExpresswayE), Missing::Root(c)],
        ),
        (TrustStore::ExpresswayC, e, vec![Missing::Chain(e)]),
    ] {
        let found: Vec<_> = trusts(&report, store, holder)
            .into_iter()
            .map(|(_, outcome)| outcome)
            .collect();
        let expected: Vec<_> = expected.into_iter().map(Outcome::Unknown).collect();
        assert_eq!(found, expected, "{store}");
    }
    assert!(report.unknown().count() >= 4);
}

#[test]
fn bad_chains_and_certificates_are_findings_among_the_others() {
    let good = chain("Example", &server("c1", &[]));
    let junk = CertificateDer::from(&b"junk"[..]);

    let skipping = [good[0].clone(), good[2].clone()];
    let stores = [junk.clone(), good[2].clone()];
    let report = Deployment::new(SecurityMode::NonSecure)
        .chain(Holder::ExpresswayC, &skipping)
        .chain(Holder::ExpresswayE, std::slice::from_ref(&junk))
        .store(TrustStore::ImPresenceXmpp, &stores)
        .name(NameKind::RegistrationDomain, "example.com")
        .check();
    let broken = Requirement::Chain(Holder::ExpresswayC);
    assert_eq!(
        one(&report, |other| *other == broken),
        Outcome::Unmet(Problem::Broken { position: 0 })
    );
    for place in [
        Place::Chain(Holder::ExpresswayE),
        Place::Store(TrustStore::ImPresenceXmpp),
    ] {
        let unreadable = Requirement::Readable { place, position: 0 };
        assert!(matches!(
            one(&report, |other| *other == unreadable),
            Outcome::Unmet(Problem::Unreadable(_))
        ));
    }
    let missing = Missing::Chain(Holder::ExpresswayE);
    let name = one(&report, |other| {
        matches!(other, Requirement::AlternativeName { .. })
    });
    assert_eq!(name, Outcome::Unknown(missing));
}

#[test]
fn the_report_shows_every_finding_with_its_source_and_no_control_characters() {
    let chain = chain("Ex\u{1b}[2Jample", &server("c1", &[]));
    let report = Deployment::new(SecurityMode::Mixed)
        .chain(Holder::ExpresswayC, &chain)
        .store(TrustStore::ExpresswayE, &[])
        .name(NameKind::ClusterName, "a\nb")
        .check();
    let text = report.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), report.findings().len() + 1);
    for (line, finding) in lines.iter().zip(report.findings()) {
        let source = finding.source();
        assert!(line.contains(source.document()) && line.contains(source.section()));
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    assert!(lines.contains(
        &"not met: authority 2 of Expressway-C \"Ex\\u{1b}[2Jample Root\" in the trusted CA list \
          of the Expressway-E: not in the store (Expressway MRA guide, requirements and \
          prerequisites: certificate exchange, table 4)"
    ), "{text}");
}
