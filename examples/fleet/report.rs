//! What became of a fleet.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::time::Duration;

use offhook_examples::terminal::{plain, plain_json, say};
use serde_json::{Value, json};

use crate::device::WHOLE;

/// What became of one device.
#[derive(Default)]
pub(crate) struct Outcome {
    steps: Vec<(String, Duration)>,
    pub(crate) retried: usize,
    failure: Option<String>,
}

/// What became of all.
#[derive(Default)]
pub(crate) struct Report {
    provisioned: (usize, Duration),
    handshakes: Option<(usize, usize, Duration)>,
    onboarded: (usize, Duration),
    retried: usize,
    steps: BTreeMap<String, Vec<Duration>>,
    failures: BTreeMap<String, usize>,
}

impl Outcome {
    pub(crate) fn step(&mut self, step: &str, took: Duration) {
        self.steps.push((step.to_owned(), took));
    }

    /// The outcome of a device that got no further.
    pub(crate) fn fail(mut self, step: &str, error: &anyhow::Error) -> Self {
        self.failure = Some(format!("{step}: {error:#}"));
        self
    }
}

impl Report {
    pub(crate) fn provisioned(&mut self, count: usize, took: Duration) {
        self.provisioned = (count, took);
    }

    /// Devices that were not provisioned.
    pub(crate) fn left_behind(&mut self, outcomes: Vec<Outcome>) {
        for outcome in outcomes {
            self.count(outcome);
        }
    }

    pub(crate) fn handshakes(&mut self, devices: usize, count: usize, took: Duration) {
        self.handshakes = Some((devices, count, took));
    }

    pub(crate) fn onboarded(&mut self, outcomes: Vec<Outcome>, took: Duration) {
        for outcome in outcomes {
            self.onboarded.0 += usize::from(outcome.failure.is_none());
            self.count(outcome);
        }
        self.onboarded.1 = took;
        for took in self.steps.values_mut() {
            took.sort();
        }
    }

    fn count(&mut self, outcome: Outcome) {
        self.retried += outcome.retried;
        for (step, took) in outcome.steps {
            self.steps.entry(step).or_default().push(took);
        }
        if let Some(reason) = outcome.failure {
            *self.failures.entry(reason).or_default() += 1;
        }
    }

    pub(crate) fn failed(&self) -> usize {
        self.failures.values().sum()
    }

    /// How many devices a second came through, of how many that shook hands: the ratio.
    fn of_handshakes(&self) -> Option<f64> {
        let (devices, _, took) = self.handshakes?;
        Some(rate(self.onboarded.0, self.onboarded.1) / rate(devices, took))
    }

