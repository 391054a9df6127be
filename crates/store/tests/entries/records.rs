//! Entries as they come out of records.

use serde::{Deserialize, Serialize};
use serde_json::json;
use trimtab_backend::{Index, Key, Part, Record, Tenancy};
use trimtab_store::{
    DecodeError, DecodeProblem, Dynamic, Entry, Kind, KindKey as _, Locate as _, Shape as _,
};

use crate::shelf::{Site, SiteStatus, site, with_site};

const UID: &str = "01010101-0101-4101-8101-010101010101";

fn record(part: Part, value: &str) -> Record {
    let (key, value) = (Key::of::<Site>("blog"), value.to_owned().into());
    Record { key, part, value, created: Index::new(3), version: Index::new(5) }
}

fn spec(fields: &str, payload: &str) -> Record {
    let head = format!(r#""f":1,"uid":"{UID}","generation":2,"created_at":"2026-01-01T00:00:00.000Z""#);
    record(Part::Spec, &format!("{{{head}{fields}}}\n{payload}"))
}

fn read(record: Record) -> Result<Entry, DecodeError> {
    Entry::from_records(record, None)
}

/// behaviour E1
#[test]
fn an_entry_tells_what_its_records_say() {
    let owner = r#"[{"kind":"shop","name":"s","uid":"02020202-0202-4202-8202-020202020202"}]"#;
    let deleted = r#"{"since":"2026-02-01T00:00:00.000Z","propagation":"orphan"}"#;
    let fields = format!(
        r#","labels":{{"a":"b"}},"owners":{owner},"finalizers":["x"],"deleted":{deleted},"origin":"f.yaml""#
    );
    let status = format!(r#"{{"f":1,"uid":"{UID}","observed_generation":1}}{}"#, "\n{\"serving\":true}");
    let status = Record { version: Index::new(9), ..record(Part::Status, &status) };
    let entry = Entry::from_records(spec(&fields, r#"{"host":"a"}"#), Some(status)).expect("well formed");
    assert_eq!(
        (entry.kind(), entry.name(), entry.partition(), entry.namespace()),
        ("site", "blog", "default", "default")
    );
    assert_eq!(
        (entry.uid().to_string().as_str(), entry.generation(), entry.observed_generation()),
        (UID, 2, Some(1))
    );
    assert_eq!(
        (entry.created(), entry.version(), entry.status_version()),
        (Index::new(3), Index::new(5), Some(Index::new(9)))
    );
    assert_eq!((entry.modified(), entry.etag().as_str()), (Index::new(9), "\"5.9\""));
    assert_eq!((entry.label("a"), entry.finalizers().len(), entry.origin()), (Some("b"), 1, Some("f.yaml")));
    assert!(entry.has_finalizer("x") && !entry.has_finalizer("y"));
    assert_eq!(entry.owners()[0].key(entry.tenancy()), Key::new("shop", "s"));
    assert!(entry.is_deleting());
    assert_eq!((entry.spec_json(), entry.status_json()), (r#"{"host":"a"}"#, Some(r#"{"serving":true}"#)));
    assert_eq!(format!("{entry:?}"), "site/blog at 5.9");
}

/// behaviour E1
#[test]
fn a_status_of_another_life_is_left_out() {
    let status = record(
        Part::Status,
        "{\"f\":1,\"uid\":\"03030303-0303-4303-8303-030303030303\",\"observed_generation\":1}\n{}",
    );
    let entry = Entry::from_records(spec("", "{}"), Some(status.clone())).expect("well formed");
    assert_eq!((entry.status_version(), entry.status_json()), (None, None));
    assert_eq!(entry.with_status(status).expect("well formed"), entry);
}

#[test]
fn either_half_is_replaced_by_a_newer_record() {
    let shelf = with_site("blog", "a.org");
    let first = shelf.get::<Site>("blog");
    let mut status =
        record(Part::Status, &format!("{{\"f\":1,\"uid\":\"{UID}\",\"observed_generation\":1}}\n{{}}"));
    let with = first.with_status(status.clone()).expect("well formed");
    assert_eq!((with.version(), with.status_version()), (Index::new(1), Some(Index::new(5))));
    let newer = Record { version: Index::new(7), ..with.spec_record() };
    assert_eq!(with.with_spec(newer).expect("well formed").status_version(), Some(Index::new(5)));
    let other = read(spec("", "{}")).expect("well formed");
    status.value = status.value.to_vec().into();
    assert_eq!(
        other.with_status(status).expect("well formed").status_record().map(|record| record.part),
        Some(Part::Status)
    );
}

/// fault F28
#[test]
fn a_header_of_a_newer_format_is_a_clear_error_whatever_else_it_holds() {
    for header in [
        format!(r#"{{"f":2,"uid":"{UID}","generation":1,"created_at":"2026-01-01T00:00:00.000Z"}}"#),
        r#"{"f":2,"id":[1,2]}"#.into(),
    ] {
        let error = read(record(Part::Spec, &format!("{header}\n{{}}"))).expect_err("newer");
        assert_eq!(error.problem, DecodeProblem::NewerFormat { found: 2, known: 1 });
        let text = "cannot read the spec of site/blog: it is in format 2, this release reads formats up to 1; \
                    run the release that wrote it, or a newer one";
        assert_eq!(error.to_string(), text);
    }
}

/// fault F28
#[test]
fn a_malformed_header_is_found_when_its_record_arrives() {
    for (field, problem) in [
        (r#","labels":{"a":1}"#, "labels"),
        (r#","labels":[]"#, "labels"),
        (r#","owners":[{"kind":"a"}]"#, "owners"),
        (r#","owners":[{"kind":"a","name":"b","uid":"c"}]"#, "owners"),
        (r#","finalizers":{}"#, "finalizers"),
        (r#","deleted":{"since":"now","propagation":"orphan"}"#, "deleted"),
        (r#","origin":5"#, "origin"),
        (",", "comma"),
    ] {
        let error = read(spec(field, "{}")).expect_err(problem);
        assert!(matches!(error.problem, DecodeProblem::Header(_)), "{problem}: {error}");
    }
    for value in ["{}", "", "{}\n{}", "[1]\n{}", "\n{}"] {
        let error = read(record(Part::Spec, value)).expect_err(value);
        assert!(matches!(error.problem, DecodeProblem::Header(_)), "{value}: {error}");
    }
    let status = record(Part::Status, "{\"f\":1}\n{}");
    let error = Entry::from_records(spec("", "{}"), Some(status)).expect_err("no uid");
    assert_eq!(error.part, Part::Status);
    let mut bytes = spec("", "{}").value.to_vec();
    bytes.push(0xff);
    let error = read(Record { value: bytes.into(), ..spec("", "") }).expect_err("not text");
    assert!(matches!(error.problem, DecodeProblem::Json(_)));
}

#[test]
fn null_stands_for_a_field_that_is_absent() {
    let entry =
        read(spec(r#","labels":null,"owners":null,"finalizers":null,"deleted":null,"origin":null"#, "{}"));
    let entry = entry.expect("well formed");
    assert!(entry.labels().is_empty() && entry.owners().is_empty() && !entry.is_deleting());
}

/// fault F28
#[test]
fn a_payload_that_does_not_fit_its_type_is_an_error_of_that_type_only() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Loose {}
    impl Kind for Loose {
        const KIND: &'static str = "site";
        type Status = ();
    }
    let entry = read(spec("", r#"{"host":5}"#)).expect("the header is well formed");
    let error = entry.typed::<Site>().expect_err("a number is no host");
    assert!(matches!(&error.problem, DecodeProblem::Payload(text) if text.contains("line 1")), "{error}");
    assert!(entry.typed::<Loose>().is_ok());
    assert_eq!(entry.spec_value().expect("JSON"), json!({"host": 5}));
    let torn = read(spec("", r#"{"host":"#)).expect("the header is well formed");
    assert!(matches!(torn.typed::<Site>().expect_err("torn").problem, DecodeProblem::Json(_)));
}

#[test]
fn an_entry_is_decoded_once_for_each_type() {
    let shelf = with_site("blog", "a.org");
    let entry = shelf.get::<Site>("blog").entry().clone();
    let (one, two) = (entry.typed::<Site>().expect("fits"), entry.clone().typed::<Site>().expect("fits"));
    assert!(std::sync::Arc::ptr_eq(&one.spec, &two.spec) && std::sync::Arc::ptr_eq(&one.status, &two.status));
    assert_eq!(*one.status, SiteStatus::default(), "a status that was never written is the default");
}

#[test]
fn an_entry_is_seen_as_its_kind_as_no_other_and_as_itself() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Other {}
    impl Kind for Other {
        const KIND: &'static str = "other";
        type Status = ();
    }
    let shelf = with_site("blog", "a.org");
    let entry = shelf.get::<Site>("blog").entry().clone();
    assert_eq!(Site::view(&entry).expect("its kind").spec, site("a.org").into());
    assert_eq!(Dynamic::view(&entry).expect("anything"), entry);
    assert_eq!(Other::view(&entry).expect_err("another kind").problem, DecodeProblem::Kind("other"));
    assert_eq!((Site::ONLY, Dynamic::ONLY), (Some("site"), None));
}

#[test]
fn a_name_is_found_in_the_tenancy_at_hand_and_a_key_brings_its_own() {
    let (home, shop) = (Tenancy::in_namespace("home"), Tenancy::in_namespace("shop"));
    let there = |namespace: &str| Key::new("site", "a").in_namespace(namespace);
    let other = Key::new("listing", "a").in_tenancy(&shop);
    assert_eq!("a".locate("site", &home), there("home"));
    assert_eq!(String::from("a").locate("site", &home), there("home"));
    assert_eq!(there("shop").locate("site", &home), there("shop"));
    assert_eq!(other.locate("site", &home), there("shop"), "the kind comes from the type");
    assert_eq!((&shop, "a").locate("site", &home), there("shop"));
    let shelf = with_site("a", "a.org");
    assert_eq!(shelf.get::<Site>("a").locate("site", &home), there("default"));
}

/// A header with `"labels":null` was found to be in order when it came, and then its labels made whoever asked for them panic: another program's
/// record could stop a controller.
/// fault F28
#[test]
fn a_list_that_is_null_in_a_header_is_an_empty_one() {
    for (null, other) in [
        (r#""labels":null"#, r#""finalizers":["x"]"#),
        (r#""owners":null"#, r#""labels":{"a":"b"}"#),
        (r#""finalizers":null"#, r#""labels":{"a":"b"}"#),
        (r#""origin":null"#, r#""labels":{"a":"b"}"#),
    ] {
        let entry = read(spec(&format!(",{null},{other}"), "{}")).expect("well formed");
        let lists = (entry.labels().len(), entry.owners().len(), entry.finalizers().len(), entry.origin());
        let labels = usize::from(other.starts_with(r#""labels"#));
        assert_eq!(lists, (labels, 0, 1 - labels, None), "{null}");
    }
}
