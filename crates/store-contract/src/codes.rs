//! The behaviours of a [`CodeStore`], each of which panics where the store does not show it.

use std::time::Duration;

use offhook_activation_code::{
    Binding, CodeId, CodeStore, Grant, IssueError, IssueRefusal, OutstandingCode, Page, PepperId,
    Peppers, RedeemError, Refusal, ReissueError, ReissueRefusal, RevokeError, RevokeRefusal,
};

use crate::Fixture;
use crate::world::{
    MS, World, device, mac, model, nameless, other_model, part_of_model, pepper, profile,
};

/// A device that the code is not bound to is refused, and the right one is still served.
pub async fn a_wrong_model_or_mac_burns_nothing(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let cases = [
        (Binding::Mac(mac(1)), device(2), Refusal::WrongMac),
        (
            Binding::Model(model()),
            device(1).with_model(other_model()),
            Refusal::WrongModel,
        ),
        (
            Binding::AnyOf(vec![model()]),
            device(1).with_model(other_model()),
            Refusal::WrongModel,
        ),
        (
            Binding::AnyOf(vec![other_model(), model()]),
            device(1).with_model(part_of_model()),
            Refusal::WrongModel,
        ),
    ];
    for (binding, wrong, reason) in cases {
        let code = world.draw();
        let new = world.bound_code(&code, "desk", binding);
        store.issue(&new, now).await.unwrap();
        let attempt = world.redemption(&code, wrong);
        assert_eq!(refusal(store.redeem(&attempt, now).await), reason);
        let right = world.redemption(&code, device(1));
        assert!(!store.redeem(&right, now).await.unwrap().repeated());
    }
    let nobody = world.draw();
    let new = world.bound_code(&nobody, "desk", Binding::AnyOf(vec![]));
    store.issue(&new, now).await.unwrap();
    let attempt = world.redemption(&nobody, device(1));
    assert_eq!(
        refusal(store.redeem(&attempt, now).await),
        Refusal::WrongModel
    );
}

/// A device that does not say what it is is refused like one that says something else.
pub async fn a_claimant_without_model_or_mac_burns_nothing(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    for (binding, reason) in [
        (Binding::Mac(mac(1)), Refusal::WrongMac),
        (Binding::Model(model()), Refusal::WrongModel),
    ] {
        let code = world.draw();
        let new = world.bound_code(&code, "desk", binding);
        store.issue(&new, now).await.unwrap();
        let attempt = world.redemption(&code, nameless(1));
        assert_eq!(refusal(store.redeem(&attempt, now).await), reason);
        let right = world.redemption(&code, device(1));
        store.redeem(&right, now).await.unwrap();
    }
}

/// Redeemable one millisecond before the deadline, refused at it, purged or not.
pub async fn a_code_expires_to_the_millisecond(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (early, late) = (world.draw(), world.draw());
    for (code, profile) in [(&early, "early"), (&late, "late")] {
        let new = world.new_code(code, profile);
        store.issue(&new, world.now).await.unwrap();
    }
    let deadline = world.now + world.policy.ttl();
    let attempt = world.redemption(&late, device(1));
    assert_eq!(
        refusal(store.redeem(&attempt, deadline).await),
        Refusal::Expired
    );
    let attempt = world.redemption(&early, device(1));
    store.redeem(&attempt, deadline - MS).await.unwrap();
    let attempt = world.redemption(&late, device(1));
    store.redeem(&attempt, deadline - MS).await.unwrap();
}

