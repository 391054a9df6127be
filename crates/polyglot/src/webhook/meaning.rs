//! What an answer means.
//!
//! | status | meaning | what of the body counts |
//! |---|---|---|
//! | 2xx | success | all of it |
//! | 429, 503 | not yet: again after `Retry-After`, no failure | `status`, `requeue_after` |
//! | 422 | wrong until the entry changes: no retry | `status` |
//! | 3xx | failure: redirects are not followed | nothing |
//! | any other | failure: again with backoff | nothing |
//!
//! A body of 2xx is a document of the protocol or nothing. One of 422, 429 and 503 may be, and else is words: proxies and frameworks answer these too, in forms of their own. But one that clearly
//! means to be a document is held to it, so that a status with a misspelt field beside it is not lost in silence.

use std::time::SystemTime;

use http::{HeaderMap, StatusCode, header};
use serde_json::Value;

use super::exchange::{Said, may_be_document};
use super::retry_after::retry_after;
use super::words::{Part, is_page, of_conditions, words};
use crate::protocol::{Answer, Body, MOST_OUTPUT, parse};

/// What was said comes to this; an error is a failure, told behind the webhook's name.
pub(super) fn meaning<T: Body>(said: Said, now: SystemTime) -> Result<Answer<T>, String> {
    let Said { status, headers, body, cut } = said;
    if status.is_redirection() {
        return Err(redirected(status, &headers));
    }
    if !may_be_document(status) {
        return Err(told(format!("answered {status}"), &words(&body, Part::First)));
    }
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        return Err(format!(
            "answered {status} in the encoding {encoding:?}, which was not asked for; let it answer plainly"
        ));
    }
    if cut {
        return Err(format!(
            "answered more than {} MiB, of which no more was read; answer less",
            MOST_OUTPUT >> 20
        ));
    }
    if status.is_success() {
        return parse(&body).map(Answer::Success).map_err(|malformed| {
            if is_page(&body) {
                format!("answered {status} with a web page; is it the right URL?")
            } else {
                format!("answered {status}, but the answer {malformed}")
            }
        });
    }
    let (said, heard) = document_or_words(status, &body)?;
    Ok(match status {
        StatusCode::UNPROCESSABLE_ENTITY => {
            Answer::Terminal { words: told(format!("refused the entry ({status})"), &heard), said }
        }
        _ => Answer::NotYet {
            words: told(format!("asked to be asked again later ({status})"), &heard),
            after: headers.get(header::RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?, now)),
            said,
        },
    })
}

/// The document of an answer that need not have one, and its words: those of its conditions, for a document has no others.
fn document_or_words<T: Body>(status: StatusCode, body: &[u8]) -> Result<(T, String), String> {
    match parse::<T>(body) {
        Ok(said) => Ok((said, of_conditions(body))),
        Err(malformed) if means_to_be_one(body) => {
            Err(format!("answered {status}, but the answer {malformed}"))
        }
        Err(_) => Ok((T::default(), words(body, Part::Last))),
    }
}

/// Whether a body has the status of an entry in it. The `status` of a problem document is a number.
fn means_to_be_one(body: &[u8]) -> bool {
    serde_json::from_slice::<Value>(body).is_ok_and(|value| value["status"].is_object())
}

fn redirected(status: StatusCode, headers: &HeaderMap) -> String {
    // Its query may hold what is secret, as that of our own URL may.
    let place = headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
    let place = place.and_then(|place| place.split(['?', '#']).next());
    match place {
        Some(place) => {
            let place = words(place.as_bytes(), Part::First);
            format!(
                "answered {status} and points to {place}; redirects are not followed: write that URL into the file"
            )
        }
        None => format!("answered {status}; redirects are not followed: write the right URL into the file"),
    }
}

