//! One Consul server.

use std::path::{Path, PathBuf};

use super::Settings;
use crate::Process;
use crate::http::{self, Answer};
use crate::ports::Ports;

// Ports of a block.
const HTTP: u16 = 0;
const HTTPS: u16 = 1;
const SERF: u16 = 2;
const SERVER: u16 = 3;

#[derive(Debug)]
pub(super) struct Member {
    program: PathBuf,
    arguments: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    ports: Ports,
    token: Option<String>,
    process: Option<Process>,
}

impl Member {
    /// Members that know each other and are not started yet.
    pub(super) fn plan(size: usize, settings: &Settings, program: &Path, folder: &Path) -> Vec<Self> {
        // A block each: three servers would not fit into one.
        let all: Vec<_> = (0..size).map(|_| Ports::take()).collect();
        let serfs: Vec<_> = all.iter().map(|ports| ports.get(SERF)).collect();
        let member = |(number, ports): (usize, Ports)| {
            let data = folder.join(format!("n{number}"));
            let others = serfs.iter().enumerate().filter(|(other, _)| *other != number);
            let join = others.map(|(_, serf)| format!("-retry-join=127.0.0.1:{serf}"));
            let mut arguments = vec![
                format!("-node=n{number}"),
                "-server".into(),
                format!("-bootstrap-expect={size}"),
                format!("-data-dir={}", data.display()),
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
            let log = folder.join(format!("n{number}.log"));
            let (program, token) = (program.to_owned(), settings.token.clone());
            Self { program, arguments, data, log, ports, token, process: None }
        };
        all.into_iter().enumerate().map(member).collect()
    }

    pub(super) fn start(&mut self) {
        let started = Process::start(&self.program, &self.arguments, &self.log);
        self.process = Some(started.expect("a server that was built"));
    }

    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    pub(super) fn process(&self) -> &Process {
        self.process.as_ref().expect("a member that runs")
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn port(&self) -> u16 {
        self.ports.get(HTTP)
    }

    pub(super) fn port_tls(&self) -> u16 {
        self.ports.get(HTTPS)
    }

    /// Whether it takes a write.
    pub(super) fn is_ready(&self) -> bool {
        let asked =
            http::send(self.ports.get(HTTP), ("PUT", "/v1/kv/_ready"), self.token.as_deref(), "", http::SOON);
        asked.is_ok_and(|(_, body)| body.trim() == "true")
    }

    pub(super) fn is_ready_or_down(&mut self) -> bool {
        self.process.is_none() || self.is_ready()
    }

    /// The port at which the leader talks to the other servers, as this one knows it.
    pub(super) fn leader(&self) -> Option<u16> {
        self.process.as_ref()?;
        let (_, body) = http::get(self.ports.get(HTTP), "/v1/status/leader").ok()?;
        body.trim().trim_matches('"').rsplit_once(':')?.1.parse().ok()
    }

    pub(super) fn server_port(&self) -> u16 {
        self.ports.get(SERVER)
    }

    pub(super) fn call(&self, method: &str, path: &str, body: &str) -> Result<Answer, String> {
        http::send(self.ports.get(HTTP), (method, path), self.token.as_deref(), body, http::LATE)
            .map_err(|error| format!("{method} {path}: {error}"))
    }

    pub(super) fn said(&self) -> String {
        self.process.as_ref().map_or_else(String::new, Process::said)
    }
}
