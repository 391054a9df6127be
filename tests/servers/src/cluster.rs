//! Members that make one cluster: started, killed, frozen, put back from copies, whatever server they are.

use std::fmt::Debug;
use std::fs;
use std::path::Path;
use std::time::Duration;

use tempfile::TempDir;

use crate::copy::copy_folder;
use crate::daemon::Daemon;
use crate::{Server, binary, until};

/// What one server has that another does not.
pub trait Member: Debug + Sized {
    /// How members are started.
    type Settings: Debug + Default;
    /// What they are.
    const SERVER: Server;
    /// How long a cluster may take until it is ready: seconds on a busy machine.
    const READY: Duration;

    /// Members that know each other and are not started yet; their data and what they print go into the folder.
    fn plan(size: u16, settings: &Self::Settings, program: &Path, folder: &Path) -> Vec<Self>;
    /// Its process, running or not.
    fn daemon(&self) -> &Daemon;
    /// The same, to be started and killed.
    fn daemon_mut(&mut self) -> &mut Daemon;
    /// Where clients reach it.
    fn port(&self) -> u16;
    /// The same as a URL.
    fn endpoint(&self) -> String;
    /// Whether it is well and takes writes.
    fn is_ready(&mut self) -> bool;
    /// Whether it leads, by its own account.
    fn leads(&self) -> bool;
}

/// Members that were started here. All are killed and their data removed when this is dropped.
#[derive(Debug)]
pub struct Cluster<M: Member> {
    pub(crate) members: Vec<M>,
    /// Removed with the members.
    _folder: TempDir,
}

impl<M: Member> Cluster<M> {
    /// One member. `None` where servers cannot be built, see [`binary`](crate::binary()).
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn single() -> Option<Self> {
        Self::with(1, &M::Settings::default())
    }

    /// Three members.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn three() -> Option<Self> {
        Self::with(3, &M::Settings::default())
    }

    /// So many members, started so.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn with(size: u16, settings: &M::Settings) -> Option<Self> {
        let program = binary(M::SERVER)?;
        let folder = TempDir::new().expect("a folder for data");
        let mut cluster = Self { members: M::plan(size, settings, program, folder.path()), _folder: folder };
        for member in &mut cluster.members {
            member.daemon_mut().start();
        }
        let ready = cluster.is_ready_within(M::READY);
        assert!(ready, "{:?} did not become ready within {:?}", M::SERVER, M::READY);
        Some(cluster)
    }

    /// Where clients reach a member.
    pub fn endpoint(&self, member: usize) -> String {
        self.members[member].endpoint()
    }

    /// Where clients reach each.
    pub fn endpoints(&self) -> Vec<String> {
        self.members.iter().map(Member::endpoint).collect()
    }

    /// The port of a member's [endpoint](Cluster::endpoint).
    pub fn port(&self, member: usize) -> u16 {
        self.members[member].port()
    }

    /// Waits until every member that runs is ready.
    pub fn is_ready_within(&mut self, bound: Duration) -> bool {
        let ready_or_down = |member: &mut M| !member.daemon().runs() || member.is_ready();
        until(bound, || self.members.iter_mut().all(ready_or_down))
    }

    /// The member that leads.
    ///
    /// # Panics
    /// When there is none within the time to become ready.
    pub fn leader(&self) -> usize {
        let mut leader = None;
        until(M::READY, || {
            leader = self.members.iter().position(|member| member.daemon().runs() && member.leads());
            leader.is_some()
        });
        leader.expect("a leader")
    }

    /// Ends a member at once (SIGKILL).
    pub fn kill(&mut self, member: usize) {
        self.members[member].daemon_mut().kill();
    }

    /// Starts a member that was killed, with the data that it had, and waits until it is ready.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self, member: usize) {
        let restarted = &mut self.members[member];
        restarted.daemon_mut().start();
        let ready = until(M::READY, || restarted.is_ready());
        assert!(ready, "{:?} member {member} did not become ready again", M::SERVER);
    }

    /// Stops a member in its tracks: connections to it stay open and unanswered.
    pub fn freeze(&self, member: usize) {
        self.members[member].daemon().process().freeze();
    }

    /// Lets a frozen member go on.
    pub fn thaw(&self, member: usize) {
        self.members[member].daemon().process().thaw();
    }

    /// A copy of the data of a member that is down, to be [put back](Cluster::put_back).
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy(&self, member: usize) -> TempDir {
        let copy = TempDir::new().expect("a folder for a copy");
        copy_folder(self.members[member].daemon().data(), copy.path());
        copy
    }

    /// Replaces the data of a member that is down.
    ///
    /// # Panics
    /// When it cannot be replaced.
    pub fn put_back(&self, member: usize, copy: &TempDir) {
        let data = self.members[member].daemon().data();
        fs::remove_dir_all(data).expect("data of ours");
        fs::create_dir(data).expect("a folder");
        copy_folder(copy.path(), data);
    }
}

/// A test that fails shows what its servers said last.
impl<M: Member> Drop for Cluster<M> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (number, member) in self.members.iter().enumerate() {
                eprintln!("{:?} member {number} said last:\n{}", M::SERVER, member.daemon().said());
            }
        }
    }
}
