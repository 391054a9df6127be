//! The page `docs/conformance.md`: which of the contract's tests hold on which backend, compared with what ran.
//!
//! Each backend runs the suite in a test of its own, and ends it with [`Column::compare`]: what the suite held, what the backend's own tests hold (they
//! carry the contract's numbers as tags, `contract 16`), and what has no meaning on it must be what its column of the page says. So the page cannot
//! say more than what ran, and a test that is dropped or renamed is missed. `cargo xtask conformance` writes the page.
//!
//! **Knows nothing of** any backend.

mod column;
mod page;
mod tagged;

pub use column::Column;
