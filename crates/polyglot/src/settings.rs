//! What a reconciler in another language is told to be.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

/// A reconciler in another language.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The controller's name: part of its finalizer, its log lines and its conditions.
    pub name: String,
    /// The kind that it reconciles.
    pub kind: String,
    /// How it is reached.
    pub carrier: Carrier,
    /// How many runs at once; of a persistent program: how many processes.
    pub workers: usize,
    /// How long one run may take.
    pub timeout: Duration,
    /// The delays of "not yet" (exit 75, 429, 503) when no other was asked for: first, and at most.
    pub backoff: (Duration, Duration),
    /// Whether deletes are held until it has cleaned up.
    pub finalizer: bool,
    /// Other kinds whose changes matter.
    pub watches: Vec<Watch>,
}

/// How a program in another language is reached.
#[derive(Clone, Debug)]
pub enum Carrier {
    /// A process for each run.
    Exec(Program),
    /// Processes that live on: a line in, a line out.
    Persistent(Program),
    /// An HTTP server.
    Webhook(Webhook),
}

/// A program, and what surrounds it.
#[derive(Clone, Debug)]
pub struct Program {
    /// An absolute path, or a name for the PATH.
    pub path: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Its working directory.
    pub folder: PathBuf,
    /// Its whole environment but what each run adds.
    pub environment: BTreeMap<String, OsString>,
}

/// An HTTP server that answers the protocol's documents.
#[derive(Clone, Debug)]
pub struct Webhook {
    /// `http://` or `https://`.
    pub url: String,
    /// A file whose text is sent as `Authorization: Bearer`, read anew when it changes.
    pub token: Option<PathBuf>,
    /// Certificates to trust, as PEM; none: the system's.
    pub authority: Option<Vec<u8>>,
}

/// A watched kind.
#[derive(Clone, Debug)]
pub struct Watch {
    /// The kind.
    pub kind: String,
    /// Whom its changes wake.
    pub follow: Follow,
}

/// Whom a change of a watched kind wakes.
#[derive(Clone, Debug)]
pub enum Follow {
    /// The entries of the controller's kind that name it at this pointer.
    References {
        /// A JSON pointer, `*` for each element.
        pointer: String,
        /// Whether the reconciler is given the whole entries.
        include: bool,
    },
    /// Its owner, when that is of the controller's kind.
    Owner,
    /// Whom this program names: it is given the entry before and after, and answers a list of requests.
    Map {
        /// How it is reached. Never persistent.
        carrier: Carrier,
        /// How long it may take.
        timeout: Duration,
    },
}
