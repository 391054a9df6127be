//! The `trimtab` binary.
mod config;
mod documents;
fn main() {}
