//! What transformers see.

use serde_json::json;
use trimtab_backend::Tenancy;
use trimtab_seams::virtual_time;
use trimtab_store::{
    Change, Draft, Dynamic, EntryEvent, Key, KindKey as _, Lookup, Message, SubscribeRequest,
};

use crate::{Certificate, SECOND, Site, in_memory, secured};
use trimtab_store::Kind as _;

const BY_CERTIFICATE: Lookup<Site> = Lookup::new("certificate", |site| site.spec.certificates.clone());

async fn events(store: &trimtab_store::Store, seams: &trimtab_seams::Seams, kind: &str) -> Vec<EntryEvent> {
    seams.sleep(SECOND).await;
    let mut subscription = store.subscribe(SubscribeRequest::all(kind).resume_at(1)).expect("followed");
    let mut all = Vec::new();
    while let Some(message) = subscription.try_next().expect("open") {
        if let Message::Changes { events, .. } = message {
            all.extend(events.iter().cloned());
        }
    }
    all
}

/// behaviour C7
#[test]
fn a_change_shows_what_the_entry_pointed_at_before_and_points_at_now() {
    virtual_time::run(1, async |seams| {
        let store = in_memory(&seams).await;
        store.commit(Certificate {}.named("x").create()).await.expect("committed");
        let shop = Tenancy::in_namespace("shop");
        store.commit(secured("a", &["x"]).in_tenancy(&shop).create()).await.expect("committed");
        store.commit(secured("a", &["y"]).in_tenancy(&shop).apply()).await.expect("committed");
        let a = store.get::<Site>((&shop, "a")).expect("followed").expect("there");
        store.commit(a.delete()).await.expect("deleted");

        let events = events(&store, &seams, "site").await;
        let snapshot = store.snapshot();
        let pointed: Vec<Vec<Key>> = events
            .iter()
            .map(|event| {
                let change = Change::<Site>::of(event, &snapshot).expect("decodable");
                let certificates = change.both().flat_map(|site| &site.spec.certificates);
                certificates.map(|name| change.beside::<Certificate>(name)).collect()
            })
            .collect();
        let certificate = |name: &str| Key::of::<Certificate>(name).in_namespace("shop");
        let (x, y) = (certificate("x"), certificate("y"));
        assert_eq!(
            pointed,
            [vec![x.clone()], vec![x, y.clone()], vec![y]],
            "on delete the last value is seen"
        );

        let change = Change::<Site>::of(&events[1], &snapshot).expect("decodable");
        assert_eq!((change.name(), change.index().get(), change.tenancy()), ("a", 3, &shop));
        assert_eq!(format!("{change:?}"), "Change(site/a in default/shop changed at 3)");
        assert_eq!(change.key(), &Key::new("site", "a").in_namespace("shop"));
    });
}

/// behaviour C7, E5
#[test]
fn a_change_looks_around_from_the_entrys_own_tenancy() {
    virtual_time::run(2, async |seams| {
        let store = in_memory(&seams).await;
        store.declare(&BY_CERTIFICATE);
        let shop = Tenancy::in_namespace("shop");
        store
            .commit([
                secured("here", &["x"]).in_tenancy(&shop).create(),
                secured("elsewhere", &["x"]).create(),
            ])
            .await
            .expect("committed");
        store.commit(Certificate {}.named("x").in_tenancy(&shop).create()).await.expect("committed");
        let events = events(&store, &seams, "certificate").await;
        let change = Change::<Certificate>::of(&events[0], &store.snapshot()).expect("decodable");
        let users = change.list::<Site>().by(&BY_CERTIFICATE, change.name()).keys().expect("sites");
        assert_eq!(users, [Key::new("site", "here").in_namespace("shop")]);
        assert!(change.get::<Site>("here").expect("followed").is_some());
        assert!(change.get::<Site>("elsewhere").expect("followed").is_none());
        assert_eq!(change.list_kind("site").keys().expect("sites").len(), 1);
        assert_eq!(change.view().tenancy(), &shop);
    });
}

/// behaviour C8
#[test]
fn a_new_value_of_another_type_is_an_error_and_an_old_one_counts_as_none() {
    virtual_time::run(3, async |seams| {
        let store = in_memory(&seams).await;
        store.commit(Certificate {}.named("x").create()).await.expect("committed");
        store.commit(Draft::json("site", "a", &json!({ "port": "none" })).create()).await.expect("committed");
        store.commit(secured("a", &["x"]).apply()).await.expect("committed");
        let events = events(&store, &seams, "site").await;
        let snapshot = store.snapshot();
        let error = Change::<Site>::of(&events[0], &snapshot).expect_err("no port");
        assert_eq!(error.key.name(), "a");
        let change = Change::<Site>::of(&events[1], &snapshot).expect("decodable");
        assert!(change.old.is_none() && change.new.is_some());
        let change = Change::<Dynamic>::of(&events[1], &snapshot).expect("always");
        assert_eq!(change.both().count(), 2);
    });
}
