//! All entries in one transaction.

use trimtab::backend::Limits;
use trimtab_http::wire::{Operation, Outcome, ProblemKind, Transacted, Transaction};

use super::super::told::Told;
use super::{doubts, tell};
use crate::client::{Client, Failure};
use crate::command::Exit;
use crate::documents::Given;

/// Applies all of these or none.
pub(super) fn apply(client: &Client, given: Vec<Given>, dry_run: bool, told: Told) -> Result<Exit, Failure> {
    let most = Limits::PORTABLE.operations;
    if given.len() > most {
        let what = format!("{} entries are more than the {most} that one transaction may hold", given.len());
        return Err(Failure::failed(what).hint("leave --atomic out, or apply them in parts"));
    }
    let put = |given: Given| Operation::Put { entry: given.document, if_match: None, create: false };
    let transaction = Transaction { checks: Vec::new(), operations: given.into_iter().map(put).collect() };
    let request = client.post(&["v1", "transactions"]).only_asks(dry_run).json(&transaction);
    let done: Transacted = request.send().map_err(explained)?.body;
    done.results.iter().for_each(|written| tell(told, written));
    let created = done.results.iter().filter(|written| written.outcome == Outcome::Created);
    doubts::tell(client, created.map(|written| &written.key), dry_run, told);
    Ok(Exit::Done)
}

fn explained(failure: Failure) -> Failure {
    let field = failure.document().and_then(|problem| problem.field.clone()).unwrap_or_default();
    let hint = match failure.kind() {
        Some(ProblemKind::TooLarge) => "nothing was written; leave --atomic out, or apply them in parts",
        Some(ProblemKind::Invalid) if field == "owners" => {
            "nothing was written; an owner must be there before: apply it first, or leave --atomic out"
        }
        Some(ProblemKind::Invalid | ProblemKind::Conflict) => "nothing was written",
        _ => return failure,
    };
    failure.hint(hint)
}
