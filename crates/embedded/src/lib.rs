//! The embedded durable backend: a log and a checkpoint in a directory.
