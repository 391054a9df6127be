//! What a commit would do, and what a rule lets pass.

use trimtab_backend::{Expect, Invalid, Memory};
use trimtab_seams::virtual_time;
use trimtab_store::{Draft, Store, WriteError};

use crate::{open, port, site};

/// behaviour E9
#[test]
fn a_rehearsal_tells_what_would_become_of_each_entry_and_writes_nothing() {
    virtual_time::run(1, async |seams| {
        let store = open(&seams, Memory::with_seams(&seams)).await;
        store.commit(site("a", 1).create()).await.expect("committed");
        let before = store.head().await.expect("told");

        let would = store.rehearse([site("a", 2).apply(), site("b", 3).apply()]).await.expect("it would do");
        let index = would.commit.position().index;
        let told: Vec<_> =
            would.touched.iter().map(|one| (one.key().name(), one.before().is_some())).collect();
        assert_eq!(told, [("a", true), ("b", false)]);
        let after = would.touched[0].at(index).expect("it would be there");
        assert_eq!((after.spec_json(), after.generation()), (r#"{"port":2,"certificates":[]}"#, 2));
        assert!(store.rehearse(site("a", 1).apply()).await.expect("it is so").touched.is_empty());

        assert_eq!(store.head().await.expect("told"), before, "nothing was written");
        assert_eq!(port(&store, "a"), Some(1));
    });
}

/// behaviour E3
#[test]
fn a_rehearsal_meets_the_conflicts_that_the_commit_would() {
    virtual_time::run(2, async |seams| {
        let store = open(&seams, Memory::with_seams(&seams)).await;
        store.commit(site("a", 1).create()).await.expect("committed");
        let read = store.entry(&trimtab_store::Key::new("site", "a")).expect("followed").expect("there");
        store.commit(site("a", 2).apply()).await.expect("committed");

        let WriteError::Conflict(conflicts) = store.rehearse(read.delete()).await.expect_err("it is older")
        else {
            panic!("a conflict")
        };
        assert_eq!(conflicts[0].expected, Expect::At(read.version()));
        assert_eq!(
            conflicts[0].found.as_ref().map(trimtab_store::Entry::spec_json),
            Some(r#"{"port":2,"certificates":[]}"#)
        );
        let WriteError::Conflict(conflicts) =
            store.rehearse(site("a", 3).create()).await.expect_err("it is there")
        else {
            panic!("a conflict")
        };
        assert_eq!(conflicts[0].expected, Expect::Absent);
        store.rehearse(site("a", 3).apply()).await.expect("a draft goes by what is there now");
    });
}

/// A rule that comes after an entry must not keep the entry from being let go: the finalizer that holds it could never be removed.
/// behaviour E9
#[test]
fn a_rule_is_asked_about_every_new_spec_and_about_no_old_one() {
    virtual_time::run(3, async |seams| {
        let memory = Memory::with_seams(&seams);
        let before = open(&seams, memory.clone()).await;
        before
            .commit(Draft::json("site", "old", &serde_json::json!({"port": "http"})).apply())
            .await
            .expect("free");

        let rule = |entry: &trimtab_store::Entry| match entry.spec_value() {
            Ok(spec) if spec["port"].is_u64() => Ok(()),
            _ => Err(Invalid::new("spec.port", "must be a whole number")),
        };
        let store = Store::builder(memory).seams(&seams).rule(rule).open().await.expect("opened");
        let wrong = |name: &str, port: &str| Draft::json("site", name, &serde_json::json!({ "port": port }));
        for write in
            [wrong("new", "http").create(), wrong("old", "https").apply(), wrong("x", "y").overwrite()]
        {
            let error = store.commit(write.clone()).await.expect_err("refused");
            assert!(error.to_string().contains("spec.port must be a whole number"), "{error}");
            assert_eq!(store.rehearse(write).await.expect_err("refused").to_string(), error.to_string());
        }
        let old = store.entry(&trimtab_store::Key::new("site", "old")).expect("followed").expect("there");
        store.commit(old.add_finalizer("keeper")).await.expect("its spec stays");
        let old = store.entry(old.key()).expect("followed").expect("there");
        store.commit(old.delete()).await.expect("its spec stays");
        let old = store.entry(old.key()).expect("followed").expect("held");
        store.commit(old.remove_finalizer("keeper")).await.expect("its spec stays");
        assert_eq!(store.entry(old.key()).expect("followed"), None);
    });
}
