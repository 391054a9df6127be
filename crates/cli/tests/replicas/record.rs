//! All that was recorded of a run, what is wrong with it, and how long nobody acted.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use crate::checks::{
    Name, State, Vacancy, Violation, foreign, lost, silence, stale, two_of_one_epoch, under_one_epoch,
    unlike, unreached, vacancy, waits, without_excuse,
};
use crate::fault::{Fault, Happening};
use crate::history::Change;
use crate::journal::{Line, Word};
use crate::replica::{LED, SHARED};
use crate::stage::Acted;
use crate::time::Moment;

pub(crate) struct Record {
    pub(crate) history: Vec<Change>,
    pub(crate) holes: Vec<String>,
    pub(crate) journal: Vec<Line>,
    pub(crate) acted: Acted,
    /// Of each replica that answered in the end.
    pub(crate) views: BTreeMap<&'static str, BTreeMap<Name, State>>,
    pub(crate) entries: usize,
    pub(crate) ttl: Duration,
}

/// What the documentation of placements promises beyond the TTL: a commit to take over, those by which members adopt a map, and a view that shows them.
const STATED: Duration = Duration::from_secs(2);
/// Two cores for three replicas, three servers and all reconciles; and who follows the history is told later than those who act.
const SLACK: Duration = Duration::from_secs(2);
/// A change is looked at before what has not changed, of which a new owner looks at a thousand; but one in ten that is looked at is one of those, and the next fault may have begun.
const QUEUED: Duration = Duration::from_secs(10);

impl Record {
    pub(crate) fn violations(&self) -> Vec<Violation> {
        let Self { history, journal, acted, .. } = self;
        let hole = |hole: &String| Violation {
            what: format!("the history has a hole, so that nothing is proven: {hole}"),
            at: Moment::default(),
            kind: String::new(),
            name: None,
        };
        let views = self.views.iter().flat_map(|(replica, view)| unlike(history, replica, view));
        let mut found: Vec<_> = self.holes.iter().map(hole).collect();
        found.extend(stale(history, LED));
        found.extend(foreign(history, SHARED));
        found.extend(two_of_one_epoch(journal, LED, true));
        found.extend(two_of_one_epoch(journal, SHARED, false));
        found.extend(under_one_epoch(journal));
        found.extend(without_excuse(journal, &acted.faults));
        found.extend(lost(history, &acted.writes.acknowledged));
        found.extend(unreached(history, self.entries));
        found.extend(views);
        found.extend(self.too_long());
        found
    }

    /// How long anybody may be without an owner after a fault.
    fn bound(&self, fault: &Fault, until: Moment) -> Duration {
        let outage =
            if fault.what == Happening::StoreKilled { self.outage(fault, until) } else { Duration::ZERO };
        self.ttl + STATED + SLACK + outage
    }

    /// The longest time in which the store took no commit.
    fn outage(&self, fault: &Fault, until: Moment) -> Duration {
        let seen = self.history.iter().map(|change| change.seen);
        let after = seen.filter(|seen| (fault.from..=until).contains(seen));
        let mut seen: Vec<_> = std::iter::once(fault.from).chain(after).collect();
        seen.sort();
        seen.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap_or_default()
    }

    /// Nobody may be without an owner for longer than is said, nor a change wait for much longer than that.
    fn too_long(&self) -> Vec<Violation> {
        let mut found = Vec::new();
        for (fault, until) in self.windows() {
            let bound = self.bound(fault, until);
            for kind in [LED, SHARED] {
                let mut tell = |what: String| {
                    let what = format!("after {fault}: {what}; the bound is {bound:?}");
                    found.push(Violation { what, at: fault.from, kind: kind.into(), name: None });
                };
                match vacancy(&self.history, kind, fault, until) {
                    Vacancy::For(time) if time > bound => tell(format!("{kind} had no owner for {time:?}")),
                    Vacancy::ToTheEnd => tell(format!("{kind} never had an owner again")),
                    Vacancy::None | Vacancy::For(_) => {}
                }
                let silent = silence(&self.journal, kind, fault.from, until);
                if silent > bound {
                    tell(format!("no run of {kind} began for {silent:?}"));
                }
                let waited = self.longest(kind, fault, until);
                if waited > bound + QUEUED {
                    tell(format!(
                        "a change of {kind} waited for {waited:?}, and may for {QUEUED:?} longer than nobody owns it"
                    ));
                }
            }
        }
        for kind in [LED, SHARED] {
            for wait in waits(&self.history, &self.journal, kind) {
                if wait.lasted.is_none() {
                    let what = format!("no run has seen {kind}/{} at {} or later", wait.name, wait.value);
                    found.push(Violation { what, at: wait.since, kind: kind.into(), name: Some(wait.name) });
                }
            }
        }
        found
    }

    /// Each fault, and when the next one began.
    fn windows(&self) -> impl Iterator<Item = (&Fault, Moment)> {
        let ends = self.acted.faults.iter().skip(1).map(|fault| fault.from).chain([self.acted.until]);
        self.acted.faults.iter().zip(ends)
    }

    /// The longest that a change after a fault waited for a run.
    fn longest(&self, kind: &str, fault: &Fault, until: Moment) -> Duration {
        let waits = waits(&self.history, &self.journal, kind).into_iter();
        let waits = waits.filter(|wait| (fault.from..until).contains(&wait.since));
        waits.filter_map(|wait| wait.lasted).max().unwrap_or_default()
    }

    /// What it was, in figures.
    pub(crate) fn figures(&self) -> String {
        let mut text = String::new();
        let runs = self.journal.iter().filter(|line| line.word == Word::Begin).count();
        let cut = self.journal.iter().filter(|line| line.word == Word::Cut).count();
        let acknowledged = self.acted.writes.acknowledged.len();
        let failed: u32 = self.acted.writes.failures.values().sum();
        let _ = writeln!(
            text,
            "  {} entries, {acknowledged} writes acknowledged, {failed} tries failed, {} changes seen, {runs} reconciles, {cut} cut short",
            self.entries,
            self.history.len()
        );
        for (fault, until) in self.windows() {
            let _ = write!(text, "  {fault} for {:.1} s:", fault.until.since(fault.from).as_secs_f64());
            if fault.what == Happening::StoreKilled {
                let _ = write!(text, " no commit for {:.1} s;", self.outage(fault, until).as_secs_f64());
            }
            for kind in [LED, SHARED] {
                let vacant = match vacancy(&self.history, kind, fault, until) {
                    Vacancy::None => "kept its owner".into(),
                    Vacancy::For(time) => format!("without an owner for {:.1} s", time.as_secs_f64()),
                    Vacancy::ToTheEnd => "without an owner to the end".into(),
                };
                let silent = silence(&self.journal, kind, fault.from, until).as_secs_f64();
                let waited = self.longest(kind, fault, until).as_secs_f64();
                let _ = write!(
                    text,
                    " {kind} {vacant}, no run began for {silent:.1} s, a change waited for {waited:.1} s;"
                );
            }
            text.push('\n');
        }
        text
    }
}
