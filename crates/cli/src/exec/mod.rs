//! Reconcilers in any language: one process a reconcile, a document in, a document out.

mod output;
mod process;
#[cfg(test)]
mod process_tests;
mod status;
mod stderr;
