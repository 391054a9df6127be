//! What a transaction is in Consul's operations, and what their failures say about it.
//!
//! Conditions stand before operations (contract T2); a put is its own condition where it can be, for that costs one operation instead of two.

use bytes::Bytes;
use trimtab_backend::{CommitError, Expect, Failed, Found, Index, Operation, Part, Transaction};

use crate::lanes::{CommitRecord, Ticket};
use crate::layout::Layout;
use crate::wire::{Op, OpError};

/// Operations that one transaction may have; Consul counts every one.
pub(crate) const MOST_OPERATIONS: usize = 128;

/// Operations, each with what its failure means.
#[derive(Debug, Default)]
pub(crate) struct Composed {
    pub(crate) operations: Vec<Op>,
    roles: Vec<Role>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// The guard of the lane.
    Lane,
    /// The condition with this number, as [`Transaction::conditions`] counts them.
    Condition(usize),
    /// It cannot fail but for want of a right.
    Effect,
}

/// Why a transaction was refused: certainly, and as a whole.
#[derive(Debug)]
pub(crate) enum Refused {
    /// The lane is not where this process left it; nothing else was wrong.
    Lane,
    Told(CommitError),
}

impl Composed {
    /// The conditions alone.
    pub(crate) fn checks(layout: &Layout, transaction: &Transaction) -> Self {
        let mut composed = Self::default();
        for (number, check) in transaction.checks.iter().enumerate() {
            let key = layout.record(&check.key, check.part);
            composed.condition(number, key, check.expect);
        }
        composed
    }

    /// All of a transaction, under the guard of its lane and with its record.
    pub(crate) fn commit(
        layout: &Layout,
        transaction: &Transaction,
        ticket: &Ticket,
        flags: u64,
        carried: usize,
    ) -> Self {
        let mut composed =
            Self::guarded(layout, ticket, &CommitRecord::of(ticket.record().clone(), transaction, carried));
        let mut checks = Self::checks(layout, transaction);
        composed.operations.append(&mut checks.operations);
        composed.roles.append(&mut checks.roles);
        let numbered = (transaction.checks.len()..).zip(&transaction.operations);
        for (number, operation) in numbered.clone() {
            if let Operation::Delete { key, expect } = operation {
                composed.condition(number, layout.record(key, Part::Spec), *expect);
            }
        }
        for (number, operation) in numbered {
            match operation {
                Operation::Put { key, part, value, expect } => {
                    composed.put(number, layout.record(key, *part), value.clone(), flags, *expect);
                }
                Operation::Delete { key, .. } => {
                    for part in [Part::Spec, Part::Status] {
                        composed.push(Op::Delete(layout.record(key, part)), Role::Effect);
                    }
                }
            }
        }
        composed
    }

    /// Nothing but the lane's step to this record.
    pub(crate) fn guarded(layout: &Layout, ticket: &Ticket, record: &CommitRecord) -> Self {
        let mut composed = Self::default();
        let (lane, number) = (ticket.lane(), record.lane.number);
        let guard = Op::Cas {
            key: layout.lane(lane),
            index: ticket.guard().get(),
            flags: 0,
            value: record.lane.encode(),
        };
        composed.push(guard, Role::Lane);
        let slot = Op::Set { key: layout.slot(lane, number), flags: 0, value: record.encode() };
        composed.push(slot, Role::Effect);
        composed
    }

    fn condition(&mut self, number: usize, key: String, expect: Expect) {
        match expect {
            Expect::Absent => self.push(Op::CheckAbsent(key), Role::Condition(number)),
            Expect::At(index) => {
                self.push(Op::CheckIndex { key, index: index.get() }, Role::Condition(number));
            }
            Expect::Anything => {}
        }
    }

    /// `flags` differ from commit to commit: a put of equal bytes would otherwise be no write to Consul (contract C6), and it is one to us (T4).
    fn put(&mut self, number: usize, key: String, value: Bytes, flags: u64, expect: Expect) {
        match expect {
            Expect::Absent => self.push(Op::Cas { key, index: 0, flags, value }, Role::Condition(number)),
            Expect::At(index) if index > Index::ZERO => {
                self.push(Op::Cas { key, index: index.get(), flags, value }, Role::Condition(number));
            }
            // To `cas` zero would mean absence.
            Expect::At(_) => {
                self.condition(number, key.clone(), expect);
                self.push(Op::Set { key, flags, value }, Role::Effect);
            }
            Expect::Anything => self.push(Op::Set { key, flags, value }, Role::Effect),
        }
    }

    fn push(&mut self, operation: Op, role: Role) {
        self.operations.push(operation);
        self.roles.push(role);
    }

    /// What the failed operations say (contract X2): a missing right before a conflict, or it would be tried again for ever.
    pub(crate) fn refused(&self, transaction: &Transaction, errors: &[OpError]) -> Refused {
        if let Some(trouble) = errors.iter().find_map(|error| trouble(&error.what)) {
            return Refused::Told(trouble);
        }
        let conditions: Vec<_> = transaction.conditions().collect();
        let mut failed = Vec::new();
        let mut foreign = None;
        for error in errors {
            match self.roles.get(error.operation) {
                Some(Role::Lane) => {}
                Some(Role::Condition(number)) => {
                    let (key, part, expected) = conditions[*number];
                    let absent = error.what.ends_with("doesn't exist");
                    let found = if absent { Found::Absent } else { Found::Untold };
                    failed.push(Failed { key: key.clone(), part, expected, found });
                }
                Some(Role::Effect) | None => foreign = Some(&error.what),
            }
        }
        if !failed.is_empty() {
            return Refused::Told(CommitError::Conflict(failed));
        }
        foreign.map_or(Refused::Lane, |what| {
            let what = format!(
                "Consul refuses an operation that cannot conflict: {what}; is it Consul 1.14 or later?"
            );
            Refused::Told(CommitError::Broken { what })
        })
    }
}

