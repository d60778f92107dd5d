use offhook_onboarding::message::{CodePresented, MachineToken};
use offhook_onboarding::{Actor, Caller, Registry as _};

use offhook_onboarding::device_side::{Flow as _, RoomOs};

use crate::bench::{
    Bench, NOW, ROOM_MAC, SOURCE, activation_request, device_settings, key, present, room_model,
    room_request,
};

/// No `Debug`, no error and no audit record holds a code, a token or a key.
#[tokio::test]
async fn secrets_never_print() {
    let bench = Bench::new();
    let code = bench.issue().await;
    let key = key();
    let request: CodePresented = present(&code, room_model(), &key);
    let token: MachineToken = bench
        .activation
        .activate(&request, None, SOURCE, *NOW)
        .await
        .unwrap();
    let actor = Actor::of_token(&bench.verified(&token, *NOW)).unwrap();
    let caller = Caller::Token(bench.verified(&token, *NOW));
    bench
        .management
        .activate(&caller, activation_request(ROOM_MAC), SOURCE, *NOW)
        .await
        .unwrap();
    let document = bench
        .management
        .configuration(&caller, "001122334455.xml", *NOW)
        .await
        .unwrap();
    let stranger = present(&code, room_model(), &self::key());
    let refused = bench
        .activation
        .activate(&stranger, None, SOURCE, *NOW)
        .await
        .unwrap_err();
    let records = bench.registry.audit(0, 100).await.unwrap();

    let mut room = room_request();
    room.tags
        .insert("%SECRET%".into(), "tag-value-secret".to_owned().into());
    let url = "https://activation.example.test".parse().unwrap();
    let device = RoomOs::new(device_settings(), url, &code, key.clone()).unwrap();
    let first = device.task().unwrap();

    let printed = [
        format!("{room:?} {device:?} {first:?}"),
        format!("{request:?} {token:?} {caller:?} {document:?}"),
        format!("{refused} {refused:?} {records:?} {actor:?}"),
        format!(
            "{:?} {:?} {:?}",
            bench.activation, bench.management, bench.registry
        ),
    ]
    .concat();
    let digits: String = code.chars().filter(char::is_ascii_digit).collect();
    let spelled: Vec<String> = code.bytes().map(|byte| byte.to_string()).collect();
    let spelled = spelled.join(", ");
    for secret in [
        "tag-value-secret",
        spelled.as_str(),
        code.as_str(),
        digits.as_str(),
        token.access_token.secret(),
        key.secret().as_str(),
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
}
