//! Owners of a draft: who they are at present, and that nobody comes to own itself.

use trimtab_backend::{Invalid, Key, Uid};

use super::Basis;
use super::draft::DraftOwner;
use crate::{Entry, Owner};

/// The owner in its present life. It must lie in the same tenancy and be in view of the cascade.
pub(super) fn identify(key: &Key, wanted: &DraftOwner, basis: &Basis<'_>) -> Result<Owner, Invalid> {
    let owner = &wanted.owner;
    let at = Key::within(owner.kind.as_str().into(), key.tenancy().clone(), &owner.name);
    if wanted.tenancy.as_ref().is_some_and(|tenancy| tenancy != key.tenancy()) {
        let elsewhere = at.in_tenancy(wanted.tenancy.as_ref().unwrap_or(key.tenancy()));
        return Err(Invalid::new("owners", format!("name {elsewhere}, which lies in another tenancy")));
    }
    if !(basis.follows)(at.kind_name()) {
        let what = format!("name {at}, of a kind that this store does not follow, so nobody would see it go");
        return Err(Invalid::new("owners", what));
    }
    let present = || (basis.current)(&at).as_ref().map(Entry::uid);
    let uid: Option<Uid> = owner.uid.or_else(present);
    let uid = uid.ok_or_else(|| Invalid::new("owners", format!("name {at}, which does not exist")))?;
    Ok(Owner { kind: owner.kind.clone(), name: owner.name.clone(), uid })
}

/// Adds an owner. A former life of the same entry is replaced: it can no longer own.
pub(super) fn add(owners: &mut Vec<Owner>, owner: Owner) {
    let former = owners.iter_mut().find(|have| (&have.kind, &have.name) == (&owner.kind, &owner.name));
    match former {
        Some(former) => *former = owner,
        None => owners.push(owner),
    }
}

/// Whether an entry with these owners would own itself, as far as is in view.
pub(super) fn acyclic(key: &Key, owners: &[Owner], basis: &Basis<'_>) -> Result<(), Invalid> {
    let mut seen: Vec<Key> = Vec::new();
    let mut next: Vec<Key> = owners.iter().map(|owner| owner.key(key.tenancy())).collect();
    while let Some(at) = next.pop() {
        if at == *key {
            return Err(Invalid::new("owners", "would make the entry its own owner, through others"));
        }
        if !seen.contains(&at) {
            let above = (basis.current)(&at);
            next.extend(above.iter().flat_map(Entry::owners).map(|owner| owner.key(key.tenancy())));
            seen.push(at);
        }
    }
    Ok(())
}
