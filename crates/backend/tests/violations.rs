//! The conformance suite itself: backends that are wrong in one thing each are found out, by the test that is about that thing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};

use trimtab_backend::conformance::{self, Suite, Violation};
use trimtab_backend::{
    Backend, Commit, CommitError, Expect, Feed, FeedItem, Fidelity, FollowError, Index, Key, Limits, Memory,
    Operation, Part, Pending, Position, Record, RecordChange, ResetReason, Scope, Transaction, Verdict,
};
use trimtab_seams::virtual_time;

/// Memory with one fault in what it answers.
struct Wrong {
    memory: Memory,
    fault: Fault,
    commits: AtomicUsize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    IgnoresConditions,
    AllowsAnythingTwice,
    CountsChecksAsCommits,
    TellsAnOldIndex,
    ForgetsStatus,
    ReadsLate,
    DropsDeletes,
    SplitsCommits,
    SkipsABatch,
    RepeatsABatch,
    ForgetsTheReset,
    SyncsEarly,
    IgnoresTheScope,
    TellsReservedKinds,
    ForgetsWhereItWasAsked,
    GuessesVerdicts,
    TightensALimit,
    Hangs,
}

impl Wrong {
    fn new(memory: Memory, fault: Fault) -> Self {
        Self { memory, fault, commits: AtomicUsize::new(0) }
    }

    fn is(&self, fault: Fault) -> bool {
        self.fault == fault
    }
}

fn without_conditions(mut transaction: Transaction) -> Transaction {
    transaction.checks.clear();
    for operation in &mut transaction.operations {
        let (Operation::Put { expect, .. } | Operation::Delete { expect, .. }) = operation;
        *expect = Expect::Anything;
    }
    transaction
}

impl Backend for Wrong {
    fn limits(&self) -> Limits {
        self.memory.limits()
    }

    fn fidelity(&self) -> Fidelity {
        self.memory.fidelity()
    }

    async fn commit(&self, mut transaction: Transaction) -> Result<Commit, CommitError> {
        let count = self.commits.fetch_add(1, Ordering::Relaxed);
        match self.fault {
            Fault::IgnoresConditions => transaction = without_conditions(transaction),
            Fault::AllowsAnythingTwice => transaction.operations.truncate(1),
            Fault::CountsChecksAsCommits if transaction.operations.is_empty() => {
                let (key, value) = (Key::new("elsewhere", "count"), count.to_string().into());
                let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
                transaction.operations.push(put);
            }
            Fault::TightensALimit if transaction.units() == self.limits().operations => {
                return Err(trimtab_backend::Invalid::new("operations", "are too many for me").into());
            }
            Fault::Hangs if count == 2 => std::future::pending().await,
            _ => {}
        }
        let commit = self.memory.commit(transaction).await?;
        if self.is(Fault::TellsAnOldIndex) && count % 5 == 4 {
            let at = commit.position();
            return Ok(Commit::Committed(Position { index: Index::new(at.index.get() - 1), ..at }));
        }
        Ok(commit)
    }

    async fn resolve(&self, pending: Pending) -> Result<Verdict, CommitError> {
        if self.is(Fault::GuessesVerdicts) { Ok(Verdict::Never) } else { self.memory.resolve(pending).await }
    }

    async fn read(&self, keys: &[Key]) -> Result<(Position, Vec<Record>), FollowError> {
        let (at, mut records) = self.memory.read(keys).await?;
        if self.is(Fault::ForgetsStatus) {
            records.retain(|record| record.part == Part::Spec);
        }
        if self.is(Fault::ReadsLate) {
            records.retain(|record| record.version < at.index);
        }
        Ok((at, records))
    }

