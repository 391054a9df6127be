//! Config entries over any backend: snapshots, views, indexes, and the one write door.
