//! What went wrong, for people, and the exit code.

use std::fmt;

use trimtab_http::wire::{Problem, ProblemKind};

use crate::command::Exit;
use crate::show::cluster::how_to_ask;

/// Why a command is not done: what went wrong, what to do next, and the exit code.
#[derive(Debug)]
#[must_use = "a failure is told"]
pub(crate) struct Failure(Box<Inner>);

#[derive(Debug)]
struct Inner {
    exit: Exit,
    text: String,
    hint: Option<String>,
    problem: Option<Problem>,
}

impl Failure {
    /// With any exit code.
    pub(crate) fn new(exit: Exit, text: impl Into<String>) -> Self {
        Self(Box::new(Inner { exit, text: text.into(), hint: None, problem: None }))
    }

    /// It failed.
    pub(crate) fn failed(text: impl Into<String>) -> Self {
        Self::new(Exit::Failed, text)
    }

    /// It was asked for in a way that makes no sense.
    pub(crate) fn usage(text: impl Into<String>) -> Self {
        Self::new(Exit::Usage, text)
    }

    /// What was named is not there.
    pub(crate) fn not_found(text: impl Into<String>) -> Self {
        Self::new(Exit::NotFound, text)
    }

    /// The daemon cannot be reached.
    pub(crate) fn unreachable(text: impl Into<String>) -> Self {
        Self::new(Exit::Unreachable, text)
    }

    /// A problem document. Its detail says what is wrong; here it is said what that means at a command line.
    pub(super) fn problem(problem: Problem) -> Self {
        let exit = match problem.kind {
            // What was typed is handed on as it is.
            ProblemKind::Malformed => Exit::Usage,
            ProblemKind::NotFound => Exit::NotFound,
            ProblemKind::Conflict | ProblemKind::PreconditionFailed => Exit::Conflict,
            ProblemKind::Stopping => Exit::Unreachable,
            _ => Exit::Failed,
        };
        let hint = match problem.kind {
            // What no token of ours would mend.
            ProblemKind::Unauthorized if problem.detail.starts_with("no token is accepted") => None,
            ProblemKind::Unauthorized => Some(
                "make a token with `trimtab token`, and name the file that holds it by --token-file".into(),
            ),
            ProblemKind::Forbidden => Some("name the file of a token that may write by --token-file".into()),
            ProblemKind::NoSuchPath | ProblemKind::MethodNotAllowed => {
                Some("the daemon may be of another version; `trimtab version --daemon` tells which".into())
            }
            ProblemKind::Internal => Some("please report it, with what the daemon's log says".into()),
            ProblemKind::TooMany | ProblemKind::Unavailable | ProblemKind::Stopping => {
                Some("try again in a moment".into())
            }
            ProblemKind::Misdirected => problem.run_by.as_ref().map(how_to_ask),
            ProblemKind::UnknownOutcome => problem.position.as_ref().map(|position| {
                format!("look again, by `trimtab get`; what is shown must be at {position} or later")
            }),
            _ => None,
        };
        // The API's word for what `trimtab` needs no word for.
        let text = match problem.kind {
            ProblemKind::Unauthorized if problem.detail.starts_with("give one") => {
                "the daemon asks for a token".to_owned()
            }
            _ => problem.detail.clone(),
        };
        Self(Box::new(Inner { exit, text, hint, problem: Some(problem) }))
    }

