//! Asking before many go.

use std::io::{IsTerminal as _, Write as _, stderr, stdin};

use trimtab_http::wire::EntryKey;

use super::super::told::shown;
use crate::client::Failure;
use crate::show::visible;

/// So many are named before the question.
const MOST_NAMED: usize = 20;

/// Makes sure that more than one entry is really to go. Away from a terminal there is nobody to ask.
pub(super) fn ask(keys: &[EntryKey]) -> Result<(), Failure> {
    let count = keys.len();
    if count < 2 {
        return Ok(());
    }
    if !stdin().is_terminal() || !stderr().is_terminal() {
        let what = format!("{count} entries would be deleted, and there is no terminal to ask at");
        return Err(Failure::usage(what).hint("say --yes to delete them, or --dry-run to see them"));
    }
    for key in keys.iter().take(MOST_NAMED) {
        eprintln!("  {}", visible(&shown(key)));
    }
    if count > MOST_NAMED {
        eprintln!("  and {} more", count - MOST_NAMED);
    }
    eprint!("delete these {count} entries? [y/N] ");
    drop(stderr().flush());
    let mut answer = String::new();
    let read = stdin().read_line(&mut answer);
    if read.is_ok() && matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::failed("nothing was deleted"))
}
