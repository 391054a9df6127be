//! 5: jobs that wait for one another and for machines: triggers in place of polling, and errors that say what to do about them.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::Context as _;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use trimtab::prelude::*;
use trimtab::{RequeueAfter, Trigger};

use crate::stage::MS;

#[derive(Serialize, Deserialize)]
struct Job {
    image: String,
    /// The job that has to be done before this one.
    after: Option<String>,
}

#[derive(Default, Serialize, Deserialize)]
struct JobStatus {
    done: bool,
}

impl Kind for Job {
    const KIND: &'static str = "job";
    type Status = JobStatus;
}

struct Jobs {
    machines: Machines,
}

fn controller(store: &Store, machines: Machines) -> Controller {
    Controller::new(store, Jobs { machines }).subscribe(Source::of::<Job>())
}

impl Reconciler for Jobs {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let Some(job) = ctx.get::<Job>(&request)? else { return Ok(Action::done()) };
        if let Some(first) = &job.spec.after {
            let first = ctx.get::<Job>(first)?.or_requeue_after(30 * MS)?; // absent means not yet
            if !first.status.done {
                let name = first.name().to_owned();
                ctx.add_trigger(Trigger::on_change(Source::of::<Job>().when(move |c| c.name() == name)));
                return Ok(Action::done());
            }
        }
        let image = Image::parse(&job.spec.image).terminal()?; // listed as failed until it changes
        let machine = self.machines.find(&image).await?; // anyhow inside; "not yet" comes through it too
        if let Some(ready) = machine.boot() {
            ctx.add_trigger(async move { Ok(ready.await?) }); // any future
            return Ok(Action::done());
        }
        ctx.commit(job.edit_status(|status| status.done = true)).await?;
        Ok(Action::done())
    }
}

struct Image(String);

#[derive(Debug, thiserror::Error)]
#[error("`{0}` is no image: write `name:version`")]
struct NotAnImage(String);

impl Image {
    fn parse(text: &str) -> Result<Self, NotAnImage> {
        let (name, _version) = text.split_once(':').ok_or_else(|| NotAnImage(text.to_owned()))?;
        Ok(Self(name.to_owned()))
    }
}

/// Machines by the image they run.
#[derive(Clone, Default)]
struct Machines(Arc<Mutex<BTreeMap<String, Arc<Machine>>>>);

#[derive(Default)]
struct Machine {
    ready: Mutex<Ready>,
}

#[derive(Default)]
enum Ready {
    #[default]
    Off,
    Booting(oneshot::Sender<()>),
    Up,
}

impl Machines {
    async fn find(&self, image: &Image) -> anyhow::Result<Arc<Machine>> {
        tokio::task::yield_now().await; // others go on meanwhile
        self.lease(image).with_context(|| format!("find a machine for {}", image.0))
    }

    fn lease(&self, image: &Image) -> anyhow::Result<Arc<Machine>> {
        let machines = self.0.lock();
        let Some(machine) = machines.get(&image.0) else { Err(RequeueAfter(20 * MS))? };
        Ok(Arc::clone(machine))
    }

    fn add(&self, image: &str) {
        self.0.lock().insert(image.to_owned(), Arc::default());
    }

    fn finish_boot(&self, image: &str) {
        let before = std::mem::replace(&mut *self.0.lock()[image].ready.lock(), Ready::Up);
        let Ready::Booting(ready) = before else { panic!("{image} was not booting") };
        ready.send(()).expect("the trigger waits for it");
    }
}

impl Machine {
    /// Begins to boot; none when it is up.
    fn boot(&self) -> Option<oneshot::Receiver<()>> {
        let mut ready = self.ready.lock();
        if matches!(*ready, Ready::Up) {
            return None;
        }
        let (booted, waits) = oneshot::channel();
        *ready = Ready::Booting(booted);
        Some(waits)
    }
}

mod tests {
    use trimtab::prelude::*;

    use super::{Job, Machines, controller};
    use crate::stage::{MS, SECOND, until, with_store};

    fn job(image: &str, after: Option<&str>) -> Job {
        Job { image: image.into(), after: after.map(Into::into) }
    }

    /// behaviour T1, T8, C9, C11
    #[test]
    fn jobs_wait_without_polling_and_errors_say_what_follows() {
        with_store(5, async |store| {
            let machines = Machines::default();
            let controller = controller(&store, machines.clone());
            let handle = controller.handle();
            let runs = || handle.metrics().reconciles;
            let is_done = |name| store.get::<Job>(name).unwrap().unwrap().status.done;
            let script = async {
                // Absent means not yet: looked for every 30 ms, and no failure.
                store.commit(job("linker:2", Some("compile")).named("link").apply()).await.unwrap();
                store.seams().sleep(SECOND).await;
                assert_eq!((runs().requeued, runs().failed), (34, 0));

                // No machine yet, said from below anyhow: every 20 ms.
                store.commit(job("compiler:1", None).named("compile").apply()).await.unwrap();
                store.seams().sleep(SECOND).await;
                let (requeued, done) = (runs().requeued, runs().done);
                assert!((84..=85).contains(&requeued), "{requeued}");
                machines.add("compiler");
                store.seams().sleep(SECOND).await;
                assert_eq!(runs().done, done + 1, "it has begun to boot, and the trigger waits for that");
                assert_eq!(handle.status().triggers, 2, "`link` waits for a change of `compile`");

                machines.add("linker");
                machines.finish_boot("compiler");
                store.seams().sleep(10 * MS).await;
                assert!(is_done("compile") && !is_done("link"));
                machines.finish_boot("linker");
                until(store.seams(), || handle.is_settled()).await;
                assert!(is_done("link"));

                // Wrong until somebody changes it.
                store.commit(job("compiler", None).named("typo").apply()).await.unwrap();
                store.seams().sleep(SECOND).await;
                let failing = handle.failing();
                assert_eq!(failing.len(), 1);
                assert!(failing[0].terminal && failing[0].failures == 1);
                assert_eq!(
                    failing[0].last_error.as_deref(),
                    Some("`compiler` is no image: write `name:version`")
                );
                let typo = store.get::<Job>("typo").unwrap().unwrap();
                store.commit(typo.edit(|job| job.image = "compiler:1".into())).await.unwrap();
                until(store.seams(), || handle.is_settled()).await;
                assert!(is_done("typo") && handle.failing().is_empty());
            };
            controller.run(script).await.unwrap();
        });
    }
}
