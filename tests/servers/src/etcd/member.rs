//! One etcd server.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::gateway;
use crate::daemon::Daemon;
use crate::ports::Ports;
use crate::{Server, cluster, http};

/// How a cluster is to be started.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Further arguments for every member.
    pub arguments: Vec<String>,
    /// Whether clients speak TLS to it; the arguments then name the certificates.
    pub tls: bool,
}

/// One etcd server.
#[derive(Debug)]
pub struct Member {
    daemon: Daemon,
    own: Own,
    tls: bool,
    /// Theirs together.
    _ports: Arc<Ports>,
}

#[derive(Clone, Copy, Debug)]
struct Own {
    client: u16,
    peer: u16,
    /// Health without TLS and without rights.
    health: u16,
}

impl cluster::Member for Member {
    type Settings = Settings;
    const SERVER: Server = Server::Etcd;
    const READY: Duration = Duration::from_secs(30);

    fn plan(size: u16, settings: &Settings, program: &Path, folder: &Path) -> Vec<Self> {
        let ports = Arc::new(Ports::take());
        let own = |member| Own {
            client: ports.get(3 * member),
            peer: ports.get(3 * member + 1),
            health: ports.get(3 * member + 2),
        };
        let all: Vec<_> = (0..size).map(own).collect();
        let peers: Vec<_> = all
            .iter()
            .enumerate()
            .map(|(number, own)| format!("m{number}=http://127.0.0.1:{}", own.peer))
            .collect();
        let member = |(number, own): (usize, &Own)| {
            let name = format!("m{number}");
            let scheme = if settings.tls { "https" } else { "http" };
            let (client, peer) =
                (format!("{scheme}://127.0.0.1:{}", own.client), format!("http://127.0.0.1:{}", own.peer));
            let mut arguments = vec![
                format!("--name={name}"),
                format!("--data-dir={}", folder.join(&name).display()),
                format!("--listen-client-urls={client}"),
                format!("--advertise-client-urls={client}"),
                format!("--listen-peer-urls={peer}"),
                format!("--initial-advertise-peer-urls={peer}"),
                format!("--initial-cluster={}", peers.join(",")),
                format!("--listen-metrics-urls=http://127.0.0.1:{}", own.health),
            ];
            arguments.extend(settings.arguments.iter().cloned());
            let daemon = Daemon::new(program, arguments, folder, &name);
            Self { daemon, own: *own, tls: settings.tls, _ports: Arc::clone(&ports) }
        };
        all.iter().enumerate().map(member).collect()
    }

    fn daemon(&self) -> &Daemon {
        &self.daemon
    }

    fn daemon_mut(&mut self) -> &mut Daemon {
        &mut self.daemon
    }

    fn port(&self) -> u16 {
        self.own.client
    }

    fn endpoint(&self) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        format!("{scheme}://127.0.0.1:{}", self.own.client)
    }

    fn is_ready(&mut self) -> bool {
        self.daemon.lives()
            && http::get(self.own.health, "/health")
                .is_ok_and(|(_, body)| body.contains("\"health\":\"true\""))
    }

    fn leads(&self) -> bool {
        let status = gateway::call(self.own.client, "maintenance/status", None, &json!({}), http::SOON);
        status.is_ok_and(|status| {
            let leader = status["leader"].as_str();
            leader.is_some() && leader == status["header"]["member_id"].as_str()
        })
    }
}

impl Member {
    pub(super) fn call(&self, path: &str, token: Option<&str>, request: &Value) -> Result<Value, String> {
        gateway::call(self.own.client, path, token, request, http::LATE)
    }
}
