//! A table of the file, from which each field takes what is its own.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{Problem, Problems};
use super::suggest::nearest;

/// A text and where its lines begin.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
}

impl Source<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count()
    }
}

/// A value that has been taken, and where it stood.
pub(super) struct Taken<T> {
    pub(super) value: T,
    pub(super) line: usize,
}

/// A table whose fields are taken one by one. What is left at the end is unknown.
pub(super) struct Fields<'s, 'i> {
    source: &'s Source<'s>,
    /// The path of the table, such as `controller[0].`.
    path: String,
    table: DeTable<'i>,
    known: Vec<&'static str>,
    pub(super) line: usize,
}

impl<'s, 'i> Fields<'s, 'i> {
    pub(super) fn new(source: &'s Source<'s>, path: impl Into<String>, table: Spanned<DeTable<'i>>) -> Self {
        let line = source.line(table.span().start);
        Self { source, path: path.into(), table: table.into_inner(), known: Vec::new(), line }
    }

    /// A problem with a field of this table.
    pub(super) fn problem(&self, line: usize, field: &str, what: impl Into<String>) -> Problem {
        Problem::error(self.source.path, Some(line), &format!("{}{field}", self.path), what)
    }

    /// Whether a field is there and not yet taken.
    pub(super) fn has(&self, field: &str) -> bool {
        self.table.contains_key(field)
    }

    fn take(&mut self, field: &'static str) -> Option<(usize, Spanned<DeValue<'i>>)> {
        self.known.push(field);
        let value = self.table.remove(field)?;
        Some((self.source.line(value.span().start), value))
    }

    fn typed<T>(
        &mut self,
        field: &'static str,
        wanted: &str,
        problems: &mut Problems,
        read: impl FnOnce(DeValue<'i>) -> Result<T, DeValue<'i>>,
    ) -> Option<Taken<T>> {
        let (line, value) = self.take(field)?;
        match read(value.into_inner()) {
            Ok(value) => Some(Taken { value, line }),
            Err(found) => {
                let what = format!("must be {wanted}, not {}", kind_of(&found));
                problems.push(self.problem(line, field, what));
                None
            }
        }
    }

    pub(super) fn text(&mut self, field: &'static str, problems: &mut Problems) -> Option<Taken<String>> {
        self.typed(field, "a text in quotes", problems, as_text)
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, field: &'static str, problems: &mut Problems) -> Option<Taken<String>> {
        if !self.table.contains_key(field) {
            self.known.push(field);
            problems.push(self.problem(self.line, field, "is missing"));
            return None;
        }
        self.text(field, problems)
    }

    /// A text that a parser makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let text = self.text(field, problems)?;
        parse(&text.value).map_err(|what| problems.push(self.problem(text.line, field, what))).ok()
    }

    pub(super) fn flag(&mut self, field: &'static str, problems: &mut Problems) -> Option<bool> {
        let read = |value: DeValue<'i>| value.as_bool().ok_or(value);
        self.typed(field, "true or false", problems, read).map(|taken| taken.value)
    }

    /// A whole number within bounds.
    pub(super) fn number(
        &mut self,
        field: &'static str,
        bounds: (u64, u64),
        problems: &mut Problems,
    ) -> Option<u64> {
        let read = |value: DeValue<'i>| {
            value.as_integer().and_then(|n| u64::from_str_radix(n.as_str(), n.radix()).ok()).ok_or(value)
        };
        let taken =
            self.typed(field, &format!("a whole number from {} to {}", bounds.0, bounds.1), problems, read)?;
        if (bounds.0..=bounds.1).contains(&taken.value) {
            return Some(taken.value);
        }
        let what = format!("is {}, but must be from {} to {}", taken.value, bounds.0, bounds.1);
        problems.push(self.problem(taken.line, field, what));
        None
    }

    pub(super) fn texts(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
    ) -> Option<Taken<Vec<String>>> {
        let read = |value: DeValue<'i>| match value {
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_str()) => {
                Ok(items.into_iter().filter_map(|item| as_text(item.into_inner()).ok()).collect())
            }
            other => Err(other),
        };
        self.typed(field, "a list of texts in quotes", problems, read)
    }

    /// A table within this one.
    pub(super) fn table(&mut self, field: &'static str, problems: &mut Problems) -> Option<Fields<'s, 'i>> {
        let (line, value) = self.take(field)?;
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => {
                Some(Fields::new(self.source, format!("{}{field}.", self.path), Spanned::new(span, table)))
            }
            other => {
                problems.push(self.problem(line, field, format!("must be a table, not {}", kind_of(&other))));
                None
            }
        }
    }

    /// The tables of a list such as `[[controller]]`; none when it is absent.
    pub(super) fn tables(&mut self, field: &'static str, problems: &mut Problems) -> Vec<Fields<'s, 'i>> {
        let Some((line, value)) = self.take(field) else { return Vec::new() };
        let DeValue::Array(items) = value.into_inner() else {
            problems.push(self.problem(
                line,
                field,
                format!("must be a list of tables: write `[[{field}]]`"),
            ));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (number, item) in items.into_iter().enumerate() {
            let span = item.span();
            let path = format!("{}{field}[{number}].", self.path);
            match item.into_inner() {
                DeValue::Table(table) => {
                    tables.push(Fields::new(self.source, path, Spanned::new(span, table)));
                }
                other => {
                    let what = format!("must be a table, not {}", kind_of(&other));
                    problems.push(self.problem(
                        self.source.line(span.start),
                        &format!("{field}[{number}]"),
                        what,
                    ));
                }
            }
        }
        tables
    }

    /// A table whose fields are free and whose values are texts, such as `env`.
    pub(super) fn free_texts(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
    ) -> Vec<(String, String)> {
        let Some(mut table) = self.table(field, problems) else { return Vec::new() };
        let mut texts = Vec::new();
        for (name, value) in std::mem::take(&mut table.table) {
            let line = table.source.line(value.span().start);
            match as_text(value.into_inner()) {
                Ok(text) => texts.push((name.into_inner().into_owned(), text)),
                Err(found) => {
                    let what = format!("must be a text in quotes, not {}", kind_of(&found));
                    problems.push(table.problem(line, name.get_ref(), what));
                }
            }
        }
        texts
    }

    /// Ends the table: every field that nobody took is unknown.
    pub(super) fn finish(self, problems: &mut Problems) {
        for name in self.table.keys() {
            let line = self.source.line(name.span().start);
            let hint = nearest(name.get_ref(), self.known.iter().copied())
                .map(|near| format!("did you mean `{near}`?"));
            let what = format!("is not a field here; known are {}", self.known.join(", "));
            problems.push(self.problem(line, name.get_ref(), what).hint(hint));
        }
    }
}

fn as_text(value: DeValue<'_>) -> Result<String, DeValue<'_>> {
    match value {
        DeValue::String(text) => Ok(text.into_owned()),
        other => Err(other),
    }
}

fn kind_of(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a number",
        DeValue::Float(_) => "a number with a fraction",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
