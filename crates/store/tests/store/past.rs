//! The past of a kind, told from the backend to who followed it before this process began.

use std::future::poll_fn;
use std::task::Poll;

use trimtab_backend::{Memory, Position, ResetReason, StoreId};
use trimtab_seams::virtual_time;
use trimtab_store::{Entry, Index, Kind as _, Message, Past, PastError, Store, SubscribeRequest};

use crate::{Certificate, SECOND, Site, SiteStatus, open, site};

async fn commit(store: &Store, writes: impl trimtab_store::IntoWrites) -> Position {
    store.commit(writes).await.expect("committed").position()
}

/// Index, name, ports before and after, of all that is told until the view is reached.
async fn told(past: &mut Past) -> Result<Vec<String>, PastError> {
    let port = |entry: &Option<Entry>| entry.as_ref().map(|entry| entry.typed::<Site>().unwrap().spec.port);
    let mut told = Vec::new();
    while let Some((index, events)) = past.next().await? {
        let events = events.iter().map(|event| {
            format!("{index} {} {:?}>{:?}", event.key.name(), port(&event.old), port(&event.new))
        });
        told.extend(events);
    }
    Ok(told)
}

/// A client was cut off by a kill -9 of the daemon and comes back with the last position it saw. The publisher of the new process began where the store was
/// opened and could only tell it to begin anew: what was committed in between came as a snapshot, in no order and without what had come and gone.
#[test]
fn what_was_committed_before_the_store_was_opened_is_told_whole_and_in_order_up_to_the_subscription() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams);
        let first = open(&seams, backend.clone()).await;
        let seen = commit(&first, [site("blog", 80).apply(), site("shop", 90).apply()]).await;
        commit(&first, site("blog", 81).apply()).await;
        commit(&first, Certificate {}.named("beside").apply()).await;
        let shop = first.get::<Site>("shop").unwrap().unwrap();
        commit(&first, shop.delete()).await;
        commit(&first, site("shop", 91).create()).await;
        commit(&first, [site("shop", 92).apply(), site("news", 70).apply()]).await;
        drop(first);

        let store = open(&seams, backend).await;
        let mut past = store.past("site", seen).await.unwrap();
        let expected = [
            "2 blog Some(80)>Some(81)",
            "4 shop Some(90)>None",
            "5 shop None>Some(91)",
            "6 shop Some(91)>Some(92)",
            "6 news None>Some(70)",
        ];
        assert_eq!(told(&mut past).await.unwrap(), expected);
        let request = SubscribeRequest::all("site").resume_at(past.upto().get());
        let mut subscription = store.subscribe(request).unwrap();
        commit(&store, site("blog", 82).apply()).await;
        let Ok(Message::Changes { index: 7, .. }) = subscription.next().await else { panic!("it goes on") };
    });
}

#[test]
fn a_status_goes_with_the_spec_that_stood_then_from_what_came_before_or_from_the_view() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams).with_history(3, 0);
        let first = open(&seams, backend.clone()).await;
        commit(&first, [site("blog", 80).apply(), site("shop", 90).apply()]).await;
        let seen = commit(&first, site("shop", 91).apply()).await;
        let serving = |name: &str| {
            let site = first.get::<Site>(name).unwrap().unwrap();
            site.edit_status(|status: &mut SiteStatus| status.serving = !status.serving)
        };
        commit(&first, serving("blog")).await;
        commit(&first, serving("shop")).await;
        drop(first);
        let store = open(&seams, backend.clone()).await;
        let mut past = store.past("site", seen).await.unwrap();
        // Of the blog only the view knows the spec; of the shop the log does, and what was there before too.
        assert_eq!(told(&mut past).await.unwrap(), ["3 blog None>Some(80)", "4 shop Some(91)>Some(91)"]);

        // Once the blog's spec has changed again, nobody knows what it was at its first status.
        commit(&store, site("blog", 81).apply()).await;
        backend.compact(Index::new(2));
        let mut past = store.past("site", seen).await.unwrap();
        assert_eq!(told(&mut past).await, Err(PastError::Lost(ResetReason::Overflow)));
    });
}

#[test]
fn a_position_of_another_store_or_ahead_or_compacted_has_no_past_here() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams);
        let store = open(&seams, backend.clone()).await;
        let first = commit(&store, site("blog", 80).apply()).await;
        let newest = commit(&store, site("blog", 81).apply()).await;
        let lost = async |position| match store.past("site", position).await {
            Err(PastError::Lost(why)) => why,
            other => panic!("it is lost: {other:?}"),
        };
        assert_eq!(lost(Position { store: StoreId::new([9; 16]), ..first }).await, ResetReason::OtherStore);
        let ahead = Position { index: newest.index.next(), ..newest };
        assert_eq!(lost(ahead).await, ResetReason::IndexWentBack);
        backend.compact(newest.index);
        assert_eq!(lost(first).await, ResetReason::Compacted);
        assert_eq!(told(&mut store.past("site", newest).await.unwrap()).await.unwrap(), [""; 0]);
    });
}

/// A log tells nothing of commits beside the kind, so who has been told everything cannot know it before the next commit of the kind comes.
#[test]
fn a_quiet_kind_waits_for_its_next_commit_and_leaves_that_to_the_subscription() {
    virtual_time::run(1, async |seams| {
        let backend = Memory::with_seams(&seams);
        let first = open(&seams, backend.clone()).await;
        let seen = commit(&first, site("blog", 80).apply()).await;
        commit(&first, site("blog", 81).apply()).await;
        commit(&first, Certificate {}.named("beside").apply()).await;
        let store = open(&seams, backend).await;
        let mut past = store.past("site", seen).await.unwrap();
        assert_eq!(past.next().await.unwrap().map(|(index, _)| index.get()), Some(2));
        assert_eq!((past.told().get(), past.upto().get()), (2, 3));
        for _ in 0..3 {
            assert!(poll_fn(|cx| Poll::Ready(past.poll_next(cx).is_pending())).await);
            seams.sleep(SECOND).await;
        }
        commit(&store, site("blog", 82).apply()).await;
        assert_eq!(past.next().await, Ok(None));
        let request = SubscribeRequest::all("site").resume_at(past.upto().get());
        let mut subscription = store.subscribe(request).unwrap();
        let Ok(Message::Changes { index: 4, .. }) = subscription.next().await else { panic!("it goes on") };
    });
}
