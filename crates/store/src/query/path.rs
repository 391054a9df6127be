//! A path into an entry's JSON with wildcards, and the texts it leads to.
//!
//! The payload is not decoded into values first: the path is walked while the text is read, and everything beside it is skipped.

use std::fmt;
use std::str::FromStr;

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use trimtab_backend::Part;

use crate::entry::DecodeProblem;
use crate::{DecodeError, Entry, Invalid};

/// `/spec/listeners/*/certificate`.
#[derive(Debug)]
pub(super) struct Path {
    part: Part,
    steps: Vec<Step>,
}

#[derive(Debug)]
enum Step {
    /// Every element or member.
    Each,
    /// The member of this name, or the element of this number.
    At(String),
}

impl FromStr for Path {
    type Err = Invalid;
    fn from_str(text: &str) -> Result<Self, Invalid> {
        let invalid = |what| Err(Invalid::new("path", format!("`{text}` {what}")));
        let mut segments = text.split('/');
        if segments.next() != Some("") {
            return invalid("must begin with `/`");
        }
        let part = match segments.next() {
            Some("spec") => Part::Spec,
            Some("status") => Part::Status,
            _ => return invalid("must begin with `/spec` or `/status`"),
        };
        let step = |segment: &str| match segment {
            "*" => Step::Each,
            name => Step::At(name.replace("~1", "/").replace("~0", "~")),
        };
        Ok(Self { part, steps: segments.map(step).collect() })
    }
}

impl Path {
    /// The texts it leads to in an entry.
    pub(super) fn texts(&self, entry: &Entry) -> Result<Vec<String>, DecodeError> {
        let json = match self.part {
            Part::Spec => entry.spec_json(),
            Part::Status => entry.status_json().unwrap_or("null"),
        };
        let mut texts = Vec::new();
        let mut reader = serde_json::Deserializer::from_str(json);
        let walk = Walk { steps: &self.steps, texts: &mut texts };
        match walk.deserialize(&mut reader).and_then(|()| reader.end()) {
            Ok(()) => Ok(texts),
            Err(error) => {
                let problem = DecodeProblem::Json(error.to_string());
                Err(DecodeError { key: entry.key().clone(), part: self.part, problem })
            }
        }
    }
}

/// What is left of the path at one value.
struct Walk<'a> {
    steps: &'a [Step],
    texts: &'a mut Vec<String>,
}

impl Walk<'_> {
    /// The walk into a member or element, if the path leads there.
    fn inside(&mut self, matches: impl FnOnce(&str) -> bool) -> Option<Walk<'_>> {
        let (step, steps) = self.steps.split_first()?;
        let leads = match step {
            Step::Each => true,
            Step::At(name) => matches(name),
        };
        leads.then_some(Walk { steps, texts: self.texts })
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.steps.is_empty() {
            self.texts.push(text.into());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(name) = map.next_key::<std::borrow::Cow<'_, str>>()? {
            match self.inside(|wanted| wanted == name) {
                Some(walk) => map.next_value_seed(walk)?,
                None => drop(map.next_value::<IgnoredAny>()?),
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        for at in 0_usize.. {
            let more = match self.inside(|wanted| wanted == at.to_string()) {
                Some(walk) => seq.next_element_seed(walk)?.is_some(),
                None => seq.next_element::<IgnoredAny>()?.is_some(),
            };
            if !more {
                break;
            }
        }
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }
    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }
    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }
    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }
}
