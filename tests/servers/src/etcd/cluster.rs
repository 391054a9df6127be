//! What tests do to an etcd cluster past the crate under test.

use serde_json::Value;

use super::member::Member;
use crate::cluster::{Cluster, Member as _};
use crate::until;

impl Cluster<Member> {
    /// Calls a member's JSON gateway: `path` as in `kv/compaction`. Keys and values in it are base64, see [`encoded`](Cluster::encoded). Asks
    /// again while the cluster is between two leaders.
    ///
    /// # Panics
    /// When it does not answer, or refuses.
    pub fn call(&self, member: usize, path: &str, request: &Value) -> Value {
        let mut answer = Err(String::new());
        until(Member::READY, || {
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
}
