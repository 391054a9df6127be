//! One etcd server.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{Settings, gateway};
use crate::ports::Ports;
use crate::{Process, http};

#[derive(Debug)]
pub(super) struct Member {
    program: PathBuf,
    arguments: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    ports: Own,
    tls: bool,
    process: Option<Process>,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    client: u16,
    peer: u16,
    /// Health without TLS and without rights.
    health: u16,
}

impl Member {
    /// Members that know each other and are not started yet.
    pub(super) fn plan(
        size: u16,
        settings: &Settings,
        program: &Path,
        folder: &Path,
        ports: &Ports,
    ) -> Vec<Self> {
        let own = |member| Own {
            client: ports.get(3 * member),
            peer: ports.get(3 * member + 1),
            health: ports.get(3 * member + 2),
        };
        let ports: Vec<_> = (0..size).map(own).collect();
        let peers: Vec<_> = ports
            .iter()
            .enumerate()
            .map(|(number, ports)| format!("m{number}=http://127.0.0.1:{}", ports.peer))
            .collect();
        let member = |(number, ports): (usize, &Own)| {
            let data = folder.join(format!("m{number}"));
            let scheme = if settings.tls { "https" } else { "http" };
            let (client, peer) = (
                format!("{scheme}://127.0.0.1:{}", ports.client),
                format!("http://127.0.0.1:{}", ports.peer),
            );
            let mut arguments = vec![
                format!("--name=m{number}"),
                format!("--data-dir={}", data.display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster={}", peers.join(",")),
                format!("--listen-metrics-urls=http://127.0.0.1:{}", ports.health),
            ];
            arguments.extend(settings.arguments.iter().cloned());
            let log = folder.join(format!("m{number}.log"));
            Self {
                program: program.to_owned(),
                arguments,
                data,
                log,
                ports: *ports,
                tls: settings.tls,
                process: None,
            }
        };
        ports.iter().enumerate().map(member).collect()
    }

    pub(super) fn start(&mut self) {
        // Its own complaint about a folder that others can read is for operators.
        fs::create_dir_all(&self.data).expect("a folder for data");
        let started = Process::start(&self.program, &self.arguments, &self.log);
        self.process = Some(started.expect("a server that was built"));
    }

    pub(super) fn kill(&mut self) {
        self.process = None;
    }

    pub(super) fn process(&self) -> &Process {
        self.process.as_ref().expect("a member that runs")
    }

    pub(super) fn endpoint(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.ports.client)
    }

    pub(super) const fn port(&self) -> u16 {
        self.ports.client
    }

    pub(super) fn data(&self) -> &Path {
        &self.data
    }

    pub(super) fn is_healthy(&mut self) -> bool {
        let runs = self.process.as_mut().is_some_and(Process::is_running);
        runs && http::get(self.ports.health, "/health")
            .is_ok_and(|(_, body)| body.contains("\"health\":\"true\""))
    }

    pub(super) fn is_healthy_or_down(&mut self) -> bool {
        self.process.is_none() || self.is_healthy()
    }

    /// Whether it takes itself for the leader.
    pub(super) fn leads(&self) -> Option<bool> {
        self.process.as_ref()?;
        let status =
            gateway::call(self.ports.client, "maintenance/status", None, &json!({}), http::SOON).ok()?;
        let leader = status.get("leader")?.as_str()?;
        Some(leader == status.get("header")?.get("member_id")?.as_str()?)
    }

    pub(super) fn call(&self, path: &str, token: Option<&str>, request: &Value) -> Result<Value, String> {
        gateway::call(self.ports.client, path, token, request, http::LATE)
    }

    pub(super) fn said(&self) -> String {
        self.process.as_ref().map_or_else(|| "(it is down)".into(), Process::said)
    }
}
