//! 4: several controllers of one process under a manager, with what an HTTP server would answer to `/ready` and `/metrics`.

use trimtab::prelude::*;

use crate::cloud::Cloud;
use crate::databases::{self, Database};
use crate::stage::{MINUTE, SECOND};

fn manager(store: &Store, cloud: &Cloud) -> Manager {
    // State without a struct of one's own.
    let renewing = reconcile_with(cloud.clone(), async |cloud, ctx, request| {
        if ctx.get::<Database>(&request)?.is_none() {
            return Ok(Action::done());
        }
        cloud.renew(request.name(), ctx.now()).await?;
        Ok(Action::requeue_after(MINUTE))
    });
    Manager::new()
        .add(databases::controller(store, cloud.clone()))
        .add(Controller::new(store, renewing).named("renewing").subscribe(Source::of::<Database>()))
        .with_drain(20 * SECOND)
}

mod tests {
    use trimtab::prelude::*;

    use super::{Database, manager};
    use crate::cloud::Cloud;
    use crate::stage::{MINUTE, SECOND, with_store};

    /// behaviour C20
    #[test]
    fn controllers_run_together_and_are_ready_together() {
        with_store(4, async |store| {
            let cloud = Cloud::default();
            let manager = manager(&store, &cloud);
            let handle = manager.handle();
            assert!(!handle.readiness().ready, "nothing runs yet");

            let script = async {
                store.commit(Database { replicas: 1 }.named("orders").apply()).await.unwrap();
                assert!(handle.ready().await);
                assert_eq!(handle.readiness().reasons, [""; 0]);
                for _ in 0..10 {
                    store.seams().sleep(10 * SECOND + 7 * MINUTE).await;
                    let renewed = cloud.renewed("orders").unwrap();
                    assert!(store.seams().now() - renewed <= MINUTE, "each minute");
                }
                let orders = store.get::<Database>("orders").unwrap().unwrap();
                store.commit(orders.delete()).await.unwrap();
                store.seams().sleep(10 * MINUTE).await;
                let renewed = cloud.renewed("orders").unwrap();
                assert!(store.seams().now() - renewed >= 9 * MINUTE, "no more when it is gone");
            };
            manager.run(script).await.unwrap();

            assert_eq!(cloud.buckets(), 0);
            let metrics = handle.metrics_text();
            let line =
                |wanted: &str| metrics.lines().any(|line| line.contains(wanted) && !line.starts_with('#'));
            assert!(line(r#"controller="database""#) && line(r#"controller="renewing""#), "{metrics}");
            assert!(!handle.readiness().ready, "it has ended");
        });
    }
}
