//! Why a store cannot be opened, so that a person knows what to do.

use std::error::Error;

/// A store in etcd that cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// An endpoint is no address, or a certificate cannot be read.
    #[error("endpoint `{endpoint}`: {what}")]
    Endpoint {
        /// As given.
        endpoint: String,
        /// What is wrong with it.
        what: String,
    },
    /// A prefix that cannot be one, or no endpoints at all.
    #[error("{field}: {what}")]
    Invalid {
        /// The setting.
        field: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// No server answered.
    #[error(
        "no etcd server can be reached: {}; see whether they run and whether the addresses are right",
        listed(tried)
    )]
    Unreachable {
        /// Each endpoint, and what came of it.
        tried: Vec<(String, String)>,
    },
    /// What answers at the address is not etcd.
    #[error(
        "what answers at `{endpoint}` is no etcd server ({what}); check the port (clients of etcd usually connect to 2379), and {}",
        scheme_advice(endpoint)
    )]
    NotEtcd {
        /// The endpoint.
        endpoint: String,
        /// What came instead of an answer.
        what: String,
    },
    /// No TLS connection came about.
    #[error("no TLS connection to `{endpoint}`: {what}{}", tls_advice(what))]
    Tls {
        /// The endpoint.
        endpoint: String,
        /// What TLS said.
        what: String,
    },
    /// User, password, certificate or rights.
    #[error("etcd refuses: {what}")]
    Denied {
        /// Which, and what to do.
        what: String,
    },
    /// The server is older than what Trimtab needs.
    #[error(
        "the server at `{endpoint}` has version {found}, and Trimtab needs {minimum} or later: older ones may tell progress of a watch before its events; upgrade etcd"
    )]
    TooOld {
        /// The endpoint.
        endpoint: String,
        /// Its version.
        found: String,
        /// The oldest that will do.
        minimum: &'static str,
    },
    /// Something else lies below the prefix.
    #[error(
        "the prefix `{prefix}` is in use by something else: `{key}` {what}; choose another with `prefix`, or remove what is there"
    )]
    PrefixInUse {
        /// The prefix.
        prefix: String,
        /// A key below it.
        key: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// A newer version of Trimtab made the store.
    #[error(
        "the store below `{prefix}` has format {found} and this version of Trimtab reads up to {supported}; use a version that knows format {found}"
    )]
    NewerFormat {
        /// The prefix.
        prefix: String,
        /// The format of the store.
        found: u64,
        /// The newest format that this version reads.
        supported: u64,
    },
    /// There is no space to begin a store.
    #[error("etcd has no space left: {FULL}")]
    Full,
    /// It answers, and cannot do what it is there for.
    #[error("etcd is not ready: {what}; try again when the cluster has a leader")]
    NotReady {
        /// What it said.
        what: String,
    },
}

/// What to do about a store without space.
pub(crate) const FULL: &str = "its NOSPACE alarm is raised: compact and defragment it, or raise `--quota-backend-bytes`, then disarm the alarm with `etcdctl alarm disarm`";

impl ConnectError {
    /// Whether trying again is of use: what is in the way may go without a change of these settings or of what lies below the prefix. Rights and passwords
    /// may be given, certificates renewed, servers started.
    pub const fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::NotEtcd { .. }
            | Self::Tls { .. }
            | Self::Denied { .. }
            | Self::Full
            | Self::NotReady { .. } => true,
            Self::Endpoint { .. }
            | Self::Invalid { .. }
            | Self::TooOld { .. }
            | Self::PrefixInUse { .. }
            | Self::NewerFormat { .. } => false,
        }
    }
}

fn listed(tried: &[(String, String)]) -> String {
    tried.iter().map(|(endpoint, what)| format!("`{endpoint}`: {what}")).collect::<Vec<_>>().join("; ")
}

fn scheme_advice(endpoint: &str) -> &'static str {
    if endpoint.starts_with("https://") {
        // A server says that it misses a certificate after the handshake, by ending the connection.
        "whether the server asks for a certificate of its clients: give one with `client_certificate`"
    } else {
        "whether it wants `https://`"
    }
}

fn tls_advice(what: &str) -> &'static str {
    let has = |part: &str| what.contains(part);
    if has("xpired") {
        "; the certificate has expired: renew it, or set the clock of this machine right"
    } else if has("NotValidYet") || has("not valid yet") {
        "; the certificate is not valid yet: set the clock of this machine right"
    } else if has("UnknownIssuer") || has("unknown issuer") || has("BadSignature") {
        "; give the authority that signed the server's certificate with `ca_certificate`"
    } else if has("not valid for name") || has("NotValidForName") {
        "; use the name that stands in the certificate as address, or give it with `server_name`"
    } else if has("CertificateRequired") || has("certificate required") {
        "; the server asks for a certificate of this client: give one with `client_certificate`"
    } else if has("InvalidMessage") || has("corrupt message") || has("handshake eof") {
        "; what answers there does not speak TLS: does the address need `http://`?"
    } else {
        ""
    }
}

/// An error and what caused it, in one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let causes = std::iter::successors(error.source(), |&error| error.source());
    causes.fold(error.to_string(), |words, cause| {
        let cause = cause.to_string();
        if words.contains(&cause) { words } else { format!("{words}: {cause}") }
    })
}
