//! How long the planner itself takes, name servers answering at once.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use offhook_sip_resolver::{
    DomainName, Entropy, EntropyError, Naptr, Plan, Policy, Question, QuestionKind, Record,
    RecordData, Reply, Response, Srv, Step, Target,
};

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
    Reply::Records(Response::new(data.into_iter().map(record).collect()))
}

fn resolve(criterion: &mut Criterion) {
    let Ok(target) = "sips:example.com".parse::<Target>() else {
        return;
    };
    criterion.bench_function("resolve/plan of two servers, two rounds", |bencher| {
        bencher.iter(|| {
            let mut plan = Plan::new(black_box(&target).clone(), Policy::room_os());
            while let Step::Ask(questions) = plan.step() {
                for question in questions {
                    plan.answer(&question, reply(&question));
                }
            }
            plan.finish(&mut Zeros).is_ok()
        });
    });
    criterion.bench_function("resolve/target from text", |bencher| {
        bencher.iter(|| black_box("sips:alice@example.com;transport=tls").parse::<Target>());
    });
}

criterion_group!(benches, resolve);
criterion_main!(benches);
