//! The table of `tests/zones`: zones, and what has to come of them under each policy.
//!
//! Against a name server in this process; and against those of other people that
//! `OFFHOOK_NAME_SERVERS` names as `bind=IP:PORT,…`, which `.ci/name-servers start` starts.

use std::collections::BTreeSet;
use std::net::SocketAddr;

use offhook_sip_resolver::{Options, Policy, Resolution, Resolver, Transport};
use tokio::task::JoinSet;

use crate::server::serve_zones;
use crate::zone::Counter;

const CASES: &str = include_str!("../zones/cases.test.zone");
const OTHER: &str = include_str!("../zones/other.test.zone");

#[derive(Clone, Debug)]
struct Case {
    target: String,
    policy: &'static str,
    /// Servers, or the error; behind it those that are right of a cache.
    expected: String,
    ttl: Option<u64>,
}

impl Case {
    /// The cases of the table; and how many domains there are.
    fn all() -> (Vec<Self>, usize) {
        let (mut cases, mut domains) = (Vec::new(), BTreeSet::new());
        let mut name = "";
        let mut target = String::new();
        for line in CASES.lines() {
            if let Some(title) = line.strip_prefix("; ") {
                name = title.split([':', ' ']).next().unwrap();
                target = format!("{name}.cases.test");
            } else if let Some(other) = line.strip_prefix(";? ") {
                other.clone_into(&mut target);
            } else if let Some(ttl) = line.strip_prefix(";ttl: ") {
                let case: &mut Self = cases.last_mut().unwrap();
                case.ttl = Some(ttl.parse().unwrap());
            } else if let Some(expectation) = line.strip_prefix(";= ") {
                domains.insert(name);
                let (policies, expected) = expectation.split_once(": ").unwrap();
                for policy in policies
                    .replace("all", "room-os tls-only standard")
                    .split(' ')
                {
                    let (policy, _) = POLICIES.iter().find(|(name, _)| *name == policy).unwrap();
                    cases.push(Self {
                        target: target.clone(),
                        policy,
                        expected: expected.to_owned(),
                        ttl: None,
                    });
                }
            }
        }
        (cases, domains.len())
    }

    /// What comes of it, and whether that is right; a cache makes lifetimes shorter.
    async fn run(&self, resolver: &Resolver, seed: u64, memory: Memory) -> (String, bool) {
        let (_, policy) = POLICIES
            .iter()
            .find(|(name, _)| *name == self.policy)
            .unwrap();
        let target = self.target.parse().unwrap();
        let found = resolver
            .resolve(&target, &policy(), &mut Counter(seed))
            .await;
        match found {
            Ok(found) => {
                let seconds = found.ttl().as_secs();
                let ttl = self.ttl.is_none_or(|ttl| match memory {
                    Memory::None => seconds == ttl,
                    Memory::Some => seconds <= ttl,
                });
                let servers = servers(&found);
                let mut expected: Vec<_> = self.expected.split(", ").collect();
                expected.sort_by_key(|server| by_priority(server));
                let is_right = ttl && expected.join(", ") == servers && self.is_safe(&found);
                (format!("{servers}, good for {:?}", found.ttl()), is_right)
            }
            Err(failure) => {
                let error = format!("{:?}", failure.error());
                let mut errors = self.expected.split('|');
                let is_right = match memory {
                    Memory::None => errors.next() == Some(&error),
                    Memory::Some => errors.any(|right| right == error),
                };
                (format!("{error}\n{}", failure.trace()), is_right)
            }
        }
    }

    /// TLS to the domain asked for.
    fn is_safe(&self, found: &Resolution) -> bool {
        let host = self
            .target
            .trim_start_matches("sips:")
            .trim_start_matches("sip:");
        let host = host
            .rsplit('@')
            .next()
            .unwrap()
            .split([';', ':'])
            .next()
            .unwrap();
        found.hops().iter().all(|hop| {
            let tls = self.policy == "standard" || hop.transport() == Transport::Tls;
            tls && hop.verify() == host.to_lowercase()
        })
    }
}

/// Whether a name server remembers answers of others.
#[derive(Clone, Copy)]
enum Memory {
    None,
    Some,
}

type PolicyOf = fn() -> Policy;
const POLICIES: [(&str, PolicyOf); 5] = [
    ("cisco-uds", Policy::cisco_uds),
    ("collab-edge", Policy::collab_edge),
    ("room-os", Policy::room_os),
    ("standard", Policy::standard),
    ("tls-only", Policy::tls_only),
];

/// The servers as the table has them, sorted within each priority.
fn servers(found: &Resolution) -> String {
    let hops = found.hops().iter().map(|hop| {
        let transport = hop.transport().to_string().to_lowercase();
        format!("{transport} {} {}", hop.address(), hop.priority())
    });
    let mut hops: Vec<_> = hops.collect();
    assert!(
        hops.is_sorted_by_key(|server| by_priority(server).0),
        "{hops:?}"
    );
    hops.sort_by_key(|server| by_priority(server));
    hops.join(", ")
}

