//! The core beside a model of it: every sequence of operations up to a length, and long random ones.

mod every_sequence;
mod model;
mod operation;
mod random_sequences;
mod world;
