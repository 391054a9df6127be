//! The tests, in their three lengths.

use crate::Outcome;
use crate::process::{cargo, root, run};

/// What the README's second command runs.
pub(crate) fn all() -> Outcome {
    run(&mut cargo(&["test", "--workspace"]))
}

/// The interleavings of the queue's shell. In a target directory of its own: `--cfg loom` rebuilds everything.
pub(crate) fn loom() -> Outcome {
    let mut command = cargo(&["test", "--package", "trimtab-queue", "--release", "--test", "loom"]);
    command.env("RUSTFLAGS", "--cfg loom").env("CARGO_TARGET_DIR", root().join("target/loom"));
    run(&mut command)
}

/// The crash tests of the embedded store at full length.
pub(crate) fn crash() -> Outcome {
    let mut command = cargo(&["test", "--package", "trimtab-embedded", "--release"]);
    run(command.env("TRIMTAB_CRASHES", "1000").env("TRIMTAB_POWER_LOSSES", "10000"))
}
