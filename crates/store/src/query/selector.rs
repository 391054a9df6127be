//! Label selectors: which entries, by their labels.
//!
//! The text form is the one this field knows: `tier=web, region in (north, south), !legacy`. It is parsed once and then only compared.

use std::fmt;
use std::str::FromStr;

/// Requirements on labels, all of which must hold. Empty: every entry.
///
/// | written | holds when |
/// |---|---|
/// | `k=v`, `k==v` | the label is there with this value |
/// | `k!=v` | it is not there with this value; also when it is not there at all |
/// | `k` | it is there |
/// | `!k` | it is not there |
/// | `k in (a, b)` | it is there with one of these values |
/// | `k notin (a, b)` | it is not there with one of these values; also when it is not there at all |
///
/// ```
/// use trimtab_store::Selector;
///
/// let selector: Selector = "tier=web, region in (north, south), !legacy".parse()?;
/// let labels = |name: &str| match name { "tier" => Some("web"), "region" => Some("south"), _ => None };
/// assert!(selector.matches(labels));
/// let wrong = "tier=web, in (a)".parse::<Selector>().unwrap_err();
/// assert_eq!(wrong.to_string(), "read the selector at character 14: expected `,` or the end, found `(`");
/// # Ok::<(), trimtab_store::SelectorError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selector(Vec<Requirement>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Requirement {
    label: String,
    rule: Rule,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Rule {
    Exists,
    Missing,
    In(Vec<String>),
    NotIn(Vec<String>),
}

/// Where a selector's text stops making sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("read the selector at character {at}: expected {expected}, found {found}")]
pub struct SelectorError {
    /// The character, counted from 1.
    pub at: usize,
    expected: &'static str,
    found: String,
}

impl Selector {
    /// Whether all requirements hold; `label` gives the value of a label.
    pub fn matches<'a>(&self, label: impl Fn(&str) -> Option<&'a str>) -> bool {
        self.0.iter().all(|requirement| {
            let value = label(&requirement.label);
            let one_of = |values: &[String]| value.is_some_and(|value| values.iter().any(|one| one == value));
            match &requirement.rule {
                Rule::Exists => value.is_some(),
                Rule::Missing => value.is_none(),
                Rule::In(values) => one_of(values),
                Rule::NotIn(values) => !one_of(values),
            }
        })
    }

    /// Both selectors' requirements.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// One label with one value.
    pub fn label(name: &str, value: &str) -> Self {
        Self(vec![Requirement { label: name.into(), rule: Rule::In(vec![value.into()]) }])
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl FromStr for Selector {
    type Err = SelectorError;
    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let mut reader = Reader { text, at: 0 };
        let mut requirements = Vec::new();
        if reader.peek().is_none() {
            return Ok(Self::default());
        }
        loop {
            requirements.push(reader.requirement()?);
            match reader.peek() {
                None => return Ok(Self(requirements)),
                Some(',') => reader.skip(1),
                Some(_) => return Err(reader.expected("`,` or the end")),
            }
        }
    }
}

/// Reads the text from left to right.
struct Reader<'a> {
    text: &'a str,
    /// Bytes read.
    at: usize,
}

impl<'a> Reader<'a> {
    fn requirement(&mut self) -> Result<Requirement, SelectorError> {
        if self.takes("!") {
            return Ok(Requirement { label: self.word("a label")?, rule: Rule::Missing });
        }
        let label = self.word("a label or `!`")?;
        let rule = if self.takes("==") || self.takes("=") {
            Rule::In(vec![self.word("a value")?])
        } else if self.takes("!=") {
            Rule::NotIn(vec![self.word("a value")?])
        } else if self.takes_word("in") {
            Rule::In(self.values()?)
        } else if self.takes_word("notin") {
            Rule::NotIn(self.values()?)
        } else {
            Rule::Exists
        };
        Ok(Requirement { label, rule })
    }