    pub(crate) fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            return say(&plain_json(&self.json().to_string()));
        }
        let mut text = String::new();
        self.tell(&mut text)?;
        say(text.trim_end())
    }

    fn tell(&self, out: &mut String) -> fmt::Result {
        let line = |out: &mut String, what: &str, (count, took): (usize, Duration)| {
            let (seconds, rate) = (took.as_secs_f64(), rate(count, took));
            writeln!(
                out,
                "{what:<12} {count:>8} devices {seconds:>8.1} s {rate:>8.0} a second"
            )
        };
        line(out, "provisioned", self.provisioned)?;
        if let Some((devices, count, took)) = self.handshakes {
            line(out, "handshakes", (devices, took))?;
            writeln!(
                out,
                "             {count} bare TLS handshakes, of the kinds that onboarding needs"
            )?;
        }
        line(out, "registered", self.onboarded)?;
        if let Some(ratio) = self.of_handshakes() {
            writeln!(
                out,
                "             {ratio:.2} of the rate of the bare handshakes"
            )?;
        }
        writeln!(
            out,
            "failed       {:>8} devices {:>8} steps tried again\n",
            self.failed(),
            self.retried
        )?;
        writeln!(out, "step, ms              p50      p90      p99      max")?;
        for (step, took) in self.by_step() {
            let [p50, p90, p99, max] = quantiles(took);
            writeln!(
                out,
                "{step:<20}{p50:>5.1}    {p90:>5.1}    {p99:>5.1}    {max:>5.1}"
            )?;
        }
        if let Some(took) = self.steps.get(WHOLE) {
            writeln!(out, "\nfrom the box to the registration, ms")?;
            for (below, count) in histogram(took) {
                let bar = "█".repeat((count * 50).div_ceil(took.len().max(1)));
                writeln!(out, "{below:>8} {count:>8} {bar}")?;
            }
        }
        for (reason, count) in &self.failures {
            writeln!(out, "\n{count} × {}", plain(reason))?;
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let phase = |(count, took): (usize, Duration)| json!({"devices": count, "seconds": took.as_secs_f64(), "rate": rate(count, took)});
        let steps = self.by_step().map(|(step, took)| {
            let [p50, p90, p99, max] = quantiles(took);
            let ms = json!({"p50": p50, "p90": p90, "p99": p99, "max": max, "count": took.len()});
            (step.clone(), ms)
        });
        let whole = self.steps.get(WHOLE).map(|took| histogram(took));
        let whole = whole.unwrap_or_default();
        let handshakes = self.handshakes.map(|(devices, count, took)| {
            json!({"devices": devices, "handshakes": count, "seconds": took.as_secs_f64(),
                "rate": rate(devices, took)})
        });
        json!({
            "provisioned": phase(self.provisioned),
            "handshakes": handshakes,
            "registered": phase(self.onboarded),
            "of_handshakes": self.of_handshakes(),
            "failed": self.failed(),
            "retried": self.retried,
            "steps_ms": steps.collect::<serde_json::Map<_, _>>(),
            "histogram_ms": whole.iter().map(|(below, count)| json!({"below": below, "count": count}))
                .collect::<Vec<_>>(),
            "failures": self.failures,
        })
    }

    /// The steps as devices take them, the whole way last.
    fn by_step(&self) -> impl Iterator<Item = (&String, &Vec<Duration>)> {
        let place = |step: &str| STEPS.iter().position(|known| *known == step);
        let mut steps: Vec<_> = self.steps.iter().collect();
        steps.sort_by_key(|(step, _)| place(step.as_str()).unwrap_or(STEPS.len()));
        steps.into_iter()
    }
}

/// Those that are there, and those that are not.
pub(crate) fn apart<T>(all: Vec<Result<T, Outcome>>) -> (Vec<T>, Vec<Outcome>) {
    let (mut there, mut outcomes) = (Vec::new(), Vec::new());
    for each in all {
        match each {
            Ok(one) => there.push(one),
            Err(outcome) => outcomes.push(outcome),
        }
    }
    (there, outcomes)
}

/// Of sorted times, in milliseconds: half, nine tenths and 99 of a hundred are not longer; the longest.
fn quantiles(sorted: &[Duration]) -> [f64; 4] {
    [50, 90, 99, 100].map(|percent| {
        let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted
            .get(place)
            .map_or(0.0, |took| took.as_secs_f64() * 1_000.0)
    })
}

/// How many are shorter than each power of two of milliseconds, and no shorter than the one before.
fn histogram(sorted: &[Duration]) -> Vec<(u128, usize)> {
    let mut buckets = BTreeMap::new();
    for took in sorted {
        let below = (took.as_millis() + 1).next_power_of_two();
        *buckets.entry(below).or_insert(0) += 1;
    }
    buckets.into_iter().collect()
}

#[expect(clippy::cast_precision_loss, reason = "for people")]
fn rate(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64().max(f64::MIN_POSITIVE)
}

const STEPS: [&str; 8] = [
    "code_redeemed",
    "machine_token",
    "certificate_identity",
    "activated",
    "configuration",
    "resolved",
    "registered",
    WHOLE,
];
