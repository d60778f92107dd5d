//! The edge, its certificates, and what has to work with it.

use offhook_preflight::{Outcome, Question, Severity};
use rcgen::ExtendedKeyUsagePurpose;

use super::{Case, case, described, error, warning};
use crate::sample::{World, server};
use crate::samples::{Authority, leaf};

pub(super) fn cases() -> Vec<Case> {
    let mut cases = names();
    cases.extend(addresses());
    cases.extend(ports());
    cases.extend(limits());
    cases.extend(versions());
    cases.extend(certificates());
    cases
}

fn edge(outcome: Outcome) -> World {
    let mut world = World::passing();
    let question = Question::collab_edge("example.test".parse().unwrap());
    world.seen.answer(question, outcome);
    world
}

fn names() -> Vec<Case> {
    let path = "remote-access.domains[0]";
    let mut cases = Vec::new();
    for outcome in [
        Outcome::Dangling,
        Outcome::Loop,
        Outcome::NotOffered,
        Outcome::Nothing,
        Outcome::Servers(Vec::new()),
    ] {
        cases.push(case("edge-record", Severity::Error, path, edge(outcome)));
    }
    let servers = |addresses: &[&str]| {
        let servers = addresses
            .iter()
            .map(|address| server("e.example.test", address));
        edge(Outcome::Servers(servers.collect()))
    };
    let mut inside = World::passing();
    let question = Question::cisco_uds("example.test".parse().unwrap());
    let found = Outcome::Servers(vec![server("cucm.example.test", "192.0.2.9:8443")]);
    inside.seen.answer(question, found);
    let question = Question::cisco_uds("example.test".parse().unwrap());
    let mut dangling = World::passing();
    dangling.seen.answer(question, Outcome::Dangling);
    let mut home = World::passing().with(
        "\"_collab-edge._tls.example.test\"",
        "\"_collab-edge._tls.home.test\"",
    );
    let question = Question::collab_edge("home.test".parse().unwrap());
    home.seen.answer(question, Outcome::Nothing);
    cases.extend([
        error(
            "edge-record",
            "remote-access.domains",
            "domains = [\"example.test\"]\nauth",
            "domains = []\nauth",
        ),
        case(
            "edge-record",
            Severity::Error,
            "unified-cm.service-domain[0].srv-record",
            home,
        ),
        case("uds-record", Severity::Error, path, inside),
        case("uds-record", Severity::Error, path, dangling),
        case(
            "edge-port",
            Severity::Warning,
            path,
            servers(&["192.0.2.5:443", "192.0.2.6:443"]),
        ),
        case(
            "ipv4-only",
            Severity::Error,
            path,
            servers(&["[2001:db8::5]:8443"]),
        ),
        case(
            "ipv4-only",
            Severity::Warning,
            path,
            servers(&["192.0.2.5:8443", "[2001:db8::5]:8443"]),
        ),
    ]);
    cases
}

fn addresses() -> Vec<Case> {
    let modes = [
        (
            "remote-access.ip-mode",
            "\nip-mode = \"ipv4\"\nim-and",
            "\nip-mode = \"both\"\nim-and",
        ),
        (
            "remote-access.im-and-presence-ip-mode",
            "im-and-presence-ip-mode = \"ipv4\"",
            "im-and-presence-ip-mode = \"ipv6\"",
        ),
        (
            "unified-cm.ip-mode",
            "ip-mode = \"ipv4\"\nclusters",
            "ip-mode = \"ipv6\"\nclusters",
        ),
        (
            "remote-access.expressway-e-addresses[1]",
            "\"192.0.2.5\"",
            "\"2001:db8::5\"",
        ),
        (
            "remote-access.expressway-c-addresses[0]",
            "\"10.0.0.5\"",
            "\"2001:db8::5\"",
        ),
    ];
    let modes = modes
        .into_iter()
        .map(|(path, old, new)| error("ipv4-only", path, old, new));
    let shared = error(
        "shared-address",
        "remote-access.expressway-e-addresses[0]",
        "\"10.1.0.5\"",
        "\"10.0.0.5\"",
    );
    modes.chain([shared]).collect()
}

