//! A backend that wraps a real one and fails as told.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Found, Key, Memory, Pending, Position, Record,
    Scope, Transaction, Verdict, Why,
};

/// What goes wrong with a commit.
#[derive(Clone, Debug)]
pub(crate) enum Fault {
    /// It happens, but nobody hears of it.
    LostAnswer,
    /// It never arrives, and nobody hears of that.
    LostRequest,
    /// It is certainly not applied.
    Refused(CommitError),
    /// Somebody else commits this just before.
    Overtaken(Transaction),
}

/// Handles to one backend. Everything not told to fail goes through to a [`Memory`], which can be replaced by another.
#[derive(Clone)]
pub(crate) struct Faulty(Arc<Mutex<State>>);

struct State {
    inner: Memory,
    faults: VecDeque<Fault>,
    /// How many calls of `resolve` are answered by an error.
    unresolved: usize,
    /// Whether a conflict says what is there.
    tells: bool,
    /// Why it cannot be followed or read, while it cannot.
    away: Option<FollowError>,
    follows: usize,
    commits: usize,
    resolves: usize,
    feeds: Vec<Waker>,
    /// Feeds older than this are broken.
    epoch: usize,
}

impl Faulty {
    pub(crate) fn new(inner: Memory) -> Self {
        Self(Arc::new(Mutex::new(State {
            inner,
            faults: VecDeque::new(),
            unresolved: 0,
            tells: true,
            away: None,
            follows: 0,
            commits: 0,
            resolves: 0,
            feeds: Vec::new(),
            epoch: 0,
        })))
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        change(&mut self.0.lock().expect("no test panics with it"))
    }

    pub(crate) fn memory(&self) -> Memory {
        self.with(|state| state.inner.clone())
    }

    /// The faults of the next commits, one each.
    pub(crate) fn next_commits(&self, faults: impl IntoIterator<Item = Fault>) {
        self.with(|state| state.faults.extend(faults));
    }

    /// The next so many calls of `resolve` have no answer.
    pub(crate) fn leave_unresolved(&self, times: usize) {
        self.with(|state| state.unresolved = times);
    }

    /// From now on a conflict does not say what is there.
    pub(crate) fn tell_nothing(&self) {
        self.with(|state| state.tells = false);
    }

    /// Breaks every feed, and goes away for reasons of its own.
    pub(crate) fn go_away(&self, error: FollowError) {
        self.with(|state| state.away = Some(error));
        self.break_feeds();
    }

    /// Comes back as it was.
    pub(crate) fn come_back(&self) {
        self.with(|state| state.away = None);
    }

    /// Breaks every feed; who follows again finds another store.
    pub(crate) fn replace(&self, inner: Memory) {
        self.with(|state| state.inner = inner);
        self.break_feeds();
    }

    pub(crate) fn break_feeds(&self) {
        let feeds = self.with(|state| {
            state.epoch += 1;
            std::mem::take(&mut state.feeds)
        });
        feeds.into_iter().for_each(Waker::wake);
    }

    /// How often it was asked to be followed.
    pub(crate) fn follows(&self) -> usize {
        self.with(|state| state.follows)
    }

    /// How many transactions were sent.
    pub(crate) fn commits(&self) -> usize {
        self.with(|state| state.commits)
    }

    /// How often it was asked to resolve an outcome.
    pub(crate) fn resolves(&self) -> usize {
        self.with(|state| state.resolves)
    }
}

impl Backend for Faulty {
    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        let (inner, fault, tells) = self.with(|state| {
            state.commits += 1;
            (state.inner.clone(), state.faults.pop_front(), state.tells)
        });
        let unknown = |verdict| Err(CommitError::Unknown(Pending::new(verdict)));
        match fault {
            None => {}
            Some(Fault::LostRequest) => return unknown(Verdict::Never),
            Some(Fault::Refused(error)) => return Err(error),
            Some(Fault::LostAnswer) => {
                return match inner.commit(transaction).await {
                    Ok(commit) => unknown(Verdict::Committed(commit.position())),
                    Err(_) => unknown(Verdict::Never),
                };
            }
            Some(Fault::Overtaken(other)) => drop(inner.commit(other).await?),
        }
        inner.commit(transaction).await.map_err(|error| match error {
            CommitError::Conflict(mut failed) if !tells => {
                for failed in &mut failed {
                    failed.found = Found::Untold;
                }
                CommitError::Conflict(failed)
            }
            error => error,
        })
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        let answers = self.with(|state| {
            state.resolves += 1;
            let answers = state.unresolved == 0;
            state.unresolved = state.unresolved.saturating_sub(1);
            answers
        });
        let unreachable = CommitError::Unavailable { why: Why::Unreachable, retry_after: None };
        if answers { Ok(*pending.ticket().expect("it was made here")) } else { Err(unreachable) }
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let (inner, away) = self.with(|state| (state.inner.clone(), state.away.clone()));
        match away {
            Some(error) => Err(error),
            None => inner.read(keys).await,
        }
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let (inner, away, epoch) = self.with(|state| {
            state.follows += 1;
            (state.inner.clone(), state.away.clone(), state.epoch)
        });
        if let Some(error) = away {
            return Err(error);
        }
        let feed = inner.follow(scope, from).await?;
        Ok(Feed::new(Breakable { backend: self.clone(), epoch, feed }))
    }
}

/// A feed that can be broken.
struct Breakable {
    backend: Faulty,
    epoch: usize,
    feed: Feed,
}

impl futures_core::Stream for Breakable {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let epoch = self.epoch;
        let broken = self.backend.with(|state| {
            state.feeds.push(cx.waker().clone());
            state.epoch != epoch
        });
        if broken {
            return Poll::Ready(Some(Err(FollowError::UNREACHABLE)));
        }
        self.feed.poll_next(cx).map(Some)
    }
}
