//! Generated code that is checked in.

use crate::Outcome;
use crate::process::{cargo, root, run};

/// Makes the code that speaks etcd's protocol from `crates/etcd/proto`, by a program of its own outside the workspace.
pub(crate) fn write() -> Outcome {
    let mut command = cargo(&["run", "--quiet", "--manifest-path", "xtask/protos/Cargo.toml"]);
    run(command.env("CARGO_TARGET_DIR", root().join("target/protos")))?;
    run(&mut cargo(&["fmt", "--package", "trimtab-etcd"]))
}
