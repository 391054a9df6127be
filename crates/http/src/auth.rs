//! Who may ask for what: bearer tokens, kept as hashes.
//!
//! A token is 32 random bytes, so its SHA-256 is as hard to turn back as the token is to guess; a slow hash, which passwords need, would only make every request slow.

use std::fmt;
use std::sync::Arc;

use parking_lot::RwLock;
use sha2::{Digest as _, Sha256};
use subtle::{ConditionallySelectable as _, ConstantTimeEq as _};

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// To look.
    Read,
    /// To look and to change.
    Write,
}

/// A token as it is kept: whose, for what, and the SHA-256 of its text. The text itself is nowhere.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    /// Whose it is, for the log.
    pub name: String,
    /// What it allows.
    pub role: Role,
    /// The SHA-256 of its text.
    pub hash: [u8; 32],
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("name", &self.name).field("role", &self.role).finish_non_exhaustive()
    }
}

/// The tokens that are known now; [replaced](Tokens::replace) as a whole while the API is served. Clones share them.
///
/// ```
/// use trimtab_http::{Role, Token, Tokens};
///
/// let tokens = Tokens::of(vec![Token { name: "grafana".into(), role: Role::Read, hash: Tokens::hash("its text") }]);
/// tokens.replace(Vec::new()); // from now on nobody gets in
/// ```
#[derive(Clone, Debug)]
pub struct Tokens(Arc<RwLock<Option<Vec<Token>>>>);

/// What is known of who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// No token is asked for.
    Open,
    /// A token that is known.
    Known(Role, String),
    /// None was given.
    Missing,
    /// One that is not known.
    Wrong,
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

    /// From now on these. Streams that are open stay open.
    pub fn replace(&self, tokens: Vec<Token>) {
        *self.0.write() = Some(tokens);
    }

    /// Whether no token is known although one is asked for.
    pub(crate) fn let_nobody_in(&self) -> bool {
        self.0.read().as_ref().is_some_and(Vec::is_empty)
    }

    /// The hash by which a token is kept.
    pub fn hash(token: &str) -> [u8; 32] {
        Sha256::digest(token.as_bytes()).into()
    }

    /// What this value of the header `Authorization` allows. Every token is compared, each in constant time, so that time tells nothing of them.
    pub(crate) fn access(&self, authorization: Option<&[u8]>) -> Access {
        let tokens = self.0.read();
        let Some(tokens) = &*tokens else { return Access::Open };
        let Some(value) = authorization else { return Access::Missing };
        let scheme_and_token =
            value.split_at_checked(7).filter(|(scheme, _)| scheme.eq_ignore_ascii_case(b"bearer "));
        let Some((_, token)) = scheme_and_token else { return Access::Wrong };
        let hash: [u8; 32] = Sha256::digest(token.trim_ascii()).into();
        // One beyond the last: none.
        let mut found = u64::MAX;
        for (place, token) in (0_u64..).zip(tokens) {
            found.conditional_assign(&place, token.hash.ct_eq(&hash));
        }
        let known = usize::try_from(found).ok().and_then(|place| tokens.get(place));
        known.map_or(Access::Wrong, |token| Access::Known(token.role, token.name.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(name: &str, role: Role, text: &str) -> Token {
        Token { name: name.into(), role, hash: Tokens::hash(text) }
    }

    #[test]
    fn a_token_is_known_by_its_text_alone() {
        let tokens = Tokens::of(vec![token("a", Role::Read, "one"), token("b", Role::Write, "two")]);
        let access = |value: &str| tokens.access(Some(value.as_bytes()));
        assert_eq!(access("Bearer two"), Access::Known(Role::Write, "b".into()));
        assert_eq!(access("bearer  one "), Access::Known(Role::Read, "a".into()));
        for wrong in ["Bearer three", "Bearer ", "Bearer", "Basic one", "one", "", "Bearer one two"] {
            assert_eq!(access(wrong), Access::Wrong, "{wrong}");
        }
        assert_eq!(tokens.access(None), Access::Missing);
        tokens.replace(Vec::new());
        assert_eq!(access("Bearer two"), Access::Wrong, "nobody gets in");
        assert_eq!(Tokens::none().access(None), Access::Open);
    }

    #[test]
    fn nothing_of_a_token_is_shown() {
        let shown = format!("{:?}", token("a", Role::Read, "one"));
        assert_eq!(shown, r#"Token { name: "a", role: Read, .. }"#);
    }
}
