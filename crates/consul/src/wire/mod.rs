//! What is said to Consul and what it says, without a connection: operations, results, and what a refusal means.

mod meaning;
mod operation;
mod results;

pub(crate) use meaning::{Trouble, refusal};
pub(crate) use operation::{Op, body};
pub(crate) use results::{Entry, OpError, TxnAnswer, entries, txn_answer};
