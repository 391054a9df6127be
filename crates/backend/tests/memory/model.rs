//! Random sequences of commits, followers, reads and compactions: every outcome and every view as the model has it.

use std::collections::BTreeMap;

use proptest::prelude::*;
use trimtab_backend::{
    Backend, Check, CommitError, Expect, Feed, Index, Key, Memory, Operation, Part, Position, Record, Scope,
    Transaction,
};

use super::{View, key, now};

/// The store as a sorted map and a number.
#[derive(Default)]
struct Model {
    records: BTreeMap<(Key, Part), Record>,
    head: u64,
}

impl Model {
    /// The outcome: the halves that failed, or the head.
    fn commit(&mut self, transaction: &Transaction) -> Result<u64, Vec<(Key, Part)>> {
        let failed: Vec<_> = transaction
            .conditions()
            .filter(|(key, part, expect)| {
                let found = self.records.get(&((*key).clone(), *part)).map(|record| record.version);
                match expect {
                    Expect::Anything => false,
                    Expect::Absent => found.is_some(),
                    Expect::At(version) => found != Some(*version),
                }
            })
            .map(|(key, part, _)| (key.clone(), part))
            .collect();
        if !failed.is_empty() {
            return Err(failed);
        }
        if !transaction.operations.is_empty() {
            self.head += 1;
        }
        let version = Index::new(self.head);
        for operation in &transaction.operations {
            match operation.clone() {
                Operation::Put { key, part, value, .. } => {
                    let before = self.records.get(&(key.clone(), part));
                    let created = before.map_or(version, |before| before.created);
                    let record = Record { key: key.clone(), part, value, created, version };
                    self.records.insert((key, part), record);
                }
                Operation::Delete { key, .. } => {
                    self.records.retain(|(held, _), _| *held != key);
                }
            }
        }
        Ok(self.head)
    }
}

#[derive(Clone, Debug)]
enum Step {
    Commit(Transaction),
    Follow,
    Resume,
    Read(usize),
    Compact,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let expect = || {
        prop_oneof![
            4 => Just(Expect::Anything),
            2 => Just(Expect::Absent),
            3 => (1..30_u64).prop_map(|version| Expect::At(Index::new(version)))
        ]
    };
    let part = || prop_oneof![2 => Just(Part::Spec), 1 => Just(Part::Status)];
    let operation = prop_oneof![
        4 => (0..6_usize, part(), expect(), "[ab]{0,2}").prop_map(|(n, part, expect, value)| {
            Operation::Put { key: key(n), part, value: value.into(), expect }
        }),
        1 => (0..6_usize, expect()).prop_map(|(n, expect)| {
            let expect = if expect == Expect::Absent { Expect::Anything } else { expect };
            Operation::Delete { key: key(n), expect }
        }),
    ];
    let check =
        (0..6_usize, part(), expect()).prop_map(|(n, part, expect)| Check { key: key(n), part, expect });
    let transaction = (prop::collection::vec(check, 0..2), prop::collection::vec(operation, 0..4))
        .prop_map(|(checks, operations)| Transaction { checks, operations });
    let step = prop_oneof![
        12 => transaction.prop_map(Step::Commit),
        1 => Just(Step::Follow),
        2 => Just(Step::Resume),
        4 => (0..8_usize).prop_map(Step::Read),
        1 => Just(Step::Compact),
    ];
    prop::collection::vec(step, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    /// contract T2, T4, I1, F1, F3, behaviour E2, E3, guarantee W-a, S-b
    #[test]
    fn memory_is_a_sorted_map_with_a_number(steps in steps(), commits in 0..20_usize) {
        let memory = Memory::new().with_history(commits, 0);
        let mut model = Model::default();
        let mut followers: Vec<(Feed, View)> = Vec::new();
        for step in steps {
            match step {
                Step::Commit(transaction) => {
                    let valid = transaction.validate(&memory.limits()).is_ok();
                    let expected = if valid { Some(model.commit(&transaction)) } else { None };
                    match (now(memory.commit(transaction.clone())), expected) {
                        (Ok(commit), Some(Ok(head))) => {
                            prop_assert_eq!(commit.position().index.get(), head);
                            prop_assert_eq!(commit.is_committed(), !transaction.operations.is_empty());
                        }
                        (Err(CommitError::Conflict(failed)), Some(Err(expected))) => {
                            let failed: Vec<_> = failed.into_iter().map(|failed| (failed.key, failed.part)).collect();
                            prop_assert_eq!(failed, expected);
                        }
                        (Err(CommitError::Invalid(_)), None) => {}
                        (answer, expected) => prop_assert!(false, "{:?} is not {:?}", answer, expected),
                    }
                }
                Step::Follow => followers.push((now(memory.follow(Scope::All, None)).expect("open"), View::default())),
                Step::Resume => {
                    if let Some((feed, view)) = followers.first_mut() {
                        let (head, _) = now(memory.read(&[])).expect("open");
                        let from = view.at.map(|index| Position { index, ..head });
                        *feed = now(memory.follow(Scope::All, from)).expect("open");
                        if from.is_none() {
                            *view = View::default();
                        }
                    }
                }
                Step::Read(which) => {
                    if let Some((feed, view)) = followers.get_mut(which) {
                        view.drain(feed);
                        prop_assert_eq!(&view.records, &model.records);
                    }
                }
                Step::Compact => memory.compact(Index::new(model.head)),
            }
        }
        for (mut feed, mut view) in followers {
            view.drain(&mut feed);
            prop_assert_eq!(&view.records, &model.records);
        }
        let (head, records) = now(memory.read(&(0..6).map(key).collect::<Vec<_>>())).expect("open");
        prop_assert_eq!(head.index.get(), model.head);
        prop_assert_eq!(records, model.records.into_values().collect::<Vec<_>>());
    }
}
