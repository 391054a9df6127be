//! The `trimtab` binary: one file, a script in any language, and entries that stay true.
//!
//! Everything is in the library, so that fuzz targets and the checks of the documentation reach it too.

use std::process::ExitCode;

fn main() -> ExitCode {
    trimtab_cli::main()
}
