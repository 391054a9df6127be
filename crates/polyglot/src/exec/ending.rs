//! What the end of a script means.
//!
//! | end | meaning | status | apply, delete, finalized |
//! |---|---|---|---|
//! | exit 0 | success | written | done |
//! | exit 75 | not yet: again later, no failure | written | ignored |
//! | exit 65 | wrong until the entry changes: no retry | written | ignored |
//! | any other exit, a signal, time up, too much output | failure: again with backoff | ignored | ignored |
//!
//! 65 and 75 are `EX_DATAERR` and `EX_TEMPFAIL` of sysexits.h.

use std::time::Duration;

use crate::process::{Ended, How};
use crate::protocol::MOST_OUTPUT;

/// The meaning of an end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    Success,
    /// With what it said on standard error.
    NotYet(String),
    Terminal(String),
    Failed(String),
}

/// What a run's end means. `time` is what it was given.
pub(crate) fn meaning(ended: &Ended, time: Duration) -> Ending {
    let words = |what: String| match ended.last_words.as_str() {
        "" => format!("{what} and said nothing on standard error"),
        words => format!("{what}: {words}"),
    };
    match ended.how {
        How::Exited(0) => Ending::Success,
        How::Exited(75) => Ending::NotYet(words("asked to be run again later (exit code 75)".into())),
        How::Exited(65) => Ending::Terminal(words("refused the entry (exit code 65)".into())),
        How::Exited(code) => Ending::Failed(words(format!("ended with exit code {code}"))),
        How::Signalled(signal) => Ending::Failed(words(format!("was ended by signal {signal}"))),
        How::TimedOut => {
            let what =
                format!("took longer than {time:?} and was ended; raise `timeout`, or do less in one run");
            Ending::Failed(said(what, &ended.last_words))
        }
        How::TooMuchOutput => {
            let most = MOST_OUTPUT >> 20;
            let what = format!(
                "printed more than {most} MiB to standard output and was ended; print one JSON document there, and the rest to standard error"
            );
            Ending::Failed(said(what, &ended.last_words))
        }
    }
}

/// With what was said, if anything was.
fn said(what: String, words: &str) -> String {
    if words.is_empty() { what } else { format!("{what}; it said: {words}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(how: How, last_words: &str) -> Ending {
        meaning(&Ended { how, output: Vec::new(), last_words: last_words.into() }, Duration::from_secs(30))
    }

    #[test]
    fn each_end_has_its_meaning_and_its_words() {
        assert_eq!(ended(How::Exited(0), "noise"), Ending::Success);
        assert_eq!(
            ended(How::Exited(75), "the database is away"),
            Ending::NotYet("asked to be run again later (exit code 75): the database is away".into())
        );
        assert_eq!(
            ended(How::Exited(65), "port 0"),
            Ending::Terminal("refused the entry (exit code 65): port 0".into())
        );
        assert_eq!(
            ended(How::Exited(3), ""),
            Ending::Failed("ended with exit code 3 and said nothing on standard error".into())
        );
        assert_eq!(ended(How::Signalled(11), "x"), Ending::Failed("was ended by signal 11: x".into()));
    }

    #[test]
    fn a_bound_that_was_passed_is_named_with_what_to_do() {
        let Ending::Failed(late) = ended(How::TimedOut, "waiting for the lock") else { panic!("a failure") };
        assert_eq!(
            late,
            "took longer than 30s and was ended; raise `timeout`, or do less in one run; it said: waiting for the lock"
        );
        let Ending::Failed(loud) = ended(How::TooMuchOutput, "") else { panic!("a failure") };
        assert!(loud.starts_with("printed more than 1 MiB to standard output and was ended; print one JSON"));
    }
}
