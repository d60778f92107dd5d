//! The `tower` layer in front of a service, over each way to verify a token.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use http::{Request, Response, StatusCode, header};
use offhook_bearer_token::{
    Access, AccessControl, AccessToken, BearerLayer, CertificateThumbprint, Challenge, KeySet,
    KeysError, MachineClaims, MemoryTokenStore, OpaqueTokens, RevocationCheck, RevocationList,
    Scope, TokenCache, TokenPolicy, TokenVerifier, VerifiedToken, VerifyError,
};
use tower::{Service, ServiceBuilder, ServiceExt, service_fn};

use crate::forge::{Forge, NOW, SUBJECT, at, base64url, claims, policy};
use crate::introspection::{Bed, active};
use crate::matrix::Matrix;

type Body = Vec<u8>;

/// Answers with the subject of the token that the layer put into the extensions.
async fn subject(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let token = request.extensions().get::<Arc<VerifiedToken>>().unwrap();
    let value = &request.headers()[header::AUTHORIZATION];
    assert!(value.is_sensitive() && !format!("{request:?}").contains("Bearer"));
    Ok(Response::new(token.subject().to_string().into_bytes()))
}

fn layer<V: TokenVerifier>(verifier: V) -> BearerLayer<V> {
    let challenge = Challenge::new("dms").unwrap();
    BearerLayer::new(verifier, policy(), challenge, || at(NOW))
}

fn request(authorization: &[&str]) -> Request<Body> {
    let mut request = Request::new(Vec::new());
    for value in authorization {
        let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
        request.headers_mut().append(header::AUTHORIZATION, value);
    }
    request
}

async fn send<V: TokenVerifier + 'static>(
    layer: &BearerLayer<V>,
    request: Request<Body>,
) -> Response<Body> {
    let service = ServiceBuilder::new()
        .layer(layer.clone())
        .service(service_fn(subject));
    service.oneshot(request).await.unwrap()
}

/// Status and challenge.
async fn answer<V: TokenVerifier + 'static>(
    layer: &BearerLayer<V>,
    authorization: &[&str],
) -> (u16, String) {
    let response = send(layer, request(authorization)).await;
    let mut challenges = response.headers().get_all(header::WWW_AUTHENTICATE).iter();
    let challenge = challenges
        .next()
        .map(|value| value.to_str().unwrap().to_owned());
    assert!(challenges.next().is_none());
    (response.status().as_u16(), challenge.unwrap_or_default())
}

#[tokio::test]
async fn a_good_token_passes_and_its_claims_are_in_the_extensions() {
    let forge = Forge::new();
    let layer = layer(forge.keys()).require(Scope::BROADWORKS_CONNECTOR_USER);
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let response = send(&layer, request(&[&format!("{scheme} {}", forge.good())])).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.body(), SUBJECT.as_bytes());
    }
}

#[tokio::test]
async fn each_answer_has_the_status_and_the_challenge_of_the_rfc() {
    let forge = Forge::new();
    let good = format!("Bearer {}", forge.good());
    let unscoped = forge.sign(&forge.header(), &claims(&[("scope", "\"other\"")]));
    let unscoped = format!("Bearer {unscoped}");
    let layer = layer(forge.keys()).require(Scope::BROADWORKS_CONNECTOR_USER);
    let plain = r#"Bearer realm="dms", scope="broadworks-connector-user""#;
    let with = |error: &str| format!("{plain}, error=\"{error}\"");
    let cases: Vec<(Vec<&str>, u16, String)> = vec![
        (vec![], 401, plain.into()),
        (vec!["Basic dTpw"], 401, plain.into()),
        (vec!["Bearertoken"], 401, plain.into()),
        (vec![""], 401, plain.into()),
        (vec!["Bearer"], 400, with("invalid_request")),
        (vec!["Bearer a b"], 400, with("invalid_request")),
        (vec!["Bearer é"], 400, with("invalid_request")),
        (vec![&good, &good], 400, with("invalid_request")),
        (vec![&good, "Basic dTpw"], 400, with("invalid_request")),
        (vec!["Bearer rubbish"], 401, with("invalid_token")),
        (vec![&unscoped], 403, with("insufficient_scope")),
    ];
    for (headers, status, challenge) in cases {
        assert_eq!(
            answer(&layer, &headers).await,
            (status, challenge),
            "{headers:?}"
        );
    }
}

