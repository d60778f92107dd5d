//! The dates of certificates.

use std::fs;

use offhook_preflight::Severity;
use rcgen::{ExtendedKeyUsagePurpose, KeyPair};

use super::{Case, case};
use crate::sample::{NOW, World, at, folder};
use crate::samples::{Authority, Dates, LONG, dns_names};

/// Around 2026-06-01, at which the samples are judged.
const ENDED: Dates = [(2020, 1, 1), (2026, 5, 31)];
const NOT_BEGUN: Dates = [(2026, 6, 2), (2120, 1, 1)];
const ENDS_SOON: Dates = [(2020, 1, 1), (2026, 6, 30)];
const NOT_SOON: Dates = [(2020, 1, 1), (2026, 7, 2)];

/// No date that a certificate of a device can have is before 1970.
const UNREADABLE: Dates = [(1960, 1, 1), (2120, 1, 1)];

const BOTH: [ExtendedKeyUsagePurpose; 2] = [
    ExtendedKeyUsagePurpose::ServerAuth,
    ExtendedKeyUsagePurpose::ClientAuth,
];

fn stored(name: &str) -> String {
    fs::read_to_string(folder().join(name)).unwrap()
}

/// The sample with other certificates in a file, or more of them.
fn with(mut world: World, file: &str, certificates: &[&str]) -> World {
    let contents = certificates.concat();
    world.seen.certificate_file(file, Ok(contents.as_bytes()));
    world
}

/// The sample with these certificates of the Expressway-E and its authorities in all stores.
fn edge(own: &str, presented: &[&Authority], stored_as: &[&Authority]) -> World {
    let pems = |all: &[&Authority]| all.iter().map(|each| each.pem()).collect::<String>();
    let world = with(
        World::passing(),
        "expressway-e.pem",
        &[own, &pems(presented)],
    );
    with(world, "root.pem", &[&stored("root.pem"), &pems(stored_as)])
}

fn edge_of(by: &Authority, dates: Dates) -> String {
    let names = [
        "expressway-e.example.test",
        "example.test",
        "conference.example.test",
    ];
    by.sign_dated(names[0], &dns_names(&names), &BOTH, dates)
}

/// The sample whose Expressway-E has a certificate with these dates.
fn own(dates: Dates) -> World {
    let root = Authority::new("Edge Root CA", None);
    edge(&edge_of(&root, dates), &[&root], &[&root])
}

/// The same with a root with these.
fn under_root(dates: Dates) -> World {
    let root = Authority::dated("Edge Root CA", None, dates);
    edge(&edge_of(&root, LONG), &[&root], &[&root])
}

fn under_intermediate(dates: Dates) -> World {
    let root = Authority::new("Edge Root CA", None);
    let issuing = Authority::dated("Edge Issuing CA", Some(&root), dates);
    edge(
        &edge_of(&issuing, LONG),
        &[&issuing, &root],
        &[&issuing, &root],
    )
}

/// The stores have the root of the Expressway-E with other dates than its chain.
fn renewed_root(older: Dates, and_newer: bool) -> World {
    let key = KeyPair::generate().unwrap();
    let same = || KeyPair::from_pem(&key.serialize_pem()).unwrap();
    let name = "Edge Root CA";
    let root = Authority::with_key(name, None, LONG, same());
    let old = Authority::with_key(name, None, older, same());
    let own = edge_of(&root, LONG);
    if and_newer {
        edge(&own, &[&root], &[&old, &root])
    } else {
        edge(&own, &[&root], &[&old])
    }
}

/// The sample with a phone of an authority with these dates, under a root with those.
fn phone(own: Dates, issuing: Dates, root: Dates) -> World {
    let root = Authority::dated("Maker Root CA", None, root);
    let issuing = Authority::dated("Maker Issuing CA", Some(&root), issuing);
    let own = issuing.sign_dated("CP-8851-SEP000E08ABCDEF", &[], &BOTH[1..], own);
    let (issuing, root) = (issuing.pem(), root.pem());
    let world = with(World::passing(), "phone.pem", &[&own, issuing, root]);
    // BroadWorks trusts the authority of the sample as before.
    let stores = [&stored("maker.pem"), issuing];
    with(world, "other-maker.pem", &stores.map(|each| each as &str)).with(
        "expressway-e-activation = \"maker.pem\"",
        "expressway-e-activation = \"other-maker.pem\"",
    )
}

