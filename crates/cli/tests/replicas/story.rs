//! What happened around a violation, in the order in which it did.

use std::fmt::Write as _;
use std::time::Duration;

use crate::checks::Violation;
use crate::history::What;
use crate::record::Record;
use crate::time::Moment;

/// How long before and after is told.
const AROUND: Duration = Duration::from_secs(2);
/// Of how many violations.
const TOLD: usize = 5;

/// All violations, the first with the events around them: faults, what happened to leases and maps, and what to the entry.
pub(crate) fn of(violations: &[Violation], record: &Record) -> String {
    let mut text = String::new();
    for violation in violations.iter().take(30) {
        let _ = writeln!(text, "- {}", violation.what);
    }
    for violation in violations.iter().filter(|violation| violation.at > Moment::default()).take(TOLD) {
        let _ = writeln!(text, "\naround {}: {}", violation.at, violation.what);
        let mut events = events(violation, record);
        events.sort_by_key(|(at, _)| *at);
        for (at, event) in events {
            let _ = writeln!(text, "  {at} {event}");
        }
    }
    text
}

fn events(violation: &Violation, record: &Record) -> Vec<(Moment, String)> {
    let is_near = |at: Moment| violation.at - AROUND <= at && at <= violation.at + AROUND;
    let is_it = |kind: &str, name: &str| kind == violation.kind && violation.name.as_deref() == Some(name);
    let mut events: Vec<_> = record
        .acted
        .faults
        .iter()
        .flat_map(|fault| [(fault.from, format!("{fault}")), (fault.until, format!("over: {fault}"))])
        .collect();
    let told = record.history.iter().filter(|change| {
        is_near(change.seen)
            && match &change.what {
                What::Declared { kind, name, .. }
                | What::Applied { kind, name, .. }
                | What::Deleted { kind, name } => is_it(kind, name),
                What::Held { .. } | What::Renewed { .. } | What::Mapped { .. } | What::Adopted { .. } => true,
            }
    });
    events.extend(told.map(|change| (change.seen, format!("commit {}: {:?}", change.index, change.what))));
    let lines = record.journal.iter().filter(|line| is_near(line.at) && is_it(&line.kind, &line.name));
    events.extend(lines.map(|line| (line.at, format!("journal: {line:?}"))));
    events
}
