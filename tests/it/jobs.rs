//! The queue of work: who does what, when again, and when no longer.

use std::time::Duration;

use secaro_gateway::ids::OrganizationId;
use secaro_gateway::outbox::queue::{Fate, JobState, Work};
use tokio_util::sync::CancellationToken;

use crate::support::app::TestApp;

const LEASE: Duration = Duration::from_mins(2);

async fn organization(app: &TestApp) -> OrganizationId {
    app.opened.directory.organization("example").await.unwrap().organization.id
}

#[tokio::test]
async fn what_a_process_claims_is_nobody_elses_until_its_lease_ends() {
    let app = TestApp::new().await;
    let (one, other) = (app.worker().queue, app.worker().queue.of_another_process());
    one.recur(Work::Watch, Duration::ZERO).await.unwrap();
    let [piece] = one.claim(5).await.unwrap()[..] else { panic!("one piece") };
    assert_eq!(piece.work, Work::Watch);
    assert!(other.claim(5).await.unwrap().is_empty());
    app.clock.advance(LEASE);
    // The process died, or was too slow.
    let [taken_over] = other.claim(5).await.unwrap()[..] else { panic!("taken over") };
    one.finish(piece).await.unwrap();
    assert_eq!(other.list(10).await.unwrap().len(), 1, "the first one's word counts no longer");
    other.finish(taken_over).await.unwrap();
    assert!(other.list(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn work_that_is_asked_for_again_meanwhile_is_done_again() {
    let app = TestApp::new().await;
    let queue = app.worker().queue;
    queue.recur(Work::Prune, Duration::ZERO).await.unwrap();
    let [piece] = queue.claim(5).await.unwrap()[..] else { panic!("one piece") };
    queue.recur(Work::Prune, Duration::from_secs(5)).await.unwrap();
    queue.finish(piece).await.unwrap();
    assert!(queue.claim(5).await.unwrap().is_empty());
    app.clock.advance(Duration::from_secs(5));
    assert_eq!(queue.claim(5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn work_that_fails_is_left_longer_each_time_and_then_given_up() {
    let app = TestApp::with(&[("jobs.max_attempts", "4")]).await;
    let queue = app.worker().queue;
    queue.recur(Work::TellAdmins(organization(&app).await), Duration::ZERO).await.unwrap();
    let mut pauses = Vec::new();
    loop {
        let [piece] = queue.claim(5).await.unwrap()[..] else { panic!("one piece") };
        let fate = queue.fate(piece, false);
        queue.fail(piece, fate, "it did not work").await.unwrap();
        let Fate::Again(at) = fate else { break };
        let pause = at.since(secaro_gateway::clock::Clock::now(&*app.clock));
        assert!(queue.claim(5).await.unwrap().is_empty());
        app.clock.advance(pause);
        pauses.push(pause);
    }
    assert_eq!(pauses.len(), 3);
    assert!(pauses.is_sorted() && pauses[2] >= Duration::from_secs(20), "{pauses:?}");
    let [given_up] = &queue.list(10).await.unwrap()[..] else { panic!("one job") };
    assert_eq!((given_up.state, given_up.last_error.as_deref()), (JobState::Failed, Some("it did not work")));
    app.clock.advance(Duration::from_hours(1));
    assert!(queue.claim(5).await.unwrap().is_empty());
    assert!(queue.retry(given_up.id).await.unwrap());
    assert_eq!(queue.claim(5).await.unwrap().len(), 1);
}

#[tokio::test]
async fn work_that_kills_whoever_does_it_is_given_up_too() {
    let app = TestApp::with(&[("jobs.max_attempts", "3")]).await;
    let worker = app.worker();
    worker.queue.recur(Work::TellAdmins(organization(&app).await), Duration::ZERO).await.unwrap();
    for _ in 0..3 {
        assert_eq!(worker.queue.claim(5).await.unwrap().len(), 1);
        app.clock.advance(LEASE);
    }
    assert_eq!(app.work_off().await, 1);
    let [given_up] = &worker.queue.list(10).await.unwrap()[..] else { panic!("one job") };
    assert_eq!(given_up.state, JobState::Failed);
    assert_eq!(given_up.last_error.as_deref(), Some("every process that began it broke off"));
}

#[tokio::test]
async fn recurring_work_begins_once_and_is_never_given_up() {
    let app = TestApp::with(&[("jobs.max_attempts", "1")]).await;
    let worker = app.worker();
    worker.begin_recurring().await;
    worker.of_another_process().begin_recurring().await;
    assert_eq!(worker.queue.list(10).await.unwrap().len(), 2);
    for piece in worker.queue.claim(5).await.unwrap() {
        let fate = worker.queue.fate(piece, false);
        assert!(matches!(fate, Fate::Again(_)));
        worker.queue.fail(piece, fate, "away").await.unwrap();
    }
    app.clock.advance(Duration::from_hours(2));
    assert_eq!(app.work_off().await, 2);
    let waiting = worker.queue.list(10).await.unwrap();
    assert!(waiting.iter().all(|job| job.state == JobState::Waiting && job.attempts == 0), "{waiting:?}");
    assert_eq!(app.work_off().await, 0, "the next time is later");
}

#[tokio::test]
async fn a_worker_stops_when_it_is_told_to_and_does_what_is_due_until_then() {
    let app = TestApp::with(&[("jobs.poll_every", "10ms")]).await;
    let (stop, worker) = (CancellationToken::new(), app.worker());
    let running = tokio::join!(worker.run(stop.clone()), async {
        // Both pieces of recurring work are done, and wait for their next time.
        while !worker.queue.list(10).await.unwrap().iter().all(|job| job.run_at > job.created_at)
            || worker.queue.list(10).await.unwrap().len() < 2
        {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.cancel();
    });
    assert_eq!(running, ((), ()));
    assert!(worker.queue.claim(5).await.unwrap().is_empty());
}
