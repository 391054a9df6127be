//! The file `trimtab.toml`: whatever is in it, every problem is told with a line of the file, or with none.

use trimtab_cli::fuzz_targets;

/// Reads the bytes as a `trimtab.toml`.
///
/// # Panics
/// When a problem lies outside the file, or is told without words.
pub fn config(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let lines = text.split('\n').count();
    for (line, what) in fuzz_targets::config(text) {
        assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "{text:?}: line {line:?}: {what}");
        assert!(what.starts_with("trimtab.toml") && !what.ends_with(": "), "{text:?}: {what:?}");
    }
}
