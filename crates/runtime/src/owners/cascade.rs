//! One entry, seen by the cascade.

use trimtab_store::{CASCADE_FINALIZER, Entry, Propagation, ReadError, View, Write};

use crate::{Action, Context, Request, Result};

/// Deletes the entry if all its owners are gone; does to its dependents what its own deletion asks for.
pub(super) async fn reconcile(ctx: &Context, request: Request) -> Result<Action> {
    let Some(entry) = ctx.entry(&request)? else { return Ok(Action::done()) };
    if entry.is_deleting() {
        if entry.finalizers().iter().any(|finalizer| finalizer == CASCADE_FINALIZER) {
            release(ctx, &entry).await?;
        }
        return Ok(Action::done());
    }
    if is_orphaned(&ctx.view(), &entry)? {
        ctx.commit(entry.delete()).await?;
    }
    Ok(Action::done())
}

/// Whether it had owners and none of them is there. An owner existed when it was named, so one that the view does not show is gone; of a kind that
/// nobody follows nothing can be said, so it is taken to be there.
fn is_orphaned(view: &View, entry: &Entry) -> Result<bool, ReadError> {
    for owner in entry.owners() {
        match view.entry(&owner.key(entry.tenancy())) {
            Ok(Some(there)) if there.uid() == owner.uid => return Ok(false),
            Ok(_) => {}
            // It cannot be read, but it is there, in whatever life.
            Err(ReadError::NotFollowed(_) | ReadError::Decode(_)) => return Ok(false),
            Err(other) => return Err(other),
        }
    }
    Ok(!entry.owners().is_empty())
}

/// Does to the dependents what the deletion asks for; once nothing is left to do, lets the entry go.
async fn release(ctx: &Context, entry: &Entry) -> Result<()> {
    let propagation = entry.deletion().map(|deletion| deletion.propagation).unwrap_or_default();
    let dependents = ctx.view().dependents(entry.uid()).collect::<Result<Vec<_>, _>>()?;
    if propagation == Propagation::Orphan {
        let freed: Vec<Write> =
            dependents.iter().map(|dependent| dependent.remove_owner(entry.uid())).collect();
        ctx.commit_in_parts(freed).await?;
    } else {
        // Those that others own as well stay, and do not hold it back.
        let left: Vec<_> = dependents.iter().filter(|dependent| dependent.owners().len() == 1).collect();
        if !left.is_empty() {
            let deleted = left.iter().filter(|dependent| !dependent.is_deleting());
            let deleted: Vec<Write> = deleted.map(|dependent| dependent.delete_with(propagation)).collect();
            ctx.commit_in_parts(deleted).await?;
            // Each dependent's end enqueues its owners.
            return Ok(());
        }
    }
    ctx.commit(entry.remove_finalizer(CASCADE_FINALIZER)).await?;
    Ok(())
}
