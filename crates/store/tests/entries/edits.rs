//! Changes of what is there: edits of spec and status, and what they leave alone.

use serde_json::json;
use trimtab_backend::{Expect, Index, Key, Operation, Part};
use trimtab_store::{Draft, Kind as _, KindKey as _, Typed};

use crate::shelf::{Answer, Port, Shelf, Site, SiteStatus, conflict, invalid, site, with_site};

/// behaviour E6
#[test]
fn a_status_is_its_own_record_guarded_by_the_version_of_its_spec() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    let serving = |site: &Typed<Site>| site.edit_status(|status| status.serving = true);
    let resolved = shelf.resolve(serving(&read)).expect("valid").transaction;
    assert_eq!(resolved.checks[0].expect, Expect::At(Index::new(1)), "the spec's version is a condition");
    assert!(matches!(
        &resolved.operations[..],
        [Operation::Put { part: Part::Status, expect: Expect::Absent, .. }]
    ));

    assert_eq!(shelf.commit(serving(&read)), Answer::At(2));
    let now = shelf.get::<Site>("blog");
    assert_eq!((now.generation(), now.version()), (1, Index::new(1)), "the spec part is untouched");
    assert_eq!((now.status_version(), now.observed_generation()), (Some(Index::new(2)), Some(1)));
    assert!(now.status.serving);
    assert_eq!(shelf.commit(serving(&now)), Answer::Nothing, "an equal status writes nothing");
    assert_eq!(
        shelf.commit(read.edit(|spec| spec.host = "b.org".into())),
        Answer::At(3),
        "an edit never loses against a status"
    );
    assert_eq!(
        shelf.commit(now.edit_status(|s| s.serving = false)),
        conflict(Part::Spec),
        "no status from an older spec"
    );
    assert_eq!(shelf.get::<Site>("blog").observed_generation(), Some(1), "which tells that it is old");
}

/// behaviour E6
#[test]
fn a_status_and_its_spec_written_together_need_no_check_of_each_other() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    let writes =
        [read.edit_status(|status| status.serving = true), read.edit(|spec| spec.host = "b.org".into())];
    let transaction = shelf.resolve(writes.clone()).expect("valid").transaction;
    assert_eq!((transaction.checks.len(), transaction.operations.len()), (0, 2));
    assert_eq!(shelf.commit(writes), Answer::At(2));
    assert_eq!(shelf.get::<Site>("blog").observed_generation(), Some(2));
}

/// behaviour E6
#[test]
fn a_default_status_on_an_entry_without_one_writes_nothing() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit(read.edit_status(|_| {})), Answer::Nothing);
    let whole = SiteStatus { serving: true, ..SiteStatus::default() };
    assert_eq!(shelf.commit(read.set_status(whole)), Answer::At(2));
    assert_eq!(
        shelf.commit(shelf.get::<Site>("blog").set_status_json(&json!({"serving": true}))),
        Answer::Nothing
    );
}

/// behaviour C24
#[test]
fn a_typed_edit_keeps_fields_that_the_type_does_not_know() {
    let mut shelf = Shelf::default();
    let stored = json!({
        "host": "a.org", "tls": {"min": "1.3"},
        "ports": [{"number": 80, "proxy": true}, {"number": 443, "alpn": ["h2"]}],
    });
    shelf.commit(Draft::json("site", "blog", &stored).create());
    let read = shelf.get::<Site>("blog");
    shelf.commit(read.edit(|spec| spec.ports[1].number = 8443));
    let edited = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut value = stored.clone();
        change(&mut value);
        value
    };
    let spec = |shelf: &Shelf| shelf.get::<Site>("blog").spec_value().expect("JSON");
    assert_eq!(spec(&shelf), edited(&|value| value["ports"][1]["number"] = json!(8443)));

    let read = shelf.get::<Site>("blog");
    shelf.commit(read.edit(|spec| spec.ports.push(Port { number: 1 })));
    let whole = json!([{"number": 80}, {"number": 8443}, {"number": 1}]);
    assert_eq!(
        spec(&shelf),
        edited(&|value| value["ports"] = whole.clone()),
        "a list of another length is written whole"
    );
}

/// behaviour C24
#[test]
fn a_typed_status_edit_keeps_fields_that_the_type_does_not_know() {
    let mut shelf = with_site("blog", "a.org");
    shelf.commit(shelf.get::<Site>("blog").set_status_json(&json!({"serving": false, "probes": 3})));
    shelf.commit(shelf.get::<Site>("blog").edit_status(|status| status.serving = true));
    assert_eq!(
        shelf.get::<Site>("blog").status_value().expect("JSON"),
        json!({"serving": true, "probes": 3})
    );
}

