//! One Consul server.

use std::path::Path;
use std::time::Duration;

use crate::daemon::Daemon;
use crate::http::{self, Answer};
use crate::ports::Ports;
use crate::{Server, cluster};

// Ports of a block.
const HTTP: u16 = 0;
const HTTPS: u16 = 1;
const SERF: u16 = 2;
const SERVER: u16 = 3;

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

/// One Consul server.
#[derive(Debug)]
pub struct Member {
    daemon: Daemon,
    ports: Ports,
    token: Option<String>,
}

impl cluster::Member for Member {
    type Settings = Settings;
    const SERVER: Server = Server::Consul;
    const READY: Duration = Duration::from_secs(60);

    fn plan(size: u16, settings: &Settings, program: &Path, folder: &Path) -> Vec<Self> {
        // A block each: three servers would not fit into one.
        let all: Vec<_> = (0..size).map(|_| Ports::take()).collect();
        let serfs: Vec<_> = all.iter().map(|ports| ports.get(SERF)).collect();
        let member = |(number, ports): (usize, Ports)| {
            let name = format!("n{number}");
            let others = serfs.iter().enumerate().filter(|(other, _)| *other != number);
            let join = others.map(|(_, serf)| format!("-retry-join=127.0.0.1:{serf}"));
            let mut arguments = vec![
                format!("-node={name}"),
                "-server".into(),
                format!("-bootstrap-expect={size}"),
                format!("-data-dir={}", folder.join(&name).display()),
                "-disable-host-node-id".into(),
                "-bind=127.0.0.1".into(),
                "-client=127.0.0.1".into(),
                format!("-http-port={}", ports.get(HTTP)),
                format!("-https-port={}", if settings.tls { ports.get(HTTPS).to_string() } else { "-1".into() }),
                format!("-serf-lan-port={}", ports.get(SERF)),
                "-serf-wan-port=-1".into(),
                format!("-server-port={}", ports.get(SERVER)),
                "-dns-port=-1".into(),
                "-grpc-port=-1".into(),
                "-grpc-tls-port=-1".into(),
                "-retry-interval=1s".into(),
                "-log-level=warn".into(),
                // A killed server must stay a peer, or a second kill takes the quorum.
                "-hcl=performance { raft_multiplier = 1 } autopilot { cleanup_dead_servers = false } connect { enabled = false } disable_update_check = true".into(),
            ];
            arguments.extend(join);
            arguments.extend(settings.hcl.iter().map(|hcl| format!("-hcl={hcl}")));
            if let Some(token) = &settings.token {
                arguments.push(format!(
                    r#"-hcl=acl {{ enabled = true default_policy = "deny" tokens {{ initial_management = "{token}" }} }}"#
                ));
            }
            let daemon = Daemon::new(program, arguments, folder, &name);
            Self { daemon, ports, token: settings.token.clone() }
        };
        all.into_iter().enumerate().map(member).collect()
    }

    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn port(&self) -> u16 {
        self.ports.get(HTTP)
    }

    fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.get(HTTP))
    }

    fn is_ready(&mut self) -> bool {
        let asked =
            http::send(self.ports.get(HTTP), ("PUT", "/v1/kv/_ready"), self.token.as_deref(), "", http::SOON);
        asked.is_ok_and(|(_, body)| body.trim() == "true")
    }

    /// It names the leader by the port at which that one talks to the other servers.
    fn leads(&self) -> bool {
        let port = |body: &str| body.trim().trim_matches('"').rsplit_once(':')?.1.parse().ok();
        let asked = http::get(self.ports.get(HTTP), "/v1/status/leader");
        asked.is_ok_and(|(_, body)| port(&body) == Some(self.ports.get(SERVER)))
    }
}

impl Member {
    pub(super) fn port_tls(&self) -> u16 {
        self.ports.get(HTTPS)
    }

    pub(super) fn call(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        http::send(self.ports.get(HTTP), (method, path), self.token.as_deref(), body, http::LATE)
            .map_err(|error| format!("{method} {path}: {error}"))
    }
}
