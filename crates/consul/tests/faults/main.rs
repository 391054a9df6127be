//! The contract under faults, on real Consul servers: what dropped answers, kills, frozen servers, taken rights and older copies may do, and what not.
//!
//! The numbers are those of the contract's list of tests. What needs no fault is held by `conformance.rs`.

mod cleaning;
mod connecting;
mod figures;
mod frozen;
mod killed;
mod lease;
mod limits;
mod lost_answers;
mod not_applied;
mod older_copy;
mod others;
mod rights;
mod support;
mod tap;
