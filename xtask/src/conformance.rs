//! Writes the table of `docs/conformance.md` anew from a run on every backend.
//!
//! The tests that compare its columns with what ran write them when they are told to; so the page cannot be made in another way than it is checked. With
//! them run the backends' own tests that the columns name.

use crate::Outcome;
use crate::process::{cargo, run};

pub(crate) fn write() -> Outcome {
    const BACKENDS: [&str; 4] = ["trimtab-backend", "trimtab-embedded", "trimtab-etcd", "trimtab-consul"];
    let packages = BACKENDS.iter().flat_map(|package| ["--package", package]);
    let arguments: Vec<_> = ["test", "--quiet"].into_iter().chain(packages).collect();
    // Here a server that cannot be built is a failure too: its column would be what it was.
    let ran = run(cargo(&arguments).env("UPDATE", "1").env("CI", "true"));
    ran.map_err(|what| format!("{what}\nwhat was written into docs/conformance.md names tests that failed: mend them and run this again"))
}
