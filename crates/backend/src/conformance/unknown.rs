//! Tests 16 to 24: outcomes that are unknown. All but the last word of them need faults of a server.

use super::case::{Case, Outcome, ensure, skipped};
use super::hooks::LocalFuture;
use super::trial::Trial;
use crate::{Backend, Pending};

pub(super) fn cases<B: Backend>() -> Vec<Case<B>> {
    vec![
        Case::new(16, "U2", "a dropped answer is Unknown and resolves to Committed", |_| dropping()),
        Case::new(17, "U2", "a request dropped on its way resolves to Never, and stays so", |_| dropping()),
        Case::new(18, "U2", "after Never the write does not land when a frozen leader wakes", |_| freezing()),
        Case::new(19, "U2", "nor does one land that was sent straight to the frozen leader", |_| freezing()),
        Case::new(20, "U2", "resolve survives its own unknown outcome", |_| dropping()),
        Case::new(21, "U2", "resolve gives one verdict, and none on a ticket that is not its own", |t| {
            Box::pin(a_foreign_ticket_gets_no_verdict(t))
        }),
        Case::new(
            22,
            "U2",
            "killing the leader under 24 writers loses no acknowledged write and settles each Unknown rightly",
            |_| killing(),
        ),
        Case::new(
            23,
            "X1",
            "every error listed as not applied was not applied, in a thousand faults",
            |_| killing(),
        ),
        Case::new(24, "X1", "without quorum a commit ends within its deadline, and not as Committed", |_| {
            freezing()
        }),
    ]
}

fn dropping<'a>() -> LocalFuture<'a, Outcome> {
    skipped("needs a proxy that drops messages")
}

fn freezing<'a>() -> LocalFuture<'a, Outcome> {
    skipped("needs a server that is frozen and thawed")
}

fn killing<'a>() -> LocalFuture<'a, Outcome> {
    skipped("needs servers that are killed")
}

/// contract test 21
async fn a_foreign_ticket_gets_no_verdict<B: Backend>(trial: &Trial<'_, B>) -> Outcome {
    struct NotYours;
    let pending = Pending::new(NotYours);
    for _ in 0..2 {
        let verdict = trial.store.resolve(pending.clone()).await;
        ensure(verdict.is_err(), "an error for a ticket of another", verdict)?;
    }
    Ok(())
}
