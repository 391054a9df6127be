//! Tests that need a disk of their own: one that loses power, has no space, fails to sync, or gives back other bytes.

mod checkpoint;
mod conformance;
mod corrupt;
mod crash_model;
mod full;
mod group;
mod power_loss;
mod sim_disk;
mod store;
mod sync_failure;
