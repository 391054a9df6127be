//! The publisher as its users see it, row by row of the behaviours.

mod close;
mod ledger;
mod many_readers;
mod random_runs;
mod release;
mod resume;
mod slow;
mod snapshots;
mod threads;
mod topics;
mod view;
mod wakes;
