//! 8: how a user tests a reconciler: one run by hand, and back-off without waiting. (Whole simulations come with their own crate.)

use std::sync::Arc;

use parking_lot::Mutex;
use trimtab::Reaction;
use trimtab::prelude::*;
use trimtab::queue::ExponentialBackoff;

use crate::cloud::Cloud;
use crate::databases::{Database, Databases};
use crate::stage::{SECOND, with_store};

#[tokio::test]
async fn one_run_by_hand() -> Result<()> {
    let store = Store::open(trimtab::Memory::new()).await?;
    store.commit(Database { replicas: 2 }.named("orders").apply()).await?;
    let request = Request::of::<Database>("orders");
    let cloud = Cloud::default();
    let databases = Databases { cloud: cloud.clone() };

    let ctx = Context::builder(&store, &request).attempt(3).build();
    assert_eq!((ctx.attempt(), ctx.failures()), (3, 2));
    assert_eq!(databases.reconcile(&ctx, request.clone()).await?, Action::done());
    assert_eq!(cloud.buckets(), 1);

    cloud.fail(1);
    let ctx = Context::builder(&store, &request).build();
    let error = databases.reconcile(&ctx, request).await.unwrap_err();
    assert_eq!(
        (error.to_string().as_str(), error.reaction()),
        ("the cloud is out of order", Reaction::Retry)
    );
    Ok(())
}

#[test]
fn backoff_without_waiting() {
    with_store(8, async |store| {
        store.commit(Database { replicas: 1 }.named("orders").apply()).await.unwrap();
        let times = Arc::new(Mutex::new(Vec::new()));
        let fails = reconcile_with(Arc::clone(&times), async |times, ctx, _| {
            times.lock().push(ctx.now());
            Err("out of order".into())
        });
        let exact = ExponentialBackoff::new(SECOND, 4 * SECOND).unwrap().with_jitter(false);
        let c =
            Controller::new(&store, fails).subscribe(Source::of::<Database>()).with_limiter(move || exact);
        c.run(store.seams().sleep(12 * SECOND)).await.unwrap();
        let gaps: Vec<_> = times.lock().windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
        assert_eq!(gaps, [1, 2, 4, 4]);
    });
}
