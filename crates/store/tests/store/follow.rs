//! What the follower makes of a feed.

use std::time::Duration;

use trimtab_backend::{FeedItem, FollowError, Index, Memory, ResetReason, Why};
use trimtab_seams::virtual_time;
use trimtab_store::{EntryEvent, Following, Message, Store, SubscribeRequest, Subscription};

use crate::faulty::Faulty;
use crate::scripted::{Scripted, batch, delete, garbage, position, put, snapshot, spec, status};
use crate::{SECOND, Site, open, port, site};

/// Everything that is told until nothing more comes.
fn told(subscription: &mut Subscription<EntryEvent>) -> Vec<String> {
    let mut told = Vec::new();
    while let Some(message) = subscription.try_next().expect("it is open") {
        match message {
            Message::Changes { index, events } => {
                let port = |entry: &Option<trimtab_store::Entry>| {
                    entry.as_ref().map_or("-".into(), |entry| {
                        let site = entry.typed::<Site>().expect("a site");
                        let status = if site.status.serving { "!" } else { "" };
                        format!("{}{status}", site.spec.port)
                    })
                };
                let events: Vec<String> = events
                    .iter()
                    .map(|event| format!("{} {}>{}", event.key.name(), port(&event.old), port(&event.new)))
                    .collect();
                told.push(format!("{index}: {}", events.join(", ")));
            }
            Message::EndOfSnapshot(index) => told.push(format!("{index}: snapshot")),
            Message::NewSnapshotToFollow => told.push("anew".into()),
        }
    }
    told
}

fn subscribe(store: &Store) -> Subscription<EntryEvent> {
    let mut subscription = store.subscribe(SubscribeRequest::all("site")).expect("followed");
    told(&mut subscription);
    subscription
}

/// behaviour C5, C7, S5
#[test]
fn each_commit_is_published_once_whole_with_the_values_before_and_after() {
    virtual_time::run(1, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script
            .open(&seams, vec![spec("a", 1, 1, 10), status("b", 1, 1, true), spec("b", 1, 1, 20)])
            .await;
        let mut first = store.subscribe(SubscribeRequest::all("site")).expect("followed");
        assert_eq!(told(&mut first), ["1: a ->10, b ->20!", "1: snapshot"]);
        batch(
            &feed,
            1,
            2,
            [put(status("c", 2, 2, true)), put(spec("a", 1, 2, 11)), put(spec("c", 2, 2, 30))],
        );
        batch(&feed, 2, 5, []);
        batch(&feed, 5, 6, [put(status("a", 1, 6, true))]);
        batch(&feed, 6, 7, [delete("b", 1)]);
        seams.sleep(SECOND).await;
        assert_eq!(told(&mut first), ["2: c ->30!, a 10>11", "6: a 11>11!", "7: b 20!>-"]);
        assert_eq!(store.position(), Some(position(7)));
    });
}

/// behaviour E1, guarantee W-c, fault F19
#[test]
fn a_delete_and_a_re_creation_are_never_merged_into_a_change() {
    virtual_time::run(2, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![spec("a", 1, 1, 10), status("a", 1, 1, true)]).await;
        let mut subscription = subscribe(&store);
        batch(&feed, 1, 4, [delete("a", 1), put(spec("a", 4, 4, 40))]);
        // A backend that merges commits may leave the delete out when it tells of the new life.
        batch(&feed, 4, 9, [put(spec("a", 8, 9, 80))]);
        batch(&feed, 9, 12, [delete("a", 8), put(spec("a", 10, 10, 1)), delete("a", 10)]);
        batch(&feed, 12, 13, [put(spec("x", 13, 13, 1)), delete("x", 13)]);
        seams.sleep(SECOND).await;
        assert_eq!(told(&mut subscription), ["4: a 10!>-, a ->40", "9: a 40>-, a ->80", "12: a 80>-"]);
        assert_eq!(port(&store, "a"), None);
    });
}

/// settled, Records: a follower ignores a status without a spec.
/// fault F15
#[test]
fn a_status_without_a_spec_is_no_entry_and_one_of_another_life_is_left_out() {
    virtual_time::run(3, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![status("a", 1, 1, true), spec("b", 1, 1, 2)]).await;
        let mut subscription = subscribe(&store);
        batch(&feed, 1, 2, [put(status("a", 1, 2, false))]);
        batch(&feed, 2, 3, [put(status("b", 999, 3, true))]);
        batch(&feed, 3, 4, [put(spec("a", 4, 4, 1))]);
        seams.sleep(SECOND).await;
        assert_eq!(told(&mut subscription), ["3: b 2>2", "4: a ->1"]);
        assert_eq!(store.get::<Site>("b").expect("followed").map(|b| b.status.serving), Some(false));
    });
}

/// fault F14, guarantee S-b
#[test]
fn a_batch_told_again_is_skipped_and_one_with_a_gap_before_it_makes_the_view_anew() {
    virtual_time::run(4, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![spec("a", 1, 1, 10), spec("gone", 1, 1, 1)]).await;
        let mut subscription = subscribe(&store);
        batch(&feed, 1, 2, [put(spec("a", 1, 2, 11))]);
        batch(&feed, 1, 2, [put(spec("a", 1, 2, 11))]);
        batch(&feed, 0, 1, [put(spec("a", 1, 1, 10))]);
        let again = script.feed();
        snapshot(&again, ResetReason::First, vec![spec("a", 1, 3, 12), spec("b", 4, 4, 20)], 5);
        batch(&feed, 3, 4, [put(spec("b", 4, 4, 20))]);
        seams.sleep(SECOND).await;
        assert_eq!(told(&mut subscription), ["2: a 10>11", "5: gone 1>-, a 11>12, b ->20"]);
        assert_eq!(script.asked(), [None, None], "a view with a hole is not gone on from");
        assert_eq!(store.health().resets, 1);
    });
}

