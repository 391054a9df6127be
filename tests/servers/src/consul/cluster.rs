//! What tests do to a Consul past the crate under test.

use serde_json::{Value, json};

use super::member::Member;
use crate::cluster::{Cluster, Member as _};
use crate::until;

impl Cluster<Member> {
    /// How many servers there are.
    pub fn size(&self) -> usize {
        self.members.len()
    }

    /// Where clients reach a server with TLS.
    pub fn endpoint_tls(&self, member: usize) -> String {
        format!("https://127.0.0.1:{}", self.members[member].port_tls())
    }

    /// Asks a server, with the token that may do all. Asks again while the servers are between two leaders.
    ///
    /// # Panics
    /// When it does not answer, or refuses.
    pub fn call(&self, member: usize, method: &str, path: &str, body: &str) -> String {
        let mut answer = Err(String::new());
        until(Member::READY, || {
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
