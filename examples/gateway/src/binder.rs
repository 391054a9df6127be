//! The reconciler: read all that concerns a gateway, bind, write what differs.

use std::collections::BTreeSet;
use std::time::SystemTime;

use trimtab::prelude::*;
use trimtab::{Lookup, Write};

use crate::{
    ApiGateway, Binding, BoundApiGateway, HttpRoute, InlineCertificate, Parent, Protocol, Reported, Route,
    RouteRef, TcpRoute, Verdict, bind,
};

/// Finds the gateways that present a certificate.
const BY_CERTIFICATE: Lookup<ApiGateway> = Lookup::new("certificate", |gateway| {
    gateway.spec.listeners.iter().flat_map(|listener| listener.certificates.iter().cloned()).collect()
});

/// Keeps what each gateway serves, and what it tells of itself and its routes.
#[derive(Debug)]
pub struct Binder;

/// The controller that does the whole job, under a manager that deletes what a deleted gateway owned.
pub fn manager(store: &Store) -> Manager {
    let binder = Controller::new(store, Binder)
        .named("gateways")
        .subscribe(Source::of::<ApiGateway>())
        .subscribe(Source::of().map(gateways_of::<HttpRoute>))
        .subscribe(Source::of().map(gateways_of::<TcpRoute>))
        .subscribe(Source::of().try_map(users))
        .subscribe(Source::of::<BoundApiGateway>().to_owner::<ApiGateway>())
        .with_lookup(&BY_CERTIFICATE)
        .with_lookup(&HttpRoute::BY_GATEWAY)
        .with_lookup(&TcpRoute::BY_GATEWAY)
        .with_workers(4);
    Manager::new().add(binder)
}

/// The gateways that a route names, or named before.
fn gateways_of<R: Route>(route: &Change<R>) -> Vec<Request> {
    let parents = route.both().flat_map(|route| route.spec.parents());
    parents.map(|parent| route.beside::<ApiGateway>(&parent.gateway)).collect()
}

/// The gateways that present a certificate.
fn users(certificate: &Change<InlineCertificate>) -> Result<Vec<Request>> {
    Ok(certificate.list::<ApiGateway>().by(&BY_CERTIFICATE, certificate.name()).keys()?)
}

impl Reconciler for Binder {
    async fn reconcile(&self, ctx: &Context, request: Request) -> Result<Action> {
        let name = request.name();
        let http = ctx.list::<HttpRoute>().by(&HttpRoute::BY_GATEWAY, name).all()?;
        let tcp = ctx.list::<TcpRoute>().by(&TcpRoute::BY_GATEWAY, name).all()?;
        let Some(gateway) = ctx.get::<ApiGateway>(&request)?.filter(|gateway| !gateway.is_deleting()) else {
            let gone =
                |_: &RouteRef| Verdict::Refused("GatewayNotFound", format!("there is no gateway {name}"));
            ctx.commit_in_parts(tell(name, &http, &tcp, gone, ctx.wall())).await?;
            return Ok(Action::done());
        };
        let wanted: Vec<_> = http.iter().map(wanted).chain(tcp.iter().map(self::wanted)).collect();
        let Binding { bound, listeners, routes } =
            bind(name, &gateway.spec, &wanted, &certificates(ctx, &gateway)?);

        // What the gateway serves and what it tells of itself go together; the routes follow, however many they are.
        let reported = gateway.edit_status(|status| {
            status
                .conditions
                .retain(|was| listeners.iter().any(|(listener, _)| was.about.as_ref() == Some(listener)));
            for (listener, verdict) in listeners {
                status.conditions.set(condition(&verdict).about(listener), ctx.wall());
            }
        });
        ctx.commit([bound.named(name).owned_by(&gateway).apply(), reported]).await?;
        ctx.commit_in_parts(tell(name, &http, &tcp, |route| routes[route].clone(), ctx.wall())).await?;
        Ok(Action::done())
    }
}

/// Those of the certificates that a gateway names which are there.
fn certificates(ctx: &Context, gateway: &Typed<ApiGateway>) -> Result<BTreeSet<String>> {
    let mut there = BTreeSet::new();
    for name in gateway.spec.listeners.iter().flat_map(|listener| &listener.certificates) {
        if ctx.get::<InlineCertificate>(name)?.is_some() {
            there.insert(name.clone());
        }
    }
    Ok(there)
}

fn wanted<R: Route>(route: &Typed<R>) -> (RouteRef, Protocol, &[Parent]) {
    (reference(route), R::PROTOCOL, route.spec.parents())
}

fn reference<R: Route>(route: &Typed<R>) -> RouteRef {
    RouteRef { kind: R::KIND.into(), name: route.name().into() }
}

/// The writes that tell each route what became of it at a gateway. One that no longer names the gateway no longer tells of it.
fn tell(
    gateway: &str,
    http: &[Typed<HttpRoute>],
    tcp: &[Typed<TcpRoute>],
    verdict: impl Fn(&RouteRef) -> Verdict,
    now: SystemTime,
) -> Vec<Write> {
    let http = http.iter().map(|route| tell_one(gateway, route, &verdict, now));
    http.chain(tcp.iter().map(|route| tell_one(gateway, route, &verdict, now))).collect()
}

fn tell_one<R: Route>(
    gateway: &str,
    route: &Typed<R>,
    verdict: impl Fn(&RouteRef) -> Verdict,
    now: SystemTime,
) -> Write {
    let names_it = route.spec.parents().iter().any(|parent| parent.gateway == gateway);
    route.edit_status(|status: &mut Reported| {
        if names_it {
            status.conditions.set(condition(&verdict(&reference(route))).about(gateway), now);
        } else {
            status.conditions.retain(|condition| condition.about.as_deref() != Some(gateway));
        }
    })
}

fn condition(verdict: &Verdict) -> Condition {
    match verdict {
        Verdict::Bound(how) => Condition::met("Bound", "Bound").because(how),
        Verdict::Refused(reason, why) => Condition::unmet("Bound", *reason).because(why),
    }
}
