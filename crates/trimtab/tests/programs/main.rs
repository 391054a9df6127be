//! Ten programs, written as a user would write them, each run to its end: if one of them gets uglier, the API did.
//!
//! | | program | where |
//! |---|---|---|
//! | 1 | hello | [`hello`] |
//! | 2 | Consul's gateway job | `examples/gateway`, whose own tests run it |
//! | 3 | a finalizer and owned entries | [`databases`] |
//! | 4 | several controllers under a manager | [`manager`] |
//! | 5 | triggers, and what errors mean | [`jobs`] |
//! | 6 | queues and limiters alone, and a queue of one's own | [`queues`], [`lifo`] |
//! | 7 | a subscription | [`subscription`] |
//! | 8 | tests of a reconciler | [`testing`] |
//! | 9 | a backend of one's own | [`backend`] |
//! | 10 | replicas, and a store that is chosen at run time | [`replicas`] |

#[path = "../stage/mod.rs"]
mod stage;

mod backend;
mod cloud;
mod databases;
mod hello;
mod jobs;
mod lifo;
mod manager;
mod queues;
mod replicas;
mod subscription;
mod testing;
