//! What must not succeed, and how it is refused.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail, ensure};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use offhook_activation_code::{CodePolicy, RedemptionKey, SystemEntropy};
use offhook_bearer_token::{
    Fetch as _, HttpsFetch, MachineClaims, MachineTokenIssuer, Scope, SigningKey, Subject,
};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_onboarding::ActivationState;
use offhook_onboarding::device_side::{Flow as _, Mpp, RoomOs, Step};
use offhook_onboarding::http::Clock as _;
use offhook_onboarding::http::client_config;
use offhook_onboarding::message::{ActivationRequest, Problem};
use offhook_sip_resolver::{ResolveError, ResolveFailure};

use crate::scenario::{carry_out, issue_code, provision};
use crate::{
    AUDIENCE, CertificateAuthority, DOMAIN, Driver, ISSUER, IdentityFrom, KEY_ID, SampleDevice,
    TOKEN_LIFETIME, UserAgent, Witness, World, WorldOptions, Zone,
};

/// One thing that must not succeed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Fault {
    /// A device of another model presents the code.
    WrongModel,
    /// Another device presents a code that was redeemed.
    UsedCode,
    /// A code is presented after its 168 hours.
    ExpiredCode,
    /// A machine token of somebody else's issuer.
    ForeignToken,
    /// The SIP domain offers SIP over UDP only.
    PlaintextSrv,
    /// A phone with a certificate of another maker, and a SIP server with one of another CA.
    UntrustedCertificate,
    /// An identity header from somebody who is not the proxy.
    SpoofedHeader,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 7] = [
        Self::WrongModel,
        Self::UsedCode,
        Self::ExpiredCode,
        Self::ForeignToken,
        Self::PlaintextSrv,
        Self::UntrustedCertificate,
        Self::SpoofedHeader,
    ];

    /// Its name on a command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::WrongModel => "wrong-model",
            Self::UsedCode => "used-code",
            Self::ExpiredCode => "expired-code",
            Self::ForeignToken => "foreign-token",
            Self::PlaintextSrv => "plaintext-srv",
            Self::UntrustedCertificate => "untrusted-certificate",
            Self::SpoofedHeader => "spoofed-header",
        }
    }

    /// The fault with that name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|fault| fault.name() == name)
    }

    /// The world in which the fault shows.
    #[must_use]
    pub fn world(self) -> WorldOptions {
        let mut options = WorldOptions::default();
        match self {
            Self::PlaintextSrv => options.zone = Zone::PlaintextOnly,
            Self::SpoofedHeader => options.identity = IdentityFrom::ProxyHeader,
            _ => {}
        }
        options
    }
}

/// Tries what must be refused; devices keep what they need in `folder`.
///
/// # Errors
///
/// When it was not refused as it must.
pub async fn show_fault(
    fault: Fault,
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let shown = match fault {
        Fault::WrongModel => wrong_model(world, folder, witness).await,
        Fault::UsedCode => used_code(world, folder, witness).await,
        Fault::ExpiredCode => expired_code(world, folder, witness).await,
        Fault::ForeignToken => foreign_token(world, folder, witness).await,
        Fault::PlaintextSrv => plaintext_srv(world, folder, witness).await,
        Fault::UntrustedCertificate => untrusted_certificate(world, folder, witness).await,
        Fault::SpoofedHeader => spoofed_header(world, witness).await,
    };
    shown.with_context(|| format!("{} was not shown to be refused", fault.name()))
}

async fn wrong_model(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let (device, code) =
        room_device(world, "A code for a Desk Pro, typed on a Room Bar", witness).await?;
    let mut other = device.clone().with_mac(OTHER_MAC);
    other.model = DeviceModel::new("Cisco Room Bar")?;
    refused_code(world, folder, &other, &code, witness).await?;
    witness.note("nothing was burnt: the right device goes on with the same code");
    let (mut driver, mut flow) = room_os(world, folder, &device, &code)?;
    carry_out(&mut driver, &mut flow, witness).await
}

async fn used_code(world: &World, folder: &Path, witness: &mut dyn Witness) -> anyhow::Result<()> {
    let (device, code) = room_device(
        world,
        "A code, typed on a second device of the same model",
        witness,
    )
    .await?;
    let (mut driver, mut flow) = room_os(world, folder, &device, &code)?;
    carry_out(&mut driver, &mut flow, witness).await?;
    refused_code(
        world,
        folder,
        &device.clone().with_mac(OTHER_MAC),
        &code,
        witness,
    )
    .await?;
    Ok(())
}

