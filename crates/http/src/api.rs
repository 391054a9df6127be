//! What is served, and by which rules.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;

use parking_lot::Mutex;
use trimtab_runtime::{ManagerHandle, Roster};
use trimtab_store::Store;

use crate::wire::KindInfo;
use crate::{Limits, Tokens};

/// The API over a store and the controllers of a manager. Made by [`Api::builder`], served by [`Api::serve`](crate::Api::serve). Cheap to clone.
#[derive(Clone)]
pub struct Api(pub(crate) Arc<Shared>);

/// What every request can reach.
pub(crate) struct Shared {
    pub(crate) store: Store,
    pub(crate) manager: ManagerHandle,
    pub(crate) limits: Limits,
    pub(crate) tokens: Tokens,
    /// Host names by which the API may be asked for, beside addresses and `localhost`.
    pub(crate) hosts: Vec<String>,
    pub(crate) kinds: Vec<KindInfo>,
    pub(crate) kinds_closed: bool,
    /// What this replica is called.
    pub(crate) name: String,
    /// Random, new with each start.
    pub(crate) id: String,
    /// The other replicas, where there can be some.
    pub(crate) roster: Option<Roster>,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) started: std::time::SystemTime,
    /// Where it listens, once it does.
    pub(crate) address: Mutex<Option<SocketAddr>>,
    /// What else has to be well for `/readyz`, as the program around it sees it.
    pub(crate) readiness: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    /// The store is not there yet: nothing but health is told.
    pub(crate) opening: bool,
    /// What else `/metrics` tells.
    pub(crate) metrics: Box<dyn Fn() -> String + Send + Sync>,
    pub(crate) state: crate::state::State,
}

/// What an API serves, and its rules. From [`Api::builder`].
#[must_use = "a builder serves nothing: `.build()`, then `.serve(..)`"]
pub struct ApiBuilder {
    store: Store,
    manager: ManagerHandle,
    limits: Limits,
    tokens: Tokens,
    hosts: Vec<String>,
    kinds: Vec<KindInfo>,
    kinds_closed: bool,
    name: Option<String>,
    roster: Option<Roster>,
    version: String,
    description: String,
    readiness: Box<dyn Fn() -> Vec<String> + Send + Sync>,
    opening: bool,
    metrics: Box<dyn Fn() -> String + Send + Sync>,
}

impl Api {
    /// Over this store and these controllers. Without more said: no tokens are asked for, so serve it on loopback only.
    pub fn builder(store: &Store, manager: &ManagerHandle) -> ApiBuilder {
        ApiBuilder {
            store: store.clone(),
            manager: manager.clone(),
            limits: Limits::default(),
            tokens: Tokens::none(),
            hosts: Vec::new(),
            kinds: Vec::new(),
            kinds_closed: false,
            name: None,
            roster: None,
            version: env!("CARGO_PKG_VERSION").into(),
            description: "store".into(),
            readiness: Box::new(Vec::new),
            opening: false,
            metrics: Box::new(String::new),
        }
    }
}

impl ApiBuilder {
    /// How much anybody may ask for. Default: [`Limits::default`].
    pub fn limits(self, limits: Limits) -> Self {
        Self { limits, ..self }
    }

    /// Who may ask. Default: everybody, for everything.
    pub fn tokens(self, tokens: &Tokens) -> Self {
        Self { tokens: tokens.clone(), ..self }
    }

    /// Names by which the API may be asked for (the `Host` header), beside addresses and `localhost`, which always may: a web page whose name was
    /// made to point here is refused.
    pub fn hosts(self, hosts: impl IntoIterator<Item = String>) -> Self {
        Self { hosts: hosts.into_iter().collect(), ..self }
    }

    /// The declared kinds, and whether others are refused.
    pub fn kinds(self, kinds: impl IntoIterator<Item = KindInfo>, closed: bool) -> Self {
        Self { kinds: kinds.into_iter().collect(), kinds_closed: closed, ..self }
    }

    /// What this replica is called. Default: a random number; with a [roster](Self::roster) the name it has there.
    pub fn name(self, name: impl Into<String>) -> Self {
        Self { name: Some(name.into()), ..self }
    }

    /// The replicas that follow the store, told by `/v1/cluster` and whenever another one is to be asked. Its `run` is the caller's.
    pub fn roster(self, roster: &Roster) -> Self {
        Self { roster: Some(roster.clone()), ..self }
    }

    /// The version of the program around it, told by `/v1/cluster`. Default: this crate's.
    pub fn version(self, version: impl Into<String>) -> Self {
        Self { version: version.into(), ..self }
    }

    /// What the store is, in a few words for people: `embedded ./data`.
    pub fn description(self, description: impl Into<String>) -> Self {
        Self { description: description.into(), ..self }
    }

    /// What else has to be well for `/readyz`: a line for each reason why it is not. Asked at each request; must not wait.
    pub fn readiness(self, reasons: impl Fn() -> Vec<String> + Send + Sync + 'static) -> Self {
        Self { readiness: Box::new(reasons), ..self }
    }

    /// That the store is still being opened, and the one given stands in for it: `/healthz` and `/readyz` are answered, all else is refused with
    /// 503 and the reasons of [`ApiBuilder::readiness`].
    pub fn opening(self) -> Self {
        Self { opening: true, ..self }
    }

    /// What else `/metrics` tells, in the text format of Prometheus. Asked at each request; must not wait.
    pub fn metrics(self, text: impl Fn() -> String + Send + Sync + 'static) -> Self {
        Self { metrics: Box::new(text), ..self }
    }

    /// The API, not yet served.
    pub fn build(self) -> Api {
        let seams = self.store.seams();
        let (name, id) = match &self.roster {
            Some(roster) => (Some(roster.me().name.clone()), roster.id().to_owned()),
            None => (self.name, format!("{:016x}", seams.random())),
        };
        Api(Arc::new(Shared {
            name: name.unwrap_or_else(|| id.clone()),
            id,
            roster: self.roster,
            started: seams.wall(),
            state: crate::state::State::default(),
            store: self.store,
            manager: self.manager,
            limits: self.limits,
            tokens: self.tokens,
            hosts: self.hosts,
            kinds: self.kinds,
            kinds_closed: self.kinds_closed,
            version: self.version,
            description: self.description,
            address: Mutex::new(None),
            readiness: self.readiness,
            opening: self.opening,
            metrics: self.metrics,
        }))
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").field("name", &self.0.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for ApiBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiBuilder").finish_non_exhaustive()
    }
}
