//! What a transaction may hold: every rule at its border, and what the errors and outcomes say.

use trimtab_backend::{
    Check, Commit, CommitError, Expect, Failed, Found, Index, Invalid, Key, Limits, Operation, Part, Pending,
    Position, Record, StoreId, Transaction, Why,
};

fn key(name: &str) -> Key {
    Key::new("site", name)
}

fn put(name: &str, part: Part, bytes: usize) -> Operation {
    Operation::Put { key: key(name), part, value: vec![b'a'; bytes].into(), expect: Expect::Anything }
}

fn delete(name: &str) -> Operation {
    Operation::Delete { key: key(name), expect: Expect::Anything }
}

fn check(key: Key) -> Check {
    Check { key, part: Part::Spec, expect: Expect::Absent }
}

fn refused(transaction: &Transaction) -> Invalid {
    transaction.validate(&Limits::PORTABLE).expect_err("a transaction that breaks a rule")
}

fn allowed(transaction: &Transaction) {
    transaction.validate(&Limits::PORTABLE).expect("a transaction at the border is allowed");
}

/// contract T3, behaviour E9
#[test]
fn the_limits_are_the_portable_floor_unless_told() {
    let limits = Limits::default();
    assert_eq!((limits.operations, limits.transaction_bytes), (60, 320 * 1024));
    assert_eq!((limits.spec_bytes, limits.status_bytes), (256 * 1024, 64 * 1024));
}

/// contract T1
#[test]
fn each_half_occurs_once_over_checks_and_operations() {
    let (spec, status) = (put("a", Part::Spec, 1), put("a", Part::Status, 1));
    allowed(&Transaction::of([spec.clone(), status.clone()]));
    allowed(&Transaction::of([status.clone()]).checking(check(key("a"))));
    for twice in [
        Transaction::of([spec.clone(), spec.clone()]),
        Transaction::of([spec.clone()]).checking(check(key("a"))),
        Transaction::default().checking(check(key("a"))).checking(check(key("a"))),
        Transaction::of([delete("a"), delete("a")]),
        Transaction::of([delete("a"), spec]),
        Transaction::of([delete("a"), status.clone()]),
        Transaction::of([status, delete("a")]),
    ] {
        let invalid = refused(&twice);
        assert_eq!((invalid.field, invalid.key), ("operations", Some(key("a"))));
        // The same among many others.
        let mut many = twice;
        many.operations.extend((0..40).map(|n| put(&n.to_string(), Part::Spec, 1)));
        let invalid = refused(&many);
        assert_eq!((invalid.field, invalid.key), ("operations", Some(key("a"))));
    }
    allowed(&Transaction::of((0..60).map(|n| put(&n.to_string(), Part::Spec, 1))));
}

#[test]
fn a_delete_cannot_expect_absence() {
    let invalid = refused(&Transaction::of([Operation::Delete { key: key("a"), expect: Expect::Absent }]));
    assert_eq!((invalid.field, invalid.key), ("expect", Some(key("a"))));
}

#[test]
fn every_name_is_checked_in_checks_too() {
    assert_eq!(refused(&Transaction::default().checking(check(key("..")))).field, "name");
    assert_eq!(refused(&Transaction::of([delete("")])).field, "name");
    assert_eq!(refused(&Transaction::default().checking(check(Key::new("Site", "a")))).field, "kind");
}

/// contract T3
#[test]
fn a_put_and_a_check_count_one_a_delete_two_and_a_fence_nothing() {
    let puts = |count: usize| (0..count).map(|n| put(&n.to_string(), Part::Spec, 1));
    let fenced = Transaction::of(puts(57).chain([delete("d")])).checking(check(key("c")));
    let fenced = fenced.checking(check(Key::new("trimtab.lease", "fence")));
    assert_eq!(fenced.units(), 60);
    allowed(&fenced);
    let above = refused(&fenced.checking(check(key("one more"))));
    assert_eq!((above.field, above.limit, above.actual), ("operations", Some(60), Some(61)));
    let above = refused(&Transaction::of(puts(59).chain([delete("d")])));
    assert_eq!(above.actual, Some(61), "a delete is two");
}

