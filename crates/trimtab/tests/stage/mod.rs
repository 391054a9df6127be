//! Where the programs of these tests are run: a store in memory, in virtual time, and waits that have an end.

use std::time::Duration;

use trimtab::seams::{Seams, virtual_time};
use trimtab::{Memory, Store};

pub(crate) const MS: Duration = Duration::from_millis(1);
pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// Runs a program over an empty store, in virtual time.
pub(crate) fn with_store<T>(seed: u64, program: impl AsyncFnOnce(Store) -> T) -> T {
    virtual_time::run(seed, async |seams| program(in_memory(&seams).await).await)
}

pub(crate) async fn in_memory(seams: &Seams) -> Store {
    Store::builder(Memory::with_seams(seams)).seams(seams).open().await.expect("memory opens")
}

/// Waits until it is so, and panics after a minute. As a shutdown: `controller.run(until(&seams, || handle.is_settled()))`.
pub(crate) async fn until(seams: &Seams, is_so: impl Fn() -> bool) {
    let begun = seams.now();
    while !is_so() {
        assert!(seams.now() - begun < MINUTE, "it never came to be so");
        seams.sleep(MS).await;
    }
}
