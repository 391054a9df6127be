//! The documents that go between the daemon and a reconciler, the same for every carrier.
//!
//! A protocol of its own for each carrier would be three to learn and to test. Here a process, a worker and a web server are given the same
//! input and give the same [`Output`]; only how the outcome is told differs. All that is read from outside is read here: [`Output::parse`],
//! [`Reply::parse`] and [`Requests::parse`] take any bytes and never panic.

mod answer;
mod duration;
mod input;
mod mapping;
mod output;
mod reply;
mod status;
mod unique;

pub use answer::Malformed;
pub(crate) use answer::{Answer, Body, parse};
pub use duration::parse_duration;
pub(crate) use input::{Given, Input, Referred, Shown};
pub(crate) use mapping::Question;
pub use mapping::{Requests, Target as Woken};
pub use output::{Output, Target};
pub(crate) use reply::Telling;
pub use reply::{Outcome, Reply};
pub(crate) use status::{Speaker, merged};
pub use unique::Unique;

/// The protocol that documents and answers are of.
pub(crate) const PROTOCOL: u32 = 1;
/// The most that a reconciler is given at once: 8 MiB.
pub(crate) const MOST_INPUT: usize = 8 << 20;
/// The most that it may answer: 1 MiB.
pub(crate) const MOST_OUTPUT: usize = 1 << 20;
