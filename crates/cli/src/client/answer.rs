//! What came back, and whether it is Trimtab's.

use serde::de::DeserializeOwned;
use trimtab_http::wire::Problem;
use ureq::http::HeaderMap;

use super::{Address, Failure};

/// An answer: its body, and what its header says.
#[derive(Clone, Debug)]
pub(crate) struct Answer<T> {
    /// The status code.
    #[cfg_attr(not(test), expect(dead_code, reason = "it tells no more than the body"))]
    pub(crate) status: u16,
    /// The two versions of the entry that it is about.
    pub(crate) etag: Option<String>,
    /// The position that it shows.
    pub(crate) index: Option<String>,
    /// What it says.
    pub(crate) body: T,
}

/// What is told of an answer that is not understood.
const EXCERPT: usize = 80;

/// An answer, decoded; a problem document is a failure, as is everything that is not Trimtab's.
pub(super) fn decode<T: DeserializeOwned>(
    status: u16,
    headers: &HeaderMap,
    body: &[u8],
    address: &Address,
) -> Result<Answer<T>, Failure> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let media = text("content-type").unwrap_or_default();
    if media.starts_with("application/problem+json")
        && let Ok(problem) = serde_json::from_slice::<Problem>(body)
    {
        return Err(Failure::problem(problem));
    }
    if !(200..300).contains(&status) || !media.starts_with("application/json") {
        return Err(foreign(status, &media, body, address));
    }
    match serde_json::from_slice(body) {
        Ok(body) => Ok(Answer { status, etag: text("etag"), index: text("trimtab-index"), body }),
        Err(error) => Err(foreign(status, &media, body, address).hint(format!(
            "{error}; the daemon may be of another version, or no daemon of Trimtab: name another by --server"
        ))),
    }
}

/// It is something else that answers there.
pub(super) fn foreign(status: u16, media: &str, body: &[u8], address: &Address) -> Failure {
    let media = if media.is_empty() { "without a type" } else { media };
    let excerpt: String = String::from_utf8_lossy(body).trim().chars().take(EXCERPT).collect();
    let excerpt = if excerpt.is_empty() { excerpt } else { format!(", `{excerpt}`") };
    Failure::unreachable(format!(
        "what answers at {address} is not Trimtab's API: {status}, {media}{excerpt}"
    ))
    .hint("look at the port, or name another by --server")
}

#[cfg(test)]
mod tests {
    use trimtab_http::wire::{Enqueued, ProblemKind};

    use super::*;
    use crate::command::Exit;

    fn answer(status: u16, media: &str, body: &str) -> Result<Answer<Enqueued>, Failure> {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", media.parse().unwrap());
        headers.insert("etag", "\"7.8\"".parse().unwrap());
        decode(status, &headers, body.as_bytes(), &Address::parse("http://127.0.0.1:80").unwrap())
    }

    #[test]
    fn an_answer_is_decoded_with_its_header_and_fields_that_are_not_known_are_passed_over() {
        let answer = answer(200, "application/json", r#"{"enqueued":3,"later":true}"#).unwrap();
        assert_eq!((answer.status, answer.body.enqueued, answer.etag.as_deref()), (200, 3, Some("\"7.8\"")));
        assert_eq!(answer.index, None);
    }

    #[test]
    fn a_problem_document_is_a_failure() {
        let body = r#"{"type":"urn:trimtab:problem:not-found","title":"t","status":404,"detail":"there is no site/a"}"#;
        let failure = answer(404, "application/problem+json", body).unwrap_err();
        assert_eq!((failure.exit(), failure.kind()), (Exit::NotFound, Some(ProblemKind::NotFound)));
        assert_eq!(failure.to_string(), "there is no site/a");
    }

    #[test]
    fn what_is_not_trimtabs_is_told_with_a_little_of_it() {
        for (status, media, body) in [
            (200, "text/html", "<html>\u{1b}[2J"),
            (404, "application/json", r#"{"error":"nope"}"#),
            (302, "text/html", ""),
            (200, "application/json", r#"{"hello":"world"}"#),
            (500, "application/problem+json", r#"{"type":"about:blank"}"#),
        ] {
            let failure = answer(status, media, body).unwrap_err();
            let text = failure.to_string();
            assert!(text.contains("at http://127.0.0.1:80 is not Trimtab's API"), "{text}");
            assert!(text.contains("by --server") && !text.contains('\u{1b}'), "{text}");
            assert_eq!(failure.exit(), Exit::Unreachable, "{text}");
        }
    }
}