fn told(what: String, heard: &str) -> String {
    if heard.is_empty() { what } else { format!("{what}: {heard}") }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::protocol::Output;

    fn answer(status: u16, headers: &[(&'static str, &str)], body: &str) -> Result<Answer<Output>, String> {
        let status = StatusCode::from_u16(status).unwrap();
        let headers = headers.iter().map(|(name, value)| {
            (header::HeaderName::from_static(name), header::HeaderValue::from_str(value).unwrap())
        });
        let said = Said { status, headers: headers.collect(), body: body.into(), cut: false };
        meaning(said, SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777))
    }

    #[test]
    fn every_2xx_is_success_with_a_document_or_none() {
        for status in [200, 201, 202, 204] {
            assert!(matches!(answer(status, &[], ""), Ok(Answer::Success(_))), "{status}");
        }
        let page = answer(200, &[("content-type", "application/json")], "<html>").unwrap_err();
        assert_eq!(page, "answered 200 OK with a web page; is it the right URL?");
        let text = answer(200, &[("content-type", "text/plain")], r#"{"finalized": true}"#);
        assert!(
            matches!(text, Ok(Answer::Success(output)) if output.finalized),
            "the content type does not matter"
        );
        let wrong = answer(200, &[], r#"{"finalised": true}"#).unwrap_err();
        assert!(
            wrong.starts_with("answered 200 OK, but the answer is not an answer of protocol 1"),
            "{wrong}"
        );
    }

    #[test]
    fn not_yet_is_put_off_as_the_header_says() {
        for status in [429, 503] {
            let later = answer(status, &[("retry-after", "7")], "the database is away").unwrap();
            let Answer::NotYet { words, after, .. } = later else { panic!("not yet") };
            assert_eq!(after, Some(Duration::from_secs(7)));
            assert!(words.ends_with("): the database is away"), "{words}");
        }
        let dated = answer(503, &[("retry-after", "Sun, 06 Nov 1994 08:49:47 GMT")], "").unwrap();
        assert!(
            matches!(dated, Answer::NotYet { after: Some(after), .. } if after == Duration::from_secs(10))
        );
        let document = answer(503, &[], r#"{"status": {"a": 1}, "requeue_after": "3s"}"#).unwrap();
        let Answer::NotYet { after: None, said, .. } = document else { panic!("not yet, no header") };
        assert_eq!(said.requeue_after, Some(Duration::from_secs(3)));
        assert_eq!(said.status.unwrap()["a"], 1);
    }

    #[test]
    fn a_refusal_has_words_or_a_status() {
        let problem = r#"{"type": "about:blank", "title": "Bad port", "status": 422, "detail": "port 0"}"#;
        let Answer::Terminal { words, said } = answer(422, &[], problem).unwrap() else { panic!("terminal") };
        assert_eq!(words, "refused the entry (422 Unprocessable Entity): Bad port: port 0");
        assert_eq!(said.status, None);
        let Answer::Terminal { said, .. } = answer(422, &[], r#"{"status": {"a": 1}}"#).unwrap() else {
            panic!("terminal")
        };
        assert_eq!(said.status.unwrap()["a"], 1);
        let conditions = r#"{"status": {"conditions": [
            {"type": "Ready", "status": "False", "reason": "BadPort", "message": "port 0"},
            {"type": "Seen", "status": "True", "reason": "Seen", "message": "it was seen"}]}}"#;
        let Answer::Terminal { words, .. } = answer(422, &[], conditions).unwrap() else {
            panic!("terminal")
        };
        assert_eq!(words, "refused the entry (422 Unprocessable Entity): port 0");
        let lost = answer(422, &[], r#"{"status": {"a": 1}, "requeue": "1s"}"#).unwrap_err();
        assert!(lost.contains("unknown field `requeue`"), "{lost}");
    }

    #[test]
    fn a_redirect_is_told_with_its_place_and_without_its_query() {
        let moved = answer(307, &[("location", "https://other/x?token=hidden")], "").unwrap_err();
        assert_eq!(
            moved,
            "answered 307 Temporary Redirect and points to https://other/x; redirects are not followed: write that URL into the file"
        );
        assert!(answer(304, &[], "").unwrap_err().contains("redirects are not followed"));
    }

    #[test]
    fn all_else_is_a_failure_with_its_first_lines() {
        assert_eq!(
            answer(500, &[], "boom\nat x").unwrap_err(),
            "answered 500 Internal Server Error: boom\nat x"
        );
        assert_eq!(answer(401, &[], "").unwrap_err(), "answered 401 Unauthorized");
        assert!(answer(404, &[], "<html>").unwrap_err().ends_with(": a web page; is it the right URL?"));
        let packed = answer(200, &[("content-encoding", "gzip")], "x").unwrap_err();
        assert!(packed.contains("in the encoding \"gzip\", which was not asked for"), "{packed}");
    }
}
