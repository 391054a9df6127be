//! The address of the API, and serving it there.

use std::io::ErrorKind;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpListener;
use trimtab::runtime::{Manager, ManagerHandle, Roster};
use trimtab::seams::Seams;
use trimtab::store::{Memory, OpenError, Store};
use trimtab_http::wire::KindInfo;
use trimtab_http::{Api, Limits, Serving};

use super::super::files_limit;
use super::Health;
use super::files::Files;
use crate::config::{Config, Problem};

/// Descriptors that are left to the store, to scripts and to the files that are looked at, however many clients come.
const OTHERS: usize = 512;

/// As many connections as there are descriptors for, and never all of them: a daemon whose clients have them all could start no script.
fn limits() -> Limits {
    let limits = Limits::default();
    let files = files_limit::current();
    let most = files.saturating_sub(OTHERS).max(files / 2).max(1);
    Limits { connections: limits.connections.min(most), ..limits }
}

/// What is told of by the API.
pub(crate) struct Served<'a> {
    /// The replica's name.
    pub(crate) name: &'a str,
    pub(crate) store: &'a Store,
    /// The store in a few words.
    pub(crate) described: &'a str,
    pub(crate) manager: &'a ManagerHandle,
    /// The other replicas, where there can be some.
    pub(crate) roster: Option<&'a Roster>,
}

/// An address that was taken. Clones are the same one, which is given back with the last.
#[derive(Clone)]
pub(crate) struct Door {
    listener: Arc<TcpListener>,
    address: SocketAddr,
    files: Files,
    is_tls: bool,
}

impl Door {
    /// Takes the address that the file names. None when nothing is to be served.
    pub(crate) async fn open(
        config: &Config,
        health: &Health,
        seams: &Seams,
    ) -> Result<Option<Self>, Problem> {
        let Some(wanted) = config.http.listen else { return Ok(None) };
        let taken = TcpListener::bind(wanted).await;
        let taken = taken.and_then(|listener| Ok((listener.local_addr()?, listener)));
        let (address, listener) = taken.map_err(|error| {
            let what = match error.kind() {
                ErrorKind::AddrInUse => format!(
                    "`{wanted}` is in use by another process; stop that one, or name another port (0: any that is free), or `off`"
                ),
                ErrorKind::PermissionDenied => {
                    format!("`{wanted}` may not be used by this process; take a port above 1023")
                }
                ErrorKind::AddrNotAvailable => format!("`{wanted}` is no address of this machine"),
                _ => format!("`{wanted}` cannot be listened on: {error}"),
            };
            config.http.listen_at.problem(&config.file, "http.listen", what)
        })?;
        let files = Files::new(&config.http, health);
        files.look(seams.wall());
        Ok(Some(Self {
            listener: Arc::new(listener),
            address,
            files,
            is_tls: config.http.certificate.is_some(),
        }))
    }

    /// Where programs of this machine reach it.
    pub(crate) fn url(&self) -> String {
        self.url_at(match self.address.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
            IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
            ip => ip,
        })
    }

    /// Where others may reach it; none when it listens on every address, of which nobody knows the right one.
    pub(crate) fn reachable(&self) -> Option<String> {
        let ip = self.address.ip();
        (!ip.is_unspecified()).then(|| self.url_at(ip))
    }

    fn url_at(&self, ip: IpAddr) -> String {
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}", SocketAddr::new(ip, self.address.port()))
    }

    /// What is served while the store is being opened: health. An empty store stands in for it.
    pub(crate) async fn health_alone(
        &self,
        config: &Config,
        health: &Health,
        seams: &Seams,
    ) -> Result<Api, OpenError> {
        let store = Store::builder(Memory::with_seams(seams)).seams(seams).open().await?;
        let health = health.clone();
        Ok(Api::builder(&store, &Manager::new().handle())
            .limits(limits())
            .tokens(&self.files.tokens)
            .hosts(config.http.hosts.clone())
            .version(env!("CARGO_PKG_VERSION"))
            .readiness(move || health.reasons())
            .opening()
            .build())
    }

    /// What is served here, of the replica of this name.
    pub(crate) fn api(&self, config: &Config, served: &Served<'_>, health: &Health) -> Api {
        let kinds = config.kinds.iter().map(|(name, declared)| KindInfo {
            name: name.clone(),
            plural: declared.plural.clone(),
            ..KindInfo::default()
        });
        let health = health.clone();
        let Served { name, store, described, manager, roster } = *served;
        let mut builder = Api::builder(store, manager).name(name);
        if let Some(roster) = roster {
            builder = builder.roster(roster);
        }
        builder
            .limits(limits())
            .tokens(&self.files.tokens)
            .hosts(config.http.hosts.clone())
            .kinds(kinds, !config.kinds.is_empty())
            .version(env!("CARGO_PKG_VERSION"))
            .description(described)
            .readiness(move || health.reasons())
            .build()
    }

    /// Serves until `shutdown` ends.
    pub(crate) async fn serve(self, api: &Api, seams: &Seams, shutdown: impl Future<Output = ()> + Send) {
        let Self { listener, files, is_tls, .. } = self;
        let mut shutdown = std::pin::pin!(shutdown);
        let mut following = std::pin::pin!(files.follow(seams));
        let serving = if is_tls {
            // A certificate that cannot be used keeps nobody's controllers from running.
            let ready = async {
                loop {
                    if let Some(tls) = files.tls() {
                        return tls;
                    }
                    seams.sleep(std::time::Duration::from_millis(100)).await;
                }
            };
            tokio::select! {
                tls = ready => Serving::tls(listener, &tls),
                () = &mut following => return,
                () = &mut shutdown => return,
            }
        } else {
            Serving::plain(listener)
        };
        tokio::select! {
            () = api.serve(serving, shutdown) => {}
            () = &mut following => {}
        }
    }
}