fn ports() -> Vec<Case> {
    let outbound = "remote-access.firewall.internal-outbound";
    let inbound = "remote-access.firewall.external-inbound";
    let mut cases = Vec::new();
    for (path, open, less) in [
        (outbound, "\"tcp/7001\"", "\"tcp/7002\""),
        (outbound, "\"tcp/7400\"", "\"udp/7400\""),
        (outbound, "\"tcp/2222\"", "\"tcp/22\""),
        (outbound, "\"udp/2776-2777\"", "\"udp/2776\""),
        (inbound, "\"tcp/5061\"", "\"tcp/5060\""),
        (inbound, "\"tcp/8443\"", "\"tcp/443\""),
        (inbound, "\"tcp/5222\"", "\"tcp/5269\""),
        (
            inbound,
            "\"udp/36002-59999\"",
            "\"udp/36002-48000\", \"udp/48002-59999\"",
        ),
        // Large ones have other ports for media.
        (outbound, "size = \"medium\"", "size = \"large\""),
    ] {
        cases.push(error("port-closed", path, open, less));
    }
    cases.push(warning(
        "internal-inbound",
        "remote-access.firewall.internal-inbound[0]",
        "internal-inbound = []",
        "internal-inbound = [\"tcp/22\"]",
    ));
    cases
}

/// The sample with an Expressway of this release and this many presence domains, without what old
/// ones cannot do.
fn expressway(release: &str, domains: u32) -> World {
    World::passing()
        .with("\"X14.0\"", &format!("\"{release}\""))
        .with(
            "presence-domains = 3",
            &format!("presence-domains = {domains}"),
        )
        .with("[\"oauth\", \"oauth-sso\"]", "[\"legacy\"]")
        .with("push = true", "push = false")
}

fn large(registrations: u32) -> World {
    World::passing()
        .with("size = \"medium\"", "size = \"large\"")
        .with("udp/2776-2777", "udp/36000-36011")
        .with(
            "proxied-registrations = 2000",
            &format!("proxied-registrations = {registrations}"),
        )
}

fn limits() -> Vec<Case> {
    let path = "remote-access.presence-domains";
    let registrations = "remote-access.proxied-registrations";
    vec![
        error(
            "web-proxy-domain",
            "remote-access.web-proxy",
            "join.example.test",
            "Example.TEST",
        ),
        case(
            "presence-domains",
            Severity::Error,
            path,
            expressway("X8.5", 2),
        ),
        case(
            "presence-domains",
            Severity::Warning,
            path,
            expressway("X8.5.1", 2),
        ),
        case(
            "presence-domains",
            Severity::Warning,
            path,
            expressway("X12.6.2", 51),
        ),
        case(
            "presence-domains",
            Severity::Warning,
            path,
            expressway("X12.6.3", 76),
        ),
        case(
            "proxied-registrations",
            Severity::Error,
            registrations,
            large(2501),
        ),
        error(
            "signing-certificates",
            "remote-access.signing-certificates",
            "signing-certificates = 1",
            "signing-certificates = 2",
        ),
    ]
}

