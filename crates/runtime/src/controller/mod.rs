//! Controllers: a reconciler, its sources, its queue, its workers.
//!
//! Workers pull. There is no dispatcher that hands out work and no stream of results that somebody must poll: a source's task puts keys into the
//! queue, a worker takes one, takes a snapshot, runs, says how it ended. Results go to counters and hooks.
//!
//! A controller is not generic: the reconciler is erased once a worker, in a boxed loop that knows its type, not once a run. So controllers may be
//! put in a `Vec`, returned from functions, chosen by `if`.

mod any_queue;
mod builder;
mod check;
mod core;
mod damping;
mod echoes;
mod error;
mod gate;
mod handle;
mod history;
mod marks;
mod outcome;
mod passed_over;
mod reconciled;
mod run;
mod settings;
mod shared;
mod status;
mod term;
mod troubles;
mod unknown;
mod whereabouts;
mod worker;

pub use builder::Controller;
pub use error::{Misconfigured, RunError};
pub use handle::ControllerHandle;
pub use history::Run;
pub use reconciled::{Ended, Reconciled};
pub use status::{ControllerStatus, KeyStatus, KeyStatusState};
pub use whereabouts::Whereabouts;

pub(crate) use any_queue::{Entering, Taken};
pub(crate) use core::Core;
pub(crate) use run::{Abandoned, run as run_under};
pub(crate) use term::Term;
