use offhook_sip_resolver::{Edge, EdgeFinding, Policy, ResolveError, Side};

use crate::zone::Zone;

const BOTH: &str = "
    _collab-edge._tls.example.com 60 SRV 10 10 8443 expe1.example.com
    _cisco-uds._tcp.example.com 60 SRV 10 10 8443 cucm1.example.com
    expe1.example.com 60 A 192.0.2.11
    cucm1.example.com 60 A 192.0.2.21
";
const OUTSIDE: &str = "
    _collab-edge._tls.example.com 60 SRV 10 10 8443 expe1.example.com
    expe1.example.com 60 A 192.0.2.11
";
const OTHER_OUTSIDE: &str = "
    _collab-edge._tls.example.org 60 SRV 10 10 8443 expe.example.org
    expe.example.org 60 A 192.0.2.31
";

fn finding(zone: &str, domain: &str) -> EdgeFinding {
    let zone = Zone::new(zone);
    EdgeFinding {
        domain: domain.parse().unwrap(),
        inside: zone.resolve(domain, Policy::cisco_uds()),
        outside: zone.resolve(domain, Policy::collab_edge()),
    }
}

fn decided(findings: Vec<EdgeFinding>) -> (Side, String, String) {
    let edge = Edge::decide(findings).unwrap();
    let hop = edge.resolution().hops()[0].to_string();
    (edge.side(), edge.domain().to_string(), hop)
}

#[test]
fn who_finds_the_servers_inside_is_inside() {
    let (side, _, hop) = decided(vec![finding(BOTH, "example.com")]);
    let inside = "TLS 192.0.2.21:8443 as example.com";
    assert_eq!((side, &*hop), (Side::Inside, inside));
    // Of any domain, even if an edge of a preferred one is found.
    let (side, domain, hop) = decided(vec![
        finding(OTHER_OUTSIDE, "example.org"),
        finding(BOTH, "example.com"),
    ]);
    assert_eq!(
        (side, &*domain, &*hop),
        (Side::Inside, "example.com", inside)
    );
}

#[test]
fn who_finds_an_edge_alone_is_outside_and_the_preferred_domain_counts() {
    let (side, domain, hop) = decided(vec![
        finding("", "example.net"),
        finding(OTHER_OUTSIDE, "example.org"),
        finding(OUTSIDE, "example.com"),
    ]);
    assert_eq!((side, &*domain), (Side::Outside, "example.org"));
    assert_eq!(hop, "TLS 192.0.2.31:8443 as example.org");
}

#[test]
fn who_cannot_find_out_about_the_inside_goes_over_the_edge() {
    let zone = format!("{OUTSIDE}\n_cisco-uds._tcp.example.com SRV servfail");
    let (side, _, _) = decided(vec![finding(&zone, "example.com")]);
    assert_eq!(side, Side::Outside);
}

#[test]
fn without_any_record_there_is_no_edge_and_no_address_is_guessed() {
    let zone = "example.com 60 A 192.0.2.9";
    let failure = Edge::decide(vec![finding(zone, "example.com")]).unwrap_err();
    assert_eq!(failure.error(), ResolveError::NotFound);
    assert_eq!(failure.failures().len(), 2);
    let zone = "_collab-edge._tls.example.com SRV silent";
    let failure = Edge::decide(vec![finding(zone, "example.com")]).unwrap_err();
    assert_eq!(failure.error(), ResolveError::Temporary);
}