/// The same device gets the same grant, even past the deadline of the code, until the grace time
/// is over; nothing prolongs it.
pub async fn a_lost_answer_is_repeated_within_the_grace_time_only(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let code = world.draw();
    let new = world.new_code(&code, "desk");
    store.issue(&new, world.now).await.unwrap();
    let redeemed_at = world.now + world.policy.ttl() - MS;
    let redemption = world.redemption(&code, device(1));
    let first = store.redeem(&redemption, redeemed_at).await.unwrap();
    assert_eq!(
        (first.id(), first.code(), first.repeated()),
        (redemption.grant(), new.id(), false)
    );
    let place = (first.tenant(), first.account(), first.profile());
    assert_eq!(
        place,
        (new.tenant(), new.code().account(), new.code().profile())
    );
    let last = redeemed_at + world.policy.grace() - MS;
    for now in [redeemed_at, redeemed_at + MS, last] {
        let again = world.redemption(&code, device(1));
        let grant = store.redeem(&again, now).await.unwrap();
        assert_eq!(grant, first.clone().into_repeated());
    }
    let again = world.redemption(&code, device(1));
    assert_eq!(
        refusal(store.redeem(&again, last + MS).await),
        Refusal::AlreadyRedeemed
    );
}

/// A device with another key, or with another MAC address, gets nothing for a used code.
pub async fn another_device_is_refused(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    store
        .issue(&world.new_code(&code, "desk"), now)
        .await
        .unwrap();
    let winner = world.redemption(&code, device(1));
    store.redeem(&winner, now).await.unwrap();
    for other in [device(2).with_mac(mac(1)), device(1).with_mac(mac(2))] {
        let attempt = world.redemption(&code, other);
        assert_eq!(
            refusal(store.redeem(&attempt, now).await),
            Refusal::AlreadyRedeemed
        );
    }
}

/// Revoked is void at once and for ever; what cannot be revoked is said.
pub async fn a_revoked_code_is_refused(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    let new = world.new_code(&code, "desk");
    let revoke = async |id| match store.revoke(&new.tenant().clone(), id, now).await {
        Ok(()) => None,
        Err(RevokeError::Refused(refusal)) => Some(refusal),
        Err(err) => panic!("{err}"),
    };
    assert_eq!(revoke(new.id()).await, Some(RevokeRefusal::Unknown));
    store.issue(&new, now).await.unwrap();
    assert_eq!(revoke(new.id()).await, None);
    let attempt = world.redemption(&code, device(1));
    assert_eq!(refusal(store.redeem(&attempt, now).await), Refusal::Revoked);
    assert_eq!(revoke(new.id()).await, Some(RevokeRefusal::NotOutstanding));

    let used = world.draw();
    let new = world.new_code(&used, "desk");
    store.issue(&new, now).await.unwrap();
    let attempt = world.redemption(&used, device(1));
    store.redeem(&attempt, now).await.unwrap();
    assert_eq!(revoke(new.id()).await, Some(RevokeRefusal::AlreadyRedeemed));
}

/// The new code takes over everything from the old one, and the old one is void; a reissue that is
/// refused leaves the old one as it was.
pub async fn a_reissue_voids_the_old_code(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (old, new, now) = (world.draw(), world.draw(), world.now);
    let issued = world.bound_code(&old, "desk", Binding::Mac(mac(1)));
    store.issue(&issued, now).await.unwrap();

    let twice = world.replacement(&old);
    let err = store.reissue(issued.id(), &twice, now).await;
    assert_eq!(reissue_refusal(err), ReissueRefusal::DigestTaken);
    world.now = now + Duration::from_secs(60);
    let replacement = world.replacement(&new);
    let code = store.reissue(issued.id(), &replacement, now).await.unwrap();
    assert_eq!(code, replacement.succeed(issued.code()));
    assert_eq!((code.generation(), code.id()), (2, replacement.id()));

    let attempt = world.redemption(&old, device(1));
    assert_eq!(
        refusal(store.redeem(&attempt, now).await),
        Refusal::Superseded
    );
    let third = world.draw();
    let third = world.replacement(&third);
    let err = store.reissue(issued.id(), &third, now).await;
    assert_eq!(reissue_refusal(err), ReissueRefusal::NotOutstanding);
    let wrong = world.redemption(&new, device(2));
    assert_eq!(refusal(store.redeem(&wrong, now).await), Refusal::WrongMac);
    let right = world.redemption(&new, device(1));
    let grant = store.redeem(&right, now).await.unwrap();
    assert_eq!(
        (grant.code(), grant.profile()),
        (code.id(), issued.code().profile())
    );
    let err = store.reissue(code.id(), &third, now).await;
    assert_eq!(reissue_refusal(err), ReissueRefusal::AlreadyRedeemed);
    let err = store.reissue(third.id(), &third, now).await;
    assert_eq!(reissue_refusal(err), ReissueRefusal::Unknown);
}

