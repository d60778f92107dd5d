use http::{Response, StatusCode};
use offhook_onboarding::DeviceError;
use offhook_onboarding::device_side::{Flow, Mpp, RoomOs, Step, Task};
use serde_json::json;

use crate::bench::{device_settings, key};

fn room_os() -> RoomOs {
    let url = "https://activation.example.test".parse().unwrap();
    RoomOs::new(device_settings(), url, "1234 5678 9012 3456", key()).unwrap()
}

fn answer(status: u16, body: impl Into<Vec<u8>>) -> Response<Vec<u8>> {
    let mut response = Response::new(body.into());
    *response.status_mut() = StatusCode::from_u16(status).unwrap();
    response
}

fn json(body: serde_json::Value) -> Response<Vec<u8>> {
    answer(200, body.to_string())
}

fn request(flow: &dyn Flow) -> http::Request<Vec<u8>> {
    match flow.task().unwrap() {
        Task::Request(request) => request,
        other => panic!("{other:?}"),
    }
}

const DOCUMENT: &str = "<Configuration><SIP><URI>room-7@example.test</URI>\
                        <DefaultTransport>Tls</DefaultTransport></SIP></Configuration>";

#[test]
fn a_room_device_goes_from_its_code_to_its_registration() {
    let mut device = room_os();
    let sent = request(&device);
    assert_eq!(sent.uri(), "https://activation.example.test/v1/activations");
    let body: serde_json::Value = serde_json::from_slice(sent.body()).unwrap();
    assert_eq!(body["activationCode"], "1234-5678-9012-3456");
    let token = json!({"access_token": "abc", "token_type": "bearer", "expires_in": 60});
    device.answered(&json(token)).unwrap();

    assert_eq!(device.step(), Some(Step::MachineToken));
    assert!(
        matches!(device.task().unwrap(), Task::KeepToken { token, .. } if token.secret() == "abc")
    );
    device.done().unwrap();

    let sent = request(&device);
    assert_eq!(sent.uri(), "https://dm.example.test/base/v1/activate");
    assert_eq!(sent.headers()["authorization"], "Bearer abc");
    let accepted = json!({"deviceName": "SEP001122334455", "configurationFile": "a b/..xml"});
    device.answered(&json(accepted)).unwrap();

    // A name from outside stays one segment of the path.
    assert_eq!(
        request(&device).uri(),
        "https://dm.example.test/base/v1/files/a%20b%2F..xml"
    );
    device.answered(&answer(200, DOCUMENT)).unwrap();
    assert!(matches!(device.task().unwrap(), Task::Resolve { .. }));
    device.done().unwrap();
    let Task::Register(registering) = device.task().unwrap() else {
        panic!();
    };
    assert_eq!(
        (registering.user.as_str(), registering.domain.as_str()),
        ("room-7", "example.test")
    );
    device.done().unwrap();
    assert_eq!(device.step(), None);
    assert!(matches!(device.task().unwrap(), Task::Finished));
}

#[test]
fn a_room_device_renews_its_token_keeps_the_new_one_and_goes_on() {
    let url = "https://activation.example.test/base".parse().unwrap();
    let mut device = RoomOs::renew(device_settings(), url, "old".parse().unwrap());
    assert_eq!(device.step(), Some(Step::TokenRenewed));
    let sent = request(&device);
    let wanted = "https://activation.example.test/base/v1/machine-token";
    assert_eq!(
        (sent.method().as_str(), sent.uri().to_string()),
        ("POST", wanted.to_owned())
    );
    assert_eq!(sent.headers()["authorization"], "Bearer old");
    assert!(sent.body().is_empty());
    let gone = json!({"error": "not_found", "error_description": "nothing here for this caller"});
    let error = device.answered(&answer(404, gone.to_string())).unwrap_err();
    assert!(error.is_refusal());
    assert_eq!(request(&device).headers()["authorization"], "Bearer old");

    let token = json!({"access_token": "new", "token_type": "Bearer", "expires_in": 3600});
    device.answered(&json(token)).unwrap();
    let Task::KeepToken { token, lifetime } = device.task().unwrap() else {
        panic!();
    };
    assert_eq!((token.secret(), lifetime.as_secs()), ("new", 3600));
    device.done().unwrap();
    assert_eq!(request(&device).headers()["authorization"], "Bearer new");
    assert_eq!(device.step(), Some(Step::Activated));
}

