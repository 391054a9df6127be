//! What must not compile, and what the compiler says about it: its words are part of the API.
//!
//! The words are those of one compiler, so they are compared under that one only. After a change on purpose:
//! `TRYBUILD=overwrite cargo test -p trimtab --test compile_fail`.

use std::env;
use std::process::Command;

/// The compiler whose words are kept in `compile_fail/*.stderr`.
const PINNED: &str = "rustc 1.95.";

fn compiler() -> String {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("--version").output().expect("cargo ran this, so there is a rustc");
    String::from_utf8(output.stdout).expect("a version is text")
}

#[test]
fn what_must_not_compile_does_not_and_says_why() {
    let compiler = compiler();
    if !compiler.starts_with(PINNED) && env::var_os("TRYBUILD").is_none() {
        eprintln!("SKIPPED: the texts are of {PINNED}x, and this is {}", compiler.trim());
        return;
    }
    trybuild::TestCases::new().compile_fail("tests/compile_fail/*.rs");
}
