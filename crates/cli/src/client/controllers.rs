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

    /// The keys of a kind that fail, in any of the controllers that reconcile it.
    pub(crate) fn failing(&self, kind: &str) -> Result<Vec<Key>, Failure> {
        let mut failing = Vec::new();
        for controller in self.controllers()? {
            if controller.kind.as_deref() == Some(kind) && controller.queue.failing > 0 {
                failing.extend(self.keys(&controller.name, Some("failing"))?.items);
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