#[test]
fn a_bad_answer_leaves_the_device_where_it_was() {
    let mut device = room_os();
    let before = request(&device);
    let refused = json!({"error": "activation_code_refused", "error_description": "no"});
    let mut refused = json(refused);
    *refused.status_mut() = StatusCode::FORBIDDEN;
    for (response, says) in [
        (
            refused,
            "refused with status 403: activation_code_refused: no",
        ),
        (answer(404, "<html>"), "refused with status 404: : "),
        (answer(503, ""), "the service answered with status 503"),
        (answer(429, ""), "the service answered with status 429"),
        (answer(200, "{"), "message not readable"),
        (
            json(json!({"access_token": "abc", "token_type": "mac", "expires_in": 1})),
            "not a bearer token",
        ),
        (
            json(json!({"access_token": "a\nb", "token_type": "Bearer", "expires_in": 1})),
            "malformed machine token",
        ),
    ] {
        assert_eq!(device.answered(&response).unwrap_err().to_string(), says);
        assert_eq!(device.step(), Some(Step::CodeRedeemed));
        assert_eq!(request(&device).body(), before.body());
    }
    assert!(matches!(device.done(), Err(DeviceError::OutOfOrder)));
}

#[test]
fn an_answer_for_another_device_is_not_taken() {
    let mut phone = Mpp::new(device_settings());
    let other = json!({"macAddress": "000000000001", "rule": "r", "source": "s"});
    assert!(matches!(
        phone.answered(&json(other)),
        Err(DeviceError::OtherDevice)
    ));
    let ours = json!({"macAddress": "001122334455", "rule": "r", "source": "s"});
    assert!(matches!(
        phone.answered(&json(ours)),
        Err(DeviceError::NotProvisioned)
    ));
}

#[test]
fn a_phone_needs_the_machine_token_in_its_profile() {
    let mut phone = Mpp::new(device_settings());
    let ours = json!({
        "macAddress": "001122334455", "rule": "r", "source": "s", "configurationFile": "f.cfg"
    });
    phone.answered(&json(ours)).unwrap();
    let profile = |more: &str| {
        format!(
            "<flat-profile><Proxy_1_>example.test</Proxy_1_><User_ID_1_>alice</User_ID_1_>\
             <SIP_Transport_1_>TLS</SIP_Transport_1_>{more}</flat-profile>"
        )
    };
    let without = answer(200, profile(""));
    assert!(matches!(
        phone.answered(&without),
        Err(DeviceError::NoToken)
    ));
    phone
        .answered(&answer(200, profile("<GPP_SA>abc</GPP_SA>")))
        .unwrap();
    assert_eq!(phone.step(), Some(Step::Resolved));
}

#[test]
fn a_user_with_a_password_in_it_is_not_registered_and_not_shown() {
    let mut phone = Mpp::new(device_settings());
    let ours = json!({
        "macAddress": "001122334455", "rule": "r", "source": "s", "configurationFile": "f.cfg"
    });
    phone.answered(&json(ours)).unwrap();
    let profile = "<flat-profile><Proxy_1_>example.test</Proxy_1_><User_ID_1_>al;pw=s3cret</User_ID_1_>\
                   <SIP_Transport_1_>TLS</SIP_Transport_1_><GPP_SA>abc</GPP_SA></flat-profile>";
    let error = phone.answered(&answer(200, profile)).unwrap_err();
    let shown = format!("{error} {error:?} {phone:?} {:?}", phone.task());
    assert!(!shown.contains("s3cret"), "{shown}");
    assert_eq!(phone.step(), Some(Step::Configuration));
}

#[test]
fn a_typing_error_is_told_before_anything_is_sent() {
    let url: url::Url = "https://activation.example.test".parse().unwrap();
    let error = RoomOs::new(device_settings(), url, "1234-5678", key()).unwrap_err();
    assert!(matches!(error, DeviceError::Code(_)));
    assert!(Mpp::with_code(device_settings(), "1234-5678-9012-345x").is_err());
}

/// RFC 9110 section 10.2.3: a device that comes earlier is refused for longer.
#[test]
fn a_device_hears_when_to_ask_again() {
    for (value, expected) in [
        (Some("43694"), Some(43_694)),
        (Some("Fri, 31 Dec 1999 23:59:59 GMT"), None),
        (Some("-1"), None),
        (None, None),
    ] {
        let mut device = room_os();
        let mut busy = answer(429, "{}");
        if let Some(value) = value {
            let value = value.parse().unwrap();
            busy.headers_mut().insert("retry-after", value);
        }
        let error = device.answered(&busy).unwrap_err();
        assert!(!error.is_refusal());
        let waits = error.retry_after().map(|wait| wait.as_secs());
        assert_eq!(waits, expected, "{value:?}");
    }
}