#[tokio::test]
async fn a_challenge_names_all_scopes_that_are_asked_for_and_its_own() {
    let challenge = Challenge::new("dms").unwrap();
    let challenge = challenge.with_scope(["a".parse().unwrap()]);
    let layer = BearerLayer::new(Forge::new().keys(), policy(), challenge, || at(NOW))
        .require(Scope::DM_BRIDGE_DEVICE_AUTH)
        .with_access(AccessControl::default(), Access::Device);
    let (status, challenge) = answer(&layer, &[]).await;
    assert_eq!(status, 401);
    assert_eq!(
        challenge,
        r#"Bearer realm="dms", scope="a dm-bridge:device_auth broadworks-connector-user""#
    );
}

#[tokio::test]
async fn a_token_in_the_address_or_the_body_counts_for_nothing() {
    let forge = Forge::new();
    let layer = layer(forge.keys());
    let good = forge.good();
    let mut asked = request(&[]);
    *asked.uri_mut() = format!("/x?access_token={good}").parse().unwrap();
    assert_eq!(send(&layer, asked).await.status(), 401);
    let mut asked = request(&[]);
    *asked.body_mut() = format!("access_token={good}").into_bytes();
    assert_eq!(send(&layer, asked).await.status(), 401);
}

#[tokio::test]
async fn what_cannot_be_found_out_is_503_without_a_challenge() {
    #[derive(Debug)]
    struct Down;
    #[async_trait]
    impl TokenVerifier for Down {
        async fn verify_token(
            &self,
            _: &AccessToken,
            _: &TokenPolicy,
            _: SystemTime,
        ) -> Result<Arc<VerifiedToken>, VerifyError> {
            Err(VerifyError::Keys(KeysError::CoolingDown))
        }

        fn generation(&self, _: SystemTime) -> Option<u64> {
            None
        }
    }
    let forge = Forge::new();
    let good = format!("Bearer {}", forge.good());
    assert_eq!(answer(&layer(Down), &[&good]).await, (503, String::new()));
    assert_eq!(answer(&layer(Down), &[]).await.0, 401);
}

/// Every attack gets one answer, 401 `invalid_token` where it can be a token at all and 400 where it
/// cannot, and no service sees it.
async fn fend_off<V: TokenVerifier + 'static>(layer: BearerLayer<V>, matrix: &Matrix) {
    let seen = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&seen);
    let counted = service_fn(move |_: Request<Body>| {
        counter.fetch_add(1, Ordering::SeqCst);
        async { Ok::<_, Infallible>(Response::new(Body::new())) }
    });
    let mut service = ServiceBuilder::new().layer(layer).service(counted);
    let mut turned_away = 0;
    for attack in &matrix.attacks {
        let Ok(value) = http::HeaderValue::from_str(&format!("Bearer {}", attack.token)) else {
            continue;
        };
        // In a header these are no part of the token.
        if matches!(attack.name, "space before" | "space after") {
            continue;
        }
        turned_away += 1;
        let mut request = request(&[]);
        request.headers_mut().insert(header::AUTHORIZATION, value);
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        let challenge = response.headers().get(header::WWW_AUTHENTICATE);
        let challenge = challenge.unwrap().to_str().unwrap();
        let expected = match attack.token.parse::<AccessToken>() {
            Ok(_) => (
                StatusCode::UNAUTHORIZED,
                r#"Bearer realm="dms", error="invalid_token""#,
            ),
            Err(_) => (
                StatusCode::BAD_REQUEST,
                r#"Bearer realm="dms", error="invalid_request""#,
            ),
        };
        assert_eq!((response.status(), challenge), expected, "{}", attack.name);
        assert_eq!(seen.load(Ordering::SeqCst), 0, "{}", attack.name);
    }
    assert!(turned_away >= 120, "{turned_away}");
    let good = request(&[&format!("Bearer {}", matrix.good)]);
    service.ready().await.unwrap().call(good).await.unwrap();
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn every_token_of_the_attack_matrix_is_turned_away_with_and_without_a_cache() {
    let matrix = Matrix::new();
    let keys = || KeySet::from_json(matrix.key_set.as_bytes()).unwrap();
    fend_off(layer(keys()), &matrix).await;
    let cache = Arc::new(TokenCache::new(keys()));
    for _ in 0..2 {
        // The second time the good token is known.
        fend_off(layer(cache.clone()), &matrix).await;
    }
    let list = Arc::new(RevocationList::new(&policy()));
    fend_off(layer(RevocationCheck::new(cache, list)), &matrix).await;
}

