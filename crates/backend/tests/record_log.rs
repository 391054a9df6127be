//! The in-memory half of a backend: staging in groups is the same as committing one by one, and what is restored is what was.

use std::sync::Arc;

use proptest::prelude::*;
use trimtab_backend::{
    Check, Commit, CommitError, Expect, FeedItem, Index, Key, Operation, Part, Position, Record,
    RecordChange, RecordLog, Scope, StoreId, Transaction,
};

const STORE: StoreId = StoreId::new([7; 16]);

fn key(number: u8) -> Key {
    Key::new("site", &number.to_string())
}

/// Four entries, versions that are sometimes right: half of the transactions conflict.
fn transactions() -> impl Strategy<Value = Vec<Transaction>> {
    let expect = || {
        prop_oneof![
            Just(Expect::Anything),
            Just(Expect::Absent),
            (1..12_u64).prop_map(|n| Expect::At(Index::new(n)))
        ]
    };
    let part = || prop_oneof![Just(Part::Spec), Just(Part::Status)];
    let put = (0..4_u8, part(), expect(), any::<u8>()).prop_map(|(k, part, expect, value)| {
        let put = Operation::Put { key: key(k), part, value: vec![value].into(), expect };
        Transaction::of([put])
    });
    let delete = (0..4_u8, expect()).prop_map(|(k, expect)| {
        let expect = if expect == Expect::Absent { Expect::Anything } else { expect };
        Transaction::of([Operation::Delete { key: key(k), expect }])
    });
    let check = (0..4_u8, part(), expect())
        .prop_map(|(k, part, expect)| Transaction::default().checking(Check { key: key(k), part, expect }));
    prop::collection::vec(prop_oneof![4 => put, 2 => delete, 1 => check], 1..40)
}

fn same(one: &Result<Commit, CommitError>, other: &Result<Commit, CommitError>) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(CommitError::Conflict(one)), Err(CommitError::Conflict(other))) => one == other,
        _ => false,
    }
}

fn records(log: &RecordLog) -> Vec<Record> {
    log.read(&[0, 1, 2, 3].map(key)).expect("open").1
}

async fn changes(log: &RecordLog, after: u64) -> Vec<Arc<[RecordChange]>> {
    let from = Position { store: STORE, index: Index::new(after) };
    let mut feed = log.follow(Scope::All, Some(from)).expect("open");
    let mut told = Vec::new();
    while from.index.get() + (told.len() as u64) < log.head().index.get() {
        match feed.next().await.expect("kept") {
            FeedItem::Batch { changes, .. } => told.push(changes),
            other => panic!("not a batch: {other:?}"),
        }
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn staging_in_groups_is_the_same_as_committing_one_by_one(all in transactions(), group in 1..7_usize) {
        let (single, grouped) = (RecordLog::new(STORE), RecordLog::new(STORE));
        for group in all.chunks(group) {
            let mut staged = grouped.begin();
            for transaction in group {
                let before = grouped.head();
                let answer = grouped.stage(&mut staged, transaction.clone());
                prop_assert_eq!(grouped.head(), before, "what is staged is not seen");
                let expected = single.commit(transaction.clone());
                prop_assert!(same(&answer, &expected), "{:?} is not {:?}", answer, expected);
            }
            grouped.publish(staged);
            prop_assert_eq!(records(&grouped), records(&single));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async { assert_eq!(changes(&grouped, 0).await, changes(&single, 0).await) });
    }

    #[test]
    fn what_is_restored_from_a_checkpoint_and_later_commits_is_what_was(all in transactions(), at in 0..40_usize, kept in 0..40_usize) {
        let (whole, mut at_checkpoint) = (RecordLog::new(STORE), Vec::new());
        let mut checkpoint = Index::ZERO;
        for (number, transaction) in all.iter().enumerate() {
            if number == at {
                (at_checkpoint, checkpoint) = (records(&whole), whole.head().index);
            }
            _ = whole.commit(transaction.clone());
        }
        let first = checkpoint.get().min(kept as u64) + 1;
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        runtime.block_on(async {
            let kept = changes(&whole, first - 1).await;
            let restored = RecordLog::restore(
                STORE,
                checkpoint,
                at_checkpoint.into_iter().map(Ok::<_, ()>),
                Index::new(first),
                kept.iter().cloned().map(Ok),
            )
            .expect("nothing fails");
            assert_eq!((restored.head(), records(&restored)), (whole.head(), records(&whole)));
            assert_eq!(restored.floor(), Index::new(first - 1));
            assert_eq!(changes(&restored, first - 1).await, kept);
        });
    }
}

#[test]
fn what_was_staged_and_dropped_never_happened() {
    let log = RecordLog::new(STORE);
    let put = |value: &'static str| {
        Transaction::of([Operation::Put {
            key: key(1),
            part: Part::Spec,
            value: value.into(),
            expect: Expect::Absent,
        }])
    };
    let mut staged = log.begin();
    assert!(log.stage(&mut staged, put("lost")).is_ok());
    drop(staged);
    assert!(log.commit(put("kept")).is_ok());
    assert_eq!(records(&log)[0].value, "kept");
}

/// What a disk keeps for followers is kept in memory too, though it be more than the default.
#[test]
fn what_is_restored_is_kept_until_told_otherwise() {
    let value = bytes::Bytes::from(vec![b'x'; 100_000]);
    let commit = |index| -> Result<Arc<[RecordChange]>, ()> {
        let (value, at) = (value.clone(), Index::new(index));
        Ok([RecordChange::Put(Record {
            key: key(1),
            part: Part::Spec,
            value,
            created: Index::new(1),
            version: at,
        })]
        .into())
    };
    let log =
        RecordLog::restore(STORE, Index::ZERO, [], Index::new(1), (1..=1200).map(commit)).expect("no error");
    assert_eq!((log.floor(), log.head().index), (Index::ZERO, Index::new(1200)));
    log.keep(1000, 0);
    assert_eq!(log.floor(), Index::new(200));
}
