//! No write under an old epoch after the new one began (guarantee L-a).

use super::Violation;
use crate::history::{Change, What};

/// Statuses of this kind that were written by a run under another epoch of its controller's lease than the one that stood at their commit.
pub(crate) fn stale(history: &[Change], kind: &str) -> Vec<Violation> {
    let mut standing = None;
    let mut found = Vec::new();
    for Change { index, seen, what } in history {
        match what {
            What::Held { lease, replica } if lease == kind => standing = replica.as_ref().map(|_| *index),
            What::Applied { kind: of, name, epoch, replica, .. }
                if of == kind && standing != Some(*epoch) =>
            {
                let now = standing.map_or_else(|| "nobody held it".into(), |epoch| format!("{epoch} stood"));
                let what = format!(
                    "{kind}/{name} was written at {index} by {replica} under epoch {epoch}, when {now}"
                );
                found.push(Violation { what, at: *seen, kind: kind.into(), name: Some(name.clone()) });
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::made_up::{applied, held};
    use super::*;

    /// guarantee L-a
    #[test]
    fn a_write_under_an_epoch_that_has_passed_is_found() {
        let mut history = vec![
            held(1, "led", Some("a")),
            applied(2, "led", 1, 1, "a.1"),
            held(3, "led", Some("b")),
            applied(4, "led", 2, 3, "b.1"),
        ];
        assert_eq!(stale(&history, "led"), []);
        history.push(applied(5, "led", 3, 1, "a.1"));
        let found = stale(&history, "led");
        assert_eq!(found.len(), 1);
        assert!(found[0].what.contains("at 5 by a.1 under epoch 1, when 3 stood"), "{}", found[0].what);
    }

    #[test]
    fn a_write_under_an_epoch_that_was_given_back_is_found() {
        let history = [held(1, "led", Some("a")), held(2, "led", None), applied(3, "led", 1, 1, "a.1")];
        assert_eq!(stale(&history, "led").len(), 1);
    }

    #[test]
    fn leases_of_other_controllers_play_no_part() {
        let history =
            [held(1, "led", Some("a")), held(2, "other", Some("b")), applied(3, "led", 1, 1, "a.1")];
        assert_eq!(stale(&history, "led"), []);
    }
}
