//! Why a view will not come to include a position.

use trimtab_backend::Position;

/// Why waiting for a position ended without it (settled, Positions). Read anew and decide again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AtLeastError {
    /// The position is of another store.
    #[error(
        "wait for position {wanted}: this is another store, its view is at {view}; begin anew without a position"
    )]
    OtherStore {
        /// The position asked for.
        wanted: Position,
        /// Where the view stands.
        view: Position,
    },
    /// The view was replaced as a whole meanwhile, by one that does not include it.
    #[error(
        "wait for position {wanted}: the view was read anew and is at {view}; read again and decide again"
    )]
    Reset {
        /// The position asked for.
        wanted: Position,
        /// Where the view stands.
        view: Position,
    },
    /// The store was closed.
    #[error("wait for a position: the store was closed")]
    Closed,
}
