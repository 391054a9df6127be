//! The runtime over the in-memory backend, in virtual time. One module for each concern; each test names the row it proves.

mod outcomes;
mod start;
mod triggers;
mod world;