/// contract T3
#[test]
fn payloads_are_measured_without_their_header_line() {
    let limits = Limits::PORTABLE;
    for (part, field, most) in
        [(Part::Spec, "spec", limits.spec_bytes), (Part::Status, "status", limits.status_bytes)]
    {
        let with_header = |payload: usize| {
            let mut value = b"{\"f\":1}\n".to_vec();
            value.resize(value.len() + payload, b'a');
            let (key, value) = (key("a"), value.into());
            Transaction::of([Operation::Put { key, part, value, expect: Expect::Anything }])
        };
        allowed(&with_header(most));
        let above = refused(&with_header(most + 1));
        assert_eq!(
            (above.field, above.limit, above.actual),
            (field, Some(most as u64), Some(most as u64 + 1))
        );
        assert_eq!(above.key, Some(key("a")));
    }
}

/// contract T3
#[test]
fn keys_and_values_of_all_of_it_are_measured_together() {
    let names = key("a").encoded_bytes()
        + key("b").encoded_bytes()
        + 2 * key("d").encoded_bytes()
        + key("c").encoded_bytes();
    let half = 200 * 1024;
    let of = |rest: usize| {
        let operations = [put("a", Part::Spec, half), put("b", Part::Spec, rest), delete("d")];
        Transaction::of(operations).checking(check(key("c")))
    };
    let rest = Limits::PORTABLE.transaction_bytes - half - names;
    assert_eq!(of(rest).bytes(), Limits::PORTABLE.transaction_bytes);
    allowed(&of(rest));
    let above = refused(&of(rest + 1));
    assert_eq!((above.field, above.limit, above.actual), ("transaction", Some(327_680), Some(327_681)));
}

/// contract T2, T5
#[test]
fn every_condition_that_does_not_hold_is_told_with_what_is_there() {
    let (created, version) = (Index::new(1), Index::new(2));
    let there = Record { key: key("a"), part: Part::Spec, value: "1".into(), created, version };
    let transaction = Transaction::of([
        Operation::Put {
            key: key("a"),
            part: Part::Spec,
            value: "".into(),
            expect: Expect::At(Index::new(1)),
        },
        Operation::Delete { key: key("b"), expect: Expect::At(version) },
        put("c", Part::Spec, 1),
    ])
    .checking(Check { key: key("a"), part: Part::Status, expect: Expect::Absent });
    let find = |key: &Key, part| (key.name() == "a" && part == Part::Spec).then_some(&there);
    let failed = transaction.failing(find);
    let (stale, gone) = (Found::Record(there.clone()), Found::Absent);
    let told: Vec<_> = failed.iter().map(|failed| (failed.key.name(), failed.found.clone())).collect();
    assert_eq!(told, [("a", stale), ("b", gone)], "a condition that holds is not told");
    let error = CommitError::Conflict(failed).to_string();
    assert_eq!(
        error,
        "conflict: site/a was expected at 1, but is there at 2; site/b was expected at 2, but is not there"
    );
    let (key, found) = (key("a"), Found::Untold);
    let untold = Failed { key, part: Part::Status, expected: Expect::Absent, found };
    assert_eq!(untold.to_string(), "site/a (status) was expected to be absent, but was changed");
}

/// behaviour E3
#[test]
fn outcomes_are_values_that_say_what_to_do() {
    let at = Position { store: StoreId::new([1; 16]), index: Index::new(7) };
    assert!(Commit::Committed(at).is_committed() && !Commit::Unchanged(at).is_committed());
    assert_eq!(Commit::Unchanged(at).position(), at);
    let full = CommitError::Unavailable { why: Why::Full, retry_after: None };
    assert_eq!(full.to_string(), "the store is unavailable: it has no space left");
    let pending = Pending::new(7_u8);
    assert_eq!((pending.ticket::<u8>(), pending.ticket::<u16>()), (Some(&7), None));
    assert!(CommitError::Unknown(pending).to_string().contains("must be resolved"));
}
