//! Histories of verbs, drawn and shrunk by a state machine, and answered by the store as
//! [`CodeTable`] answers them.

use std::fmt::Debug;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use offhook_activation_code::{
    Binding, CodeId, CodeMode, CodePolicy, CodeStore, CodeTable, Grant, GrantId, IssueError,
    NewCode, Page, RedeemError, Redemption, ReissueError, Replacement, RevokeError, StoreError,
    TenantId, Timestamp,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use proptest_state_machine::ReferenceStateMachine;
use tokio::runtime::Handle;
use tokio::task::block_in_place;
use uuid::Uuid;

use crate::Fixture;
use crate::world::{World, device, mac, model, other_model, profile, without_certificate};

/// Whatever is asked in whatever order, while the clock runs and jumps and the pepper changes: the
/// store answers as [`CodeTable`] does. A history that it answers otherwise is shrunk to a short
/// one that shows it.
pub async fn any_history_is_answered_as_the_model_answers_it(fixture: &impl Fixture) {
    let (store, runs) = (fixture.store(), AtomicU64::new(1));
    let config = Config {
        cases: 64,
        failure_persistence: None,
        max_shrink_iters: 1_000,
        ..Config::default()
    };
    let histories = Rules::sequential_strategy(1..80);
    type Seen = Option<Arc<AtomicUsize>>;
    let play = |(mut state, verbs, seen): (History, Vec<Verb>, Seen)| {
        // Each run, of a shrunk history too, has a tenant and names of its own in the one store.
        state.rename(runs.fetch_add(1, Ordering::Relaxed));
        for verb in verbs {
            if let Some(seen) = &seen {
                seen.fetch_add(1, Ordering::SeqCst);
            }
            let (request, now) = (state.request(&verb), state.world.now);
            state = Rules::apply(state, &verb);
            if let Some(request) = request {
                let got = Handle::current().block_on(request.ask(&*store, now));
                prop_assert_eq!(&got, &state.answer, "{:?}", verb);
            }
        }
        let end = SystemTime::from(Timestamp::MAX);
        let tidied = Handle::current().block_on(store.purge_expired(Duration::ZERO, end));
        tidied.map_err(|err| TestCaseError::fail(format!("{err:?}")))?;
        Ok(())
    };
    block_in_place(|| {
        if let Err(error) = TestRunner::new(config).run(&histories, play) {
            panic!("{error}");
        }
    });
}

/// What happens next. The numbers name a few codes, code ids, grants, profiles and devices, so
/// that verbs meet.
#[derive(Clone, Debug)]
enum Verb {
    ChangePepper,
    Issue {
        id: u8,
        code: u8,
        profile: u8,
        binding: Binding,
        mode: CodeMode,
        sealed: bool,
    },
    JumpBack(Duration),
    List {
        limit: usize,
    },
    Purge,
    Redeem {
        code: u8,
        device: u8,
        by_certificate: bool,
        of_other_model: bool,
        grant: u8,
    },
    Reissue {
        old: u8,
        id: u8,
        code: u8,
    },
    Revoke {
        id: u8,
    },
    Wait(Duration),
}

/// A verb as a store takes it.
enum Request {
    Issue(NewCode),
    List(TenantId, Page),
    Purge,
    Redeem(Redemption),
    Reissue(CodeId, Replacement),
    Revoke(TenantId, CodeId),
}

/// The model, and all that is the same for it and the store.
#[derive(Clone, Debug)]
struct History {
    run: u64,
    world: World,
    table: CodeTable,
    /// What the last verb is answered.
    answer: String,
}

struct Rules;

impl ReferenceStateMachine for Rules {
    type State = History;
    type Transition = Verb;

    fn init_state() -> BoxedStrategy<History> {
        Just(History::new()).boxed()
    }

    fn transitions(_: &History) -> BoxedStrategy<Verb> {
        let few = || 0..6_u8;
        let bindings = prop_oneof![
            1 => Just(Binding::Mac(mac(1))),
            1 => Just(Binding::Model(other_model())),
            2 => Just(Binding::AnyOf(vec![model(), other_model()])),
        ];
        let modes = prop_oneof![
            2 => Just(CodeMode::BroadWorks),
            1 => Just(CodeMode::OnPremises),
            1 => Just(World::remote_access()),
        ];
        let often = || prop::bool::weighted(0.8);
        let issue = (few(), few(), 0..3_u8, bindings, modes, any::<bool>());
        let redeem = (few(), 0..3_u8, often(), often(), few());
        let days = 0..=CodePolicy::DEFAULT_TTL.as_secs() / 86_400;
        prop_oneof![
            6 => issue.prop_map(|(id, code, profile, binding, mode, sealed)| {
                Verb::Issue { id, code, profile, binding, mode, sealed }
            }),
            8 => redeem.prop_map(|(code, device, by_certificate, of_model, grant)| {
                let of_other_model = !of_model;
                Verb::Redeem { code, device, by_certificate, of_other_model, grant }
            }),
            2 => few().prop_map(|id| Verb::Revoke { id }),
            3 => (few(), few(), few()).prop_map(|(old, id, code)| Verb::Reissue { old, id, code }),
            2 => (1..4_usize).prop_map(|limit| Verb::List { limit }),
            1 => Just(Verb::Purge),
            2 => (0..1_200_000_u64).prop_map(|ms| Verb::Wait(Duration::from_millis(ms))),
            1 => days.prop_map(|days| Verb::Wait(Duration::from_secs(days * 86_400))),
            1 => (0..7_200_u64).prop_map(|secs| Verb::JumpBack(Duration::from_secs(secs))),
            1 => Just(Verb::ChangePepper),
        ]
        .boxed()
    }

    fn apply(mut state: History, verb: &Verb) -> History {
        let now = state.world.now;
        match verb {
            Verb::ChangePepper => state.world.change_pepper(),
            Verb::JumpBack(time) => state.world.now = now - *time,
            Verb::Wait(time) => state.world.now = now + *time,
            _ => {}
        }
        if let Some(request) = state.request(verb) {
            state.answer = request.decide(&mut state.table, now);
        }
        state
    }
}

impl History {
    fn new() -> Self {
        Self {
            run: 0,
            world: World::new(),
            table: CodeTable::new(),
            answer: String::new(),
        }
    }

    fn rename(&mut self, run: u64) {
        self.run = run;
        self.world.tenant = World::numbered_tenant(run);
    }

    /// What a store is asked for; nothing where only time passes or the pepper changes.
    fn request(&self, verb: &Verb) -> Option<Request> {
        let world = &self.world;
        let digests = |code: u8| world.digests(&World::numbered(code.into()));
        let uuid = |number: u8| Uuid::from_u64_pair(self.run, number.into());
        Some(match verb {
            Verb::ChangePepper | Verb::JumpBack(_) | Verb::Wait(_) => return None,
            Verb::Issue {
                id,
                code,
                profile: number,
                binding,
                mode,
                sealed,
            } => {
                let id = CodeId::from_uuid(uuid(*id));
                let new = NewCode::new(
                    id,
                    digests(*code),
                    World::account(),
                    profile(&format!("desk-{number}")),
                    binding.clone(),
                    &world.policy,
                    world.now,
                );
                let new = new.with_mode(mode.clone());
                Request::Issue(if *sealed {
                    new.with_sealed(world.sealed(&World::numbered((*code).into()), id))
                } else {
                    new
                })
            }
            Verb::List { limit } => Request::List(world.tenant.clone(), Page::first(*limit)),
            Verb::Purge => Request::Purge,
            Verb::Redeem {
                code,
                device: number,
                by_certificate,
                of_other_model,
                grant,
            } => {
                let mut claimant = if *by_certificate {
                    device(*number)
                } else {
                    without_certificate(*number)
                };
                if *of_other_model {
                    claimant = claimant.with_model(other_model());
                }
                let grant = GrantId::from_uuid(uuid(*grant));
                let redemption = Redemption::new(digests(*code), claimant, grant);
                Request::Redeem(redemption.with_policy(&world.policy))
            }
            Verb::Reissue { old, id, code } => {
                let id = CodeId::from_uuid(uuid(*id));
                let new = Replacement::new(id, digests(*code), &world.policy, world.now);
                Request::Reissue(CodeId::from_uuid(uuid(*old)), new)
            }
            Verb::Revoke { id } => {
                Request::Revoke(world.tenant.clone(), CodeId::from_uuid(uuid(*id)))
            }
        })
    }
}

impl Request {
    /// What the model answers.
    fn decide(&self, table: &mut CodeTable, now: SystemTime) -> String {
        match self {
            Self::Issue(new) => text(&table.issue(new, now).map_err(IssueError::Refused)),
            Self::List(tenant, page) => listed(Ok(table.outstanding(tenant, page.clone(), now))),
            Self::Purge => listed(Ok(table.purge_expired(Duration::ZERO, now))),
            Self::Redeem(redemption) => redeemed(table.redeem(redemption, now)),
            Self::Reissue(old, new) => {
                text(&table.reissue(*old, new).map_err(ReissueError::Refused))
            }
            Self::Revoke(tenant, id) => {
                text(&table.revoke(tenant, *id).map_err(RevokeError::Refused))
            }
        }
    }

    /// What the store answers.
    async fn ask(&self, store: &impl CodeStore, now: SystemTime) -> String {
        match self {
            Self::Issue(new) => text(&store.issue(new, now).await),
            Self::List(tenant, page) => listed(store.outstanding(tenant, page.clone(), now).await),
            Self::Purge => listed(store.purge_expired(Duration::ZERO, now).await),
            Self::Redeem(redemption) => redeemed(store.redeem(redemption, now).await),
            Self::Reissue(old, new) => text(&store.reissue(*old, new, now).await),
            Self::Revoke(tenant, id) => text(&store.revoke(tenant, *id, now).await),
        }
    }
}

fn text(answer: &dyn Debug) -> String {
    format!("{answer:?}")
}

fn listed<T: Debug>(answer: Result<T, StoreError>) -> String {
    text(&answer)
}

/// The text of a failure is the store's own; a grant in use is one.
fn redeemed(answer: Result<Grant, RedeemError>) -> String {
    match answer {
        Err(RedeemError::Store(_)) => "failed".to_owned(),
        answer => text(&answer),
    }
}
