//! 10: several replicas of one program: the store is chosen at run time, the work is done in one place at a time.

use trimtab::backend::AnyBackend;
use trimtab::prelude::*;
use trimtab::{Embedded, Memory, Placement};

use crate::cloud::Cloud;
use crate::databases::{Database, controller};

/// `memory`, or a directory.
fn backend(arg: &str) -> Result<AnyBackend, Box<dyn std::error::Error>> {
    Ok(match arg {
        "memory" => AnyBackend::new(Memory::new()),
        path => AnyBackend::new(Embedded::open(path)?),
    })
}

fn replica(store: &Store, cloud: &Cloud) -> Manager {
    Manager::new().add(controller(store, cloud.clone())).with_placement(Placement::leader("databases"))
}

mod tests {
    use parking_lot::Mutex;
    use std::sync::Arc;
    use trimtab::backend::AnyBackend;
    use trimtab::prelude::*;
    use trimtab::seams::virtual_time;
    use trimtab::{ManagerHandle, Memory};

    use super::{Database, backend, replica};
    use crate::cloud::Cloud;
    use crate::stage::{MS, SECOND, until};

    #[tokio::test]
    async fn the_store_is_chosen_at_run_time() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("data");
        for arg in ["memory", path.to_str().unwrap()] {
            let store = Store::open(backend(arg).unwrap()).await.unwrap();
            let cloud = Cloud::default();
            let manager = replica(&store, &cloud);
            let handle = manager.handle();
            store.commit(Database { replicas: 1 }.named("orders").apply()).await.unwrap();
            manager.run(until(store.seams(), || handle.is_settled())).await.unwrap();
            assert_eq!(cloud.buckets(), 1, "on {arg}");
            store.close().await;
        }
    }

    fn epoch(replica: &ManagerHandle) -> Option<u64> {
        replica.controller("database").unwrap().status().epoch.map(trimtab::Index::get)
    }

    #[test]
    fn one_replica_works_and_another_takes_over_when_it_ends() {
        virtual_time::run(10, async |seams| {
            let memory = AnyBackend::new(Memory::with_seams(&seams));
            let open = async || Store::builder(memory.clone()).seams(&seams).open().await.unwrap();
            let (store, cloud) = (open().await, Cloud::default());

            let stop = Arc::new(Mutex::new([false; 2]));
            let mut handles = Vec::new();
            for number in 0..2 {
                let manager = replica(&open().await, &cloud);
                handles.push(manager.handle());
                let (seams_of_it, stop) = (seams.clone(), Arc::clone(&stop));
                seams.spawn("replica", async move {
                    manager.run(until(&seams_of_it, || stop.lock()[number])).await.unwrap();
                });
            }
            let leaders = || handles.iter().filter(|handle| epoch(handle).is_some()).count();
            store.commit(Database { replicas: 1 }.named("orders").apply()).await.unwrap();
            until(&seams, || cloud.buckets() == 1).await;
            assert_eq!(leaders(), 1);
            let first = handles.iter().position(|handle| epoch(handle).is_some()).unwrap();
            let first_epoch = epoch(&handles[first]).unwrap();

            stop.lock()[first] = true;
            until(&seams, || epoch(&handles[1 - first]).is_some()).await;
            store.commit(Database { replicas: 1 }.named("users").apply()).await.unwrap();
            until(&seams, || cloud.buckets() == 2).await;
            let second_epoch = epoch(&handles[1 - first]).unwrap();
            assert!(
                second_epoch > first_epoch,
                "each holder has an epoch of its own: the fence of its writes"
            );
            stop.lock()[1 - first] = true;
            seams.sleep(SECOND + MS).await;
            assert_eq!(leaders(), 0);
        });
    }
}
