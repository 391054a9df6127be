//! What no test from outside can bring about at will.

mod messages;
mod without_space;
