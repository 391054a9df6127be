//! Config entries over any backend: snapshots, views, indexes, and the one write door.

mod entry;
mod query;
mod state;
mod store;
mod write;

pub use entry::{
    CASCADE_FINALIZER, Condition, ConditionStatus, Conditions, DecodeError, DecodeProblem, Deletion, Document,
    Dynamic, Entry, Kind, KindKey, Labels, Locate, Meta, Owner, OwnerRef, Propagation, Shape, Timestamp,
    TimestampError, Typed,
};
pub use query::{Change, Lookup, Overlay, Query, Results, Selector, SelectorError, Snapshot, View};
pub use store::{
    AtLeastError, Committed, Door, EntryEvent, Following, Health, LatestError, OpenError, Store, StoreBuilder, subject,
};
pub use write::{Basis, Conflict, Draft, IntoWrites, ReadError, Resolved, Touched, Write, WriteError};

pub use trimtab_backend::{
    AnyBackend, Backend, Check, Commit, Index, Invalid, Key, KindName, Memory, Position, Scope, Tenancy,
    TenancyPattern, Uid,
};
pub use trimtab_stream::{Closed, EventPublisher, Message, SubscribeError, SubscribeRequest, Subscription};
