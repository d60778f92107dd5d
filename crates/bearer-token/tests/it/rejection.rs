//! One refusal, told in HTTP and in SIP.

use offhook_bearer_token::{
    BearerError, Challenge, CredentialsError, InsufficientScope, KeysError, Rejection, Scope,
    SipRole, TokenRefusal, VerifyError,
};
use proptest::prelude::*;

use crate::forge::{Forge, claims};

fn no_scope() -> InsufficientScope {
    let forge = Forge::new();
    let verified = forge.judge(&claims(&[("scope", "\"x\"")])).unwrap();
    verified
        .require(&Scope::BROADWORKS_CONNECTOR_USER)
        .unwrap_err()
}

fn base() -> Challenge {
    let server = "https://as.example.net/".parse().unwrap();
    Challenge::new("example.net")
        .unwrap()
        .with_authz_server(server)
        .unwrap()
}

#[test]
fn sip_challenges_as_registrar_and_as_proxy() {
    let refused = VerifyError::Refused(TokenRefusal::Expired);
    let down = VerifyError::Keys(KeysError::CoolingDown);
    let plain = r#"Bearer realm="example.net", authz_server="https://as.example.net/""#;
    let invalid = format!(r#"{plain}, error="invalid_token""#);
    let scope = format!(r#"{plain}, scope="broadworks-connector-user", error="invalid_scope""#);
    let cases: Vec<(Rejection, u16, u16, Option<&str>)> = vec![
        (CredentialsError::Missing.into(), 401, 407, Some(plain)),
        (CredentialsError::OtherScheme.into(), 401, 407, Some(plain)),
        (CredentialsError::Malformed.into(), 400, 400, None),
        (CredentialsError::Several.into(), 400, 400, None),
        (Rejection::from(&refused), 401, 407, Some(&invalid)),
        (no_scope().into(), 401, 407, Some(&scope)),
        (Rejection::from(&down), 503, 503, None),
    ];
    for (rejection, server, proxy, challenge) in cases {
        for (role, status, header) in [
            (SipRole::UserAgentServer, server, "WWW-Authenticate"),
            (SipRole::Proxy, proxy, "Proxy-Authenticate"),
        ] {
            assert_eq!(rejection.sip_status(role), status, "{rejection:?}");
            let told = rejection.sip_challenge(&base(), role);
            let told = told.map(|(header, challenge)| (header, challenge.to_string()));
            let expected = challenge.map(|text| (header, text.to_owned()));
            assert_eq!(told, expected, "{rejection:?}");
        }
    }
    assert_eq!(SipRole::Proxy.credentials_header(), "Proxy-Authorization");
    assert_eq!(
        SipRole::UserAgentServer.credentials_header(),
        "Authorization"
    );
}

#[test]
fn the_scope_that_is_missing_stands_beside_those_that_are_needed_anyway() {
    let base = Challenge::new("x")
        .unwrap()
        .with_scope([Scope::DM_BRIDGE_DEVICE_AUTH]);
    let rejection = Rejection::from(no_scope());
    assert_eq!(rejection.status(), 403);
    assert_eq!(
        rejection.challenge(&base).unwrap().to_string(),
        r#"Bearer realm="x", scope="dm-bridge:device_auth broadworks-connector-user", error="insufficient_scope""#
    );
}

#[test]
fn an_invalid_scope_is_read_from_a_sip_challenge() {
    let read: Challenge = r#"Bearer realm="x", error="invalid_scope""#.parse().unwrap();
    assert_eq!(read.error(), Some(BearerError::InvalidScope));
}

proptest! {
    /// Whatever a realm or a scope has in it, a client reads the same and nothing more.
    #[test]
    fn no_text_breaks_out_of_its_parameter(realm in "[ -~]{0,40}", scope in "[!#-\\[\\]-~]{1,20}") {
        let scope: Scope = scope.parse().unwrap();
        let challenge = Challenge::new(&realm).unwrap().with_scope([scope.clone()]);
        let refused = VerifyError::Refused(TokenRefusal::Signature);
        let told = Rejection::from(&refused).challenge(&challenge).unwrap();
        let value = http::HeaderValue::try_from(told.to_string()).unwrap();
        let read: Challenge = value.to_str().unwrap().parse().unwrap();
        prop_assert_eq!(read.realm(), &realm);
        prop_assert_eq!(read.scope(), &[scope][..]);
        prop_assert_eq!(read.error(), Some(BearerError::InvalidToken));
        prop_assert!(read.authz_server().is_none() && read.error_description().is_none());
    }
}

#[test]
fn a_realm_that_would_end_the_line_is_refused() {
    for realm in ["a\r\nX: y", "a\n", "\0", "é", "\u{7f}"] {
        assert!(Challenge::new(realm).is_err(), "{realm:?}");
    }
}
