//! Laws of writes, for any entry and any writes.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trimtab_backend::Key;
use trimtab_store::{Draft, Entry, Write};

use crate::shelf::{Answer, Port, Shelf, Site, SiteStatus};

/// Any JSON value, not deep.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e6..1e6).prop_map(|number: f64| json!(number)),
        "[a-c\n\"]{0,3}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            prop::collection::btree_map("[a-d]", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_site() -> impl Strategy<Value = Site> {
    let ports = prop::collection::vec((1..4_u16).prop_map(|number| Port { number }), 0..3);
    ("[a-c]{1,2}", ports).prop_map(|(host, ports)| Site { host, ports })
}

/// What is stored: a site, and beside its fields some that its type does not know.
fn any_stored() -> impl Strategy<Value = Value> {
    let beside = || prop::collection::btree_map("x[a-c]", any_json(), 0..3);
    (any_site(), beside(), beside()).prop_map(|(site, beside, in_ports)| {
        let mut value = serde_json::to_value(site).expect("JSON");
        value.as_object_mut().expect("an object").extend(beside);
        for port in value["ports"].as_array_mut().expect("a list") {
            port.as_object_mut().expect("an object").extend(in_ports.clone());
        }
        value
    })
}

/// A write to the one site there is, made from an entry of it.
#[derive(Clone, Debug)]
enum Ask {
    Host(String),
    Ports(Vec<u16>),
    Json(Value),
    Serving(bool),
    Note(String, Value),
    Label(String, String),
    Unlabel(String),
    Hold(String),
    Release(String),
    Apply(Site),
    Exactly(Site),
    Delete,
}

fn any_ask() -> impl Strategy<Value = Ask> {
    prop_oneof![
        "[a-c]{1,2}".prop_map(Ask::Host),
        prop::collection::vec(1..4_u16, 0..3).prop_map(Ask::Ports),
        any_json().prop_map(Ask::Json),
        any::<bool>().prop_map(Ask::Serving),
        ("[a-c]", any_json()).prop_map(|(name, value)| Ask::Note(name, value)),
        ("[a-b]", "[a-b]").prop_map(|(name, value)| Ask::Label(name, value)),
        "[a-b]".prop_map(Ask::Unlabel),
        "[a-b]".prop_map(Ask::Hold),
        "[a-b]".prop_map(Ask::Release),
        any_site().prop_map(Ask::Apply),
        any_site().prop_map(Ask::Exactly),
        Just(Ask::Delete),
    ]
}

impl Ask {
    fn of(&self, entry: &Entry) -> Write {
        let typed = entry.typed::<Site>().expect("it is a site");
        let draft = |site: &Site| {
            Draft::json("site", "blog", &serde_json::to_value(site).expect("JSON")).label("c", "d")
        };
        match self.clone() {
            Self::Host(host) => typed.edit(|spec| spec.host = host),
            Self::Ports(ports) => {
                typed.edit(|spec| spec.ports = ports.into_iter().map(|number| Port { number }).collect())
            }
            Self::Json(value) => entry.edit_json(|spec| spec["xz"] = value),
            Self::Serving(serving) => typed.edit_status(|status| status.serving = serving),
            Self::Note(name, value) => typed.edit_status(|status| {
                status.notes.insert(name, value);
            }),
            Self::Label(name, value) => entry.set_label(name, value),
            Self::Unlabel(name) => entry.remove_label(name),
            Self::Hold(name) => entry.add_finalizer(name),
            Self::Release(name) => entry.remove_finalizer(name),
            Self::Apply(site) => draft(&site).apply(),
            Self::Exactly(site) => draft(&site).exactly().apply(),
            Self::Delete => entry.delete(),
        }
    }
}

fn key() -> Key {
    Key::new("site", "blog")
}

fn shelf(stored: &Value) -> Shelf {
    let mut shelf = Shelf::default();
    shelf.commit(Draft::json("site", "blog", stored).label("a", "a").create());
    shelf
}

/// What an entry is, but for when it came to be so.
fn content(shelf: &Shelf) -> Option<Value> {
    let entry = shelf.entry(&key())?;
    let mut told = serde_json::to_value(entry.to_document().expect("JSON")).expect("JSON");
    told["meta"] = json!(entry.uid().to_string());
    Some(told)
}

/// The members of an object whose names begin with `x`: what the type does not know.
fn unknown(value: &Value) -> Map<String, Value> {
    let members = value.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| name.starts_with('x'))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

