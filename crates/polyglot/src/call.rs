//! The seam between a reconciler and whatever carries its questions.
//!
//! The reconciler knows of a question and an [`Answer`]; processes, lines and HTTP are known to the carriers alone.

use std::time::Duration;

use trimtab_seams::Seams;

use crate::exec::Exec;
use crate::persistent::Pool;
use crate::process::{About, Groups, Stay};
use crate::protocol::{Answer, Body};
use crate::webhook::Caller;
use crate::{Carrier, Error};

/// One question.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) seams: &'a Seams,
    pub(crate) about: About<'a>,
    /// A JSON document on one line, its newline included.
    pub(crate) input: Vec<u8>,
    /// How long the answer may take.
    pub(crate) time: Duration,
    /// Held by whatever is started for it, until that is gone.
    pub(crate) stay: Option<Stay>,
}

/// A reconciler in another language, as it is reached.
#[derive(Clone, Debug)]
pub(crate) enum Call {
    Exec(Exec),
    Persistent(Pool),
    Webhook(Caller),
}

impl Call {
    /// `workers`: how many processes a persistent program may have.
    pub(crate) fn new(carrier: &Carrier, workers: usize, groups: &Groups) -> Result<Self, Error> {
        Ok(match carrier {
            Carrier::Exec(program) => Self::Exec(Exec::new(program.clone(), groups)),
            Carrier::Persistent(program) => Self::Persistent(Pool::new(program.clone(), workers, groups)),
            Carrier::Webhook(webhook) => Self::Webhook(Caller::new(webhook).map_err(Error::Webhook)?),
        })
    }

    /// Asks, and waits for the answer no longer than it may take. Whatever goes wrong is an answer too.
    ///
    /// Dropping the future gives the question up; what it started is ended.
    pub(crate) async fn ask<T: Body>(&self, asking: Asking<'_>) -> Answer<T> {
        match self {
            Self::Exec(exec) => exec.ask(asking).await,
            Self::Persistent(pool) => pool.ask(asking).await,
            Self::Webhook(caller) => caller.ask(asking).await,
        }
    }
}
