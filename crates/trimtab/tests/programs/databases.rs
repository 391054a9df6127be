//! 3: a database has a bucket in somebody's cloud, which a finalizer guards, and as many instances as it says, which it owns.

use serde::{Deserialize, Serialize};
use trimtab::prelude::*;

use crate::cloud::Cloud;

const BACKUPS: &str = "example.org/backups";

#[derive(Serialize, Deserialize)]
pub(crate) struct Database {
    pub(crate) replicas: u32,
}

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct DatabaseStatus {
    pub(crate) bucket: Option<String>,
}

impl Kind for Database {
    const KIND: &'static str = "database";
    type Status = DatabaseStatus;
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Instance {
    ordinal: u32,
}

impl Kind for Instance {
    const KIND: &'static str = "instance";
    type Status = ();
}

pub(crate) struct Databases {
    pub(crate) cloud: Cloud,
}

pub(crate) fn controller(store: &Store, cloud: Cloud) -> Controller {
    Controller::new(store, Databases { cloud })
        .subscribe(Source::of::<Database>())
        .subscribe(Source::of::<Instance>().to_owner::<Database>())
        .with_workers(2)
}

impl Reconciler for Databases {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let Some(database) = ctx.get::<Database>(&request)? else { return Ok(Action::done()) };
        let id = database.uid().to_string();
        if database.is_deleting() {
            self.cloud.delete_bucket(&id).await?;
            ctx.commit(database.remove_finalizer(BACKUPS)).await?;
            return Ok(Action::done());
        }
        ctx.commit(database.add_finalizer(BACKUPS)).await?; // before the bucket: a crash in between leaks nothing
        let bucket = self.cloud.ensure_bucket(&id).await?;
        let instance = |ordinal| Instance { ordinal }.named(format!("{}-{ordinal}", request.name()));
        let instances = (0..database.spec.replicas).map(instance);
        ctx.commit(ctx.owned_exactly::<Instance>(&database, instances)?).await?;
        ctx.commit(database.edit_status(|status| status.bucket = Some(bucket))).await?;
        Ok(Action::done())
    }
}

mod tests {
    use trimtab::prelude::*;

    use super::{BACKUPS, Database, Instance, controller};
    use crate::cloud::Cloud;
    use crate::stage::{SECOND, until, with_store};

    /// behaviour C22, E7
    #[test]
    fn a_database_has_its_bucket_and_its_instances_and_leaves_nothing_behind() {
        with_store(3, async |store| {
            let cloud = Cloud::default();
            let manager = Manager::new().add(controller(&store, cloud.clone()));
            let handle = manager.handle();
            let settled = async || until(store.seams(), || handle.is_settled()).await;
            let instances = || store.list::<Instance>().keys().unwrap().len();
            let script = async {
                store.commit(Database { replicas: 2 }.named("orders").apply()).await.unwrap();
                settled().await;
                let orders = store.get::<Database>("orders").unwrap().unwrap();
                assert_eq!(orders.finalizers(), [BACKUPS]);
                assert_eq!(orders.status.bucket, Some(format!("bucket-{}", orders.uid())));
                assert_eq!((instances(), cloud.buckets()), (2, 1));

                for replicas in [5, 1] {
                    store.commit(Database { replicas }.named("orders").apply()).await.unwrap();
                    settled().await;
                    assert_eq!(instances(), replicas as usize);
                }

                // Somebody deletes an instance by hand: it comes back.
                let instance = store.get::<Instance>("orders-0").unwrap().unwrap();
                store.commit(instance.delete()).await.unwrap();
                settled().await;
                let anew = store.get::<Instance>("orders-0").unwrap().unwrap();
                assert_ne!(anew.uid(), instance.uid());

                let orders = store.get::<Database>("orders").unwrap().unwrap();
                cloud.fail(1); // its first attempt to clean up
                store.commit(orders.delete()).await.unwrap();
                settled().await;
                assert!(store.get::<Database>("orders").unwrap().is_none());
                assert_eq!((instances(), cloud.buckets()), (0, 0));
            };
            manager.run(script).await.unwrap();
        });
    }

    /// guarantee R-g: the process dies when the bucket is deleted already and nobody knows it yet.
    #[test]
    fn a_crash_in_the_clean_up_repeats_it_before_the_database_is_gone() {
        with_store(3, async |store| {
            let cloud = Cloud::default();
            store.commit(Database { replicas: 2 }.named("orders").apply()).await.unwrap();
            let first = Manager::new().add(controller(&store, cloud.clone()));
            let handle = first.handle();
            first.run(until(store.seams(), || handle.is_settled())).await.unwrap();
            let orders = store.get::<Database>("orders").unwrap().unwrap();
            store.commit(orders.delete()).await.unwrap();

            cloud.fall_silent(true);
            let second = Manager::new().add(controller(&store, cloud.clone()));
            tokio::select! {
                biased;
                () = store.seams().sleep(SECOND) => {} // and `run` is dropped: as good as a crash
                ended = second.run(std::future::pending()) => panic!("{ended:?}"),
            }
            assert_eq!(cloud.buckets(), 0);
            assert!(store.get::<Database>("orders").unwrap().is_some_and(|orders| orders.is_deleting()));

            cloud.fall_silent(false);
            let third = Manager::new().add(controller(&store, cloud.clone()));
            let handle = third.handle();
            third.run(until(store.seams(), || handle.is_settled())).await.unwrap();
            assert!(store.get::<Database>("orders").unwrap().is_none());
            assert_eq!(store.list::<Instance>().keys().unwrap(), []);
        });
    }
}
