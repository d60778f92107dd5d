//! A `dms-server` at somebody else's DM Bridge, whose identity provider takes each refresh token once.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::sync::Arc;
use std::time::Duration;

use offhook_bearer_token::{HttpsFetch, MachineTokenIssuer, RemoteKeys, Scope, SigningKey};
use offhook_onboarding::http::{Clock, SystemClock, TlsCredentials, client_config, server_config};
use offhook_onboarding::message::ProvisionRequest;
use offhook_testkit::{DmBridgeServer, Issuer, TlsServer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::lab::{Lab, Server, room, run, text};

const MAC: &str = "00:0e:08:ab:cd:ef";
const FIRST: &str = "the-first-refresh-token";

/// A lab whose server asks a DM Bridge of somebody else about one phone, and its files.
struct Bed {
    lab: Lab,
    _provider: TlsServer,
    _bridge: TlsServer,
}

impl Bed {
    async fn new() -> Self {
        Self::with_tokens_for(Duration::from_secs(3_600)).await
    }

    async fn with_tokens_for(life: Duration) -> Self {
        let lab = Lab::new();
        let read = |name: &str| fs::read(lab.path(name)).unwrap();
        let tls = || {
            let credentials = TlsCredentials::from_pem(&read("server.pem"), &read("server.key"));
            server_config(credentials.unwrap(), None).unwrap()
        };
        let root = CertificateDer::from_pem_slice(&read("services-ca.pem")).unwrap();
        let fetch = Arc::new(HttpsFetch::new(client_config(&[&root], None).unwrap()));

        let (key, _) = SigningKey::generate_es256("k").unwrap();
        let tokens = Arc::new(MachineTokenIssuer::new(
            key,
            "https://idp.test/",
            "bridge",
            life,
        ));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
        let issuer = Arc::new(Issuer::new(Arc::clone(&tokens), Arc::clone(&clock)));
        let scopes = vec![Scope::DM_BRIDGE_DEVICE_AUTH];
        issuer
            .add_known_client("dms", "client-secret", FIRST, scopes)
            .unwrap();
        let provider = TlsServer::start(issuer.router().unwrap(), tls());
        let provider = provider.await.unwrap();
        let at_provider = format!("https://{}", provider.address());
        let key_set = format!("{at_provider}/.well-known/jwks.json");
        let keys = RemoteKeys::new(key_set.parse().unwrap(), fetch);
        let bridge = DmBridgeServer::new(issuer, keys, tokens.policy(), clock);
        bridge.ship(MAC.parse().unwrap());
        let bridge = TlsServer::start(Arc::new(bridge).router(), tls());
        let bridge = bridge.await.unwrap();

        fs::write(lab.path("bridge.secret"), "client-secret\n").unwrap();
        fs::write(lab.path("bridge.token"), format!("{FIRST}\n")).unwrap();
        lab.change(
            "[mail]",
            &format!(
                "[dm_bridge]\nurl = \"https://{}/v1/device-auth\"\ntoken_url = \"{at_provider}/token\"\n\
                 client_id = \"dms\"\nclient_secret = \"bridge.secret\"\nrefresh_token = \"bridge.token\"\n\n\
                 [mail]",
                bridge.address()
            ),
        );
        let folder = lab.path("");
        let made = run("dms-server", &["phone", text(&folder), MAC]);
        assert!(made.status.success(), "{made:?}");
        Self {
            lab,
            _provider: provider,
            _bridge: bridge,
        }
    }

    async fn provision_phone(&self, server: &Server) {
        let request = ProvisionRequest {
            device_type: "MPP 8841".to_owned(),
            model: "CP-8841-3PCC".parse().unwrap(),
            mac_address: Some(MAC.parse().unwrap()),
            ..room("alice")
        };
        let token = self.lab.token("admin.token");
        let client = self.lab.client(server);
        client.provision(&request, &token).await.unwrap();
    }

    /// The phone fetches its configuration, for which the DM Bridge is asked.
    fn phone(&self, server: &Server) -> Output {
        let (ca, certificate) = (
            self.lab.path("services-ca.pem"),
            self.lab.path("000e08abcdef.pem"),
        );
        let key = certificate.with_extension("key");
        let common = ["--management", &server.url, "--ca", text(&ca), "--mac", MAC];
        let own = ["--certificate", text(&certificate), "--key", text(&key)];
        let how = ["--configuration-only", "--retries", "0", "--json"];
        run("mpp-device", &[&common[..], &own, &how].concat())
    }

    fn assert_phone_is_served(&self, server: &Server) {
        let output = self.phone(server);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
    }

    fn kept(&self) -> String {
        fs::read_to_string(self.lab.path("bridge.token")).unwrap()
    }

    fn log(&self) -> String {
        fs::read_to_string(self.lab.path("log")).unwrap()
    }
}

fn end(mut server: Server) {
    server.signal("TERM");
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rotated_refresh_token_is_kept_across_a_kill_and_a_restart() {
    let bed = Bed::new().await;
    // The file is elsewhere, and a link to it stays one.
    let (link, folder) = (bed.lab.path("bridge.token"), bed.lab.path("secrets"));
    fs::create_dir(&folder).unwrap();
    fs::rename(&link, folder.join("token")).unwrap();
    std::os::unix::fs::symlink("secrets/token", &link).unwrap();
    let server = bed.lab.serve();
    bed.provision_phone(&server).await;
    bed.assert_phone_is_served(&server);
    bed.lab
        .await_log("rotated refresh token for the DM Bridge is kept")
        .await;
    let second = bed.kept();
    assert_ne!(second.trim(), FIRST);
    // Nobody else reads it, and nothing is left beside it.
    let mode = fs::symlink_metadata(folder.join("token")).unwrap();
    assert_eq!(mode.permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
    assert!(link.is_symlink());
    // Killed, so that what is there is what was written right behind the refresh.
    drop(server);
    let server = bed.lab.serve();
    bed.assert_phone_is_served(&server);
    let metrics = bed.lab.client(&server);
    let metrics = metrics.metrics(&bed.lab.token("admin.token")).await;
    let shown = "\noffhook_dm_bridge_refresh_token_end_seconds ";
    assert!(metrics.unwrap().contains(shown));
    end(server);
    assert_ne!(bed.kept(), second);
    assert!(!bed.log().contains(second.trim()) && !bed.log().contains(bed.kept().trim()));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refresh_for_a_phone_has_rotated_is_kept_right_behind_it() {
    // Tokens so short that one is due while the server looks after nothing itself, as it does each minute.
    let bed = Bed::with_tokens_for(Duration::from_secs(1)).await;
    let server = bed.lab.serve();
    bed.provision_phone(&server).await;
    let kept = || {
        let told = "rotated refresh token for the DM Bridge is kept";
        bed.log().matches(told).count()
    };
    for _ in 0..100 {
        bed.assert_phone_is_served(&server);
        if kept() > 1 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("{}", bed.log());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_cannot_be_written_is_warned_of_and_stops_nothing() {
    let bed = Bed::new().await;
    // Where the new file is to be made there is a folder, at which root fails too.
    let obstacle = bed.lab.path("bridge.token.new");
    fs::create_dir(&obstacle).unwrap();
    let config = bed.lab.path("dms.toml");
    let check = || run("dms-server", &["serve", text(&config), "--check"]);
    let output = check();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(told.contains("dm_bridge.refresh_token") && told.contains("cannot be replaced"));
    let server = bed.lab.serve();
    bed.provision_phone(&server).await;
    bed.assert_phone_is_served(&server);
    bed.lab.await_log("cannot be replaced").await;
    bed.lab
        .await_log("the rotated token is in memory alone")
        .await;
    assert_eq!(bed.kept().trim(), FIRST);
    // It is tried again, at the end at the latest.
    fs::remove_dir(&obstacle).unwrap();
    // What a running server is about to put in its place is not touched by who looks.
    fs::write(&obstacle, "written, not renamed yet").unwrap();
    assert!(String::from_utf8_lossy(&check().stderr).is_empty());
    assert!(obstacle.exists());
    end(server);
    assert_ne!(bed.kept().trim(), FIRST);
    assert!(String::from_utf8_lossy(&check().stderr).is_empty());
    let server = bed.lab.serve();
    bed.assert_phone_is_served(&server);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hangup_tells_of_a_file_that_somebody_replaced_and_not_of_what_was_written_here() {
    let bed = Bed::new().await;
    let server = bed.lab.serve();
    bed.lab
        .await_log("rotated refresh token for the DM Bridge is kept")
        .await;
    let told = |bed: &Bed| bed.log().matches("that takes a restart").count();
    server.signal("HUP");
    bed.lab.await_log("were read again").await;
    fs::write(bed.lab.path("bridge.secret"), "another secret").unwrap();
    server.signal("HUP");
    bed.lab
        .await_log("dm_bridge.client_secret has changed: that takes a restart")
        .await;
    let roots = fs::read_to_string(bed.lab.path("services-ca.pem")).unwrap();
    fs::write(bed.lab.path("services-ca.pem"), roots + "\n").unwrap();
    server.signal("HUP");
    bed.lab
        .await_log("tls.service_roots has changed: that takes a restart")
        .await;
    // The secret twice, the roots once.
    assert_eq!(told(&bed), 3, "{}", bed.log());
    fs::write(bed.lab.path("bridge.token"), "an operators token").unwrap();
    server.signal("HUP");
    bed.lab
        .await_log("dm_bridge.refresh_token has changed: that takes a restart")
        .await;
    end(server);
    assert_eq!(bed.kept(), "an operators token");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_an_operator_has_put_there_is_not_written_over() {
    let bed = Bed::new().await;
    let obstacle = bed.lab.path("bridge.token.new");
    fs::create_dir(&obstacle).unwrap();
    let server = bed.lab.serve();
    bed.lab
        .await_log("the rotated token is in memory alone")
        .await;
    fs::write(bed.lab.path("bridge.token"), "an operators token").unwrap();
    fs::remove_dir(&obstacle).unwrap();
    // What is in memory could be written now.
    end(server);
    assert_eq!(bed.kept(), "an operators token");
    bed.lab
        .await_log("the one in use is not written there")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_ends_within_a_week_is_warned_of() {
    let bed = Bed::new().await;
    // It was written 54 days ago, and the provider takes it no more.
    fs::write(bed.lab.path("bridge.token"), "an old token").unwrap();
    let written = SystemClock::new().now() - Duration::from_secs(54 * 86_400);
    let file = fs::File::options()
        .append(true)
        .open(bed.lab.path("bridge.token"));
    file.unwrap().set_modified(written).unwrap();
    let server = bed.lab.serve();
    bed.lab.await_log("no access token for the DM Bridge").await;
    bed.lab
        .await_log("the refresh token for the DM Bridge ends soon")
        .await;
    bed.provision_phone(&server).await;
    assert_eq!(bed.phone(&server).status.code(), Some(1));
    end(server);
    // Once, though it was looked at again at the end.
    assert_eq!(bed.log().matches("ends soon").count(), 1);
}
