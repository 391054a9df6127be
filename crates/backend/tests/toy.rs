//! The smallest backend a stranger could write keeps the whole contract, and stays small.

use std::time::Duration;

use trimtab_backend::{AnyBackend, conformance};
use trimtab_seams::Seams;

#[path = "../examples/toy.rs"]
#[expect(dead_code, reason = "its `main` is for `cargo run --example toy`")]
mod example;

use example::Toy;

/// contract T1, T2, T4, I1, I2, I3, F1, F2, F3
#[tokio::test(flavor = "current_thread")]
async fn the_toy_keeps_the_contract_within_two_seconds() {
    let seams = Seams::tokio();
    let start = seams.now();
    let report =
        conformance::check(async || Toy::new()).await.unwrap_or_else(|violations| panic!("{violations:#?}"));
    let took = seams.now() - start;
    println!("{report}in {took:?}");
    assert!(took < Duration::from_secs(2), "the suite took {took:?} on the toy");
}

#[tokio::test(flavor = "current_thread")]
async fn a_backend_whose_type_is_forgotten_keeps_the_contract_too() {
    let checked = conformance::check(async || AnyBackend::new(Toy::new())).await;
    checked.unwrap_or_else(|violations| panic!("{violations:#?}"));
}

/// decision 11: a backend is a conditional log and nothing more, so a whole one is short.
#[test]
fn the_toy_is_short() {
    let source = include_str!("../examples/toy.rs");
    let backend = source.split("#[tokio::main").next().expect("a split has a first part");
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with("//");
    let lines = backend.lines().filter(is_code).count();
    println!("the toy backend has {lines} lines of code");
    assert!(lines <= 110, "the toy backend has grown to {lines} lines of code");
}
