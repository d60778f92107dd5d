//! The services over a registry in memory, with a clock, mail and DM Bridge of the tests' own.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use offhook_activation_code::{
    ActivationCode, CodeMode, CodePolicy, GuessBudget, GuessPolicy, Pepper, PepperId, Peppers,
    ProfileId, RedemptionKey, SystemEntropy, TenantId,
};
use offhook_bearer_token::{
    KeySet, MachineClaims, MachineTokenIssuer, SigningKey, VerifiedToken, verify,
};
use offhook_device_name::{DeviceModel, MacAddress};
use offhook_device_profile::{DeviceType, DeviceTypeFile, FileAuthentication};
use offhook_onboarding::device_side::DeviceSettings;
use offhook_onboarding::message::{
    ActivationRequest, BridgeAnswer, BridgeRequest, CodePresented, MachineToken, ProvisionRequest,
};
use offhook_onboarding::{
    Act, ActivationService, Actor, BridgeError, CodeDelivery, CodeDesk, CodeMail, Counters,
    DeviceManagement, DeviceTypes, DmBridge, MailAddress, MailError, Mailer, MemoryRegistry,
    Ownership,
};
use uuid::Uuid;

/// Where the devices are.
pub(crate) const SOURCE: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

pub(crate) struct Bench {
    pub(crate) registry: Arc<MemoryRegistry>,
    pub(crate) counters: Arc<Counters>,
    pub(crate) activation: ActivationService,
    pub(crate) management: DeviceManagement,
    issuer: Arc<MachineTokenIssuer>,
    mail: Arc<Recorder>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with(GuessPolicy::default(), CodeMode::default())
    }

    pub(crate) fn with(guesses: GuessPolicy, mode: CodeMode) -> Self {
        let tenant = TenantId::new("example").unwrap();
        let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
        let policy = CodePolicy::default();
        let registry = Arc::new(MemoryRegistry::new());
        let budget = GuessBudget::new(registry.clone(), &peppers, policy, guesses, 1);
        let budget = Arc::new(budget);
        let entropy = SystemEntropy::new();
        let desk = CodeDesk::new(tenant, peppers, budget, entropy).with_mode(mode);
        let desk = Arc::new(desk);
        let counters = Arc::new(Counters::default());
        let mail = Arc::new(Recorder::default());
        let (key, _) = SigningKey::generate_es256("k").unwrap();
        let life = Duration::from_secs(3600);
        let issuer = Arc::new(MachineTokenIssuer::new(
            key,
            "https://i.test",
            "devices",
            life,
        ));
        Self {
            activation: ActivationService::new(
                registry.clone(),
                Arc::clone(&desk),
                Arc::clone(&issuer),
                Arc::clone(&counters),
            ),
            management: DeviceManagement::new(
                registry.clone(),
                desk,
                types(),
                mail.clone(),
                Arc::new(NoBridge),
                Arc::clone(&counters),
            ),
            registry,
            counters,
            issuer,
            mail,
        }
    }

    /// Provisions the room device and has a code issued; gives the code as it was mailed.
    pub(crate) async fn issue(&self) -> String {
        self.management
            .provision(room_request(), &ACT)
            .await
            .unwrap();
        self.reissue(*NOW).await
    }

    pub(crate) async fn reissue(&self, now: SystemTime) -> String {
        let profile = ProfileId::new("room-7").unwrap();
        let owner = MailAddress::new("owner@example.test").unwrap();
        let delivery = CodeDelivery::Mail(owner);
        self.management
            .issue_code(&profile, delivery, &Act::of_nobody(now))
            .await
            .unwrap();
        self.mailed()
    }

    /// How many mails wait to be read.
    pub(crate) fn mails(&self) -> usize {
        self.mail.0.lock().unwrap().len()
    }

    /// The code that was mailed last.
    pub(crate) fn mailed(&self) -> String {
        self.mail.0.lock().unwrap().pop().unwrap()
    }

    pub(crate) fn verified(&self, token: &MachineToken, now: SystemTime) -> VerifiedToken {
        self.verify(token.access_token.secret(), now)
    }

    /// A token of the issuer with these claims.
    pub(crate) fn token(&self, claims: &MachineClaims) -> VerifiedToken {
        let token = self.issuer.issue(claims, [9; 16], *NOW).unwrap();
        self.verify(token.secret(), *NOW)
    }

    fn verify(&self, token: &str, now: SystemTime) -> VerifiedToken {
        let keys = KeySet::from_json(self.issuer.key_set_json().unwrap().as_bytes()).unwrap();
        verify(token, &keys, &self.issuer.policy(), now).unwrap()
    }
}

