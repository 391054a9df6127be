//! What a refusal of the server, or a failure on the way to it, means. Pure.
//!
//! A write that was sent counts as perhaps applied unless its answer is on the list of those that are known not to be (contract X1): the code alone
//! says little, `Unavailable` is both. On the list stand answers in the server's own words only, for what stands between (a proxy, an HTTP/2 library)
//! makes codes of its own.

use std::error::Error;
use std::time::Duration;

use tonic::{Code, ConnectError, Status};
use trimtab_backend::{CommitError, FollowError, Invalid, Why};

/// Anything but a good answer, by what it means for the asker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// No connection: the request never left.
    NotSent(String),
    /// This server sees no leader and did not try (it was asked with `hasleader`).
    NoLeader,
    /// There is no space left. Whether it was applied, only the lane tells: the server says the same of the write that crosses the quota.
    Full,
    /// It has too much to do; not applied.
    Overloaded,
    /// The token is no longer good; not applied.
    Token,
    /// A right is missing; not applied.
    Denied(String),
    /// The server's own limits; not applied.
    Invalid(String),
    /// What was asked for has been compacted.
    Compacted,
    /// The answer is larger than what is taken here.
    TooLarge,
    /// It does not speak etcd's protocol.
    NotEtcd(String),
    /// Anything else, in words: a write may have been applied.
    Open(String),
}

impl Answer {
    pub(crate) fn of(status: &Status) -> Self {
        let said = status.message();
        let by_server = said.starts_with("etcdserver: ");
        let has = |part: &str| said.contains(part);
        match status.code() {
            _ if never_left(status) => Self::NotSent(in_words(status)),
            Code::InvalidArgument if has("user name is empty") => Self::Denied(
                "the server asks for a user; set one with `user`, or a client certificate".into(),
            ),
            Code::InvalidArgument if has("authentication failed") => {
                Self::Denied("the server does not know this user with this password; correct them".into())
            }
            Code::InvalidArgument if has("auth store is old") => Self::Token,
            Code::Unauthenticated if by_server => Self::Token,
            Code::PermissionDenied if by_server => Self::Denied(denied(said)),
            Code::InvalidArgument | Code::NotFound if by_server => Self::Invalid(said.into()),
            Code::ResourceExhausted if has("database space exceeded") => Self::Full,
            Code::ResourceExhausted if has("etcdserver: too many requests") => Self::Overloaded,
            Code::ResourceExhausted if has("received message larger than max") => Self::Invalid(said.into()),
            Code::OutOfRange if has("has been compacted") => Self::Compacted,
            Code::OutOfRange if has("message length too large") => Self::TooLarge,
            Code::Unavailable if said == "etcdserver: no leader" => Self::NoLeader,
            Code::Unimplemented => Self::NotEtcd(in_words(status)),
            _ => Self::Open(in_words(status)),
        }
    }

    /// No answer within this time.
    pub(crate) fn late(within: Duration) -> Self {
        Self::Open(format!("no answer within {within:?}"))
    }

    /// What went wrong on the way, when it is no answer of the server's to what was asked.
    pub(crate) fn trouble(&self) -> Option<&str> {
        match self {
            Self::NotSent(what) | Self::Open(what) | Self::NotEtcd(what) => Some(what),
            Self::NoLeader => Some(
                "it has no leader; look at `etcdctl endpoint status`, a majority of the members must be up",
            ),
            Self::Overloaded => Some("it has too many requests"),
            _ => None,
        }
    }

    /// As the answer to a commit that is certain not to have been applied.
    pub(crate) fn into_commit_error(self) -> CommitError {
        match self {
            Self::Denied(what) => CommitError::Denied { what },
            Self::Token => CommitError::Denied { what: TOKEN.into() },
            Self::Invalid(what) => {
                Invalid::new("transaction", format!("was refused by the server: {what}")).into()
            }
            Self::NotEtcd(what) => CommitError::Broken { what: not_etcd(&what) },
            Self::TooLarge | Self::Compacted | Self::Open(_) | Self::NotSent(_) => {
                unavailable(Why::Unreachable)
            }
            Self::NoLeader => unavailable(Why::NoLeader),
            Self::Full => unavailable(Why::Full),
            Self::Overloaded => unavailable(Why::Overloaded),
        }
    }

