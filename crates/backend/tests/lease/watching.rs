//! What others see of a lease: its holder, and its records.

use std::time::Duration;

use trimtab_backend::{
    Backend, Expect, Leases, Memory, Operation, Part, Record, StoreLease, Transaction, Uid,
};
use trimtab_seams::virtual_time;

use super::{acquire, faulty, key};

#[test]
fn a_watch_tells_each_holder_once_and_goes_on_through_an_outage() {
    virtual_time::run(1, async |seams| {
        let (store, leases) = faulty(&seams);
        let mut watch = leases.watch("one").expect("a watch");
        assert_eq!(watch.next().await.expect("known"), None);
        let mut a = acquire(&leases, "a").await;
        let holder = watch.next().await.expect("known").expect("somebody");
        assert_eq!((holder.name.as_str(), holder.epoch), ("a", a.epoch()));
        a.renew().await.expect("a renewal");
        store.set_away(true);
        let sight = seams.clone();
        let back = store.clone();
        seams.spawn("repair", async move {
            sight.sleep(Duration::from_secs(30)).await;
            back.set_away(false);
        });
        seams.sleep(Duration::from_secs(31)).await;
        a.release().await.expect("a release");
        assert_eq!(watch.next().await.expect("known"), None, "beats and outages are no change of holder");
        let _other = acquire(&leases, "other").await;
        assert_eq!(watch.next().await.expect("known").map(|holder| holder.name), Some("other".into()));
    });
}

/// The records are those of an entry, and what others put into its header outlives every term.
#[test]
fn the_header_of_a_lease_is_kept_through_its_terms() {
    virtual_time::run(1, async |seams| {
        let memory = Memory::with_seams(&seams);
        let leases = StoreLease::new(memory.clone(), &seams);
        let mut held = acquire(&leases, "a").await;
        held.renew().await.expect("a renewal");
        held.release().await.expect("a release");
        let lines = async || {
            let (_, records) = memory.read(&[key()]).await.expect("open");
            let text = |record: &Record| String::from_utf8(record.value.to_vec()).expect("text");
            records.iter().map(text).collect::<Vec<_>>()
        };
        let [epoch, beat] = &lines().await[..] else { panic!("two records") };
        let uid = &epoch[14..50];
        assert!(uid.parse::<Uid>().is_ok(), "{epoch}");
        assert!(
            epoch.contains("\"generation\":1,\"created_at\":\"2026-01-01T00:00:00Z\"}\n{\"holder\":null,"),
            "{epoch}"
        );
        assert!(
            beat.starts_with(&format!("{{\"f\":1,\"uid\":\"{uid}\",\"observed_generation\":1}}\n")),
            "{beat}"
        );

        let labelled = epoch.replacen("\"generation\"", "\"labels\":{\"tier\":\"1\"},\"generation\"", 1);
        let put =
            Operation::Put { key: key(), part: Part::Spec, value: labelled.into(), expect: Expect::Anything };
        memory.commit(Transaction::of([put])).await.expect("an edit");
        let _held = acquire(&leases, "b").await;
        let epoch = &lines().await[0];
        assert!(epoch.contains("\"tier\":\"1\"") && epoch.contains("{\"holder\":\"b\","), "{epoch}");
    });
}
