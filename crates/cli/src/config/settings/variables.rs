//! Environment variables that say what the file may say.

use super::tables::ROOT;
use super::{Setting, Shape};

/// A setting, and the variable that sets it.
#[derive(Clone, Debug)]
pub(crate) struct Variable {
    /// `TRIMTAB_STORE_URL`.
    pub(crate) name: String,
    /// `store.url`.
    pub(crate) path: String,
    pub(crate) setting: &'static Setting,
}

/// All of them: those of the tables that there is one of. Of a list of tables no name would say which.
pub(crate) fn variables() -> Vec<Variable> {
    let mut all = Vec::new();
    for table in ROOT.settings {
        let Shape::Table(inner) = table.shape else { continue };
        for setting in inner.settings {
            let path = format!("{}.{}", table.name, setting.name);
            let name = format!("TRIMTAB_{}", path.replace('.', "_").to_uppercase());
            all.push(Variable { name, path, setting });
        }
    }
    all
}
