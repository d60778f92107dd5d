//! What the workers were answered, for people and for machines.

use std::process::ExitCode;
use std::time::Duration;

use offhook_store_contract::Tally;
use serde::Serialize;

use super::Answer;
use crate::report::print_json;

/// The answers of a race.
pub(crate) struct Answers {
    pub(crate) tally: Tally,
    latencies: Vec<Duration>,
    pub(crate) elapsed: Duration,
    pub(crate) killed: Option<u16>,
}

impl Answers {
    pub(crate) fn new(codes: usize) -> Self {
        Self {
            tally: Tally::new(codes),
            latencies: Vec::new(),
            elapsed: Duration::ZERO,
            killed: None,
        }
    }

    /// The worker was answered for the code `number`.
    pub(crate) fn note(&mut self, number: usize, worker: usize, answer: &Answer) {
        self.latencies.push(answer.took);
        self.tally.note(number, worker, answer.grant);
    }

    /// Prints the summary; the exit status is that of a failure where a code was lost, doubled or
    /// left over.
    pub(crate) fn report(mut self, json: bool) -> anyhow::Result<ExitCode> {
        self.latencies.sort_unstable();
        let redeemed = self.tally.redeemed();
        let summary = Summary {
            codes: self.tally.codes(),
            redeemed,
            double: self.tally.double(),
            lost: self.tally.lost(),
            per_second: round(redeemed as f64 / self.elapsed.as_secs_f64()),
            p50_ms: self.percentile(50),
            p99_ms: self.percentile(99),
            attempts: self.latencies.len(),
            killed: self.killed,
        };
        if json {
            print_json(&summary)?;
        } else {
            summary.print();
        }
        Ok(if self.tally.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn percentile(&self, percent: usize) -> f64 {
        let at = self.latencies.len().saturating_sub(1) * percent / 100;
        let latency = self.latencies.get(at).copied().unwrap_or_default();
        round(latency.as_secs_f64() * 1_000.0)
    }
}

#[derive(Serialize)]
struct Summary {
    codes: usize,
    redeemed: usize,
    double: usize,
    lost: usize,
    per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    attempts: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    killed: Option<u16>,
}

impl Summary {
    fn print(&self) {
        println!("codes             {:>9}", self.codes);
        println!("redeemed          {:>9}", self.redeemed);
        println!("redeemed twice    {:>9}", self.double);
        println!("lost              {:>9}", self.lost);
        println!("attempts          {:>9}", self.attempts);
        if let Some(killed) = self.killed {
            println!("killed            {killed:>9} times");
        }
        println!("redeemed          {:>9.0} a second", self.per_second);
        let (median, most) = (self.p50_ms, self.p99_ms);
        println!("an attempt took   {median:>9.3} ms (median), {most:.3} ms (99 of 100)");
    }
}

/// To a thousandth.
fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