async fn expired_code(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let (device, code) = room_device(
        world,
        "A code, typed 168 hours after it was issued",
        witness,
    )
    .await?;
    world.clock().advance(CodePolicy::DEFAULT_TTL);
    refused_code(world, folder, &device, &code, witness).await?;
    Ok(())
}

async fn foreign_token(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let (device, code) =
        room_device(world, "A machine token signed by somebody else", witness).await?;
    let (mut driver, mut flow) = room_os(world, folder, &device, &code)?;
    for _ in [Step::CodeRedeemed, Step::MachineToken] {
        let done = driver.step(&mut flow).await?.context("no step")?;
        witness.step(&done.step.to_string(), &done.story, done.took);
    }
    // The same names, the same key id, the same subject: only the key is another.
    let claims = MachineClaims::new(subject_of(&driver.kept_token()?)?)
        .with_scope(Scope::BROADWORKS_CONNECTOR_USER);
    let (key, _) = SigningKey::generate_es256(KEY_ID)?;
    let forger = MachineTokenIssuer::new(key, ISSUER, AUDIENCE, TOKEN_LIFETIME);
    let forged = forger.issue(&claims, [7; 16], world.clock().now())?;
    let request = ActivationRequest {
        mac_address: device.mac,
        model: None,
        serial_number: None,
        activation_code: None,
    };
    let request = http::Request::post(world.management_url().join("v1/activate")?.as_str())
        .header(http::header::AUTHORIZATION, forged.to_authorization())
        .body(serde_json::to_vec(&request)?)?;
    let said = refused_request(world, request, 401).await?;
    witness.refused("device management", &said);
    expect_state(world, &device, ActivationState::Activating).await?;
    witness.note("nothing was changed: the device goes on with its own token");
    carry_out(&mut driver, &mut flow, witness).await
}

async fn plaintext_srv(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let (device, code) = room_device(world, "A SIP domain with _sip._udp only", witness).await?;
    let (mut driver, mut flow) = room_os(world, folder, &device, &code)?;
    while flow.step() != Some(Step::Resolved) {
        let done = driver.step(&mut flow).await?.context("no step")?;
        witness.step(&done.step.to_string(), &done.story, done.took);
    }
    let Err(error) = driver.step(&mut flow).await else {
        bail!("a target without TLS was taken");
    };
    let failure = error
        .downcast_ref::<ResolveFailure>()
        .context("another failure")?;
    ensure!(
        failure.error() == ResolveError::NoTlsService,
        "another failure: {error:#}"
    );
    witness.refused("the device itself", &format!("{error:#}"));
    Ok(())
}

async fn untrusted_certificate(
    world: &World,
    folder: &Path,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let device = phone(
        world,
        "A phone's certificate from an unknown maker",
        witness,
    )
    .await?;
    let stranger = CertificateAuthority::new("Example Phones Manufacturing CA")?;
    let credentials = stranger.device(&device.subject())?;
    let mut driver = Driver::new(
        world,
        world.client(Some(credentials))?,
        folder.join("stranger.token"),
    )?;
    let mut flow = Mpp::new(device.settings(world.management_url()));
    let Err(error) = driver.step(&mut flow).await else {
        bail!("the certificate of an unknown maker was taken");
    };
    let said = format!("{error:#}");
    ensure!(
        said.contains("received fatal alert"),
        "another failure: {said}"
    );
    witness.refused("device management", &said);
    expect_state(world, &device, ActivationState::Deactivated).await?;

    let tls = Arc::new(client_config(&[stranger.certificate()], None)?);
    let agent = UserAgent::new(tls, device.profile, DOMAIN);
    let token = world.issuer().issue(uuid::Uuid::from_u128(7), &[])?;
    let registering = agent.register(world.registrar(), DOMAIN, &token).await;
    let Err(error) = registering else {
        bail!("a SIP server of an unknown CA was taken");
    };
    let said = format!("{error:#}");
    ensure!(
        said.contains("invalid peer certificate"),
        "another failure: {said}"
    );
    witness.refused("the device itself", &said);
    Ok(())
}

