//! Telephones outside, and telephones that are upgraded.

use std::net::Ipv4Addr;
use std::time::Duration;

use http::Response;
use offhook_device_profile::Release;
use offhook_onboarding::device_side::{Flow, RemoteAccessPhone, Step, Task, UpgradedMpp};
use offhook_onboarding::{DeviceError, EdgeTrust};
use offhook_sip_resolver::{
    DomainName, Edge, EdgeFinding, Entropy, EntropyError, Plan, Policy, QuestionKind, Record,
    RecordData, Reply, Resolution, ResolveFailure, Response as Answer, Side, Srv, Step as PlanStep,
};
use serde_json::json;

use crate::bench::device_settings;

struct Zeros;

impl Entropy for Zeros {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), EntropyError> {
        out.fill(0);
        Ok(())
    }
}

/// What is found for `domain`, where one service has a record.
fn resolve(domain: &str, policy: Policy, service: &str) -> Result<Resolution, ResolveFailure> {
    let record = |owner: &str, data| {
        vec![Record::new(
            owner.parse().unwrap(),
            Duration::from_secs(60),
            data,
        )]
    };
    let mut plan = Plan::new(domain.parse().unwrap(), policy);
    while let PlanStep::Ask(questions) = plan.step() {
        for question in questions {
            let name = question.name().as_str();
            let answers = match question.kind() {
                QuestionKind::Srv if name == format!("{service}.{domain}") => {
                    let srv = Srv {
                        priority: 1,
                        weight: 1,
                        port: 8443,
                        target: Some("edge.example.test".parse().unwrap()),
                    };
                    record(name, RecordData::Srv(srv))
                }
                QuestionKind::A if name == "edge.example.test" => {
                    record(name, RecordData::A(Ipv4Addr::LOCALHOST))
                }
                _ => Vec::new(),
            };
            plan.answer(&question, Reply::Records(Answer::new(answers)));
        }
    }
    plan.finish(&mut Zeros)
}

fn edge(domain: &str) -> Edge {
    found(domain, "_collab-edge._tls")
}

/// The servers of `domain`, where `service` has a record.
fn found(domain: &str, service: &str) -> Edge {
    Edge::decide(vec![EdgeFinding {
        domain: domain.parse().unwrap(),
        inside: resolve(domain, Policy::cisco_uds(), service),
        outside: resolve(domain, Policy::collab_edge(), service),
    }])
    .unwrap()
}

fn json(body: &serde_json::Value) -> Response<Vec<u8>> {
    Response::new(body.to_string().into_bytes())
}

