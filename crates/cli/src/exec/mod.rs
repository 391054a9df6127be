//! Reconcilers in any language: one process a reconcile, a document in, a document out.

mod process;
#[cfg(test)]
mod process_tests;
mod stderr;