/// Purging takes exactly the expired codes, and each stays known as expired.
pub async fn purged_codes_leave_tombstones(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (old, young) = (world.draw(), world.draw());
    let issued = world.new_code(&old, "old");
    store.issue(&issued, world.now).await.unwrap();
    let deadline = world.now + world.policy.ttl();
    world.now += MS;
    let new = world.new_code(&young, "young");
    store.issue(&new, world.now).await.unwrap();

    for (kept, now, purged) in [
        (Duration::ZERO, deadline - MS, 0),
        (MS, deadline, 0),
        (Duration::MAX, deadline, 0),
        (MS, deadline + MS, 1),
        (MS, deadline + MS, 0),
        (Duration::ZERO, deadline, 0),
    ] {
        let answer = store.purge_expired(kept, now).await.unwrap();
        assert_eq!(answer, purged, "{kept:?}");
    }
    let attempt = world.redemption(&old, device(1));
    assert_eq!(
        refusal(store.redeem(&attempt, deadline).await),
        Refusal::Expired
    );
    let same = world.new_code(&old, "old");
    assert_eq!(
        issue_refusal(store.issue(&same, deadline).await),
        IssueRefusal::DigestTaken
    );
    let code = world.draw();
    let replacement = world.replacement(&code);
    let err = store.reissue(issued.id(), &replacement, deadline).await;
    assert_eq!(reissue_refusal(err), ReissueRefusal::NotOutstanding);
    let attempt = world.redemption(&young, device(1));
    store.redeem(&attempt, deadline).await.unwrap();
}

/// A code stays expired that was purged, or made room for another, and a used code stays used.
pub async fn a_clock_that_jumps_back_revives_nothing(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let (purged, replaced, used) = (world.draw(), world.draw(), world.draw());
    for (code, profile) in [(&purged, "purged"), (&replaced, "replaced")] {
        let new = world.new_code(code, profile);
        store.issue(&new, now).await.unwrap();
    }
    world.now = now + world.policy.ttl();
    let new = world.new_code(&used, "replaced");
    store.issue(&new, world.now).await.unwrap();
    store
        .purge_expired(Duration::ZERO, world.now)
        .await
        .unwrap();
    for code in [&purged, &replaced] {
        let attempt = world.redemption(code, device(1));
        assert_eq!(refusal(store.redeem(&attempt, now).await), Refusal::Expired);
    }
    let winner = world.redemption(&used, device(1));
    store.redeem(&winner, world.now).await.unwrap();
    let attempt = world.redemption(&used, device(2));
    assert_eq!(
        refusal(store.redeem(&attempt, now).await),
        Refusal::AlreadyRedeemed
    );
}

/// Peppers rotate without reissuing codes.
pub async fn a_code_issued_under_a_retired_pepper_is_redeemed(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    let issued = world.new_code(&code, "desk");
    store.issue(&issued, now).await.unwrap();

    world.peppers = Peppers::new(PepperId::new(2), pepper(2));
    let attempt = world.redemption(&code, device(1));
    assert_eq!(refusal(store.redeem(&attempt, now).await), Refusal::Unknown);

    let rotated = Peppers::new(PepperId::new(2), pepper(2));
    world.peppers = rotated.with_retired(PepperId::new(1), pepper(1)).unwrap();
    let same = world.new_code(&code, "other");
    assert_eq!(
        issue_refusal(store.issue(&same, now).await),
        IssueRefusal::DigestTaken
    );
    let attempt = world.redemption(&code, device(1));
    let grant = store.redeem(&attempt, now).await.unwrap();
    assert_eq!(grant.code(), issued.id());
    assert!(store.redeem(&attempt, now).await.unwrap().repeated());
}

