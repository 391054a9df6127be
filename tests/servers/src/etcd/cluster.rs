//! A cluster of etcd members.

use std::fs;
use std::time::Duration;

use serde_json::Value;
use tempfile::TempDir;

use super::member::Member;
use crate::copy::copy_folder;
use crate::ports::Ports;
use crate::{Server, binary, until};

/// How a cluster is to be started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Further arguments for every member.
    pub arguments: Vec<String>,
    /// Whether clients speak TLS to it; the arguments then name the certificates.
    pub tls: bool,
}

/// Members that were started here. All are killed and their data removed when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    members: Vec<Member>,
    /// Removed with the members.
    _folder: TempDir,
    _ports: Ports,
}

/// How long a cluster may take until it is ready: seconds on a busy machine.
const READY: Duration = Duration::from_secs(30);

impl Cluster {
    /// One member. `None` where servers cannot be built, see [`binary`](crate::binary()).
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn single() -> Option<Self> {
        Self::with(1, &Settings::default())
    }

    /// Three members.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn three() -> Option<Self> {
        Self::with(3, &Settings::default())
    }

    /// So many members, started so.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn with(size: u16, settings: &Settings) -> Option<Self> {
        let program = binary(Server::Etcd)?;
        let (folder, ports) = (TempDir::new().expect("a folder for data"), Ports::take());
        let members = Member::plan(size, settings, program, folder.path(), &ports);
        let mut cluster = Self { members, _folder: folder, _ports: ports };
        cluster.members.iter_mut().for_each(Member::start);
        assert!(cluster.is_ready_within(READY), "etcd did not become ready within {READY:?}");
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

    /// Waits until every member that runs is healthy.
    pub fn is_ready_within(&mut self, bound: Duration) -> bool {
        until(bound, || self.members.iter_mut().all(Member::is_healthy_or_down))
    }

    /// The member that leads, as a member that answers says.
    ///
    /// # Panics
    /// When there is none within half a minute.
    pub fn leader(&self) -> usize {
        let mut leader = None;
        until(READY, || {
            leader = self.members.iter().position(|member| member.leads() == Some(true));
            leader.is_some()
        });
        leader.expect("a leader")
    }

    /// Ends a member at once (SIGKILL).
    pub fn kill(&mut self, member: usize) {
        self.members[member].kill();
    }

    /// Starts a member that was killed, with the data that it had, and waits for its health.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self, member: usize) {
        self.members[member].start();
        let healthy = until(READY, || self.members[member].is_healthy());
        assert!(healthy, "etcd member {member} did not become ready again");
    }

    /// Stops a member in its tracks: connections to it stay open and unanswered.
    pub fn freeze(&self, member: usize) {
        self.members[member].process().freeze();
    }

    /// Lets a frozen member go on.
    pub fn thaw(&self, member: usize) {
        self.members[member].process().thaw();
    }

    /// Calls a member's JSON gateway: `path` as in `kv/compaction`. Keys and values in it are base64, see [`encoded`](Cluster::encoded). Asks
    /// again while the cluster is between two leaders.
    ///
    /// # Panics
    /// When it does not answer, or refuses.
    pub fn call(&self, member: usize, path: &str, request: &Value) -> Value {
        let mut answer = Err(String::new());
        until(READY, || {
            answer = self.members[member].call(path, None, request);
            !answer.as_ref().is_err_and(|said| said.contains("503"))
        });
        answer.expect("an answer of the gateway")
    }

    /// The same with a user's token.
    ///
    /// # Errors
    /// What the gateway said when it refuses.
    pub fn call_as(&self, token: &str, path: &str, request: &Value) -> Result<Value, String> {
        self.members[0].call(path, Some(token), request)
    }

    /// Bytes as the gateway takes them.
    pub fn encoded(bytes: impl AsRef<[u8]>) -> String {
        super::gateway::encoded(bytes.as_ref())
    }

    /// Forgets the history before a revision, on all members.
    ///
    /// # Panics
    /// When it is refused.
    pub fn compact(&self, revision: u64) {
        let request = serde_json::json!({ "revision": revision.to_string(), "physical": true });
        self.call(0, "kv/compaction", &request);
    }

    /// A copy of the data of a member that is down, to be [put back](Cluster::put_back).
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy(&self, member: usize) -> TempDir {
        let copy = TempDir::new().expect("a folder for a copy");
        copy_folder(self.members[member].data(), copy.path());
        copy
    }

    /// Replaces the data of a member that is down.
    ///
    /// # Panics
    /// When it cannot be replaced.
    pub fn put_back(&self, member: usize, copy: &TempDir) {
        let data = self.members[member].data();
        fs::remove_dir_all(data).expect("data of ours");
        fs::create_dir(data).expect("a folder");
        copy_folder(copy.path(), data);
    }
}

/// A test that fails shows what its servers said last.
impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (number, member) in self.members.iter().enumerate() {
                eprintln!("etcd member {number} said last:\n{}", member.said());
            }
        }
    }
}
