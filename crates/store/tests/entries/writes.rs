//! What writes come to: drafts, conditions, folding.

use serde_json::json;
use trimtab_backend::{Expect, Index, Key, Part, Tenancy};
use trimtab_store::{Draft, Entry, Kind as _, KindKey as _, Write};

use crate::shelf::{Answer, Port, Shelf, Site, SiteStatus, conflict, invalid, lines, site, with_site};

/// behaviour E1
#[test]
fn a_created_entry_has_a_uid_the_first_generation_and_its_commit_as_version() {
    let mut shelf = Shelf::default();
    let draft = site("a.org").named("blog").label("team", "web");
    assert_eq!(shelf.commit(draft.create()), Answer::At(1));
    let blog = shelf.get::<Site>("blog");
    assert_eq!((blog.generation(), blog.created(), blog.version()), (1, Index::new(1), Index::new(1)));
    assert_eq!(
        (blog.label("team"), blog.spec.host.as_str(), blog.status_version()),
        (Some("web"), "a.org", None)
    );
    assert_eq!(blog.created_at().to_string(), "1970-01-01T00:00:00.000Z");
    let first = blog.uid();
    shelf.commit(blog.delete());
    shelf.commit(site("a.org").named("blog").create());
    let again = shelf.get::<Site>("blog");
    assert_ne!(again.uid(), first, "deleted and created again it is another entry");
    assert_eq!((again.generation(), again.created()), (1, Index::new(3)));
}

/// behaviour E3
#[test]
fn an_equal_write_is_nothing_to_send_and_a_lost_race_is_a_conflict() {
    let mut shelf = with_site("blog", "a.org");
    assert_eq!(
        shelf.commit(site("A.org").named("blog").apply()),
        Answer::Nothing,
        "normalised, it is the same"
    );
    let read = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit(read.edit(|spec| spec.host = "b.org".into())), Answer::At(2));
    assert_eq!(shelf.commit(read.edit(|spec| spec.host = "c.org".into())), conflict(Part::Spec));
    assert_eq!(shelf.commit(site("c.org").named("blog").create()), conflict(Part::Spec));
    assert_eq!(
        shelf.commit(read.edit(|_| {})),
        Answer::Nothing,
        "what changes nothing is not sent, however old"
    );
}

/// behaviour E3
#[test]
fn equality_is_that_of_json_values_not_of_text() {
    let mut shelf = Shelf::default();
    shelf.commit(
        Draft::json("site", "blog", &json!({"host": "a", "n": 1, "list": [1, {"x": null}]})).create(),
    );
    let same = json!({"list": [1.0, {"x": null}], "n": 1.0, "host": "a"});
    assert_eq!(shelf.commit(Draft::json("site", "blog", &same).apply()), Answer::Nothing);
    let other = json!({"list": [{"x": null}, 1], "n": 1, "host": "a"});
    assert_eq!(
        shelf.commit(Draft::json("site", "blog", &other).apply()),
        Answer::At(2),
        "order of a list counts"
    );
}

#[test]
fn apply_adds_labels_and_exactly_replaces_them() {
    let mut shelf = Shelf::default();
    let draft = || site("a.org").named("blog");
    shelf.commit(draft().label("a", "1").origin("sites/blog.yaml").apply());
    shelf.commit(shelf.get::<Site>("blog").set_label("b", "2"));
    assert_eq!(shelf.commit(draft().apply()), Answer::Nothing);
    assert_eq!(shelf.commit(draft().label("c", "3").exactly().apply()), Answer::At(3));
    let blog = shelf.get::<Site>("blog");
    assert_eq!(
        blog.labels().iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>(),
        ["c=3"]
    );
    assert_eq!(blog.origin(), Some("sites/blog.yaml"), "where it comes from stays");
    shelf.commit(blog.remove_label("c"));
    assert!(shelf.get::<Site>("blog").labels().is_empty());
}

/// guarantee R-a
#[test]
fn every_write_names_what_it_replaces_but_overwrite() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    shelf.commit(read.set_status(SiteStatus::default()));
    let read = shelf.get::<Site>("blog");
    let all: Vec<Write> = vec![
        read.edit(|spec| spec.host = "b".into()),
        read.edit_status(|status| status.serving = true),
        read.set_label("a", "b"),
        read.add_finalizer("x"),
        read.delete(),
        read.edit_json(|spec| spec["x"] = json!(1)),
        site("b").named("blog").apply(),
        site("b").named("blog").create(),
        site("b").named("new").apply(),
    ];
    for write in all {
        let transaction = shelf.resolve(write).expect("valid").transaction;
        assert_eq!(transaction.operations.len(), 1);
        assert!(transaction.conditions().all(|(_, _, expect)| expect != Expect::Anything), "{transaction:?}");
    }
    for (name, conditions) in [("blog", 1), ("new", 1)] {
        let blind = shelf.resolve(site("a.org").named(name).overwrite()).expect("valid").transaction;
        let conditions_found: Vec<_> = blind.conditions().map(|(_, _, expect)| expect).collect();
        assert_eq!(
            conditions_found,
            vec![Expect::Anything; conditions],
            "an overwrite is sent even when equal"
        );
    }
}

#[test]
fn an_overwrite_keeps_who_the_entry_is() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    shelf.commit([read.set_label("a", "b"), read.add_finalizer("x")]);
    assert_eq!(shelf.commit(site("b.org").named("blog").overwrite()), Answer::At(3));
    let now = shelf.get::<Site>("blog");
    assert_eq!(
        (now.uid(), now.generation(), now.label("a"), now.finalizers().len()),
        (read.uid(), 2, Some("b"), 1)
    );
}

