//! Leases in virtual time: who is granted what and when, whatever sleeps or fails.

use std::time::Duration;

use trimtab_backend::{
    Backend, CommitError, Expect, Held, Key, Leases, Operation, Part, RecordLog, StoreId, StoreLease,
    Transaction,
};
use trimtab_seams::Seams;

mod challenging;
mod faulty;
mod holding;
mod vigil;
mod watching;

use faulty::Faulty;

const TTL: Duration = Duration::from_secs(10);
/// How long a holder acts after a renewal that it sent.
const DEADLINE: Duration = Duration::from_nanos(6_666_666_666);

fn key() -> Key {
    Key::new("trimtab.lease", "one")
}

fn faulty(seams: &Seams) -> (Faulty, StoreLease) {
    let store = Faulty::new(RecordLog::new(StoreId::new(seams.random_bytes())), seams);
    (store.clone(), StoreLease::new(store, seams))
}

async fn acquire(leases: &StoreLease, holder: &str) -> Held {
    leases.acquire("one", holder).await.expect("a grant")
}

/// A write under a lease: whether the store took it.
async fn write(store: &impl Backend, held: &Held) -> bool {
    let (key, value) = (Key::new("site", "guarded"), "{}".into());
    let put = Operation::Put { key, part: Part::Spec, value, expect: Expect::Anything };
    match store.commit(Transaction::of([put]).checking(held.fence())).await {
        Ok(_) => true,
        Err(CommitError::Conflict(failed)) => {
            assert_eq!(failed[0].key, self::key(), "the fence refused it");
            false
        }
        Err(error) => panic!("{error}"),
    }
}
