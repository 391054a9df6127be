//! The servers of one Consul.

use std::fs;
use std::time::Duration;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::member::Member;
use crate::copy::copy_folder;
use crate::{Server, binary, until};

/// How servers are started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// More configuration.
    pub hcl: Vec<String>,
    /// With it nobody may do anything without a token; this one may do all.
    pub token: Option<String>,
    /// They speak TLS too, with the files that the configuration names.
    pub tls: bool,
}

/// Servers that were started here. All are killed and their data removed when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    members: Vec<Member>,
    _folder: TempDir,
}

/// How long a cluster may take until it is ready: seconds on a busy machine.
const READY: Duration = Duration::from_secs(60);

impl Cluster {
    /// One server. `None` where servers cannot be built, see [`binary`](crate::binary()).
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn single() -> Option<Self> {
        Self::with(1, &Settings::default())
    }

    /// Three servers.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn three() -> Option<Self> {
        Self::with(3, &Settings::default())
    }

    /// So many servers, started so.
    ///
    /// # Panics
    /// As [`Cluster::single`].
    pub fn with(size: usize, settings: &Settings) -> Option<Self> {
        let program = binary(Server::Consul)?;
        let folder = TempDir::new().expect("a folder for data");
        let members = Member::plan(size, settings, program, folder.path());
        let mut cluster = Self { members, _folder: folder };
        cluster.members.iter_mut().for_each(Member::start);
        assert!(cluster.is_ready_within(READY), "Consul did not become ready within {READY:?}");
        Some(cluster)
    }

    /// How many servers there are.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Where clients reach a server.
    pub fn endpoint(&self, member: usize) -> String {
        format!("http://127.0.0.1:{}", self.port(member))
    }

    /// The same with TLS.
    pub fn endpoint_tls(&self, member: usize) -> String {
        format!("https://127.0.0.1:{}", self.members[member].port_tls())
    }

    /// Where clients reach each.
    pub fn endpoints(&self) -> Vec<String> {
        (0..self.size()).map(|member| self.endpoint(member)).collect()
    }

    /// The port of a server's [endpoint](Cluster::endpoint).
    pub fn port(&self, member: usize) -> u16 {
        self.members[member].port()
    }

    /// Waits until every server that runs takes writes.
    pub fn is_ready_within(&mut self, bound: Duration) -> bool {
        until(bound, || self.members.iter_mut().all(Member::is_ready_or_down))
    }

    /// The server that leads, as the first that answers says and it itself agrees.
    ///
    /// # Panics
    /// When there is none within a minute.
    pub fn leader(&self) -> usize {
        let mut leader = None;
        until(READY, || {
            leader = self.members.iter().position(|member| member.leader() == Some(member.server_port()));
            leader.is_some()
        });
        leader.expect("a leader")
    }

    /// Ends a server at once (SIGKILL).
    pub fn kill(&mut self, member: usize) {
        self.members[member].kill();
    }

    /// Starts a server that was killed, with the data that it had, and waits until it takes writes.
    ///
    /// # Panics
    /// When it does not become ready.
    pub fn restart(&mut self, member: usize) {
        self.members[member].start();
        let ready = until(READY, || self.members[member].is_ready());
        assert!(ready, "Consul did not become ready again; it said:\n{}", self.members[member].said());
    }

    /// Stops a server in its tracks: connections to it stay open and unanswered.
    pub fn freeze(&self, member: usize) {
        self.members[member].process().freeze();
    }

    /// Lets a frozen server go on.
    pub fn thaw(&self, member: usize) {
        self.members[member].process().thaw();
    }

    /// Asks a server, with the token that may do all. Asks again while the servers are between two leaders.
    ///
    /// # Panics
    /// When it does not answer, or refuses.
    pub fn call(&self, member: usize, method: &str, path: &str, body: &str) -> String {
        let mut answer = Err(String::new());
        until(READY, || {
            answer = self.members[member].call(method, path, body);
            !matches!(answer, Err(_) | Ok((500, _)))
        });
        let (status, body) = answer.expect("an answer");
        assert!(status < 400, "{method} {path}: {status} {body}");
        body
    }

    /// Writes a key past everybody.
    ///
    /// # Panics
    /// As [`Cluster::call`].
    pub fn put(&self, key: &str, value: &str) {
        self.call(0, "PUT", &format!("/v1/kv/{key}"), value);
    }

    /// Deletes a key, or with `/` at its end everything under it, past everybody.
    ///
    /// # Panics
    /// As [`Cluster::call`].
    pub fn delete(&self, key: &str) {
        let recurse = if key.ends_with('/') { "?recurse" } else { "" };
        self.call(0, "DELETE", &format!("/v1/kv/{key}{recurse}"), "");
    }

    /// A copy of the data of a server that is down, to be [put back](Cluster::put_back).
    ///
    /// # Panics
    /// When it cannot be copied.
    pub fn copy(&self, member: usize) -> TempDir {
        let copy = TempDir::new().expect("a folder for a copy");
        copy_folder(self.members[member].data(), copy.path());
        copy
    }

    /// Replaces the data of a server that is down.
    ///
    /// # Panics
    /// When it cannot be replaced.
    pub fn put_back(&self, member: usize, copy: &TempDir) {
        let data = self.members[member].data();
        fs::remove_dir_all(data).expect("data of ours");
        fs::create_dir(data).expect("a folder");
        copy_folder(copy.path(), data);
    }

    /// Writes a policy, anew or over the one of that name; `rules` are in Consul's language.
    ///
    /// # Panics
    /// As [`Cluster::call`].
    pub fn policy(&self, name: &str, rules: &str) {
        let listed: Value =
            serde_json::from_str(&self.call(0, "GET", "/v1/acl/policies", "")).expect("a list");
        let known = listed.as_array().into_iter().flatten().find(|policy| policy["Name"] == name);
        let path = match known.and_then(|policy| policy["ID"].as_str()) {
            Some(id) => format!("/v1/acl/policy/{id}"),
            None => "/v1/acl/policy".into(),
        };
        self.call(0, "PUT", &path, &json!({ "Name": name, "Rules": rules }).to_string());
    }

    /// Makes a token under a policy; gives its accessor and its secret.
    ///
    /// # Panics
    /// As [`Cluster::call`].
    pub fn token(&self, policy: &str) -> (String, String) {
        let request = json!({ "Policies": [{ "Name": policy }] }).to_string();
        let made: Value =
            serde_json::from_str(&self.call(0, "PUT", "/v1/acl/token", &request)).expect("a token");
        let text = |field: &str| made[field].as_str().expect("a text").to_owned();
        (text("AccessorID"), text("SecretID"))
    }

    /// Deletes a token.
    ///
    /// # Panics
    /// As [`Cluster::call`].
    pub fn revoke(&self, accessor: &str) {
        self.call(0, "DELETE", &format!("/v1/acl/token/{accessor}"), "");
    }
}

/// A test that fails shows what its servers said last.
impl Drop for Cluster {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (number, member) in self.members.iter().enumerate() {
                eprintln!("Consul server {number} said last:\n{}", member.said());
            }
        }
    }
}
