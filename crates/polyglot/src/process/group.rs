//! A process group: whoever is started, and all that it forks.

use std::process::ExitStatus;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use tokio::process::Child;
use trimtab_seams::Seams;

use super::{Groups, Stay};

/// From SIGTERM to SIGKILL.
pub(crate) const GRACE: Duration = Duration::from_secs(2);
/// How often it is asked whether a group is gone.
const ASK_AGAIN: Duration = Duration::from_millis(5);

/// A process group, ended at the latest when this is dropped.
#[derive(Debug)]
pub(crate) struct Group {
    /// The main process; its id is the group's.
    child: Child,
    id: Option<Pid>,
    /// It is known to be gone.
    gone: bool,
    seams: Seams,
    groups: Groups,
    /// Of the run that it is at work for.
    stay: Option<Stay>,
}

impl Group {
    pub(crate) fn of(child: Child, seams: &Seams, groups: &Groups) -> Self {
        let id = child.id().and_then(|id| Pid::from_raw(i32::try_from(id).ok()?));
        if let Some(id) = id {
            groups.enter(id);
        }
        Self { child, id, gone: false, seams: seams.clone(), groups: groups.clone(), stay: None }
    }

    /// For whom it is at work from now on: that run is not over before nobody of the group is left.
    pub(crate) fn work_for(&mut self, stay: Option<&Stay>) {
        self.stay = stay.cloned();
    }

    pub(crate) fn signal(&self, what: Signal) {
        signal(self.id, what);
    }

    /// The end of the main process.
    pub(crate) async fn wait(&mut self) -> std::io::Result<ExitStatus> {
        self.child.wait().await
    }

    /// The number of the main process, and of the group.
    pub(crate) const fn id(&self) -> Option<Pid> {
        self.id
    }

    /// Waits until the main process was seen to end and nobody of the group is left. There is no event for the latter, so it is asked after; almost always
    /// the first answer is the last.
    pub(crate) async fn gone(&mut self) {
        drop(self.child.wait().await);
        while self.id.is_some_and(|id| test_kill_process_group(id).is_ok()) {
            self.seams.sleep(ASK_AGAIN).await;
        }
        self.gone = true;
    }
}

/// Signals whoever is left of a group; nobody is no failure. The number of a group is not given anew while a member lives, and between the end of the last and this
/// call a whole round of process numbers would have to pass.
pub(crate) fn signal(group: Option<Pid>, what: Signal) {
    if let Some(id) = group {
        _ = kill_process_group(id, what);
    }
}

impl Drop for Group {
    /// A run that is cancelled ends its group as one whose time is up.
    fn drop(&mut self) {
        let Some(id) = self.id else { return };
        if self.gone {
            self.groups.leave(id);
            return;
        }
        self.signal(Signal::TERM);
        let (seams, groups, stay) = (self.seams.clone(), self.groups.clone(), self.stay.take());
        self.seams.spawn("end of a cancelled process", async move {
            let deadline = seams.now() + GRACE;
            // Asked after, so that nobody waits for one that is gone, and its number is not signalled when another has it.
            while test_kill_process_group(id).is_ok() {
                if seams.now() >= deadline {
                    signal(Some(id), Signal::KILL);
                    break;
                }
                seams.sleep(ASK_AGAIN).await;
            }
            groups.leave(id);
            drop(stay);
        });
    }
}