    /// As the answer to somebody who reads or follows.
    pub(crate) fn into_follow_error(self) -> FollowError {
        let unavailable = |why| FollowError::Unavailable { why, retry_after: None };
        match self {
            Self::Denied(what) => FollowError::Denied { what },
            Self::Token => FollowError::Denied { what: TOKEN.into() },
            Self::Invalid(what) => {
                Invalid::new("request", format!("was refused by the server: {what}")).into()
            }
            Self::NotEtcd(what) => FollowError::Broken { what: not_etcd(&what) },
            Self::TooLarge | Self::Compacted | Self::Open(_) | Self::NotSent(_) => FollowError::UNREACHABLE,
            Self::NoLeader => unavailable(Why::NoLeader),
            Self::Full => unavailable(Why::Full),
            Self::Overloaded => unavailable(Why::Overloaded),
        }
    }
}

const TOKEN: &str =
    "the server does not take the token that it gave for this user; look whether the user still exists";

pub(crate) fn unavailable(why: Why) -> CommitError {
    CommitError::Unavailable { why, retry_after: None }
}

fn not_etcd(what: &str) -> String {
    format!("what answers does not speak etcd's protocol ({what}); check the address and the port")
}

fn denied(said: &str) -> String {
    format!(
        "the server said `{said}`; the user needs to read `meta/` and to read and write the kinds in use, `i/` and `w/` below the prefix"
    )
}

/// Whether there was no connection to send it on.
fn never_left(status: &Status) -> bool {
    chain(status).any(<dyn Error>::is::<ConnectError>)
}

fn chain(status: &Status) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(status.source(), |&error| error.source())
}

/// The message and what caused it, each once.
pub(crate) fn in_words(status: &Status) -> String {
    let mut words = status.message().to_owned();
    for cause in chain(status).map(ToString::to_string) {
        if !words.contains(&cause) {
            words = if words.is_empty() { cause } else { format!("{words}: {cause}") };
        }
    }
    if words.is_empty() { format!("{:?}", status.code()) } else { words }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// contract X1, contract X3
    #[test]
    fn only_answers_in_the_servers_words_count_as_not_applied() {
        let table = [
            (Code::InvalidArgument, "etcdserver: duplicate key given in txn request", "Invalid"),
            (Code::InvalidArgument, "etcdserver: user name is empty", "Denied"),
            (Code::InvalidArgument, "etcdserver: revision of auth store is old", "Token"),
            (Code::NotFound, "etcdserver: requested lease not found", "Invalid"),
            (Code::PermissionDenied, "etcdserver: permission denied", "Denied"),
            (Code::Unauthenticated, "etcdserver: invalid auth token", "Token"),
            (Code::ResourceExhausted, "etcdserver: mvcc: database space exceeded", "Full"),
            (
                Code::ResourceExhausted,
                "grpc: received message larger than max (2097452 vs. 2097152)",
                "Invalid",
            ),
            (Code::ResourceExhausted, "etcdserver: too many requests", "Overloaded"),
            (Code::Unavailable, "etcdserver: no leader", "NoLeader"),
            (Code::OutOfRange, "etcdserver: mvcc: required revision has been compacted", "Compacted"),
            // Sent, and then who knows.
            (Code::Unavailable, "etcdserver: request timed out", "Open"),
            (Code::Unavailable, "etcdserver: leader changed", "Open"),
            (Code::Unavailable, "error reading from server: EOF", "Open"),
            (Code::DeadlineExceeded, "context deadline exceeded", "Open"),
            (Code::ResourceExhausted, "grpc: trying to send message larger than max (5 vs. 4)", "Open"),
            (Code::ResourceExhausted, "h2 protocol error: enhance your calm", "Open"),
            (Code::PermissionDenied, "grpc-status header missing, mapped from HTTP status code 403", "Open"),
            (Code::Unauthenticated, "grpc-status header missing, mapped from HTTP status code 401", "Open"),
            (Code::InvalidArgument, "", "Open"),
            (Code::Unknown, "transport error", "Open"),
        ];
        for (code, said, wanted) in table {
            let answer = format!("{:?}", Answer::of(&Status::new(code, said)));
            assert!(answer.starts_with(wanted), "{code:?} {said}: {answer}");
        }
    }
}
