//! The two flows, from the box to the registration.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::ensure;
use offhook_activation_code::{ActivationCode, RedemptionKey, SystemEntropy};
use offhook_device_name::MacAddress;
use offhook_onboarding::device_side::{Flow, Mpp, RoomOs};

use crate::{Driver, SampleDevice, Witness, World};

/// A room device: code, machine token, activation, configuration, SIP servers, registration.
///
/// # Errors
///
/// When a step fails; the witness has been told which.
pub async fn onboard_room_os(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let device = SampleDevice::room_os()?;
    witness.device("room-os", device.profile, "Room device, by activation code");
    provision(world, &device, None, witness).await?;
    let code = issue_code(world, &device, witness).await?;
    witness.code(&code)?;
    let key = RedemptionKey::draw(&mut SystemEntropy::new())?;
    let mut flow = RoomOs::new(
        device.settings(world.management_url()),
        world.activation_url().clone(),
        &code.to_string(),
        key,
    )?;
    let mut driver = Driver::new(world, world.client(None)?, folder.join("room-os.token"))?;
    carry_out(&mut driver, &mut flow, witness).await
}

/// What a phone comes with.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum PhoneBy {
    /// Its maker's certificate; it is provisioned with its address.
    Certificate,
    /// Its maker's certificate and a code; its address is not provisioned.
    CertificateAndCode,
}

/// A multiplatform phone: its maker's certificate, and a code if it is to be so.
///
/// # Errors
///
/// When a step fails; the witness has been told which.
pub async fn onboard_mpp(
    world: &World,
    folder: &Path,
    by: PhoneBy,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let device = SampleDevice::mpp()?;
    let title = match by {
        PhoneBy::Certificate => "",
        PhoneBy::CertificateAndCode => " and activation code",
    };
    witness.device(
        "mpp",
        device.profile,
        &format!("Phone, by its maker's certificate{title}"),
    );
    world.bridge().ship(device.mac);
    let credentials = world.maker_authority().device(&device.subject())?;
    let settings = device.settings(world.management_url());
    let mut flow = match by {
        PhoneBy::CertificateAndCode => {
            provision(world, &device, None, witness).await?;
            let code = issue_code(world, &device, witness).await?;
            witness.code(&code)?;
            Mpp::with_code(settings, &code.to_string())?
        }
        PhoneBy::Certificate => {
            provision(world, &device, Some(device.mac), witness).await?;
            Mpp::new(settings)
        }
    };
    let tls = world.client(Some(credentials))?;
    let mut driver = Driver::new(world, tls, folder.join("mpp.token"))?;
    carry_out(&mut driver, &mut flow, witness).await
}

/// An administrator provisions the device, with the address `mac` if it is to have one.
pub(crate) async fn provision(
    world: &World,
    device: &SampleDevice,
    mac: Option<MacAddress>,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let begun = now();
    let request = device.provision(mac);
    let status = match world.admin().provision(&request).await {
        Ok(status) => status,
        Err(error) => {
            witness.failed("provisioned", &error, begun.elapsed());
            return Err(error.context("provisioning the device"));
        }
    };
    let story = format!(
        "administrator → device management: POST /v1/devices → {} as {}",
        device.profile, status.device_name
    );
    witness.step("provisioned", &story, begun.elapsed());
    Ok(())
}

/// An administrator has a code issued; its owner reads it in the mail.
pub(crate) async fn issue_code(
    world: &World,
    device: &SampleDevice,
    witness: &mut dyn Witness,
) -> anyhow::Result<ActivationCode> {
    let begun = now();
    if let Err(error) = world.admin().issue_code(device.profile, OWNER).await {
        witness.failed("code_issued", &error, begun.elapsed());
        return Err(error.context("issuing a code"));
    }
    let story = format!("administrator → device management → mail to {OWNER}");
    witness.step("code_issued", &story, begun.elapsed());
    world.mailed_code()
}

/// Carries out all steps of a device.
pub(crate) async fn carry_out(
    driver: &mut Driver,
    flow: &mut dyn Flow,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    while let Some(step) = flow.step() {
        let begun = now();
        match driver.step(flow).await {
            Ok(Some(done)) => witness.step(&done.step.to_string(), &done.story, done.took),
            Ok(None) => break,
            Err(error) => {
                witness.failed(&step.to_string(), &error, begun.elapsed());
                return Err(error);
            }
        }
        ensure!(begun.elapsed() < PATIENCE, "step {step} took too long");
    }
    Ok(())
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch for what people read"
)]
fn now() -> Instant {
    Instant::now()
}

const OWNER: &str = "owner@example.test";
const PATIENCE: Duration = Duration::from_secs(60);