    async fn follow(&self, scope: Scope, from: Option<Position>) -> Result<Feed, FollowError> {
        let (fault, wanted) = (self.fault, scope.clone());
        let scope = match (fault, scope) {
            (Fault::IgnoresTheScope, Scope::Within(kind, _)) => Scope::Kind(kind),
            (_, scope) => scope,
        };
        let from = if fault == Fault::ForgetsWhereItWasAsked {
            let (head, _) = self.memory.read(&[]).await?;
            from.map(|_| head)
        } else {
            from
        };
        let mut feed = self.memory.follow(scope, from).await?;
        let reserved = self.memory.follow(Scope::Kind("trimtab.group".into()), None).await?;
        let mut extra =
            if fault == Fault::TellsReservedKinds && wanted == Scope::All { Some(reserved) } else { None };
        let mut batches = 0;
        let mut held: std::collections::VecDeque<FeedItem> = std::collections::VecDeque::new();
        let stream = PollFn(move |cx: &mut std::task::Context<'_>| {
            loop {
                if let Some(item) = held.pop_front() {
                    return std::task::Poll::Ready(Some(Ok(item)));
                }
                if let Some(extra) = &mut extra
                    && let std::task::Poll::Ready(Ok(item)) = extra.poll_next(cx)
                    && let FeedItem::Batch { .. } = item
                {
                    held.push_back(item);
                    continue;
                }
                let item = match feed.poll_next(cx) {
                    std::task::Poll::Ready(Ok(item)) => item,
                    std::task::Poll::Ready(Err(error)) => return std::task::Poll::Ready(Some(Err(error))),
                    std::task::Poll::Pending => return std::task::Poll::Pending,
                };
                batches += usize::from(matches!(item, FeedItem::Batch { .. }));
                held.extend(spoilt(fault, item, batches));
            }
        });
        Ok(Feed::new(stream))
    }

    async fn close(&self) {
        self.memory.close().await;
    }
}

/// A stream of a closure.
struct PollFn<F>(F);

