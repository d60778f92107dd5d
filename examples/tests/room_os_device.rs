//! The example `room-os-device`, run as a program.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

#[path = "support/lab.rs"]
mod lab;

use std::fs;
use std::path::Path;
use std::process::Stdio;

use offhook_onboarding::ActivationState;
use offhook_onboarding::message::MoveRequest;

use crate::lab::{Lab, Server, command, room, steps};

#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_goes_on_after_each_step_at_which_it_died() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let mac = "00:11:22:33:44:55";
    // Its answer is lost: device management is not there, but the code is redeemed.
    let gone = Server {
        child: command("room-os-device", &["--help"])
            .stdout(Stdio::null())
            .spawn()
            .unwrap(),
        url: "https://127.0.0.1:9/".to_owned(),
    };
    let more = ["--activation", &server.url, &code];
    let output = lab.room_device(&gone, mac, "device", &more);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    assert_eq!(steps(&output), ["code_redeemed", "machine_token"]);
    // It died before it had kept its token: the same code and key give the same subject.
    fs::remove_file(lab.path("device/machine.token")).unwrap();
    let output = lab.room_device(&gone, mac, "device", &more);
    assert_eq!(steps(&output), ["code_redeemed", "machine_token"]);
    // With its token it needs no code, and to be activated again changes nothing.
    for _ in 0..2 {
        let output = lab.room_device(&server, mac, "device", &[]);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        assert_eq!(steps(&output), ["activated", "configuration"]);
    }
    let status = lab.client(&server);
    let status = status.status("room-1", &lab.token("admin.token")).await;
    let status = status.unwrap();
    assert_eq!(status.activation_state, ActivationState::Activated);
    assert_eq!(status.mac_address, Some(mac.parse().unwrap()));
    // Another device with the same code is refused, and told so by the exit status.
    let output = lab.room_device(&server, "00:11:22:33:44:66", "other", &[&code]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(steps(&output).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_renews_a_token_that_has_half_of_its_life_behind_it() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let run = |more: &[&str]| lab.room_device(&server, "00:11:22:33:44:55", "device", more);
    let output = run(&[&code]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    let file = lab.path("device/machine.token");
    let kept = || fs::read_to_string(&file).unwrap();
    let first = kept();
    // Not yet.
    assert_eq!(steps(&run(&[])), ["activated", "configuration"]);
    assert_eq!(kept(), first);
    let token = first.lines().next().unwrap();
    for due in [format!("{token}\n1\n"), token.to_owned()] {
        fs::write(&file, due).unwrap();
        let renewed = [
            "token_renewed",
            "machine_token",
            "activated",
            "configuration",
        ];
        assert_eq!(steps(&run(&[])), renewed);
        assert_ne!(kept().lines().next(), Some(token));
        assert_eq!(kept().lines().count(), 2);
    }
    // A renewal that cannot be had costs nothing while the token is good.
    let kept_still = kept().lines().next().unwrap().to_owned();
    fs::write(&file, &kept_still).unwrap();
    let output = run(&["--activation", "https://127.0.0.1:9/"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(steps(&output).ends_with(&["activated".into(), "configuration".into()]));
    assert_eq!(kept(), kept_still);
    // Once it is deactivated that is over.
    let admin = lab.token("admin.token");
    let client = lab.client(&server);
    client.deactivate("room-1", &admin).await.unwrap();
    fs::write(&file, token).unwrap();
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(steps(&output).is_empty());
}

/// What is missing is told, and once it is there again the same device goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_whose_type_is_not_offered_is_told_so_and_goes_on_when_it_is() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let types = fs::read_dir(lab.path("types")).unwrap();
    let types: Vec<_> = types.map(|entry| entry.unwrap().path()).collect();
    let away = |path: &Path| lab.path("").join(path.file_name().unwrap());
    for path in &types {
        fs::rename(path, away(path)).unwrap();
    }
    server.signal("HUP");
    lab.await_log("were read again").await;
    let run = |more: &[&str]| lab.room_device(&server, "00:11:22:33:44:55", "device", more);
    let output = run(&[&code]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    lab.await_log("a device is of a type that is not offered")
        .await;
    for path in &types {
        fs::rename(away(path), path).unwrap();
    }
    server.signal("HUP");
    lab.await_log_times("were read again", 2).await;
    let output = run(&[]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

/// It keeps a token that is nobody's any more, and goes on by the code of its new owner.
#[tokio::test(flavor = "multi_thread")]
async fn a_room_device_that_was_moved_goes_on_by_the_code_that_is_typed() {
    let lab = Lab::new();
    let server = lab.serve();
    let code = lab.code(&server, "room-1").await;
    let run = |more: &[&str]| lab.room_device(&server, "00:11:22:33:44:55", "device", more);
    assert_eq!(run(&[&code]).status.code(), Some(0));
    // The same command again: the token is good, and no code is spent.
    assert_eq!(steps(&run(&[&code])), ["activated", "configuration"]);
    let (admin, client) = (lab.token("admin.token"), lab.client(&server));
    client.provision(&room("room-2"), &admin).await.unwrap();
    let wanted = MoveRequest {
        profile: "room-2".into(),
        recipient: None,
    };
    let moved = client.move_device("room-1", &wanted, &admin).await;
    let code = moved.unwrap().activation_code.unwrap();
    assert_eq!(run(&[]).status.code(), Some(3));
    let output = run(&[code.secret()]);
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    assert!(steps(&output).ends_with(&["activated".into(), "configuration".into()]));
}
