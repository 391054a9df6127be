//! Real servers for tests: built once, started on loopback, killed, frozen, cut off.
//!
//! A server is a Go module beside this crate, built from the module proxy and kept under `target/servers` by the hash of its sources. Tests start
//! members, wait for them with a bound, and do to them what happens to servers. What was started here is stopped here: when a test ends, when it
//! panics, and when its process is killed (a server exits once the pipe to its starter closes).
//!
//! In CI, that is with `CI` set, a server that cannot be built is a failure; elsewhere the tests that need it are skipped, and say so.
//!
//! **Knows nothing of** backends: what a test asks of a server it asks through the crate that it tests.

mod binary;
pub mod consul;
mod copy;
pub mod etcd;
mod http;
mod ports;
mod process;
mod proxy;
mod wait;

pub use binary::{Server, binary};
pub use ports::Ports;
pub use process::Process;
pub use proxy::{Proxy, Way};
pub use wait::{pause, until};
