//! Entry by entry, in order.

use std::collections::BTreeSet;

use trimtab_http::wire::{EntryKey, Outcome, ProblemKind};

use super::super::told::{Told, shown};
use super::{doubts, tell};
use crate::client::{Client, Failure, key_of};
use crate::command::Exit;
use crate::documents::Given;

/// Applies each of these; what fails does not stop the others. An owner may stand after what it owns, so what lacks its owner is tried again as long as others
/// were created.
pub(super) fn apply(client: &Client, given: Vec<Given>, dry_run: bool, told: Told) -> Exit {
    let (mut exit, mut created) = (Exit::Done, BTreeSet::new());
    let mut round = given;
    loop {
        let before = created.len();
        let mut unowned = Vec::new();
        let mut rest = round.into_iter();
        while let Some(given) = rest.next() {
            let failure = match client.put_entry(&given.document, None, dry_run) {
                Ok(answer) => {
                    let written = answer.body;
                    tell(told, &written);
                    if written.outcome == Outcome::Created {
                        created.insert(written.key);
                    }
                    continue;
                }
                Err(failure) if lacks_owner(&failure) => {
                    unowned.push((given, failure));
                    continue;
                }
                Err(failure) => failure,
            };
            let (is_of_all, left) = (failure.is_of_all(), rest.len() + unowned.len());
            exit = exit.worst(failure.about(&given).tell());
            if is_of_all {
                if left > 0 {
                    eprintln!(
                        "{left} more {} not tried; apply again, which changes nothing twice",
                        were(left)
                    );
                }
                return exit;
            }
        }
        let is_last = dry_run || created.len() == before || unowned.is_empty();
        if is_last {
            doubts::tell(client, &created, dry_run, told);
        }
        if dry_run {
            return exit.worst(untried(unowned, created, told));
        }
        if is_last {
            let told = unowned.into_iter().map(|(given, failure)| failure.about(&given).tell());
            return told.fold(exit, Exit::worst);
        }
        round = unowned.into_iter().map(|(given, _)| given).collect();
    }
}

const fn were(count: usize) -> &'static str {
    if count == 1 { "was" } else { "were" }
}

/// Whether it fails because an owner is not there.
pub(crate) fn lacks_owner(failure: &Failure) -> bool {
    failure.kind() == Some(ProblemKind::Invalid)
        && failure.document().and_then(|problem| problem.field.as_deref()) == Some("owners")
}

/// Those whose owner would only be made by this: nothing more can be told of them.
fn untried(mut unowned: Vec<(Given, Failure)>, mut made: BTreeSet<EntryKey>, told: Told) -> Exit {
    loop {
        let (come, stay): (Vec<_>, Vec<_>) =
            unowned.into_iter().partition(|(given, _)| is_owned_by(given, &made));
        unowned = stay;
        if come.is_empty() {
            break;
        }
        for (given, _) in come {
            let key = key_of(&given.document);
            told.people(&format!("{} created once its owner is (dry run)", shown(&key)));
            made.insert(key);
        }
    }
    let told = unowned.into_iter().map(|(given, failure)| failure.about(&given).tell());
    told.fold(Exit::Done, Exit::worst)
}

/// Whether one of these owns it.
pub(crate) fn is_owned_by(given: &Given, owners: &BTreeSet<EntryKey>) -> bool {
    given.document.owners.iter().any(|owner| {
        let (kind, name) = (owner.kind.clone(), owner.name.clone());
        owners.contains(&EntryKey { kind, name, ..key_of(&given.document) })
    })
}
