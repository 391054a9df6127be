//! The editor of whoever sits at the terminal.

use std::path::Path;
use std::process::Command;

use tokio::signal::unix::{SignalKind, signal};

use crate::client::Failure;

/// Opens a file in `$VISUAL`, else `$EDITOR`, else vi, until it is closed. They may have arguments, in the words of the shell.
pub(super) fn open(path: &Path) -> Result<(), Failure> {
    let said = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = said("VISUAL").or_else(|| said("EDITOR")).unwrap_or_else(|| "vi".into());
    ignore_interrupts();
    let status = Command::new("sh").arg("-c").arg(format!("{editor} \"$@\"")).arg(&editor).arg(path).status();
    let failed = |what: String| Failure::failed(format!("the editor `{editor}` {what}; nothing was written"));
    match status {
        Err(error) => Err(failed(format!("cannot be started: {error}"))),
        Ok(status) if status.success() => Ok(()),
        Ok(status) if matches!(status.code(), Some(126 | 127)) => {
            Err(failed("cannot be started".into()).hint("name one by VISUAL or EDITOR"))
        }
        Ok(status) => Err(failed(format!("failed ({status})"))),
    }
}

/// Ctrl-C at an editor is the editor's. The terminal sends it to both.
fn ignore_interrupts() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    if let Ok(runtime) = runtime {
        let _inside = runtime.enter();
        // A signal that was once listened for ends the process no more; started programs know nothing of that.
        drop([SignalKind::interrupt(), SignalKind::quit()].map(signal));
    }
}
