//! What a worker answers: the document of every carrier, and how it went, on one line.
//!
//! A process tells by its exit code how a run went, and a server by its status code; a worker that lives on has neither. So its line says it. There
//! is no number to tell answers apart: a worker has one request at a time, and whatever it prints beside the one line of its answer ends it.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::answer::{self, Body, Malformed};
use super::{Answer, Output};

/// How a run went. Default: success.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// Done; as exit code 0.
    #[default]
    Success,
    /// Again later, no failure: after `requeue_after`, else after a delay that grows; as exit code 75.
    NotYet,
    /// Wrong until the entry changes; as exit code 65.
    Terminal,
    /// Again, with backoff; as any other exit code.
    Failed,
}

/// The line that a worker answers.
#[derive(Clone, Debug, Default)]
pub struct Reply<T = Output> {
    /// How it went.
    pub outcome: Outcome,
    /// Why, for people. Shown wherever the outcome is, unless that is success.
    pub message: String,
    /// What is to be done.
    pub output: T,
}

/// The fields that a reply has beside those of an output.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct Telling {
    /// How it went. Default: success.
    outcome: Outcome,
    /// Why, for people.
    message: String,
}

impl Reply {
    /// Reads a line; its newline may be there. An empty line is success.
    ///
    /// ```
    /// use trimtab_polyglot::protocol::{Outcome, Reply};
    ///
    /// let reply = Reply::parse(br#"{"outcome": "not_yet", "message": "the disk is being made", "requeue_after": "5s"}"#)?;
    /// assert_eq!(reply.outcome, Outcome::NotYet);
    /// # Ok::<(), trimtab_polyglot::protocol::Malformed>(())
    /// ```
    pub fn parse(line: &[u8]) -> Result<Self, Malformed> {
        answer::parse(line)
    }
}

impl<T> Reply<T> {
    pub(crate) fn into_answer(self) -> Answer<T> {
        let Self { outcome, message, output } = self;
        let words = |what: &str| match message.trim() {
            "" => format!("{what} and said no `message`"),
            message => format!("{what}: {message}"),
        };
        match outcome {
            Outcome::Success => Answer::Success(output),
            Outcome::NotYet => {
                Answer::NotYet { words: words("asked to be run again later"), after: None, said: output }
            }
            Outcome::Terminal => Answer::Terminal { words: words("refused the entry"), said: output },
            Outcome::Failed => Answer::Failed(words("failed")),
        }
    }
}

impl<T: Body> Body for Reply<T> {
    fn of(mut fields: Map<String, Value>) -> Result<Self, Malformed> {
        let mut telling = Map::new();
        for name in ["outcome", "message"] {
            telling.extend(fields.remove(name).map(|value| (name.to_owned(), value)));
        }
        let known = ["outcome", "message"];
        let Telling { outcome, message } =
            serde_json::from_value(Value::Object(telling.clone())).map_err(|error| {
                Malformed::field(answer::wrong_field::<Telling>(telling, &known).as_deref(), &error)
            })?;
        Ok(Self { outcome, message, output: T::of(fields)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_is_an_output_and_how_it_went() {
        let reply =
            Reply::parse(b"{\"outcome\": \"terminal\", \"message\": \"port 0\", \"status\": {\"a\": 1}}\n")
                .unwrap();
        let Answer::Terminal { words, said } = reply.into_answer() else { panic!("terminal") };
        assert_eq!(words, "refused the entry: port 0");
        assert_eq!(said.status.unwrap()["a"], 1);
        let failed = Reply::parse(b"{\"outcome\": \"failed\"}").unwrap().into_answer();
        assert!(matches!(failed, Answer::Failed(words) if words == "failed and said no `message`"));
    }

    #[test]
    fn an_empty_line_is_success() {
        assert!(matches!(Reply::parse(b"\n").unwrap().into_answer(), Answer::Success(_)));
    }

    #[test]
    fn what_is_no_reply_is_told_with_its_field() {
        let wrong = |text: &str| Reply::parse(text.as_bytes()).unwrap_err().to_string();
        assert!(wrong("{\"outcome\": \"done\"}").contains("outcome: unknown variant `done`"));
        assert!(wrong("{\"message\": 7}").contains("message: invalid type"));
        assert!(wrong("{\"outcom\": \"failed\"}").contains("unknown field `outcom`"));
        assert!(wrong("{\"outcome\": \"failed\", \"outcome\": \"success\"}").contains("duplicate key"));
    }
}