#[tokio::test]
async fn a_token_that_is_bound_needs_its_certificate_and_another_needs_none() {
    let forge = Forge::new();
    let certificate = CertificateThumbprint::of_der(b"certificate");
    let cnf = format!("{{\"x5t#S256\":\"{}\"}}", base64url(certificate.as_bytes()));
    let bound = forge.sign(&forge.header(), &claims(&[("cnf", &cnf)]));
    let layer = layer(TokenCache::new(forge.keys()));
    let by = async |token: &str, shown: Option<CertificateThumbprint>| {
        let mut request = request(&[&format!("Bearer {token}")]);
        request.extensions_mut().extend({
            let mut extensions = http::Extensions::new();
            shown.map(|shown| extensions.insert(shown));
            extensions
        });
        send(&layer, request).await.status().as_u16()
    };
    for _ in 0..2 {
        assert_eq!(by(&bound, Some(certificate)).await, 200);
        assert_eq!(
            by(&bound, Some(CertificateThumbprint::of_der(b"x"))).await,
            401
        );
        assert_eq!(by(&bound, None).await, 401);
        assert_eq!(by(&forge.good(), None).await, 200);
    }
}

#[tokio::test]
async fn introspected_tokens_pass_like_signed_ones() {
    let bed = Bed::with(|introspector| introspector);
    bed.tell("t1", active(&[]));
    bed.answer("t3", StatusCode::BAD_GATEWAY, "");
    let layer = layer(bed.introspector.clone()).require(Scope::BROADWORKS_CONNECTOR_USER);
    assert_eq!(answer(&layer, &["Bearer t1"]).await.0, 200);
    assert_eq!(answer(&layer, &["Bearer t2"]).await.0, 401);
    assert_eq!(answer(&layer, &["Bearer t3"]).await, (503, String::new()));
}

#[tokio::test]
async fn opaque_machine_tokens_pass_like_signed_ones() {
    let store = Arc::new(MemoryTokenStore::new());
    let tokens = OpaqueTokens::new(store, crate::forge::ISSUER, "dms", Duration::from_secs(60));
    let claims =
        MachineClaims::new(SUBJECT.parse().unwrap()).with_scope(Scope::BROADWORKS_CONNECTOR_USER);
    let token = tokens.issue(&claims, &[9; 32], at(NOW)).await.unwrap();
    let layer = layer(tokens.clone()).with_access(AccessControl::default(), Access::Device);
    let value = format!("Bearer {}", token.secret());
    assert_eq!(answer(&layer, &[&value]).await.0, 200);
    tokens.revoke(&token).await.unwrap();
    assert_eq!(answer(&layer, &[&value]).await.0, 401);
}

#[tokio::test]
async fn allow_lists_are_asked_for_and_named_in_the_challenge() {
    let forge = Forge::new();
    let token = forge.sign(&forge.header(), &claims(&[("scope", "\"x\"")]));
    let value = format!("Bearer {token}");
    let device = layer(forge.keys()).with_access(AccessControl::default(), Access::Device);
    let (status, challenge) = answer(&device, &[&value]).await;
    assert_eq!(status, 403);
    assert_eq!(
        challenge,
        r#"Bearer realm="dms", scope="broadworks-connector-user", error="insufficient_scope""#
    );
    assert_eq!(
        answer(&device, &[&format!("Bearer {}", forge.good())])
            .await
            .0,
        200
    );
    // A scope is named once, and those that the provider's list asks for too.
    let lists = AccessControl::default().with_provider_scopes(["p:one".parse().unwrap()]);
    let both = layer(forge.keys())
        .require(Scope::BROADWORKS_CONNECTOR_USER)
        .with_access(lists, Access::Device);
    assert_eq!(
        answer(&both, &[]).await,
        (
            401,
            r#"Bearer realm="dms", scope="broadworks-connector-user p:one""#.to_owned()
        )
    );
    let admin = layer(forge.keys()).with_access(AccessControl::default(), Access::Administrator);
    assert_eq!(
        answer(&admin, &[&format!("Bearer {}", forge.good())])
            .await
            .0,
        403
    );
}

#[tokio::test]
async fn the_service_that_was_ready_gets_the_request() {
    /// Panics unless it was ready, as some services do.
    #[derive(Debug)]
    struct Ready(bool);
    impl Clone for Ready {
        fn clone(&self) -> Self {
            Self(false)
        }
    }
    impl Service<Request<Body>> for Ready {
        type Response = Response<Body>;
        type Error = Infallible;
        type Future = std::future::Ready<Result<Response<Body>, Infallible>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Infallible>> {
            self.0 = true;
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: Request<Body>) -> Self::Future {
            assert!(self.0);
            self.0 = false;
            std::future::ready(Ok(Response::new(Vec::new())))
        }
    }
    let forge = Forge::new();
    let mut service = ServiceBuilder::new()
        .layer(layer(forge.keys()))
        .service(Ready(false));
    for _ in 0..2 {
        let request = request(&[&format!("Bearer {}", forge.good())]);
        let response = service.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.status(), 200);
    }
}