#[test]
fn conditions_alone_ask_and_conditions_beside_a_write_become_part_of_it() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit(read.expect_unchanged()), Answer::Unchanged);
    assert_eq!(shelf.commit(read.expect_status_unchanged()), Answer::Unchanged);
    assert_eq!(shelf.commit(Write::expect_absent(&Key::of::<Site>("new"))), Answer::Unchanged);
    assert_eq!(shelf.commit(Write::expect_absent(read.key())), conflict(Part::Spec));
    let writes = [read.expect_unchanged(), read.set_label("a", "b"), read.expect_status_unchanged()];
    let transaction = shelf.resolve(writes.clone()).expect("valid").transaction;
    assert_eq!((transaction.checks.len(), transaction.operations.len()), (1, 1));
    assert_eq!(shelf.commit(writes), Answer::At(2));
    assert_eq!(
        shelf.commit([read.expect_unchanged(), read.edit(|_| {})]),
        conflict(Part::Spec),
        "asked by name it is always asked"
    );
    let both = [Write::expect_absent(&Key::of::<Site>("new")), site("b").named("new").apply()];
    assert_eq!(shelf.commit(both), Answer::At(3));
}

#[test]
fn what_contradicts_itself_is_refused_by_name() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    let draft = || site("b.org").named("blog");
    for (writes, field) in [
        ([Write::expect_absent(read.key()), read.expect_unchanged()], "expect"),
        ([draft().create(), read.set_label("a", "b")], "expect"),
        ([read.delete(), draft().apply()], "operations"),
        ([site("a").named("new").create(), site("b").named("new").create()], "operations"),
        ([Draft::json("trimtab.lease", "x", &json!({})).apply(), read.delete()], "kind"),
    ] {
        assert_eq!(invalid(&shelf.commit(writes)).0, field);
    }
    shelf.unfollowed = Some("site");
    assert_eq!(
        invalid(&shelf.commit(draft().apply())).0,
        "kind",
        "nobody looked, so nothing can be compared"
    );
    assert_eq!(shelf.commit(draft().create()), conflict(Part::Spec), "a create needs no look");
}

/// contract T1
#[test]
fn several_writes_to_one_entry_are_one_operation_a_half() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    let writes = vec![
        read.set_label("a", "1"),
        read.edit(|spec| spec.host = "b.org".into()),
        read.edit_status(|status| status.serving = true),
        site("c.org").named("blog").label("b", "2").apply(),
        read.edit(|spec| spec.ports.push(Port { number: 80 })),
        read.expect_unchanged(),
    ];
    assert_eq!(shelf.resolve(writes.clone()).expect("valid").transaction.units(), 2);
    assert_eq!(shelf.commit(writes), Answer::At(2));
    let now = shelf.get::<Site>("blog");
    assert_eq!((now.labels().len(), now.generation(), now.status.serving), (2, 2, true));
    assert_eq!(*now.spec, Site { host: "c.org".into(), ports: vec![Port { number: 80 }] });
}

#[test]
fn of_two_versions_that_were_read_the_older_makes_the_conflict() {
    let mut shelf = with_site("blog", "a.org");
    let old = shelf.get::<Site>("blog");
    shelf.commit(old.set_label("a", "1"));
    let new = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit([new.set_label("b", "2"), old.set_label("c", "3")]), conflict(Part::Spec));
    assert_eq!(
        shelf.commit([site("z").named("blog").apply(), old.set_label("c", "3")]),
        conflict(Part::Spec)
    );
}

#[test]
fn a_bare_name_means_the_tenancy_of_its_owner_and_then_the_one_at_hand() {
    let mut shelf = Shelf::default();
    let shop = Tenancy::in_namespace("shop");
    shelf.commit(site("a.org").named("blog").in_tenancy(&shop).create());
    let owner: Entry = shelf.entry(&Key::of::<Site>("blog").in_tenancy(&shop)).expect("there");
    let child = Draft::json("listing", "a", &json!({}));
    assert_eq!(child.key(&Tenancy::default()).namespace(), "default");
    assert_eq!(child.clone().owned_by(&owner).key(&Tenancy::default()).namespace(), "shop");
    assert_eq!(child.clone().in_partition("west").key(&shop).tenancy(), &Tenancy::new("west", "shop"));
    assert_eq!(shelf.commit(child.owned_by(&owner).apply()), Answer::At(2));
}

#[test]
fn a_record_is_a_line_of_header_and_the_payload() {
    let mut shelf = Shelf::default();
    shelf.commit(site("a.org").named("blog").label("a", "line\u{2028}").origin("f\ng").apply());
    let (header, payload) = shelf.spec_lines(&Key::of::<Site>("blog"));
    let expected = json!({
        "f": 1, "uid": "01010101-0101-4101-8101-010101010101", "generation": 1,
        "created_at": "1970-01-01T00:00:00.000Z", "labels": {"a": "line\u{2028}"}, "origin": "f\ng",
    });
    assert_eq!((header, payload.as_str()), (expected, r#"{"host":"a.org","ports":[]}"#));
    shelf.commit(shelf.get::<Site>("blog").set_status(SiteStatus::default()));
    let status = shelf.get::<Site>("blog").status_record().expect("one");
    let expected = json!({"f": 1, "uid": "01010101-0101-4101-8101-010101010101", "observed_generation": 1});
    assert_eq!(lines(&status), (expected, r#"{"serving":false}"#.into()));
}
