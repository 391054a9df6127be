//! Sources: what a controller listens to, and which keys a change leads to.
//!
//! `subscribe(request, [transformers])`, as the seed has it, does not take a closure in Rust without annotations; eighteen methods for the
//! combinations of owner, filter, mapping and stream, as others have, nobody remembers. So there is one `subscribe`, and the rest belongs to its argument.

mod body;
mod enter;
mod entries;
mod follow;
mod into_requests;
mod later;
mod news;
mod now;
mod other;
mod retries;
#[expect(clippy::module_inception, reason = "a file is named after its main type")]
mod source;
mod status;
mod transformer;
mod watch;

pub use into_requests::IntoRequests;
pub use source::{Source, Told};
pub use status::{SourceState, SourceStatus};
pub use transformer::Transformer;

pub(crate) use body::{Body, Origin};
pub(crate) use follow::{Seat, gained, start};
pub(crate) use other::Other;
pub(crate) use status::{Follows, Health};
pub(crate) use watch::watch;
