//! A table of the file, from which each setting takes what is its own.
//!
//! What is known, which shape it has and what it is by default stands in [`settings`](super::settings). Here a value is looked for above the file, in the file and among
//! the defaults, in this order; each that is taken is noted with where it came from.

use std::cell::RefCell;
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::place::{Above, Effective, Place};
use super::problem::{Problem, Problems};
use super::settings::{Presence, Setting, Shape, Table};
use super::suggest::nearest;
use crate::documents::toml_value;

/// A text, and what stands above it.
pub(super) struct Source<'a> {
    pub(super) path: &'a Path,
    pub(super) text: &'a str,
    pub(super) above: &'a Above,
    /// Every setting that was taken, in the order of the reference.
    pub(super) noted: RefCell<Vec<Effective>>,
}

impl Source<'_> {
    pub(super) fn line(&self, at: usize) -> usize {
        1 + self.text.as_bytes().iter().take(at).filter(|&&byte| byte == b'\n').count()
    }

    fn note(&self, path: &str, value: Option<&DeValue<'_>>, place: &Place) {
        let value = value.and_then(|value| toml_value(value.clone()).ok());
        self.noted.borrow_mut().push(Effective { path: path.to_owned(), value, place: place.clone() });
    }
}

/// A value that has been taken, and where it stood.
#[derive(Debug)]
pub(super) struct Taken<T> {
    pub(super) value: T,
    pub(super) place: Place,
}

impl<T> Taken<T> {
    /// The line it stands at; of what is not in the file, the first.
    pub(super) fn line(&self) -> usize {
        match self.place {
            Place::Line(line) => line,
            _ => 1,
        }
    }
}

/// A table whose settings are taken one by one. What is left at the end is unknown.
pub(super) struct Fields<'s, 'i> {
    pub(super) source: &'s Source<'s>,
    pub(super) known: &'static Table,
    /// The path of the table, such as `controller[0].`.
    path: String,
    pub(super) table: DeTable<'i>,
    taken: Vec<&'static str>,
    place: Place,
}

impl<'s, 'i> Fields<'s, 'i> {
    /// The file as a whole.
    pub(super) fn root(source: &'s Source<'s>, known: &'static Table, table: Spanned<DeTable<'i>>) -> Self {
        Self::new(source, known, String::new(), Place::Line(1), table.into_inner())
    }

    fn new(
        source: &'s Source<'s>,
        known: &'static Table,
        path: String,
        place: Place,
        table: DeTable<'i>,
    ) -> Self {
        Self { source, known, path, table, taken: Vec::new(), place }
    }

    /// The line at which the table begins.
    pub(super) fn line(&self) -> usize {
        match self.place {
            Place::Line(line) => line,
            _ => 1,
        }
    }

    /// A problem with a setting of this table.
    pub(super) fn problem(&self, place: &Place, field: &str, what: impl Into<String>) -> Problem {
        place.problem(self.source.path, &format!("{}{field}", self.path), what)
    }

    /// A problem with the table.
    pub(super) fn problem_of_table(&self, what: impl Into<String>) -> Problem {
        self.place.problem(self.source.path, self.path.trim_end_matches('.'), what)
    }

    /// Whether it was said and not yet taken.
    pub(super) fn has(&self, field: &str) -> bool {
        self.table.contains_key(field) || self.source.above.says(&format!("{}{field}", self.path))
    }

    /// What was said of a setting: above the file, else in it.
    fn said(&mut self, field: &'static str) -> Option<(Place, DeValue<'i>)> {
        let in_file = self.table.remove(field).map(|value| {
            let place = Place::Line(self.source.line(value.span().start));
            (place, value.into_inner())
        });
        self.source.above.value(&format!("{}{field}", self.path)).or(in_file)
    }

