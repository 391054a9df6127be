//! What a reconciler said, whatever carried it: an outcome, and the document that goes with it.

use std::time::Duration;

use serde_json::{Map, Value};

use super::Unique;

/// What came of one question. A failure has no document: whatever it printed is not to be done.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Answer<T> {
    /// Done.
    Success(T),
    /// Again later; no failure.
    NotYet {
        /// Why, for people.
        words: String,
        /// When, if it was said beside the document.
        after: Option<Duration>,
        /// Its document.
        said: T,
    },
    /// Wrong until the entry changes.
    Terminal {
        /// Why, for people.
        words: String,
        /// Its document.
        said: T,
    },
    /// Again, with backoff; why, for people.
    Failed(String),
}

/// A document that is answered: an object whose every field may be left out.
pub(crate) trait Body: Default + Send {
    /// Reads it from its fields, which are known to occur once each.
    fn of(fields: Map<String, Value>) -> Result<Self, Malformed>;
}

/// Why something is no answer. Its text goes behind the name of what was read: "standard output ..".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(String);

impl Malformed {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self(what.into())
    }

    /// A field that is not there in protocol 1, or not of its type.
    pub(crate) fn field(name: Option<&str>, error: &serde_json::Error) -> Self {
        let name = name.map(|name| format!("{name}: ")).unwrap_or_default();
        Self(format!("is not an answer of protocol 1: {name}{error}"))
    }
}

/// Reads an answer: nothing, or one JSON object.
pub(crate) fn parse<T: Body>(said: &[u8]) -> Result<T, Malformed> {
    fields(said)?.map_or_else(|| Ok(T::default()), T::of)
}

/// The fields of what was said, each once; none when nothing was.
pub(crate) fn fields(said: &[u8]) -> Result<Option<Map<String, Value>>, Malformed> {
    let text = std::str::from_utf8(said).map_err(|_| Malformed::new("is not UTF-8 text"))?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    let Unique(value) = serde_json::from_str(text).map_err(|error| {
        let start: String = text.trim().chars().take(60).collect();
        Malformed(format!("must be nothing or one JSON document: {error}; it begins {start:?}"))
    })?;
    // Serde would take a list for the fields in their order.
    let Value::Object(fields) = value else {
        return Err(Malformed::new("is not an answer of protocol 1: it must be an object, such as `{}`"));
    };
    Ok(Some(fields))
}

/// That the items of these lists are objects: serde would take a list for the fields in their order.
pub(crate) fn objects(fields: &Map<String, Value>, lists: &[&str]) -> Result<(), Malformed> {
    for &list in lists {
        let items = fields.get(list).and_then(Value::as_array).into_iter().flatten();
        if let Some(at) = items.into_iter().position(|item| !item.is_object()) {
            return Err(Malformed(format!(
                "is not an answer of protocol 1: {list}[{at}]: must be an object"
            )));
        }
    }
    Ok(())
}

/// The known field that cannot be read, for serde's error names unknown fields only.
pub(crate) fn wrong_field<T: serde::de::DeserializeOwned>(
    fields: Map<String, Value>,
    known: &[&str],
) -> Option<String> {
    let mut fields = fields.into_iter().filter(|(name, _)| known.contains(&name.as_str()));
    fields.find_map(|(name, value)| {
        let alone = Map::from_iter([(name.clone(), value)]);
        serde_json::from_value::<T>(Value::Object(alone)).is_err().then_some(name)
    })
}
