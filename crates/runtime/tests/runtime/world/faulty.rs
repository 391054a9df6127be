//! A backend whose answers can be bent: a feed that is held back, commits that fail in each way there is.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use futures_core::Stream;
use parking_lot::Mutex;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Invalid, Key, Memory, Pending, Position,
    Record, Scope, Transaction, Verdict, Why,
};
use trimtab_seams::Seams;

/// Checks and operations of one transaction that etcd and Consul take, less a few for what they add (contract T3, E5, C3).
const MOST_PARTS: usize = 120;

#[derive(Clone)]
pub(crate) struct Faulty {
    memory: Arc<Mutex<Memory>>,
    state: Arc<Mutex<State>>,
}

/// What comes through.
#[derive(Clone, Copy, Default, PartialEq)]
enum Reach {
    #[default]
    All,
    NoCommits,
    Nothing,
}

#[derive(Default)]
struct State {
    held: bool,
    waiting: Vec<Waker>,
    next: Option<NextCommit>,
    reach: Reach,
    /// Commits that had operations.
    commits: usize,
    /// How often another copy was put in its place.
    copy: usize,
    /// How long commits and reads take, and by which clock.
    slow: Option<(Seams, Duration)>,
    resolve: Resolve,
}

/// What `resolve` answers.
#[derive(Default)]
enum Resolve {
    #[default]
    Verdicts,
    Nothing,
    /// That nobody will ever know.
    Never,
}

/// What becomes of the next commit.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum NextCommit {
    /// It happens, but the answer is lost.
    AppliedButUnknown,
    /// It does not happen, and the answer is lost.
    LostAndUnknown,
    Broken,
}

impl Faulty {
    pub(crate) fn new(memory: Memory) -> Self {
        Self { memory: Arc::new(Mutex::new(memory)), state: Arc::default() }
    }

    /// Holds feeds back, or lets them go on.
    pub(crate) fn hold_feed(&self, held: bool) {
        let waiting = {
            let mut state = self.state.lock();
            state.held = held;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// Commits and reads take this long from now on.
    pub(crate) fn slow(&self, seams: &Seams, time: Duration) {
        self.state.lock().slow = Some((seams.clone(), time));
    }

    async fn wait(&self) {
        let slow = self.state.lock().slow.clone();
        if let Some((seams, time)) = slow {
            seams.sleep(time).await;
        }
    }

    pub(crate) fn next_commit(&self, next: NextCommit) {
        self.state.lock().next = Some(next);
    }

    /// Whether every commit is answered with unavailable.
    pub(crate) fn away(&self, away: bool) {
        self.state.lock().reach = if away { Reach::NoCommits } else { Reach::All };
    }

    /// Whether nothing comes through: commits and reads are refused, feeds end.
    pub(crate) fn cut(&self, cut: bool) {
        let waiting = {
            let mut state = self.state.lock();
            state.reach = if cut { Reach::Nothing } else { Reach::All };
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    fn reach(&self) -> Result<(), FollowError> {
        if self.state.lock().reach == Reach::Nothing { Err(FollowError::UNREACHABLE) } else { Ok(()) }
    }

    /// Puts another copy of the store in its place.
    pub(crate) fn replace(&self, memory: Memory) {
        *self.memory.lock() = memory;
        let waiting = {
            let mut state = self.state.lock();
            state.copy += 1;
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    /// The copy of the store that is in place.
    pub(crate) fn memory(&self) -> Memory {
        self.memory.lock().clone()
    }

    /// Whether unknown outcomes stay unknown.
    pub(crate) fn mute(&self, mute: bool) {
        self.state.lock().resolve = if mute { Resolve::Nothing } else { Resolve::Verdicts };
    }

    /// Unknown outcomes will never be told.
    pub(crate) fn forget(&self) {
        self.state.lock().resolve = Resolve::Never;
    }

    /// How many commits with operations there were.
    pub(crate) fn commits(&self) -> usize {
        self.state.lock().commits
    }
}

impl Backend for Faulty {
    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        self.wait().await;
        let parts = transaction.checks.len() + transaction.operations.len();
        if parts > MOST_PARTS {
            let limit = MOST_PARTS as u64;
            return Err(Invalid::above("operations", "operations of the server", limit, parts as u64).into());
        }
        let memory = self.memory.lock().clone();
        let (next, away) = {
            let mut state = self.state.lock();
            state.commits += usize::from(!transaction.operations.is_empty());
            (state.next.take(), state.reach != Reach::All)
        };
        let unavailable = CommitError::Unavailable { why: Why::Unreachable, retry_after: None };
        match next {
            _ if away => Err(unavailable),
            None => memory.commit(transaction).await,
            Some(NextCommit::AppliedButUnknown) => {
                let commit = memory.commit(transaction).await?;
                Err(CommitError::Unknown(Pending::new(Verdict::Committed(commit.position()))))
            }
            Some(NextCommit::LostAndUnknown) => Err(CommitError::Unknown(Pending::new(Verdict::Never))),
            Some(NextCommit::Broken) => {
                Err(CommitError::Broken { what: "a sync has failed; restart".into() })
            }
        }
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        match self.state.lock().resolve {
            Resolve::Verdicts => Ok(*pending.ticket::<Verdict>().expect("a ticket of this backend")),
            Resolve::Nothing => Err(CommitError::Unavailable { why: Why::NoLeader, retry_after: None }),
            Resolve::Never => Err(Invalid::new("pending", "cannot be settled any more").into()),
        }
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        self.wait().await;
        self.reach()?;
        let memory = self.memory.lock().clone();
        memory.read(keys).await
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        self.reach()?;
        let memory = self.memory.lock().clone();
        let feed = memory.follow(scope, from).await?;
        let copy = self.state.lock().copy;
        Ok(Feed::new(HeldBack { feed, copy, state: Arc::clone(&self.state) }))
    }
}

struct HeldBack {
    feed: Feed,
    copy: usize,
    state: Arc<Mutex<State>>,
}

impl Stream for HeldBack {
    type Item = Result<FeedItem, FollowError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let mut state = self.state.lock();
        if state.held {
            state.waiting.push(cx.waker().clone());
            return Poll::Pending;
        }
        if state.reach == Reach::Nothing || state.copy != self.copy {
            return Poll::Ready(None);
        }
        state.waiting.push(cx.waker().clone());
        drop(state);
        self.feed.poll_next(cx).map(Some)
    }
}