/// behaviour C24
#[test]
fn header_fields_of_a_newer_program_survive_every_write() {
    let mut shelf = Shelf::default();
    let key = Key::of::<Site>("blog");
    let header = r#"{"f":1,"uid":"01010101-0101-4101-8101-010101010101","generation":7,"created_at":"2026-01-01T00:00:00.000Z","color":{"deep":[1.50,"x"]}}"#;
    let status =
        r#"{"f":1,"uid":"01010101-0101-4101-8101-010101010101","observed_generation":7,"shade":1e400}"#;
    shelf.plant(&key, Part::Spec, &format!("{header}\n{{\"host\":\"a.org\"}}"));
    shelf.plant(&key, Part::Status, &format!("{status}\n{{}}"));
    let read = shelf.get::<Site>("blog");
    let writes = [read.set_label("a", "b"), read.edit_status(|status| status.serving = true)];
    assert_eq!(shelf.commit(writes), Answer::At(3));
    let now = shelf.get::<Site>("blog");
    let raw = |record: trimtab_backend::Record| String::from_utf8(record.value.to_vec()).expect("text");
    assert!(raw(now.spec_record()).contains(r#""color":{"deep":[1.50,"x"]}"#), "to the letter");
    assert!(raw(now.status_record().expect("one")).contains(r#""shade":1e400"#));
    assert_eq!(now.generation(), 7);
}

#[test]
fn a_write_of_labels_alone_leaves_the_payload_as_it_was_received() {
    let mut shelf = Shelf::default();
    let key = Key::of::<Site>("blog");
    let header = r#"{"f":1,"uid":"01010101-0101-4101-8101-010101010101","generation":1,"created_at":"2026-01-01T00:00:00.000Z"}"#;
    let payload = "{ \"z\": 1,\n  \"host\": \"a.org\", \"a\": 1.0 }\n";
    shelf.plant(&key, Part::Spec, &format!("{header}\n{payload}"));
    assert_eq!(shelf.commit(shelf.get::<Site>("blog").set_label("a", "b")), Answer::At(2));
    assert_eq!(shelf.get::<Site>("blog").spec_json(), payload);
    assert_eq!(shelf.get::<Site>("blog").generation(), 1, "labels are not the spec");
}

#[test]
fn the_generation_grows_only_when_the_value_of_the_spec_differs() {
    let mut shelf = with_site("blog", "a.org");
    let read = || "blog";
    for (writes, generation) in [
        (shelf.get::<Site>(read()).set_label("a", "b"), 1),
        (site("b.org").named("blog").apply(), 2),
        (site("b.org").named("blog").label("c", "d").apply(), 2),
    ] {
        shelf.commit(writes.clone());
        shelf.commit(writes);
        assert_eq!(shelf.get::<Site>("blog").generation(), generation);
    }
}

/// behaviour C22
#[test]
fn a_value_read_once_stays_good_through_own_commits_and_never_through_anothers() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit_own(read.add_finalizer("x")), Answer::At(2));
    assert_eq!(shelf.commit_own(read.edit(|spec| spec.host = "b.org".into())), Answer::At(3));
    assert_eq!(shelf.commit_own(read.edit_status(|status| status.serving = true)), Answer::At(4));
    let now = shelf.get::<Site>("blog");
    assert_eq!((now.finalizers().len(), now.spec.host.as_str(), now.status.serving), (1, "b.org", true));
    assert_eq!(shelf.commit(now.set_label("another", "writer")), Answer::At(5));
    assert_eq!(shelf.commit_own(read.edit(|spec| spec.host = "c.org".into())), conflict(Part::Spec));
}

#[test]
fn an_edit_is_judged_by_its_kind_as_it_will_be_stored() {
    let mut shelf = with_site("blog", "a.org");
    let read = shelf.get::<Site>("blog");
    assert_eq!(
        invalid(&shelf.commit(read.edit(|spec| spec.host.clear()))),
        ("spec.host", "site/blog: spec.host must not be empty")
    );
    assert_eq!(
        invalid(&shelf.commit(site("").named("new").apply())),
        ("spec.host", "site/new: spec.host must not be empty")
    );
    assert_eq!(shelf.commit(read.edit(|spec| spec.host = "LOUD.org".into())), Answer::At(2));
    assert_eq!(shelf.get::<Site>("blog").spec.host, "loud.org", "normalised");
    let read = shelf.get::<Site>("blog");
    let both = [read.edit(|spec| spec.host = "b.org".into()), read.edit_json(|spec| spec["host"] = json!(5))];
    assert_eq!(shelf.commit(both), Answer::At(3), "untyped writes are not judged");
}

/// behaviour C24
///
/// The story: an edit beside a number such as 931769.4018815431, which the author's type does not know, wrote 931769.4018815432: the JSON
/// reader took the nearest number but one unless told to be exact. Each further edit could have moved it again.
#[test]
fn a_number_that_the_type_does_not_know_does_not_drift() {
    let mut shelf = Shelf::default();
    let stored: serde_json::Value =
        serde_json::from_str(r#"{"host": "a", "rate": 931769.4018815431, "big": 18446744073709551615}"#)
            .expect("JSON");
    shelf.commit(Draft::json("site", "blog", &stored).create());
    shelf.commit(shelf.get::<Site>("blog").edit(|spec| spec.host = "b".into()));
    let text = r#"{"big":18446744073709551615,"host":"b","rate":931769.4018815431}"#;
    assert_eq!(shelf.get::<Site>("blog").spec_json(), text);
}
