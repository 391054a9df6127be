//! Controllers: reconcilers, contexts, sources, triggers, managers and placement.
