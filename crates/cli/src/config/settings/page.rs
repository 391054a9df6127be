//! The reference of the file, for people.

use std::fmt::Write as _;

use super::variables::variables;
use super::{Presence, Rule, Setting, Shape, Table};

/// Before what is made.
pub(crate) const BEGIN: &str =
    "<!-- made by `UPDATE=1 cargo test -p trimtab-cli --lib settings`; do not edit by hand -->\n";
/// After it.
pub(crate) const END: &str = "<!-- end of what is made -->\n";

/// The reference of a file whose root is this table: a section for each table, a row for each setting, and the environment variables.
pub(crate) fn page(root: &Table) -> String {
    let mut page = format!("{}\n", root.doc);
    for setting in root.settings {
        section(&mut page, 2, "", setting);
    }
    page.push_str("\n## Environment variables\n\nWhat is set by a variable stands above the file, and a flag of `trimtab run` above both. Lists are parted by commas.\n\n");
    page.push_str("| variable | sets |\n|---|---|\n");
    for variable in variables() {
        let _ = writeln!(page, "| `{}` | `{}` |", variable.name, variable.path);
    }
    page
}

fn section(page: &mut String, level: usize, above: &str, setting: &Setting) {
    let path = if above.is_empty() { setting.name.to_owned() } else { format!("{above}.{}", setting.name) };
    let (table, title) = match setting.shape {
        Shape::Table(table) if above.is_empty() => (table, format!("[{path}]")),
        Shape::Table(table) => (table, path.clone()),
        Shape::TextOr(table) => (table, format!("{path}` as a table `{{ .. }}")),
        Shape::Tables(table) => (table, format!("[[{path}]]")),
        _ => return,
    };
    let _ = write!(page, "\n{} `{title}`\n\n{}\n\n", "#".repeat(level), table.doc);
    for rule in table.rules {
        let _ = match rule {
            Rule::OneOf(names) => writeln!(page, "Exactly one of {} must be given.\n", listed(names)),
            Rule::Needs(name, other) => {
                writeln!(page, "`{name}` is allowed only beside `{other}`.\n")
            }
        };
    }
    page.push_str("| setting | value | default | what it is |\n|---|---|---|---|\n");
    for setting in table.settings {
        row(page, setting);
    }
    // The table of a webhook is described once.
    let deeper = |inner: &&Setting| !matches!(inner.shape, Shape::TextOr(_)) || above.is_empty();
    for inner in table.settings.iter().filter(deeper) {
        section(page, level + 1, &path, inner);
    }
}

fn row(page: &mut String, setting: &Setting) {
    let default = match setting.presence {
        Presence::Required => "required".to_owned(),
        Presence::Default(value) => format!("`{value}`"),
        Presence::Absent(words) => words.to_owned(),
    };
    let Setting { name, shape, doc, example, .. } = setting;
    let _ = writeln!(page, "| `{name}` | {} | {default} | {doc} Example: `{example}` |", shape.words());
}

fn listed(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.as_slice() {
        [first, last] => format!("{first} and {last}"),
        _ => quoted.join(", "),
    }
}
