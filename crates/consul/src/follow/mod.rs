//! Following a scope (contract F1 to F7).
//!
//! A follower begins with one read that holds the whole scope, the lanes and the store's id as of one moment. Then it waits on the lanes' keys, which are few
//! and small; whenever one has moved it reads the records of what is new, puts them in the order of their indexes, and tells each as a batch. So a change costs the same
//! however many entries there are. Now and then the scope is compared with the store, for what others wrote past Trimtab.
//!
//! What is decided here without a connection: [`Ring`] (what is new, and whether anything was missed) and [`View`] (what a commit changes in the scope, and how it
//! differs from the store).

mod feed;
mod live;
mod patience;
mod resync;
mod ring;
mod snapshot;
mod view;

pub(crate) use feed::follow;
