//! The command line as a client of a running daemon: by the HTTP API alone, and knowing no command.
//!
//! [`Reach`] is what may be typed to say which daemon, and by which right. It makes a [`Client`], whose requests end with an [`Answer`] or with a [`Failure`] that
//! carries the exit code and says what to do next.

mod address;
mod again;
mod answer;
mod controllers;
mod entries;
mod events;
mod failure;
mod held;
mod interrupt;
mod kinds;
mod list;
mod reach;
mod request;
mod token;
mod transport;
mod trust;
mod wanted;
mod watch;

pub(crate) use address::Address;
pub(crate) use answer::Answer;
pub(crate) use entries::{Deletion, key_of};
pub(crate) use failure::Failure;
pub(crate) use held::{Held, News, What};
pub(crate) use interrupt::until_interrupted;
pub(crate) use reach::{Everywhere, Reach, Tenancies};
pub(crate) use request::{Client, Request};
pub(crate) use wanted::{Wanted, wanted};
pub(crate) use watch::{Told, Watched};
