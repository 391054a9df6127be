//! Reconcilers in any language: one process a reconcile, a document in, a document out.
//!
//! Linking scripts in (a plugin interface, an embedded interpreter) would tie operators to one language and to our releases. A process is the interface
//! that every language has: it is bounded, it can be killed, and its exit code says how it went.
//!
//! [`Exec`] is the reconciler. What it gives a script is made by `input` from what `watched` says the script looks at; `process` starts, bounds and
//! ends it; `ending` says what its end means; `output`, `status` and `writes` turn its answer into one transaction.

mod ending;
mod environment;
mod groups;
mod input;
mod not_yet;
mod output;
mod process;
#[cfg(test)]
mod process_tests;
mod reconciler;
#[cfg(test)]
mod reconciler_tests;
mod status;
mod stderr;
mod watched;
mod writes;

pub(crate) use groups::Groups;
pub(crate) use not_yet::NotYet;
pub(crate) use reconciler::Exec;
