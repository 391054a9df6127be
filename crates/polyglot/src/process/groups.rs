//! The process groups that run, so that none outlives the daemon.
//!
//! A run that is cancelled ends its group by itself, but in its own time: it asks, waits, and kills. When the daemon is to stop at once there is no time to
//! wait, and a task that would kill in two seconds dies with its runtime. So whoever starts a group enters it here, and the daemon kills what is left.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::Mutex;
use rustix::process::{Pid, Signal, kill_process_group};

/// The groups of all scripts. Clones are the same set.
#[derive(Clone, Debug, Default)]
pub struct Groups(Arc<Mutex<Running>>);

#[derive(Debug, Default)]
struct Running {
    groups: BTreeSet<i32>,
    /// All were killed; one that was being started meanwhile is killed when it comes.
    killed: bool,
}

impl Groups {
    pub(crate) fn enter(&self, group: Pid) {
        let mut running = self.0.lock();
        if running.killed {
            _ = kill_process_group(group, Signal::KILL);
        } else {
            running.groups.insert(group.as_raw_pid());
        }
    }

    pub(crate) fn leave(&self, group: Pid) {
        self.0.lock().groups.remove(&group.as_raw_pid());
    }

    /// Whether none is left.
    pub fn are_gone(&self) -> bool {
        self.0.lock().groups.is_empty()
    }

    /// Kills every group that is left, and says how many there were. From now on none can begin.
    pub fn kill_all(&self) -> usize {
        let left = {
            let mut running = self.0.lock();
            running.killed = true;
            std::mem::take(&mut running.groups)
        };
        let groups = left.iter().copied().filter_map(Pid::from_raw);
        groups.filter(|&group| kill_process_group(group, Signal::KILL).is_ok()).count()
    }
}
