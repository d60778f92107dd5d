//! A thread with a connection, and the queue before it.

use std::sync::Arc;
use std::thread::{self, JoinHandle};

use offhook_activation_code::StoreError;
use rusqlite::Connection;
use thiserror::Error;
use tokio::sync::{mpsc, oneshot};

use crate::OpenError;

/// A thread that works off a queue of verbs on its own connection.
#[derive(Debug)]
pub(crate) struct Worker {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// A thread that makes one commit of what has come together in the queue, up to `max_batch`
    /// verbs. With many callers the disk is synchronised once for all of them.
    pub(crate) fn writer(
        connection: Connection,
        queue: usize,
        max_batch: usize,
    ) -> Result<Self, OpenError> {
        Self::spawn("offhook-writer", queue, move |mut queue| {
            let mut batch = Vec::new();
            while let Some(first) = queue.blocking_recv() {
                batch.push(first);
                while batch.len() < max_batch {
                    match queue.try_recv() {
                        Ok(job) => batch.push(job),
                        Err(_) => break,
                    }
                }
                write(&connection, &mut batch);
            }
        })
    }

    /// A thread that reads a snapshot for each verb.
    pub(crate) fn reader(connection: Connection, queue: usize) -> Result<Self, OpenError> {
        Self::spawn("offhook-reader", queue, move |mut queue| {
            while let Some(job) = queue.blocking_recv() {
                read(&connection, job);
            }
        })
    }

    /// Runs `work` on the thread, a second time where the first was undone with the transaction
    /// that it stood in. The verb takes place whole or not at all; once it has begun it does so
    /// even if nobody waits for it any more.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        action: &'static str,
        work: impl Fn(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (sender, answer) = oneshot::channel();
        let verb = Verb {
            action,
            work,
            outcome: None,
            answer: sender,
        };
        let gone = || StoreError::new(action, WorkerError::Gone);
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(Box::new(verb)).await.map_err(|_| gone())?;
        answer.await.map_err(|_| gone())?
    }

    /// Whether the thread is there, be it at work; a verb that panics ends it.
    pub(crate) fn alive(&self, action: &'static str) -> Result<(), StoreError> {
        match &self.queue {
            Some(queue) if !queue.is_closed() => Ok(()),
            _ => Err(StoreError::new(action, WorkerError::Gone)),
        }
    }

    fn spawn(
        name: &str,
        queue: usize,
        work: impl FnOnce(mpsc::Receiver<Box<dyn Job>>) + Send + 'static,
    ) -> Result<Self, OpenError> {
        let (sender, receiver) = mpsc::channel(queue);
        let thread = thread::Builder::new()
            .name(name.into())
            .spawn(move || work(receiver))
            .map_err(|err| OpenError::store("start a thread")(err.into()))?;
        Ok(Self {
            queue: Some(sender),
            thread: Some(thread),
        })
    }
}

impl Drop for Worker {
    /// Waits until the queue is worked off and the file closed.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // A panic has been reported by the thread, and all who waited have been told.
            let _ = thread.join();
        }
    }
}

/// A verb in the queue.
trait Job: Send {
    /// Runs the verb and keeps the outcome; says whether it succeeded.
    fn run(&mut self, connection: &Connection) -> bool;

    /// Gives the outcome to whoever waits for it, now that it is known what became of the
    /// transaction.
    fn answer(self: Box<Self>, ended: Result<(), WorkerError>);
}

