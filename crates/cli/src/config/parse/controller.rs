//! `[[controller]]`.

use std::collections::BTreeSet;
use std::path::Path;

use super::super::fields::Fields;
use super::super::model::{Backoff, Controller, Placement, StoreUrl};
use super::super::problem::Problems;
use super::carrier::carrier;
use super::watch::watch;
use super::{kind, positive_duration};

/// `names` are those of the controllers above it; the store says where one runs by default.
pub(super) fn controller(
    folder: &Path,
    mut table: Fields<'_, '_>,
    store: &StoreUrl,
    names: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Controller> {
    let line = table.line();
    let name = table.parsed("name", problems, controller_name);
    if let Some(name) = &name
        && !names.insert(name.value.clone())
    {
        let what = format!("`{}` is the name of another controller; give each its own", name.value);
        problems.push(table.problem(&name.place, "name", what));
    }
    let kind_name = table.text("kind", problems).and_then(|name| kind(&table, "kind", name, problems));
    let persistent = table.flag("persistent", problems);
    let carrier = carrier(folder, &mut table, persistent, problems);
    let workers = table.number("workers", problems);
    let timeout = table.parsed("timeout", problems, positive_duration);
    let backoff = backoff(table.section("backoff", problems), problems);
    let resync = table.parsed("resync", problems, positive_duration).map(|taken| taken.value);
    let finalizer = table.flag("finalizer", problems);
    let env = table.free_texts("env", problems).into_iter().collect();
    let pass_env = table.texts("pass_env", problems);
    let placement = table.parsed_or("placement", default_placement(store), problems, placement);
    let fairness = table.flag("fairness", problems);
    let watches = table.tables("watch", problems);
    let watches = watches.into_iter().filter_map(|inner| watch(folder, inner, problems)).collect();
    table.finish(problems);
    Some(Controller {
        name: name?.value,
        kind: kind_name?,
        carrier: carrier?,
        workers: usize::try_from(workers?).ok()?,
        timeout: timeout?.value,
        backoff: backoff?,
        resync,
        finalizer,
        env,
        pass_env: pass_env?.value,
        placement: placement?.value,
        fairness,
        watches,
        line,
    })
}

/// The name of a controller: it is part of finalizers, metrics and log lines.
fn controller_name(text: &str) -> Result<String, String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=63).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') {
        return Ok(text.to_owned());
    }
    Err(format!("`{text}` must be 1 to 63 lower-case letters, digits and `-`, not beginning with `-`"))
}

fn backoff(mut fields: Fields<'_, '_>, problems: &mut Problems) -> Option<Backoff> {
    let max_is_said = fields.has("max");
    let base = fields.parsed("base", problems, positive_duration)?;
    let max = fields.parsed("max", problems, positive_duration)?;
    if base.value > max.value && max_is_said {
        problems.push(fields.problem(&base.place, "base", "must not be longer than `max`"));
    }
    fields.finish(problems);
    // A base that is longer than the default of the most is the most.
    Some(Backoff { base: base.value, max: max.value.max(base.value) })
}

fn placement(text: &str) -> Result<Placement, String> {
    match text {
        "everywhere" => Ok(Placement::Everywhere),
        "leader" => Ok(Placement::Leader),
        "sharded" => Ok(Placement::Sharded),
        _ => Err(format!("`{text}` is not a placement: write `everywhere`, `leader` or `sharded`")),
    }
}

/// A store that only this process can have open needs no lease; on one that others share, two replicas must not reconcile one entry unless somebody says so.
const fn default_placement(store: &StoreUrl) -> &'static str {
    if store.is_shared() { "\"leader\"" } else { "\"everywhere\"" }
}
