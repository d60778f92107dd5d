//! The routes of the services against their `OpenAPI` description.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use http::{Method, Request, Response};
use offhook_bearer_token::{Fetch as _, HttpsFetch};
use offhook_onboarding::http::{
    MAX_BODY_BYTES, fallback_router, health_router, key_set_router, openapi_router,
};
use offhook_onboarding::message::Problem;
use offhook_store_sqlite::{SqliteOptions, SqliteStore};
use offhook_testkit::{World, WorldOptions};
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt as _;

use crate::flows::world;
use crate::schema::description;

/// All services: what a node tells of itself without a socket, the others over HTTPS.
struct Services {
    world: World,
    node: Router,
    client: HttpsFetch,
    _folder: TempDir,
}

impl Services {
    async fn start() -> Self {
        let (world, folder) = world(WorldOptions::default()).await;
        let store = SqliteStore::open(folder.path().join("node.db"), &SqliteOptions::default());
        let node = health_router(Arc::new(store.unwrap()))
            .merge(key_set_router(r#"{"keys":[]}"#.to_owned()))
            .merge(openapi_router())
            .merge(fallback_router());
        let client = HttpsFetch::new(world.client(None).unwrap());
        Self {
            world,
            node,
            client,
            _folder: folder,
        }
    }

    async fn ask(&self, method: &Method, path: &str) -> Response<Vec<u8>> {
        let request = Request::builder().method(method);
        let base = match path {
            "/v1/activations" | "/v1/machine-token" => self.world.activation_url(),
            _ if path.starts_with("/v1/") || path == "/metrics" => self.world.management_url(),
            _ => {
                let request = request.uri(path).body(Body::empty()).unwrap();
                let (parts, body) = self
                    .node
                    .clone()
                    .oneshot(request)
                    .await
                    .unwrap()
                    .into_parts();
                let body = to_bytes(body, usize::MAX).await.unwrap();
                return Response::from_parts(parts, body.to_vec());
            }
        };
        let request = request.uri(base.join(path).unwrap().as_str());
        let answer = self.client.fetch(request.body(Vec::new()).unwrap()).await;
        answer.unwrap()
    }
}

fn word(answer: &Response<Vec<u8>>) -> String {
    let problem: Problem = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer.headers()["content-type"], "application/json");
    problem.error
}

#[tokio::test(flavor = "multi_thread")]
async fn every_described_operation_is_served_and_every_other_method_is_refused() {
    let (services, description) = (Services::start().await, description());
    for (path, item) in description["paths"].as_object().unwrap() {
        let address = path.replace("{profile}", "nobody").replace("{file}", "x");
        let mut allowed = BTreeSet::new();
        for method in &METHODS {
            let operation = item.get(method.as_str().to_ascii_lowercase());
            if operation.is_some() {
                allowed.insert(method.as_str());
                allowed.extend((*method == Method::GET).then_some("HEAD"));
            }
        }
        for method in &METHODS {
            let answer = services.ask(method, &address).await;
            let status = answer.status().as_u16();
            let told = format!("{method} {path}: {status}");
            if let Some(operation) = item.get(method.as_str().to_ascii_lowercase()) {
                let responses = operation["responses"].as_object().unwrap();
                assert!(responses.contains_key(&status.to_string()), "{told}");
                assert!(status < 400 || word(&answer) != "unknown_route", "{told}");
                continue;
            }
            assert_eq!(status, 405, "{told}");
            assert_eq!(word(&answer), "method_not_allowed", "{told}");
            let allow = answer.headers()["allow"].to_str().unwrap();
            let allow: BTreeSet<_> = allow.split(',').map(str::trim).collect();
            assert_eq!(allow, allowed, "{told}");
        }
        let (get, head) = (Method::GET, Method::HEAD);
        if allowed.contains("GET") {
            let (get, head) = (
                services.ask(&get, &address).await,
                services.ask(&head, &address).await,
            );
            assert_eq!(head.status(), get.status(), "{path}");
            let content_type = |answer: &Response<_>| answer.headers().get("content-type").cloned();
            assert_eq!(content_type(&head), content_type(&get), "{path}");
            assert!(head.body().is_empty(), "{path}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_route_answers_is_refused_in_json() {
    let services = Services::start().await;
    for path in [
        "/nowhere",
        "/v1/nowhere",
        "/v1/devices/a/b/c",
        "/v1/devices/",
    ] {
        let answer = services.ask(&Method::GET, path).await;
        assert_eq!(
            (answer.status().as_u16(), word(&answer).as_str()),
            (404, "unknown_route")
        );
    }
    let url = services
        .world
        .activation_url()
        .join("v1/activations")
        .unwrap();
    let request = Request::post(url.as_str()).body(vec![b' '; MAX_BODY_BYTES + 1]);
    let answer = services.client.fetch(request.unwrap()).await.unwrap();
    let found = (answer.status().as_u16(), word(&answer));
    assert_eq!(found, (413, "content_too_large".to_owned()));
    // An array of the members in their order is no message.
    let array = br#"["1234567890123456","Cisco Desk Pro","001122334455"]"#;
    let request = Request::post(url.as_str()).body(array.to_vec());
    let answer = services.client.fetch(request.unwrap()).await.unwrap();
    let problem: Problem = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(answer.status(), 400);
    let told = "the body is not what belongs there at line 1, column 1";
    assert_eq!(problem.error_description, told);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_description_is_served_without_credentials() {
    let services = Services::start().await;
    let answer = services.ask(&Method::GET, "/openapi.json").await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let served: Value = serde_json::from_slice(answer.body()).unwrap();
    assert_eq!(served, description());
    assert_eq!(served["openapi"], "3.1.1");
}

/// Routers do not tell their routes, so they are read out of the source.
#[test]
fn every_route_and_every_word_of_a_refusal_is_described() {
    let description = description();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../onboarding/src/http");
    let mut source = String::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "rs") {
            source += &fs::read_to_string(path).unwrap();
        }
    }
    let routes = source.split(".route(").skip(1);
    let routes = routes.map(|rest| rest.split('"').nth(1).unwrap());
    let routes: BTreeSet<_> = routes
        .filter(|path| !path.starts_with("/operator"))
        .collect();
    let described = description["paths"].as_object().unwrap();
    assert_eq!(routes, described.keys().map(String::as_str).collect());
    assert_eq!(routes.len(), 19);
    let words = &description["components"]["schemas"]["Problem"]["properties"]["error"]["enum"];
    for word in words.as_array().unwrap() {
        assert!(source.contains(&word.to_string()), "{word}");
    }
}

/// What a reference names is there, and each operation has a name of its own.
#[test]
fn references_lead_somewhere_and_names_are_used_once() {
    let description = description();
    let mut names = BTreeSet::new();
    let mut links = BTreeSet::new();
    let mut left = vec![&description];
    while let Some(value) = left.pop() {
        match value {
            Value::Array(items) => left.extend(items),
            Value::Object(members) => {
                if let Some(Value::String(reference)) = members.get("$ref") {
                    let pointer = reference.strip_prefix('#').unwrap();
                    assert!(description.pointer(pointer).is_some(), "{reference}");
                }
                if let Some(Value::String(name)) = members.get("operationId") {
                    if members.contains_key("responses") {
                        assert!(names.insert(name), "{name}");
                    } else {
                        links.insert(name);
                    }
                }
                left.extend(members.values());
            }
            _ => {}
        }
    }
    assert_eq!(names.len(), 21);
    assert!(links.is_subset(&names), "{links:?}");
}

static METHODS: [Method; 7] = [
    Method::DELETE,
    Method::GET,
    Method::OPTIONS,
    Method::PATCH,
    Method::POST,
    Method::PUT,
    Method::TRACE,
];
