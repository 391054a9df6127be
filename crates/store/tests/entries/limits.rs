//! Limits: what is at one passes, what is one above is refused by name, before anything is sent.

use serde_json::{Value, json};
use trimtab_backend::Key;
use trimtab_store::{Draft, Write};

use crate::shelf::{Answer, Shelf, Site, with_site};

fn draft() -> Draft {
    Draft::json("thing", "a", &json!({}))
}

/// The last that passes, and the first that does not: its field, limit and actual size.
fn border(last: impl Into<Vec<Write>>, above: impl Into<Vec<Write>>, expected: (&'static str, u64, u64)) {
    let mut shelf = with_site("blog", "a.org");
    let refused = shelf.resolve(above.into()).expect_err("one above the limit");
    assert_eq!(
        (refused.field, refused.limit, refused.actual),
        (expected.0, Some(expected.1), Some(expected.2))
    );
    assert!(
        refused.to_string().contains(&format!("({}, the limit is {})", expected.2, expected.1)),
        "{refused}"
    );
    assert_eq!(shelf.commit(last.into()), Answer::At(2));
}

fn labelled(count: usize) -> Draft {
    (0..count).fold(draft(), |draft, at| draft.label(format!("l{at}"), ""))
}

/// behaviour E9
#[test]
fn labels_are_at_most_64_of_63_and_253_bytes() {
    border([labelled(64).apply()], [labelled(65).apply()], ("labels", 64, 65));
    let named = |bytes| [draft().label("n".repeat(bytes), "v").apply()];
    border(named(63), named(64), ("labels", 63, 64));
    let valued = |bytes| [draft().label("n", "v".repeat(bytes)).apply()];
    border(valued(253), valued(254), ("labels", 253, 254));
    for (name, value) in [("", "v"), ("a\n", "v"), ("a", "\u{7}")] {
        assert!(Shelf::default().resolve(draft().label(name, value).apply()).is_err());
    }
}

/// behaviour E9
#[test]
fn owners_are_at_most_16() {
    let owned = |count: usize| -> Vec<Write> {
        let owner = |at: usize| json!({"kind": "site", "name": at.to_string(), "uid": "01010101-0101-4101-8101-010101010101"});
        let owners: Vec<Value> = (0..count).map(owner).collect();
        let document = json!({"kind": "thing", "name": "a", "owners": owners, "spec": {}});
        let document: trimtab_store::Document = serde_json::from_value(document).expect("a document");
        vec![document.into_draft().expect("allowed").apply()]
    };
    border(owned(16), owned(17), ("owners", 16, 17));
}

/// behaviour E9
#[test]
fn finalizers_are_at_most_16_of_253_bytes_not_counting_the_cascades_own() {
    let mut shelf = with_site("blog", "a.org");
    let blog = shelf.get::<Site>("blog");
    let held =
        |count: usize| -> Vec<Write> { (0..count).map(|at| blog.add_finalizer(at.to_string())).collect() };
    border(held(16), held(17), ("finalizers", 16, 17));
    border(
        [blog.add_finalizer("f".repeat(253))],
        [blog.add_finalizer("f".repeat(254))],
        ("finalizers", 253, 254),
    );
    assert!(shelf.resolve(blog.add_finalizer("")).is_err());
    shelf.commit(held(16));
    let full = shelf.get::<Site>("blog");
    assert_eq!(shelf.commit(full.delete_with(trimtab_store::Propagation::Foreground)), Answer::At(3));
}

/// A JSON text of this many bytes.
fn text(bytes: usize) -> Value {
    json!("x".repeat(bytes - 2))
}

/// behaviour E9
#[test]
fn a_spec_is_at_most_256_kib_and_a_status_64_kib() {
    let kib = 1024;
    let spec = |bytes| [Draft::json("thing", "a", &text(bytes)).apply()];
    border(spec(256 * kib), spec(256 * kib + 1), ("spec", 262_144, 262_145));
    let blog = with_site("blog", "a.org").get::<Site>("blog");
    let status = |bytes| [blog.set_status_json(&text(bytes))];
    border(status(64 * kib), status(64 * kib + 1), ("status", 65_536, 65_537));
}

/// behaviour E9
#[test]
fn a_transaction_is_at_most_60_units_a_put_or_check_one_a_delete_two() {
    let many = |count: usize| -> Vec<Write> {
        (0..count).map(|at| Draft::json("thing", &at.to_string(), &json!({})).create()).collect()
    };
    border(many(60), many(61), ("operations", 60, 61));
    let blog = with_site("blog", "a.org").get::<Site>("blog");
    let mut with_delete = many(58);
    with_delete.push(blog.delete());
    let mut one_more = with_delete.clone();
    one_more.push(Write::expect_absent(&Key::new("thing", "none")));
    border(with_delete, one_more, ("operations", 60, 61));
}

/// behaviour E9
#[test]
fn a_transaction_is_at_most_320_kib_of_keys_and_values() {
    let shelf = with_site("blog", "a.org");
    let sized = |second: usize| -> Vec<Write> {
        vec![
            Draft::json("thing", "a", &text(200 * 1024)).create(),
            Draft::json("thing", "b", &text(second)).create(),
        ]
    };
    let limit = 320 * 1024;
    let beside = shelf.resolve(sized(100)).expect("small").transaction.bytes() - 100;
    border(sized(limit - beside), sized(limit - beside + 1), ("transaction", 327_680, 327_681));
}

/// behaviour E9
#[test]
fn names_are_checked_before_anything_is_sent() {
    let named = |name: &str| [Draft::json("thing", name, &json!({})).apply()];
    border(named(&"\u{10348}".repeat(253)), named(&"n".repeat(254)), ("name", 253, 254));
    for (draft, field) in [
        (Draft::json("thing", "", &json!({})), "name"),
        (Draft::json("thing", "..", &json!({})), "name"),
        (Draft::json("Thing", "a", &json!({})), "kind"),
        (draft().in_namespace("Shop"), "namespace"),
        (draft().in_partition(""), "partition"),
        (Draft::json("trimtab.thing", "a", &json!({})), "kind"),
    ] {
        let refused = Shelf::default().resolve(draft.apply()).expect_err(field);
        assert_eq!(refused.field, field);
        assert!(refused.key.is_some(), "it names the entry: {refused}");
    }
}

/// behaviour E9
#[test]
fn an_entry_above_a_limit_can_still_lose_what_is_too_much() {
    let mut shelf = with_site("blog", "a.org");
    let key = Key::new("site", "blog");
    let (mut header, payload) = shelf.spec_lines(&key);
    header["finalizers"] = (0..17).map(|at| at.to_string()).collect();
    shelf.plant(&key, trimtab_backend::Part::Spec, &format!("{header}\n{payload}"));
    let blog = shelf.get::<Site>("blog");
    assert_eq!(
        shelf.commit(blog.edit_status(|status| status.serving = true)),
        Answer::At(3),
        "its status does not mind"
    );
    assert_eq!(shelf.commit(blog.remove_finalizer("0")), Answer::At(4));
}
