//! The families of metrics: what each is called, what it tells, and what to do about it.
//!
//! One table: the text is written from it, and so are the documentation, and the checks of dashboards and alert rules. Help texts at the places that count would
//! drift from what is written about them.

use std::fmt;

/// A family of metrics. A label is never a key's name: the number of series grows with controllers and sources, not with entries.
///
/// ```
/// let families = trimtab_runtime::metric_families();
/// let keys = families.iter().find(|family| family.name == "trimtab_queue_keys").unwrap();
/// assert_eq!(keys.labels, ["controller", "state"]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Its name. That of a counter ends in `_total`; a unit stands before that.
    pub name: &'static str,
    /// What its values are.
    pub kind: FamilyKind,
    /// What it tells, a sentence.
    pub help: &'static str,
    /// What is counted: `seconds`, or a plural.
    pub unit: &'static str,
    /// Its labels, in the order they are written in; without `le` of a histogram.
    pub labels: &'static [&'static str],
    /// What it means to an operator when it rises, or falls, and what to do.
    pub advice: &'static str,
}

/// What the values of a family are, by the words of Prometheus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FamilyKind {
    /// Only grows, and begins at 0 with the process.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Counts in buckets, with their sum.
    Histogram,
}

impl FamilyKind {
    /// The word of the text format.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

impl fmt::Display for FamilyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Every family that [`ManagerHandle::metrics_text`](crate::ManagerHandle::metrics_text) may write, in the order it writes them.
pub fn metric_families() -> &'static [Family] {
    ALL
}

/// The table: a constant for the writer, and its place in the list.
macro_rules! families {
    ($($(#[$note:meta])* $constant:ident = $kind:ident $name:literal [$($label:literal),*] in $unit:literal: $help:literal, $advice:literal;)*) => {
        $($(#[$note])* pub(crate) const $constant: &Family = &Family {
            name: $name,
            kind: FamilyKind::$kind,
            help: $help,
            unit: $unit,
            labels: &[$($label),*],
            advice: $advice,
        };)*
        const ALL: &[Family] = &[$(*$constant),*];
    };
}

families! {
    READY = Gauge "trimtab_ready" ["controller"] in "1 or 0":
        "Whether the controller follows its sources and works, or waits for its lease.",
        "At 0 for minutes: `/readyz` with a token says why.";
    LEADING = Gauge "trimtab_leading" ["controller"] in "1 or 0":
        "Whether this process holds the controller's lease; only for controllers that run in one place.",
        "The sum over all replicas is 1; at 0 for longer than a lease lasts nobody works: look for `lease` in the logs.";
    SOURCE_LIVE = Gauge "trimtab_source_live" ["controller", "source"] in "1 or 0":
        "Whether the source follows what it is a source of, or has ended well.",
        "At 0: changes are not heard of. The source is retried by itself; the log says what fails.";
    UNMAPPED = Gauge "trimtab_unmapped_entries" ["controller"] in "entries":
        "Entries that no keys could be made of: not of the type, or their mapping fails.",
        "Above 0: these entries lead to no runs. `GET /v1/controllers/NAME` names them; mend the entry or the mapping.";
    HOT = Gauge "trimtab_hot_keys" ["controller"] in "keys":
        "Keys that make themselves run over and over, and are held back.",
        "Above 0: a reconciler changes on each run what it reads. `GET /v1/entries/KIND/NAME/description` says which reasons it had.";
    WORKERS = Gauge "trimtab_workers" ["controller"] in "workers":
        "How many keys may be reconciled at the same time.",
        "When as many keys are `running` and `ready` ones grow, give it more workers.";
    LONGEST = Gauge "trimtab_longest_run_seconds" ["controller"] in "seconds":
        "How long the longest of the present runs has gone on; only with timings.",
        "Grows without end: a run hangs. Set `timeout`, and see what it waits for.";
    RECONCILES = Counter "trimtab_reconciles_total" ["controller", "result"] in "runs":
        "Runs of reconcilers by how they ended.",
        "`failed`, `panicked` or `timed_out` rise: `GET /v1/controllers/NAME/keys` lists the failing keys with their errors. `terminal`: these wait for a change.";
    SECONDS = Histogram "trimtab_reconcile_seconds" ["controller"] in "seconds":
        "How long runs of reconcilers took; only with timings.",
        "A high quantile near the deadline: raise the deadline, or do less in one run.";
    PUT_OFF = Counter "trimtab_put_off_total" ["controller"] in "runs":
        "Runs put off because the view was not yet new enough.",
        "Rises: the store's view lags behind its commits; look at the store, then at the load of this machine.";
    DAMPED = Counter "trimtab_damped_total" ["controller"] in "runs":
        "Runs held back because their key kept asking to run at once, or lost against other writers.",
        "Rises all the time: a reconciler makes itself run, or two programs write the same field.";
    EVENTS = Counter "trimtab_events_total" ["controller"] in "events":
        "Events taken by sources.",
        "Stands still while entries change: the sources are not live.";
    ANSWERED = Counter "trimtab_answered_total" ["controller"] in "requests":
        "Requests left out because a run had already seen what they tell of.",
        "Rises with the writes of the controller itself: work that was saved, nothing to do.";
    MAP_FAILURES = Counter "trimtab_map_failures_total" ["controller"] in "tries":
        "Failures of mappings, each try counted.",
        "Rises: a mapping fails on some entry and is tried again; the log names the entry and the error.";
    RESUBSCRIBES = Counter "trimtab_resubscribes_total" ["controller"] in "times":
        "Times a source had to subscribe again.",
        "Rises: the source falls behind, or the store was read anew. Nothing is lost, but each time all is looked at again.";
    TRIGGERED = Counter "trimtab_triggered_total" ["controller"] in "triggers":
        "Triggers that ended and put their key in line.",
        "For information.";
    TRIGGERS = Gauge "trimtab_triggers" ["controller"] in "triggers":
        "Triggers that wait.",
        "Grows without end: what they wait for does not end.";
    KEYS = Gauge "trimtab_queue_keys" ["controller", "state"] in "keys":
        "Keys in the queue by state: ready, running, deferred, failing.",
        "`ready` stays high: more work than workers. `failing` stays: `GET /v1/controllers/NAME/keys` says why. `deferred` are promises, no trouble.";
    ADDS = Counter "trimtab_queue_adds_total" ["controller"] in "adds":
        "Adds to the queue, whatever became of them.",
        "Its rate is the demand; compare it with the rate of runs.";
    RETRIES = Counter "trimtab_queue_retries_total" ["controller"] in "failures":
        "Failures that lead to a retry.",
        "Rises without pause: something stays broken; the backoff keeps it from doing harm.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_follow_the_rules_of_prometheus() {
        for (at, family) in ALL.iter().enumerate() {
            let Family { name, kind, help, .. } = family;
            assert!(ALL[..at].iter().all(|earlier| earlier.name != *name), "{name} twice");
            assert_eq!(*kind == FamilyKind::Counter, name.ends_with("_total"), "{name}");
            assert!(name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'), "{name}");
            assert_eq!(name.ends_with("_seconds"), family.unit == "seconds", "{name}");
            assert!(help.ends_with('.') && !help.contains(['\\', '\n']), "{name}: {help}");
        }
    }
}