    /// What to do next.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.0.hint = Some(hint.into());
        self
    }

    /// Said in other words; exit code and problem stay.
    pub(crate) fn text(mut self, text: impl Into<String>) -> Self {
        self.0.text = text.into();
        self
    }

    /// Said of something: `blog.yaml:3`.
    pub(crate) fn about(mut self, what: &impl fmt::Display) -> Self {
        self.0.text = format!("{what}: {}", self.0.text);
        self
    }

    /// What to know beside what to do next.
    pub(crate) fn kept(mut self, what: &str) -> Self {
        self.0.hint = Some(match self.0.hint {
            Some(hint) => format!("{hint}; {what}"),
            None => what.to_owned(),
        });
        self
    }

    /// Whether it would be the same with every other request.
    pub(crate) fn is_of_all(&self) -> bool {
        let of_whoever_asks = [
            ProblemKind::Unauthorized,
            ProblemKind::Forbidden,
            ProblemKind::ForeignHost,
            ProblemKind::Stopping,
        ];
        self.0.exit == Exit::Unreachable || self.kind().is_some_and(|kind| of_whoever_asks.contains(&kind))
    }

    /// The exit code.
    pub(crate) const fn exit(&self) -> Exit {
        self.0.exit
    }

    /// The problem document that it was made of.
    pub(crate) const fn document(&self) -> Option<&Problem> {
        self.0.problem.as_ref()
    }

    /// Which problem the daemon told.
    pub(crate) fn kind(&self) -> Option<ProblemKind> {
        self.document().map(|problem| problem.kind)
    }

    /// Tells it on standard error. The exit code.
    pub(crate) fn tell(&self) -> Exit {
        if !self.0.text.is_empty() {
            eprintln!("error: {self}");
        }
        self.0.exit
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::show::visible(&self.0.text))?;
        match &self.0.hint {
            Some(hint) => write!(f, "\n  {}", crate::show::visible(hint)),
            None => Ok(()),
        }
    }
}

/// Of writing to standard output. Whoever reads it may stop when it has seen enough (`| head`): that is no failure, and nothing is said.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::BrokenPipe => Self::new(Exit::Done, ""),
            _ => Self::failed(format!("standard output cannot be written: {error}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use trimtab_http::wire::RunBy;

    use super::*;

    fn problem(kind: ProblemKind, detail: &str) -> Problem {
        Problem {
            kind,
            title: String::new(),
            status: 400,
            detail: detail.into(),
            field: None,
            limit: None,
            found: Vec::new(),
            position: Some("00ff-7".into()),
            run_by: Some(RunBy { replica: Some("b".into()), api: Some("http://b:7420".into()) }),
            nearest: None,
        }
    }

    #[test]
    fn each_problem_has_its_exit_code_and_says_what_to_do_next() {
        for (kind, exit, wanted) in [
            (ProblemKind::Unauthorized, Exit::Failed, "make a token with `trimtab token`"),
            (ProblemKind::Forbidden, Exit::Failed, "a token that may write by --token-file"),
            (ProblemKind::Malformed, Exit::Usage, "so it is"),
            (ProblemKind::NotFound, Exit::NotFound, "so it is"),
            (ProblemKind::Conflict, Exit::Conflict, "so it is"),
            (ProblemKind::PreconditionFailed, Exit::Conflict, "so it is"),
            (ProblemKind::Stopping, Exit::Unreachable, "try again"),
            (ProblemKind::Unavailable, Exit::Failed, "try again"),
            (ProblemKind::NoSuchPath, Exit::Failed, "another version"),
            (ProblemKind::UnknownOutcome, Exit::Failed, "at 00ff-7 or later"),
            (ProblemKind::Invalid, Exit::Failed, "so it is"),
            (ProblemKind::Misdirected, Exit::Failed, "ask it by `--server http://b:7420`"),
        ] {
            let failure = Failure::problem(problem(kind, "so it is"));
            assert_eq!(failure.exit(), exit, "{kind:?}");
            assert!(failure.to_string().contains(wanted), "{kind:?}: {failure}");
            assert_eq!(failure.kind(), Some(kind));
        }
    }

    #[test]
    fn what_a_daemon_says_cannot_drive_the_terminal() {
        let failure = Failure::problem(problem(ProblemKind::Invalid, "\x1b]0;owned\x07"));
        assert!(!failure.to_string().contains('\x1b'), "{failure:?}");
    }

    #[test]
    fn a_reader_that_has_seen_enough_is_no_failure() {
        let closed = Failure::from(std::io::Error::from(std::io::ErrorKind::BrokenPipe));
        assert_eq!(closed.exit(), Exit::Done);
        let full = Failure::from(std::io::Error::from(std::io::ErrorKind::StorageFull));
        assert_eq!(full.exit(), Exit::Failed);
        assert!(full.to_string().contains("standard output cannot be written"));
    }
}