/// A digest is known together with the number of its pepper: the same pepper under another number is
/// another one.
pub async fn a_pepper_under_another_number_knows_no_code(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    let new = world.new_code(&code, "desk");
    store.issue(&new, now).await.unwrap();
    world.peppers = Peppers::new(PepperId::new(7), pepper(1));
    let attempt = world.redemption(&code, device(1));
    assert_eq!(refusal(store.redeem(&attempt, now).await), Refusal::Unknown);
}

/// Issuing is never an upsert: neither the digits nor the name of a code serve twice.
pub async fn a_code_drawn_twice_is_refused(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, other, now) = (world.draw(), world.draw(), world.now);
    let issued = world.new_code(&code, "desk");
    store.issue(&issued, now).await.unwrap();
    let same_digits = world.new_code(&code, "other");
    let refused = store.issue(&same_digits, now).await;
    assert_eq!(issue_refusal(refused), IssueRefusal::DigestTaken);
    let same_id = offhook_activation_code::NewCode::new(
        issued.id(),
        world.digests(&other),
        issued.code().account().clone(),
        profile("other"),
        issued.code().binding().clone(),
        &world.policy,
        now,
    );
    assert_eq!(
        issue_refusal(store.issue(&same_id, now).await),
        IssueRefusal::IdTaken
    );

    let winner = world.redemption(&code, device(1));
    assert_eq!(
        store.redeem(&winner, now).await.unwrap().code(),
        issued.id()
    );
    let refused = store.issue(&same_digits, now).await;
    assert_eq!(issue_refusal(refused), IssueRefusal::DigestTaken);
}

/// A profile gets another code once the first is used, revoked or expired, and not before.
pub async fn a_profile_has_one_outstanding_code(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let codes: Vec<_> = (0..4).map(|_| world.draw()).collect();
    let issued: Vec<_> = codes
        .iter()
        .map(|code| world.new_code(code, "desk"))
        .collect();
    let [first, second, third, fourth] = issued.as_slice() else {
        panic!("four codes");
    };
    store.issue(first, now).await.unwrap();
    let refused = store.issue(second, now).await;
    assert_eq!(issue_refusal(refused), IssueRefusal::Outstanding);
    let last = now + world.policy.ttl() - MS;
    let refused = store.issue(second, last).await;
    assert_eq!(issue_refusal(refused), IssueRefusal::Outstanding);
    let [code, ..] = codes.as_slice() else {
        panic!("four codes");
    };
    let attempt = world.redemption(code, device(1));
    store.redeem(&attempt, now).await.unwrap();

    store.issue(second, now).await.unwrap();
    store.revoke(&world.tenant, second.id(), now).await.unwrap();
    store.issue(third, now).await.unwrap();
    store.issue(fourth, last + MS).await.unwrap();
    let refused = store.revoke(&world.tenant, third.id(), now).await;
    assert!(matches!(
        refused,
        Err(RevokeError::Refused(RevokeRefusal::NotOutstanding))
    ));
}

