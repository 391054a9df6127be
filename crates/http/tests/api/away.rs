//! A store that does not do as it is told: nothing was done, nobody knows, or nobody answers.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::json;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FollowError, Key, Pending, Position, Record, Scope, Transaction,
    Verdict, Why,
};
use trimtab_http::Limits;
use trimtab_runtime::Manager;
use trimtab_store::{Memory, Store};

use crate::stage::{Answer, Stage};

/// What becomes of a commit.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mood {
    Well,
    /// It says that it did nothing.
    Away(Why),
    /// It says nothing, and nothing later.
    Unknown,
    /// It never answers.
    Hangs,
}

#[derive(Clone)]
struct Moody(Memory, Arc<Mutex<Mood>>);

impl Backend for Moody {
    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        let mood = *self.1.lock();
        match mood {
            Mood::Well => self.0.commit(transaction).await,
            Mood::Away(why) => Err(CommitError::Unavailable { why, retry_after: None }),
            Mood::Unknown => Err(CommitError::Unknown(Pending::new(()))),
            Mood::Hangs => std::future::pending().await,
        }
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        Err(CommitError::Unknown(pending))
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.0.read(keys).await
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        self.0.follow(scope, from).await
    }
}

async fn stage(limits: Limits) -> (Stage, Arc<Mutex<Mood>>) {
    let mood = Arc::new(Mutex::new(Mood::Well));
    let store = Store::open(Moody(Memory::new(), Arc::clone(&mood))).await.unwrap();
    let stage = Stage::over(store, &Manager::new().handle(), |builder| builder.limits(limits)).await;
    assert_eq!(put(&stage, "before").await.status, 201);
    (stage, mood)
}

async fn put(stage: &Stage, name: &str) -> Answer {
    stage.send("PUT", &format!("/v1/entries/site/{name}"), &json!({"spec": 1})).await
}

fn seconds(answer: &Answer) -> u64 {
    answer.header("retry-after").expect("says when to try again").parse().unwrap()
}

#[tokio::test]
async fn what_was_not_done_is_unavailable_and_says_when_to_try_again() {
    let (stage, mood) = stage(Limits::default()).await;
    for (why, least) in [(Why::Unreachable, 1), (Why::Full, 10)] {
        *mood.lock() = Mood::Away(why);
        let answer = put(&stage, "a").await;
        answer.problem(503, "unavailable");
        assert!(seconds(&answer) >= least, "{answer:?}");
        let ready = stage.get("/readyz").await;
        let told = ready.json()["reasons"][0].as_str().unwrap_or_default().to_owned();
        assert_eq!(ready.status, 503, "a store that takes no writes is not ready");
        assert!(told.starts_with("writes are refused: ") && told.contains(&why.to_string()), "{told}");
    }
    assert_eq!(stage.get("/v1/entries/site/before").await.status, 200, "reads go on");
    *mood.lock() = Mood::Well;
    assert_eq!(put(&stage, "a").await.status, 201);
    assert_eq!(stage.get("/readyz").await.status, 200, "and is well again with the first that it takes");
}

#[tokio::test]
async fn what_may_have_been_done_is_unknown_and_says_from_where_to_look() {
    let (stage, mood) = stage(Limits::default()).await;
    let before = stage.store.position().unwrap().to_string();
    *mood.lock() = Mood::Unknown;
    let problem = put(&stage, "a").await.problem(500, "unknown-outcome");
    assert_eq!(problem["position"], before, "{problem}");
}

#[tokio::test]
async fn a_store_that_never_answers_is_not_waited_for_and_the_position_is_told_too() {
    let short = Duration::from_millis(100);
    let (stage, mood) = stage(Limits { request_time: short, drain: short, ..Limits::default() }).await;
    let before = stage.store.position().unwrap().to_string();
    *mood.lock() = Mood::Hangs;
    let problem = put(&stage, "a").await.problem(500, "unknown-outcome");
    assert_eq!(problem["position"], before, "{problem}");
    assert_eq!(stage.get("/v1/entries/site/before").await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_closed_is_told_as_the_end_of_the_daemon() {
    let (stage, _) = stage(Limits::default()).await;
    stage.store.close().await;
    let answer = stage.get("/v1/watch?kind=site").await;
    answer.problem(503, "stopping");
    assert!(seconds(&answer) >= 1, "{answer:?}");
    let ready = stage.get("/readyz").await;
    assert_eq!((ready.status, &ready.json()["ready"]), (503, &json!(false)));
}
