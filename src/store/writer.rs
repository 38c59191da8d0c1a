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
        let state = Arc::clone(&self.state).lock_owned().await;
        drop(place);
        to_the_end(Turn::open(self.clone(), state)).await
    }

    fn nobody_waits(&self) -> bool {
        self.waiting.load(Ordering::SeqCst) == 0
    }

    /// Undoes what an abandoned turn left and commits for those who wait for it, if nobody else is about to.
    fn tidy(&self) {
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        let writer = self.clone();
        runtime.spawn(async move {
            loop {
                let mut state = writer.state.lock().await;
                state.undo_abandoned().await;
                if state.open.is_none() {
                    return;
                }
                if writer.nobody_waits() {
                    // Those who wait for it learn of a failure because their senders are dropped.
                    let _ = state.commit().await;
                    return;
                }
                drop(state);
                // Whoever waited may have gone away while the lock was held here, and left it to us.
                if !writer.nobody_waits() {
                    return;
                }
            }
        });
    }

    /// Waits for the running turn, then closes the connection.
    pub(super) async fn close(&self) {
        let mut state = self.state.lock().await;
        state.undo_abandoned().await;
        if state.open.is_some() {
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
    async fn undo_abandoned(&mut self) {
        if !std::mem::take(&mut self.abandoned) {
            return;
        }
        let alone = match self.open {
            None => return,
            Some(changes) => changes == 0,
        };
        // SQLite itself rolls everything back when the disk is full or fails; the savepoint is gone then.
        if alone || self.connection.execute("ROLLBACK TO change; RELEASE change").await.is_err() {
            self.lose().await;
        }
    }

    /// Gives up the open transaction; those who wait for it learn that it failed because their senders are dropped.
    async fn lose(&mut self) {
        self.open = None;
        self.committed.clear();
        // Fails if SQLite has rolled it back by itself.
        let _ = self.connection.execute("ROLLBACK").await;
    }

    async fn commit(&mut self) -> Result<(), Error> {
        if let Err(error) = self.connection.execute("COMMIT").await {
            self.lose().await;
            return Err(error.into());
        }
        self.open = None;
        for sender in self.committed.drain(..) {
            // The caller may have gone away; its change is on disk all the same.
            let _ = sender.send(());
        }
        Ok(())
    }
}

/// Runs something even if whoever asked for it goes away in the middle: half a `BEGIN` or `COMMIT` would leave
/// nobody who knows what the connection is at.
async fn to_the_end<T: Send + 'static>(
    work: impl Future<Output = Result<T, Error>> + Send + 'static,
) -> Result<T, Error> {
    // It fails to join only when the runtime stops.
    tokio::runtime::Handle::current().spawn(work).await.unwrap_or(Err(Error::CommitFailed))
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
    async fn open(writer: Writer, mut state: OwnedMutexGuard<State>) -> Result<Self, Error> {
        state.undo_abandoned().await;
        let nested = state.open.is_some();
        // BEGIN IMMEDIATE: a transaction that reads first and then writes fails with SQLITE_BUSY_SNAPSHOT, which no
        // timeout retries (T103).
        let begin = if nested { "SAVEPOINT change" } else { "BEGIN IMMEDIATE" };
        if let Err(error) = state.connection.execute(begin).await {
            if nested {
                state.lose().await;
            }
            return Err(error.into());
        }
        state.open.get_or_insert(0);
        Ok(Self { state: Some(state), writer, nested })
    }

    pub(super) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.state.as_mut().expect("a turn holds the connection until it is consumed").connection
    }

    /// Returns when the change is on disk.
    pub(super) async fn commit(self) -> Result<(), Error> {
        match to_the_end(self.close()).await? {
            Some(shared) => shared.await.map_err(|_| Error::CommitFailed),
            None => Ok(()),
        }
    }

    /// Commits, or leaves the transaction open for those who wait and returns what tells of their commit.
    async fn close(mut self) -> Result<Option<oneshot::Receiver<()>>, Error> {
        let mut state = self.state.take().expect("a turn holds the connection until it is consumed");
        if self.nested
            && let Err(error) = state.connection.execute("RELEASE change").await
        {
            state.lose().await;
            return Err(error.into());
        }
        let changes = state.open.get_or_insert(0);
        *changes += 1;
        if *changes >= BATCH || self.writer.nobody_waits() {
            return state.commit().await.map(|()| None);
        }
        let (sender, receiver) = oneshot::channel();
        state.committed.push(sender);
        drop(state);
        if self.writer.nobody_waits() {
            // Who was waiting has gone away meanwhile.
            self.writer.tidy();
        }
        Ok(Some(receiver))
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