/// The sample whose phones' maker has a root and an issuing authority with these dates.
fn maker_roots(root: Dates, issuing: Dates) -> World {
    let root = Authority::dated("Maker Root CA", None, root);
    let issuing = Authority::dated("Maker Issuing CA", Some(&root), issuing);
    let all = [stored("maker.pem"), root.pem().into(), issuing.pem().into()];
    with(World::passing(), "roots.pem", &[&all.concat()])
        .with("maker-roots = \"maker.pem\"", "maker-roots = \"roots.pem\"")
}

/// The sample whose SBC has a certificate, an intermediate and a root with these dates.
fn sbc(own: Dates, issuing: Dates, root: Dates) -> World {
    let root = Authority::dated("SBC Root CA", None, root);
    let issuing = Authority::dated("SBC Issuing CA", Some(&root), issuing);
    let name = "example.test";
    let own = issuing.sign_dated(name, &dns_names(&[name]), &BOTH[..1], own);
    let world = with(World::passing(), "sbc.pem", &[&own, issuing.pem()]);
    with(world, "sbc-root.pem", &[root.pem()]).with(
        "device-trust-list = \"root.pem\"",
        "device-trust-list = \"sbc-root.pem\"",
    )
}

/// The sample whose devices know the root of the SBC by certificates with these dates.
fn sbc_roots(all: &[Dates]) -> World {
    let key = KeyPair::generate().unwrap();
    let same = || KeyPair::from_pem(&key.serialize_pem()).unwrap();
    let root = |dates| Authority::with_key("SBC Root CA", None, dates, same());
    let name = "example.test";
    let own = root(LONG).sign_dated(name, &dns_names(&[name]), &BOTH[..1], LONG);
    let world = with(World::passing(), "sbc.pem", &[&own]);
    let roots: String = all
        .iter()
        .map(|dates| root(*dates).pem().to_owned())
        .collect();
    with(world, "sbc-root.pem", &[&roots]).with(
        "device-trust-list = \"root.pem\"",
        "device-trust-list = \"sbc-root.pem\"",
    )
}

/// The same where the list of the devices is not described.
fn sbc_alone(own: Dates, issuing: Dates) -> World {
    sbc(own, issuing, LONG).with("device-trust-list = \"sbc-root.pem\"\n", "")
}

pub(super) fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let (validity, expiry) = ("certificate-validity", "certificate-expiry");
    let (error, warning) = (Severity::Error, Severity::Warning);
    let chain = "remote-access.chains.expressway-e";
    for dates in [ENDED, NOT_BEGUN] {
        cases.push(case(validity, error, chain, own(dates)));
        cases.push(case(validity, error, chain, under_intermediate(dates)));
        cases.push(case(expiry, warning, chain, under_root(dates)));
        let store = "remote-access.trust-stores.expressway-c";
        cases.push(case(expiry, warning, store, renewed_root(dates, false)));
        let device = "remote-access.chains.activating-device";
        cases.push(case(validity, error, device, phone(dates, LONG, LONG)));
        cases.push(case(expiry, warning, device, phone(LONG, dates, LONG)));
        let path = "broadworks.maker-roots";
        cases.push(case(expiry, warning, path, maker_roots(LONG, dates)));
        cases.push(case(expiry, warning, path, maker_roots(dates, dates)));
        let path = "sip.sbc-certificates";
        cases.push(case("sbc-chain", error, path, sbc(dates, LONG, LONG)));
        cases.push(case("sbc-chain", error, path, sbc(LONG, dates, LONG)));
        cases.push(case("sbc-chain", error, path, sbc_alone(dates, LONG)));
        cases.push(case("sbc-expiry", warning, path, sbc_alone(LONG, dates)));
        let path = "sip.device-trust-list";
        cases.push(case("sbc-expiry", warning, path, sbc(LONG, LONG, dates)));
    }
    let world = maker_roots(LONG, UNREADABLE);
    cases.push(case(expiry, warning, "broadworks.maker-roots", world));
    let world = sbc(LONG, LONG, UNREADABLE);
    cases.push(case("sbc-expiry", warning, "sip.device-trust-list", world));
    for world in [own(ENDS_SOON), under_root(ENDS_SOON)] {
        cases.push(case(expiry, warning, chain, world));
    }
    let path = "sip.sbc-certificates";
    for world in [
        sbc(ENDS_SOON, LONG, LONG),
        sbc(LONG, ENDS_SOON, LONG),
        sbc_alone(ENDS_SOON, LONG),
    ] {
        cases.push(case("sbc-expiry", warning, path, world));
    }
    cases
}

