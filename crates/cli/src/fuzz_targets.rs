//! What reads the files of strangers, for fuzzing. Not for programs: each function takes any text, answers whether it was taken, and never panics.
//!
//! ```
//! assert!(trimtab_cli::fuzz_targets::documents("yaml", "kind: site\nname: a\nspec: {}\n"));
//! assert!(!trimtab_cli::fuzz_targets::documents("json", "{"));
//! ```

use std::path::Path;

use crate::config::{Above, is_pointer, parsed};

/// A file of entries with this ending: `yaml`, `json` or `toml`.
pub fn documents(ending: &str, text: &str) -> bool {
    crate::documents::entries(ending, text).is_ok()
}

/// The text of a `trimtab.toml`.
pub fn config(text: &str) -> bool {
    parsed(Path::new("trimtab.toml"), text, &Above::default()).errors() == 0
}

/// A JSON pointer of `references`.
pub fn pointer(text: &str) -> bool {
    is_pointer(text)
}
