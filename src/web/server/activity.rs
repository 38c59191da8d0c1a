//! Whether anything is being asked on a connection. hyper's header timeout does not cover a connection that has not
//! shown its version yet, HTTP/2 headers that trickle in, or a client that does not read its answers; this does.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

/// The requests in flight on one connection.
#[derive(Debug)]
pub(super) struct Activity(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    idle: Notify,
}

#[derive(Debug)]
struct State {
    in_flight: usize,
    /// Since when there is none.
    idle_since: Instant,
    /// Whether there ever was one.
    used: bool,
}

impl Default for Activity {
    fn default() -> Self {
        let state = State { in_flight: 0, idle_since: Instant::now(), used: false };
        Self(Arc::new(Shared { state: Mutex::new(state), idle: Notify::new() }))
    }
}

impl Activity {
    /// A request came; it is in flight until the value is dropped.
    pub(super) fn begin(&self) -> InFlight {
        self.0.with(|state| {
            state.in_flight += 1;
            state.used = true;
        });
        InFlight(Arc::clone(&self.0))
    }

    /// Ends when no request came for `first` after the start, or for `later` after the last answer.
    pub(super) async fn neglected(&self, first: Duration, later: Duration) {
        loop {
            let until = self.0.with(|state| {
                let allowance = if state.used { later } else { first };
                (state.in_flight == 0).then(|| state.idle_since + allowance)
            });
            match until {
                Some(until) if until <= Instant::now() => return,
                Some(until) => sleep_until(until).await,
                None => self.0.idle.notified().await,
            }
        }
    }
}

impl Shared {
    fn with<T>(&self, look: impl FnOnce(&mut State) -> T) -> T {
        look(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// One request in flight.
#[derive(Debug)]
pub(super) struct InFlight(Arc<Shared>);

impl Drop for InFlight {
    fn drop(&mut self) {
        let idle = self.0.with(|state| {
            state.in_flight -= 1;
            state.idle_since = Instant::now();
            state.in_flight == 0
        });
        if idle {
            self.0.idle.notify_one();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: Duration = Duration::from_millis(20);
    const LATER: Duration = Duration::from_millis(60);

    #[tokio::test]
    async fn a_connection_without_a_request_is_neglected_after_the_first_allowance() {
        let started = Instant::now();
        Activity::default().neglected(FIRST, Duration::from_hours(1)).await;
        assert!(started.elapsed() >= FIRST);
    }

    #[tokio::test]
    async fn a_request_in_flight_keeps_its_connection_and_idleness_counts_from_its_end() {
        let activity = Activity::default();
        let started = Instant::now();
        let request = activity.begin();
        let answering = async {
            tokio::time::sleep(LATER * 2).await;
            drop(request);
        };
        tokio::join!(answering, activity.neglected(FIRST, LATER));
        assert!(started.elapsed() >= LATER * 3);
    }
}
