//! Who may ask for what: bearer tokens, kept as hashes.

use std::sync::Arc;

use parking_lot::RwLock;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// To look.
    Read,
    /// To look and to change.
    Write,
}

/// A token as it is kept: whose, for what, and the SHA-256 of its text. The text itself is nowhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Whose it is, for the log.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The SHA-256 of its text.
    pub hash: [u8; 32],
}

/// The tokens that are known now; replaced as a whole while the API is served. Clones share them.
#[derive(Clone, Debug)]
pub struct Tokens(Arc<RwLock<Option<Vec<Token>>>>);

/// What is wrong with a text of tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub struct TokensError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

impl Tokens {
    /// No token is asked for: everybody may do everything.
    pub fn none() -> Self {
        Self(Arc::new(RwLock::new(None)))
    }

    /// These tokens, and nobody without one. An empty list: nobody at all.
    pub fn of(tokens: Vec<Token>) -> Self {
        Self(Arc::new(RwLock::new(Some(tokens))))
    }

    /// From now on these.
    pub fn replace(&self, tokens: Vec<Token>) {
        *self.0.write() = Some(tokens);
    }
}
