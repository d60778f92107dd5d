//! The edge: names, ports, addresses, limits.

use std::collections::HashSet;

use super::Checker;
use crate::rule::table as rules;
use crate::{Authentication, IpMode, Outcome, Ports, Question, RemoteAccess, Severity, Size};

pub(super) fn check(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    for (at, domain) in remote.domains.iter().enumerate() {
        let path = format!("remote-access.domains[{at}]");
        edge(checker, &Question::collab_edge(domain.clone()), &path);
        inside(checker, &Question::cisco_uds(domain.clone()), &path);
    }
    if remote.domains.is_empty() {
        let what = "no external domain is described";
        checker.find(rules::EDGE_RECORD, "remote-access.domains", what);
    }
    ip_modes(checker, remote);
    addresses(checker, remote);
    firewalls(checker, remote);
    limits(checker, remote);
    let web_proxy = remote.web_proxy.as_ref();
    if let Some(host) = web_proxy.filter(|host| remote.domains.contains(host)) {
        let what = format!("{host} is a domain of remote access too");
        checker.find(rules::WEB_PROXY_DOMAIN, "remote-access.web-proxy", what);
    }
}

/// The records that devices outside find the edge by.
pub(super) fn edge(checker: &mut Checker<'_>, question: &Question, path: &str) {
    let Some(outcome) = checker.ask(question, rules::EDGE_RECORD, path) else {
        return;
    };
    let servers = match outcome {
        Outcome::Servers(servers) if !servers.is_empty() => servers,
        Outcome::Loop => return no_edge(checker, question, path, "aliases lead in a circle"),
        Outcome::Dangling => {
            return no_edge(
                checker,
                question,
                path,
                "it names servers without an address",
            );
        }
        Outcome::NotOffered => {
            return no_edge(
                checker,
                question,
                path,
                "the domain says that there is no edge",
            );
        }
        _ => return no_edge(checker, question, path, "no record leads to a server"),
    };
    let mut ports: Vec<_> = servers.iter().map(|server| server.address.port()).collect();
    ports.sort_unstable();
    ports.dedup();
    for port in ports.into_iter().filter(|port| *port != EDGE_PORT) {
        let what = format!("{question} leads to port {port}");
        let finding = checker.finding(rules::EDGE_PORT, path, what);
        checker.findings.push(finding.at(question));
    }
    let (old, new): (Vec<_>, Vec<_>) = servers.iter().partition(|server| server.address.is_ipv4());
    if old.is_empty() {
        let what = format!("{question} leads to IPv6 addresses only");
        let finding = checker.finding(rules::IPV4_ONLY, path, what);
        checker.findings.push(finding.at(question));
    } else if !new.is_empty() {
        let what = format!("{question} leads to IPv6 addresses too, which clients may take");
        let finding = checker.finding(rules::IPV4_ONLY, path, what);
        checker
            .findings
            .push(finding.at(question).severe(Severity::Warning));
    }
}

fn no_edge(checker: &mut Checker<'_>, question: &Question, path: &str, what: &str) {
    let finding = checker.finding(rules::EDGE_RECORD, path, format!("{question}: {what}"));
    checker.findings.push(finding.at(question));
}

/// The records that devices know by that they are inside.
fn inside(checker: &mut Checker<'_>, question: &Question, path: &str) {
    let outcome = checker.ask(question, rules::UDS_RECORD, path);
    // Servers that have an address inside only are found out about outside all the same.
    if let Some(Outcome::Servers(_) | Outcome::Dangling) = outcome {
        let what = format!("{question} resolves outside: clients take themselves to be inside");
        let finding = checker.finding(rules::UDS_RECORD, path, what);
        checker.findings.push(finding.at(question));
    }
}

fn ip_modes(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let imp = remote.im_and_presence_ip_mode;
    let imp = imp.map(|mode| {
        (
            "remote-access.im-and-presence-ip-mode",
            "IM and Presence",
            mode,
        )
    });
    let cm = checker.deployment.unified_cm.as_ref();
    let cm = cm.map(|cm| ("unified-cm.ip-mode", "Unified CM", cm.ip_mode));
    let edge = ("remote-access.ip-mode", "the Expressway", remote.ip_mode);
    for (path, who, mode) in std::iter::once(edge).chain(imp).chain(cm) {
        let speaks = match mode {
            IpMode::Ipv4 => continue,
            IpMode::Ipv6 => "IPv6 only",
            IpMode::Both => "IPv4 and IPv6",
        };
        checker.find(rules::IPV4_ONLY, path, format!("{who} speaks {speaks}"));
    }
}

