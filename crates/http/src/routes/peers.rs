//! The other replicas: which of them runs what, and where it is reached.

use trimtab_backend::Key as EntryName;
use trimtab_runtime::{
    ControllerHandle, ControllerStatus, Leader, Placement, ReplicaState, Sharded, Whereabouts,
};
use trimtab_store::Index;

use crate::api::Shared;
use crate::problem::Refusal;
use crate::wire::RunBy;

/// Keys of other replicas that are named.
const NAMED: usize = 5;

/// The replica of this name.
fn peer(shared: &Shared, name: String) -> RunBy {
    let replicas = shared.roster.as_ref().map(trimtab_runtime::Roster::replicas).unwrap_or_default();
    let mut alive =
        replicas.into_iter().filter(|other| other.state == ReplicaState::Alive && other.replica.name == name);
    // Of two that are called the same nobody knows which is meant.
    let api = alive.next().filter(|_| alive.next().is_none()).and_then(|other| other.replica.api);
    RunBy { replica: Some(name), api }
}

/// Who leads a controller, and under which epoch, where it runs in one replica; without a name when that is not known here.
pub(super) fn leader(shared: &Shared, status: &ControllerStatus) -> Option<(Option<String>, Option<Index>)> {
    let Placement::Leader(Leader { name: lease, .. }) = &status.placement else { return None };
    let here = status.epoch.map(|epoch| (Some(shared.name.clone()), Some(epoch)));
    let holder = || shared.roster.as_ref().and_then(|roster| roster.holder(lease));
    let there = || holder().map(|holder| (Some(holder.name), Some(holder.epoch)));
    Some(here.or_else(there).unwrap_or_default())
}

/// Who leads a controller that does not run here, where it runs in one replica.
pub(super) fn leads_instead(shared: &Shared, controller: &ControllerHandle) -> Option<RunBy> {
    if runs_something(controller) {
        return None;
    }
    let (name, _) = leader(shared, &controller.status())?;
    Some(name.map_or_else(RunBy::default, |name| peer(shared, name)))
}

/// Whether keys of a controller run here at present: a leader's are all in one place, and of a group that it is no member of a replica has none.
fn runs_something(controller: &ControllerHandle) -> bool {
    controller.whereabouts(&EntryName::new("any", "any")) != Whereabouts::NotHere
}

/// Who runs keys of a controller that are there, when that is not here.
pub(super) fn run_by(
    shared: &Shared,
    controller: &ControllerHandle,
    whereabouts: Whereabouts,
) -> Option<RunBy> {
    match whereabouts {
        Whereabouts::Here => None,
        Whereabouts::With(name) => Some(peer(shared, name)),
        _ => Some(leads_instead(shared, controller).unwrap_or_default()),
    }
}

/// Why nothing of a controller runs here now, when that is so.
pub(super) fn stands_by(shared: &Shared, controller: &ControllerHandle) -> Option<Refusal> {
    if runs_something(controller) {
        return None;
    }
    let (status, me) = (controller.status(), &shared.name);
    if let Placement::Sharded(Sharded { group, .. }) = &status.placement {
        let what = format!(
            "this replica, `{me}`, is not yet a member of the group `{group}` that shares out the keys of controller `{}`; nothing was queued",
            status.name
        );
        return Some(Refusal::unavailable(what));
    }
    let run_by = leads_instead(shared, controller).unwrap_or_default();
    let by = match (&run_by.replica, &shared.roster) {
        (Some(_), _) => text(&run_by),
        (None, None) => "another replica".into(),
        (None, Some(_)) => {
            let what = format!(
                "no replica leads controller `{}` at present; one will as soon as the lease of the last has run out; nothing was queued",
                status.name
            );
            return Some(Refusal::unavailable(what));
        }
    };
    let what = format!(
        "controller `{}` is led by {by}; this one, `{me}`, stands by; nothing was queued: ask the one that leads",
        status.name
    );
    Some(Refusal::misdirected(what, run_by))
}

/// That some of so many keys are run by others, so that nothing was queued. None where all run here.
pub(super) fn elsewhere(
    shared: &Shared,
    controller: &ControllerHandle,
    keys: &[EntryName],
) -> Option<Refusal> {
    let whereabouts = keys.iter().map(|key| (key, controller.whereabouts(key)));
    let others: Vec<_> = whereabouts.filter(|(_, at)| *at != Whereabouts::Here).collect();
    let (_, first) = others.first()?;
    let me = &shared.name;
    let by = |at: &Whereabouts| run_by(shared, controller, at.clone()).unwrap_or_default();
    let named = others.iter().take(NAMED).map(|(key, at)| format!("{key} by {}", text(&by(at))));
    let named = named.collect::<Vec<_>>().join(", ");
    let what = match (keys, others.len()) {
        ([key], _) => format!("{key} is run by {}, not by this one, `{me}`", text(&by(first))),
        (_, many @ ..=NAMED) => {
            format!(
                "{many} of the {} keys are run by other replicas than this one, `{me}`: {named}",
                keys.len()
            )
        }
        (_, many) => format!(
            "{many} of the {} keys are run by other replicas than this one, `{me}`: {named} and {} more",
            keys.len(),
            many - NAMED
        ),
    };
    let all_by_one = others.iter().all(|(_, at)| at == first);
    let run_by = if all_by_one { by(first) } else { RunBy::default() };
    Some(Refusal::misdirected(format!("{what}; nothing was queued: ask each for its own"), run_by))
}

fn text(run_by: &RunBy) -> String {
    match (&run_by.replica, &run_by.api) {
        (Some(name), Some(api)) => format!("replica `{name}` at {api}"),
        (Some(name), None) => format!("replica `{name}`"),
        (None, _) => "another replica".into(),
    }
}
