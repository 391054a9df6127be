//! What can be set before connecting.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use trimtab_backend::Limits;
use trimtab_seams::Seams;

use crate::client::{Client, Endpoint, Tls, trust};
use crate::core::Core;
use crate::layout::Layout;
use crate::settings::Settings;
use crate::{ConnectError, Consul};

/// The prefix of all keys, unless told otherwise.
const PREFIX: &str = "trimtab";

/// How to connect to a store. Made by [`Consul::builder`].
///
/// ```no_run
/// # async fn connect() -> Result<(), trimtab_consul::ConnectError> {
/// use trimtab_consul::Consul;
///
/// let store = Consul::builder(["https://consul-1:8501", "https://consul-2:8501"])
///     .token("the-secret-id")
///     .ca_certificate(std::fs::read("ca.pem").expect("the authority"))
///     .prefix("apps/gateway")
///     .connect()
///     .await?;
/// # drop(store); Ok(()) }
/// ```
#[derive(Clone)]
#[must_use = "a builder connects to nothing until `connect` is called"]
pub struct ConsulBuilder {
    endpoints: Vec<String>,
    token: Option<String>,
    parameters: Vec<(&'static str, String)>,
    prefix: String,
    tls: Tls,
    settings: Settings,
    seams: Option<Seams>,
}

impl ConsulBuilder {
    pub(crate) fn new(endpoints: Vec<String>) -> Self {
        Self {
            endpoints,
            token: None,
            parameters: Vec::new(),
            prefix: PREFIX.into(),
            tls: Tls::default(),
            settings: Settings::default(),
            seams: None,
        }
    }

    /// The secret id of an ACL token, sent with every request. See the crate's page for the rights it needs.
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// The datacentre that holds the store, when it is not the agent's own.
    pub fn datacenter(self, name: impl Into<String>) -> Self {
        self.parameter("dc", name.into())
    }

    /// The namespace of Consul Enterprise that holds the store. It has nothing to do with the namespaces of entries.
    pub fn namespace(self, name: impl Into<String>) -> Self {
        self.parameter("ns", name.into())
    }

    /// The admin partition of Consul Enterprise that holds the store. It has nothing to do with the partitions of entries.
    pub fn partition(self, name: impl Into<String>) -> Self {
        self.parameter("partition", name.into())
    }

    fn parameter(mut self, name: &'static str, value: String) -> Self {
        self.parameters.retain(|(other, _)| *other != name);
        self.parameters.push((name, value));
        self
    }

    /// The prefix of all keys. Default `trimtab`. Stores under different prefixes know nothing of each other.
    pub fn prefix(mut self, prefix: impl Into<String>) -> Self {
        self.prefix = prefix.into();
        self
    }

    /// The authorities that have signed Consul's certificates, as PEM. Default: the system's.
    pub fn ca_certificate(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.tls.authority = Some(pem.into());
        self
    }

    /// The certificate that Consul is shown, and its key, as PEM.
    pub fn client_certificate(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.tls.identity = Some((certificate.into(), key.into()));
        self
    }

    /// The name in Consul's certificates, such as `server.dc1.consul`, where it is not the one in the endpoints.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.tls.name = Some(name.into());
        self
    }

