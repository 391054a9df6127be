//! Keys whose reconcilers said "not yet": exit code 75, status 429 or 503, `"outcome": "not_yet"`.
//!
//! That is no failure, so the queue does not count it; but the delays must grow as they do for failures, and a folder that is to be brought to rest is not
//! at rest while one of its reconcilers says so.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use trimtab_backend::Key;
use trimtab_queue::{InvalidBackoff, RateLimiter};

/// The keys of one controller that are put off by their reconcilers. Clones are the same.
#[derive(Clone, Debug)]
pub struct NotYet(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    limiter: RateLimiter<Key>,
    said: Mutex<BTreeMap<Key, String>>,
}

impl NotYet {
    pub(crate) fn new((first, most): (Duration, Duration)) -> Result<Self, InvalidBackoff> {
        let limiter = RateLimiter::new(first, most)?;
        Ok(Self(Arc::new(Inner { limiter, said: Mutex::default() })))
    }

    /// The reconciler said "not yet" in these words. Gives how long to wait unless it said so itself.
    pub(crate) fn said(&self, key: &Key, words: &str) -> Duration {
        self.0.said.lock().insert(key.clone(), words.to_owned());
        self.0.limiter.next_retry(key)
    }

    /// A run of the key ended otherwise.
    pub(crate) fn over(&self, key: &Key) {
        if self.0.said.lock().remove(key).is_some() {
            self.0.limiter.forget(key);
        }
    }

    /// The keys, and what was said of them.
    pub fn all(&self) -> Vec<(Key, String)> {
        self.0.said.lock().iter().map(|(key, words)| (key.clone(), words.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn delays_grow_until_a_run_ends_otherwise() {
        let ms = Duration::from_millis;
        let (not_yet, key) = (NotYet::new((ms(10), ms(35))).unwrap(), Key::new("a", "b"));
        let delays: Vec<_> = (0..4).map(|_| not_yet.said(&key, "busy")).collect();
        assert_eq!(delays, [ms(10), ms(20), ms(35), ms(35)]);
        assert_eq!(not_yet.all(), [(key.clone(), "busy".to_owned())]);
        not_yet.over(&key);
        assert_eq!(not_yet.all(), []);
        assert_eq!(not_yet.said(&key, "busy"), ms(10));
    }
}
