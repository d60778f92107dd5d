//! A token of any form, and any header and claims under a good signature.
#![no_main]

use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use libfuzzer_sys::fuzz_target;
use offhook_bearer_token::{KeySet, TokenPolicy, danger, verify};
use ring::hmac;

const SECRET: [u8; 32] = [7; 32];

fuzz_target!(|data: &[u8]| {
    static KEYS: OnceLock<KeySet> = OnceLock::new();
    let keys = KEYS.get_or_init(|| {
        let jwk = br#"{"keys":[{"kty":"oct","kid":"s","k":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}]}"#;
        danger::key_set_with_shared_secrets(jwk).expect("the set is ours")
    });
    let policy = TokenPolicy::new("i", "a");
    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let _ = verify(text, keys, &policy, now);
    let (header, claims) = text.split_once('\0').unwrap_or((HEADER, text));
    let message = format!("{}.{}", encode(header), encode(claims));
    let tag = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, &SECRET),
        message.as_bytes(),
    );
    let token = format!("{message}.{}", encode(tag));
    if let Ok(verified) = verify(&token, keys, &policy, now) {
        assert_eq!(verified.issuer(), "i");
        assert!(verified.expires_at() > now - Duration::from_secs(61));
    }
});

fn encode(bytes: impl AsRef<[u8]>) -> String {
    use base64::Engine;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

const HEADER: &str = r#"{"alg":"HS256","typ":"at+jwt","kid":"s"}"#;