    /// How long one request may take. Default 10 s. A write that has no answer by then is unknown, and settled.
    pub const fn request_timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = timeout;
        self
    }

    /// How long a follower's request is held at the server when nothing happens. Default 15 s. A connection that died in silence is noticed within that and 5 s more.
    pub const fn wait(mut self, wait: Duration) -> Self {
        self.settings.wait = wait;
        self
    }

    /// How long a feed goes on trying by itself before it ends as unavailable. Default 15 s, which a change of leaders stays below.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.settings.patience = patience;
        self
    }

    /// How often a scope is compared with the store, to find what was written past Trimtab. Default 60 s. A scope that nobody wrote to costs one small request;
    /// one that was written to is read whole.
    pub const fn resync(mut self, every: Duration) -> Self {
        self.settings.resync = every;
        self
    }

    /// Commits whose values have at most so many bytes together carry them to followers. Default 16 KiB. Larger ones are read from the entries, and when they were
    /// overwritten by then the follower begins anew. Whoever may read the commit records can read these values; 0 carries none.
    pub const fn carried(mut self, bytes: usize) -> Self {
        self.settings.carried = bytes;
        self
    }

    /// The largest request that Consul takes, its `limits.txn_max_req_len`. Default 512 KiB, as there.
    pub const fn request_bytes(mut self, bytes: usize) -> Self {
        self.settings.request_bytes = bytes;
        self
    }

    /// How many commits of this process may be under way at once. Default 16.
    pub const fn lanes(mut self, lanes: usize) -> Self {
        self.settings.lanes = lanes;
        self
    }

    /// After how long of standing still a lane of another process is removed. Default 1 h. An unknown outcome must have been resolved by then.
    pub const fn lane_idle(mut self, idle: Duration) -> Self {
        self.settings.lane_idle = idle;
        self
    }

    /// How large transactions may be. Default [`Limits::PORTABLE`], which holds on every backend. More also needs [`ConsulBuilder::request_bytes`]: a request holds
    /// values in base64, and those that are carried twice.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// The clock, randomness and spawning to use. Default [`Seams::tokio`], made by [`ConsulBuilder::connect`].
    pub fn seams(mut self, seams: &Seams) -> Self {
        self.seams = Some(seams.clone());
        self
    }

    /// Connects, and finds or makes the store.
    ///
    /// # Errors
    /// See [`ConnectError`].
    pub async fn connect(self) -> Result<Consul, ConnectError> {
        let core = self.core()?;
        core.connect().await?;
        Ok(Consul::new(core))
    }

    fn core(self) -> Result<Core, ConnectError> {
        let setting = |what: String| ConnectError::Setting { what };
        let endpoints = self.endpoints.iter().map(|text| Endpoint::parse(text));
        let endpoints = endpoints.collect::<Result<Vec<_>, _>>().map_err(setting)?;
        if endpoints.is_empty() {
            return Err(ConnectError::setting(
                "no endpoint is given; give at least one, as `http://127.0.0.1:8500`",
            ));
        }
        if self.settings.lanes == 0 {
            return Err(ConnectError::setting("`lanes` must be at least 1"));
        }
        for (name, time) in [
            ("request_timeout", self.settings.timeout),
            ("wait", self.settings.wait),
            ("resync", self.settings.resync),
        ] {
            if time < Duration::from_millis(10) {
                return Err(ConnectError::setting(format!("`{name}` must be at least 10 ms")));
            }
        }
        let prefix = prefix(&self.prefix).map_err(setting)?;
        let parameters: Result<Vec<_>, _> = self.parameters.iter().map(parameter).collect();
        let token = self.token.as_deref().map(header).transpose().map_err(setting)?;
        let secure = endpoints.iter().any(|endpoint| endpoint.tls);
        let tls = if secure { Some(Arc::new(trust(&self.tls).map_err(setting)?)) } else { None };
        let seams = self.seams.unwrap_or_else(Seams::tokio);
        let parameters = parameters.map_err(setting)?.join("&");
        let client =
            Client::new(endpoints, tls.as_ref(), self.tls.name.as_deref(), token, parameters, &seams)
                .map_err(setting)?;
        Ok(Core::new(client, Layout::new(prefix), self.settings, seams))
    }
}

/// Segments that need no encoding, in a path as in a key.
fn prefix(prefix: &str) -> Result<&str, String> {
    let trimmed = prefix.trim_matches('/');
    let plain = |segment: &str| {
        !segment.is_empty()
            && segment != "."
            && segment != ".."
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    if trimmed.is_empty() || trimmed.split('/').all(plain) {
        Ok(trimmed)
    } else {
        Err(format!(
            "the prefix `{prefix}` must be names of letters, digits, `.`, `_` and `-` with single slashes between them"
        ))
    }
}

fn parameter((name, value): &(&'static str, String)) -> Result<String, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if value.is_empty() || !value.bytes().all(plain) {
        return Err(format!("`{name}` must be a name of letters, digits, `.`, `_` and `-`, not `{value}`"));
    }
    Ok(format!("{name}={value}"))
}

fn header(token: &str) -> Result<HeaderValue, String> {
    let token = token.trim();
    let printable = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_graphic());
    let header = printable.then(|| HeaderValue::try_from(token).ok()).flatten();
    let mut header = header.ok_or("the token must be one word of printable ASCII characters")?;
    header.set_sensitive(true);
    Ok(header)
}

/// Without the token and the key.
impl fmt::Debug for ConsulBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsulBuilder")
            .field("endpoints", &self.endpoints)
            .field("prefix", &self.prefix)
            .field("parameters", &self.parameters)
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wrong(builder: ConsulBuilder) -> String {
        builder.core().err().expect("an error").to_string()
    }

    #[tokio::test]
    async fn wrong_settings_are_told_before_anything_is_sent() {
        let builder = || Consul::builder(["http://127.0.0.1"]);
        assert!(wrong(Consul::builder(Vec::<String>::new())).contains("at least one"));
        assert!(wrong(Consul::builder(["ftp://h"])).contains("`https://`"));
        assert!(wrong(builder().prefix("a//b")).contains("single slashes"));
        assert!(wrong(builder().prefix("a b")).contains("single slashes"));
        assert!(wrong(builder().token("two words")).contains("one word"));
        assert!(wrong(builder().namespace("a&b")).contains("`ns`"));
        assert!(wrong(builder().lanes(0)).contains("`lanes`"));
        assert!(wrong(builder().wait(Duration::ZERO)).contains("`wait`"));
        assert!(
            wrong(Consul::builder(["https://h"]).ca_certificate(b"".to_vec()))
                .contains("holds no certificate")
        );
        assert!(builder().prefix("/apps/trimtab/").datacenter("dc1").core().is_ok());
    }

    #[test]
    fn what_is_shown_of_a_builder_holds_no_secret() {
        let shown = format!(
            "{:?}",
            Consul::builder(["http://h"]).token("hidden").client_certificate("hidden", "hidden")
        );
        assert!(!shown.contains("hidden"), "{shown}");
    }
}
