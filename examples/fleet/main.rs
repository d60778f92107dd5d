//! Many simulated devices against a `dms-server`, from the box to the first registration.
//!
//! ```sh
//! cargo run --release --example dms-server -- init lab
//! cargo run --release --example dms-server -- serve lab/dms.toml --log off &
//! cargo run --release --example fleet -- --lab lab --devices 10000
//! ```

mod arguments;
mod device;
mod ground;
mod report;

use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use anyhow::Context as _;
use clap::Parser as _;
use indicatif::{ProgressBar, ProgressStyle};
use tokio::task::JoinSet;

use crate::arguments::Arguments;
use crate::device::Boxed;
use crate::ground::Ground;
use crate::report::{Outcome, Report};

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let report = run(&arguments).await;
    let printed = report.and_then(|report| {
        report.print(arguments.json)?;
        Ok(report.failed())
    });
    match printed {
        Ok(0) => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::from(2)
        }
    }
}

async fn run(arguments: &Arguments) -> anyhow::Result<Report> {
    let ground = Arc::new(Ground::prepare(arguments).await?);
    let mut report = Report::default();

    let begun = now();
    let boxes = each(arguments, "provisioned", arguments.devices, {
        let ground = Arc::clone(&ground);
        move |number| {
            let ground = Arc::clone(&ground);
            async move { Boxed::provision(&ground, number).await }
        }
    })
    .await?;
    let (boxes, outcomes) = report::apart(boxes);
    report.provisioned(boxes.len(), begun.elapsed());
    report.left_behind(outcomes);

    if arguments.handshakes {
        let begun = now();
        let shaken = over(
            arguments,
            "handshakes",
            &ground,
            boxes.clone(),
            |ground, boxed| async move { boxed.shake_hands(&ground).await },
        );
        let shaken: Vec<usize> = shaken.await?.into_iter().collect::<Result<_, _>>()?;
        report.handshakes(shaken.len(), shaken.iter().sum(), begun.elapsed());
    }

    let begun = now();
    let outcomes = over(
        arguments,
        "onboarded",
        &ground,
        boxes,
        |ground, boxed| async move { boxed.onboard(&ground).await },
    );
    let outcomes: Vec<Outcome> = outcomes.await?;
    report.onboarded(outcomes, begun.elapsed());
    Ok(report)
}

/// Does `work` with each of `boxes`, so many at a time.
async fn over<T, F>(
    arguments: &Arguments,
    title: &'static str,
    ground: &Arc<Ground>,
    boxes: Vec<Boxed>,
    work: fn(Arc<Ground>, Arc<Boxed>) -> F,
) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let ground = Arc::clone(ground);
    let boxes: Arc<[Arc<Boxed>]> = boxes.into_iter().map(Arc::new).collect();
    let count = boxes.len();
    each(arguments, title, count, move |number| {
        let boxed = boxes.get(number).map(Arc::clone);
        let ground = Arc::clone(&ground);
        async move {
            match boxed {
                Some(boxed) => Some(work(ground, boxed).await),
                None => None,
            }
        }
    })
    .await
    .map(|done| done.into_iter().flatten().collect())
}

/// Does `work` with each number below `count`, so many at a time, behind a bar.
async fn each<T, F>(
    arguments: &Arguments,
    title: &'static str,
    count: usize,
    work: impl Fn(usize) -> F + Send + Sync + 'static,
) -> anyhow::Result<Vec<T>>
where
    T: Send + 'static,
    F: Future<Output = T> + Send + 'static,
{
    let bar = ProgressBar::new(u64::try_from(count)?).with_message(title);
    let style = "{msg:<12} {bar:40} {pos}/{len} {per_sec} {elapsed}";
    bar.set_style(ProgressStyle::with_template(style)?);
    let (work, next) = (Arc::new(work), Arc::new(AtomicUsize::new(0)));
    let mut workers = JoinSet::new();
    for _ in 0..arguments.concurrency {
        let (work, next, bar) = (Arc::clone(&work), Arc::clone(&next), bar.clone());
        workers.spawn(async move {
            let mut done = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return done;
                }
                done.push(work(number).await);
                bar.inc(1);
            }
        });
    }
    let mut all = Vec::with_capacity(count);
    while let Some(done) = workers.join_next().await {
        all.extend(done.context("a worker ended early")?);
    }
    bar.finish_and_clear();
    Ok(all)
}

#[expect(
    clippy::disallowed_methods,
    reason = "a stopwatch for what people read"
)]
fn now() -> Instant {
    Instant::now()
}
