//! What is published.
//!
//! The publisher could keep topic and subject beside each payload, but a payload mostly knows them already: an entry's change has
//! the entry's key. Storing them again would cost an allocation an event, so the publisher asks. For payloads that do not know,
//! there is [`Event`].

use crate::{Subject, Topic};

/// What a publisher carries: it tells its topic, whether it is about a subject, and how much memory it keeps.
///
/// Cloning must be cheap (a count or two): subscriptions that take only part of a commit get clones of that part.
///
/// ```
/// use std::sync::Arc;
/// use trimtab_stream::{Payload, Subject};
///
/// #[derive(Clone)]
/// struct Sale(Arc<str>, u32);
///
/// impl Payload for Sale {
///     fn topic(&self) -> &str {
///         "sales"
///     }
///     fn is_about(&self, subject: &Subject) -> bool {
///         *self.0 == *subject.as_str()
///     }
/// }
/// # let sale = Sale("pen".into(), 3);
/// # assert!(sale.is_about(&"pen".into()) && sale.1 == 3);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not tell its topic and subject",
    note = "implement `Payload` for it, or publish `Event::new(topic, subject, payload)`"
)]
pub trait Payload: Clone + Send + Sync + 'static {
    /// The topic it belongs to. The same for the whole life of the value.
    fn topic(&self) -> &str;

    /// Whether it is about this subject.
    fn is_about(&self, subject: &Subject) -> bool;

    /// About how many bytes of memory the history keeps alive by holding it. Read once, when it is published. Provided: the size
    /// of the value itself, which is too little for a value that owns more on the heap.
    fn bytes(&self) -> usize {
        size_of::<Self>()
    }
}

/// A payload with topic and subject beside it, for payloads that do not know their own.
///
/// ```
/// use trimtab_stream::{Event, Payload, Subject};
///
/// let paid = Event::new("orders", "a", 9.50);
/// assert_eq!(paid.topic(), "orders");
/// assert!(paid.is_about(&Subject::from("a")));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[doc(alias = "stream.Event")]
pub struct Event<P> {
    /// The topic it belongs to.
    pub topic: Topic,
    /// What it is about.
    pub subject: Subject,
    /// What happened.
    pub payload: P,
    bytes: usize,
}

impl<P> Event<P> {
    /// An event whose memory is counted as the size of this value.
    pub fn new(topic: impl Into<Topic>, subject: impl Into<Subject>, payload: P) -> Self {
        Self { topic: topic.into(), subject: subject.into(), payload, bytes: size_of::<Self>() }
    }

    /// The same, counted as so many bytes of memory: for payloads that own much on the heap.
    #[must_use]
    pub fn with_bytes(self, bytes: usize) -> Self {
        Self { bytes, ..self }
    }
}

impl<P: Clone + Send + Sync + 'static> Payload for Event<P> {
    fn topic(&self) -> &str {
        self.topic.as_str()
    }

    fn is_about(&self, subject: &Subject) -> bool {
        self.subject == *subject
    }

    fn bytes(&self) -> usize {
        self.bytes
    }
}
