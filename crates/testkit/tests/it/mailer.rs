//! What a server that ends still does for callers who are gone.

use std::net::Ipv4Addr;
use std::sync::Arc;

use async_trait::async_trait;
use offhook_activation_code::{
    CodePolicy, GuessBudget, GuessPolicy, Pepper, PepperId, Peppers, SystemEntropy, TenantId,
};
use offhook_bearer_token::{KeySet, MachineClaims, MachineTokenIssuer, SigningKey, Subject};
use offhook_device_identity::{ChainVerifier, IdentitySource};
use offhook_onboarding::http::{
    ADMIN_SCOPE, Clock as _, ManagementApi, ServerLimits, SystemClock, management_router,
    serve_until,
};
use offhook_onboarding::{
    Act, CodeDesk, CodeMail, DeviceManagement, DeviceTypes, LocalDmBridge, MailError, Mailer,
    MemoryRegistry,
};
use offhook_testkit::{
    CertificateAuthority, SampleDevice, TOKEN_LIFETIME, client_config, room_os_archive,
    server_config,
};
use rustls::pki_types::ServerName;
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, Semaphore};
use tokio_rustls::TlsConnector;

/// Takes a mail when it is let.
#[derive(Debug)]
struct SlowMailer {
    begun: Notify,
    let_go: Semaphore,
    sent: Semaphore,
}

#[async_trait]
impl Mailer for SlowMailer {
    async fn send(&self, _mail: CodeMail) -> Result<(), MailError> {
        self.begun.notify_one();
        self.let_go.acquire().await.unwrap().forget();
        self.sent.add_permits(1);
        Ok(())
    }
}

/// Device management with one room device, and an administrator's token.
async fn management(mailer: Arc<SlowMailer>) -> (ManagementApi, String) {
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
    let registry = Arc::new(MemoryRegistry::new());
    let budget = GuessBudget::new(
        registry.clone(),
        &peppers,
        CodePolicy::default(),
        GuessPolicy::default(),
        1,
    );
    let tenant = TenantId::new("example").unwrap();
    let desk = CodeDesk::new(tenant, peppers, Arc::new(budget), SystemEntropy::new());
    let (key, _) = SigningKey::generate_es256("1").unwrap();
    let issuer = MachineTokenIssuer::new(key, "https://i.test", "devices", TOKEN_LIFETIME);
    let issuer = Arc::new(issuer);
    let keys = KeySet::from_json(issuer.key_set_json().unwrap().as_bytes()).unwrap();
    let bridge = LocalDmBridge::new(Arc::clone(&issuer), SystemEntropy::new());
    let types = DeviceTypes::new().with(room_os_archive().unwrap().into_device_type().unwrap());
    let management = DeviceManagement::new(
        registry,
        Arc::new(desk),
        types.unwrap(),
        mailer,
        Arc::new(bridge),
        Arc::default(),
    );
    let (clock, device) = (SystemClock::new(), SampleDevice::room_os().unwrap());
    let act = Act::of_nobody(clock.now());
    management
        .provision(device.provision(None), &act)
        .await
        .unwrap();
    let claims = MachineClaims::new(Subject::from(uuid::Uuid::from_u128(7)))
        .with_scope(ADMIN_SCOPE.parse().unwrap());
    let token = issuer.issue(&claims, [1; 16], clock.now()).unwrap();
    let maker = CertificateAuthority::new("Example Phones Manufacturing CA").unwrap();
    let chain = ChainVerifier::builder()
        .anchor(maker.certificate())
        .unwrap();
    let identity = IdentitySource::Certificate(Arc::new(chain.build().unwrap()));
    let api = ManagementApi::new(
        Arc::new(management),
        Arc::new(keys),
        issuer.policy(),
        Arc::new(identity),
        Arc::new(clock),
    );
    (api, token.secret().to_owned())
}

/// The code is issued: nobody else would ever mail it.
#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_ends_mails_the_code_of_a_caller_who_hung_up() {
    let mailer = Arc::new(SlowMailer {
        begun: Notify::new(),
        let_go: Semaphore::new(0),
        sent: Semaphore::new(0),
    });
    let (api, token) = management(Arc::clone(&mailer)).await;
    let authority = CertificateAuthority::new("Example Services CA").unwrap();
    let credentials = authority.server(&["localhost"], &[Ipv4Addr::LOCALHOST.into()]);
    let tls = Arc::new(server_config(credentials.unwrap(), None).unwrap());
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let (close, closed) = tokio::sync::oneshot::channel::<()>();
    let limits = ServerLimits::default();
    let server = tokio::spawn(async move {
        let shutdown = async { closed.await.unwrap() };
        serve_until(listener, tls, management_router(api), limits, shutdown).await;
    });

    let client = Arc::new(client_config(&[authority.certificate()], None).unwrap());
    let name = ServerName::try_from("localhost").unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let connected = TlsConnector::from(client).connect(name, stream).await;
    let mut administrator = connected.unwrap();
    let body = r#"{"recipient": "owner@example.test"}"#;
    let request = format!(
        "POST /v1/devices/room-7-desk-pro/activation-code HTTP/1.1\r\nHost: x\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    administrator.write_all(request.as_bytes()).await.unwrap();
    mailer.begun.notified().await;
    drop(administrator);
    close.send(()).unwrap();
    // The listener is closed, so the server is at its end but for what is under way.
    while TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    for _ in 0..20 {
        assert!(!server.is_finished(), "it ended before the mail was sent");
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(mailer.sent.available_permits(), 0);
    mailer.let_go.add_permits(1);
    server.await.unwrap();
    assert_eq!(mailer.sent.available_permits(), 1);
}
