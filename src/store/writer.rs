//! SQLite's one writer, and **group commit**: whoever asks to write takes a turn on the one connection; a turn that
//! ends while others wait leaves the transaction open for them, and the last one commits for all with one fsync.
//! Nobody is answered before that commit. Knows no table and no actor.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use sqlx::{Executor as _, SqliteConnection};
use tokio::sync::{Mutex, OwnedMutexGuard, oneshot};

use super::Error;

/// How many changes share one commit at most: enough to hide the disk, few enough that the first does not wait
/// long for the last.
const BATCH: usize = 32;

/// The queue for the one connection that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    state: Arc<Mutex<State>>,
    waiting: Arc<AtomicUsize>,
}

#[derive(Debug)]
struct State {
    connection: SqliteConnection,
    /// How many changes stand in the open transaction; `None` if no transaction is open.
    open: Option<usize>,
    /// A turn that was given up without a commit left its change behind.
    abandoned: bool,
    /// Whom to tell once the open transaction is on disk.
    committed: Vec<oneshot::Sender<()>>,
}

impl Writer {
    pub(super) fn new(connection: SqliteConnection) -> Self {
        let state = State { connection, open: None, abandoned: false, committed: Vec::new() };
        Self { state: Arc::new(Mutex::new(state)), waiting: Arc::new(AtomicUsize::new(0)) }
    }

    /// Waits for the turn to write, in the order of asking, and opens a transaction or a savepoint in the one that
    /// earlier turns left open.
    pub(super) async fn turn(&self) -> Result<Turn, Error> {
        let place = Place::take(self);
        let mut state = Arc::clone(&self.state).lock_owned().await;
        drop(place);
        state.undo_abandoned().await?;
        let nested = state.open.is_some();
        // BEGIN IMMEDIATE: a transaction that reads first and then writes fails with SQLITE_BUSY_SNAPSHOT, which no
        // timeout retries (T103).
        let begin = if nested { "SAVEPOINT change" } else { "BEGIN IMMEDIATE" };
        state.connection.execute(begin).await?;
        state.open.get_or_insert(0);
        Ok(Turn { state: Some(state), writer: self.clone(), nested })
    }

    /// Undoes what an abandoned turn left and commits for those who wait for it, if nobody else is about to.
    fn tidy(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            let mut state = writer.state.lock().await;
            let undone = state.undo_abandoned().await;
            if undone.is_ok() && state.open.is_some() && writer.waiting.load(Ordering::SeqCst) == 0 {
                // Those who wait learn of a failure because their senders are dropped.
                let _ = state.commit().await;
            }
        });
    }

    /// Waits for the running turn, then closes the connection.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        if state.undo_abandoned().await.is_ok() && state.open.is_some() {
            let _ = state.commit().await;
        }
        // Leaves one file behind, and the next start with nothing to replay.
        let _ = state.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").await;
    }
}

/// A place in the queue. Given up without a turn (the caller went away), it may have been what the open
/// transaction waited for.
struct Place<'a>(&'a Writer);

impl<'a> Place<'a> {
    fn take(writer: &'a Writer) -> Self {
        writer.waiting.fetch_add(1, Ordering::SeqCst);
        Self(writer)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let others = self.0.waiting.fetch_sub(1, Ordering::SeqCst) - 1;
        // With the lock held by a turn this is that turn's own business; `try_lock` fails then.
        if others == 0 && self.0.state.try_lock().is_ok_and(|state| state.open.is_some()) {
            self.0.tidy();
        }
    }
}

impl State {
    async fn undo_abandoned(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.abandoned) {
            return Ok(());
        }
        match self.open {
            Some(0) => {
                self.open = None;
                self.connection.execute("ROLLBACK").await?;
            }
            Some(_) => {
                self.connection.execute("ROLLBACK TO change; RELEASE change").await?;
            }
            None => {}
        }
        Ok(())
    }

    async fn commit(&mut self) -> Result<(), Error> {
        self.open = None;
        let waiting = std::mem::take(&mut self.committed);
        if let Err(error) = self.connection.execute("COMMIT").await {
            let _ = self.connection.execute("ROLLBACK").await;
            return Err(error.into());
        }
        for sender in waiting {
            // The caller may have gone away; its change is on disk all the same.
            let _ = sender.send(());
        }
        Ok(())
    }
}

/// The right to write, until committed or dropped. Dropping it undoes its change and no other.
#[derive(Debug)]
pub(super) struct Turn {
    /// `None` once committed.
    state: Option<OwnedMutexGuard<State>>,
    writer: Writer,
    nested: bool,
}

impl Turn {
    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.state.as_mut().expect("a turn holds the connection until it is consumed").connection
    }

    /// Returns when the change is on disk.
    pub(super) async fn commit(mut self) -> Result<(), Error> {
        let state = self.state.as_mut().expect("a turn holds the connection until it is consumed");
        if self.nested {
            state.connection.execute("RELEASE change").await?;
        }
        let changes = state.open.get_or_insert(0);
        *changes += 1;
        if *changes >= BATCH || self.writer.waiting.load(Ordering::SeqCst) == 0 {
            let result = state.commit().await;
            self.state = None;
            return result;
        }
        let (sender, receiver) = oneshot::channel();
        state.committed.push(sender);
        self.state = None;
        if self.writer.waiting.load(Ordering::SeqCst) == 0 {
            // Who was waiting has gone away meanwhile.
            self.writer.tidy();
        }
        receiver.await.map_err(|_| Error::CommitFailed)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        if let Some(mut state) = self.state.take() {
            state.abandoned = true;
            drop(state);
            self.writer.tidy();
        }
    }
}
