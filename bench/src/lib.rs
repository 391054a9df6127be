//! What the benches share: figures over rounds, printed as JSON lines in the form of the Go peers' (`peers/README.md`).

mod chosen;
pub mod daemon;
mod figures;

pub use chosen::Chosen;
pub use figures::{Figures, Round, latency, residence, throughput, throughput_of};
