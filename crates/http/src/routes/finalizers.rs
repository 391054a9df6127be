//! Whose a finalizer is.

use trimtab_runtime::ControllerHandle;
use trimtab_store::CASCADE_FINALIZER;

/// The controller that deletes what nobody owns any more, see [`trimtab_runtime::owners`].
const CASCADE: &str = "trimtab.owners";
/// What the finalizers of controllers begin with that are no Rust: the rest is the controller's name.
const OF_CONTROLLER: &str = "trimtab/";

/// The controller of this replica that takes a finalizer off; none when none is known to.
pub(super) fn controller_of(finalizer: &str, controllers: &[ControllerHandle]) -> Option<String> {
    let name = match finalizer {
        CASCADE_FINALIZER => CASCADE,
        other => other.strip_prefix(OF_CONTROLLER)?,
    };
    controllers.iter().any(|known| *known.name() == *name).then(|| name.to_owned())
}
