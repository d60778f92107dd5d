//! A `tower` layer that lets only good tokens pass.

use std::fmt;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::SystemTime;

use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderValue, Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use crate::{
    Access, AccessControl, CertificateThumbprint, Challenge, Rejection, Scope, TokenPolicy,
    TokenVerifier, VerifiedToken, VerifyError, credentials,
};

/// Lets requests with a good token pass, and answers the others.
///
/// A request that passes carries an `Arc<`[`VerifiedToken`]`>` in its extensions, and its
/// `Authorization` is marked as sensitive. The others get 400, 401 or 403 with the challenge of
/// RFC 6750, or 503 where it could not be found out whether the token is good; their bodies are
/// empty. A token that is bound to a certificate passes only where the request's extensions have the
/// [`CertificateThumbprint`] of the connection: who makes the handshake puts it there.
///
/// # Examples
///
/// ```
/// use std::time::SystemTime;
///
/// use offhook_bearer_token::{BearerLayer, Challenge, KeySet, Scope, TokenCache, TokenPolicy};
///
/// let keys = KeySet::from_json(br#"{"keys":[]}"#)?;
/// let policy = TokenPolicy::new("https://idp.example.net", "dms");
/// let challenge = Challenge::new("dms")?;
/// let layer = BearerLayer::new(TokenCache::new(keys), policy, challenge, SystemTime::now)
///     .require(Scope::BROADWORKS_CONNECTOR_USER);
/// # let _ = layer;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct BearerLayer<V>(Arc<Door<V>>);

impl<V: TokenVerifier> BearerLayer<V> {
    /// A layer that asks `verifier`, judges by `policy`, and challenges with `challenge`. `clock`
    /// tells the time of each request.
    pub fn new(
        verifier: V,
        policy: TokenPolicy,
        challenge: Challenge,
        clock: impl Fn() -> SystemTime + Send + Sync + 'static,
    ) -> Self {
        Self(Arc::new(Door {
            verifier: Arc::new(verifier),
            policy,
            challenge,
            clock: Arc::new(clock),
            scopes: Vec::new(),
            access: None,
        }))
    }

    /// Asks for a scope, which every challenge names from then on. Of several, all are needed.
    #[must_use]
    pub fn require(self, scope: Scope) -> Self {
        let named = [scope.clone()];
        self.with(&named, |door| door.scopes.push(scope))
    }

    /// Asks for what these lists allow at this door; every challenge names the scopes from then on.
    #[must_use]
    pub fn with_access(self, control: AccessControl, access: Access) -> Self {
        let named = control.scopes(access).to_vec();
        self.with(&named, |door| door.access = Some((control, access)))
    }

    fn with(self, named: &[Scope], change: impl FnOnce(&mut Door<V>)) -> Self {
        let mut door = Arc::unwrap_or_clone(self.0);
        change(&mut door);
        let mut scope = door.challenge.scope().to_vec();
        scope.extend_from_slice(named);
        door.challenge = door.challenge.with_scope(scope);
        Self(Arc::new(door))
    }
}

impl<V> Clone for BearerLayer<V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V: fmt::Debug> fmt::Debug for BearerLayer<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("BearerLayer")
            .field(&self.0.verifier)
            .finish()
    }
}

impl<V, S> Layer<S> for BearerLayer<V> {
    type Service = Bearer<V, S>;

    fn layer(&self, inner: S) -> Self::Service {
        Bearer {
            door: Arc::clone(&self.0),
            inner,
        }
    }
}

/// The service that a [`BearerLayer`] makes.
pub struct Bearer<V, S> {
    door: Arc<Door<V>>,
    inner: S,
}

impl<V, S: Clone> Clone for Bearer<V, S> {
    fn clone(&self) -> Self {
        Self {
            door: Arc::clone(&self.door),
            inner: self.inner.clone(),
        }
    }
}

impl<V: fmt::Debug, S: fmt::Debug> fmt::Debug for Bearer<V, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("verifier", &self.door.verifier)
            .field("inner", &self.inner)
            .finish()
    }
}

impl<V, S, B, R> Service<Request<B>> for Bearer<V, S>
where
    V: TokenVerifier + 'static,
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: Default,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        let door = Arc::clone(&self.door);
        // The one that was found ready takes the request; its clone need not be ready.
        let clone = self.inner.clone();
        let mut inner = mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            match door.authenticate(&request).await {
                Ok(token) => {
                    if let Some(value) = request.headers_mut().get_mut(AUTHORIZATION) {
                        value.set_sensitive(true);
                    }
                    request.extensions_mut().insert(token);
                    inner.call(request).await
                }
                Err(rejection) => Ok(door.answer(&rejection)),
            }
        })
    }
}

struct Door<V> {
    verifier: Arc<V>,
    policy: TokenPolicy,
    challenge: Challenge,
    clock: Arc<dyn Fn() -> SystemTime + Send + Sync>,
    scopes: Vec<Scope>,
    access: Option<(AccessControl, Access)>,
}

impl<V> Clone for Door<V> {
    fn clone(&self) -> Self {
        Self {
            verifier: Arc::clone(&self.verifier),
            policy: self.policy.clone(),
            challenge: self.challenge.clone(),
            clock: Arc::clone(&self.clock),
            scopes: self.scopes.clone(),
            access: self.access.clone(),
        }
    }
}

impl<V: TokenVerifier> Door<V> {
    /// What is needed of the request is taken before the first wait, so its body need not be shared.
    fn authenticate<B>(
        &self,
        request: &Request<B>,
    ) -> impl Future<Output = Result<Arc<VerifiedToken>, Rejection>> + Send + use<'_, V, B> {
        let token = credentials(request.headers());
        let peer = request.extensions().get::<CertificateThumbprint>().copied();
        async move {
            let (token, now) = (token?, (self.clock)());
            let verified = self.verifier.verify_token(&token, &self.policy, now).await;
            let verified = verified.map_err(|error| Rejection::from(&error))?;
            verified
                .check_holder(peer.as_ref())
                .map_err(|refusal| Rejection::from(&VerifyError::Refused(refusal)))?;
            for scope in &self.scopes {
                verified.require(scope)?;
            }
            if let Some((control, access)) = &self.access {
                control.check(&verified, *access)?;
            }
            Ok(verified)
        }
    }

    fn answer<R: Default>(&self, rejection: &Rejection) -> Response<R> {
        let mut response = Response::new(R::default());
        *response.status_mut() = rejection.status();
        let challenge = rejection.challenge(&self.challenge);
        // A challenge is ASCII, so the value is always good.
        let challenge = challenge.and_then(|text| HeaderValue::try_from(text.to_string()).ok());
        if let Some(challenge) = challenge {
            response.headers_mut().insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}
