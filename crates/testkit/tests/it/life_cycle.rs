//! The life cycle of a device as an administrator has it over HTTP.

use http::{Method, Request, Response};
use offhook_bearer_token::{Fetch as _, HttpsFetch};
use offhook_onboarding::http::ADMIN_SCOPE;
use offhook_onboarding::message::{DeviceList, DeviceStatus, Problem};
use offhook_onboarding::{AuditEvent, verify_chain};
use offhook_testkit::{ISSUER, SampleDevice, World, WorldOptions};
use serde_json::json;
use uuid::Uuid;

use crate::flows::{code, finish, room_os, world};

struct Administrator<'w> {
    world: &'w World,
    client: HttpsFetch,
    subject: Uuid,
}

impl<'w> Administrator<'w> {
    fn new(world: &'w World) -> Self {
        let client = HttpsFetch::new(world.client(None).unwrap());
        Self {
            world,
            client,
            subject: Uuid::from_u128(7),
        }
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        body: &serde_json::Value,
    ) -> Response<Vec<u8>> {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        self.send_bytes(method, path, body).await
    }

    async fn send_bytes(&self, method: Method, path: &str, body: Vec<u8>) -> Response<Vec<u8>> {
        let scopes = [ADMIN_SCOPE.parse().unwrap()];
        let token = self.world.issuer().issue(self.subject, &scopes).unwrap();
        let request = Request::builder()
            .method(method)
            .uri(self.world.management_url().join(path).unwrap().as_str())
            .header("authorization", token.to_authorization())
            .body(body)
            .unwrap();
        self.client.fetch(request).await.unwrap()
    }

    async fn status(&self, method: Method, path: &str, body: serde_json::Value) -> u16 {
        self.send(method, path, &body).await.status().as_u16()
    }