    fn values(&mut self) -> Result<Vec<String>, SelectorError> {
        if !self.takes("(") {
            return Err(self.expected("`(`"));
        }
        let mut values = vec![self.word("a value")?];
        while self.takes(",") {
            values.push(self.word("a value")?);
        }
        if self.takes(")") { Ok(values) } else { Err(self.expected("`,` or `)`")) }
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_space(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn peek(&mut self) -> Option<char> {
        self.skip_space();
        self.rest().chars().next()
    }

    fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    fn takes(&mut self, sign: &str) -> bool {
        self.skip_space();
        let there = self.rest().starts_with(sign);
        self.at += if there { sign.len() } else { 0 };
        there
    }

    fn takes_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let rest = self.rest();
        let there = rest.starts_with(word) && !rest[word.len()..].starts_with(is_word);
        self.at += if there { word.len() } else { 0 };
        there
    }

    fn word(&mut self, expected: &'static str) -> Result<String, SelectorError> {
        self.skip_space();
        let rest = self.rest();
        let length = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        if length == 0 {
            return Err(self.expected(expected));
        }
        self.at += length;
        Ok(rest[..length].into())
    }

    fn expected(&mut self, expected: &'static str) -> SelectorError {
        let found = self.peek().map_or_else(|| "the end".into(), |found| format!("`{found}`"));
        SelectorError { at: self.text[..self.at].chars().count() + 1, expected, found }
    }
}

fn is_word(c: char) -> bool {
    !c.is_whitespace() && !matches!(c, '=' | '!' | ',' | '(' | ')')
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, Requirement { label, rule }) in self.0.iter().enumerate() {
            f.write_str(if nth == 0 { "" } else { "," })?;
            match rule {
                Rule::Exists => write!(f, "{label}")?,
                Rule::Missing => write!(f, "!{label}")?,
                Rule::In(values) if values.len() == 1 => write!(f, "{label}={}", values[0])?,
                Rule::NotIn(values) if values.len() == 1 => write!(f, "{label}!={}", values[0])?,
                Rule::In(values) => write!(f, "{label} in ({})", values.join(","))?,
                Rule::NotIn(values) => write!(f, "{label} notin ({})", values.join(","))?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(selector: &str, labels: &[(&str, &str)]) -> bool {
        let selector: Selector = selector.parse().expect(selector);
        let again: Selector = selector.to_string().parse().expect("what it shows reads as itself");
        assert_eq!(again, selector);
        selector.matches(|name| labels.iter().find(|(label, _)| *label == name).map(|(_, value)| *value))
    }

    /// behaviour E5
    #[test]
    fn each_form_of_a_requirement_holds_as_its_table_says() {
        let web = [("tier", "web"), ("in", "side")];
        for holds in [
            "",
            "tier=web",
            "tier == web",
            "tier!=db",
            "zone!=x",
            "tier",
            "!zone",
            "tier in (db, web)",
            "zone notin (a)",
        ] {
            assert!(matches(holds, &web), "{holds}");
        }
        for fails in
            ["tier=db", "tier!=web", "zone", "!tier", "tier in (db)", "tier notin (db,web)", "zone in (a)"]
        {
            assert!(!matches(fails, &web), "{fails}");
        }
        assert!(matches("in, tier=web,in=side , in in(side)", &web), "`in` is a label too");
        assert!(matches("example.com/tier=a_b-c.d", &[("example.com/tier", "a_b-c.d")]));
    }

    /// behaviour E5
    #[test]
    fn a_selector_that_cannot_be_read_names_the_position_and_what_was_expected() {
        for (text, message) in [
            ("tier=", "at character 6: expected a value, found the end"),
            ("=web", "at character 1: expected a label or `!`, found `=`"),
            ("tier=web,", "at character 10: expected a label or `!`, found the end"),
            ("tier in web", "at character 9: expected `(`, found `w`"),
            ("tier in (web", "at character 13: expected `,` or `)`, found the end"),
            ("größe in ()", "at character 11: expected a value, found `)`"),
            ("tier web", "at character 6: expected `,` or the end, found `w`"),
            ("! , a", "at character 3: expected a label, found `,`"),
        ] {
            let error = text.parse::<Selector>().expect_err(text).to_string();
            assert_eq!(error, format!("read the selector {message}"), "{text}");
        }
    }
}
