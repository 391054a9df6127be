//! Lists, and what cannot be listed.

use serde_json::json;
use trimtab_backend::{KindName, Memory, Scope, Tenancy, TenancyPattern};
use trimtab_seams::{Seams, virtual_time};
use trimtab_store::{Draft, Dynamic, Entry, Key, Query, ReadError, Selector, Store};

use crate::{Certificate, Site, in_memory, site};
use trimtab_store::Kind as _;

fn keys(query: Query<Dynamic>) -> Vec<String> {
    query.keys().expect("followed").iter().map(ToString::to_string).collect()
}

async fn filled(seams: &Seams, memory: Memory) -> Store {
    let store = Store::builder(memory).seams(seams).open().await.expect("open");
    let draft = |name: &str| Draft::json("site", name, &json!({ "port": 1 }));
    let shop = Tenancy::in_namespace("shop");
    let east = Tenancy::new("east", "shop");
    store
        .commit(vec![
            draft("web-1").label("tier", "web").create(),
            draft("web-2").label("tier", "web").label("old", "yes").create(),
            draft("db").label("tier", "db").create(),
            draft("web-1").in_tenancy(&shop).label("tier", "web").create(),
            draft("web-9").in_tenancy(&east).create(),
            Certificate {}.named("web-1").create(),
        ])
        .await
        .expect("committed");
    store
}

/// behaviour E5
#[test]
fn entries_are_listed_by_kind_tenancy_prefix_and_labels_in_order() {
    virtual_time::run(1, async |seams| {
        let store = filled(&seams, Memory::with_seams(&seams)).await;
        let sites = || store.list_kind("site");
        assert_eq!(keys(sites()), ["site/db", "site/web-1", "site/web-2"]);
        assert_eq!(keys(sites().in_namespace("shop")), ["site/web-1 in default/shop"]);
        assert_eq!(keys(sites().in_tenancy(&Tenancy::new("east", "shop"))), ["site/web-9 in east/shop"]);
        assert_eq!(
            keys(sites().in_partition("default").prefix("web")),
            ["site/web-1", "site/web-2", "site/web-1 in default/shop"]
        );
        assert_eq!(keys(sites().everywhere().prefix("web-1")), ["site/web-1", "site/web-1 in default/shop"]);
        assert_eq!(
            keys(sites().everywhere().in_namespace("shop")),
            ["site/web-1 in default/shop", "site/web-9 in east/shop"]
        );
        assert_eq!(keys(sites().label("tier", "web").label("old", "yes")), ["site/web-2"]);
        let selector: Selector = "tier in (web, edge), !old".parse().expect("a selector");
        assert_eq!(
            keys(sites().everywhere().matching(&selector)),
            ["site/web-1", "site/web-1 in default/shop"]
        );
        assert_eq!(keys(store.list_kind("nothing")), [""; 0]);
        assert!(store.list::<Site>().prefix("x").is_empty());
        assert_eq!(
            store.list::<Site>().first().expect("sites").map(|site| site.name().to_owned()).as_deref(),
            Some("db")
        );
        let kinds: Vec<String> = store.view().kinds().iter().map(ToString::to_string).collect();
        assert_eq!(kinds, ["certificate", "site"]);
    });
}

/// behaviour E5
#[test]
fn a_list_goes_on_after_a_key_wherever_that_lies() {
    virtual_time::run(1, async |seams| {
        let store = filled(&seams, Memory::with_seams(&seams)).await;
        let after = |name: &str| store.list_kind("site").everywhere().after(&Key::new("site", name));
        assert_eq!(
            keys(after("web-1")),
            ["site/web-2", "site/web-1 in default/shop", "site/web-9 in east/shop"],
            "after one that is there"
        );
        assert_eq!(keys(after("web-15"))[0], "site/web-2", "after one that is not");
        let of_prefix = |name: &str| keys(after(name).prefix("web"));
        assert_eq!(of_prefix("a")[0], "site/web-1", "before all that begins so, in its tenancy");
        assert_eq!(of_prefix("x"), ["site/web-1 in default/shop", "site/web-9 in east/shop"]);
        let end = Key::new("site", "web-9").in_tenancy(&Tenancy::new("east", "shop"));
        assert!(store.list_kind("site").everywhere().after(&end).is_empty());
        assert!(store.list_kind("site").after(&Key::new("tree", "a")).is_empty(), "of a later kind");
        assert_eq!(keys(store.list_kind("site").after(&Key::new("a", "z"))).len(), 3, "of an earlier kind");
    });
}

/// behaviour E5
#[test]
fn a_list_of_more_than_one_stretch_is_whole_and_reads_one_snapshot() {
    virtual_time::run(2, async |seams| {
        let store = in_memory(&seams).await;
        for n in 0..500_u16 {
            store.commit(site(&format!("s-{n:03}"), n).create()).await.expect("committed");
        }
        let mut results = store.list::<Site>().into_iter();
        let first = results.next().expect("there").expect("a site");
        assert_eq!(first.name(), "s-000");
        for n in 100..400_u16 {
            let site = store.get::<Site>(format!("s-{n:03}")).expect("followed").expect("there");
            store.commit(site.delete()).await.expect("deleted");
        }
        assert_eq!(results.count(), 499);
        assert_eq!(store.list::<Site>().all().expect("sites").len(), 200);
        assert_eq!(store.list::<Site>().prefix("s-4").all().expect("sites").len(), 100);
    });
}

