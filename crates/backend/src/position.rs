//! Versions and positions in a store's history.

use std::fmt;

/// A point in the history of one store: etcd's revision, Consul's Raft index, a commit's number. Opaque, ordered, compared only under
/// one [`StoreId`] (contract I1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Index(u64);

impl Index {
    /// Before the first commit.
    pub const ZERO: Self = Self(0);

    /// The index with this number.
    pub const fn new(number: u64) -> Self {
        Self(number)
    }

    /// Its number.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The index after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Index {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// Which store an index belongs to: 16 random bytes, drawn when the store was made, and anew when it is restored from a backup.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StoreId([u8; 16]);

impl StoreId {
    /// The id of these bytes (from the random seam).
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub const fn as_bytes(&self) -> &[u8; 16] {
        &self.0
    }

    fn short(self) -> u32 {
        u32::from_be_bytes([self.0[0], self.0[1], self.0[2], self.0[3]])
    }
}

impl fmt::Debug for StoreId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.short())
    }
}

/// What is kept, or leaves the process, to go on from later: an index and the store it belongs to. Written `<8 hex of the store>-<index>`.
///
/// ```
/// use trimtab_backend::{Index, Position, StoreId};
///
/// let store = StoreId::new([0xab; 16]);
/// let position = Position { store, index: Index::new(41) };
/// assert_eq!(position.to_string(), "abababab-41");
/// assert_eq!(Position::parse("abababab-41", store)?, position);
/// assert!(Position::parse("00000000-41", store).is_err(), "of another store");
/// # Ok::<(), trimtab_backend::PositionError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Position {
    /// The store.
    pub store: StoreId,
    /// The index in its history.
    pub index: Index,
}

/// Why a text is no position in a store.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PositionError {
    /// Not of the form.
    #[error("`{0}` is not a position: 8 hexadecimal digits, `-`, a number")]
    Malformed(String),
    /// A position in another store's history: begin anew with a snapshot.
    #[error("position `{0}` belongs to another store; begin anew without a position")]
    OtherStore(String),
}

impl Position {
    /// Reads a position that must be of `store`.
    pub fn parse(text: &str, store: StoreId) -> Result<Self, PositionError> {
        let malformed = || PositionError::Malformed(text.into());
        let (id, index) = text.split_once('-').ok_or_else(malformed)?;
        // The number parsers take a sign too.
        let hex = id.len() == 8 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
        if !hex || !index.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(malformed());
        }
        let id = u32::from_str_radix(id, 16).map_err(|_| malformed())?;
        let index = index.parse().map(Index).map_err(|_| malformed())?;
        if id == store.short() {
            Ok(Self { store, index })
        } else {
            Err(PositionError::OtherStore(text.into()))
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}-{}", self.store, self.index)
    }
}

impl fmt::Debug for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
