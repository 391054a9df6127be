//! One command per intent.
fn main() {}
