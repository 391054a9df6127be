//! Every setting of `trimtab.toml`, as data.
//!
//! A setting that is read in one place, described in a second and checked by an editor through a third soon says three things. Here each is named once: its shape, its
//! default, its bounds and its sentence. The reader takes defaults, bounds and known names from here ([`Fields`](super::fields::Fields)); the JSON Schema for editors
//! ([`schema`]), the reference page ([`page`]) and the names of environment variables ([`variables`]) are made of it.

mod controller;
#[cfg(test)]
mod page;
mod schema;
mod shape;
mod store;
mod tables;
#[cfg(test)]
mod tests;
mod variables;

#[cfg(test)]
use page::{BEGIN, END, page};
pub(crate) use schema::schema;
pub(crate) use shape::Shape;
pub(crate) use tables::ROOT;
pub(crate) use variables::variables;

/// A table of the file.
#[derive(Debug)]
pub(crate) struct Table {
    /// What it is for: a sentence, or several.
    pub(crate) doc: &'static str,
    /// Its settings, in the order of the reference.
    pub(crate) settings: &'static [Setting],
    /// How they depend on each other.
    pub(crate) rules: &'static [Rule],
}

/// How settings of a table depend on each other.
#[derive(Debug)]
pub(crate) enum Rule {
    /// Exactly one of these must be given. A flag is given when it is true.
    OneOf(&'static [&'static str]),
    /// The first is of use only beside the second.
    Needs(&'static str, &'static str),
}

/// A setting of a table.
#[derive(Debug)]
pub(crate) struct Setting {
    pub(crate) name: &'static str,
    pub(crate) shape: Shape,
    pub(crate) presence: Presence,
    /// What it is: a sentence, or several. Markdown without blocks.
    pub(crate) doc: &'static str,
    /// A value as it would stand in the file.
    pub(crate) example: &'static str,
}

/// What it means that a setting is not there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    /// That it is missing.
    Required,
    /// This value, as it would stand in the file.
    Default(&'static str),
    /// This, in a few words.
    Absent(&'static str),
}

impl Table {
    /// The setting of this name.
    ///
    /// # Panics
    /// When there is none: the reader reads what is not documented.
    pub(crate) fn setting(&self, name: &str) -> &'static Setting {
        let found = self.settings.iter().find(|setting| setting.name == name);
        found.unwrap_or_else(|| panic!("`{name}` is no setting of the table"))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.settings.iter().map(|setting| setting.name)
    }
}
