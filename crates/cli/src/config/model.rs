//! The settings, with their defaults. Paths are already relative to the folder of the file.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Everything `trimtab.toml` says.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file, as messages name it.
    pub(crate) file: PathBuf,
    /// The folder of the file, absolute: the working directory of scripts, the root of relative paths.
    pub(crate) folder: PathBuf,
    /// `[store] url`. Default `embedded:data`.
    pub(crate) store: StoreUrl,
    /// `[store] history`, in bytes. Default 64 MiB.
    pub(crate) history: u64,
    /// `[http] listen`. Default 127.0.0.1:7420. Loopback only, until there are tokens.
    pub(crate) listen: SocketAddr,
    /// `[entries]`.
    pub(crate) entries: EntriesFolder,
    /// `[[controller]]`.
    pub(crate) controllers: Vec<Controller>,
    /// `[[kind]]`: the closed set of kinds; empty means that any kind is welcome.
    pub(crate) kinds: BTreeMap<String, Option<String>>,
}

/// Where entries are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// `memory:`: gone at the end of the process.
    Memory,
    /// `embedded:PATH`: a directory.
    Embedded(PathBuf),
}

/// `[entries]`.
#[derive(Clone, Debug)]
pub(crate) struct EntriesFolder {
    /// Default `entries`. Need not exist.
    pub(crate) path: PathBuf,
    /// Apply again whenever a file changes. Default true.
    pub(crate) watch: bool,
    /// Delete entries that came from here and are gone from here. Default false.
    pub(crate) prune: bool,
}

/// `[[controller]]`.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    /// Unique in the file.
    pub(crate) name: String,
    /// The kind that it reconciles.
    pub(crate) kind: String,
    /// Program and arguments; no shell. A program with a `/` is relative to the folder, one without is looked for on the PATH.
    pub(crate) exec: Vec<String>,
    /// Reconciles at once. Default 1.
    pub(crate) workers: usize,
    /// How long one may take. Default 30 s.
    pub(crate) timeout: Duration,
    /// Default 100 ms to 5 min.
    pub(crate) backoff: Backoff,
    /// Every entry again after this long. Off by default.
    pub(crate) resync: Option<Duration>,
    /// Hold deletes until the reconciler has cleaned up. Default false.
    pub(crate) finalizer: bool,
    /// Environment variables given to the program.
    pub(crate) env: BTreeMap<String, String>,
    /// Environment variables handed on from the daemon's own.
    pub(crate) pass_env: Vec<String>,
    /// Default everywhere: the directory's lock already keeps a second process away.
    pub(crate) placement: Placement,
    /// `[[controller.watch]]`.
    pub(crate) watches: Vec<Watch>,
    /// The line of its table, for messages about it as a whole.
    pub(crate) line: usize,
}

/// Delays between failures of one entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Backoff {
    /// After the first.
    pub(crate) base: Duration,
    /// At most.
    pub(crate) max: Duration,
}

/// Which replicas run a controller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Each.
    Everywhere,
    /// The one that holds the lease.
    Leader,
}

/// `[[controller.watch]]`.
#[derive(Clone, Debug)]
pub(crate) struct Watch {
    /// The kind whose changes matter.
    pub(crate) kind: String,
    /// Whom they wake.
    pub(crate) follow: Follow,
    /// The line of `kind`, for warnings.
    pub(crate) line: usize,
}

/// Whom a change of a watched kind wakes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Follow {
    /// The entries of the controller's kind that name it at this pointer.
    References {
        /// A JSON pointer, `*` for each element.
        pointer: String,
        /// Whether the script is given the whole entries. Default true.
        include: bool,
    },
    /// Its owner, when that is of the controller's kind.
    Owner,
}

#[cfg(test)]
impl Controller {
    /// A controller with the defaults of the file, for tests.
    pub(crate) fn example(name: &str, kind: &str) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            exec: vec!["true".into()],
            workers: 1,
            timeout: Duration::from_secs(30),
            backoff: Backoff { base: Duration::from_millis(100), max: Duration::from_secs(300) },
            resync: None,
            finalizer: false,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            placement: Placement::Everywhere,
            watches: Vec::new(),
            line: 1,
        }
    }
}
