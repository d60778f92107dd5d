//! What the workers were answered.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use offhook_activation_code::GrantId;
use serde::Serialize;

use super::Answer;
use crate::report::print_json;

/// The answers, by code.
pub(crate) struct Tally {
    codes: Vec<Code>,
    latencies: Vec<Duration>,
    elapsed: Duration,
    killed: Option<u16>,
}

#[derive(Clone, Default)]
struct Code {
    /// Every grant that anybody was ever given.
    grants: BTreeSet<GrantId>,
    winner: Option<usize>,
    /// What the winner was given when everything was over.
    found: Option<GrantId>,
}

impl Tally {
    pub(crate) fn new(codes: usize) -> Self {
        Self {
            codes: vec![Code::default(); codes],
            latencies: Vec::new(),
            elapsed: Duration::ZERO,
            killed: None,
        }
    }

    /// The worker was answered for the code `number`.
    pub(crate) fn note(&mut self, number: usize, worker: usize, answer: &Answer) {
        self.latencies.push(answer.took);
        if let (Some(code), Some(grant)) = (self.codes.get_mut(number), answer.grant) {
            code.grants.insert(grant);
            code.winner = Some(worker);
        }
    }

    pub(crate) fn winner(&self, number: usize) -> Option<usize> {
        self.codes.get(number)?.winner
    }

    /// The winner of the code `number` was answered once more.
    pub(crate) fn check(&mut self, number: usize, grant: Option<GrantId>) {
        if let Some(code) = self.codes.get_mut(number) {
            code.found = grant;
            code.grants.extend(grant);
        }
    }

    pub(crate) fn set_elapsed(&mut self, elapsed: Duration) {
        self.elapsed = elapsed;
    }

    pub(crate) fn set_killed(&mut self, killed: u16) {
        self.killed = Some(killed);
    }

    pub(crate) fn report(mut self, json: bool) -> anyhow::Result<ExitCode> {
        let count = |of: fn(&Code) -> bool| self.codes.iter().filter(|code| of(code)).count();
        let redeemed = count(|code| code.found.is_some());
        let double = count(|code| code.grants.len() > 1);
        let lost = count(|code| !code.grants.is_empty() && code.found.is_none());
        self.latencies.sort_unstable();
        let summary = Summary {
            codes: self.codes.len(),
            redeemed,
            double,
            lost,
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
        let sound = double == 0 && lost == 0 && redeemed == summary.codes;
        Ok(if sound {
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
        println!(
            "an attempt took   {:>9.3} ms (median), {:.3} ms (99 of 100)",
            self.p50_ms, self.p99_ms
        );
    }
}

/// To a thousandth.
fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}
