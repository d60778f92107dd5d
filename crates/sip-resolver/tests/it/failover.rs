use std::time::Duration;

use offhook_sip_resolver::{Attempt, BadHops, Cause, Failover, Hop, Policy, Resolution};

use crate::zone::{Zone, now};

fn servers() -> Resolution {
    let zone = Zone::new(
        "
        _sip._tls.example.com 60 SRV 10 0 5061 one.example.com
        _sip._tls.example.com 60 SRV 20 0 5061 two.example.com
        one.example.com 60 A 192.0.2.1
        one.example.com 60 AAAA 2001:db8::1
        two.example.com 60 A 192.0.2.2
        ",
    );
    zone.resolve("example.com", Policy::room_os()).unwrap()
}

const MILLISECOND: Duration = Duration::from_millis(1);

#[test]
fn each_failure_leads_to_the_next_server_until_there_is_none() {
    let found = servers();
    let hops = found.hops();
    let mut servers = found.failover();
    let causes = [Cause::ServiceUnavailable, Cause::Timeout, Cause::Connection];
    for (hop, cause) in hops.iter().zip(causes) {
        assert_eq!(servers.current(), Some(hop));
        servers.fail(hop, cause);
        // The first cause stands.
        servers.fail(hop, Cause::Timeout);
    }
    assert_eq!(servers.current(), None);
    let failed: Vec<_> = servers.failed().collect();
    assert_eq!(failed, hops.iter().zip(causes).collect::<Vec<_>>());
}

#[test]
fn one_transaction_changes_nothing_for_another() {
    let found = servers();
    let mut one = found.failover();
    one.fail(&found.hops()[0], Cause::Timeout);
    assert_eq!(found.failover().current(), found.hops().first());
}

#[test]
fn connections_to_one_server_race_and_the_next_server_waits() {
    let found = servers();
    let [six, four, next] = found.hops() else {
        panic!("{found:?}");
    };
    let begun = now();
    let mut race = found.failover();
    assert_eq!(race.attempt(begun), Attempt::Start(six));
    let due = begun + Failover::ATTEMPT_DELAY;
    assert_eq!(race.attempt(begun), Attempt::WaitUntil(due));
    assert_eq!(race.attempt(due - MILLISECOND), Attempt::WaitUntil(due));
    assert_eq!(race.attempt(due), Attempt::Start(four));
    // The other server is of a lower priority.
    assert_eq!(race.attempt(due), Attempt::Wait);
    race.fail(four, Cause::Connection);
    assert_eq!(race.attempt(due), Attempt::Wait);
    race.fail(six, Cause::Connection);
    assert_eq!(race.attempt(due), Attempt::Start(next));
    race.fail(next, Cause::Connection);
    assert_eq!(race.attempt(due), Attempt::Exhausted);
}

#[test]
fn a_connection_that_fails_starts_the_next_at_once() {
    let found = servers();
    let begun = now();
    let mut race = found.failover();
    assert_eq!(race.attempt(begun), Attempt::Start(&found.hops()[0]));
    race.fail(&found.hops()[0], Cause::Connection);
    assert_eq!(race.attempt(begun), Attempt::Start(&found.hops()[1]));
}

#[test]
fn the_delay_between_connections_stays_within_the_limits() {
    let found = servers();
    let begun = now();
    for (wanted, kept) in [(0, 10), (100, 100), (60_000, 2_000)] {
        let mut race = found.failover().with_attempt_delay(MILLISECOND * wanted);
        let _ = race.attempt(begun);
        let due = begun + MILLISECOND * kept;
        assert_eq!(race.attempt(begun), Attempt::WaitUntil(due));
    }
}

#[test]
fn a_server_that_failed_lately_comes_last_for_a_while() {
    let found = servers();
    let hops = found.hops();
    let now = now();
    let mut bad = BadHops::new(Duration::from_secs(10));
    bad.mark(&hops[0], now);
    let first = |bad: &BadHops, now| found.failover_avoiding(bad, now).current().cloned();
    assert_eq!(first(&bad, now).as_ref(), Some(&hops[1]));
    // It is tried all the same, after the others.
    let mut servers = found.failover_avoiding(&bad, now);
    for hop in [&hops[1], &hops[2], &hops[0]] {
        assert_eq!(servers.current(), Some(hop));
        servers.fail(hop, Cause::Timeout);
    }
    assert_eq!(servers.current(), None);
    let later = now + Duration::from_secs(10);
    assert_eq!(first(&bad, later).as_ref(), Some(&hops[0]));
    bad.purge(later);
    assert!(bad.is_empty());
    bad.mark_for(&hops[0], Duration::MAX, now);
    assert!(bad.is_bad(&hops[0], later));
    bad.forget(&hops[0]);
    assert!(!bad.is_bad(&hops[0], now));
}

#[test]
fn a_failure_is_of_one_address_port_and_transport() {
    let hop = |target: &str| -> Hop {
        let found = Zone::new("").resolve(target, Policy::standard()).unwrap();
        found.hops()[0].clone()
    };
    let now = now();
    let mut bad = BadHops::default();
    bad.mark(&hop("sip:192.0.2.1:5061;transport=tls"), now);
    // The same server by another name is the same.
    assert!(bad.is_bad(&hop("sips:192.0.2.1"), now));
    for other in [
        "sips:192.0.2.2",
        "sips:192.0.2.1:5062",
        "sip:192.0.2.1:5061;transport=tcp",
    ] {
        assert!(!bad.is_bad(&hop(other), now), "{other}");
    }
}

#[test]
fn the_memory_of_failures_has_an_end() {
    let now = now();
    let mut bad = BadHops::default();
    let hop = |number: u32| -> Hop {
        let address = std::net::Ipv4Addr::from(0xc000_0200 + number);
        let target = format!("sips:{address}");
        let found = Zone::new("").resolve(&target, Policy::room_os()).unwrap();
        found.hops()[0].clone()
    };
    let most = u32::try_from(BadHops::CAPACITY).unwrap();
    for number in 0..most + 10 {
        bad.mark(&hop(number), now + MILLISECOND * number);
    }
    assert_eq!(bad.len(), BadHops::CAPACITY);
    assert!(!bad.is_bad(&hop(9), now));
    assert!(bad.is_bad(&hop(10), now));
}
