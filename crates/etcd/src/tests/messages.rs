//! Transactions as they are sent, and answers as they are read, without a server.

use trimtab_backend::{Check, Expect, Found, Index, Key, Limits, Operation, Part, StoreId, Transaction};

use crate::identity::{Identity, written};
use crate::lanes::{Lane, Mark};
use crate::layout::Layout;
use crate::proto::{KeyValue, RangeResponse, ResponseOp, TxnResponse, response_op};
use crate::transaction::{Refused, refused, request};

/// Operations that etcd takes in each branch of a transaction, unless it is told otherwise.
const MOST: usize = 128;

fn identity() -> Identity {
    let store = StoreId::new([7; 16]);
    Identity { store, meta: written(store) }
}

fn lane() -> Lane {
    Lane { key: "lane".into(), version: 9 }
}

fn key(number: usize) -> Key {
    Key::new("site", &number.to_string())
}

/// contract 11, contract T3, contract E5
#[test]
fn the_largest_transaction_with_fence_lane_and_name_of_the_store_fits_the_server() {
    let layout = Layout::new("trimtab").expect("a root");
    let units = Limits::PORTABLE.operations;
    let at = Expect::At(Index::new(3));
    let put = |number| Operation::Put { key: key(number), part: Part::Spec, value: "".into(), expect: at };
    let check = |number| Check { key: key(number), part: Part::Status, expect: at };
    let fences = ["trimtab.lease", "trimtab.group"].map(|kind| Check {
        key: Key::new(kind, "x"),
        part: Part::Spec,
        expect: at,
    });
    for (puts, checks) in [(units, 0), (0, units), (units / 2, units / 2)] {
        let mut transaction = Transaction::of((0..puts).map(put));
        transaction.checks.extend((0..checks).map(check).chain(fences.clone()));
        transaction.validate(&Limits::PORTABLE).expect("allowed");
        let sent = request(&layout, &transaction, &identity(), Some((&lane(), Some(Mark { id: 1, at: 0 }))));
        assert!(sent.compare.len() <= MOST && sent.success.len() <= MOST && sent.failure.len() <= MOST);
        assert_eq!(sent.compare.len(), sent.failure.len(), "every condition is read when one fails");
    }
}

fn found(kvs: Vec<KeyValue>) -> ResponseOp {
    let range = RangeResponse { kvs, ..RangeResponse::default() };
    ResponseOp { response: Some(response_op::Response::ResponseRange(range)) }
}

fn record(version: i64) -> Vec<KeyValue> {
    vec![KeyValue { create_revision: 2, mod_revision: version, value: "v".into(), ..KeyValue::default() }]
}

fn meta() -> Vec<KeyValue> {
    vec![KeyValue { value: identity().meta, ..KeyValue::default() }]
}

fn read(conditions: [Vec<KeyValue>; 2], meta: Vec<KeyValue>, at: Vec<KeyValue>) -> Refused {
    let at_three = Expect::At(Index::new(3));
    let transaction = Transaction::of([
        Operation::Put { key: key(0), part: Part::Spec, value: "".into(), expect: at_three },
        Operation::Put { key: key(1), part: Part::Spec, value: "".into(), expect: Expect::Anything },
        Operation::Delete { key: key(2), expect: at_three },
    ]);
    let [first, second] = conditions;
    let responses = [first, second, meta, at].map(found).to_vec();
    refused(&transaction, &identity(), Some(&lane()), TxnResponse { responses, ..TxnResponse::default() })
}

/// contract T5, contract U1
#[test]
fn a_refusal_tells_which_conditions_failed_and_what_is_there() {
    let all_hold = read([record(3), record(3)], meta(), record(9));
    assert_eq!(all_hold, Refused { failed: vec![], same_store: true, lane_stands: true });
    let conflict = read([record(4), vec![]], meta(), record(9));
    let shown: Vec<_> = conflict.failed.iter().map(|failed| (failed.key.name(), &failed.found)).collect();
    assert!(
        matches!(shown[..], [("0", Found::Record(record)), ("2", Found::Absent)] if record.version == Index::new(4)),
        "{shown:?}"
    );
    assert!(!read([record(3), record(3)], meta(), record(10)).lane_stands);
    assert!(!read([record(3), record(3)], meta(), vec![]).lane_stands);
    assert!(!read([record(3), record(3)], vec![], record(9)).same_store);
    assert!(!read([record(3), record(3)], record(2), record(9)).same_store);
}
