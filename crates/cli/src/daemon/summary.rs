//! How each controller stands, in a line: live on a terminal, now and then elsewhere.

use std::time::Duration;

use parking_lot::Mutex;
use trimtab::backend::{Index, KindName};
use trimtab::runtime::{ControllerHandle, ManagerHandle};
use trimtab::seams::{Instant, Seams};
use trimtab::store::Store;

use crate::config::Config;
use crate::screen::Screen;

/// How often it is looked.
const LOOK: Duration = Duration::from_millis(250);
/// How often lines are printed away from a terminal while work goes on.
const SAY_AGAIN: Duration = Duration::from_secs(10);
/// Entries are counted again at most every second, and only when something was committed.
const COUNT_AGAIN: Duration = Duration::from_secs(1);

/// Shows how the controllers stand.
pub(super) struct Summary {
    store: Store,
    seams: Seams,
    screen: Screen,
    rows: Vec<Row>,
    state: Mutex<State>,
}

struct Row {
    handle: ControllerHandle,
    kind: KindName,
}

#[derive(Default)]
struct State {
    /// How many entries each controller's kind has.
    entries: Vec<usize>,
    counted: Option<(Index, Instant)>,
    /// The lines printed last, away from a terminal.
    printed: Vec<String>,
    printed_at: Instant,
}

impl Summary {
    pub(super) fn new(config: &Config, store: &Store, manager: &ManagerHandle, screen: &Screen) -> Self {
        let rows = config.controllers.iter().filter_map(|table| {
            Some(Row { handle: manager.controller(&table.name)?, kind: table.kind.as_str().into() })
        });
        let (rows, seams) = (rows.collect(), store.seams().clone());
        let state = Mutex::new(State { printed_at: seams.now(), ..State::default() });
        Self { store: store.clone(), seams, screen: screen.clone(), rows, state }
    }

    /// Shows how they stand, for ever.
    pub(super) async fn run(&self) {
        loop {
            self.seams.sleep(LOOK).await;
            // Away from a terminal lines are printed when there is rest, and now and then while there is none.
            let now = self.seams.now();
            if self.screen.is_live() {
                let lines = self.lines(&mut self.state.lock());
                self.screen.show(&lines);
            } else if self.rests() || now - self.state.lock().printed_at >= SAY_AGAIN {
                self.say();
            }
        }
    }

    /// Says how they stand now, unless that was said last.
    pub(super) fn say(&self) {
        let mut state = self.state.lock();
        let lines = self.lines(&mut state);
        if lines != state.printed {
            self.screen.show(&[]);
            for line in &lines {
                self.screen.say(line);
            }
            (state.printed, state.printed_at) = (lines, self.seams.now());
        }
    }

    /// Whether nothing is left to do here but what fails.
    fn rests(&self) -> bool {
        self.rows.iter().all(|row| {
            let status = row.handle.status();
            let queue = status.queue;
            let only_fails = queue.ready + queue.running == 0 && queue.failing > 0;
            row.handle.is_settled() || status.standby || only_fails
        })
    }

    fn count(&self, state: &mut State) {
        let snapshot = self.store.snapshot();
        let (index, now) = (snapshot.index(), self.seams.now());
        let is_new = |(at, when): (Index, Instant)| at == index || now - when < COUNT_AGAIN && !self.rests();
        if state.counted.is_some_and(is_new) {
            return;
        }
        let entries = |row: &Row| snapshot.list_kind(row.kind.clone()).everywhere().into_iter().count();
        state.entries = self.rows.iter().map(entries).collect();
        state.counted = Some((index, now));
    }

    fn lines(&self, state: &mut State) -> Vec<String> {
        self.count(state);
        let names: Vec<_> = self.rows.iter().map(|row| row.handle.name()).collect();
        let width = names.iter().map(|name| name.len()).max().unwrap_or_default();
        let rows = self.rows.iter().zip(&names).zip(&state.entries);
        rows.map(|((row, name), &entries)| {
            let status = row.handle.status();
            let standing = match (status.standby, status.reasons.first()) {
                (true, _) => "standby".to_owned(),
                (_, Some(reason)) => format!("not ready ({reason})"),
                _ => "ready".to_owned(),
            };
            let (queue, noun) = (status.queue, if entries == 1 { "entry" } else { "entries" });
            let reconciled = entries.saturating_sub(queue.ready + queue.running + queue.failing);
            let failing = queue.failing;
            format!("{name:width$}  {standing}  {entries} {noun}  {reconciled} reconciled  {failing} failing")
        })
        .collect()
    }
}
