//! What binds to what: a pure function of what is declared.

use std::collections::{BTreeMap, BTreeSet};

use crate::{ApiGateway, BoundApiGateway, BoundListener, Listener, Parent, Protocol, RouteRef};

/// Everything that follows from a gateway, the routes that name it and the certificates there are.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    /// What the gateway serves.
    pub bound: BoundApiGateway,
    /// What is to be told of each listener, in order.
    pub listeners: Vec<(String, Verdict)>,
    /// What is to be told of each route.
    pub routes: BTreeMap<RouteRef, Verdict>,
}

/// What became of something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It serves, or is served.
    Bound(String),
    /// It does not: a reason in one word, and one in words.
    Refused(&'static str, String),
}

/// A route as far as binding goes.
type Wanted<'a> = (RouteRef, Protocol, &'a [Parent]);

/// Binds a gateway's routes, given in any order, to its listeners.
///
/// A listener whose port or name an earlier one has, or one of whose certificates is missing, serves nothing. A route is served by every listener it names that
/// speaks its protocol; a TCP listener serves the first TCP route by name alone.
pub fn bind(
    gateway: &str,
    spec: &ApiGateway,
    routes: &[Wanted<'_>],
    certificates: &BTreeSet<String>,
) -> Binding {
    let listeners: Vec<(String, Verdict)> = spec
        .listeners
        .iter()
        .enumerate()
        .map(|(at, listener)| (listener.name.clone(), judge(spec, at, listener, certificates)))
        .collect();
    let serves = |at: usize| matches!(listeners[at].1, Verdict::Bound(_));

    let mut wanted: Vec<&Wanted<'_>> = routes.iter().collect();
    wanted.sort_by(|a, b| a.0.cmp(&b.0));
    let mut assigned: Vec<Vec<RouteRef>> = vec![Vec::new(); spec.listeners.len()];
    let mut verdicts = BTreeMap::new();
    for (route, protocol, parents) in wanted {
        let named = |listener: &Listener| {
            let fits = |parent: &&Parent| {
                parent.gateway == gateway
                    && parent.listener.as_ref().is_none_or(|name| *name == listener.name)
            };
            parents.iter().find(fits).is_some()
        };
        let mut by = Vec::new();
        let (mut some_named, mut some_speak, mut some_serve) = (false, false, false);
        for (at, listener) in spec.listeners.iter().enumerate().filter(|(_, listener)| named(listener)) {
            some_named = true;
            some_speak |= listener.protocol == *protocol;
            some_serve |= listener.protocol == *protocol && serves(at);
            let full = listener.protocol == Protocol::Tcp && !assigned[at].is_empty();
            if listener.protocol == *protocol && serves(at) && !full {
                assigned[at].push(route.clone());
                by.push(listener.name.as_str());
            }
        }
        let verdict = match (by.as_slice(), some_named, some_speak, some_serve) {
            ([], false, ..) => {
                Verdict::Refused("ListenerNotFound", format!("{gateway} has no listener of that name"))
            }
            ([], _, false, _) => Verdict::Refused(
                "WrongProtocol",
                format!("no such listener of {gateway} speaks its protocol"),
            ),
            ([], _, _, false) => Verdict::Refused(
                "ListenerNotServing",
                format!("no such listener of {gateway} serves anything"),
            ),
            ([], ..) => Verdict::Refused(
                "ListenerTaken",
                format!("another route has every such listener of {gateway}"),
            ),
            (by, ..) => Verdict::Bound(format!("served by {}", by.join(", "))),
        };
        verdicts.insert(route.clone(), verdict);
    }
    let bound = spec.listeners.iter().zip(assigned).enumerate().filter(|(at, _)| serves(*at));
    let bound = bound.map(|(_, (listener, routes))| {
        let (name, certificates) = (listener.name.clone(), listener.certificates.clone());
        BoundListener { name, routes, certificates }
    });
    Binding { bound: BoundApiGateway { listeners: bound.collect() }, listeners, routes: verdicts }
}

fn judge(spec: &ApiGateway, at: usize, listener: &Listener, certificates: &BTreeSet<String>) -> Verdict {
    let earlier = &spec.listeners[..at];
    if earlier.iter().any(|other| other.name == listener.name) {
        return Verdict::Refused("NameTaken", "an earlier listener has its name".into());
    }
    if let Some(other) = earlier.iter().find(|other| other.port == listener.port) {
        return Verdict::Refused("PortTaken", format!("{} has port {}", other.name, listener.port));
    }
    let missing: Vec<&str> = listener
        .certificates
        .iter()
        .map(String::as_str)
        .filter(|name| !certificates.contains(*name))
        .collect();
    match missing.as_slice() {
        [] => Verdict::Bound(format!("port {}", listener.port)),
        missing => Verdict::Refused("CertificateMissing", format!("there is no {}", missing.join(", "))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listener(name: &str, port: u16, protocol: Protocol) -> Listener {
        Listener { name: name.into(), port, protocol, certificates: Vec::new() }
    }

    fn route(kind: &str, name: &str) -> RouteRef {
        RouteRef { kind: kind.into(), name: name.into() }
    }

    fn to(gateway: &str, listener: Option<&str>) -> Vec<Parent> {
        vec![Parent { gateway: gateway.into(), listener: listener.map(Into::into) }]
    }

    fn reason(binding: &Binding, kind: &str, name: &str) -> &'static str {
        match &binding.routes[&route(kind, name)] {
            Verdict::Bound(_) => "Bound",
            Verdict::Refused(reason, _) => reason,
        }
    }

    #[test]
    fn routes_go_to_the_listeners_that_they_name_and_that_speak_their_protocol() {
        let spec = ApiGateway {
            listeners: vec![listener("web", 80, Protocol::Http), listener("db", 5432, Protocol::Tcp)],
        };
        let (any, web, none, other) =
            (to("g", None), to("g", Some("web")), to("g", Some("x")), to("h", None));
        let routes = [
            (route("http-route", "b"), Protocol::Http, &any[..]),
            (route("http-route", "a"), Protocol::Http, &web[..]),
            (route("tcp-route", "t"), Protocol::Tcp, &web[..]),
            (route("tcp-route", "u"), Protocol::Tcp, &none[..]),
            (route("tcp-route", "v"), Protocol::Tcp, &other[..]),
        ];
        let binding = bind("g", &spec, &routes, &BTreeSet::new());
        assert_eq!(binding.bound.listeners[0].routes, [route("http-route", "a"), route("http-route", "b")]);
        assert_eq!(binding.bound.listeners[1].routes, []);
        assert_eq!(reason(&binding, "tcp-route", "t"), "WrongProtocol");
        assert_eq!(reason(&binding, "tcp-route", "u"), "ListenerNotFound");
        assert_eq!(reason(&binding, "tcp-route", "v"), "ListenerNotFound");
    }

    #[test]
    fn a_tcp_listener_serves_the_first_route_by_name_whatever_the_order() {
        let spec = ApiGateway { listeners: vec![listener("db", 5432, Protocol::Tcp)] };
        let any = to("g", None);
        let mut routes = [
            (route("tcp-route", "b"), Protocol::Tcp, &any[..]),
            (route("tcp-route", "a"), Protocol::Tcp, &any[..]),
        ];
        let binding = bind("g", &spec, &routes, &BTreeSet::new());
        assert_eq!(binding.bound.listeners[0].routes, [route("tcp-route", "a")]);
        assert_eq!(reason(&binding, "tcp-route", "b"), "ListenerTaken");
        routes.reverse();
        assert_eq!(bind("g", &spec, &routes, &BTreeSet::new()), binding);
    }

    #[test]
    fn a_listener_without_its_certificate_or_with_a_taken_port_serves_nothing() {
        let secure = Listener { certificates: vec!["c".into()], ..listener("tls", 443, Protocol::Http) };
        let spec = ApiGateway { listeners: vec![secure, listener("again", 443, Protocol::Http)] };
        let any = to("g", None);
        let routes = [(route("http-route", "a"), Protocol::Http, &any[..])];
        let without = bind("g", &spec, &routes, &BTreeSet::new());
        assert_eq!(without.bound.listeners, []);
        assert_eq!(reason(&without, "http-route", "a"), "ListenerNotServing");
        let with = bind("g", &spec, &routes, &BTreeSet::from(["c".to_owned()]));
        assert_eq!(with.bound.listeners.len(), 1);
        assert!(matches!(with.listeners[1].1, Verdict::Refused("PortTaken", _)));
    }
}
