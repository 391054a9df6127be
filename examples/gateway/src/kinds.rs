//! The five kinds.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use trimtab::prelude::*;
use trimtab::{Lookup, Typed};

/// A gateway: the ports it listens on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiGateway {
    /// Its listeners, each with a name of its own.
    pub listeners: Vec<Listener>,
}

/// One port of a gateway.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Listener {
    /// Unique within the gateway.
    pub name: String,
    /// The port.
    pub port: u16,
    /// Which routes it can serve.
    pub protocol: Protocol,
    /// Names of the certificates it presents.
    #[serde(default)]
    pub certificates: Vec<String>,
}

/// What a listener speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// Serves any number of HTTP routes.
    Http,
    /// Serves one TCP route.
    Tcp,
}

/// A certificate with its key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InlineCertificate {
    /// PEM.
    pub certificate: String,
    /// PEM.
    pub private_key: String,
}

/// Where HTTP requests go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HttpRoute {
    /// The listeners it wants to be served by.
    pub parents: Vec<Parent>,
    /// The service behind it.
    pub service: String,
}

/// Where TCP connections go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TcpRoute {
    /// The listeners it wants to be served by.
    pub parents: Vec<Parent>,
    /// The service behind it.
    pub service: String,
}

/// A listener that a route wants to be served by.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The gateway.
    pub gateway: String,
    /// Its listener; every one of the right protocol when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub listener: Option<String>,
}

/// What a gateway serves: made by the controller, read by proxies. Owned by the gateway of its name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundApiGateway {
    /// In the order of the gateway's listeners.
    pub listeners: Vec<BoundListener>,
}

/// What one listener serves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BoundListener {
    /// The listener.
    pub name: String,
    /// The routes, in order of kind and name.
    pub routes: Vec<RouteRef>,
    /// The certificates, in the order they are declared.
    pub certificates: Vec<String>,
}

/// The name of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RouteRef {
    /// Its kind.
    pub kind: String,
    /// Its name.
    pub name: String,
}

/// A status that reports conditions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reported {
    /// On a route there is one `Bound` about each gateway it names.
    #[serde(default)]
    pub conditions: Conditions,
}

impl Kind for ApiGateway {
    const KIND: &'static str = "api-gateway";
    type Status = Reported;
}

impl Kind for InlineCertificate {
    const KIND: &'static str = "inline-certificate";
    type Status = ();
}

impl Kind for HttpRoute {
    const KIND: &'static str = "http-route";
    type Status = Reported;
}

impl Kind for TcpRoute {
    const KIND: &'static str = "tcp-route";
    type Status = Reported;
}

impl Kind for BoundApiGateway {
    const KIND: &'static str = "bound-api-gateway";
    type Status = ();
}

/// What the two kinds of route have in common.
pub trait Route: Kind<Status = Reported> + Serialize + DeserializeOwned + Send + Sync + 'static {
    /// What serves it.
    const PROTOCOL: Protocol;
    /// Finds the routes that concern a gateway: those that name it, and those that still tell of it.
    const BY_GATEWAY: Lookup<Self>;

    /// The listeners it wants.
    fn parents(&self) -> &[Parent];
}

impl Route for HttpRoute {
    const PROTOCOL: Protocol = Protocol::Http;
    const BY_GATEWAY: Lookup<Self> = Lookup::new("gateway", concerned);

    fn parents(&self) -> &[Parent] {
        &self.parents
    }
}

impl Route for TcpRoute {
    const PROTOCOL: Protocol = Protocol::Tcp;
    const BY_GATEWAY: Lookup<Self> = Lookup::new("gateway", concerned);

    fn parents(&self) -> &[Parent] {
        &self.parents
    }
}

/// The gateways that a route concerns.
pub(crate) fn concerned<R: Route>(route: &Typed<R>) -> Vec<String> {
    let named = route.spec.parents().iter().map(|parent| parent.gateway.clone());
    let told = route.status.conditions.iter().filter_map(|condition| condition.about.clone());
    named.chain(told).collect()
}
