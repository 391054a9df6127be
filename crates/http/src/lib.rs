//! The HTTP API of Trimtab, for operators and other programs, over any store and any controllers.
//!
//! `curl`, a browser's `EventSource`, Prometheus and the command line `trimtab` all speak to it; `/openapi.json` describes it. A program of one's own offers the same by
//! a few lines, and `trimtab get`, `describe` and `queue` work with it:
//!
//! ```
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! use trimtab_http::{Api, Serving};
//! use trimtab_runtime::Manager;
//! use trimtab_store::{Memory, Store};
//!
//! let store = Store::open(Memory::new()).await?;
//! let manager = Manager::new();
//! let api = Api::builder(&store, &manager.handle()).build();
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! println!("http://{}", listener.local_addr()?);
//! # let interrupted = std::future::ready(());
//! api.serve(Serving::plain(listener), interrupted).await; // ends every stream when told to stop
//! # Ok(()) }
//! ```
//!
//! - **Serving**: [`Api`], [`Serving`] (a listener, with or without [`Tls`]), [`Limits`], [`Tokens`].
//! - **Documents**: [`wire`] holds what is sent and answered, for servers and clients.
//!
//! **Knows nothing of** files, arguments, environment, processes, a concrete backend.

mod admission;
mod api;
mod auth;
mod bodies;
mod entry_form;
pub mod fuzz_targets;
mod limits;
mod nearest;
pub mod openapi;
mod pages;
mod problem;
mod routes;
mod serve;
mod state;
mod stopping;
mod traffic;
mod until;
mod watch;
pub mod wire;
mod writing;

pub use api::{Api, ApiBuilder};
pub use auth::{Role, Token, Tokens};
pub use limits::Limits;
pub use serve::{Serving, Tls, TlsError};
pub use traffic::metric_families;
