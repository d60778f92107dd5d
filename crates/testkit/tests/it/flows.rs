//! Whole onboardings over real sockets.

use offhook_activation_code::{RedemptionKey, SystemEntropy};
use offhook_device_name::MacAddress;
use offhook_onboarding::device_side::{Flow, Mpp, RoomOs};
use offhook_onboarding::{AuditEvent, Counter, verify_chain};
use offhook_testkit::{Driver, SampleDevice, World, WorldOptions, sample_archives};
use tempfile::TempDir;

pub(crate) async fn world(options: WorldOptions) -> (World, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let world = World::start(folder.path(), &sample_archives(), options)
        .await
        .unwrap();
    (world, folder)
}

/// Provisions the device and gives the code that was mailed.
pub(crate) async fn code(world: &World, device: &SampleDevice) -> String {
    world
        .admin()
        .provision(&device.provision(None))
        .await
        .unwrap();
    world
        .admin()
        .issue_code(device.profile, "owner@example.test")
        .await
        .unwrap();
    world.mailed_code().unwrap().to_string()
}

pub(crate) fn room_os(
    world: &World,
    folder: &TempDir,
    device: &SampleDevice,
    code: &str,
) -> (Driver, RoomOs) {
    let key = RedemptionKey::draw(&mut SystemEntropy::new()).unwrap();
    let settings = device.settings(world.management_url());
    let flow = RoomOs::new(settings, world.activation_url().clone(), code, key).unwrap();
    let token = folder.path().join(format!("{}.token", device.mac));
    (
        Driver::new(world, world.client(None).unwrap(), token).unwrap(),
        flow,
    )
}

pub(crate) fn phone(world: &World, folder: &TempDir, device: &SampleDevice) -> Driver {
    let credentials = world.maker_authority().device(&device.subject()).unwrap();
    let tls = world.client(Some(credentials)).unwrap();
    Driver::new(world, tls, folder.path().join("mpp.token")).unwrap()
}

pub(crate) async fn finish(driver: &mut Driver, flow: &mut dyn Flow) {
    while driver.step(flow).await.unwrap().is_some() {}
}

pub(crate) async fn events(world: &World) -> Vec<AuditEvent> {
    let records = world.registry().audit(0, usize::MAX).await.unwrap();
    verify_chain(None, &records).unwrap();
    records.iter().map(|record| record.entry().event).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_registers_and_the_audit_log_tells_how() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
    finish(&mut driver, &mut flow).await;

    let status = world.admin().status(device.profile).await.unwrap();
    assert!(status.registered);
    assert_eq!(status.device_name.mac(), Some(device.mac));
    assert_eq!(status.sip_address.unwrap(), "room-7-desk-pro@example.test");
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
async fn a_phone_registers_by_its_certificate_or_by_certificate_and_code() {
    for by_code in [false, true] {
        let (world, folder) = world(WorldOptions::default()).await;
        let device = SampleDevice::mpp().unwrap();
        world.bridge().ship(device.mac);
        let settings = device.settings(world.management_url());
        let mut flow = if by_code {
            Mpp::with_code(settings, &code(&world, &device).await).unwrap()
        } else {
            world
                .admin()
                .provision(&device.provision(Some(device.mac)))
                .await
                .unwrap();
            Mpp::new(settings)
        };
        finish(&mut phone(&world, &folder, &device), &mut flow).await;
        assert!(
            world
                .admin()
                .status(device.profile)
                .await
                .unwrap()
                .registered
        );
        assert_eq!(world.counters().get(Counter::DmBridgeRequests), 1);
        assert_eq!(
            world.counters().get(Counter::CodesRedeemed),
            u64::from(by_code)
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_the_bridge_does_not_know_stays_outside() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::mpp().unwrap();
    world
        .admin()
        .provision(&device.provision(Some(device.mac)))
        .await
        .unwrap();
    let mut flow = Mpp::new(device.settings(world.management_url()));
    let mut driver = phone(&world, &folder, &device);
    driver.step(&mut flow).await.unwrap();
    let error = format!("{:#}", driver.step(&mut flow).await.unwrap_err());
    assert!(error.contains("device_not_authorized"), "{error}");
    assert_eq!(world.counters().get(Counter::DmBridgeFailures), 1);
    assert_eq!(events(&world).await, [AuditEvent::Provisioned]);
}

#[tokio::test(flavor = "multi_thread")]
async fn one_of_many_devices_that_type_the_same_code_gets_on() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::room_os().unwrap();
    let code = code(&world, &device).await;
    let attempts = (0..16).map(|number| {
        let device = device
            .clone()
            .with_mac(MacAddress::new([0, 0, 0, 0, 1, number]));
        let (mut driver, mut flow) = room_os(&world, &folder, &device, &code);
        async move { driver.step(&mut flow).await.is_ok() }
    });
    let outcomes = futures_util::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|won| **won).count(), 1);
    assert_eq!(world.counters().get(Counter::CodesRedeemed), 1);
    assert_eq!(world.counters().get(Counter::WebexActivationFailures), 15);
}

/// The bridge draws a subject for each of the requests, and one of them becomes the phone's.
#[tokio::test(flavor = "multi_thread")]
async fn a_phone_that_asks_many_times_at_once_registers_with_every_answer() {
    let (world, folder) = world(WorldOptions::default()).await;
    let device = SampleDevice::mpp().unwrap();
    world.bridge().ship(device.mac);
    let provision = device.provision(Some(device.mac));
    world.admin().provision(&provision).await.unwrap();
    let flows = (0..8).map(|_| {
        let mut flow = Mpp::new(device.settings(world.management_url()));
        let mut driver = phone(&world, &folder, &device);
        async move { finish(&mut driver, &mut flow).await }
    });
    futures_util::future::join_all(flows).await;
    let events = events(&world).await;
    for event in [AuditEvent::Activated, AuditEvent::Registered] {
        assert_eq!(events.iter().filter(|found| **found == event).count(), 1);
    }
    assert_eq!(world.counters().get(Counter::DevicesRegistered), 1);
}
