//! The one form of an entry.

use serde_json::{Value, json};
use trimtab_backend::{Key, Part, Tenancy};
use trimtab_store::{Document, Draft, Entry, Kind as _, KindKey as _};

use crate::shelf::{Answer, Shelf, Site, invalid, site, with_site};

fn given(value: Value) -> Document {
    serde_json::from_value(value).expect("a document")
}

fn told(entry: &Entry) -> Value {
    serde_json::to_value(entry.to_document().expect("JSON")).expect("JSON")
}

/// behaviour E1
#[test]
fn an_entry_is_told_flat_with_what_is_known_of_it_under_meta() {
    let mut shelf = Shelf::default();
    let shop = Tenancy::in_namespace("shop");
    let draft = site("a.org").named("blog").in_tenancy(&shop).label("team", "web");
    shelf.commit(draft.create());
    let key = Key::of::<Site>("blog").in_tenancy(&shop);
    let blog = shelf.entry(&key).expect("there").typed::<Site>().expect("fits");
    shelf.commit([blog.add_finalizer("x"), blog.edit_status(|status| status.serving = true)]);
    shelf.commit(shelf.entry(&key).expect("there").delete());
    let uid = "01010101-0101-4101-8101-010101010101";
    let meta = json!({
        "uid": uid, "generation": 1, "created": 1, "modified": 3, "status_modified": 2,
        "created_at": "1970-01-01T00:00:00.000Z", "deleting_since": "1970-01-01T02:00:00.000Z",
    });
    let expected = json!({
        "kind": "site", "name": "blog", "namespace": "shop", "labels": {"team": "web"}, "finalizers": ["x"],
        "spec": {"host": "a.org", "ports": []}, "status": {"serving": true}, "meta": meta,
    });
    assert_eq!(told(&shelf.entry(&key).expect("there")), expected);
}

