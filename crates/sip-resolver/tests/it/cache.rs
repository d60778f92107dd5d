use std::time::Duration;

use offhook_sip_resolver::{
    Cache, Freshness, Location, Note, Policy, ResolveError, ResolveFailure, Target, TraceEvent,
};

use crate::plan::FULL;
use crate::zone::{Counter, NEGATIVE_TTL, Zone, now};

const SECOND: Duration = Duration::from_secs(1);

fn found(zone: &str, policy: Policy) -> Result<Location, ResolveFailure> {
    Zone::new(zone).locate("example.com", policy)
}

fn target() -> Target {
    "example.com".parse().unwrap()
}

#[test]
fn a_circle_is_not_known_for_longer_than_a_failure_nor_its_aliases() {
    for (zone, seconds) in [
        ("example.com 5 CNAME example.com", 5),
        (
            "example.com 60 CNAME a.example.com\na.example.com 5 CNAME example.com",
            5,
        ),
        ("example.com 60 CNAME example.com", 30),
    ] {
        let failure = found(zone, Policy::room_os()).unwrap_err();
        assert_eq!(failure.error(), ResolveError::Loop);
        assert_eq!(failure.holds(), SECOND * seconds);
    }
}

#[test]
fn what_was_found_is_known_until_the_first_record_ends_and_not_longer() {
    let (mut cache, policy, begun) = (Cache::new(10), Policy::room_os(), now());
    // The shortest of FULL is 20 s.
    cache.insert(&target(), &policy, &found(FULL, policy), begun);
    let known = |cache: &mut Cache, seconds| {
        let known = cache.get(&target(), &policy, begun + SECOND * seconds)?;
        Some(known.draw(&target(), &mut Counter(1)).unwrap())
    };
    let fresh = known(&mut cache, 0).unwrap();
    assert_eq!((fresh.questions(), fresh.hops().len()), (0, 3));
    assert_eq!(fresh.ttl(), SECOND * 20);
    let later = known(&mut cache, 15).unwrap();
    let seconds: Vec<_> = later.hops().iter().map(|hop| hop.ttl().as_secs()).collect();
    assert_eq!(seconds, [15, 25, 5]);
    assert_eq!(
        *later.trace().entries()[0].event(),
        TraceEvent::Noted(Note::Cached(SECOND * 15))
    );
    assert!(known(&mut cache, 19).is_some());
    assert!(known(&mut cache, 20).is_none());
}

#[test]
fn that_there_is_nothing_counts_for_how_long_servers_are_known() {
    // NAPTR and SRV are missing, for 45 s; the address holds for longer.
    let policy = Policy::room_os();
    let location = found("example.com 90 A 192.0.2.1", policy).unwrap();
    assert_eq!(location.holds(), NEGATIVE_TTL);
    let resolution = location.draw(&mut Counter(1)).unwrap();
    assert_eq!(resolution.ttl(), Duration::from_secs(90));
    let address = Zone::new("").locate("sips:192.0.2.1", policy).unwrap();
    assert_eq!(address.holds(), Duration::MAX);
}

#[test]
fn a_question_that_failed_is_asked_again_within_half_a_minute() {
    let zone = "
        example.com NAPTR silent
        _sip._tls.example.com 900 SRV 10 0 5061 one.example.com
        one.example.com 900 A 192.0.2.1
    ";
    let location = found(zone, Policy::room_os()).unwrap();
    assert_eq!(location.holds(), Duration::from_secs(30));
}

#[test]
fn that_there_is_no_service_is_known_as_long_as_its_zone_says() {
    let (mut cache, policy, begun) = (Cache::new(10), Policy::room_os(), now());
    let failure = found("", policy);
    assert_eq!(failure.as_ref().unwrap_err().holds(), NEGATIVE_TTL);
    cache.insert(&target(), &policy, &failure, begun);
    let known = cache.get(&target(), &policy, begun + SECOND * 40).unwrap();
    let failure = known.draw(&target(), &mut Counter(1)).unwrap_err();
    assert_eq!(failure.error(), ResolveError::NotFound);
    assert_eq!(failure.holds(), SECOND * 5);
    assert!(
        cache
            .get(&target(), &policy, begun + NEGATIVE_TTL)
            .is_none()
    );
    // Never past its lifetime, whatever is said of servers.
    let mut cache = Cache::new(10).with_max_stale(SECOND * 1_000);
    cache.insert(&target(), &policy, &found("", policy), begun);
    assert!(
        cache
            .get(&target(), &policy, begun + NEGATIVE_TTL)
            .is_none()
    );
}