    fn setting(&mut self, field: &'static str) -> &'static Setting {
        self.taken.push(field);
        self.known.setting(field)
    }

    /// Takes a setting. One that is wrong is told; in its place stands the default, so that the rest can be looked at.
    pub(super) fn take<T>(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
        read: impl Fn(&Setting, DeValue<'i>) -> Result<T, String>,
    ) -> Option<Taken<T>> {
        let presence = self.known.setting(field).presence;
        self.take_or(field, presence, problems, read)
    }

    /// A text whose default depends on other settings; it is given as it would stand in the file.
    pub(super) fn parsed_or<T>(
        &mut self,
        field: &'static str,
        default: &'static str,
        problems: &mut Problems,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Taken<T>> {
        self.take_or(field, Presence::Default(default), problems, |setting, value| {
            as_text(value).map_err(|found| unlike(setting, &found)).and_then(|text| parse(&text))
        })
    }

    fn take_or<T>(
        &mut self,
        field: &'static str,
        presence: Presence,
        problems: &mut Problems,
        read: impl Fn(&Setting, DeValue<'i>) -> Result<T, String>,
    ) -> Option<Taken<T>> {
        let setting = self.setting(field);
        let path = format!("{}{field}", self.path);
        let said = self.said(field);
        let is_said = said.is_some();
        if let Some((place, value)) = said {
            self.source.note(&path, Some(&value), &place);
            match read(setting, value) {
                Ok(value) => return Some(Taken { value, place }),
                Err(what) => problems.push(self.problem(&place, field, what)),
            }
        }
        match presence {
            Presence::Default(text) => {
                let value = DeValue::parse(text).ok()?.into_inner();
                if !is_said {
                    self.source.note(&path, Some(&value), &Place::Default);
                }
                read(setting, value).ok().map(|value| Taken { value, place: Place::Default })
            }
            Presence::Required if !is_said => {
                problems.push(self.problem(
                    &self.place,
                    field,
                    format!("is missing: `{field} = {}`", setting.example),
                ));
                None
            }
            Presence::Absent(_) if !is_said => {
                self.source.note(&path, None, &Place::Default);
                None
            }
            _ => None,
        }
    }

    pub(super) fn text(&mut self, field: &'static str, problems: &mut Problems) -> Option<Taken<String>> {
        self.take(field, problems, |setting, value| as_text(value).map_err(|found| unlike(setting, &found)))
    }

    /// A text that a parser makes something of.
    pub(super) fn parsed<T>(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
        parse: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Taken<T>> {
        self.take(field, problems, |setting, value| {
            as_text(value).map_err(|found| unlike(setting, &found)).and_then(|text| parse(&text))
        })
    }

    pub(super) fn flag(&mut self, field: &'static str, problems: &mut Problems) -> bool {
        let taken = self
            .take(field, problems, |setting, value| value.as_bool().ok_or_else(|| unlike(setting, &value)));
        taken.is_some_and(|taken| taken.value)
    }

    /// A whole number within the bounds of the setting.
    pub(super) fn number(&mut self, field: &'static str, problems: &mut Problems) -> Option<u64> {
        let taken = self.take(field, problems, |setting, value| {
            let read = |n: &toml::de::DeInteger<'_>| i128::from_str_radix(n.as_str(), n.radix()).ok();
            let number = value.as_integer().and_then(read).ok_or_else(|| unlike(setting, &value))?;
            let Shape::Whole(least, most) = setting.shape else { unreachable!("a number has bounds") };
            let fitting = u64::try_from(number).ok().filter(|number| (least..=most).contains(number));
            fitting.ok_or_else(|| format!("is {number}, but must be from {least} to {most}"))
        });
        taken.map(|taken| taken.value)
    }

    pub(super) fn texts(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
    ) -> Option<Taken<Vec<String>>> {
        self.take(field, problems, |setting, value| match value {
            DeValue::Array(items) if items.iter().all(|item| item.get_ref().is_str()) => {
                Ok(items.into_iter().filter_map(|item| as_text(item.into_inner()).ok()).collect())
            }
            other => Err(unlike(setting, &other)),
        })
    }

    /// A table whose fields are free and whose values are texts, such as `env`.
    pub(super) fn free_texts(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
    ) -> Vec<(String, String)> {
        let taken = self.take(field, problems, |setting, value| {
            let DeValue::Table(table) = value else { return Err(unlike(setting, &value)) };
            let texts = table.into_iter().map(|(name, value)| {
                let name = name.into_inner().into_owned();
                match as_text(value.into_inner()) {
                    Ok(text) => Ok((name, text)),
                    Err(found) => Err(format!("`{name}` must be a text in quotes, not {}", kind_of(&found))),
                }
            });
            texts.collect()
        });
        taken.map(|taken| taken.value).unwrap_or_default()
    }

    /// A table within this one that is always there: what it does not say has its default.
    pub(super) fn section(&mut self, field: &'static str, problems: &mut Problems) -> Fields<'s, 'i> {
        self.table(field, problems).unwrap_or_else(|| {
            let inner = table_of(self.known.setting(field));
            let path = format!("{}{field}.", self.path);
            let empty = Fields::new(self.source, inner, path, Place::Default, DeTable::new());
            empty.obeying(problems)
        })
    }

    /// A table within this one.
    pub(super) fn table(&mut self, field: &'static str, problems: &mut Problems) -> Option<Fields<'s, 'i>> {
        let setting = self.setting(field);
        let path = format!("{}{field}.", self.path);
        let Some(value) = self.table.remove(field) else {
            // A variable may set what lies in a table that the file does not have.
            let said = self.source.above.says_below(&path);
            return said.then(|| {
                let empty = Fields::new(self.source, table_of(setting), path, Place::Default, DeTable::new());
                empty.obeying(problems)
            });
        };
        let place = Place::Line(self.source.line(value.span().start));
        match value.into_inner() {
            DeValue::Table(table) => {
                Some(Fields::new(self.source, table_of(setting), path, place, table).obeying(problems))
            }
            other => {
                problems.push(self.problem(&place, field, unlike(setting, &other)));
                None
            }
        }
    }

    /// The tables of a list such as `[[controller]]`; none when it is absent.
    pub(super) fn tables(&mut self, field: &'static str, problems: &mut Problems) -> Vec<Fields<'s, 'i>> {
        let inner = table_of(self.setting(field));
        let Some(value) = self.table.remove(field) else { return Vec::new() };
        let place = Place::Line(self.source.line(value.span().start));
        let DeValue::Array(items) = value.into_inner() else {
            let what = format!("must be a list of tables: write `[[{field}]]`");
            problems.push(self.problem(&place, field, what));
            return Vec::new();
        };
        let mut tables = Vec::new();
        for (number, item) in items.into_iter().enumerate() {
            let place = Place::Line(self.source.line(item.span().start));
            match item.into_inner() {
                DeValue::Table(table) => {
                    let path = format!("{}{field}[{number}].", self.path);
                    tables.push(Fields::new(self.source, inner, path, place, table).obeying(problems));
                }
                other => {
                    let what = format!("must be a table, not {}", kind_of(&other));
                    problems.push(self.problem(&place, &format!("{field}[{number}]"), what));
                }
            }
        }
        tables
    }

    /// A text, which is the table's first setting alone, or the table.
    pub(super) fn text_or_table(
        &mut self,
        field: &'static str,
        problems: &mut Problems,
    ) -> Option<Fields<'s, 'i>> {
        if let Some(value) = self.table.get_mut(field)
            && value.get_ref().is_str()
        {
            let first = table_of(self.known.setting(field)).settings[0].name;
            let text = std::mem::replace(value.get_mut(), DeValue::Boolean(false));
            let span = value.span();
            let mut alone = DeTable::new();
            alone.insert(Spanned::new(span.clone(), first.into()), Spanned::new(span, text));
            *value.get_mut() = DeValue::Table(alone);
        }
        self.table(field, problems)
    }

    /// Ends the table: what nobody took is unknown.
    ///
    /// # Panics
    /// In debug builds, when the reader left out a setting that is documented.
    pub(super) fn finish(self, problems: &mut Problems) {
        debug_assert!(
            self.known.names().all(|name| self.taken.contains(&name)),
            "{}: only {:?} are read",
            self.path,
            self.taken
        );
        for name in self.table.keys() {
            let place = Place::Line(self.source.line(name.span().start));
            let hint =
                nearest(name.get_ref(), self.known.names()).map(|near| format!("did you mean `{near}`?"));
            let known: Vec<_> = self.known.names().collect();
            let what = format!("is not a field here; known are {}", known.join(", "));
            problems.push(self.problem(&place, name.get_ref(), what).hint(hint));
        }
    }
}

fn table_of(setting: &Setting) -> &'static Table {
    match setting.shape {
        Shape::Table(inner) | Shape::Tables(inner) | Shape::TextOr(inner) => inner,
        _ => unreachable!("`{}` is no table", setting.name),
    }
}

/// What is said of a value that has another shape than its setting.
fn unlike(setting: &Setting, found: &DeValue<'_>) -> String {
    format!("must be {}, not {}", setting.shape.words(), kind_of(found))
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
