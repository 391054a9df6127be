//! Text to standard output, to its last byte.

use std::io::{Write as _, stdout};

use crate::client::Failure;

/// Prints this. A reader who has seen enough is no failure, a full device is one; the macros of the language would panic at both.
pub(super) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_ref())?;
    // What does not end in a line break would be written at the end of the process, where nobody is told.
    Ok(out.flush()?)
}
