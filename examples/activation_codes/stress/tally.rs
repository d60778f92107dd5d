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

    /// Prints the summary; the exit status is that of a failure where a code was lost, doubled or
    /// left over.
    pub(crate) fn report(self, json: bool) -> anyhow::Result<ExitCode> {
        let summary = self.summary();
        if json {
            print_json(&summary)?;
        } else {
            summary.print();
        }
        Ok(if summary.is_sound() {
            ExitCode::SUCCESS
        } else {
            ExitCode::FAILURE
        })
    }

    fn summary(mut self) -> Summary {
        let count = |of: fn(&Code) -> bool| self.codes.iter().filter(|code| of(code)).count();
        let redeemed = count(|code| code.found.is_some());
        let double = count(|code| code.grants.len() > 1);
        let lost = count(|code| !code.grants.is_empty() && code.found.is_none());
        self.latencies.sort_unstable();
        Summary {
            codes: self.codes.len(),
            redeemed,
            double,
            lost,
            per_second: round(redeemed as f64 / self.elapsed.as_secs_f64()),
            p50_ms: self.percentile(50),
            p99_ms: self.percentile(99),
            attempts: self.latencies.len(),
            killed: self.killed,
        }
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
    fn is_sound(&self) -> bool {
        self.double == 0 && self.lost == 0 && self.redeemed == self.codes
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn granted(grant: u128) -> Answer {
        Answer {
            grant: Some(GrantId::from_uuid(Uuid::from_u128(grant))),
            took: Duration::from_millis(1),
        }
    }

    #[test]
    fn a_code_with_one_grant_that_is_found_again_is_sound() {
        let mut tally = Tally::new(1);
        tally.note(0, 7, &granted(1));
        tally.note(0, 7, &granted(1));
        assert_eq!(tally.winner(0), Some(7));
        tally.check(0, granted(1).grant);
        assert!(tally.summary().is_sound());
    }

    #[test]
    fn a_second_grant_is_counted_whenever_it_shows() {
        let mut tally = Tally::new(2);
        tally.note(0, 1, &granted(1));
        tally.note(0, 2, &granted(2));
        tally.check(0, granted(2).grant);
        tally.note(1, 1, &granted(3));
        tally.check(1, granted(4).grant);
        let summary = tally.summary();
        assert_eq!((summary.double, summary.lost), (2, 0));
        assert!(!summary.is_sound());
    }

    #[test]
    fn a_grant_that_is_not_found_again_is_lost_and_a_code_without_any_is_left_over() {
        let mut tally = Tally::new(2);
        tally.note(0, 1, &granted(1));
        tally.check(0, None);
        let summary = tally.summary();
        let counts = (
            summary.codes,
            summary.redeemed,
            summary.double,
            summary.lost,
        );
        assert_eq!(counts, (2, 0, 0, 1));
        assert!(!summary.is_sound());
    }
}
