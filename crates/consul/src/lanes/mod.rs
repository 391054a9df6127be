//! Lanes: what makes the outcome of every transaction knowable, and every commit visible (contract U1, U2, F5).
//!
//! A lane is a key that each of its transactions rewrites under the condition that nobody else has: a transaction falsifies its own guard, so it lands once or,
//! when somebody else has moved the lane on, never. Beside it stands a ring of the last transactions' records, which followers read.

mod lane;
mod pool;
mod record;
mod ticket;

pub(crate) use lane::Lane;
pub(crate) use pool::Lanes;
pub(crate) use record::{CommitRecord, LaneRecord, Told, Value};
pub(crate) use ticket::{Settled, Ticket};
