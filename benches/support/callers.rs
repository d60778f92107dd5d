//! Codes that a number of callers redeem.

use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeId, CodePolicy, CodeStore, GrantId,
    NewCode, Pepper, PepperId, Peppers, ProfileId, Redemption, SystemEntropy, TenantId,
};
use offhook_device_name::DeviceModel;

pub(crate) const CALLERS: usize = 64;
pub(crate) const EACH: usize = 8;

/// Issues [`EACH`] codes for each of [`CALLERS`], many at a time.
pub(crate) async fn issue_all<S: CodeStore + 'static>(store: &Arc<S>) -> Vec<Vec<Redemption>> {
    let issue = |_| {
        let store = Arc::clone(store);
        tokio::spawn(async move { issue(&*store).await })
    };
    let tasks: Vec<_> = (0..CALLERS * EACH).map(issue).collect();
    let mut callers = vec![Vec::new(); CALLERS];
    for (number, task) in tasks.into_iter().enumerate() {
        let redemption = task.await.unwrap();
        if let Some(caller) = callers.get_mut(number % CALLERS) {
            caller.push(redemption);
        }
    }
    callers
}

/// Lets each caller redeem its codes, one after the other.
pub(crate) async fn redeem_all<S: CodeStore + 'static>(
    store: &Arc<S>,
    callers: Vec<Vec<Redemption>>,
) {
    let caller = |redemptions: Vec<Redemption>| {
        let store = Arc::clone(store);
        tokio::spawn(async move {
            for redemption in redemptions {
                store.redeem(&redemption, now()).await.unwrap();
            }
        })
    };
    let tasks: Vec<_> = callers.into_iter().map(caller).collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// Issues a code, and gives what its device will present.
pub(crate) async fn issue(store: &impl CodeStore) -> Redemption {
    let entropy = &mut SystemEntropy::new();
    let peppers = Peppers::new(PepperId::new(1), Pepper::new(vec![7; 32]).unwrap());
    let code = ActivationCode::draw(entropy).unwrap();
    let digests = peppers.digests(&TenantId::new("acme").unwrap(), &code);
    let id = CodeId::draw(entropy).unwrap();
    let model = DeviceModel::new("Cisco Desk Pro").unwrap();
    let new = NewCode::new(
        id,
        digests.clone(),
        "user@acme.example".parse().unwrap(),
        ProfileId::new(&id.to_string()).unwrap(),
        Binding::Model(model.clone()),
        &CodePolicy::default(),
        now(),
    );
    store.issue(&new, now()).await.unwrap();
    let claimant = Claimant::new(ClaimantKey::Certificate([1; 32])).with_model(model);
    Redemption::new(digests, claimant, GrantId::draw(entropy).unwrap())
}

/// When everything takes place.
pub(crate) fn now() -> SystemTime {
    UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}
