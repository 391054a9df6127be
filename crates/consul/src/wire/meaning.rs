//! What an answer means that is neither a success nor a conflict (contract X1).
//!
//! Consul tells "certainly not done" and "perhaps done" with the same status, so the text decides, by a list of what was seen to be certain. All else of a
//! write that was sent leaves its outcome open.

use std::time::Duration;

use http::{HeaderMap, StatusCode, header};
use trimtab_backend::{CommitError, FollowError, Invalid, Why};

/// Why something did not get its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// Certainly not done; may go later.
    Unavailable { why: Why, retry_after: Option<Duration>, what: String },
    /// Certainly not done: a right is missing.
    Denied(String),
    /// Certainly not done, and never will be.
    Invalid(String),
    /// Not to be used as it is.
    Broken(String),
    /// It was sent and may have been done.
    Open(String),
}

impl Trouble {
    pub(crate) const fn unreachable(what: String) -> Self {
        Self::Unavailable { why: Why::Unreachable, retry_after: None, what }
    }

    /// As the answer to something that changes nothing, and so may be asked again.
    pub(crate) fn of_a_read(self) -> FollowError {
        match self {
            Self::Unavailable { why, retry_after, what } => {
                tracing::debug!(%what, "Consul did not answer a read");
                FollowError::Unavailable { why, retry_after }
            }
            Self::Open(what) => {
                tracing::debug!(%what, "Consul did not answer a read");
                FollowError::Unavailable { why: Why::Unreachable, retry_after: None }
            }
            Self::Denied(what) => FollowError::Denied { what },
            Self::Invalid(what) => FollowError::Invalid(Invalid::new("request", what)),
            Self::Broken(what) => FollowError::Broken { what },
        }
    }

    /// As the answer to a write that can be sent again without harm, so that an open outcome is none.
    pub(crate) fn of_a_repeatable_write(self) -> CommitError {
        match self {
            Self::Unavailable { why, retry_after, what } => {
                tracing::debug!(%what, "Consul did not take a write");
                CommitError::Unavailable { why, retry_after }
            }
            Self::Open(what) => {
                tracing::debug!(%what, "Consul did not answer a write");
                CommitError::Unavailable { why: Why::Unreachable, retry_after: None }
            }
            Self::Denied(what) => CommitError::Denied { what },
            Self::Invalid(what) => CommitError::Invalid(Invalid::new("transaction", what)),
            Self::Broken(what) => CommitError::Broken { what },
        }
    }
}

/// What an answer with this status means; never called for 200 and for the 409 of a transaction.
pub(crate) fn refusal(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Trouble {
    let text = String::from_utf8_lossy(&body[..body.len().min(1000)]).trim().to_owned();
    let retry_after =
        headers.get(header::RETRY_AFTER).and_then(|value| value.to_str().ok()?.trim().parse().ok());
    let unavailable =
        |why, what| Trouble::Unavailable { why, retry_after: retry_after.map(Duration::from_secs), what };
    match status.as_u16() {
        400 => Trouble::Invalid(format!(
            "was refused by Consul as malformed: {text}; namespaces and partitions need Consul Enterprise, older versions know less"
        )),
        403 => Trouble::Denied(denial(&text)),
        413 => Trouble::Invalid(format!(
            "is larger than this Consul takes: {text}; raise `limits.txn_max_req_len` of its agents, or write less at once"
        )),
        429 => unavailable(Why::Overloaded, format!("429 {text}")),
        503 if text.contains("rate limit") => unavailable(Why::Overloaded, format!("503 {text}")),
        500 if text.contains("No cluster leader") => unavailable(Why::NoLeader, text),
        500 if text.contains("failed to get conn") => unavailable(Why::Unreachable, text),
        code => Trouble::Open(format!("{code} {text}")),
    }
}

/// What to do about a missing right.
fn denial(text: &str) -> String {
    if text.contains("ACL not found") {
        format!(
            "Consul does not know this token ({text}): it was deleted, has expired or is another datacentre's; set a new one"
        )
    } else {
        format!(
            "this token may not do that: {text}; give it `key_prefix \"PREFIX/v1/\" {{ policy = \"write\" }}`"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn meaning(status: u16, body: &str) -> Trouble {
        refusal(StatusCode::from_u16(status).unwrap(), &HeaderMap::new(), body.as_bytes())
    }

    fn why(trouble: &Trouble) -> Option<Why> {
        if let Trouble::Unavailable { why, .. } = trouble { Some(*why) } else { None }
    }

    /// contract X1
    #[test]
    fn only_what_was_seen_to_be_certain_is_certain() {
        assert_eq!(why(&meaning(500, "No cluster leader")), Some(Why::NoLeader));
        assert_eq!(
            why(&meaning(500, "rpc error getting client: failed to get conn: dial tcp")),
            Some(Why::Unreachable)
        );
        assert_eq!(
            why(&meaning(429, "Your IP is issuing too many concurrent connections")),
            Some(Why::Overloaded)
        );
        assert_eq!(why(&meaning(503, "rate limit exceeded, try again later")), Some(Why::Overloaded));
        for (status, body) in [
            (500, "rpc error making call: EOF"),
            (500, "raft apply failed: leadership lost while committing log"),
            (500, "invalid session"),
            (503, "upstream connect error"),
            (502, ""),
            (404, "not found"),
            (307, ""),
        ] {
            assert!(matches!(meaning(status, body), Trouble::Open(_)), "{status} {body}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        let text = |trouble| match trouble {
            Trouble::Denied(what) | Trouble::Invalid(what) => what,
            other => panic!("{other:?}"),
        };
        assert!(text(meaning(403, "rpc error making call: ACL not found")).contains("set a new one"));
        assert!(text(meaning(403, "Permission denied: token lacks")).contains("key_prefix"));
        assert!(text(meaning(413, "Request body(9) too large")).contains("limits.txn_max_req_len"));
        assert!(text(meaning(400, "Invalid query parameter: \"ns\"")).contains("Consul Enterprise"));
    }

    #[test]
    fn a_wait_that_is_asked_for_is_told() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, "3".parse().unwrap());
        let told = refusal(StatusCode::TOO_MANY_REQUESTS, &headers, b"");
        assert!(
            matches!(told, Trouble::Unavailable { retry_after: Some(after), .. } if after.as_secs() == 3)
        );
    }
}
