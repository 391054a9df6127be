//! Whole programs, several replicas of each, on real servers: see `tests/`.
//!
//! A crate of its own, because the facade's other tests should not build a client of every server.
