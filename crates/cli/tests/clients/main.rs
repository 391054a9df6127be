//! Clients as they are: curl, Python's standard library, an `EventSource`, Prometheus' parser, a validator of `OpenAPI`.
//!
//! A test client of ours would be wrong in the same places as the server. These were written by others, against the standards. Each test says loudly when its client is not on this
//! machine; where the variable CI is set, that is a failure.

mod curl;
mod daemon;
mod event_source;
mod python;

use std::process::{Command, Stdio};

/// Whether a client is here: a command that must succeed.
fn has(client: &str, command: &[&str]) -> bool {
    let found = Command::new(command[0])
        .args(&command[1..])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .is_ok_and(|status| status.success());
    if !found {
        assert!(std::env::var_os("CI").is_none(), "{client} is not here, and CI must have it");
        eprintln!("SKIPPED: {client} is not on this machine");
    }
    found
}