/// What a failed operation says of more than itself.
pub(crate) fn trouble(what: &str) -> Option<CommitError> {
    if what.contains("Permission denied") || what.contains("ACL not found") {
        let what = format!("{what}; give the token `key_prefix \"PREFIX/v1/\" {{ policy = \"write\" }}`");
        Some(CommitError::Denied { what })
    } else if what.contains("unknown KV verb") {
        let what = format!("Consul does not know an operation ({what}); it must be Consul 1.14 or later");
        Some(CommitError::Broken { what })
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use trimtab_backend::{Check, Key};

    use super::*;
    use crate::lanes::LaneRecord;

    fn layout() -> Layout {
        Layout::new("p")
    }

    fn ticket() -> Ticket {
        Ticket::new("f/0", Index::new(40), LaneRecord { number: 9, id: "id".into(), aborted: false })
    }

    fn put(name: &str, expect: Expect) -> Operation {
        Operation::Put { key: Key::new("k", name), part: Part::Spec, value: "v".into(), expect }
    }

    fn transaction() -> Transaction {
        let gone = Operation::Delete { key: Key::new("k", "gone"), expect: Expect::At(Index::new(7)) };
        let check = Check { key: Key::new("k", "c"), part: Part::Status, expect: Expect::Absent };
        Transaction::of([put("new", Expect::Absent), gone, put("old", Expect::At(Index::new(6)))])
            .checking(check)
    }

    fn errors<const N: usize>(errors: [(usize, &str); N]) -> Vec<OpError> {
        errors.map(|(operation, what)| OpError { operation, what: what.into() }).into()
    }

    /// contract T2, U1
    #[test]
    fn conditions_stand_before_what_they_guard() {
        let composed = Composed::commit(&layout(), &transaction(), &ticket(), 5, 100);
        let place = |name| format!("p/v1/e/k/default/default/{name}");
        let [lane, slot, rest @ ..] = &composed.operations[..] else { panic!() };
        assert!(matches!(lane, Op::Cas { key, index: 40, .. } if key == "p/v1/w/f/0"));
        assert!(matches!(slot, Op::Set { key, .. } if key == "p/v1/r/f.0/9"));
        let expected = [
            Op::CheckAbsent(place("c/t")),
            Op::CheckIndex { key: place("gone/s"), index: 7 },
            Op::Cas { key: place("new/s"), index: 0, flags: 5, value: "v".into() },
            Op::Delete(place("gone/s")),
            Op::Delete(place("gone/t")),
            Op::Cas { key: place("old/s"), index: 6, flags: 5, value: "v".into() },
        ];
        assert_eq!(rest, expected);
    }

    /// contract X2
    #[test]
    fn failures_are_read_operation_by_operation() {
        let transaction = transaction();
        let composed = Composed::commit(&layout(), &transaction, &ticket(), 5, 100);
        let refused = |told: Vec<OpError>| composed.refused(&transaction, &told);
        let conflict = errors([
            (3, "failed to check index, key \"x\" doesn't exist"),
            (7, "failed to set key, index is stale"),
        ]);
        let Refused::Told(CommitError::Conflict(failed)) = refused(conflict) else { panic!() };
        assert_eq!(failed.len(), 2);
        assert_eq!((failed[0].key.name(), &failed[0].found), ("gone", &Found::Absent));
        assert_eq!((failed[1].key.name(), &failed[1].found), ("old", &Found::Untold));

        let both = errors([(0, "index is stale"), (2, "key \"c\" exists")]);
        assert!(
            matches!(refused(both), Refused::Told(CommitError::Conflict(failed)) if failed[0].key.name() == "c")
        );
        assert!(matches!(refused(errors([(0, "index is stale")])), Refused::Lane));
        let denied = errors([(2, "key exists"), (4, "Permission denied: token lacks")]);
        assert!(matches!(refused(denied), Refused::Told(CommitError::Denied { .. })));
        assert!(matches!(
            refused(errors([(0, "unknown KV verb \"x\"")])),
            Refused::Told(CommitError::Broken { .. })
        ));
        assert!(matches!(refused(errors([(1, "?")])), Refused::Told(CommitError::Broken { .. })));
    }

    #[test]
    fn a_put_at_index_zero_is_no_put_where_nothing_is() {
        let transaction = Transaction::of([put("a", Expect::At(Index::ZERO))]);
        let composed = Composed::commit(&layout(), &transaction, &ticket(), 5, 100);
        assert!(matches!(&composed.operations[2..], [Op::CheckIndex { index: 0, .. }, Op::Set { .. }]));
    }

    /// contract T3
    #[test]
    fn the_largest_transaction_has_room_for_lane_and_fence() {
        let puts = (0..30).map(|n| put(&n.to_string(), Expect::Absent));
        let fence = Check { key: Key::new("trimtab.lease", "l"), part: Part::Spec, expect: Expect::Absent };
        let deletes = (0..15).map(|n| Operation::Delete {
            key: Key::new("k", &format!("gone {n}")),
            expect: Expect::At(Index::new(1)),
        });
        let transaction = Transaction::of(puts.chain(deletes)).checking(fence);
        let composed = Composed::commit(&layout(), &transaction, &ticket(), 5, 100);
        assert_eq!(transaction.units(), 60);
        assert!(composed.operations.len() < MOST_OPERATIONS, "{}", composed.operations.len());
    }
}