fn addresses(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let inside = (&remote.expressway_c_addresses, "expressway-c-addresses");
    let outside = (&remote.expressway_e_addresses, "expressway-e-addresses");
    for (list, key) in [inside, outside] {
        for (at, address) in list
            .iter()
            .enumerate()
            .filter(|(_, address)| address.is_ipv6())
        {
            let path = format!("remote-access.{key}[{at}]");
            checker.find(
                rules::IPV4_ONLY,
                &path,
                format!("{address} is an IPv6 address"),
            );
        }
    }
    let of_c: HashSet<_> = remote.expressway_c_addresses.iter().collect();
    for (at, address) in remote.expressway_e_addresses.iter().enumerate() {
        if of_c.contains(address) {
            let path = format!("remote-access.expressway-e-addresses[{at}]");
            let what = format!("{address} is an address of the Expressway-C too");
            checker.find(rules::SHARED_ADDRESS, &path, what);
        }
    }
}

fn firewalls(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let firewall = &remote.firewall;
    let traversal = match remote.size {
        Size::Large => Ports::udp(36_000, 36_011),
        _ => Ports::udp(2_776, 2_777),
    };
    let has_xmpp = remote.im_and_presence_release.is_some();
    let outbound = [
        ("SIP", Ports::tcp(7_001)),
        ("traversal media", traversal),
        ("HTTPS in the tunnel", Ports::tcp(2_222)),
        ("XMPP", Ports::tcp(7_400)),
    ];
    let inbound = [
        ("SIP", Ports::tcp(5_061)),
        ("HTTPS", Ports::tcp(EDGE_PORT)),
        ("media", Ports::udp(36_002, 59_999)),
        ("XMPP", Ports::tcp(5_222)),
    ];
    for (needed, open, key, way) in [
        (
            outbound,
            &firewall.internal_outbound,
            "internal-outbound",
            "from Expressway-C to -E",
        ),
        (
            inbound,
            &firewall.external_inbound,
            "external-inbound",
            "from outside to Expressway-E",
        ),
    ] {
        let needed = needed
            .into_iter()
            .filter(|(name, _)| has_xmpp || *name != "XMPP");
        for (name, ports) in needed {
            if let Some(closed) = ports.first_closed(open) {
                let path = format!("remote-access.firewall.{key}");
                let first = if ports.first() == ports.last() {
                    String::new()
                } else {
                    format!(", the first at {closed}")
                };
                let what = format!("{ports} {way} is closed for {name}{first}");
                checker.find(rules::PORT_CLOSED, &path, what);
            }
        }
    }
    for (at, ports) in firewall.internal_inbound.iter().enumerate() {
        let path = format!("remote-access.firewall.internal-inbound[{at}]");
        let what = format!("{ports} is open from Expressway-E to -C");
        checker.find(rules::INTERNAL_INBOUND, &path, what);
    }
}

fn limits(checker: &mut Checker<'_>, remote: &RemoteAccess) {
    let domains = remote.presence_domains;
    let expressway = &remote.expressway_release;
    let path = "remote-access.presence-domains";
    if !expressway.is_at_least("8.5.1") {
        if domains > 1 {
            let what = format!("{domains} presence domains; Expressway {expressway} has one");
            let finding = checker.finding(rules::PRESENCE_DOMAINS, path, what);
            checker.findings.push(finding.severe(Severity::Error));
        }
    } else if !expressway.is_at_least("12.6.3") {
        if domains > 1 {
            let limit = if domains > 50 {
                ", and more than 50"
            } else {
                ""
            };
            let what = format!(
                "{domains} presence domains, a preview with Expressway {expressway}{limit}"
            );
            checker.find(rules::PRESENCE_DOMAINS, path, what);
        }
    } else if domains > 75 {
        let what = format!("{domains} presence domains, more than 75");
        checker.find(rules::PRESENCE_DOMAINS, path, what);
    }
    let registrations = remote.proxied_registrations;
    if remote.size == Size::Large && registrations > MOST_REGISTRATIONS {
        let path = "remote-access.proxied-registrations";
        let what = format!("{registrations} registrations, more than {MOST_REGISTRATIONS}");
        checker.find(rules::PROXIED_REGISTRATIONS, path, what);
    }
    let sso = |authentication: &Authentication| {
        matches!(
            authentication,
            Authentication::LegacySso | Authentication::OauthSso
        )
    };
    let certificates = remote.signing_certificates;
    if remote.authentication.iter().any(sso) && certificates != 1 {
        let path = "remote-access.signing-certificates";
        let what = format!("{certificates} signing certificates of the identity provider");
        checker.find(rules::SIGNING_CERTIFICATES, path, what);
    }
}

/// The guide to mobile and remote access, "SRV records", table 1.
const EDGE_PORT: u16 = 8_443;
/// The guide to mobile and remote access, unsupported features: 2500 with large virtual machines.
const MOST_REGISTRATIONS: u32 = 2_500;
