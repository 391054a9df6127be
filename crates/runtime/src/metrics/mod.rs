//! What a controller counts, and how it is shown.
//!
//! Counters are plain data read at any time; the Prometheus text is made from them on request. A metrics library would put its types into our
//! public face and break it with each of its releases.

mod family;
mod histogram;
mod report;
mod tally;
mod text;

pub use family::{Family, FamilyKind, metric_families};
pub use histogram::Durations;
pub use report::{ControllerMetrics, ReconcileCounts};

pub(crate) use tally::Tally;
pub(crate) use text::Text;