    async fn list(&self, query: &str) -> DeviceList {
        let path = format!("v1/devices{query}");
        let response = self.send(Method::GET, &path, &json!(null)).await;
        serde_json::from_slice(response.body()).unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_listed_replaced_asked_deactivated_and_deleted() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;
    let admin = Administrator::new(&world);
    let list = admin.list("").await;
    assert_eq!((list.devices.len(), list.next), (1, None));
    let profile = list.devices[0].profile.clone();
    let at = |verb: &str| format!("v1/devices/{profile}{verb}");
    let list = admin.list("?limit=1").await;
    assert_eq!(list.next.as_ref(), Some(&profile));
    let rest = admin.list(&format!("?limit=1&after={profile}")).await;
    assert_eq!((rest.devices.len(), rest.next), (0, None));

    let recipient = json!({"recipient": "owner@example.test"});
    let nothing = json!(null);
    let post = Method::POST;
    for verb in ["/reboot", "/problem-report"] {
        assert_eq!(
            admin.status(post.clone(), &at(verb), nothing.clone()).await,
            202
        );
    }
    // It is activated, so it takes one for another device, and no first one.
    for (verb, expected) in [("/replacement-code", 201), ("/activation-code", 409)] {
        let path = at(verb);
        let status = admin.status(post.clone(), &path, recipient.clone()).await;
        assert_eq!(status, expected, "{verb}");
    }

    let response = admin
        .send(post.clone(), &at("/deactivation"), &nothing)
        .await;
    let status: DeviceStatus = serde_json::from_slice(response.body()).unwrap();
    assert_eq!(status.mac_address, None);
    assert_eq!(
        admin
            .status(post.clone(), &at("/reboot"), nothing.clone())
            .await,
        409
    );
    assert_eq!(
        admin.status(Method::DELETE, &at(""), nothing.clone()).await,
        204
    );
    for (method, verb) in [
        (Method::DELETE, ""),
        (Method::GET, ""),
        (post.clone(), "/deactivation"),
        (post.clone(), "/reboot"),
    ] {
        assert_eq!(
            admin.status(method, &at(verb), nothing.clone()).await,
            404,
            "{verb}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_asked_well_moves_nothing() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;
    let admin = Administrator::new(&world);
    let profile = admin.list("").await.devices[0].profile.clone();
    let path = format!("v1/devices/{profile}/move");
    for (body, expected) in [
        (
            json!({"profile": "other", "recipient": "owner@example.test"}),
            409,
        ),
        (
            json!({"profile": profile, "recipient": "owner@example.test"}),
            409,
        ),
        (json!({"profile": "other", "recipient": "owner"}), 400),
        (
            json!({"profile": "", "recipient": "owner@example.test"}),
            400,
        ),
        (json!({"profile": "other"}), 403),
        (
            json!({"profile": "other", "recipient": "owner@example.test", "x": 1}),
            400,
        ),
    ] {
        let response = admin.send(Method::POST, &path, &body).await;
        assert_eq!(response.status(), expected, "{body}");
        let problem: Problem = serde_json::from_slice(response.body()).unwrap();
        assert!(!problem.error_description.is_empty());
    }
    let elsewhere = json!({"profile": "other", "recipient": "owner@example.test"});
    let unknown = admin.status(Method::POST, "v1/devices/nobody/move", elsewhere);
    assert_eq!(unknown.await, 404);
    for query in ["?limit=0", "?limit=1001", "?limit=x", "?after=", "?page=1"] {
        let path = format!("v1/devices{query}");
        let response = admin.send(Method::GET, &path, &json!(null)).await;
        assert_eq!(response.status(), 400, "{query}");
        let problem: Problem = serde_json::from_slice(response.body()).unwrap();
        assert_eq!(problem.error, "invalid_request", "{query}");
    }
    // A tag that is named twice, as any other member.
    let twice = |members: &str| {
        let other =
            r#""profile":"other","account":"Room","deviceType":"Room OS","model":"Cisco Desk Pro""#;
        format!(r#"{{{other},"ownership":"workspace","linePort":"other@example.test",{members}}}"#)
    };
    for (members, status) in [
        (r#""tags":{"%DISPLAY_NAME%":"a","%DISPLAY_NAME%":"b"}"#, 400),
        (r#""tags":{"%DISPLAY_NAME%":"a"},"tags":{}"#, 400),
        (r#""tags":{"%DISPLAY_NAME%":"a"}"#, 201),
    ] {
        let body = twice(members).into_bytes();
        let response = admin.send_bytes(Method::POST, "v1/devices", body).await;
        assert_eq!(response.status(), status, "{members}");
    }
    assert_eq!(
        admin
            .status(Method::DELETE, "v1/devices/other", json!(null))
            .await,
        204
    );
    // Who is no administrator learns nothing of what is wrong beside, and uploads nothing.
    let large = vec![b'x'; offhook_onboarding::http::MAX_BODY_BYTES + 1];
    for (method, path, body) in [
        (Method::GET, "v1/devices?limit=x", Vec::new()),
        (Method::POST, "v1/devices", large.clone()),
        (Method::POST, "v1/devices/x/activation-code", large.clone()),
        (Method::POST, "v1/activate", large.clone()),
        (Method::POST, "v1/registrations", large),
    ] {
        let url = world.management_url().join(path).unwrap();
        let request = Request::builder().method(method).uri(url.as_str());
        let response = admin
            .client
            .fetch(request.body(body).unwrap())
            .await
            .unwrap();
        assert_eq!(response.status(), 401, "{path}");
    }
    let state = admin.list("").await.devices[0].activation_state;
    assert_eq!(state, offhook_onboarding::ActivationState::Activated);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_no_path_can_name_is_not_made() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let admin = Administrator::new(&world);
    let device = SampleDevice::room_os().unwrap();
    for (profile, expected) in [(".", 400), ("..", 400), ("...", 201), ("a/b?c#d%2e", 201)] {
        let mut request = device.provision(None);
        request.profile = profile.to_owned();
        let request = serde_json::to_value(&request).unwrap();
        let made = admin.status(Method::POST, "v1/devices", request).await;
        assert_eq!(made, expected, "{profile}");
    }
    let path = "v1/devices/a%2Fb%3Fc%23d%252e";
    assert_eq!(admin.status(Method::GET, path, json!(null)).await, 200);
    // A path that is no text names no device.
    let path = "v1/devices/%FF";
    assert_eq!(admin.status(Method::GET, path, json!(null)).await, 404);
}

/// What a device type lacks is no fault of the request.
#[tokio::test(flavor = "multi_thread")]
async fn a_tag_without_a_value_is_a_conflict_and_a_tag_that_is_none_a_bad_request() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let admin = Administrator::new(&world);
    let request = SampleDevice::room_os().unwrap().provision(None);
    let mut request = serde_json::to_value(&request).unwrap();
    for (tags, status, word) in [
        (json!({}), 409, "provisioning_refused"),
        (json!({"DISPLAY_NAME": "x"}), 400, "invalid_request"),
        (json!({"%BWDEVICEID%": "x"}), 400, "invalid_request"),
    ] {
        request["tags"] = tags;
        let answer = admin.send(Method::POST, "v1/devices", &request).await;
        let problem: Problem = serde_json::from_slice(answer.body()).unwrap();
        assert_eq!(
            (answer.status().as_u16(), problem.error.as_str()),
            (status, word)
        );
    }
}

/// A device whose answer was lost asks again; once it was deactivated it is told what everybody is.
#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_was_deactivated_gets_no_other_token_for_its_code() {
    let (world, _folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let admin = Administrator::new(&world);
    let url = world.activation_url().join("v1/activations").unwrap();
    let present = async |code: &str| {
        let body = json!({
            "activationCode": code,
            "model": "Cisco Desk Pro",
            "macAddress": device.mac.to_string(),
            "redemptionKey": format!("{:064x}", 1),
        });
        let body = body.to_string().into_bytes();
        let request = Request::post(url.as_str()).body(body).unwrap();
        let response = admin.client.fetch(request).await.unwrap();
        (response.status().as_u16(), response.into_body())
    };
    for _ in 0..2 {
        assert_eq!(present(&code).await.0, 200);
    }
    let path = format!("v1/devices/{}/deactivation", device.profile);
    assert_eq!(admin.status(Method::POST, &path, json!(null)).await, 200);
    let (status, refused) = present(&code).await;
    assert_eq!(status, 403);
    assert_eq!(refused, present("1234567890123456").await.1);
}

/// Each verb by another administrator, whose subject stands in its record; devices have none.
#[tokio::test(flavor = "multi_thread")]
async fn the_audit_log_names_the_subject_of_each_administrators_token() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let recipient = json!({"recipient": "owner@example.test"});
    let mut wanted = Vec::new();
    let mut act = async |method: Method, path: &str, body: &serde_json::Value, events: &[_]| {
        let subject = Uuid::from_u128(100 + wanted.len() as u128);
        wanted.extend(
            events
                .iter()
                .map(|event| (*event, Some(subject.to_string()))),
        );
        let admin = Administrator {
            subject,
            ..Administrator::new(&world)
        };
        let answer = admin.send(method, path, body).await;
        assert!(answer.status().is_success(), "{path}: {answer:?}");
    };
    let post = || Method::POST;
    let at = |verb: &str| format!("v1/devices/{}{verb}", device.profile);
    let provision = serde_json::to_value(device.provision(None)).unwrap();
    act(post(), "v1/devices", &provision, &[AuditEvent::Provisioned]).await;
    let issued = [AuditEvent::CodeIssued];
    act(post(), &at("/activation-code"), &recipient, &issued).await;
    let code = world.mailed_code().unwrap().to_string();
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;

    let mut other = device.provision(None);
    (other.profile, other.line_port) = ("spare".into(), "spare@example.test".into());
    let other = serde_json::to_value(other).unwrap();
    let to_spare = json!({"profile": "spare", "recipient": "owner@example.test"});
    let nothing = json!(null);
    for (method, path, body, events) in [
        (
            post(),
            at("/reboot"),
            &nothing,
            &[AuditEvent::RebootRequested][..],
        ),
        (
            post(),
            at("/problem-report"),
            &nothing,
            &[AuditEvent::ProblemReportRequested],
        ),
        (post(), at("/replacement-code"), &recipient, &issued),
        (
            post(),
            "v1/devices".to_owned(),
            &other,
            &[AuditEvent::Provisioned],
        ),
        (
            post(),
            at("/move"),
            &to_spare,
            &[AuditEvent::Deactivated, AuditEvent::CodeIssued],
        ),
        (
            post(),
            at("/deactivation"),
            &nothing,
            &[AuditEvent::Deactivated],
        ),
        (Method::DELETE, at(""), &nothing, &[AuditEvent::Deleted]),
    ] {
        act(method, &path, body, events).await;
    }
    let records = world.registry().audit(0, 100).await.unwrap();
    verify_chain(None, &records).unwrap();
    let (by_administrators, by_devices): (Vec<_>, Vec<_>) = records
        .iter()
        .map(|record| (record.entry().event, record.entry().actor.as_ref()))
        .partition(|(_, actor)| actor.is_some());
    let issuers = by_administrators
        .iter()
        .filter_map(|(_, actor)| actor.as_ref()?.issuer());
    assert!(
        issuers
            .clone()
            .eq(std::iter::repeat_n(ISSUER, wanted.len()))
    );
    let found: Vec<_> = by_administrators
        .iter()
        .map(|(event, actor)| (*event, actor.map(|actor| actor.subject().to_owned())))
        .collect();
    assert_eq!(found, wanted);
    let by_devices: Vec<_> = by_devices.iter().map(|(event, _)| *event).collect();
    let expected = [
        AuditEvent::CodeRedeemed,
        AuditEvent::Activated,
        AuditEvent::Registered,
    ];
    assert_eq!(by_devices, expected);
}
