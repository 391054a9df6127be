//! 7: hearing of one entry without a controller, for as long as the store is there.

use trimtab::prelude::*;
use trimtab::store::{SubscribeError, subject};
use trimtab::stream::{Closed, Message};
use trimtab::{Key, SubscribeRequest};

/// Hands every state of an entry to `heard`, none when it is gone, until the store is closed.
async fn follow(
    store: &Store,
    key: &Key,
    mut heard: impl FnMut(Option<String>),
) -> Result<(), SubscribeError> {
    let mut seen = 0;
    loop {
        let request = SubscribeRequest::one(key.kind(), subject(key)).resume_at(seen);
        let mut subscription = store.subscribe(request)?;
        let again = loop {
            match subscription.next().await {
                Ok(Message::Changes { index, events }) => {
                    events
                        .iter()
                        .for_each(|event| heard(event.new.as_ref().map(|new| new.spec_json().into())));
                    seen = index;
                }
                Ok(Message::EndOfSnapshot(index)) => seen = index,
                Ok(Message::NewSnapshotToFollow) => heard(None),
                Err(Closed::TopicRefreshed | Closed::Lagged | Closed::TokenClosed) => break true,
                Err(Closed::ShuttingDown) => break false,
            }
        };
        if !again {
            return Ok(());
        }
    }
}

mod tests {
    use std::sync::Arc;

    use parking_lot::Mutex;
    use serde::{Deserialize, Serialize};
    use trimtab::Key;
    use trimtab::prelude::*;

    use super::follow;
    use crate::stage::{MS, with_store};

    #[derive(Serialize, Deserialize)]
    struct HttpRoute {
        service: String,
    }

    impl Kind for HttpRoute {
        const KIND: &'static str = "http-route";
        type Status = ();
    }

    /// behaviour S2, S3, S8, S9
    #[test]
    fn one_entry_is_followed_over_interruptions() {
        with_store(7, async |store| {
            let heard = Arc::new(Mutex::new(Vec::new()));
            let route = |service: &str| HttpRoute { service: service.into() }.named("a").apply();
            let pause = async || store.seams().sleep(MS).await;
            store.commit(route("one")).await.unwrap();

            let (notes, followed, ended) = (Arc::clone(&heard), store.clone(), Arc::new(Mutex::new(false)));
            let has_ended = Arc::clone(&ended);
            store.seams().spawn("follow", async move {
                let key = Key::of::<HttpRoute>("a");
                follow(&followed, &key, |spec| notes.lock().push(spec.unwrap_or("gone".into())))
                    .await
                    .unwrap();
                *has_ended.lock() = true;
            });
            pause().await;
            store.commit(route("two")).await.unwrap();
            store.commit(HttpRoute { service: "other".into() }.named("b").apply()).await.unwrap();
            pause().await;
            store.publisher().refresh(&"http-route".into()).unwrap();
            pause().await;
            let entry = store.get::<HttpRoute>("a").unwrap().unwrap();
            store.commit(entry.delete()).await.unwrap();
            pause().await;
            store.close().await;
            pause().await;

            let heard = heard.lock();
            let texts = ["one", "two"].map(|service| format!(r#"{{"service":"{service}"}}"#));
            let [one, two] = texts.each_ref().map(String::as_str);
            assert_eq!(*heard, [one, two, "gone", two, "gone"], "after the refresh it was read anew");
            assert!(*ended.lock());
        });
    }
}
