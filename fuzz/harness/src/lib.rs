//! What the fuzzers of Trimtab call: each function takes any bytes and panics when a property does not hold.
//!
//! They stand apart from `fuzz/fuzz_targets`, which needs a nightly compiler, so that the ordinary tests run them too: over the corpus and over seeded mutations of it.

mod json_pointer;
mod selector;

pub use json_pointer::json_pointer;
pub use selector::selector;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 2] = [("json_pointer", json_pointer), ("selector", selector)];
