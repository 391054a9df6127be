//! Writes `docs/metrics.md` anew from the tables in the code.
//!
//! The test that compares the page with the tables writes it when it is told to; so the page cannot be made in another way than it is checked.

use crate::Outcome;
use crate::process::{cargo, run};

pub(crate) fn write() -> Outcome {
    let mut command = cargo(&["test", "--package", "trimtab-http", "--test", "metrics_page", "--quiet"]);
    run(command.env("TRIMTAB_WRITE_METRICS", "1"))
}
