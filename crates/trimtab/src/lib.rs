//! Level-triggered controllers on any versioned store.