pub(super) fn harmless() -> Vec<World> {
    vec![
        own(NOT_SOON),
        under_root(NOT_SOON),
        under_intermediate(NOT_SOON),
        // The store has the successor besides.
        renewed_root(ENDED, true),
        // The authority that is trusted itself survives its root.
        phone(LONG, LONG, ENDED),
        maker_roots(ENDED, LONG),
        sbc(NOT_SOON, NOT_SOON, NOT_SOON),
        sbc_roots(&[ENDED, UNREADABLE, NOT_SOON]),
    ]
}

#[test]
fn long_after_their_end_every_certificate_of_the_sample_is_told_of() {
    let mut world = World::passing();
    // 2200-01-01T00:00:00Z.
    world.now = at(7_258_118_400);
    let report = world.report();
    let mut places: Vec<_> = report
        .findings()
        .iter()
        .map(|each| (each.rule.id(), each.place.path.as_str()))
        .collect();
    places.sort_unstable();
    let chain = "certificate-validity";
    assert_eq!(
        places,
        [
            ("certificate-expiry", "broadworks.maker-roots"),
            (
                "certificate-expiry",
                "remote-access.chains.activating-device"
            ),
            ("certificate-expiry", "remote-access.chains.expressway-c"),
            (chain, "remote-access.chains.activating-device"),
            (chain, "remote-access.chains.expressway-c"),
            (chain, "remote-access.chains.expressway-e"),
            (chain, "remote-access.chains.im-and-presence-tomcat"),
            (chain, "remote-access.chains.im-and-presence-xmpp"),
            (chain, "remote-access.chains.unified-cm-call-manager"),
            (chain, "remote-access.chains.unified-cm-tomcat"),
            ("sbc-chain", "sip.sbc-certificates"),
        ]
    );
    assert_eq!(report.exit_code(Severity::Error), 1);
}

#[test]
fn dates_are_told_in_words_with_the_day() {
    let said = |world: World| {
        let report = world.report();
        report.findings()[0].what.clone()
    };
    for (world, what) in [
        (
            own(ENDED),
            "the Expressway-E certificate ended on 2026-05-31",
        ),
        (
            own(NOT_BEGUN),
            "the Expressway-E certificate is good from 2026-06-02 on only",
        ),
        (
            own(ENDS_SOON),
            "the Expressway-E certificate ends on 2026-06-30",
        ),
        (
            under_root(ENDED),
            "certificate 1 of the Expressway-E chain, an authority, ended on 2026-05-31",
        ),
        (
            renewed_root(ENDED, false),
            "in the trusted CA list of the Expressway-C, certificate 1 of the Expressway-E chain \
             ended on 2026-05-31",
        ),
        (
            maker_roots(LONG, ENDED),
            "certificate 2 of \"roots.pem\", of the phones' maker, ended on 2026-05-31",
        ),
        (
            sbc(ENDED, LONG, LONG),
            "the chain of the SBC does not verify: a certificate in it ended on 2026-05-31",
        ),
        (
            sbc(LONG, NOT_BEGUN, LONG),
            "the chain of the SBC does not verify: a certificate in it is good from 2026-06-02 on \
             only",
        ),
        (
            sbc_alone(ENDED, LONG),
            "the certificate of the SBC ended on 2026-05-31",
        ),
        (
            maker_roots(LONG, UNREADABLE),
            "certificate 2 of \"roots.pem\", of the phones' maker, has dates that cannot be read",
        ),
        // Of several certificates of one authority the best counts.
        (
            sbc_roots(&[ENDED, ENDS_SOON, NOT_BEGUN]),
            "the authority that the chain of the SBC leads to ends on 2026-06-30",
        ),
        (
            sbc_roots(&[ENDED, UNREADABLE]),
            "the authority that the chain of the SBC leads to ended on 2026-05-31",
        ),
    ] {
        assert_eq!(said(world), what);
    }
}

#[test]
fn a_certificate_is_warned_of_from_thirty_days_before_its_end_on() {
    // The end is 2026-06-30T00:00:00Z, its second included.
    let end = NOW + 29 * 86_400;
    for (now, broken) in [
        (end - 30 * 86_400, &[][..]),
        (end + 1 - 30 * 86_400, &["certificate-expiry"]),
        (end, &["certificate-expiry"]),
        (end + 1, &["certificate-validity"]),
    ] {
        let mut world = own(ENDS_SOON);
        world.now = at(now);
        assert_eq!(world.broken(), broken, "{now}");
    }
}
