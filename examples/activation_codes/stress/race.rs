//! The race in one process.

use std::sync::Arc;

use offhook_activation_code::ActivationCode;

use super::summary::Answers;
use super::{Field, clock, present, tries};

/// All workers start at once, and those that try the same codes try them in the same order.
pub(crate) async fn run(
    field: &Field,
    codes: &[ActivationCode],
    workers: u16,
) -> anyhow::Result<Answers> {
    let mut attempts = Vec::new();
    for worker in 0..usize::from(workers) {
        let mut mine = Vec::new();
        for (number, code) in codes.iter().enumerate() {
            if tries(number, worker, workers) {
                mine.push((number, field.redemption(code, worker)?));
            }
        }
        attempts.push(mine);
    }
    let all = attempts.iter().map(Vec::len).sum::<usize>();
    let bar = field.bar("racing", all as u64);
    let (begun, mut racing) = (clock(), tokio::task::JoinSet::new());
    for (worker, mine) in attempts.into_iter().enumerate() {
        let (store, bar) = (Arc::clone(&field.store), bar.clone());
        racing.spawn(async move {
            let mut answers = Vec::with_capacity(mine.len());
            for (number, redemption) in mine {
                answers.push((number, present(&*store, &redemption).await?));
                bar.inc(1);
            }
            anyhow::Ok((worker, answers))
        });
    }
    let mut race = Answers::new(codes.len());
    while let Some(worker) = racing.join_next().await {
        let (worker, answers) = worker??;
        for (number, answer) in answers {
            race.note(number, worker, &answer);
        }
    }
    race.elapsed = begun.elapsed();
    bar.finish_and_clear();

    // Each winner asks once more: what was acknowledged must still be there.
    let bar = field.bar("checking", codes.len() as u64);
    for (number, code) in codes.iter().enumerate() {
        if let Some(winner) = race.tally.winner(number) {
            let again = present(&*field.store, &field.redemption(code, winner)?).await?;
            race.tally.check(number, again.grant);
        }
        bar.inc(1);
    }
    bar.finish_and_clear();
    Ok(race)
}
