//! Several controllers in one process: started together, stopped together, ready together (behaviour C20).

mod handle;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod manager;

pub use handle::{ManagerHandle, Readiness};
pub use manager::Manager;
