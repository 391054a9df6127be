//! What entries are and what writes come to, as plain functions: no backend, no task, no time.

mod conditions;
mod deletes;
mod documents;
mod edits;
mod laws;
mod limits;
mod records;
mod shelf;
mod writes;
