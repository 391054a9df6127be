//! How a run ended.
//!
//! "Classify, then done" in two calls leaves a gap in which the key is neither running nor promised. Here the outcome is handed in with
//! the end of the run, so both happen in one step.

use std::error::Error;
use std::time::Duration;

/// Any error, boxed.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// How a run ended, handed to [`Claim::finish`](crate::Claim::finish). Whatever it is: a key that was added during its run is in line again
/// at once (behaviour Q3), and a time promised from outside stands until a run starts at or after it (behaviour Q7).
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Success: the failures are forgotten, and a run the key's own requeue or backoff had promised is given up (behaviour C9).
    Done,
    /// Success, and run again after this long. Zero means at once, behind the keys that are in line already.
    After(Duration),
    /// Neither success nor failure: run again after this long, zero meaning at once. Failures stay as they are, and what this run
    /// carried is carried again. For a run that lost against another writer, or whose view was not yet new enough.
    Again(Duration),
    /// Failure: counted; run again after the limiter's delay. What this run carried is carried again.
    Retry(BoxError),
    /// Failure that no retry can mend: counted, listed as failing, and not run again until the key is added.
    Failed(BoxError),
    /// The claim was dropped without an outcome (the worker panicked or was cancelled): as [`Retry`](Self::Retry).
    Dropped,
}

/// What the queue remembers as the error of a dropped claim.
#[derive(Debug, thiserror::Error)]
#[error("the run ended without an outcome: its claim was dropped (a panic, or a cancelled worker)")]
pub(crate) struct ClaimDropped;

/// Longest error text the queue keeps for a failing key, in bytes.
const LONGEST_TEXT: usize = 1024;

/// The error with its sources, as one line that is kept while the key fails.
pub(crate) fn describe(error: &(dyn Error + 'static)) -> Box<str> {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source.filter(|_| text.len() < LONGEST_TEXT) {
        let more = error.to_string();
        // Many types show their source in their own text too.
        if !text.ends_with(&more) {
            text.push_str(": ");
            text.push_str(&more);
        }
        source = error.source();
    }
    if text.len() > LONGEST_TEXT {
        text.truncate((0..=LONGEST_TEXT).rev().find(|&end| text.is_char_boundary(end)).unwrap_or(0));
        text.push_str("...");
    }
    text.into_boxed_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("bucket not made")]
    struct Outer(#[source] std::io::Error);

    /// behaviour L6
    #[test]
    fn an_error_is_kept_as_one_line_with_its_sources_and_a_bound() {
        let error = Outer(std::io::Error::other("disk full"));
        assert_eq!(&*describe(&error), "bucket not made: disk full");
        let long = std::io::Error::other("\u{e9}".repeat(LONGEST_TEXT));
        assert_eq!(describe(&long).len(), LONGEST_TEXT + "...".len());
    }
}