/// behaviour E5, E7
#[test]
fn what_an_entry_owns_is_found_by_the_uid_of_its_life() {
    virtual_time::run(3, async |seams| {
        let store = in_memory(&seams).await;
        let parent = |name: &str| Certificate {}.named(name);
        store.commit([parent("p").create(), parent("q").create()]).await.expect("committed");
        let get = |name: &str| store.get::<Certificate>(name).expect("followed").expect("there");
        let (p, q) = (get("p"), get("q"));
        store
            .commit([
                site("a", 1).owned_by(&p).create(),
                site("b", 1).owned_by(&p).owned_by(&q).create(),
                parent("c").owned_by(&p).create(),
                site("d", 1).create(),
            ])
            .await
            .expect("committed");
        let names =
            |entries: Vec<Entry>| entries.iter().map(|entry| entry.name().to_owned()).collect::<Vec<_>>();
        let of_p: Vec<Entry> = store.view().dependents(p.uid()).collect::<Result<_, _>>().expect("entries");
        assert_eq!(names(of_p), ["c", "a", "b"]);
        assert_eq!(names(store.list_kind("site").owned_by(&q).all().expect("sites")), ["b"]);

        let b = store.get::<Site>("b").expect("followed").expect("there");
        store.commit(b.remove_owner(q.uid())).await.expect("committed");
        assert!(store.list::<Site>().owned_by(&q).is_empty());
        store.commit(p.delete()).await.expect("deleted");
        store.commit(parent("p").create()).await.expect("created anew");
        assert!(store.list::<Site>().owned_by(get("p")).is_empty(), "another life owns nothing");
        assert_eq!(store.list::<Site>().owned_by(&p).all().expect("sites").len(), 2);
    });
}

/// behaviour C23
#[test]
fn what_nobody_follows_is_an_error_and_never_absent() {
    virtual_time::run(4, async |seams| {
        let memory = Memory::with_seams(&seams);
        filled(&seams, memory.clone()).await;
        let builder = || Store::builder(memory.clone()).seams(&seams);
        let not_followed = |error: ReadError| matches!(error, ReadError::NotFollowed(_));

        let sites = builder().kinds(["site"]).open().await.expect("open");
        assert!(sites.get::<Site>("web-1").expect("followed").is_some());
        assert!(sites.get::<Site>("nothing").expect("followed").is_none());
        assert!(not_followed(sites.get::<Certificate>("web-1").expect_err("not followed")));
        assert!(not_followed(sites.list::<Certificate>().everywhere().all().expect_err("not followed")));
        let error = sites.list::<Certificate>().first().expect_err("not followed");
        assert_eq!(
            error.to_string(),
            "kind `certificate` is not followed by this store; open the store with a scope that includes it"
        );

        let both = builder().kinds(["site", "certificate", "route"]).open().await.expect("open");
        assert!(both.get::<Certificate>("web-1").expect("followed").is_some());
        assert!(not_followed(both.entry(&Key::new("gateway", "a")).expect_err("not picked")));

        let within = TenancyPattern { partition: Some("default".into()), namespace: None };
        let scope = Scope::Within(KindName::new("site"), within);
        let within = builder().scope(scope).open().await.expect("open");
        assert_eq!(
            within.list::<Site>().in_partition("default").all().expect("all of it is followed").len(),
            4
        );
        assert_eq!(within.list::<Site>().in_namespace("shop").all().expect("all of it is followed").len(), 1);
        assert!(not_followed(within.list::<Site>().everywhere().all().expect_err("only part of it is")));
        assert!(not_followed(within.list::<Site>().in_partition("east").all().expect_err("elsewhere")));
        let east = Key::new("site", "web-9").in_tenancy(&Tenancy::new("east", "shop"));
        assert!(not_followed(within.get::<Site>(&east).expect_err("elsewhere")));

        let all = builder().open().await.expect("open");
        assert!(not_followed(all.entry(&Key::new("trimtab.lease", "a")).expect_err("reserved")));
        assert!(all.follows("site") && !all.follows("trimtab.lease") && !sites.follows("certificate"));
    });
}

/// behaviour C23
#[test]
fn names_mean_the_tenancy_at_hand_and_keys_bring_their_own() {
    virtual_time::run(5, async |seams| {
        let store = filled(&seams, Memory::with_seams(&seams)).await;
        let shop = Tenancy::in_namespace("shop");
        let view = store.snapshot().from_tenancy(&shop);
        let found = |at: Option<trimtab_store::Typed<Site>>| at.map(|site| site.key().to_string());
        assert_eq!(
            found(view.get("web-1").expect("followed")).as_deref(),
            Some("site/web-1 in default/shop")
        );
        assert_eq!(found(view.get("db").expect("followed")), None);
        let key = Key::new("certificate", "db");
        assert_eq!(
            found(view.get(&key).expect("followed")).as_deref(),
            Some("site/db"),
            "the kind comes from the type"
        );
        let east = Tenancy::new("east", "shop");
        assert!(view.get::<Site>((&east, "web-9")).expect("followed").is_some());
        assert_eq!(keys(view.in_tenancy(&east).list_kind("site")), ["site/web-9 in east/shop"]);
    });
}
