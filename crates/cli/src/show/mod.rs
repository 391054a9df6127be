//! What commands print of entries and controllers, in every form.
//!
//! [`Form`] is what `-o` may say. A [`Table`] is aligned and coloured for eyes; what other programs read has a tab between columns, unless a table was asked for.

mod age;
pub(crate) mod cluster;
mod describe;
mod entries;
mod form;
mod json;
mod key;
mod pointer;
mod ready;
mod style;
mod table;
mod text;
mod yaml;

pub(crate) use age::{age, ago, ahead};
pub(crate) use describe::describe;
pub(crate) use entries::{Entries, Live};
pub(crate) use form::{Few, Form, Output};
pub(crate) use json::{pretty, shielded};
pub(crate) use key::{key_text, place_text};
pub(crate) use ready::{Failing, conditions};
pub(crate) use style::{Colour, Style};
pub(crate) use table::{Cell, Table};
pub(crate) use text::{tame, visible};
pub(crate) use yaml::{entry as entry_yaml, value as value_yaml};
