//! The example `mpp-device` at a `dms-server`: phones with certificates, new, in use and outside.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;

use std::fs;
use std::process::Output;

use offhook_onboarding::http::{ClientError, client_config};
use offhook_onboarding::message::{CodeRequest, ProvisionRequest};
use offhook_testkit::{CertificateAuthority, DnsServer, EdgeServer, InsideServer};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use crate::lab::{Lab, Server, room, run, steps, text};

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_comes_with_a_certificate_of_its_maker() {
    let lab = Lab::new();
    let server = lab.serve();
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    let mac = "00:0e:08:ab:cd:ef";
    let folder = lab.path("");
    let made = run("dms-server", &["phone", text(&folder), mac]);
    assert!(made.status.success(), "{made:?}");
    let request = ProvisionRequest {
        device_type: "MPP 8841".to_owned(),
        model: "CP-8841-3PCC".parse().unwrap(),
        mac_address: Some(mac.parse().unwrap()),
        ..room("alice")
    };
    client.provision(&request, &token).await.unwrap();
    let (ca, certificate) = (lab.path("services-ca.pem"), lab.path("000e08abcdef.pem"));
    let key = lab.path("000e08abcdef.key");
    let arguments = |mac| {
        let common = ["--management", &server.url, "--ca", text(&ca), "--mac", mac];
        let own = ["--certificate", text(&certificate), "--key", text(&key)];
        let how = ["--configuration-only", "--retries", "0", "--json"];
        run("mpp-device", &[&common[..], &own, &how].concat())
    };
    let output = arguments(mac);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert_eq!(steps(&output), ["certificate_identity", "configuration"]);
    // The certificate is for another address than the phone says.
    let output = arguments("00:0e:08:ab:cd:00");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// What a phone with the certificate of a lab's maker came to.
fn phone(lab: &Lab, server: &Server, (mac, model): (&str, &str), more: &[&str]) -> Output {
    let certificate = lab.path(&format!("{}.pem", mac.replace(':', "")));
    if !certificate.exists() {
        let folder = lab.path("");
        let made = ["phone", text(&folder), mac, "--model", model];
        let made = run("dms-server", &made);
        assert!(made.status.success(), "{made:?}");
    }
    let (key, ca) = (
        certificate.with_extension("key"),
        lab.path("services-ca.pem"),
    );
    let common = ["--management", &server.url, "--ca", text(&ca), "--mac", mac];
    let own = ["--certificate", text(&certificate), "--key", text(&key)];
    let how = ["--model", model, "--configuration-only", "--retries", "0"];
    run(
        "mpp-device",
        &[&common[..], &own, &how, &["--json"], more].concat(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_in_use_is_upgraded_and_comes_then_by_its_certificate() {
    let lab = Lab::new();
    let server = lab.serve();
    let (client, token) = (lab.client(&server), lab.token("admin.token"));
    let device = ("00:0e:08:ab:cd:ef", "CP-8841-3PCC");
    let request = ProvisionRequest {
        device_type: "MPP 8841".to_owned(),
        model: device.1.parse().unwrap(),
        mac_address: Some(device.0.parse().unwrap()),
        ..room("alice")
    };
    client.provision(&request, &token).await.unwrap();
    let old = phone(&lab, &server, device, &["--firmware", "11.3.6"]);
    assert_eq!(old.status.code(), Some(1), "{old:?}");
    assert!(steps(&old).is_empty());
    let upgrade = ["--firmware", "11.3.6", "--upgrade", "11.3.7"];
    let output = phone(&lab, &server, device, &upgrade);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let wanted = ["firmware_upgraded", "certificate_identity", "configuration"];
    assert_eq!(steps(&output), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn on_premises_a_code_takes_a_certificate_and_a_model_that_is_onboarded_by_codes() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let output = lab.room_device(&server, "00:11:22:33:44:55", "room-1", &[&code]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    lab.change("# mode = \"on-premises\"", "mode = \"on-premises\"");
    lab.change("# [onboarding.methods]", "[onboarding.methods]");
    lab.change("# \"CP-8851\"", "\"Cisco Desk Pro\"");
    server.signal("HUP");
    lab.await_log("were read again").await;
    // The same kind of device, by the same way.
    let code = lab.code(&server, "room-2").await;
    let output = lab.room_device(&server, "00:11:22:33:44:66", "room-2", &[&code]);
    assert_eq!(output.status.code(), Some(REFUSED), "{output:?}");
    assert!(steps(&output).is_empty());
    // A phone of a model that is not named.
    let device = ("00:0e:08:ab:cd:ef", "CP-8841-3PCC");
    let request = ProvisionRequest {
        device_type: "MPP 8841".to_owned(),
        model: device.1.parse().unwrap(),
        ..room("alice")
    };
    let token = lab.token("admin.token");
    let refused = lab.client(&server).provision(&request, &token).await;
    let Err(ClientError::Refused {
        status,
        error,
        description,
    }) = refused
    else {
        panic!("{refused:?}");
    };
    assert_eq!((status, error.as_str()), (409, "provisioning_refused"));
    assert_eq!(description, "the model is onboarded by auto-registration");

    drop(server);
    lab.change("# \"CP-8841-3PCC\"", "\"CP-8841-3PCC\"");
    lab.change("\"auto-registration\"", "\"activation-code\"");
    let server = lab.serve();
    let client = lab.client(&server);
    client.provision(&request, &token).await.unwrap();
    let wanted = CodeRequest { recipient: None };
    let issued = client.issue_code("alice", &wanted, &token).await.unwrap();
    let code = issued.activation_code.unwrap();
    let output = phone(&lab, &server, device, &[code.secret()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let wanted = ["certificate_identity", "activated", "configuration"];
    assert_eq!(steps(&output), wanted);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_phone_outside_is_configured_over_the_edge_that_its_code_names() {
    let lab = Lab::new();
    lab.change("# [remote_access]", "[remote_access]");
    lab.change(
        "# srv_record = \"_collab-edge._tls.example.com\"",
        "srv_record = \"_collab-edge._tls.mra.example.test\"",
    );
    lab.change("# edge_trust", "edge_trust");
    let authority = CertificateAuthority::new("Edge CA").unwrap();
    fs::write(lab.path("edge-ca.pem"), authority.to_pem().0).unwrap();
    let server = lab.serve();

    let services = fs::read(lab.path("services-ca.pem")).unwrap();
    let services = CertificateDer::from_pem_slice(&services).unwrap();
    let port = server.url.trim_end_matches('/').rsplit(':').next().unwrap();
    let inside = InsideServer {
        address: ([127, 0, 0, 1], port.parse().unwrap()).into(),
        name: "localhost",
    };
    let client = client_config(&[&services], None).unwrap();
    // No registrar is asked.
    let edge = EdgeServer::start(&authority, "mra.example.test", client, inside, inside);
    let edge = edge.await.unwrap();
    let zone = format!(
        "$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n\
         _collab-edge._tls.mra IN SRV 1 1 {} edge\nedge IN A 127.0.0.1\n",
        edge.web().port()
    );
    let dns = DnsServer::start("example.test", &zone).await.unwrap();

    let (admin, token) = (lab.client(&server), lab.token("admin.token"));
    let request = ProvisionRequest {
        device_type: "Unified CM 8851".to_owned(),
        model: "CP-8851".parse().unwrap(),
        ..room("bob")
    };
    admin.provision(&request, &token).await.unwrap();
    let wanted = CodeRequest { recipient: None };
    let issued = admin.issue_code("bob", &wanted, &token).await.unwrap();
    let code = issued.activation_code.unwrap();
    let dns = dns.address().to_string();
    let more = ["--dns", &dns, "--remote-access", code.secret()];
    let output = phone(&lab, &server, ("00:0e:08:ab:cd:01", "CP-8851"), &more);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let wanted = [
        "code_redeemed",
        "machine_token",
        "edge_found",
        "activated",
        "configuration",
    ];
    assert_eq!(steps(&output), wanted);
}

/// The exit status of a device that a service refused.
const REFUSED: i32 = 3;