fn request(flow: &dyn Flow) -> http::Request<Vec<u8>> {
    match flow.task().unwrap() {
        Task::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

fn phone() -> RemoteAccessPhone {
    let url = "https://activation.example.test".parse().unwrap();
    RemoteAccessPhone::new(device_settings(), url, "1234 5678 9012 3456").unwrap()
}

const DOCUMENT: &str = "<device><deviceProtocol>SIP</deviceProtocol><sipProfile><sipLines>\
    <line button=\"1\"><featureID>9</featureID><proxy>USECALLMANAGER</proxy><name>2001</name></line>\
    </sipLines></sipProfile><devicePool><callManagerGroup><members><member priority=\"0\">\
    <callManager><processNodeName>cucm.example.test</processNodeName></callManager></member>\
    </members></callManagerGroup></devicePool><deviceSecurityMode>3</deviceSecurityMode></device>";

#[test]
fn a_phone_outside_learns_its_edge_from_the_code() {
    let mut phone = phone();
    let sent = request(&phone);
    assert_eq!(sent.uri(), "https://activation.example.test/v1/activations");
    let body: serde_json::Value = serde_json::from_slice(sent.body()).unwrap();
    assert_eq!(body["activationCode"], "1234-5678-9012-3456");
    // Its certificate proves it, so it needs no key of its own.
    assert!(body.get("redemptionKey").is_none());
    let token = json!({
        "access_token": "abc", "token_type": "Bearer", "expires_in": 60,
        "service_domain": "mra.example.test",
    });
    phone.answered(&json(&token)).unwrap();
    assert!(phone.edge_trust().is_none());
    assert_eq!(phone.step(), Some(Step::MachineToken));
    assert!(
        matches!(phone.task().unwrap(), Task::KeepToken { token, .. } if token.secret() == "abc")
    );
    phone.done().unwrap();

    assert_eq!(phone.step(), Some(Step::EdgeFound));
    let wanted: DomainName = "mra.example.test".parse().unwrap();
    assert!(matches!(phone.task().unwrap(), Task::FindEdge { domain } if domain == wanted));
    let other = phone.edge_found(edge("other.example.test"));
    assert!(matches!(other, Err(DeviceError::OtherDomain)));
    let inside = phone.edge_found(found("mra.example.test", "_cisco-uds._tcp"));
    assert!(matches!(inside, Err(DeviceError::Inside)), "{inside:?}");
    assert!(matches!(phone.done(), Err(DeviceError::OutOfOrder)));
    assert!(phone.edge().is_none());
    phone.edge_found(edge("mra.example.test")).unwrap();
    let found = phone.edge().unwrap();
    assert_eq!(found.side(), Side::Outside);
    let hop = found.resolution().hops().first().unwrap().to_string();
    assert_eq!(hop, "TLS 127.0.0.1:8443 as mra.example.test");

    let sent = request(&phone);
    assert_eq!(sent.uri(), "https://mra.example.test/v1/activate");
    assert_eq!(sent.headers()["authorization"], "Bearer abc");
    let name = |name: &str| json!({"deviceName": name, "configurationFile": "SEP.cnf.xml"});
    let other = phone.answered(&json(&name("SEP001122334466")));
    assert!(matches!(other, Err(DeviceError::OtherDevice)));
    phone.answered(&json(&name("SEP001122334455"))).unwrap();

    assert_eq!(
        request(&phone).uri(),
        "https://mra.example.test/v1/files/SEP.cnf.xml"
    );
    let empty = phone.answered(&Response::new(b"<device/>".to_vec()));
    assert!(matches!(empty, Err(DeviceError::Settings(_))));
    phone.answered(&Response::new(DOCUMENT.into())).unwrap();
    let Task::Register(registering) = phone.task().unwrap() else {
        panic!();
    };
    assert_eq!(
        (registering.user.as_str(), registering.domain.as_str()),
        ("2001", "cucm.example.test")
    );
    assert_eq!(registering.token.secret(), "abc");
    phone.done().unwrap();
    assert!(matches!(phone.task().unwrap(), Task::Finished));
}

#[test]
fn a_phone_outside_renews_its_token_and_goes_on_to_its_edge() {
    let mut phone = RemoteAccessPhone::renew(
        device_settings(),
        "https://activation.example.test".parse().unwrap(),
        "old".parse().unwrap(),
        "mra.example.test".parse().unwrap(),
        "SEP.cnf.xml".to_owned(),
    );
    assert_eq!(phone.step(), Some(Step::TokenRenewed));
    let sent = request(&phone);
    let wanted = "https://activation.example.test/v1/machine-token";
    assert_eq!(sent.uri(), wanted);
    assert_eq!(sent.headers()["authorization"], "Bearer old");
    let token = json!({"access_token": "new", "token_type": "Bearer", "expires_in": 3600});
    phone.answered(&json(&token)).unwrap();
    let Task::KeepToken { token, lifetime } = phone.task().unwrap() else {
        panic!();
    };
    assert_eq!((token.secret(), lifetime.as_secs()), ("new", 3600));
    phone.done().unwrap();
    phone.edge_found(edge("mra.example.test")).unwrap();
    // It is activated already.
    assert_eq!(phone.step(), Some(Step::Configuration));
    let sent = request(&phone);
    assert_eq!(sent.uri(), "https://mra.example.test/v1/files/SEP.cnf.xml");
    assert_eq!(sent.headers()["authorization"], "Bearer new");
}

#[test]
fn a_code_that_is_not_for_remote_access_leads_nowhere() {
    let mut phone = phone();
    let answer = |domain: serde_json::Value| {
        json(&json!({
            "access_token": "abc", "token_type": "Bearer", "expires_in": 60,
            "service_domain": domain,
        }))
    };
    for (domain, says) in [
        (json!(null), "no service domain in the answer"),
        (json!("a b"), "malformed service domain"),
    ] {
        let error = phone.answered(&answer(domain)).unwrap_err();
        assert_eq!(error.to_string(), says);
        assert_eq!(phone.step(), Some(Step::CodeRedeemed));
    }
}

#[test]
fn a_phone_outside_is_told_whom_to_trust_there() {
    let mut phone = phone();
    let answer = |trust: &str| {
        json(&json!({
            "access_token": "abc", "token_type": "Bearer", "expires_in": 60,
            "service_domain": "mra.example.test", "edge_trust": trust,
        }))
    };
    let error = phone.answered(&answer("anybody")).unwrap_err();
    assert_eq!(error.to_string(), "authorities of the edge not readable");
    assert_eq!(phone.step(), Some(Step::CodeRedeemed));
    let trust = edge_trust();
    phone.answered(&answer(trust.as_pem())).unwrap();
    phone.done().unwrap();
    assert_eq!(phone.edge_trust(), Some(&trust));
    phone.edge_found(edge("mra.example.test")).unwrap();
    assert_eq!(phone.edge_trust(), Some(&trust));
}

#[test]
fn an_answer_that_names_no_authorities_leaves_those_that_were_told_before() {
    let told = edge_trust();
    let mut phone = phone().with_edge_trust(told.clone());
    let token = json!({
        "access_token": "abc", "token_type": "Bearer", "expires_in": 60,
        "service_domain": "mra.example.test",
    });
    phone.answered(&json(&token)).unwrap();
    assert_eq!(phone.edge_trust(), Some(&told));
}

/// An authority of an edge.
pub(crate) fn edge_trust() -> EdgeTrust {
    let key = rcgen::KeyPair::generate().unwrap();
    let mut parameters = rcgen::CertificateParams::default();
    parameters.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = parameters.self_signed(&key).unwrap();
    EdgeTrust::from_pem(&authority.pem()).unwrap()
}

#[test]
fn a_phone_of_the_premises_goes_outside_with_the_token_it_has() {
    let mut phone = RemoteAccessPhone::onboarded_on_premises(
        device_settings(),
        "abc".parse().unwrap(),
        "mra.example.test".parse().unwrap(),
        "SEP001122334455.cnf.xml".to_owned(),
    );
    assert_eq!(phone.step(), Some(Step::EdgeFound));
    phone.edge_found(edge("mra.example.test")).unwrap();
    // It is activated already.
    let sent = request(&phone);
    assert_eq!(
        sent.uri(),
        "https://mra.example.test/v1/files/SEP001122334455.cnf.xml"
    );
    assert_eq!(sent.headers()["authorization"], "Bearer abc");
}

#[test]
fn a_phone_in_use_is_onboarded_by_newer_firmware() {
    let release = |text: &str| text.parse::<Release>().unwrap();
    let mut phone = UpgradedMpp::new(device_settings(), release("sip8841.11-3-6MPP0001-609"));
    assert_eq!(phone.step(), Some(Step::FirmwareUpgraded));
    let Task::UpgradeFirmware { at_least } = phone.task().unwrap() else {
        panic!();
    };
    assert_eq!(at_least.to_string(), "MPP firmware 11.3.7");
    let identity = json!({
        "macAddress": "001122334455", "rule": "r", "source": "s", "configurationFile": "f.cfg"
    });
    let early = phone.answered(&json(&identity));
    assert!(matches!(early, Err(DeviceError::OutOfOrder)));
    phone.done().unwrap();
    for mut phone in [
        phone,
        UpgradedMpp::new(device_settings(), release("11.3.7")),
        UpgradedMpp::new(device_settings(), release("12-0-1MPP0001-100")),
    ] {
        // By its certificate, and nobody types anything.
        assert_eq!(phone.step(), Some(Step::CertificateIdentity));
        assert_eq!(
            request(&phone).uri(),
            "https://dm.example.test/base/v1/identity"
        );
        phone.answered(&json(&identity)).unwrap();
        assert_eq!(phone.step(), Some(Step::Configuration));
        assert!(matches!(
            phone.edge_found(edge("a.test")),
            Err(DeviceError::OutOfOrder)
        ));
    }
}
