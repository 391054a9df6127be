//! What can be wrong with a controller before it begins (behaviour C15).

use std::time::Duration;

use trimtab_backend::LeaseSettings;

use super::builder::Controller;
use super::error::Misconfigured;
use crate::lease_use::Lease;
use crate::source::Origin;

pub(super) fn check(controller: &Controller) -> Result<(), Misconfigured> {
    let wrong = |setting, problem: String| Misconfigured {
        controller: controller.core.name().to_string(),
        setting,
        problem,
    };
    if let Err(invalid) = &controller.queue.backoff {
        return Err(wrong("with_backoff", invalid.to_string()));
    }
    if controller.deadline == Some(Duration::ZERO) {
        return Err(wrong(
            "with_deadline",
            "no reconcile can finish in no time; leave it out for no deadline".into(),
        ));
    }
    if controller.resync == Some(Duration::ZERO) {
        return Err(wrong("with_resync", "every key would run for ever; leave it out for no resync".into()));
    }
    if let Some(Lease { name, ttl, shared, .. }) = controller.lease() {
        let what = if shared { "group" } else { "lease" };
        if name.is_empty() {
            return Err(wrong("with_placement", format!("the {what} has no name")));
        }
        LeaseSettings::with_ttl(ttl).map_err(|invalid| wrong("with_placement", invalid.to_string()))?;
    }
    for source in &controller.sources {
        let probed = match &source.origin {
            Origin::Entries(request) => controller.core.store.subscribe(request.clone()).map(drop),
            Origin::Other(other) => other.probe(),
        };
        probed.map_err(|error| wrong("subscribe", format!("source {}: {error}", source.title())))?;
    }
    for declare in &controller.lookups {
        declare(&controller.core.store).map_err(|problem| wrong("with_lookup", problem))?;
    }
    Ok(())
}