fn by_priority(server: &str) -> (u16, String) {
    let priority = server.rsplit(' ').next().unwrap().parse().unwrap();
    (priority, server.to_owned())
}

/// Runs all cases, many at once, and tells those that come out wrong.
async fn wrong(server: SocketAddr, seed: u64, memory: Memory) -> Vec<String> {
    let resolver = Resolver::new([server], Options::default()).unwrap();
    wrong_by(resolver, seed, memory).await
}

async fn wrong_by(resolver: Resolver, seed: u64, memory: Memory) -> Vec<String> {
    let (cases, _) = Case::all();
    let mut wrong = Vec::new();
    for chunk in cases.chunks(16) {
        let mut running = JoinSet::new();
        for case in chunk {
            let (case, resolver) = (case.clone(), resolver.clone());
            running.spawn(async move {
                let (outcome, is_right) = case.run(&resolver, seed, memory).await;
                (!is_right).then(|| format!("{case:?}\n  came out as {outcome}"))
            });
        }
        wrong.extend(running.join_all().await.into_iter().flatten());
    }
    wrong
}

#[tokio::test]
async fn every_case_comes_out_as_its_zone_says() {
    let (cases, domains) = Case::all();
    assert!(domains >= 60, "{domains} domains");
    assert!(cases.len() >= 180, "{} cases", cases.len());
    let server = serve_zones(&[("cases.test.", CASES), ("other.test.", OTHER)]).await;
    let wrong = wrong(server, 1, Memory::None).await;
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn a_hundred_runs_give_the_same_servers() {
    let server = serve_zones(&[("cases.test.", CASES), ("other.test.", OTHER)]).await;
    let options = Options::default().with_cache_capacity(0);
    let resolver = Resolver::new([server], options).unwrap();
    for name in [
        "full",
        "weights",
        "target-elsewhere",
        "chain-of-aliases",
        "many-addresses",
    ] {
        let target = format!("{name}.cases.test").parse().unwrap();
        let mut sets = BTreeSet::new();
        let mut firsts = BTreeSet::new();
        for seed in 0..100 {
            let found = resolver
                .resolve(&target, &Policy::room_os(), &mut Counter(seed))
                .await
                .unwrap();
            firsts.insert(found.hops()[0].address());
            sets.insert(servers(&found));
        }
        assert_eq!(sets.len(), 1, "{name}: {sets:?}");
        // What is drawn is the order alone.
        assert_eq!(firsts.len() > 1, name == "weights", "{name}: {firsts:?}");
    }
}

/// What `.ci/name-servers start` has printed; a run without it leaves the test out, but for CI.
fn other_peoples() -> Option<String> {
    let servers = std::env::var("OFFHOOK_NAME_SERVERS").ok();
    if servers.is_none() {
        assert!(
            std::env::var("CI").as_deref() != Ok("true"),
            "OFFHOOK_NAME_SERVERS is not set"
        );
        println!("skipped: OFFHOOK_NAME_SERVERS is not set; see .ci/name-servers");
    }
    servers
}

#[tokio::test]
async fn other_peoples_name_servers_lead_to_the_same() {
    let Some(servers) = other_peoples() else {
        return;
    };
    let mut count = 0;
    for server in servers.split(',') {
        let (name, address) = server.split_once('=').unwrap();
        let Ok(address) = address.parse() else {
            continue;
        };
        count += 1;
        let memory = match name {
            "unbound" => Memory::Some,
            _ => Memory::None,
        };
        for seed in 0..3 {
            let wrong = wrong(address, seed, memory).await;
            assert!(wrong.is_empty(), "{name}: {}", wrong.join("\n"));
        }
    }
    assert!(count >= 2, "{servers}");
}

#[cfg(feature = "dnssec")]
#[tokio::test]
async fn other_peoples_signed_zones_lead_to_the_same() {
    use offhook_sip_resolver::{Dnssec, Unsigned};
    use std::path::Path;

    let Some(servers) = other_peoples() else {
        return;
    };
    let named = |name: &str| {
        let mut servers = servers.split(',');
        let value = servers.find_map(|one| one.strip_prefix(name)?.strip_prefix('='));
        value.unwrap_or_else(|| panic!("{name}: {servers:?}"))
    };
    let anchors = Path::new(named("folder")).join("anchors");
    let dnssec = Dnssec::with_anchors(&std::fs::read_to_string(anchors).unwrap()).unwrap();
    let server: SocketAddr = named("signed").parse().unwrap();
    for unsigned in [Unsigned::Accept, Unsigned::Refuse] {
        let resolver = Resolver::new([server], Options::default()).unwrap();
        let resolver = resolver.with_dnssec(&dnssec.clone().with_unsigned(unsigned));
        // Of a failure nothing is believed, nor a circle that it shows.
        let wrong = wrong_by(resolver, 1, Memory::Some).await;
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