pub(crate) fn room_request() -> ProvisionRequest {
    ProvisionRequest {
        profile: "room-7".into(),
        account: "Room 7".into(),
        device_type: "Room OS".into(),
        model: room_model(),
        ownership: Ownership::Workspace,
        line_port: "room-7@example.test".into(),
        mac_address: None,
        tags: BTreeMap::from([("%NAME%".into(), "Room <7>".to_owned().into())]),
    }
}

pub(crate) fn present(code: &str, model: DeviceModel, key: &RedemptionKey) -> CodePresented {
    CodePresented {
        activation_code: code.to_owned().into(),
        model,
        mac_address: ROOM_MAC,
        redemption_key: Some(key.secret().as_str().to_owned().into()),
    }
}

pub(crate) fn activation_request(mac_address: MacAddress) -> ActivationRequest {
    ActivationRequest {
        mac_address,
        model: None,
        serial_number: Some("FOC2412N0AB".into()),
        activation_code: None,
    }
}

pub(crate) fn device_settings() -> DeviceSettings {
    DeviceSettings {
        model: room_model(),
        mac: ROOM_MAC,
        serial_number: "FOC2412N0AB".into(),
        management_url: "https://dm.example.test/base/".parse().unwrap(),
    }
}

pub(crate) fn room_model() -> DeviceModel {
    DeviceModel::new("Cisco Desk Pro").unwrap()
}

pub(crate) fn key() -> RedemptionKey {
    RedemptionKey::draw(&mut SystemEntropy::new()).unwrap()
}

fn types() -> DeviceTypes {
    let room = "<Configuration><SIP><URI>%BWLINEPORT-1%@%BWHOST-1%</URI>\
                <DisplayName>%NAME%</DisplayName></SIP></Configuration>";
    let room = DeviceTypeFile::new("%BWMACADDRESS%.xml", room)
        .with_authentication(FileAuthentication::bearer());
    let phone = DeviceTypeFile::new("%BWMACADDRESS%.cfg", "<flat-profile/>")
        .with_authentication(FileAuthentication::mac_in_cert());
    DeviceTypes::new()
        .with(DeviceType::new("Room OS").with_activation().with_file(room))
        .unwrap()
        .with(
            DeviceType::new("Phone")
                .with_model("CP-8841-3PCC")
                .with_file(phone),
        )
        .unwrap()
}

/// Keeps the codes that were mailed.
#[derive(Debug, Default)]
struct Recorder(Mutex<Vec<String>>);

#[async_trait]
impl Mailer for Recorder {
    async fn send(&self, mail: CodeMail) -> Result<(), MailError> {
        let code: &ActivationCode = mail.code();
        self.0.lock().unwrap().push(code.to_string());
        Ok(())
    }
}

/// A bridge that knows no device.
#[derive(Debug)]
struct NoBridge;

#[async_trait]
impl DmBridge for NoBridge {
    async fn authorize(
        &self,
        _request: &BridgeRequest,
        _now: SystemTime,
    ) -> Result<BridgeAnswer, BridgeError> {
        Err(BridgeError::Refused { status: 403 })
    }
}

pub(crate) const ROOM_MAC: MacAddress = MacAddress::new([0, 0x11, 0x22, 0x33, 0x44, 0x55]);
pub(crate) const OTHER_MAC: MacAddress = MacAddress::new([0, 0x11, 0x22, 0x33, 0x44, 0x66]);
/// What an administrator does at [`NOW`].
pub(crate) static ACT: LazyLock<Act> = LazyLock::new(|| {
    Act::of(
        Actor::new("jo", Some("https://id.example.test")).unwrap(),
        *NOW,
    )
});
pub(crate) static NOW: LazyLock<SystemTime> =
    LazyLock::new(|| SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000));
pub(crate) const NOBODY: Uuid = Uuid::nil();
