//! An event publisher with topics, subjects, snapshots and resume, generic over what it carries.
//!
//! Whoever follows a changing state needs three things spliced together: what there is now, everything that changes afterwards,
//! and no gap or repeat in between. A broadcast channel gives only the middle one, wakes every listener on the writer's time, and
//! keeps no past to resume from. Here the writer pushes each commit once into a bounded history that all subscriptions read at
//! their own pace; whoever falls out of the history is told so and begins anew.
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trimtab_seams::Seams;
//! use trimtab_stream::{Event, EventPublisher, Message, SubscribeRequest, TopicSpec};
//!
//! let orders = TopicSpec::new("orders", |_| (1, vec![Event::new("orders", "a", "paid")])); // what there is, and as of which index
//! let publisher = EventPublisher::new(&Seams::tokio(), [orders]);
//! let mut subscription = publisher.subscribe(SubscribeRequest::all("orders"))?;
//! publisher.publish(2, [Event::new("orders", "b", "open"), Event::new("orders", "a", "sent")])?;
//!
//! let Message::Changes { index: 1, events } = subscription.next().await? else { panic!("the snapshot comes first") };
//! assert_eq!(events[0].payload, "paid");
//! let Message::EndOfSnapshot(1) = subscription.next().await? else { panic!("then its end") };
//! let Message::Changes { index: 2, events } = subscription.next().await? else { panic!("then what changes, whole") };
//! assert_eq!(events.len(), 2);
//! # Ok(()) }
//! ```
//!
//! **Knows nothing of** backends, entries, stores, controllers.

mod bell;
mod channel;
mod error;
mod event;
mod history;
mod message;
mod names;
mod publisher;
mod ring;
mod shared;
mod snapshot;
mod snapshot_watch;
mod subscribe_request;
mod subscription;
mod tokens;
mod topic_spec;
mod waiters;
mod writer;

pub use error::{PublishError, SubscribeError, UnknownTopic};
pub use event::{Event, Payload};
pub use history::History;
pub use message::{Closed, Message};
pub use names::{Interest, Subject, Token, Topic};
pub use publisher::EventPublisher;
pub use subscribe_request::SubscribeRequest;
pub use subscription::Subscription;
pub use topic_spec::TopicSpec;

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