impl<F> futures_core::Stream for PollFn<F>
where
    F: FnMut(&mut std::task::Context<'_>) -> std::task::Poll<Option<Result<FeedItem, FollowError>>> + Unpin,
{
    type Item = Result<FeedItem, FollowError>;
    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        cx: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Self::Item>> {
        (self.0)(cx)
    }
}

/// What a feed with this fault tells instead of an item.
fn spoilt(fault: Fault, item: FeedItem, batches: usize) -> Vec<FeedItem> {
    match (fault, item) {
        (Fault::DropsDeletes, FeedItem::Batch { after, upto, changes }) => {
            let kept = changes.iter().filter(|change| matches!(change, RecordChange::Put(_)));
            vec![FeedItem::Batch { after, upto, changes: kept.cloned().collect() }]
        }
        (Fault::SplitsCommits, FeedItem::Batch { after, upto, changes }) if changes.len() > 1 => {
            let (one, two) = changes.split_at(changes.len() / 2);
            vec![
                FeedItem::Batch { after, upto, changes: one.into() },
                FeedItem::Batch { after: upto.index, upto, changes: two.into() },
            ]
        }
        (Fault::SkipsABatch, FeedItem::Batch { .. }) if batches == 2 => vec![],
        (Fault::RepeatsABatch, item @ FeedItem::Batch { .. }) if batches == 2 => vec![item.clone(), item],
        (Fault::ForgetsTheReset, FeedItem::Reset { .. }) => vec![],
        (Fault::SyncsEarly, FeedItem::Synced(at)) => {
            vec![FeedItem::Synced(Position { index: Index::new(at.index.get().saturating_sub(1)), ..at })]
        }
        (_, item) => vec![item],
    }
}

fn violations(fault: Fault) -> Vec<Violation> {
    virtual_time::run(1, async |seams| {
        let suite = Suite::new(async || Wrong::new(Memory::with_seams(&seams), fault))
            .with_seams(&seams)
            .with_compaction(async |wrong, index| wrong.memory.compact(index));
        suite.run().await.err().unwrap_or_default()
    })
}

/// Each fault, and the test that names it.
const CATCHES: [(Fault, u8); 18] = [
    (Fault::IgnoresConditions, 1),
    (Fault::AllowsAnythingTwice, 10),
    (Fault::CountsChecksAsCommits, 8),
    (Fault::TellsAnOldIndex, 5),
    (Fault::ForgetsStatus, 4),
    (Fault::ReadsLate, 42),
    (Fault::DropsDeletes, 39),
    (Fault::SplitsCommits, 27),
    (Fault::SkipsABatch, 28),
    (Fault::RepeatsABatch, 28),
    (Fault::ForgetsTheReset, 25),
    (Fault::SyncsEarly, 26),
    (Fault::IgnoresTheScope, 25),
    (Fault::TellsReservedKinds, 25),
    (Fault::ForgetsWhereItWasAsked, 31),
    (Fault::GuessesVerdicts, 21),
    (Fault::TightensALimit, 11),
    (Fault::Hangs, 2),
];

#[test]
fn a_backend_that_is_wrong_in_one_thing_is_found_out_by_the_test_of_that_thing() {
    assert_eq!(violations(Fault::None), [], "the harness itself is no fault");
    let tests = |fault| violations(fault).iter().map(|violation| violation.test).collect::<BTreeSet<u8>>();
    let missed: Vec<_> = CATCHES
        .into_iter()
        .map(|(fault, test)| (fault, test, tests(fault)))
        .filter(|(_, test, found)| !found.contains(test))
        .collect();
    assert!(missed.is_empty(), "(fault, test that should find it, tests that do): {missed:#?}");
}

#[test]
fn a_violation_names_test_rule_and_both_sides() {
    let found = violations(Fault::IgnoresConditions);
    let first = found[0].to_string();
    assert!(
        first.starts_with(
            "contract test 1 (rule T4), \"a put expecting absence succeeds once and conflicts after\""
        ),
        "{first}"
    );
    assert!(first.contains("expected a conflict on conformance/a (Spec), seen Ok(Committed("), "{first}");
}

#[test]
fn the_report_lists_what_ran_and_what_did_not_with_its_reason() {
    virtual_time::run(1, async |seams| {
        let suite = Suite::new(async || Memory::with_seams(&seams)).with_seams(&seams);
        let report = suite.run().await.expect("memory keeps the contract");
        let numbers: BTreeSet<u8> = report
            .ran
            .iter()
            .map(|ran| ran.test)
            .chain(report.skipped.iter().map(|skipped| skipped.test))
            .collect();
        assert_eq!(numbers, (1..=51).collect(), "every test of the contract is one or the other");
        let reason = |test| {
            report.skipped.iter().find(|skipped| skipped.test == test).map(|skipped| &skipped.reason[..])
        };
        assert_eq!(reason(31), Some("no compaction was given (Suite::with_compaction)"));
        assert_eq!(reason(16), Some("needs a proxy that drops messages: a test of the adapter's own"));
        assert!(report.to_string().contains("held     1 T4  a put expecting absence"), "{report}");
    });
}

/// What a slow reader must be told is demanded only of a backend that says when.
#[test]
fn a_backend_that_says_it_overflows_must() {
    virtual_time::run(1, async |seams| {
        let suite =
            Suite::new(async || Memory::with_seams(&seams)).with_seams(&seams).with_overflow_after(10);
        let found = suite.run().await.expect_err("ten commits do not overflow it");
        assert_eq!(found.iter().map(|violation| violation.test).collect::<Vec<_>>(), [40]);
        let first = ResetReason::First;
        assert_eq!(found[0].seen, format!("[{first:?}]"));
    });
}

#[test]
fn check_is_the_suite_without_more() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report =
        runtime.block_on(conformance::check(async || Memory::new())).expect("memory keeps the contract");
    assert!(report.skipped.iter().any(|skipped| skipped.test == 31));
}