async fn spoofed_header(world: &World, witness: &mut dyn Witness) -> anyhow::Result<()> {
    let device = phone(
        world,
        "An identity header that the listed proxy did not set",
        witness,
    )
    .await?;
    let file = format!("v1/files/{:x}.cfg", device.mac);
    for path in ["v1/identity", file.as_str()] {
        let request = http::Request::get(world.management_url().join(path)?.as_str())
            .header("macaddress", device.mac.to_string())
            .body(Vec::new())?;
        let said = refused_request(world, request, 403).await?;
        witness.refused("device management", &said);
    }
    expect_state(world, &device, ActivationState::Deactivated).await
}

/// The subject that a token names, unverified: what a forger can read too.
fn subject_of(token: &str) -> anyhow::Result<Subject> {
    let payload = token.split('.').nth(1).context("not a JWT")?;
    let claims: serde_json::Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload)?)?;
    let subject = claims.get("sub").and_then(serde_json::Value::as_str);
    Ok(subject.context("no subject")?.parse()?)
}

/// A room device as `title` tells of it, provisioned, and the code that was issued for it.
async fn room_device(
    world: &World,
    title: &str,
    witness: &mut dyn Witness,
) -> anyhow::Result<(SampleDevice, String)> {
    let device = SampleDevice::room_os()?;
    witness.device("room-os", device.profile, title);
    provision(world, &device, None, witness).await?;
    let code = issue_code(world, &device, witness).await?.to_string();
    Ok((device, code))
}

/// A phone as `title` tells of it, shipped and provisioned with its address.
async fn phone(
    world: &World,
    title: &str,
    witness: &mut dyn Witness,
) -> anyhow::Result<SampleDevice> {
    let device = SampleDevice::mpp()?;
    witness.device("mpp", device.profile, title);
    world.bridge().ship(device.mac);
    provision(world, &device, Some(device.mac), witness).await?;
    Ok(device)
}

/// A room device with a fresh redemption key, at which `code` was typed.
fn room_os(
    world: &World,
    folder: &Path,
    device: &SampleDevice,
    code: &str,
) -> anyhow::Result<(Driver, RoomOs)> {
    let key = RedemptionKey::draw(&mut SystemEntropy::new())?;
    let settings = device.settings(world.management_url());
    let flow = RoomOs::new(settings, world.activation_url().clone(), code, key)?;
    let token_file = folder.join(format!("{:x}.token", device.mac));
    Ok((Driver::new(world, world.client(None)?, token_file)?, flow))
}

/// Has `device` present `code`, which must be refused with the one answer for all bad codes.
async fn refused_code(
    world: &World,
    folder: &Path,
    device: &SampleDevice,
    code: &str,
    witness: &mut dyn Witness,
) -> anyhow::Result<()> {
    let (mut driver, mut flow) = room_os(world, folder, device, code)?;
    let Err(error) = driver.step(&mut flow).await else {
        bail!("the code was taken");
    };
    let said = format!("{error:#}");
    ensure!(
        said.contains("status 403: activation_code_refused"),
        "another answer: {said}"
    );
    witness.refused("activation service", &said);
    let records = world.registry().audit(0, usize::MAX).await?;
    let reason = records
        .last()
        .and_then(|record| record.entry().reason.clone());
    let reason = reason.context("the audit log gives no reason")?;
    witness.note(&format!(
        "the device is told no more; the audit log has the reason: {reason}"
    ));
    Ok(())
}

/// Sends what must be refused with `status`, and gives what was said.
async fn refused_request(
    world: &World,
    request: http::Request<Vec<u8>>,
    status: u16,
) -> anyhow::Result<String> {
    let asked = format!("{} {}", request.method(), request.uri().path());
    let response = HttpsFetch::new(world.client(None)?).fetch(request).await?;
    let answered = response.status().as_u16();
    ensure!(
        answered == status,
        "{asked} was answered {answered} instead of {status}"
    );
    let problem: Problem = serde_json::from_slice(response.body())?;
    Ok(format!(
        "{asked} → {status} {}: {}",
        problem.error, problem.error_description
    ))
}

async fn expect_state(
    world: &World,
    device: &SampleDevice,
    state: ActivationState,
) -> anyhow::Result<()> {
    let status = world.admin().status(device.profile).await?;
    ensure!(
        status.activation_state == state,
        "the device is {:?}",
        status.activation_state
    );
    Ok(())
}

const OTHER_MAC: MacAddress = MacAddress::new([0x00, 0x11, 0x22, 0x33, 0x44, 0x66]);
