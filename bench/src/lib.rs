//! What the benches share: figures over rounds, printed as JSON lines in the form of the Go peers' (`peers/README.md`).

mod chosen;
mod cpu;
pub mod daemon;
/// etcd's messages, as the adapter has them: for the raw client beside it.
#[path = "../../crates/etcd/src/proto/etcdserverpb.rs"]
pub mod etcdserverpb;
mod figures;
mod slices;

pub use chosen::Chosen;
pub use cpu::Cpu;
pub use figures::{Figures, Round, latency, residence, throughput, throughput_of};
pub use slices::{Did, Slices, per_second, quantile};