#[test]
fn what_is_temporary_or_must_not_be_kept_is_not_known() {
    let (mut cache, policy, now) = (Cache::new(10), Policy::room_os(), now());
    for zone in [
        "_sip._tls.example.com SRV servfail",
        "example.com 0 A 192.0.2.1",
    ] {
        cache.insert(&target(), &policy, &found(zone, policy), now);
        assert!(cache.is_empty(), "{zone}");
    }
}

#[test]
fn policies_and_targets_are_apart() {
    let (mut cache, now) = (Cache::new(10), now());
    let policy = Policy::room_os();
    cache.insert(&target(), &policy, &found(FULL, policy), now);
    assert!(cache.get(&target(), &Policy::tls_only(), now).is_none());
    let uri: Target = "sips:example.com".parse().unwrap();
    assert!(cache.get(&uri, &policy, now).is_none());
    cache.clear();
    assert!(cache.get(&target(), &policy, now).is_none());
}

#[test]
fn no_more_targets_are_kept_than_allowed_and_those_in_use_stay() {
    let (mut cache, policy, now) = (Cache::new(10), Policy::room_os(), now());
    let found = found(FULL, policy);
    cache.insert(&target(), &policy, &found, now);
    for number in 0..1_000 {
        let other: Target = format!("n{number}.example.com").parse().unwrap();
        cache.insert(&other, &policy, &found, now);
        assert!(cache.len() <= 10, "{}", cache.len());
        assert!(cache.get(&target(), &policy, now).is_some(), "{number}");
    }
    let mut none = Cache::new(0);
    none.insert(&target(), &policy, &found, now);
    assert!(none.is_empty());
}

#[test]
fn whoever_asks_ahead_is_told_once() {
    let (mut cache, policy, begun) = (Cache::new(10), Policy::room_os(), now());
    cache.insert(&target(), &policy, &found(FULL, policy), begun);
    let mut freshness = |milliseconds| {
        let now = begun + Duration::from_millis(milliseconds);
        cache.get(&target(), &policy, now).unwrap().freshness()
    };
    assert_eq!(freshness(17_900), Freshness::Fresh);
    assert_eq!(freshness(18_100), Freshness::Ageing);
    assert_eq!(freshness(18_100), Freshness::Fresh);
}

#[test]
fn stale_servers_are_there_for_when_nothing_newer_is() {
    let (policy, begun) = (Policy::room_os(), now());
    let mut cache = Cache::new(10).with_max_stale(SECOND * 100);
    cache.insert(&target(), &policy, &found(FULL, policy), begun);
    let at = |seconds| begun + SECOND * seconds;
    let stale = cache.get(&target(), &policy, at(25)).unwrap();
    assert_eq!(stale.freshness(), Freshness::Stale);
    let servers = stale.draw(&target(), &mut Counter(1)).unwrap();
    assert_eq!(
        *servers.trace().entries()[0].event(),
        TraceEvent::Noted(Note::Stale(SECOND * 5))
    );
    // RFC 8767: not asked for again for 30 s after a failure.
    cache.failed(&target(), &policy, at(25));
    let mut freshness = |seconds| Some(cache.get(&target(), &policy, at(seconds))?.freshness());
    assert_eq!(freshness(54), Some(Freshness::Resting));
    assert_eq!(freshness(55), Some(Freshness::Stale));
    assert_eq!(freshness(119), Some(Freshness::Stale));
    assert_eq!(freshness(120), None);
}

#[test]
fn each_transaction_draws_an_order_of_its_own() {
    let zone = "
        _sip._tls.example.com 60 SRV 10 50 5001 one.example.com
        _sip._tls.example.com 60 SRV 10 50 5002 one.example.com
        one.example.com 60 A 192.0.2.1
    ";
    let (mut cache, policy, now) = (Cache::new(10), Policy::room_os(), now());
    cache.insert(&target(), &policy, &found(zone, policy), now);
    let mut entropy = Counter(7);
    let first = |_| {
        let known = cache.get(&target(), &policy, now).unwrap();
        let found = known.draw(&target(), &mut entropy).unwrap();
        found.hops()[0].address().port()
    };
    let firsts: Vec<_> = (0..100).map(first).collect();
    let ones = firsts.iter().filter(|port| **port == 5001).count();
    assert!((25..75).contains(&ones), "{ones}");
}

#[test]
fn nothing_is_kept_for_more_than_a_day() {
    let (mut cache, policy, begun) = (Cache::new(10), Policy::room_os(), now());
    let target: Target = "sips:192.0.2.1".parse().unwrap();
    let found = Zone::new("").locate("sips:192.0.2.1", policy);
    cache.insert(&target, &policy, &found, begun);
    let last = begun + Cache::MAX_TTL - SECOND;
    assert!(cache.get(&target, &policy, last).is_some());
    let over = begun + Cache::MAX_TTL;
    assert!(cache.get(&target, &policy, over).is_none());
}
