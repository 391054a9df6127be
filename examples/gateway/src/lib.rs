//! Consul's gateway job: `api-gateway`, `http-route`, `tcp-route` and `inline-certificate` bound into `bound-api-gateway`.
//!
//! What binds to what is a pure function of what is declared ([`bind`]); the controller only reads, asks it, and writes the answer. So
//! the order of arrival cannot matter, and at the fixed point nothing is left to write.

mod binder;
mod binding;
mod kinds;

pub use binder::{Binder, manager};
pub use binding::{Binding, Verdict, bind};
pub use kinds::{
    ApiGateway, BoundApiGateway, BoundListener, HttpRoute, InlineCertificate, Listener, Parent, Protocol,
    Reported, Route, RouteRef, TcpRoute,
};
