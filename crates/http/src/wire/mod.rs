//! The documents of the API: what a client sends, and what it is answered.
//!
//! One home for server, client and description: the server answers with these types, the command line reads them, and `/openapi.json` is made of them. An entry itself
//! has the one form of [`Document`](trimtab_store::Document) everywhere. Inputs refuse fields they do not know, so that a misspelt one is not lost in silence; outputs may
//! grow, so clients pass over what they do not know.

mod cluster;
mod controllers;
mod description;
mod enqueue;
mod entries;
mod kinds;
mod problem;
mod transaction;
mod watch;

pub use cluster::{
    Cluster, HeldDeletion, Leadership, Readiness, Replica, ReplicaState, RunBy, ShardMember, Shards,
    StoreStanding,
};
pub use controllers::{Controller, Key, KeyState, Keys, QueueCounts, RunCounts, SourceStanding, StuckEntry};
pub use description::{Attention, Description, Finalizer, OwnedBy, Run};
pub use enqueue::{Elsewhere, Enqueue, Enqueued};
pub use entries::{EntryKey, EntryList, Outcome, StatusDocument, Written};
pub use kinds::{KindInfo, Kinds};
pub use problem::{Problem, ProblemKind};
pub use transaction::{Check, Operation, Transacted, Transaction};
pub use watch::{Changed, Changes, Progress, Reset, SnapshotEntry};