struct Verb<T, F> {
    action: &'static str,
    work: F,
    outcome: Option<rusqlite::Result<T>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Job for Verb<T, F>
where
    T: Send,
    F: Fn(&Connection) -> rusqlite::Result<T> + Send,
{
    fn run(&mut self, connection: &Connection) -> bool {
        let outcome = (self.work)(connection);
        let succeeded = outcome.is_ok();
        self.outcome = Some(outcome);
        succeeded
    }

    fn answer(self: Box<Self>, ended: Result<(), WorkerError>) {
        let action = self.action;
        let answer = match (self.outcome, ended) {
            (Some(Err(err)), _) => Err(StoreError::new(action, err)),
            (_, Err(err)) => Err(StoreError::new(action, err)),
            (Some(Ok(value)), Ok(())) => Ok(value),
            (None, Ok(())) => Err(StoreError::new(action, WorkerError::Gone)),
        };
        // Nobody waits any more: the caller has been dropped, which is its right.
        let _ = self.answer.send(answer);
    }
}

/// Runs `work` within a verb: what it changed stays only if its answer is `Ok`.
pub(crate) fn attempt<T, E>(
    connection: &Connection,
    work: impl FnOnce() -> rusqlite::Result<Result<T, E>>,
) -> rusqlite::Result<Result<T, E>> {
    let execute = |sql| connection.prepare_cached(sql)?.execute([]);
    execute("SAVEPOINT attempt")?;
    // An error undoes the whole verb, this savepoint with it.
    let answer = work()?;
    if answer.is_err() {
        execute("ROLLBACK TO attempt")?;
    }
    execute("RELEASE attempt")?;
    Ok(answer)
}

/// What became of a whole transaction, or of the thread.
#[derive(Clone, Debug, Error)]
enum WorkerError {
    #[error("the store is closed")]
    Gone,
    #[error("another verb in the same transaction broke it off")]
    RolledBack,
    #[error("the transaction failed")]
    Transaction(#[source] Arc<rusqlite::Error>),
}

/// Runs `jobs` in one transaction and answers each of them only when it is known to be on the
/// disk.
fn write(connection: &Connection, jobs: &mut Vec<Box<dyn Job>>) {
    let ended = transaction(connection, jobs);
    if ended.is_err() {
        undo(connection);
    }
    for job in jobs.drain(..) {
        job.answer(ended.clone());
    }
}

/// Failed verbs are rare, and a savepoint for each verb costs a copy of every page that it
/// changes: they are set only once a verb has failed, and all of them are run again.
fn transaction(connection: &Connection, jobs: &mut [Box<dyn Job>]) -> Result<(), WorkerError> {
    begin(connection)?;
    // A verb that has broken off the transaction has failed too, and none may follow it outside.
    let mut run = |job: &mut Box<dyn Job>| job.run(connection) && !connection.is_autocommit();
    if jobs.iter_mut().all(&mut run) {
        return execute(connection, "COMMIT");
    }
    if jobs.len() == 1 {
        return Err(WorkerError::RolledBack);
    }
    undo(connection);
    begin(connection)?;
    for job in jobs {
        execute(connection, "SAVEPOINT verb")?;
        if !job.run(connection) {
            if connection.is_autocommit() {
                // A full disk, for one, breaks off the whole transaction.
                return Err(WorkerError::RolledBack);
            }
            execute(connection, "ROLLBACK TO verb")?;
        }
        execute(connection, "RELEASE verb")?;
    }
    execute(connection, "COMMIT")
}

/// The lock is taken at once: a lock that is taken at the first write cannot wait for another
/// process that has written since the first read.
fn begin(connection: &Connection) -> Result<(), WorkerError> {
    execute(connection, "BEGIN IMMEDIATE")
}

fn undo(connection: &Connection) {
    if !connection.is_autocommit() {
        // If this fails, the next `BEGIN` does too, and its callers are told.
        let _ = execute(connection, "ROLLBACK");
    }
}

fn read(connection: &Connection, mut job: Box<dyn Job>) {
    let ended = execute(connection, "BEGIN").map(|()| {
        job.run(connection);
        // Nothing was written: whatever ends the snapshot is right.
        let _ = execute(connection, "ROLLBACK");
    });
    job.answer(ended);
}

fn execute(connection: &Connection, sql: &str) -> Result<(), WorkerError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.execute([]))
        .map(|_| ())
        .map_err(|err| WorkerError::Transaction(Arc::new(err)))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Answer = oneshot::Receiver<Result<(), StoreError>>;

    /// Rows refer to a parent that is looked for at the commit.
    fn database() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "PRAGMA foreign_keys = ON;
                 CREATE TABLE entry (
                     id INTEGER PRIMARY KEY,
                     parent INTEGER REFERENCES entry (id) DEFERRABLE INITIALLY DEFERRED,
                     value BLOB
                 ) STRICT;",
            )
            .unwrap();
        connection
    }

    fn job(sql: &'static str) -> (Box<dyn Job>, Answer) {
        let (answer, receiver) = oneshot::channel();
        let verb = Verb {
            action: "test",
            work: move |connection: &Connection| connection.execute_batch(sql),
            outcome: None,
            answer,
        };
        (Box::new(verb), receiver)
    }

    /// Which of the statements, run as one batch, are answered with `Ok`; and how many rows there
    /// are then.
    fn batch(connection: &Connection, statements: &[&'static str]) -> (Vec<bool>, i64) {
        let (mut jobs, answers): (Vec<_>, Vec<_>) = statements.iter().map(|sql| job(sql)).unzip();
        write(connection, &mut jobs);
        assert!(connection.is_autocommit());
        let answers = answers
            .into_iter()
            .map(|mut answer| answer.try_recv().unwrap().is_ok())
            .collect();
        let count = "SELECT count(*) FROM entry";
        let rows = connection.query_row(count, [], |row| row.get(0)).unwrap();
        (answers, rows)
    }

    const GOOD: [&str; 2] = [
        "INSERT INTO entry (id) VALUES (1)",
        "INSERT INTO entry (id) VALUES (2)",
    ];
    /// Fails after it has changed something.
    const BAD: &str = "INSERT INTO entry (id) VALUES (3); INSERT INTO entry (id) VALUES (3);";
    const ORPHAN: &str = "INSERT INTO entry (id, parent) VALUES (4, 99)";

    #[test]
    fn a_failed_verb_leaves_the_rest_of_its_batch_in_effect() {
        let connection = database();
        let answers = batch(&connection, &[GOOD[0], BAD, GOOD[1]]);
        assert_eq!(answers, (vec![true, false, true], 2));
    }

    #[test]
    fn a_failed_verb_on_its_own_is_undone() {
        let connection = database();
        assert_eq!(batch(&connection, &[BAD]), (vec![false], 0));
        assert_eq!(batch(&connection, &GOOD[..1]), (vec![true], 1));
    }

    #[test]
    fn a_failed_commit_is_told_to_everyone() {
        let connection = database();
        let answers = batch(&connection, &[GOOD[0], ORPHAN, GOOD[1]]);
        assert_eq!(answers, (vec![false, false, false], 0));
        assert_eq!(batch(&connection, &[ORPHAN]), (vec![false], 0));
        assert_eq!(batch(&connection, &GOOD), (vec![true, true], 2));
    }

    #[test]
    fn a_verb_that_breaks_off_the_transaction_is_told_to_everyone() {
        let connection = database();
        let answers = batch(&connection, &[GOOD[0], "ROLLBACK", GOOD[1]]);
        assert_eq!(answers, (vec![false, false, false], 0));
        let broken = "INSERT OR ROLLBACK INTO entry (id) VALUES (3), (3)";
        let answers = batch(&connection, &[GOOD[0], broken, GOOD[1]]);
        assert_eq!(answers, (vec![false, false, false], 0));
    }
}