fn versions() -> Vec<Case> {
    let rule = "version-too-old";
    let expressway = |release| {
        let path = "remote-access.expressway-release";
        let world = World::passing().with("\"X14.0\"", release);
        case(
            rule,
            Severity::Error,
            path,
            world.with("presence-domains = 3", ""),
        )
    };
    let plain = |release: &str, authentication: &str| {
        let text = format!(
            "version = 1\n[unified-cm]\nrelease = \"{release}\"\nsecurity-mode = \"mixed\"\n\
             ip-mode = \"ipv4\"\naxl-service = true\nrefresh-login-flow = true\n\
             [[unified-cm.device]]\nmodel = \"8851\"\nsoftware = \"firmware\"\nrelease = \"12\"\n\
             onboarding = \"mac-address\"\nremote-access = true\n\
             [remote-access]\ndomains = [\"example.test\"]\nauthentication = [\"{authentication}\"]\n\
             expressway-release = \"X14\"\nsize = \"small\"\nip-mode = \"ipv4\"\n\
             signing-certificates = 1\n[remote-access.firewall]\n\
             internal-outbound = [\"tcp/7001\", \"tcp/2222\", \"udp/2776-2777\"]\n\
             external-inbound = [\"tcp/5061\", \"tcp/8443\", \"udp/36002-59999\"]\n"
        );
        case(
            rule,
            Severity::Error,
            "unified-cm.release",
            described(&text),
        )
    };
    let jabber = |model: &str, release: &str| {
        let path = "unified-cm.device[2].release";
        let world = World::passing().with("Jabber for Windows", model);
        case(rule, Severity::Error, path, world.with("\"12.9\"", release))
    };
    // Each way of authentication asks for releases of its own.
    let alone = |authentication: &str| {
        let old = match authentication {
            "legacy-sso" => "\"10.5\"",
            _ => "\"11.8\"",
        };
        let world = World::passing().with(
            "[\"oauth\", \"oauth-sso\"]",
            &format!("[\"{authentication}\"]"),
        );
        case(
            rule,
            Severity::Error,
            "unified-cm.device[2].release",
            world.with("\"12.9\"", old),
        )
    };
    vec![
        expressway("\"X8.10\""),
        plain("9.1", "legacy"),
        plain("10.5", "legacy-sso"),
        plain("11.5(1)SU2", "oauth"),
        plain("11.5(1)SU2", "oauth-sso"),
        error(
            rule,
            "remote-access.im-and-presence-release",
            "im-and-presence-release = \"14\"",
            "im-and-presence-release = \"11.5(1)\"",
        ),
        error(
            rule,
            "remote-access.unity-connection-release",
            "unity-connection-release = \"14\"",
            "unity-connection-release = \"9.1\"",
        ),
        jabber("Jabber for Windows", "\"11.8\""),
        jabber("Cisco Jabber for Mac", "\"11.8.9\""),
        alone("oauth"),
        alone("oauth-sso"),
        alone("legacy-sso"),
        jabber("Jabber for iPhone and iPad", "\"11.8.9\""),
    ]
}

fn certificates() -> Vec<Case> {
    let chain = "remote-access.chains.expressway-e";
    let names = [
        "expressway-e.example.test",
        "example.test",
        "conference.example.test",
    ];
    // With another authority, which every store gets that asks for it.
    let other = Authority::new("Other Root CA", None);
    let with_edge = |usages: &[ExtendedKeyUsagePurpose]| {
        let mut world = World::passing();
        let own = leaf(names[0], &names, usages, &other);
        world
            .seen
            .certificate_file("expressway-e.pem", Ok((own + other.pem()).as_bytes()));
        let stores = std::fs::read_to_string(crate::sample::folder().join("root.pem")).unwrap();
        world
            .seen
            .certificate_file("root.pem", Ok((stores + other.pem()).as_bytes()));
        world
    };
    let server_only = with_edge(&[ExtendedKeyUsagePurpose::ServerAuth]);
    let mut broken = World::passing().with(
        "[remote-access.trust-stores]\ndevice = \"root.pem\"\nexpressway-c = \"root.pem\"",
        "[remote-access.trust-stores]\ndevice = \"root.pem\"\nexpressway-c = \"unified-cm-trust.pem\"",
    );
    let certificates = &mut broken.seen.certificates;
    let maker = certificates["maker.pem"].clone().unwrap().remove(0);
    certificates
        .get_mut("expressway-e.pem")
        .unwrap()
        .as_mut()
        .unwrap()
        .insert(1, maker);
    let mut unreadable = World::passing();
    unreadable
        .seen
        .certificate_file("phone.pem", Ok(&[0x30, 0x82, 0, 1, 0]));
    vec![
        case("certificate-usage", Severity::Error, chain, server_only),
        error(
            "certificate-name",
            chain,
            "registration-domains = [\"example.test\"]",
            "registration-domains = [\"other.test\"]",
        ),
        error(
            "certificate-name",
            "remote-access.chains.expressway-c",
            "phone-security-profiles = [\"encrypted.example.test\"]",
            "phone-security-profiles = [\"plain.example.test\"]",
        ),
        case("certificate-chain", Severity::Error, chain, broken),
        case(
            "certificate-chain",
            Severity::Error,
            "remote-access.chains.activating-device",
            unreadable,
        ),
        error(
            "certificate-trust",
            "remote-access.trust-stores.expressway-e-activation",
            "expressway-e-activation = \"maker.pem\"",
            "expressway-e-activation = \"root.pem\"",
        ),
        error(
            "certificate-trust",
            "remote-access.trust-stores.unified-cm-call-manager",
            "unified-cm-call-manager = \"unified-cm-trust.pem\"",
            "unified-cm-call-manager = \"root.pem\"",
        ),
        error(
            "certificate-sip-oauth",
            "unified-cm.sip-oauth.expressway-c",
            "subject-names = [\"expressway-c.example.test\"]",
            "subject-names = [\"expressway-c2.example.test\"]",
        ),
        warning(
            "certificate-sip-oauth",
            "unified-cm.sip-oauth.expressway-c",
            "subject-names = [\"expressway-c.example.test\"]",
            "subject-names = [\"expressway-c.example.test\", \"expressway-c2.example.test\"]",
        ),
    ]
}

