//! What is published: an entry before and after a commit.

use trimtab_backend::{Index, Key};
use trimtab_stream::{Payload, Subject};

use crate::Entry;

/// An entry before and after a commit (behaviour C7). The topic is the kind, the subject what [`subject`] makes of the key.
///
/// A delete followed by a re-creation is always two events, also within one commit: the first without `new`, the second without `old`.
/// In a snapshot `old` is absent. Events of an entry that cannot be decoded are not published; once it can be again, `old` is what
/// was told last.
#[derive(Clone, Debug, PartialEq)]
pub struct EntryEvent {
    /// The entry's key.
    pub key: Key,
    /// The entry before the commit.
    pub old: Option<Entry>,
    /// The entry after it; `None` when it was deleted.
    pub new: Option<Entry>,
    /// The commit's index; in a snapshot, the snapshot's.
    pub index: Index,
}

/// The subject of an entry within the topic of its kind: `<partition>/<namespace>/<name>`.
///
/// ```
/// use trimtab_store::{Key, SubscribeRequest, subject};
///
/// let key = Key::new("http-route", "a").in_namespace("shop");
/// assert_eq!(subject(&key).as_str(), "default/shop/a");
/// let request = SubscribeRequest::one(key.kind(), subject(&key));
/// # let _ = request;
/// ```
pub fn subject(key: &Key) -> Subject {
    format!("{}/{}/{}", key.partition(), key.namespace(), key.name()).into()
}

/// What [`subject`] is made of. Neither partition nor namespace holds a slash; a name may.
pub(super) fn parts(subject: &Subject) -> Option<(&str, &str, &str)> {
    let (partition, rest) = subject.as_str().split_once('/')?;
    let (namespace, name) = rest.split_once('/')?;
    Some((partition, namespace, name))
}

impl Payload for EntryEvent {
    fn topic(&self) -> &str {
        self.key.kind()
    }

    fn is_about(&self, subject: &Subject) -> bool {
        parts(subject) == Some((self.key.partition(), self.key.namespace(), self.key.name()))
    }

    fn bytes(&self) -> usize {
        // What an entry takes beside its two records, roughly.
        const ENTRY: usize = 384;
        size_of::<Self>() + self.old.iter().chain(&self.new).map(|entry| ENTRY + entry.bytes()).sum::<usize>()
    }
}
