//! What is wrong with the daemon at present, for `/readyz`.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// Of each part so many reasons are told.
const MOST: usize = 5;

/// What is wrong, by part. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Health(Arc<Mutex<BTreeMap<&'static str, Vec<String>>>>);

impl Health {
    /// What is wrong with a part now; nothing, when it is well. True when that is news.
    pub(crate) fn set(&self, part: &'static str, wrong: Vec<String>) -> bool {
        let mut parts = self.0.lock();
        if parts.get(part).map_or(&[][..], Vec::as_slice) == wrong {
            return false;
        }
        parts.insert(part, wrong);
        true
    }

    /// A line for each reason.
    pub(crate) fn reasons(&self) -> Vec<String> {
        let parts = self.0.lock();
        let mut reasons = Vec::new();
        for (part, wrong) in parts.iter() {
            reasons.extend(wrong.iter().take(MOST).map(|what| format!("{part}: {what}")));
            if wrong.len() > MOST {
                reasons.push(format!("{part}: and {} more", wrong.len() - MOST));
            }
        }
        reasons
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_is_told_until_it_is_mended_and_never_without_bound() {
        let health = Health::default();
        assert!(!health.set("tokens", Vec::new()), "well as before");
        assert!(health.set("tokens", vec!["is gone".into()]));
        assert!(!health.set("tokens", vec!["is gone".into()]), "known");
        assert!(health.set("entries", (0..9).map(|n| n.to_string()).collect()));
        assert_eq!(
            health.reasons(),
            [
                "entries: 0",
                "entries: 1",
                "entries: 2",
                "entries: 3",
                "entries: 4",
                "entries: and 4 more",
                "tokens: is gone"
            ]
        );
        assert!(health.set("tokens", Vec::new()) && health.set("entries", Vec::new()));
        assert_eq!(health.reasons(), [""; 0]);
    }
}