pub(super) fn harmless() -> Vec<World> {
    let with = |old: &str, new: &str| World::passing().with(old, new);
    let without_presence = World::passing()
        .with("im-and-presence-release = \"14\"\n", "")
        .with("\"tcp/7400\", ", "")
        .with("\"tcp/5222\", ", "");
    vec![
        expressway("X8.5", 1),
        expressway("X12.6.2", 1),
        expressway("X12.6.3", 75),
        large(2500),
        with(
            "proxied-registrations = 2000",
            "proxied-registrations = 9000",
        ),
        with("signing-certificates = 1", "").with("[\"oauth\", \"oauth-sso\"]", "[\"oauth\"]"),
        with(
            "\"udp/36002-59999\"",
            "\"udp/36002-48000\", \"udp/48001-59999\"",
        ),
        with(
            "im-and-presence-release = \"14\"",
            "im-and-presence-release = \"11.5(1)SU3\"",
        ),
        with("\"12.9\"", "\"11.9\""),
        with("\"X14.0\"", "\"X8.10.1\"").with("presence-domains = 3", "presence-domains = 1"),
        without_presence,
    ]
}

#[test]
fn certificates_that_are_not_described_are_unknown_where_the_deployment_needs_them() {
    let places = |world: &World| {
        let report = world.report();
        assert_eq!(report.findings(), []);
        let places = report.unknown().iter().map(|each| each.place.path.clone());
        let mut places: Vec<_> = places.collect();
        places.sort();
        places.dedup();
        places
    };
    let without = |line: &str| World::passing().with(line, "");
    for (line, path) in [
        (
            "activating-device = \"phone.pem\"\n",
            "remote-access.chains.activating-device",
        ),
        (
            "expressway-e = \"expressway-e.pem\"\n",
            "remote-access.chains.expressway-e",
        ),
        (
            "im-and-presence-xmpp = \"im-and-presence.pem\"\n",
            "remote-access.chains.im-and-presence-xmpp",
        ),
        (
            "unified-cm-phone-edge = \"root.pem\"\n",
            "remote-access.trust-stores.unified-cm-phone-edge",
        ),
        (
            "phone-security-profiles = [\"encrypted.example.test\"]\n",
            "remote-access.names",
        ),
    ] {
        assert_eq!(places(&without(line)), [path]);
    }
    // Without the service nothing of it is missed.
    let world = without("im-and-presence-release = \"14\"\n")
        .with("im-and-presence-tomcat = \"im-and-presence.pem\"\n", "")
        .with("im-and-presence-xmpp = \"im-and-presence.pem\"\n", "")
        .with("im-and-presence-tomcat = \"root.pem\"\n", "")
        .with("im-and-presence-xmpp = \"root.pem\"\n", "");
    assert_eq!(places(&world), [""; 0]);
}

#[test]
fn what_has_to_be_asked_and_read_is_named_once() {
    let world = World::passing().with(
        "domains = [\"example.test\"]\nauth",
        "domains = [\"example.test\", \"EXAMPLE.test\"]\nauth",
    );
    let deployment = offhook_preflight::Deployment::from_toml(world.text.as_bytes()).unwrap();
    let questions: Vec<_> = deployment
        .questions()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        questions,
        [
            "example.test",
            "_collab-edge._tls.example.test",
            "_cisco-uds._tcp.example.test"
        ]
    );
    assert_eq!(deployment.archive_files(), ["../dtaf/room-os.dtaf"]);
    assert_eq!(
        deployment.certificate_files(),
        [
            "expressway-c.pem",
            "expressway-e.pem",
            "im-and-presence.pem",
            "maker.pem",
            "phone.pem",
            "root.pem",
            "sbc.pem",
            "unified-cm-trust.pem",
            "unified-cm.pem",
        ]
    );
}
