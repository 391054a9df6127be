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

/// A value of so many bytes, a header line before its payload as records have them, that differs from number to number and costs little to make.
pub fn value(number: u64, bytes: usize) -> String {
    let mut value = String::with_capacity(bytes);
    value.push_str(&format!("{{\"f\":1}}\n{number:020}"));
    value.extend(std::iter::repeat_n("filling ", bytes / 8));
    value.truncate(bytes);
    value
}
