//! How long the planner itself takes, name servers answering at once, and how long a warm answer.

#![expect(clippy::unwrap_used, reason = "a bench may fail")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, criterion_group, criterion_main};
use offhook_sip_resolver::{
    Cache, DomainName, Entropy, EntropyError, Location, Naptr, Options, Plan, Policy, Question,
    QuestionKind, Record, RecordData, Reply, ResolveFailure, Resolver, Response, Srv, Step, Target,
};
use ring::rand::{SecureRandom as _, SystemRandom};

#[path = "support/name_server.rs"]
mod name_server;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(0);
        Ok(())
    }
}

/// A zone with NAPTR, two servers of one priority, and no additional records.
fn reply(question: &Question) -> Reply {
    let name = |text: &str| text.parse::<DomainName>().ok();
    let server = |name| Srv {
        priority: 10,
        weight: 50,
        port: 5061,
        target: name,
    };
    let data = match (question.name().as_str(), question.kind()) {
        ("example.com", QuestionKind::Naptr) => vec![RecordData::Naptr(Naptr {
            order: 10,
            preference: 10,
            flags: "s".into(),
            services: "SIPS+D2T".into(),
            regexp: "".into(),
            replacement: name("_sips._tcp.example.com"),
        })],
        ("_sips._tcp.example.com", QuestionKind::Srv) => vec![
            RecordData::Srv(server(name("one.example.com"))),
            RecordData::Srv(server(name("two.example.com"))),
        ],
        ("one.example.com" | "two.example.com", QuestionKind::A) => {
            vec![RecordData::A([192, 0, 2, 1].into())]
        }
        _ => vec![],
    };
    let record = |data| Record::new(question.name().clone(), Duration::from_secs(60), data);
    let response = Response::new(data.into_iter().map(record).collect());
    Reply::Records(response.with_negative_ttl(Duration::from_secs(60)))
}

/// The system's, as a user of the crate would pass it.
struct System(SystemRandom);

impl Entropy for System {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        self.0.fill(out).map_err(|_| EntropyError::new())
    }
}

fn locate(target: &Target) -> Result<Location, ResolveFailure> {
    let mut plan = Plan::new(target.clone(), Policy::room_os());
    while let Step::Ask(questions) = plan.step() {
        for question in questions {
            plan.answer(&question, reply(&question));
        }
    }
    plan.locate()
}

fn resolve(criterion: &mut Criterion) {
    let Ok(target) = "sips:example.com".parse::<Target>() else {
        return;
    };
    criterion.bench_function("resolve/plan of two servers, two rounds", |bencher| {
        bencher.iter(|| {
            let location = locate(black_box(&target))?;
            Ok::<_, ResolveFailure>(location.draw(&mut Zeros).is_ok())
        });
    });
    criterion.bench_function("resolve/target from text", |bencher| {
        bencher.iter(|| black_box("sips:alice@example.com;transport=tls").parse::<Target>());
    });
    warm(criterion, &target);
}

/// Of 4,096 targets that are kept, one with two servers of one priority.
fn warm(criterion: &mut Criterion, target: &Target) {
    let (policy, now) = (Policy::room_os(), now());
    let found = locate(target);
    assert!(found.is_ok());
    let mut cache = Cache::new(10_000);
    for number in 0..4_096 {
        if let Ok(other) = format!("n{number}.example.com").parse() {
            cache.insert(&other, &policy, &found, now);
        }
    }
    cache.insert(target, &policy, &found, now);
    for (entropy, name) in [
        (&mut Zeros as &mut dyn Entropy, "entropy of nothing"),
        (&mut System(SystemRandom::new()), "entropy of the system"),
    ] {
        criterion.bench_function(&format!("resolve/warm, cache alone, {name}"), |bencher| {
            bencher.iter(|| {
                let known = cache.get(black_box(target), &policy, now)?;
                known.draw(target, &mut *entropy).ok()
            });
        });
    }
    let entropy = SystemRandom::new();
    criterion.bench_function("resolve/eight octets of the system's entropy", |bencher| {
        bencher.iter(|| {
            let mut octets = [0; 8];
            entropy.fill(&mut octets).map(|()| octets)
        });
    });
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return;
    };
    runtime.block_on(async {
        let server = name_server::serve("example.com.", ZONE).await;
        let Ok(resolver) = Resolver::new([server], Options::default()) else {
            return;
        };
        let mut entropy = System(SystemRandom::new());
        let cold = resolver.resolve(target, &policy, &mut entropy).await;
        assert!(cold.is_ok_and(|cold| cold.questions() > 0));
        let warm = resolver.resolve(target, &policy, &mut entropy).await;
        assert!(warm.is_ok_and(|warm| warm.questions() == 0));
        criterion.bench_function("resolve/warm, driver", |bencher| {
            bencher.iter(|| {
                let mut entropy = System(SystemRandom::new());
                let resolving = resolver.resolve(black_box(target), &policy, &mut entropy);
                // It is ready at once: nothing is asked.
                futures_util::FutureExt::now_or_never(resolving).is_some_and(|found| found.is_ok())
            });
        });
    });
}

/// Two servers of one priority.
const ZONE: &str = "@ 3600 SOA ns admin 1 3600 3600 3600 3600
_sip._tls 3600 SRV 10 50 5061 one
_sip._tls 3600 SRV 10 50 5061 two
one 3600 A 192.0.2.1
two 3600 A 192.0.2.2
";

#[expect(clippy::disallowed_methods, reason = "a bench reads the clock")]
fn now() -> Instant {
    Instant::now()
}

criterion_group!(benches, resolve);
criterion_main!(benches);
