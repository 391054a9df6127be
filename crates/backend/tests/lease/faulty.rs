//! A backend that fails as it is told: over `Memory`, for tests of what stands on a backend.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use parking_lot::Mutex;
use trimtab_backend::{
    Backend, Commit, CommitError, Feed, FeedItem, FollowError, Invalid, Key, Pending, Position, Record,
    RecordLog, Scope, Transaction, Verdict, Why,
};
use trimtab_seams::Seams;

/// What becomes of one commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It arrives; its answer does not.
    AnswerLost,
    /// It does not arrive, and nobody knows.
    RequestLost,
    /// It arrives; its answer does not, and nobody will ever tell.
    NeverTold,
    /// It takes this long.
    Slow(Duration),
    /// It is refused for lack of a right.
    Denied,
}

#[derive(Clone)]
pub(crate) struct Faulty(Arc<Inner>);

struct Inner {
    log: Mutex<RecordLog>,
    seams: Seams,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    faults: VecDeque<Fault>,
    away: bool,
    silent: bool,
    deaf: bool,
    commits: usize,
    resolves: usize,
}

impl Faulty {
    pub(crate) fn new(log: RecordLog, seams: &Seams) -> Self {
        let state = Mutex::new(State::default());
        Self(Arc::new(Inner { log: Mutex::new(log), seams: seams.clone(), state }))
    }

    /// The next commits fail so, one each.
    pub(crate) fn fail(&self, faults: impl IntoIterator<Item = Fault>) {
        self.0.state.lock().faults.extend(faults);
    }

    /// Whether the store is away: everything is Unavailable and feeds end.
    pub(crate) fn set_away(&self, away: bool) {
        self.0.state.lock().away = away;
    }

    /// Whether feeds made from now on tell nothing after their snapshot.
    pub(crate) fn set_silent(&self, silent: bool) {
        self.0.state.lock().silent = silent;
    }

    /// Whether following fails while commits go on.
    pub(crate) fn set_deaf(&self, deaf: bool) {
        self.0.state.lock().deaf = deaf;
    }

    /// Puts another store in the place of this one.
    pub(crate) fn replace(&self, log: RecordLog) {
        *self.0.log.lock() = log;
    }

    /// Commits that were asked for, and verdicts.
    pub(crate) fn asked(&self) -> (usize, usize) {
        let state = self.0.state.lock();
        (state.commits, state.resolves)
    }

    fn log(&self) -> RecordLog {
        self.0.log.lock().clone()
    }

    fn is_away(&self) -> bool {
        self.0.state.lock().away
    }

    fn is_deaf(&self) -> bool {
        let state = self.0.state.lock();
        state.away || state.deaf
    }
}

const AWAY: CommitError = CommitError::Unavailable { why: Why::Unreachable, retry_after: None };

/// What became of it, for `resolve`.
enum Ticket {
    Told(Option<Position>),
    Lost,
}

impl Backend for Faulty {
    async fn commit(&self, transaction: Transaction) -> Result<Commit, CommitError> {
        transaction.validate(&self.limits())?;
        let (away, fault) = {
            let mut state = self.0.state.lock();
            state.commits += 1;
            (state.away, state.faults.pop_front())
        };
        if away {
            return Err(AWAY);
        }
        match fault {
            None => self.log().commit(transaction),
            Some(Fault::Slow(time)) => {
                self.0.seams.sleep(time).await;
                self.log().commit(transaction)
            }
            Some(Fault::Denied) => Err(CommitError::Denied { what: "writing leases".into() }),
            Some(Fault::RequestLost) => Err(CommitError::Unknown(Pending::new(Ticket::Told(None)))),
            Some(Fault::AnswerLost) => {
                let at = self.log().commit(transaction)?.position();
                Err(CommitError::Unknown(Pending::new(Ticket::Told(Some(at)))))
            }
            Some(Fault::NeverTold) => {
                self.log().commit(transaction)?;
                Err(CommitError::Unknown(Pending::new(Ticket::Lost)))
            }
        }
    }

    /// The first answer to it is lost too.
    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        let first = {
            let mut state = self.0.state.lock();
            state.resolves += 1;
            state.resolves % 2 == 1
        };
        if self.is_away() {
            return Err(AWAY);
        }
        if first {
            return Err(CommitError::Unknown(pending));
        }
        match pending.ticket::<Ticket>().expect("a ticket of this backend") {
            Ticket::Told(at) => Ok(at.map_or(Verdict::Never, Verdict::Committed)),
            Ticket::Lost => Err(Invalid::new("pending", "cannot be settled any more").into()),
        }
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        if self.is_away() { Err(FollowError::UNREACHABLE) } else { self.log().read(keys) }
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        if self.is_deaf() {
            return Err(FollowError::UNREACHABLE);
        }
        let feed = self.log().follow(scope, from)?;
        let silent = self.0.state.lock().silent;
        Ok(Feed::new(Watched { feed, of: self.clone(), silent, synced: false }))
    }
}

/// A feed that ends when the store goes away, looked at each time it is polled.
struct Watched {
    feed: Feed,
    of: Faulty,
    silent: bool,
    synced: bool,
}

impl Stream for Watched {
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.of.is_deaf() {
            return Poll::Ready(None);
        }
        if self.silent && self.synced {
            return Poll::Pending;
        }
        let item = self.feed.poll_next(cx);
        self.synced |= matches!(item, Poll::Ready(Ok(FeedItem::Synced(_))));
        item.map(Some)
    }
}
