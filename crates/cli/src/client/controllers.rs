//! Controllers and their keys.

use trimtab_http::wire::{Controller, Key, Keys, ProblemKind};

use super::{Client, Failure};

/// As many keys as the API tells at once.
const MOST: &str = "5000";

impl Client {
    /// Every controller.
    pub(crate) fn controllers(&self) -> Result<Vec<Controller>, Failure> {
        Ok(self.get(&["v1", "controllers"]).send()?.body)
    }

    /// A controller.
    pub(crate) fn controller(&self, name: &str) -> Result<Controller, Failure> {
        let found = self.get(&["v1", "controllers", name]).send();
        found.map(|answer| answer.body).map_err(|failure| absent(failure, name))
    }

    /// The keys of a controller that are in these states, separated by commas; none: in any.
    pub(crate) fn keys(&self, controller: &str, states: Option<&str>) -> Result<Keys, Failure> {
        let request = self.get(&["v1", "controllers", controller, "keys"]).query("state", states);
        let found = request.query("limit", Some(MOST)).send();
        found.map(|answer| answer.body).map_err(|failure| absent(failure, controller))
    }

    /// The keys of a kind whose last run failed, in any of the controllers that reconcile it.
    pub(crate) fn failing(&self, kind: &str) -> Result<Vec<Key>, Failure> {
        let mut failing = Vec::new();
        for controller in self.controllers()?.iter().filter(|one| one.kind.as_deref() == Some(kind)) {
            let queue = controller.queue;
            // Those that wait come first, so that a long line of others does not crowd them out. One that is tried again fails until a run of it succeeds.
            let states = [
                ("failing", queue.failing),
                ("running,ready,deferred", queue.running + queue.ready + queue.deferred),
            ];
            for (states, _) in states.into_iter().filter(|&(_, count)| count > 0) {
                let keys = self.keys(&controller.name, Some(states))?.items;
                failing.extend(keys.into_iter().filter(|key| key.failures > 0));
            }
        }
        Ok(failing)
    }
}

/// In the words of the command line.
fn absent(failure: Failure, name: &str) -> Failure {
    if failure.kind() != Some(ProblemKind::NotFound) {
        return failure;
    }
    let nearest = failure.document().and_then(|problem| problem.nearest.clone());
    let failure = failure.text(format!("there is no controller `{name}`"));
    match nearest {
        Some(near) => failure.hint(format!("did you mean `{near}`?")),
        None => failure.hint("`trimtab status` lists them"),
    }
}
