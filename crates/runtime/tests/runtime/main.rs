//! The runtime over the in-memory backend, in virtual time. One module for each concern; each test names the row it proves.

mod batches;
mod context;
mod errors;
mod fixed_point;
mod history;
mod leader;
mod manager;
mod metrics;
mod outcomes;
mod owners;
mod queues;
mod roster;
mod sharded;
mod sources;
mod start;
mod stop;
mod transformers;
mod triggers;
mod visibility;
mod world;