#[test]
fn what_is_told_begins_with_the_names_and_keeps_the_text_of_the_spec() {
    let mut shelf = Shelf::default();
    let text = r#"{"kind":"site","name":"blog","spec":{"b": 1.50, "a":2}}"#;
    let document: Document = serde_json::from_str(text).expect("a document");
    shelf.commit(document.into_draft().expect("allowed").apply());
    let entry = shelf.entry(&Key::of::<Site>("blog")).expect("there");
    let told = serde_json::to_string(&entry.to_document().expect("JSON")).expect("JSON");
    assert!(told.starts_with(r#"{"kind":"site","name":"blog","spec":{"b": 1.50, "a":2},"meta":"#), "{told}");
}

#[test]
fn a_document_becomes_an_entry_in_the_tenancy_it_names() {
    let mut shelf = Shelf::default();
    shelf.commit(site("o").named("owner").create());
    let owners = json!([{"kind": "site", "name": "owner"}]);
    let document = given(
        json!({"kind": "site", "name": "blog", "labels": {"a": "b"}, "owners": owners, "spec": {"host": "h"}}),
    );
    assert_eq!(shelf.commit(document.into_draft().expect("allowed").apply()), Answer::At(2));
    let blog = shelf.get::<Site>("blog");
    assert!(blog.is_owned_by(&shelf.get::<Site>("owner")), "an owner without a uid is whoever has the name");
    assert_eq!((blog.label("a"), blog.spec.host.as_str()), (Some("b"), "h"));

    let nobody = given(
        json!({"kind": "site", "name": "c", "owners": [{"kind": "site", "name": "nobody"}], "spec": {}}),
    );
    let answer = shelf.commit(nobody.into_draft().expect("allowed").apply());
    assert_eq!(invalid(&answer), ("owners", "site/c: owners name site/nobody, which does not exist"));
    let elsewhere = given(
        json!({"kind": "site", "name": "blog", "namespace": "shop", "partition": "west", "spec": null}),
    );
    let key = elsewhere.into_draft().expect("allowed").key(&Tenancy::default());
    assert_eq!(key.tenancy(), &Tenancy::new("west", "shop"));
}

#[test]
fn an_unknown_field_is_an_error_at_every_level() {
    for wrong in [
        json!({"kind": "a", "name": "b", "spec": {}, "lables": {}}),
        json!({"kind": "a", "name": "b"}),
        json!({"name": "b", "spec": {}}),
        json!({"kind": "a", "name": "b", "spec": {}, "owners": [{"kind": "a", "name": "b", "id": "c"}]}),
        json!({"kind": "a", "name": "b", "spec": {}, "labels": {"a": 1}}),
        json!({"kind": "a", "name": "b", "spec": {}, "owners": [{"kind": "a", "name": "b", "uid": "c"}]}),
        json!({"kind": "a", "name": "b", "spec": {}, "meta": {"version": 1}}),
    ] {
        assert!(serde_json::from_value::<Document>(wrong.clone()).is_err(), "{wrong}");
    }
}

#[test]
fn what_is_told_but_not_taken_is_refused_by_name() {
    let shelf = with_site("blog", "a.org");
    let meta = told(&shelf.get::<Site>("blog"))["meta"].take();
    for (field, value) in [("status", json!({})), ("finalizers", json!(["x"])), ("meta", meta)] {
        let mut document = json!({"kind": "site", "name": "blog", "spec": {}});
        document[field] = value;
        let refused = given(document).into_draft().expect_err("refused");
        assert_eq!(refused.field, field);
        assert!(
            refused.to_string().starts_with(&format!("site/blog: {field} cannot be given: ")),
            "{refused}"
        );
    }
}

#[test]
fn an_edited_document_is_written_at_the_version_that_was_read() {
    let mut shelf = with_site("blog", "a.org");
    let first = shelf.get::<Site>("blog");
    shelf.commit([
        first.set_label("a", "b"),
        first.add_finalizer("x"),
        first.edit_status(|s| s.serving = true),
    ]);
    let read = shelf.get::<Site>("blog");
    let mut edited = told(&read);
    edited["spec"]["host"] = json!("b.org");
    edited["labels"] = json!({"c": "d"});
    let writes = given(edited.clone()).into_edit(&read).expect("allowed");
    assert_eq!(shelf.commit(writes.clone()), Answer::At(3));
    let now = shelf.get::<Site>("blog");
    assert_eq!(
        (now.spec.host.as_str(), now.labels().len(), now.label("c"), now.finalizers().len()),
        ("b.org", 1, Some("d"), 1)
    );
    assert_eq!(
        shelf.commit(writes),
        Answer::Conflict(vec![("site/blog".into(), Part::Spec)]),
        "not over another's change"
    );

    for (field, pointer) in [
        ("status", "/status/serving"),
        ("meta", "/meta/generation"),
        ("finalizers", "/finalizers/0"),
        ("name", "/name"),
    ] {
        let mut changed = edited.clone();
        let value = changed.pointer_mut(pointer).expect("it is told");
        *value = match field {
            "status" => json!(false),
            "meta" => json!(99),
            _ => json!("y"),
        };
        assert_eq!(given(changed).into_edit(&read).expect_err("refused").field, field);
    }
}

#[test]
fn an_entry_whose_payload_is_not_json_is_not_told_as_if_it_were() {
    let mut shelf = with_site("blog", "a.org");
    let key = Key::of::<Site>("blog");
    let (header, _) = shelf.spec_lines(&key);
    shelf.plant(&key, Part::Spec, &format!("{header}\n{{torn"));
    let broken = shelf.entry(&key).expect("there");
    assert!(broken.to_document().is_err());
    assert_eq!(
        shelf.commit(Draft::json("site", "blog", &json!({"host": "b"})).apply()),
        Answer::At(3),
        "and can be mended"
    );
}

/// Symptom: `["site", "blog", null, null, {}, [], [], {"port": 80}]` was an entry. Cause: serde takes a list for the fields of a struct in their order.
#[test]
fn a_list_is_no_entry_and_no_owner() {
    let wrong = |text: &str| serde_json::from_str::<Document>(text).unwrap_err().to_string();
    let list = wrong(r#"["site", "blog", null, null, {}, [], [], {"port": 80}]"#);
    assert!(list.contains("invalid type: sequence, expected an entry, which is an object"), "{list}");
    let owner = wrong(r#"{"kind": "site", "name": "blog", "owners": [["account", "a"]], "spec": {}}"#);
    assert!(owner.contains("expected an owner, which is an object"), "{owner}");
}

/// Symptom: an edit of such an entry emptied it, and its answers were JSON that few readers read. Cause: the text was kept as it came, and what cannot be read as a
/// value counted as null.
#[test]
fn a_spec_that_others_could_not_read_is_refused_by_field_and_limit() {
    let refused = |spec: &str| {
        let text = format!(r#"{{"kind": "site", "name": "blog", "spec": {spec}}}"#);
        let invalid = serde_json::from_str::<Document>(&text).unwrap().into_draft().unwrap_err();
        assert_eq!(invalid.field, "spec");
        invalid
    };
    let nested = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert_eq!((refused(&nested(101)).limit, refused(&nested(101)).actual), (Some(100), Some(101)));
    assert!(refused(&nested(5000)).what.contains("recursion limit exceeded"));
    assert!(refused("{\"port\": 1e999}").what.contains("number out of range"));
    let deep = format!(r#"{{"kind": "site", "name": "blog", "spec": {}}}"#, nested(100));
    assert!(serde_json::from_str::<Document>(&deep).unwrap().into_draft().is_ok());
}
