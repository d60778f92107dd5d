//! Workers that race for codes, in this process or in one that is killed; and the count of what was
//! redeemed twice or lost, by the answers that the workers got.

mod kill;
mod race;
mod summary;

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use offhook_activation_code::{
    ActivationCode, Binding, Claimant, ClaimantKey, CodeDigests, CodeId, CodePolicy, CodeStore,
    GrantId, NewCode, Peppers, ProfileId, Redemption, SystemEntropy, TenantId,
};
use offhook_device_name::DeviceModel;
use uuid::Uuid;

use crate::arguments::{Arguments, Stress, StressWorker};
use crate::now;
use crate::store::Location;
use offhook_examples::keys::Keys;

/// How many workers try each code, at least.
const TRIES: usize = 4;

pub(crate) async fn run(arguments: &Arguments, stress: &Stress) -> anyhow::Result<ExitCode> {
    let directory = tempfile::tempdir().context("could not make a temporary folder")?;
    let file = directory.path().join("stress.db");
    let location = match &arguments.store {
        Some(store) => Location::parse(store)?,
        None => Location::Sqlite(file),
    };
    let keys = arguments.keys.clone();
    let keys = keys.unwrap_or_else(|| directory.path().join("stress.keys"));
    let field = Field {
        store: location.open().await?,
        peppers: Keys::open(&keys)?.peppers,
        // Each run has codes of its own, whatever else is in the store.
        tenant: TenantId::new(&format!(
            "stress-{}",
            CodeId::draw(&mut SystemEntropy::new())?
        ))?,
        quiet: arguments.json,
    };
    let codes = field.issue(stress.codes).await?;
    let answers = match stress.kill {
        None => race::run(&field, &codes, stress.workers).await?,
        Some(rounds) => {
            let plan = kill::Plan {
                location: &location,
                keys: &keys,
                workers: stress.workers,
                rounds,
            };
            kill::run(&field, &codes, &plan).await?
        }
    };
    answers.report(arguments.json)
}

/// The process that [`kill`] kills.
pub(crate) async fn worker(
    arguments: &Arguments,
    worker: &StressWorker,
) -> anyhow::Result<ExitCode> {
    let location = Location::parse(arguments.store.as_deref().context("no store")?)?;
    let keys = arguments.keys.as_deref().context("no keys")?;
    let field = Field {
        store: location.open().await?,
        peppers: Keys::open(keys)?.peppers,
        tenant: arguments.tenant.clone(),
        quiet: true,
    };
    kill::serve(&field, worker.workers).await
}

/// Where the race takes place.
pub(crate) struct Field {
    store: Arc<dyn CodeStore>,
    peppers: Peppers,
    tenant: TenantId,
    quiet: bool,
}

/// What a worker was answered for a code.
pub(crate) struct Answer {
    grant: Option<GrantId>,
    took: Duration,
}

impl Field {
    /// Issues `number` codes.
    async fn issue(&self, number: u32) -> anyhow::Result<Vec<ActivationCode>> {
        const AT_ONCE: usize = 256;

        let bar = self.bar("issuing", number.into());
        let (entropy, policy) = (&mut SystemEntropy::new(), policy()?);
        let mut codes = Vec::new();
        let mut issuing = tokio::task::JoinSet::new();
        for number in 0..number {
            let code = ActivationCode::draw(entropy)?;
            let new = NewCode::new(
                CodeId::draw(entropy)?,
                self.digests(&code),
                "stress@example.test".parse()?,
                ProfileId::new(&format!("desk-{number}"))?,
                Binding::Model(model()?),
                &policy,
                now(),
            );
            codes.push(code);
            if issuing.len() == AT_ONCE
                && let Some(done) = issuing.join_next().await
            {
                done??;
                bar.inc(1);
            }
            let store = Arc::clone(&self.store);
            issuing.spawn(async move { store.issue(&new, now()).await });
        }
        while let Some(done) = issuing.join_next().await {
            done??;
            bar.inc(1);
        }
        bar.finish_and_clear();
        Ok(codes)
    }

    fn digests(&self, code: &ActivationCode) -> CodeDigests {
        self.peppers.digests(&self.tenant, code)
    }

    /// The worker `worker` presents a code, each time as the same device.
    fn redemption(&self, code: &ActivationCode, worker: usize) -> anyhow::Result<Redemption> {
        let key = Uuid::from_u128(worker as u128);
        let device = Claimant::new(ClaimantKey::from_spki(key.as_bytes())).with_model(model()?);
        let grant = GrantId::draw(&mut SystemEntropy::new())?;
        Ok(Redemption::new(self.digests(code), device, grant).with_policy(&policy()?))
    }

    /// A progress bar on standard error, if that is a terminal.
    fn bar(&self, what: &'static str, length: u64) -> ProgressBar {
        if self.quiet {
            return ProgressBar::hidden();
        }
        let style = ProgressStyle::with_template("{msg:12} {wide_bar} {pos}/{len} {per_sec} {eta}");
        let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
        ProgressBar::new(length)
            .with_style(style)
            .with_message(what)
    }
}

/// Presents the code; a refusal is an answer, a failure of the store is an error.
async fn present(store: &dyn CodeStore, redemption: &Redemption) -> anyhow::Result<Answer> {
    use offhook_activation_code::{RedeemError, Refusal};

    let begun = clock();
    let grant = match store.redeem(redemption, now()).await {
        Ok(grant) => Some(grant.id()),
        Err(RedeemError::Refused(Refusal::AlreadyRedeemed)) => None,
        Err(RedeemError::Refused(refusal)) => anyhow::bail!("refused: {refusal}"),
        Err(error) => return Err(error.into()),
    };
    let took = begun.elapsed();
    Ok(Answer { grant, took })
}

/// Which of `workers` tries the code `number`: four or more in a row.
fn tries(number: usize, worker: usize, workers: u16) -> bool {
    let groups = (usize::from(workers) / TRIES).max(1);
    number % groups == (worker / TRIES).min(groups - 1)
}

/// A lost answer may be asked for during the whole test.
fn policy() -> anyhow::Result<CodePolicy> {
    Ok(CodePolicy::default().with_grace(CodePolicy::MAX_GRACE)?)
}

fn model() -> anyhow::Result<DeviceModel> {
    Ok(DeviceModel::new("Stress Phone")?)
}

#[expect(clippy::disallowed_methods, reason = "a program may read the clock")]
fn clock() -> Instant {
    Instant::now()
}
