//! What reads the files of strangers, for fuzzing. Not for programs: each function takes any text, says what it was taken for, and never panics.
//!
//! ```
//! use serde_json::json;
//!
//! let read = trimtab_cli::fuzz_targets::documents("yaml", "kind: site\nname: a\nspec: {}\n");
//! assert_eq!(read, Ok(vec![(1, json!({"kind": "site", "name": "a", "spec": {}}))]));
//! assert!(trimtab_cli::fuzz_targets::documents("json", "{").is_err());
//! ```

use std::path::Path;

use serde_json::Value;

use crate::config::{Above, is_pointer, parsed};

/// The line of a mistake, if it has one, and what it is.
pub type Mistake = (Option<usize>, String);

/// The documents of a file with this ending - `yaml`, `json` or `toml` - each with the line it begins at; else the first mistake.
pub fn documents(ending: &str, text: &str) -> Result<Vec<(usize, Value)>, Mistake> {
    let located = crate::documents::parse(ending, text)?;
    Ok(located.into_iter().map(|document| (document.line, document.value)).collect())
}

/// The entries of such a file, in the one form; else what is wrong with the first that is none.
pub fn entries(ending: &str, text: &str) -> Result<Vec<Value>, String> {
    let entries = crate::documents::entries(ending, text)?;
    entries.iter().map(|entry| serde_json::to_value(entry).map_err(|error| error.to_string())).collect()
}

/// What is wrong with the text of a `trimtab.toml`.
pub fn config(text: &str) -> Vec<Mistake> {
    let problems = parsed(Path::new("trimtab.toml"), text, &Above::default()).sorted();
    problems.into_iter().map(|problem| (problem.line, problem.text())).collect()
}

/// Whether it is a JSON pointer of `references`.
pub fn pointer(text: &str) -> bool {
    is_pointer(text)
}
