//! The settings as the daemon uses them. Paths are already relative to the folder of the file; the defaults stand in [`settings`](super::settings).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use super::place::Place;
use super::remote::{ConsulStore, EtcdStore};

/// Everything `trimtab.toml` says, and what stands above it.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The file, as messages name it.
    pub(crate) file: PathBuf,
    /// The folder of the file, absolute: the working directory of scripts, the root of relative paths.
    pub(crate) folder: PathBuf,
    /// `[store] url`, and the tables that belong to it.
    pub(crate) store: StoreUrl,
    /// `[store] history`, in bytes.
    pub(crate) history: u64,
    /// `[cluster]`.
    pub(crate) cluster: Cluster,
    /// `[http]`.
    pub(crate) http: Http,
    /// `[entries]`.
    pub(crate) entries: EntriesFolder,
    /// `[[controller]]`.
    pub(crate) controllers: Vec<Controller>,
    /// `[[kind]]`: the closed set of kinds; empty means that any kind is welcome.
    pub(crate) kinds: BTreeMap<String, DeclaredKind>,
}

/// Where entries are kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum StoreUrl {
    /// `memory:`: gone at the end of the process.
    Memory,
    /// `embedded:PATH`: a directory.
    Embedded(PathBuf),
    /// `etcd://HOST:PORT/PREFIX`.
    Etcd(EtcdStore),
    /// `consul://HOST:PORT/PREFIX`.
    Consul(ConsulStore),
}

impl StoreUrl {
    /// Whether several processes can have it open.
    pub(crate) const fn is_shared(&self) -> bool {
        match self {
            Self::Memory | Self::Embedded(_) => false,
            Self::Etcd(_) | Self::Consul(_) => true,
        }
    }
}

/// `[cluster]`: this replica among others on the same store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// None: made at start.
    pub(crate) name: Option<String>,
    /// Where others reach the API; without a `/` at its end. None: where it listens.
    pub(crate) advertise: Option<String>,
    /// How long a replica that has fallen silent is waited for.
    pub(crate) lease: Duration,
}

/// `[http]`.
#[derive(Clone, Debug)]
pub(crate) struct Http {
    /// None: nothing is served.
    pub(crate) listen: Option<SocketAddr>,
    /// Where that was said.
    pub(crate) listen_at: Place,
    /// The file of tokens.
    pub(crate) tokens: Option<PathBuf>,
    /// Certificate and key for TLS.
    pub(crate) certificate: Option<Certificate>,
    /// Names by which the API may be asked for.
    pub(crate) hosts: Vec<String>,
}

/// The files of a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Certificate {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// `[entries]`.
#[derive(Clone, Debug)]
pub(crate) struct EntriesFolder {
    /// Need not exist.
    pub(crate) path: PathBuf,
    /// Apply again whenever a file changes.
    pub(crate) watch: bool,
    /// Delete entries that came from here and are gone from here.
    pub(crate) prune: bool,
}

/// `[[kind]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeclaredKind {
    /// Another word for it.
    pub(crate) plural: Option<String>,
    /// The file that holds its JSON Schema.
    pub(crate) schema: Option<SchemaFile>,
}

/// A file that holds a JSON Schema, and who named it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SchemaFile {
    pub(crate) path: PathBuf,
    /// `kind[0].schema`.
    pub(crate) field: String,
    pub(crate) line: usize,
}

/// `[[controller]]`.
#[derive(Clone, Debug)]
pub(crate) struct Controller {
    /// Unique in the file.
    pub(crate) name: String,
    /// The kind that it reconciles.
    pub(crate) kind: String,
    /// `exec`, with or without `persistent`, or `webhook`.
    pub(crate) carrier: Carrier,
    /// Reconciles at once.
    pub(crate) workers: usize,
    /// How long one may take.
    pub(crate) timeout: Duration,
    /// `backoff`.
    pub(crate) backoff: Backoff,
    /// Every entry again after this long.
    pub(crate) resync: Option<Duration>,
    /// Hold deletes until the reconciler has cleaned up.
    pub(crate) finalizer: bool,
    /// Environment variables given to programs.
    pub(crate) env: BTreeMap<String, String>,
    /// Environment variables handed on from the daemon's own.
    pub(crate) pass_env: Vec<String>,
    /// Which replicas run it.
    pub(crate) placement: Placement,
    /// Namespaces take turns.
    pub(crate) fairness: bool,
    /// `[[controller.watch]]`.
    pub(crate) watches: Vec<Watch>,
    /// The line of its table, for messages about it as a whole.
    pub(crate) line: usize,
}

/// How a program in another language is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    /// A process for each run.
    Exec(Command),
    /// Processes that live on.
    Persistent(Command),
    /// An HTTP server.
    Webhook(Webhook),
}

/// Program and arguments; no shell. A program with a `/` is relative to the folder, one without is looked for on the PATH.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    /// Never empty.
    pub(crate) words: Vec<String>,
    /// The line of `exec`.
    pub(crate) line: usize,
}

/// An HTTP server that answers the protocol's documents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Webhook {
    pub(crate) url: String,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) authority: Option<PathBuf>,
    /// The line of `webhook`.
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
    /// All, each entry in one of them.
    Sharded,
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
        /// Whether the script is given the whole entries.
        include: bool,
    },
    /// Its owner, when that is of the controller's kind.
    Owner,
    /// Whom a program or a webhook names.
    Map { carrier: Carrier, timeout: Duration },
}

#[cfg(test)]
impl Controller {
    /// A controller with the defaults of the file, for tests.
    pub(crate) fn example(name: &str, kind: &str) -> Self {
        Self {
            name: name.into(),
            kind: kind.into(),
            carrier: Carrier::Exec(Command { words: vec!["true".into()], line: 1 }),
            workers: 1,
            timeout: Duration::from_secs(30),
            backoff: Backoff { base: Duration::from_millis(100), max: Duration::from_secs(300) },
            resync: None,
            finalizer: false,
            env: BTreeMap::new(),
            pass_env: Vec::new(),
            placement: Placement::Everywhere,
            fairness: false,
            watches: Vec::new(),
            line: 1,
        }
    }
}
