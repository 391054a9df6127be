//! The `trimtab` binary.
mod config;
mod documents;
mod exec;
fn main() {}
