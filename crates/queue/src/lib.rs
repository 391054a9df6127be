//! Work queue, defer queue and limiters: one record per key, a pure core and a thin async shell.
