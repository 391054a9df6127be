//! Tokens that are in use by open subscriptions. A token nobody uses is not kept.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use hashbrown::HashMap;
use parking_lot::Mutex;
use trimtab_seams::HashState;

use crate::Token;

#[derive(Default)]
pub(crate) struct Tokens(Mutex<HashMap<Token, Arc<AtomicBool>, HashState>>);

/// An open subscription's hold on its token.
pub(crate) struct Held {
    token: Token,
    closed: Option<Arc<AtomicBool>>,
    tokens: Arc<Tokens>,
}

impl Tokens {
    pub(crate) fn hold(self: &Arc<Self>, token: &Token) -> Held {
        let closed = Arc::clone(self.0.lock().entry(token.clone()).or_default());
        Held { token: token.clone(), closed: Some(closed), tokens: Arc::clone(self) }
    }

    /// Closes what holds the token now; what subscribes with it later is not concerned. False when nothing holds it.
    pub(crate) fn close(&self, token: &Token) -> bool {
        match self.0.lock().remove(token) {
            Some(closed) => {
                closed.store(true, Ordering::Release);
                true
            }
            None => false,
        }
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.0.lock().len()
    }
}

impl Held {
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.as_ref().is_some_and(|closed| closed.load(Ordering::Acquire))
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut tokens = self.tokens.0.lock();
        let Some(mine) = self.closed.take() else { return };
        // The table's and this one: nobody else holds it, and nobody can begin to while the table is locked.
        if tokens.get(&self.token).is_some_and(|kept| Arc::ptr_eq(kept, &mine))
            && Arc::strong_count(&mine) == 2
        {
            tokens.remove(&self.token);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// behaviour S8, S10
    #[test]
    fn a_token_is_kept_as_long_as_somebody_holds_it_and_closes_only_those() {
        let tokens = Arc::new(Tokens::default());
        let token = Token::from("secret");
        let [first, second, third] = std::array::from_fn(|_| tokens.hold(&token));
        drop(first);
        assert_eq!(tokens.len(), 1);
        assert!(tokens.close(&token) && second.is_closed() && third.is_closed());
        let next = tokens.hold(&token);
        drop(second);
        drop(third);
        assert!(!next.is_closed());
        assert_eq!(tokens.len(), 1, "the drop of a closed one leaves its successor alone");
        drop(next);
        assert_eq!(tokens.len(), 0);
        assert!(!tokens.close(&token));
    }
}
