//! Mails that are slow or refused, and what callers hear of it.

use std::net::Ipv4Addr;
use std::sync::Arc;

use async_trait::async_trait;
use offhook_activation_code::{
    CodePolicy, GuessBudget, GuessPolicy, Pepper, PepperId, Peppers, SystemEntropy, TenantId,
};
use offhook_bearer_token::{
    Fetch as _, HttpsFetch, KeySet, MachineClaims, MachineTokenIssuer, SigningKey, Subject,
};
use offhook_device_identity::{ChainVerifier, IdentitySource};
use offhook_onboarding::http::{
    ADMIN_SCOPE, Clock as _, ManagementApi, ServerLimits, SystemClock, client_config,
    management_router, serve_until, server_config,
};
use offhook_onboarding::message::Problem;
use offhook_onboarding::{
    Act, CodeDesk, CodeMail, DeviceManagement, DeviceTypes, LocalDmBridge, MailError, Mailer,
    MemoryRegistry,
};
use offhook_testkit::{
    CertificateAuthority, SampleDevice, TOKEN_LIFETIME, TlsServer, room_os_archive,
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

/// Takes no mail.
#[derive(Debug)]
struct Closed(fn(&'static str) -> MailError);

#[async_trait]
impl Mailer for Closed {
    async fn send(&self, _mail: CodeMail) -> Result<(), MailError> {
        Err(self.0("the server's own words"))
    }
}

/// Device management with one room device, and an administrator's token.
async fn management(mailer: Arc<dyn Mailer>) -> (ManagementApi, String) {
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
    let (api, token) = management(mailer.clone()).await;
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

/// Whoever is told to ask again has another code issued each time.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_refused_for_good_is_no_reason_to_ask_again() {
    let refused: fn(&'static str) -> MailError = MailError::refused;
    for (error, wanted) in [
        (refused, (422, "mail_refused")),
        (MailError::failed, (503, "mail_failed")),
    ] {
        let (api, token) = management(Arc::new(Closed(error))).await;
        let authority = CertificateAuthority::new("Example Services CA").unwrap();
        let credentials = authority.server(&[], &[Ipv4Addr::LOCALHOST.into()]);
        let tls = server_config(credentials.unwrap(), None).unwrap();
        let server = TlsServer::start(management_router(api), tls).await.unwrap();
        let client = client_config(&[authority.certificate()], None).unwrap();
        let path = "v1/devices/room-7-desk-pro/activation-code";
        let request = http::Request::post(format!("https://{}/{path}", server.address()))
            .header("authorization", format!("Bearer {token}"))
            .body(br#"{"recipient": "nobody@example.test"}"#.to_vec());
        let answer = HttpsFetch::new(client)
            .fetch(request.unwrap())
            .await
            .unwrap();
        let problem: Problem = serde_json::from_slice(answer.body()).unwrap();
        let told = (answer.status().as_u16(), problem.error.as_str());
        assert_eq!(told, wanted);
        assert!(!problem.error_description.contains("words"));
    }
}
