//! Spans as a collector gets them, from the binary as people run it, built with the feature `otel`.

mod collector;
mod daemon;
mod spans;
mod trouble;
