//! Clock, timer, randomness and spawning: the traits, and their one real implementation.
