//! The command line as a client: a daemon, a second process that asks it, what that prints and how it ends.

mod apply;
mod at;
mod delete;
mod describe;
mod diff;
mod edit;
mod enqueue;
mod get;
mod large;
mod pipe;
mod reach;
mod rights;
#[expect(dead_code, reason = "the tests of `trimtab run` use the rest")]
#[path = "../stage/mod.rs"]
mod stage;
mod status;
mod terminal;
mod tls;
mod watch;