proptest! {
    /// behaviour C24, E3
    #[test]
    fn an_edit_that_changes_nothing_writes_nothing(stored in any_stored(), status in any_json()) {
        let mut shelf = shelf(&stored);
        let read = shelf.get::<Site>("blog");
        prop_assert_eq!(shelf.commit([read.edit(|_| {}), read.edit_status(|_| {}), read.edit_json(|_| {})]), Answer::Nothing);
        shelf.commit(read.set_status_json(&json!({ "serving": true, "x": status })));
        let read = shelf.get::<Site>("blog");
        prop_assert_eq!(shelf.commit([read.edit_status(|_| {}), read.edit_status_json(|_| {})]), Answer::Nothing);
    }

    /// behaviour C24
    #[test]
    fn an_edit_makes_the_value_that_its_closure_made_and_leaves_the_rest(stored in any_stored(), wanted in any_site()) {
        let mut shelf = shelf(&stored);
        shelf.commit(shelf.get::<Site>("blog").edit(|spec| *spec = wanted.clone()));
        let now = shelf.get::<Site>("blog");
        prop_assert_eq!(&*now.spec, &wanted);
        let (now, before) = (now.spec_value().expect("JSON"), stored);
        prop_assert_eq!(unknown(&now), unknown(&before));
        let (now, before) = (now["ports"].as_array().expect("a list"), before["ports"].as_array().expect("a list"));
        if now.len() == before.len() {
            for (now, before) in now.iter().zip(before) {
                prop_assert_eq!(unknown(now), unknown(before));
            }
        }
    }

    /// behaviour C22, E7
    #[test]
    fn writes_folded_come_to_the_same_as_writes_one_after_another(
        stored in any_stored(), held in any::<bool>(), asks in prop::collection::vec(any_ask(), 1..6),
    ) {
        let prepared = || {
            let mut shelf = shelf(&stored);
            if held {
                shelf.commit(shelf.get::<Site>("blog").add_finalizer("b"));
            }
            shelf
        };
        let (mut together, mut apart) = (prepared(), prepared());
        let read = together.entry(&key()).expect("there");
        let folded = together.commit(asks.iter().map(|ask| ask.of(&read)).collect::<Vec<_>>());
        let mut all_went_well = true;
        for ask in &asks {
            all_went_well &= matches!(apart.commit_own(ask.of(&read)), Answer::At(_) | Answer::Nothing);
        }
        // Nothing to compare with where one of them alone is refused, written to an entry that another has deleted; nor where an entry is
        // deleted and created again, which is two transactions.
        let again = matches!(folded, Answer::Invalid("operations", _));
        prop_assert!(!again || asks.iter().any(|ask| matches!(ask, Ask::Apply(_) | Ask::Exactly(_))));
        if all_went_well && !again {
            prop_assert!(matches!(folded, Answer::At(_) | Answer::Nothing), "{:?}", folded);
            prop_assert_eq!(content(&together), content(&apart));
        }
    }

    /// behaviour E3
    #[test]
    fn what_was_written_is_nothing_to_write_again(stored in any_stored(), asks in prop::collection::vec(any_ask(), 1..6)) {
        let mut shelf = shelf(&stored);
        let read = shelf.entry(&key()).expect("there");
        shelf.commit(asks.iter().map(|ask| ask.of(&read)).collect::<Vec<_>>());
        if let Some(now) = shelf.entry(&key()) {
            let spec = now.spec_value().expect("JSON");
            let same = Draft::json("site", "blog", &spec).apply();
            prop_assert_eq!(shelf.commit([same, now.set_status_json(&now.status_value().expect("JSON"))]), Answer::Nothing);
        }
    }

    /// Whatever a status holds, its author's type reads back what it wrote.
    #[test]
    fn a_status_is_read_as_it_was_written(notes in prop::collection::btree_map("[a-c]", any_json(), 0..3), serving in any::<bool>()) {
        let mut shelf = shelf(&json!({ "host": "a" }));
        let status = SiteStatus { serving, notes: notes.into_iter().collect() };
        shelf.commit(shelf.get::<Site>("blog").set_status(status.clone()));
        prop_assert_eq!(&*shelf.get::<Site>("blog").status, &status);
    }

    #[test]
    fn no_bytes_make_the_reader_panic(value in prop::collection::vec(any::<u8>(), 0..80), text in "\\{[\"a-z:,\\[\\]{}0-9\n]{0,60}") {
        use trimtab_backend::{Index, Part, Record};
        for value in [value, text.into_bytes()] {
            let (key, value, index) = (key(), value.into(), Index::new(1));
            let _: Result<Entry, _> = Entry::from_records(Record { key, part: Part::Spec, value, created: index, version: index }, None);
        }
    }
}
