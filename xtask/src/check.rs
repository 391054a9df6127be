//! Formatting, lints and docs.

use crate::process::{cargo, run};
use crate::{Outcome, contrib, dependencies, tidy};

pub(crate) fn all() -> Outcome {
    run(&mut cargo(&["fmt", "--all", "--check"]))?;
    tidy::run()?;
    dependencies::run()?;
    contrib::run_all()?;
    run(&mut cargo(&[
        "clippy",
        "--workspace",
        "--all-targets",
        "--all-features",
        "--quiet",
        "--",
        "-D",
        "warnings",
    ]))?;
    docs()
}

pub(crate) fn docs() -> Outcome {
    let mut command = cargo(&["doc", "--workspace", "--no-deps", "--all-features", "--quiet"]);
    run(command.env("RUSTDOCFLAGS", "-D warnings"))
}
