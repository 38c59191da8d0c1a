//! What a commit keeps when many write at once, give up, fail or go away: group commit on SQLite, and the same
//! promises on PostgreSQL.

use std::time::Duration;

use secaro_gateway::store::{Error, Store};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::fixture::{add, add_in, author, keys, open, organization, write};
use crate::support::database::{Database, Engine};

const WRITERS: usize = 64;

/// Long enough for any commit; a writer who waits longer is stranded.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many commits stand in SQLite's write-ahead log: the frames that carry a database size end one each.
fn commits_in_log(database: &Database) -> usize {
    let log = std::fs::read(format!("{}-wal", database.location())).unwrap();
    let page = u32::from_be_bytes(log[8..12].try_into().unwrap()) as usize;
    let salt = &log[16..24];
    log[32..].chunks_exact(24 + page).filter(|frame| &frame[8..16] == salt && frame[4..8] != [0; 4]).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_writers_lose_nothing_and_share_commits() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;
    let before = (Engine::of_this_run() == Engine::Sqlite).then(|| commits_in_log(&database));

    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let key = format!("facility-{number:02}");
            add(&store, organization, &key).await.unwrap();
            // Whoever is answered can read what was written.
            assert!(keys(&store, organization).await.contains(&key));
        });
    }
    timeout(PATIENCE, writers.join_all()).await.unwrap();

    assert_eq!(keys(&store, organization).await.len(), WRITERS);
    if let Some(before) = before {
        let commits = commits_in_log(&database) - before;
        assert!((1..WRITERS / 2).contains(&commits), "{commits} commits for {WRITERS} writers");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_dropped_transaction_undoes_only_itself() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;

    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            let mut tx = store.begin(author(&store, organization)).await.unwrap();
            add_in(&mut tx, &format!("facility-{number:02}")).await.unwrap();
            if number % 3 == 0 {
                drop(tx);
            } else {
                tx.commit().await.unwrap();
            }
        });
    }
    timeout(PATIENCE, writers.join_all()).await.unwrap();

    let kept: Vec<String> = (0..WRITERS).filter(|n| n % 3 != 0).map(|n| format!("facility-{n:02}")).collect();
    assert_eq!(keys(&store, organization).await, kept);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_failed_statement_undoes_only_its_own_transaction() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;

    let mut writers = JoinSet::new();
    for number in 0..WRITERS {
        let store = store.clone();
        writers.spawn(async move {
            // Everybody writes one of their own first, then half of them what somebody else has.
            let mut tx = store.begin(author(&store, organization)).await.unwrap();
            add_in(&mut tx, &format!("facility-{number:02}")).await.unwrap();
            if number % 2 == 0
                && let Err(error) = add_in(&mut tx, "same").await
            {
                assert!(matches!(error, Error::Duplicate), "{error:?}");
                return false;
            }
            tx.commit().await.unwrap();
            true
        });
    }
    let kept = timeout(PATIENCE, writers.join_all()).await.unwrap().into_iter().filter(|kept| *kept).count();

    assert_eq!(kept, WRITERS / 2 + 1, "all odd ones, and the first of the even ones");
    assert_eq!(keys(&store, organization).await.len(), kept + 1);
}

/// Writers who are cut off after so many microseconds, wherever they are then.
async fn cut_off_writers(store: &Store, round: u64) -> (Vec<String>, Vec<String>) {
    let organization = organization(store, &format!("round-{round}")).await;
    let mut writers = JoinSet::new();
    for number in 0..32_u64 {
        let store = store.clone();
        // Spread over the time that a few commits take.
        let patience = Duration::from_micros((number * 997 + round * 331) % 7_000);
        writers.spawn(async move {
            let key = format!("facility-{number:02}");
            let added = add(&store, organization, &key);
            if number % 4 == 0 {
                timeout(PATIENCE, added).await.expect("a writer who waits is stranded").unwrap();
                return Some(key);
            }
            timeout(patience, added).await.ok().map(|result| result.map(|()| key).unwrap())
        });
    }
    let answered = writers.join_all().await.into_iter().flatten().collect();
    // One more, who finds the connection as it should be, and waits for what was cut off.
    add(store, organization, "last").await.unwrap();
    (answered, keys(store, organization).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn writers_who_go_away_at_any_moment_strand_nobody() {
    let database = Database::new().await;
    let store = open(&database).await;
    for round in 0..30 {
        let (answered, kept) = timeout(PATIENCE, cut_off_writers(&store, round)).await.unwrap();
        let missing: Vec<&String> = answered.iter().filter(|key| !kept.contains(key)).collect();
        assert!(missing.is_empty(), "answered and lost in round {round}: {missing:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_writer_who_gives_up_waiting_strands_nobody() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;

    let mut first = store.begin(author(&store, organization)).await.unwrap();
    add_in(&mut first, "first").await.unwrap();
    let waiting = tokio::time::timeout(Duration::from_millis(50), add(&store, organization, "second"));
    let (commit, gave_up) = tokio::join!(
        async {
            // Commits while the other still waits, just before it gives up.
            tokio::time::sleep(Duration::from_millis(49)).await;
            timeout(PATIENCE, first.commit()).await.expect("the first writer is stranded")
        },
        waiting
    );
    commit.unwrap();
    assert!(keys(&store, organization).await.contains(&"first".to_owned()));
    drop(gave_up);
    add(&store, organization, "third").await.unwrap();
}

/// On SQLite: whoever begins with a read and writes later is not overtaken by the other process (T103).
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn t103_two_processes_write_to_one_database_in_turn() {
    let database = Database::new().await;
    let stores = [open(&database).await, open(&database).await];
    let organization = organization(&stores[0], "example").await;

    let mut writers = JoinSet::new();
    for (process, store) in stores.iter().enumerate() {
        for number in 0..WRITERS / 2 {
            let store = store.clone();
            writers.spawn(async move {
                let mut tx = store.begin(author(&store, organization)).await.unwrap();
                let found = tx.facilities(organization).await.unwrap().len();
                add_in(&mut tx, &format!("facility-{process}-{number:02}-{found:02}")).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
    }
    timeout(PATIENCE, writers.join_all()).await.unwrap();

    let mut found: Vec<usize> = keys(&stores[1], organization)
        .await
        .iter()
        .map(|key| key.rsplit('-').next().unwrap().parse().unwrap())
        .collect();
    found.sort_unstable();
    assert_eq!(found, (0..WRITERS).collect::<Vec<_>>(), "each writer saw all earlier ones and no later one");
}

#[tokio::test]
async fn a_change_without_an_audit_record_is_refused() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;

    let mut tx = store.begin(author(&store, organization)).await.unwrap();
    write(&mut tx, "unaudited").await.unwrap();
    assert!(matches!(tx.commit().await, Err(Error::Unaudited)));
    assert_eq!(keys(&store, organization).await, Vec::<String>::new());

    add(&store, organization, "audited").await.unwrap();
    assert_eq!(keys(&store, organization).await, ["audited"]);
}

#[tokio::test]
async fn what_was_committed_is_there_after_a_restart() {
    let database = Database::new().await;
    let store = open(&database).await;
    let organization = organization(&store, "example").await;
    add(&store, organization, "first").await.unwrap();
    store.close().await;
    drop(store);

    let store = open(&database).await;
    assert_eq!(keys(&store, organization).await, ["first"]);
}
