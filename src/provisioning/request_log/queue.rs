//! From the request to the database: a bounded queue that no request ever waits for, and the writer behind it, who
//! writes many at once. What finds no place is counted, and the count is kept where the requests would be.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio_util::sync::CancellationToken;

use super::record::{Arrived, Entry, Open, Recording};
use super::{RequestLog, row};
use crate::clock::Timestamp;
use crate::ids::{ConnectionId, OrganizationId};
use crate::store::request_log::{Gap, NewRequest};
use crate::store::{self, Reader};

/// Requests in one transaction at most: few enough that no change waits long for its turn behind them.
const BATCH: usize = 500;

/// How long requests are gathered before they are written.
const GATHERING: Duration = Duration::from_millis(200);

/// How often a batch is tried before it is given up and counted as missing.
const ATTEMPTS: u32 = 2;

/// Requests per second without an accepted credential that are kept, and how many after a quiet time. What is sent by
/// those who have one is bounded by their connection's budget; anybody can send these, and the disk is not theirs.
const STRANGERS: (NonZeroU32, NonZeroU32) = (NonZeroU32::MIN.saturating_add(49), NonZeroU32::MIN.saturating_add(1999));

/// Takes requests and never lets one wait. Cheap to clone.
#[derive(Clone)]
pub struct Recorder {
    shared: Arc<Shared>,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorder")
    }
}

struct Shared {
    sender: Sender<Box<Entry>>,
    waiting: Mutex<Receiver<Box<Entry>>>,
    capture: bool,
    strangers: DefaultDirectRateLimiter,
    /// Since the last batch.
    missing: AtomicU64,
    /// Since the start.
    dropped: AtomicU64,
}

impl Recorder {
    /// With room for so many, and with or without bodies.
    #[must_use]
    pub fn new(queue: usize, capture: bool) -> Self {
        let (sender, receiver) = channel(queue.max(1));
        let shared = Shared {
            sender,
            waiting: Mutex::new(receiver),
            capture,
            strangers: RateLimiter::direct(Quota::per_second(STRANGERS.0).allow_burst(STRANGERS.1)),
            missing: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
        };
        Self { shared: Arc::new(shared) }
    }

    /// A call has come.
    #[must_use]
    pub fn open(&self, arrived: &Arrived<'_>) -> Open {
        Open::new(self.clone(), Recording::of(arrived, self.shared.capture))
    }

    /// How many requests of this process found no place since its start.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.shared.dropped.load(Ordering::Relaxed)
    }

    pub(super) fn hand_over(&self, entry: Entry) {
        let kept = entry.caller.is_some() || self.shared.strangers.check().is_ok();
        if !kept || self.shared.sender.try_send(Box::new(entry)).is_err() {
            self.lose(1);
        }
    }

    fn lose(&self, requests: u64) {
        self.shared.missing.fetch_add(requests, Ordering::Relaxed);
        self.shared.dropped.fetch_add(requests, Ordering::Relaxed);
    }
}

impl RequestLog {
    /// Writes what comes until told to stop, and then what is still there.
    pub async fn keep(&self, stop: CancellationToken) {
        let mut since = self.store.clock().now();
        loop {
            let going_on = stop.run_until_cancelled(tokio::time::sleep(GATHERING)).await.is_some();
            while self.write_batch(&mut since).await >= BATCH {}
            if !going_on {
                return;
            }
        }
    }

    /// Writes everything that waits.
    pub async fn write_waiting(&self) {
        let mut since = self.store.clock().now();
        while self.write_batch(&mut since).await > 0 {}
    }

    /// Writes one batch of what waits, and how many are missing since the last; how many it took.
    async fn write_batch(&self, since: &mut Timestamp) -> usize {
        let mut batch = Vec::new();
        let mut waiting = self.recorder.shared.waiting.lock().await;
        while batch.len() < BATCH
            && let Ok(entry) = waiting.try_recv()
        {
            batch.push(entry);
        }
        let taken = batch.len();
        let missing = self.recorder.shared.missing.swap(0, Ordering::Relaxed);
        if taken == 0 && missing == 0 {
            return 0;
        }
        let now = self.store.clock().now();
        let gap = Gap { began_at: *since, ended_at: now, missing: i64::try_from(missing).unwrap_or(i64::MAX) };
        if missing > 0 {
            tracing::warn!(missing, "requests came faster than they could be written into the request log");
        }
        self.write_or_lose(batch.into_iter().map(|entry| *entry).collect(), gap).await;
        *since = now;
        taken
    }

    async fn write_or_lose(&self, batch: Vec<Entry>, gap: Gap) {
        let mut rows: Vec<NewRequest> = batch.into_iter().map(row::of).collect();
        for attempt in 1..=ATTEMPTS {
            match self.write(&mut rows, &gap).await {
                Ok(()) => return,
                Err(error) if attempt == ATTEMPTS => {
                    // They are in the next gap.
                    let lost = rows.len() as u64;
                    self.recorder.lose(lost);
                    self.recorder.shared.missing.fetch_add(gap.missing.unsigned_abs(), Ordering::Relaxed);
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, lost, "could not write the request log");
                }
                Err(_) => tokio::time::sleep(GATHERING * attempt).await,
            }
        }
    }

    async fn write(&self, rows: &mut [NewRequest], gap: &Gap) -> Result<(), store::Error> {
        if rows.iter().any(|row| row.organization_id.is_none()) {
            attribute(&mut self.store.read().await?, rows).await?;
        }
        let mut books = self.store.books().await?;
        if !rows.is_empty() {
            books.insert_requests(rows).await?;
        }
        if gap.missing > 0 {
            books.insert_gap(self.store.id(), gap).await?;
        }
        books.commit().await
    }
}

/// Whose a request is whose credential was not accepted: the organization's whose connection it named, so that its
/// admins see who tries and fails.
async fn attribute(reader: &mut Reader, rows: &mut [NewRequest]) -> Result<(), store::Error> {
    let mut known: HashMap<String, Option<(OrganizationId, ConnectionId)>> = HashMap::new();
    for row in rows.iter_mut().filter(|row| row.organization_id.is_none()) {
        let Some(key) = &row.connection else { continue };
        let found = if let Some(found) = known.get(key) {
            *found
        } else {
            let found = reader.connection_by_key(key).await?.map(|found| (found.organization_id, found.id));
            known.insert(key.clone(), found);
            found
        };
        if let Some((organization, connection)) = found {
            row.organization_id = Some(organization);
            row.connection_id = Some(connection);
        }
    }
    Ok(())
}
