//! What the fuzzers of Trimtab call: each function takes any bytes and panics when a property does not hold.
//!
//! They stand apart from `fuzz/fuzz_targets`, which needs a nightly compiler, so that the ordinary tests run them too: over the corpus and over seeded mutations of it.

mod config;
mod exec_output;
mod http;
mod json_pointer;
mod selector;
mod yaml;

pub use config::config;
pub use exec_output::exec_output;
pub use http::http;
pub use json_pointer::json_pointer;
pub use selector::selector;
pub use yaml::yaml;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target by the name of its corpus.
pub const TARGETS: [(&str, Target); 7] = [
    ("config", config),
    ("exec_output", exec_output),
    ("http_body", http),
    ("http_query", http),
    ("json_pointer", json_pointer),
    ("selector", selector),
    ("yaml", yaml),
];
