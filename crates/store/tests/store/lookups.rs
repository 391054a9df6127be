//! Lookups, declared and not.

use serde_json::json;
use trimtab_backend::{Key, Memory};
use trimtab_seams::virtual_time;
use trimtab_store::{Draft, Kind as _, Lookup, ReadError, Store};

use crate::{Site, in_memory, open, secured};

const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| site.spec.certificates.clone());

fn users(store: &Store, certificate: &str) -> Vec<String> {
    let sites = store.list::<Site>().by(&BY_CERTIFICATE, certificate).all().expect("sites");
    sites.iter().map(|site| site.name().to_owned()).collect()
}

/// behaviour E5
#[test]
fn a_lookup_gives_the_same_declared_or_not_and_only_the_latter_is_counted() {
    virtual_time::run(1, async |seams| {
        let store = in_memory(&seams).await;
        store
            .commit([
                secured("a", &["x", "y", "x"]).create(),
                secured("b", &["y"]).create(),
                secured("c", &[]).create(),
            ])
            .await
            .expect("committed");
        let asked = |store: &Store| ["x", "y", "z"].map(|certificate| users(store, certificate));
        let undeclared = asked(&store);
        assert_eq!(undeclared, [vec!["a".to_owned()], vec!["a".into(), "b".into()], vec![]]);
        assert_eq!(store.scans(), 3);
        store.declare(&BY_CERTIFICATE);
        store.declare(&BY_CERTIFICATE);
        assert_eq!(asked(&store), undeclared);
        assert_eq!(store.scans(), 3);

        let before = store.snapshot();
        let a = store.get::<Site>("a").expect("followed").expect("there");
        store.commit([secured("b", &["z"]).apply(), a.delete()]).await.expect("committed");
        assert_eq!(asked(&store), [vec![], vec![], vec!["b".to_owned()]]);
        let then = before.list::<Site>().by(&BY_CERTIFICATE, "y").all().expect("sites");
        assert_eq!(then.len(), 2, "an old snapshot is looked up as it was");
        assert_eq!(store.scans(), 3);
    });
}

/// behaviour E5
#[test]
fn a_lookup_narrows_with_everything_else_that_a_query_asks() {
    virtual_time::run(2, async |seams| {
        let store = in_memory(&seams).await;
        store.declare(&BY_CERTIFICATE);
        for n in 0..300 {
            let draft =
                secured(&format!("s-{n:03}"), &["x"]).label("half", if n % 2 == 0 { "even" } else { "odd" });
            store
                .commit(if n < 200 { draft.create() } else { draft.in_namespace("shop").create() })
                .await
                .expect("committed");
        }
        let x = || store.list::<Site>().by(&BY_CERTIFICATE, "x");
        assert_eq!(x().all().expect("sites").len(), 200);
        assert_eq!(x().everywhere().all().expect("sites").len(), 300);
        assert_eq!(x().everywhere().label("half", "odd").prefix("s-1").all().expect("sites").len(), 50);
        assert_eq!(
            x().in_namespace("shop").keys().expect("sites")[0].to_string(),
            "site/s-200 in default/shop"
        );
    });
}

/// behaviour E5
#[test]
fn a_pointer_reaches_texts_through_lists_and_objects() {
    virtual_time::run(3, async |seams| {
        let store = in_memory(&seams).await;
        let listing = json!({
            "items": [{ "cert": "a" }, { "cert": 7 }, { "other": "b" }, { "cert": ["c"] }, "d"],
            "by": { "x/y": { "cert": "e" }, "~": { "cert": "f" } },
            "name": "g",
        });
        store
            .commit([
                Draft::json("listing", "all", &listing).create(),
                Draft::json("listing", "text", &json!("g")).create(),
            ])
            .await
            .expect("committed");
        let found = |path: &str, term: &str| {
            let lookup = Lookup::pointer("listing", path, path).expect("a path");
            let ask = || store.list_kind("listing").by(&lookup, term).keys().expect("listings").len();
            let undeclared = ask();
            store.declare(&lookup);
            assert_eq!(ask(), undeclared, "{path}");
            undeclared
        };
        for (path, term) in [
            ("/spec/items/*/cert", "a"),
            ("/spec/items/0/cert", "a"),
            ("/spec/items/*/cert/*", "c"),
            ("/spec/items/*", "d"),
            ("/spec/by/*/cert", "e"),
            ("/spec/by/x~1y/cert", "e"),
            ("/spec/by/~0/cert", "f"),
            ("/spec/name", "g"),
            ("/spec", "g"),
        ] {
            assert_eq!(found(path, term), 1, "{path} {term}");
        }
        for (path, term) in
            [("/spec/items/1/cert", "7"), ("/spec/items/9", "d"), ("/spec/name/x", "g"), ("/status/x", "g")]
        {
            assert_eq!(found(path, term), 0, "{path} {term}");
        }
        for (wrong, message) in [
            ("spec/a", "path `spec/a` must begin with `/`"),
            ("/meta/a", "path `/meta/a` must begin with `/spec` or `/status`"),
            ("", "path `` must begin with `/spec` or `/status`"),
        ] {
            let error = Lookup::pointer("listing", "x", wrong).expect_err("no path").to_string();
            assert_eq!(error, message);
        }
    });
}

/// An index that left out what it cannot decode would make a reconciler believe that nothing points there.
/// behaviour C23
#[test]
fn an_entry_whose_terms_cannot_be_told_is_an_error_declared_or_not() {
    virtual_time::run(4, async |seams| {
        let store = open(&seams, Memory::with_seams(&seams)).await;
        store
            .commit(Draft::json("site", "odd", &json!({ "port": "none" })).create())
            .await
            .expect("committed");
        let ask = || store.list::<Site>().by(&BY_CERTIFICATE, "x").all().expect_err("who knows");
        assert!(matches!(ask(), ReadError::Decode(_)));
        store.declare(&BY_CERTIFICATE);
        assert!(matches!(ask(), ReadError::Decode(_)));
        store
            .commit(Site { port: 1, certificates: vec!["x".into()] }.named("odd").overwrite())
            .await
            .expect("mended");
        assert_eq!(users(&store, "x"), ["odd"]);
    });
}

/// `Lookup::new` promises that a panic counts as an entry that cannot be decoded. While it was indexed it did; the query then asked the function
/// again and took the panic to whoever was reading.
/// behaviour C23
#[test]
fn a_lookup_that_panics_is_an_error_of_the_entry_declared_or_not() {
    const FIRST: Lookup<Site> = Lookup::new("first", |site| vec![site.spec.certificates[0].clone()]);
    virtual_time::run(5, async |seams| {
        let store = in_memory(&seams).await;
        store.commit([secured("a", &["x"]).create(), secured("b", &[]).create()]).await.expect("committed");
        let ask = || store.list::<Site>().by(&FIRST, "x").into_iter().map(|site| site.is_ok());
        assert_eq!(ask().collect::<Vec<_>>(), [true, false]);
        store.declare(&FIRST);
        assert_eq!(ask().collect::<Vec<_>>(), [true, false]);
        let b = store.entry(&Key::new("site", "b")).expect("followed").expect("there");
        let error = FIRST.terms(&b).expect_err("it panics").to_string();
        assert!(error.contains("site/b") && error.contains("lookup `first`"), "{error}");
    });
}
