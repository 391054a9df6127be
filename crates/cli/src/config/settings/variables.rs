//! Environment variables that say what the file may say.

use super::tables::ROOT;
use super::{Setting, Shape, Table};

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
    below("", &ROOT, &mut all);
    all
}

fn below(above: &str, table: &'static Table, all: &mut Vec<Variable>) {
    for setting in table.settings {
        let path = format!("{above}{}", setting.name);
        match setting.shape {
            Shape::Table(inner) => below(&format!("{path}."), inner, all),
            Shape::Tables(_) => {}
            _ => {
                let name = format!("TRIMTAB_{}", path.replace('.', "_").to_uppercase());
                all.push(Variable { name, path, setting });
            }
        }
    }
}