/// The list is in the order of the profiles, without gaps and repeats, and holds live codes only.
pub async fn outstanding_codes_come_in_pages(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let now = world.now;
    let mut issued = Vec::new();
    for name in ["ä", "desk-2", "a", "desk-10", "Z", "desk-1", "desk-3"] {
        let code = world.draw();
        let new = world.new_code(&code, name);
        store.issue(&new, now).await.unwrap();
        issued.push(new);
    }
    let revoked = issued.pop().map(|new| new.id()).unwrap();
    store.revoke(&world.tenant, revoked, now).await.unwrap();
    issued.sort_by(|a, b| a.code().profile().cmp(b.code().profile()));
    let expected: Vec<CodeId> = issued.iter().map(|new| new.id()).collect();

    let mut found = Vec::new();
    let mut page = Page::first(2);
    loop {
        let codes = store
            .outstanding(&world.tenant, page.clone(), now)
            .await
            .unwrap();
        assert!(codes.len() <= 2);
        let Some(last) = codes.last() else { break };
        page = page.after(last.profile().clone());
        found.extend(codes.iter().map(OutstandingCode::id));
    }
    assert_eq!(found, expected);
    let deadline = now + world.policy.ttl();
    let all = Page::first(Page::MAX_LIMIT);
    let codes = store
        .outstanding(&world.tenant, all.clone(), deadline - MS)
        .await;
    assert_eq!(codes.unwrap().len(), expected.len());
    let codes = store.outstanding(&world.tenant, all, deadline).await;
    assert_eq!(codes.unwrap(), []);
}

/// The same digits in another tenant are another code, and no verb reaches across.
pub async fn nothing_is_known_in_another_tenant(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (code, now) = (world.draw(), world.now);
    let issued = world.new_code(&code, "desk");
    store.issue(&issued, now).await.unwrap();

    world.tenant = "other".parse().unwrap();
    let attempt = world.redemption(&code, device(1));
    assert_eq!(refusal(store.redeem(&attempt, now).await), Refusal::Unknown);
    let refused = store.revoke(&world.tenant, issued.id(), now).await;
    assert!(matches!(
        refused,
        Err(RevokeError::Refused(RevokeRefusal::Unknown))
    ));
    let fresh = world.draw();
    let replacement = world.replacement(&fresh);
    let refused = store.reissue(issued.id(), &replacement, now).await;
    assert_eq!(reissue_refusal(refused), ReissueRefusal::Unknown);
    let page = Page::first(10);
    let codes = store.outstanding(&world.tenant, page, now).await;
    assert_eq!(codes.unwrap(), []);

    let here = world.new_code(&code, "desk");
    store.issue(&here, now).await.unwrap();
    let grant = store.redeem(&attempt, now).await.unwrap();
    assert_eq!((grant.code(), grant.tenant()), (here.id(), here.tenant()));
}

/// A grant has one code: a caller that proposes a grant twice gets an error and loses nothing.
pub async fn a_grant_id_in_use_burns_nothing(fixture: &impl Fixture) {
    let (world, store) = (&mut World::new(), fixture.store());
    let (first, second, now) = (world.draw(), world.draw(), world.now);
    for (code, profile) in [(&first, "first"), (&second, "second")] {
        let new = world.new_code(code, profile);
        store.issue(&new, now).await.unwrap();
    }
    let winner = world.redemption(&first, device(1));
    store.redeem(&winner, now).await.unwrap();
    let digests = world.digests(&second);
    let same_grant = offhook_activation_code::Redemption::new(digests, device(2), winner.grant());
    let err = store.redeem(&same_grant, now).await.unwrap_err();
    assert!(matches!(err, RedeemError::Store(_)), "{err:?}");
    let fresh = world.redemption(&second, device(2));
    assert!(!store.redeem(&fresh, now).await.unwrap().repeated());
}

pub(crate) fn refusal(answer: Result<Grant, RedeemError>) -> Refusal {
    match answer {
        Err(RedeemError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn issue_refusal(answer: Result<(), IssueError>) -> IssueRefusal {
    match answer {
        Err(IssueError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}

pub(crate) fn reissue_refusal(answer: Result<OutstandingCode, ReissueError>) -> ReissueRefusal {
    match answer {
        Err(ReissueError::Refused(refusal)) => refusal,
        other => panic!("not refused: {other:?}"),
    }
}