/// fault F16, guarantee W-a
#[test]
fn a_feed_that_breaks_is_resumed_from_where_the_view_stands() {
    virtual_time::run(5, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![spec("a", 1, 1, 10)]).await;
        let mut subscription = subscribe(&store);
        batch(&feed, 1, 2, [put(spec("a", 1, 2, 11))]);
        let next = script.feed();
        batch(&next, 2, 3, [put(spec("a", 1, 3, 12))]);
        drop(feed);
        seams.sleep(SECOND).await;
        assert_eq!(script.asked(), [None, Some(position(2))]);
        assert_eq!(told(&mut subscription), ["2: a 10>11", "3: a 11>12"]);
        assert_eq!(store.health().resets, 0);
        drop(next);
    });
}

/// A feed that ends between its reset and the end of its snapshot leaves nothing of the snapshot behind, and the next feed must not go on
/// from the old view.
/// guarantee W-b
#[test]
fn a_snapshot_that_breaks_off_is_begun_anew_and_never_shown() {
    virtual_time::run(6, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![spec("a", 1, 1, 10), spec("b", 1, 1, 20)]).await;
        let mut subscription = subscribe(&store);
        feed.send(Ok(FeedItem::Reset { why: ResetReason::Compacted }));
        feed.send(Ok(FeedItem::Chunk(vec![spec("a", 1, 7, 17)])));
        drop(feed);
        seams.sleep(SECOND).await;
        assert_eq!((port(&store, "a"), port(&store, "b")), (Some(10), Some(20)));
        assert!(matches!(store.health().following, Following::Retrying { .. }));
        let again = script.feed();
        snapshot(&again, ResetReason::First, vec![spec("a", 1, 7, 17)], 9);
        seams.sleep(60 * SECOND).await;
        assert_eq!(told(&mut subscription), ["9: b 20>-, a 10>17"]);
        assert!(script.asked().iter().skip(1).all(Option::is_none));
    });
}

/// behaviour C4, fault F20
#[test]
fn a_backend_that_stays_away_is_tried_for_ever_with_growing_delays_and_the_view_stands() {
    virtual_time::run(7, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        let store = open(&seams, backend.clone()).await;
        store.commit(site("a", 1).create()).await.expect("committed");
        backend.go_away(FollowError::Denied { what: "read on e/".into() });
        let left = seams.now();
        seams.sleep(10 * SECOND).await;
        let early = backend.follows();
        assert!((5..=10).contains(&early), "{early} tries in 10 s");
        seams.sleep(3_600 * SECOND).await;
        let tries = backend.follows() - early;
        assert!((110..=260).contains(&tries), "{tries} tries in an hour");
        let Following::Retrying { error, attempts, since } = store.health().following else {
            panic!("in trouble")
        };
        assert_eq!(error, FollowError::Denied { what: "read on e/".into() });
        assert!(attempts as usize >= early + tries - 1 && since - left < SECOND);
        assert_eq!(port(&store, "a"), Some(1));
        backend.memory();
        backend.come_back();
        seams.sleep(31 * SECOND).await;
        assert!(store.health().is_live());
        assert_eq!(store.health().resets, 0);
    });
}

/// fault F20
#[test]
fn the_delay_is_at_least_what_the_backend_asks_for() {
    virtual_time::run(8, async |seams| {
        let backend = Faulty::new(Memory::with_seams(&seams));
        let _store = open(&seams, backend.clone()).await;
        let retry_after = Some(Duration::from_secs(120));
        backend.go_away(FollowError::Unavailable { why: Why::Overloaded, retry_after });
        seams.sleep(SECOND).await;
        let tries = backend.follows();
        seams.sleep(115 * SECOND).await;
        assert_eq!(backend.follows(), tries);
    });
}

/// A first sight of garbage is no reason not to open.
/// fault F28
#[test]
fn garbage_in_the_first_snapshot_does_not_keep_a_store_from_opening() {
    virtual_time::run(9, async |seams| {
        let (store, _feed) =
            Scripted::default().open(&seams, vec![garbage("x", 1, 1), spec("a", 1, 1, 1)]).await;
        assert_eq!(port(&store, "a"), Some(1));
        assert_eq!(store.undecodable().len(), 1);
        assert_eq!(store.snapshot().index(), Index::new(1));
    });
}

/// A feed that begins by itself, before a server was asked, made an outage look as if it had ended.
#[test]
fn a_store_that_is_away_is_live_again_once_something_is_told_and_its_trouble_is_told_meanwhile() {
    virtual_time::run(1, async |seams| {
        let script = Scripted::default();
        let (store, feed) = script.open(&seams, vec![spec("a", 1, 1, 10)]).await;
        script.trouble(Some("the server is down; start it"));
        feed.send(Err(FollowError::UNREACHABLE));
        let feed = script.feed();
        seams.sleep(5 * SECOND).await;
        let health = store.health();
        let Following::Retrying { error, .. } = &health.following else { panic!("{health:?}") };
        let told = "the store is unavailable: it cannot be reached: the server is down; start it";
        assert_eq!(health.explained(error), told);
        script.trouble(None);
        batch(&feed, 1, 2, [put(spec("a", 1, 2, 11))]);
        seams.sleep(SECOND).await;
        assert!(store.health().is_live());
        assert_eq!(store.health().explained("fine"), "fine");
    });
}
