//! The end of an entry: finalizers, owners.

use serde_json::json;
use trimtab_backend::{Key, Part};
use trimtab_store::{CASCADE_FINALIZER, Draft, Kind as _, Propagation, Write};

use crate::shelf::{Answer, Site, conflict, invalid, site, with_site};

/// behaviour E7
#[test]
fn finalizers_hold_a_delete_until_the_last_is_removed() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    assert_eq!(
        shelf.commit([read.add_finalizer("disk"), read.add_finalizer("dns"), read.add_finalizer("disk")]),
        Answer::At(2)
    );
    let held = shelf.get::<Site>("blog");
    assert_eq!(held.finalizers(), ["disk", "dns"]);
    assert_eq!(shelf.commit(held.delete()), Answer::At(3));
    let deleting = shelf.get::<Site>("blog");
    assert!(deleting.is_deleting());
    assert_eq!(
        deleting.deletion().map(|deletion| deletion.since.to_string()).as_deref(),
        Some("1970-01-01T02:00:00.000Z")
    );
    assert_eq!(shelf.commit(deleting.delete()), Answer::Nothing, "it is being deleted already");
    let late = shelf.commit(deleting.add_finalizer("late"));
    assert_eq!(
        invalid(&late),
        ("finalizers", "site/blog: finalizers cannot be given `late` while the entry is being deleted")
    );
    assert_eq!(shelf.commit(deleting.remove_finalizer("disk")), Answer::At(4));
    let last = shelf.get::<Site>("blog");
    let writes = [last.edit_status(|status| status.serving = false), last.remove_finalizer("dns")];
    assert_eq!(shelf.commit(writes), Answer::At(5));
    assert_eq!(shelf.entry(last.key()), None, "both halves are gone");
}

/// behaviour E7
#[test]
fn a_delete_of_dependents_first_or_not_at_all_waits_for_the_cascade() {
    for propagation in [Propagation::Foreground, Propagation::Orphan] {
        let mut shelf = with_site("blog", "a.org");
        shelf.commit(shelf.get::<Site>("blog").delete_with(propagation));
        let deleting = shelf.get::<Site>("blog");
        assert_eq!(deleting.deletion().map(|deletion| deletion.propagation), Some(propagation));
        assert_eq!(deleting.finalizers(), [CASCADE_FINALIZER]);
        shelf.commit(deleting.remove_finalizer(CASCADE_FINALIZER));
        assert_eq!(shelf.entry(deleting.key()), None);
    }
}

/// behaviour E7
#[test]
fn owners_are_added_by_uid_replace_their_own_former_life_and_never_lie_elsewhere() {
    let mut shelf = with_site("blog", "a.org");
    let owner = shelf.get::<Site>("blog");
    let child = || Draft::json("listing", "a", &json!({}));
    shelf.commit(child().owned_by(&owner).apply());
    let key = Key::new("listing", "a");
    assert!(shelf.entry(&key).expect("there").is_owned_by(&owner));
    shelf.commit(owner.delete());
    shelf.commit(site("a.org").named("blog").create());
    let second = shelf.get::<Site>("blog");
    shelf.commit(child().owned_by(&second).apply());
    let listing = shelf.entry(&key).expect("there");
    assert_eq!(listing.owners().len(), 1);
    assert!(listing.is_owned_by(&second) && !listing.is_owned_by(&owner));
    shelf.commit(child().label("x", "y").apply());
    assert_eq!(shelf.entry(&key).expect("there").owners().len(), 1, "owners are added, never removed");
    shelf.commit(shelf.entry(&key).expect("there").remove_owner(second.uid()));
    assert!(shelf.entry(&key).expect("there").owners().is_empty());

    let elsewhere = shelf.commit(child().in_namespace("shop").owned_by(&second).apply());
    assert!(
        invalid(&elsewhere).1.ends_with("owners name site/blog, which lies in another tenancy"),
        "{elsewhere:?}"
    );
    shelf.unfollowed = Some("site");
    assert_eq!(invalid(&shelf.commit(child().owned_by(&second).apply())).0, "owners");
}

/// behaviour E7
#[test]
fn nobody_comes_to_own_itself() {
    let mut shelf = with_site("blog", "a.org");
    let blog = shelf.get::<Site>("blog");
    assert_eq!(
        invalid(&shelf.commit(blog.add_owner(&blog))),
        ("owners", "site/blog: owners name the entry itself")
    );
    shelf.commit(Draft::json("listing", "a", &json!({})).owned_by(&blog).apply());
    let listing = shelf.entry(&Key::new("listing", "a")).expect("there");
    let cycle = shelf.commit(blog.add_owner(&listing));
    assert_eq!(
        invalid(&cycle),
        ("owners", "site/blog: owners would make the entry its own owner, through others")
    );
}

#[test]
fn created_and_deleted_in_one_breath_is_nothing() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    shelf.commit(read.delete());
    assert_eq!(
        shelf.commit([read.delete()]),
        conflict(Part::Spec),
        "what is gone cannot be deleted at a version"
    );
    assert_eq!(shelf.commit(None::<Write>), Answer::Nothing);
    assert_eq!(shelf.commit(Vec::new()), Answer::Nothing);
}
