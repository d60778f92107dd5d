//! A device lives longer than its machine token.

use std::time::Duration;

use http::{Request, Response};
use offhook_bearer_token::{AccessToken, Fetch as _, HttpsFetch, Scope};
use offhook_onboarding::device_side::{Flow, RoomOs, Step};
use offhook_onboarding::http::{ADMIN_SCOPE, TlsCredentials};
use offhook_onboarding::message::{MachineToken, Problem};
use offhook_testkit::{Driver, SampleDevice, TOKEN_LIFETIME, World, WorldOptions};
use uuid::Uuid;

use crate::flows::{code, finish, room_os, world};

const MINUTE: Duration = Duration::from_secs(60);

/// The device once it is registered.
async fn registered(world: &World, folder: &tempfile::TempDir, device: &SampleDevice) -> Driver {
    let code = code(world, device).await;
    let (mut driver, mut flow) = room_os(world, folder, device, &code);
    finish(&mut driver, &mut flow).await;
    driver
}

fn kept(driver: &Driver) -> AccessToken {
    driver.kept_token().unwrap().parse().unwrap()
}

/// What the activation service answers to somebody without a certificate.
async fn renew(world: &World, token: &AccessToken) -> Response<Vec<u8>> {
    renew_by(world, token, &client(world, None)).await
}

fn client(world: &World, credentials: Option<TlsCredentials>) -> HttpsFetch {
    HttpsFetch::new(world.client(credentials).unwrap())
}

async fn renew_by(world: &World, token: &AccessToken, client: &HttpsFetch) -> Response<Vec<u8>> {
    let url = world.activation_url().join("v1/machine-token").unwrap();
    let request = Request::post(url.as_str())
        .header("authorization", token.to_authorization())
        .body(Vec::new());
    client.fetch(request.unwrap()).await.unwrap()
}

fn refusal(response: &Response<Vec<u8>>) -> (u16, String) {
    let problem: Problem = serde_json::from_slice(response.body()).unwrap();
    (response.status().as_u16(), problem.error)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_registers_for_hours_as_it_renews_its_token() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let mut driver = registered(&world, &folder, &device).await;
    let settings = || device.settings(world.management_url());
    let activation = world.activation_url();
    // Registrations hold for an hour, and so do tokens: it is never without one or the other.
    for _ in 0..6 {
        world.clock().advance(30 * MINUTE);
        let old = kept(&driver);
        let mut flow = RoomOs::renew(settings(), activation.clone(), old.clone());
        assert_eq!(flow.step(), Some(Step::TokenRenewed));
        finish(&mut driver, &mut flow).await;
        assert_eq!(flow.step(), None);
        assert_ne!(kept(&driver), old);
        // The old one is good until it expires.
        assert_eq!(renew(&world, &old).await.status(), 200);
    }
    let status = world.admin().status(device.profile).await.unwrap();
    assert!(status.registered);

    // One that slept has lost its token.
    world.clock().advance(TOKEN_LIFETIME + 2 * MINUTE);
    let token = kept(&driver);
    let unauthorized = (401, "invalid_token".to_owned());
    assert_eq!(refusal(&renew(&world, &token).await), unauthorized);
    let flows = [
        RoomOs::renew(settings(), activation.clone(), token.clone()),
        RoomOs::resume(settings(), token),
    ];
    for mut flow in flows {
        let before = flow.step();
        let error = driver.step(&mut flow).await.unwrap_err();
        assert!(format!("{error:#}").contains("status 401"), "{error:#}");
        assert_eq!(flow.step(), before);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_renewed_for_its_own_device_by_its_own_issuer_only() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let driver = registered(&world, &folder, &device).await;
    let url = world.activation_url().join("v1/machine-token").unwrap();
    let nobody = Request::post(url.as_str()).body(Vec::new()).unwrap();
    let answer = client(&world, None).fetch(nobody).await.unwrap();
    assert_eq!(refusal(&answer), (401, "unauthorized".to_owned()));
    assert!(answer.headers().contains_key("www-authenticate"));

    let subject = world.admin().status(device.profile).await.unwrap().subject;
    let scope = [ADMIN_SCOPE.parse().unwrap()];
    let other_scope = world.issuer().issue(subject.unwrap(), &scope).unwrap();
    let connector = [Scope::BROADWORKS_CONNECTOR_USER];
    let other_subject = world
        .issuer()
        .issue(Uuid::from_u128(7), &connector)
        .unwrap();
    let forged = format!("{}x", driver.kept_token().unwrap())
        .parse()
        .unwrap();
    for (token, status, word) in [
        (&other_scope, 403, "insufficient_scope"),
        (&other_subject, 404, "not_found"),
        (&forged, 401, "invalid_token"),
    ] {
        let refused = refusal(&renew(&world, token).await);
        assert_eq!(refused, (status, word.to_owned()));
    }

    let token = kept(&driver);
    let renewed = renew(&world, &token).await;
    assert_eq!(renewed.headers()["cache-control"], "no-store");
    world.admin().deactivate(device.profile).await.unwrap();
    let renewed: MachineToken = serde_json::from_slice(renewed.body()).unwrap();
    let renewed = renewed.access_token.secret().parse().unwrap();
    for token in [token, renewed] {
        let refused = refusal(&renew(&world, &token).await);
        assert_eq!(refused, (404, "not_found".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_bound_to_a_certificate_is_renewed_by_its_holder_and_stays_bound() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    registered(&world, &folder, &device).await;
    let subject = world.admin().status(device.profile).await.unwrap().subject;
    let phone = SampleDevice::mpp().unwrap().subject();
    let credentials = world.maker_authority().device(&phone).unwrap();
    let digest = ring::digest::digest(&ring::digest::SHA256, &credentials.chain()[0]);
    let thumbprint: [u8; 32] = digest.as_ref().try_into().unwrap();
    let scope = [Scope::BROADWORKS_CONNECTOR_USER];
    let bound = world
        .issuer()
        .issue_bound(subject.unwrap(), &scope, thumbprint);
    let bound = bound.unwrap();
    let other = world.maker_authority().device(&phone).unwrap();
    for thief in [None, Some(other)] {
        let refused = refusal(&renew_by(&world, &bound, &client(&world, thief)).await);
        assert_eq!(refused, (401, "invalid_token".to_owned()));
    }
    let holder = client(&world, Some(credentials));
    let answer = renew_by(&world, &bound, &holder).await;
    assert_eq!(answer.status(), 200);
    let renewed: MachineToken = serde_json::from_slice(answer.body()).unwrap();
    let renewed = renewed.access_token.secret().parse().unwrap();
    let refused = refusal(&renew(&world, &renewed).await);
    assert_eq!(refused, (401, "invalid_token".to_owned()));
    let again = renew_by(&world, &renewed, &holder).await;
    assert_eq!(again.status(), 200);
}
