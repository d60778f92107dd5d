//! The race in a process that is killed again and again.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use offhook_activation_code::{ActivationCode, Entropy as _, GrantId, SystemEntropy};
use uuid::Uuid;

use super::summary::Answers;
use super::{Answer, Field, clock, present, tries};
use crate::store::Location;

/// How the other process is started, and how often it is killed.
pub(crate) struct Plan<'a> {
    pub(crate) location: &'a Location,
    pub(crate) keys: &'a Path,
    pub(crate) workers: u16,
    pub(crate) rounds: u16,
}

/// In each round the process gets the next codes and those of the round before, part of which was
/// under way when that was killed; it is killed after a random number of answers. At last it gets
/// all codes and is left alone.
pub(crate) async fn run(
    field: &Field,
    codes: &[ActivationCode],
    plan: &Plan<'_>,
) -> anyhow::Result<Answers> {
    let (mut race, begun) = (Answers::new(codes.len()), clock());
    let rounds = usize::from(plan.rounds);
    let share = codes.len().div_ceil(rounds);
    let bar = field.bar("killing", rounds as u64);
    for round in 0..rounds {
        let numbers = share * round.saturating_sub(1)..(share * (round + 1)).min(codes.len());
        let mut victim = Victim::start(field, plan)?;
        victim.hand_over(codes, numbers.clone())?;
        let enough = 1 + below(numbers.len() as u64)?;
        let mut answers = 0;
        while answers < enough && victim.note_answer(&mut race)? {
            answers += 1;
        }
        victim.kill()?;
        while victim.note_answer(&mut race)? {}
        bar.inc(1);
    }
    bar.finish_and_clear();

    let bar = field.bar("checking", codes.len() as u64);
    let mut last = Victim::start(field, plan)?;
    last.hand_over(codes, 0..codes.len())?;
    while let Some((number, worker, answer)) = last.answer()? {
        race.note(number, worker, &answer);
        if answer.grant.is_some() {
            race.tally.check(number, answer.grant);
            bar.inc(1);
        }
    }
    last.finish()?;
    bar.finish_and_clear();
    race.elapsed = begun.elapsed();
    race.killed = Some(plan.rounds);
    Ok(race)
}

/// The other process: reads codes from standard input and writes each answer in a line.
pub(crate) async fn serve(field: &Field, workers: u16) -> anyhow::Result<ExitCode> {
    let mut codes = Vec::new();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let (number, code) = line.split_once(' ').context("not a number and a code")?;
        codes.push((number.parse::<usize>()?, code.parse::<ActivationCode>()?));
    }
    let mut racing = tokio::task::JoinSet::new();
    for worker in 0..usize::from(workers) {
        let mut mine = Vec::new();
        for (number, code) in codes
            .iter()
            .filter(|(number, _)| tries(*number, worker, workers))
        {
            mine.push((*number, field.redemption(code, worker)?));
        }
        let store = Arc::clone(&field.store);
        racing.spawn(async move {
            for (number, redemption) in mine {
                let Answer { grant, took } = present(&*store, &redemption).await?;
                let grant = grant.map_or_else(|| "-".to_owned(), |grant| grant.to_string());
                // One write a line, so that a line is cut short only by the end of the process.
                let line = format!("{number} {worker} {} {grant};\n", took.as_micros());
                io::stdout().lock().write_all(line.as_bytes())?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(worker) = racing.join_next().await {
        worker??;
    }
    Ok(ExitCode::SUCCESS)
}

/// A process that runs [`serve`].
struct Victim {
    child: Child,
    answers: BufReader<ChildStdout>,
}

impl Victim {
    fn start(field: &Field, plan: &Plan<'_>) -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            // The URL may hold a password, which everybody could read on the command line.
            .env(crate::arguments::STORE, plan.location.text())
            .args(["--tenant", field.tenant.as_str()])
            .arg("--keys")
            .arg(plan.keys)
            .args(["stress-worker", "--workers", &plan.workers.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("could not start the process to be killed")?;
        let answers = child.stdout.take().context("no standard output")?;
        let answers = BufReader::new(answers);
        Ok(Self { child, answers })
    }

    fn hand_over(
        &mut self,
        codes: &[ActivationCode],
        numbers: std::ops::Range<usize>,
    ) -> anyhow::Result<()> {
        let mut input = self.child.stdin.take().context("no standard input")?;
        let mut lines = String::new();
        for (number, code) in codes.iter().enumerate() {
            if numbers.contains(&number) {
                lines.push_str(&format!("{number} {code}\n"));
            }
        }
        Ok(input.write_all(lines.as_bytes())?)
    }

    /// The next answer, if there is one; a line that was cut short is none.
    fn answer(&mut self) -> anyhow::Result<Option<(usize, usize, Answer)>> {
        let mut line = String::new();
        self.answers.read_line(&mut line)?;
        let Some(line) = line.strip_suffix(";\n") else {
            return Ok(None);
        };
        let words: Vec<&str> = line.split(' ').collect();
        let [number, worker, took, grant] = words.as_slice() else {
            bail!("the other process wrote {line}");
        };
        let grant = match *grant {
            "-" => None,
            grant => Some(GrantId::from_uuid(grant.parse::<Uuid>()?)),
        };
        let took = Duration::from_micros(took.parse()?);
        Ok(Some((
            number.parse()?,
            worker.parse()?,
            Answer { grant, took },
        )))
    }

    fn note_answer(&mut self, race: &mut Answers) -> anyhow::Result<bool> {
        let answer = self.answer()?;
        if let Some((number, worker, answer)) = &answer {
            race.note(*number, *worker, answer);
        }
        Ok(answer.is_some())
    }

    /// SIGKILL: the process has no say in it.
    fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    fn finish(mut self) -> anyhow::Result<()> {
        if self.child.wait()?.success() {
            return Ok(());
        }
        bail!("the last process failed")
    }
}

/// A random number below `bound`.
fn below(bound: u64) -> anyhow::Result<u64> {
    let mut bytes = [0; 8];
    SystemEntropy::new().fill(&mut bytes)?;
    Ok(u64::from_le_bytes(bytes) % bound.max(1))
}
