//! A second process that redeems codes, to race with and to be killed.

use std::env;
use std::io::{BufRead, BufReader, Lines};
use std::ops::Range;
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::Arc;

use offhook_activation_code::{CodeStore, RedeemError, Refusal};

use crate::SharedFixture;
use crate::node::attempt;
use crate::world::World;

/// Redeems what this process was started for, and tells of each redeem once the store has
/// acknowledged it. Does nothing where no behaviour of [`node`](crate::node) has started the
/// process.
///
/// A test binary runs itself again as that process, so it must have a test that awaits this;
/// [`shared_store_tests!`](crate::shared_store_tests) makes one.
pub async fn serve<F: SharedFixture>() {
    let Ok(location) = env::var(LOCATION) else {
        return;
    };
    let read = |name| env::var(name).unwrap().parse::<u64>().unwrap();
    let (first, end) = (read(FIRST), read(END));
    let device = u8::try_from(read(DEVICE)).unwrap();
    let store = Arc::new(F::open(&location).await);
    eprintln!("{READY}");
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let world = World::new();
                for number in (first..end).filter(|number| number % TASKS == task) {
                    let attempt = attempt(&world, number, device);
                    match store.redeem(&attempt, world.now).await {
                        Ok(_) => eprintln!("{number}{WHOLE}"),
                        Err(RedeemError::Refused(Refusal::AlreadyRedeemed)) => {}
                        Err(err) => panic!("{err:?}"),
                    }
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

/// A process that runs [`serve`].
pub(crate) struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
}

impl Process {
    /// Runs this test binary once more, with its test `test` alone, to redeem the codes `numbers`
    /// as the device `device`.
    pub(crate) fn start(test: &str, location: &str, numbers: Range<u64>, device: u8) -> Self {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["--exact", test, "--nocapture"])
            .env(LOCATION, location)
            .env(FIRST, numbers.start.to_string())
            .env(END, numbers.end.to_string())
            .env(DEVICE, device.to_string())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Waits until the process has opened the store.
    pub(crate) fn wait_until_ready(&mut self) {
        let ready = self.lines.by_ref().any(|line| line.unwrap() == READY);
        assert!(ready, "the other process did not get ready");
    }

    /// Kills the process once it has told of `enough` redeems; gives all that it has told of.
    pub(crate) fn kill_after(mut self, enough: usize) -> Vec<u64> {
        let mut told = Vec::new();
        while told.len() < enough {
            let Some(line) = self.lines.next() else { break };
            told.extend(whole_number(&line.unwrap()));
        }
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        // The last line may be cut short, and tells of nothing then.
        let rest = self.lines.map_while(Result::ok);
        told.extend(rest.filter_map(|line| whole_number(&line)));
        told
    }

    /// Waits for the end of the process; gives all the redeems that it has told of.
    pub(crate) fn finish(mut self) -> Vec<u64> {
        let mut told = Vec::new();
        for line in self.lines {
            told.extend(whole_number(&line.unwrap()));
        }
        assert!(
            self.child.wait().unwrap().success(),
            "the other process failed"
        );
        told
    }
}

fn whole_number(line: &str) -> Option<u64> {
    line.strip_suffix(WHOLE)
        .and_then(|number| number.parse().ok())
}

const LOCATION: &str = "OFFHOOK_CONTRACT_LOCATION";
const FIRST: &str = "OFFHOOK_CONTRACT_FIRST";
const END: &str = "OFFHOOK_CONTRACT_END";
const DEVICE: &str = "OFFHOOK_CONTRACT_DEVICE";
const READY: &str = "ready";
/// Ends a line that is not cut short.
const WHOLE: char = ';';
const TASKS: u64 = 8;
