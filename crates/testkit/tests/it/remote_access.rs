//! Telephones outside, and telephones that are upgraded, over real sockets.

use offhook_onboarding::device_side::{Flow, RemoteAccessPhone, Step, UpgradedMpp};
use offhook_onboarding::{ActivationState, AuditEvent};
use offhook_testkit::{Codes, Driver, EDGE_DOMAIN, SampleDevice, World, WorldOptions};
use tempfile::TempDir;

use crate::flows::{code, events, finish, phone, world};

async fn outside() -> (World, TempDir) {
    let mut options = WorldOptions::default();
    options.codes = Codes::RemoteAccess;
    world(options).await
}

fn flow(world: &World, device: &SampleDevice, code: &str) -> RemoteAccessPhone {
    // It is told of no device management.
    let nowhere = "https://nowhere.example.test/".parse().unwrap();
    let settings = device.settings(&nowhere);
    RemoteAccessPhone::new(settings, world.activation_url().clone(), code).unwrap()
}

/// Goes on until `step` is at hand.
async fn go_to(driver: &mut Driver, flow: &mut dyn Flow, step: Step) {
    while flow.step() != Some(step) {
        driver.step(flow).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_outside_goes_from_its_code_to_its_registration_over_the_edge() {
    let (world, folder) = outside().await;
    let device = SampleDevice::unified_cm().unwrap();
    let code = code(&world, &device).await;
    let mut flow = flow(&world, &device, &code);
    let mut driver = phone(&world, &folder, &device);
    let mut stories = Vec::new();
    while let Some(done) = driver.step(&mut flow).await.unwrap() {
        stories.push((done.step.to_string(), done.story));
    }
    let steps: Vec<_> = stories.iter().map(|(step, _)| step.as_str()).collect();
    let wanted = [
        "code_redeemed",
        "machine_token",
        "edge_found",
        "activated",
        "configuration",
        "registered",
    ];
    assert_eq!(steps, wanted);
    let (sip, web) = {
        let edge = world.edge().unwrap();
        (edge.sip(), edge.web())
    };
    let found = &stories[2].1;
    assert!(
        found.ends_with(&format!("TLS {web} as {EDGE_DOMAIN}")),
        "{found}"
    );
    let registered = format!("registrar {sip} as {EDGE_DOMAIN}: REGISTER bob-8851@example.test");
    assert!(stories[5].1.contains(&registered), "{}", stories[5].1);

    let status = world.admin().status(device.profile).await.unwrap();
    assert!(status.registered);
    assert_eq!(status.device_name.mac(), Some(device.mac));
    assert_eq!(
        events(&world).await,
        [
            AuditEvent::Provisioned,
            AuditEvent::CodeIssued,
            AuditEvent::CodeRedeemed,
            AuditEvent::Activated,
            AuditEvent::Registered,
        ]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edge_is_trusted_by_the_authorities_that_came_with_its_domain_alone() {
    let (world, folder) = outside().await;
    let device = SampleDevice::unified_cm().unwrap();
    let code = code(&world, &device).await;
    let mut first = flow(&world, &device, &code);
    let mut driver = phone(&world, &folder, &device);
    go_to(&mut driver, &mut first, Step::Configuration).await;
    let trust = first.edge_trust().unwrap().clone();
    // It starts again with what it keeps, but for whom to trust.
    let again = || {
        RemoteAccessPhone::onboarded_on_premises(
            device.settings(world.management_url()),
            driver.kept_token().unwrap().parse().unwrap(),
            EDGE_DOMAIN.parse().unwrap(),
            "SEP000E08ABCD01.cnf.xml".to_owned(),
        )
    };
    let (mut distrusting, mut trusting) = (again(), again().with_edge_trust(trust));
    let mut driver = phone(&world, &folder, &device);
    go_to(&mut driver, &mut distrusting, Step::Configuration).await;
    let error = driver.step(&mut distrusting).await.unwrap_err();
    let told = format!("{error:#}");
    assert!(told.contains("UnknownIssuer"), "{told}");
    finish(&mut driver, &mut trusting).await;
    let status = world.admin().status(device.profile).await.unwrap();
    assert!(status.registered);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_in_use_installs_what_it_is_offered_and_registers() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::mpp().unwrap();
    world.bridge().ship(device.mac);
    let provisioned = device.provision(Some(device.mac));
    world.admin().provision(&provisioned).await.unwrap();
    let settings = device.settings(world.management_url());
    let mut flow = UpgradedMpp::new(settings, "11.3.6".parse().unwrap());
    let mut driver = phone(&world, &folder, &device);
    for offered in [None, Some("11.3.6")] {
        if let Some(firmware) = offered {
            driver = driver.with_firmware(firmware.parse().unwrap());
        }
        let error = driver.step(&mut flow).await.unwrap_err();
        let told = format!("{error:#}");
        assert!(
            told.ends_with("no MPP firmware 11.3.7 is offered"),
            "{told}"
        );
        assert_eq!(flow.step(), Some(Step::FirmwareUpgraded));
    }
    let mut driver = driver.with_firmware("12.0.1".parse().unwrap());
    finish(&mut driver, &mut flow).await;
    let status = world.admin().status(device.profile).await.unwrap();
    assert!(status.registered);
    assert_eq!(status.activation_state, ActivationState::Activated);
}
