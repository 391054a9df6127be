//! Which entry a path and a query name.

use serde::Deserialize;
use trimtab_store::{Key, KindName, Snapshot, Tenancy};
use utoipa::IntoParams;

use crate::api::Shared;
use crate::nearest::nearest;
use crate::problem::Refusal;
use crate::wire::ProblemKind;

/// Where an entry lies.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Place {
    /// Its namespace; left out: `default`.
    pub(super) namespace: Option<String>,
    /// Its partition; left out: `default`.
    pub(super) partition: Option<String>,
}

/// Where an entry that is to be written lies, and whether it is only asked what would come of it.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WritePlace {
    /// Its namespace; left out: `default`.
    pub(super) namespace: Option<String>,
    /// Its partition; left out: `default`.
    pub(super) partition: Option<String>,
    /// `true`: nothing is written; the answer tells what would come of it.
    #[serde(default)]
    pub(super) dry_run: bool,
}

/// The key of an entry; a name that is none is refused.
pub(super) fn key(
    kind: &str,
    name: &str,
    namespace: Option<&str>,
    partition: Option<&str>,
) -> Result<Key, Refusal> {
    let home = Tenancy::default();
    let tenancy = Tenancy::new(partition.unwrap_or(home.partition()), namespace.unwrap_or(home.namespace()));
    let key = Key::within(kind.into(), tenancy, name);
    key.validate()?;
    Ok(key)
}

/// A kind that there can be: when the set is closed, one that is declared or has entries.
pub(super) fn kind(shared: &Shared, kind: &str, snapshot: &Snapshot) -> Result<KindName, Refusal> {
    let name = KindName::new(kind);
    name.validate()?;
    let has_entries = || !snapshot.list_kind(name.clone()).everywhere().is_empty();
    if !shared.kinds_closed || declared(shared, kind) || name.is_reserved() || has_entries() {
        return Ok(name);
    }
    Err(unknown(shared, kind, ProblemKind::NotFound))
}

/// A kind that entries may be written of: when the set is closed, one that is declared.
pub(super) fn writable(shared: &Shared, kind: &str, problem: ProblemKind) -> Result<(), Refusal> {
    if shared.kinds_closed && !declared(shared, kind) {
        return Err(unknown(shared, kind, problem));
    }
    Ok(())
}

fn declared(shared: &Shared, kind: &str) -> bool {
    shared.kinds.iter().any(|known| known.name == kind)
}

fn unknown(shared: &Shared, kind: &str, problem: ProblemKind) -> Refusal {
    let plural = shared.kinds.iter().find(|known| known.plural.as_deref() == Some(kind));
    let names = || shared.kinds.iter().map(|known| known.name.as_str());
    let meant = plural.map(|known| known.name.clone()).or_else(|| nearest(kind, names()));
    let detail = format!("there is no kind `{kind}`; GET /v1/kinds lists them");
    Refusal::new(problem, detail).field("kind").nearest(meant)
}
