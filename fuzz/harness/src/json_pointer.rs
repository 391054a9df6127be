//! Paths into entries: without `*` they lead where `serde_json`'s own pointers lead.

use std::cell::OnceCell;

use serde_json::{Value, json};
use trimtab_store::{Draft, Lookup, Memory, Store};

thread_local! {
    /// One entry, looked at by every path.
    static STORE: OnceCell<Store> = const { OnceCell::new() };
}

fn spec() -> Value {
    json!({
        "a": "text a",
        "list": ["first", { "inner": "second" }, 3, null, ["deep"]],
        "m~n": "tilde",
        "x/y": "slash",
        "": { "": "empty" },
        "0": "zero",
        "größe": { "*": "star", "01": "one" },
    })
}

fn opened() -> Store {
    let opening = async {
        let store = Store::open(Memory::new()).await.expect("memory opens");
        store.commit(Draft::json("site", "blog", &spec()).apply()).await.expect("memory commits");
        store
    };
    tokio::runtime::Builder::new_current_thread().build().expect("a runtime").block_on(opening)
}

/// Reads the bytes as a path and looks where it leads.
///
/// # Panics
/// When it leads elsewhere than `serde_json`'s pointer.
pub fn json_pointer(bytes: &[u8]) {
    let Ok(path) = std::str::from_utf8(bytes) else { return };
    let Ok(lookup) = Lookup::pointer("site", "fuzzed", path) else { return };
    let Some(inside) = path.strip_prefix("/spec") else { return };
    let store = STORE.with(|store| store.get_or_init(opened).clone());
    let found = |term: &str| {
        let keys = store.snapshot().list_kind("site").by(&lookup, term).keys();
        !keys.expect("the entry can be read").is_empty()
    };
    assert!(!found("no such text"), "{path:?}");
    // A star means every element here, and is a name there.
    if inside.split('/').any(|segment| segment == "*") {
        return;
    }
    let document = spec();
    let expected = document.pointer(inside).and_then(Value::as_str);
    for text in ["text a", "first", "second", "deep", "tilde", "slash", "empty", "zero", "star", "one"] {
        assert_eq!(found(text), expected == Some(text), "{path:?} and {text:?}");
    }
}
