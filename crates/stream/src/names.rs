//! What subscriptions are named by: a topic, a subject within it, and the token they were opened with.
//!
//! All three are shared text: made once, cloned for the price of a count. A subscriber names an [`Interest`], an event has a
//! [`Subject`]; the wildcard exists only in the first, so that publishing to it does not compile.

use std::borrow::Borrow;
use std::fmt;
use std::sync::Arc;

macro_rules! name {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl From<Arc<str>> for $name {
            fn from(text: Arc<str>) -> Self {
                Self(text)
            }
        }

        impl From<&$name> for $name {
            fn from(name: &$name) -> Self {
                name.clone()
            }
        }

        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

macro_rules! shown {
    ($name:ident) => {
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{:?}", &*self.0)
            }
        }
    };
}

name! {
    /// What a stream of events is about as a whole, such as a kind of entry.
    #[doc(alias = "stream.Topic")]
    Topic
}
shown!(Topic);

name! {
    /// The one thing an event is about, such as one entry's name within its kind.
    #[doc(alias = "stream.Subject")]
    Subject
}
shown!(Subject);

name! {
    /// With whose rights a subscription was opened. Closing the token closes its subscriptions (behaviour S8). `Debug` hides the text.
    Token
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(..)")
    }
}

/// What a subscription wants of its topic.
///
/// An event is about a [`Subject`]; there is no way to publish to the wildcard (behaviour S1):
///
/// ```compile_fail,E0277
/// use trimtab_stream::{Event, Interest};
///
/// let _ = Event::new("orders", Interest::All, "paid");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// Every subject: the wildcard.
    #[doc(alias = "SubjectWildcard")]
    All,
    /// One subject.
    One(Subject),
}
