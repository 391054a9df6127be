//! From the text of `trimtab.toml` to settings, gathering every problem on the way.

mod carrier;
pub(super) mod cluster;
mod controller;
mod http;
mod store;
mod store_url;
mod watch;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::Spanned;
use toml::de::DeTable;
use trimtab_polyglot::parse_duration;

use super::fields::{Fields, Source, Taken};
use super::model::{Config, DeclaredKind, EntriesFolder, SchemaFile};
use super::place::{Above, Effective};
use super::problem::{Problem, Problems};
use super::settings::ROOT;

/// What came of a text.
#[derive(Debug)]
pub(super) struct Parsed {
    /// With the defaults in place of what is wrong. To be used only without errors.
    pub(super) config: Config,
    pub(super) problems: Problems,
    /// Each setting with where it came from.
    pub(super) effective: Vec<Effective>,
}

/// Reads the text of a file that messages name `path` and that lies in `folder`.
pub(super) fn parse(path: &Path, folder: &Path, text: &str, above: &Above) -> Parsed {
    let source = Source { path, text, above, noted: RefCell::default() };
    let mut problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map(|span| source.line(span.start));
        problems.push(Problem::error(path, line, "", error.message().replace('\n', ", ")));
    }
    // Of a text that is no TOML nothing is believed.
    let table = if errors.is_empty() { table } else { Spanned::new(0..0, DeTable::new()) };
    let mut root = Fields::root(&source, &ROOT, table);
    let config = read(path, folder, &mut root, &mut problems).expect("each of these settings has a default");
    root.finish(&mut problems);
    Parsed { config, problems, effective: source.noted.into_inner() }
}

/// None when a setting that has no default is missing; none of those that it asks for is one.
fn read(file: &Path, folder: &Path, root: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Config> {
    let store = store::store(folder, root.section("store", problems), problems);
    let cluster = cluster::cluster(root.section("cluster", problems), problems);
    let http = http::http(folder, root.section("http", problems), problems);

    let mut entries = root.section("entries", problems);
    let path = path(folder, &mut entries, "path", problems);
    let (watch, prune) = (entries.flag("watch", problems), entries.flag("prune", problems));
    entries.finish(problems);

    let (store, history) = store?;
    let mut kinds = BTreeMap::new();
    for (number, table) in root.tables("kind", problems).into_iter().enumerate() {
        kinds.extend(declared_kind(folder, number, table, &kinds, problems));
    }
    let mut names = BTreeSet::new();
    let mut controllers = Vec::new();
    for table in root.tables("controller", problems) {
        controllers.extend(controller::controller(folder, table, &store, &mut names, problems));
    }
    Some(Config {
        file: file.to_owned(),
        folder: folder.to_owned(),
        store,
        history,
        cluster: cluster?,
        http: http?,
        entries: EntriesFolder { path: path?, watch, prune },
        controllers,
        kinds,
    })
}

fn declared_kind(
    folder: &Path,
    number: usize,
    mut table: Fields<'_, '_>,
    others: &BTreeMap<String, DeclaredKind>,
    problems: &mut Problems,
) -> Option<(String, DeclaredKind)> {
    let name = table.text("name", problems).and_then(|name| kind(&table, "name", name, problems));
    if let Some(name) = &name
        && others.contains_key(name)
    {
        problems.push(table.problem_of_table(format!("`{name}` is declared twice; keep one of them")));
    }
    let plural = table.text("plural", problems).map(|plural| plural.value);
    let schema = table.text("schema", problems).map(|schema| SchemaFile {
        line: schema.line(),
        path: folder.join(schema.value),
        field: format!("kind[{number}].schema"),
    });
    table.finish(problems);
    Some((name?, DeclaredKind { plural, schema }))
}

/// A path, relative to the folder.
fn path(
    folder: &Path,
    table: &mut Fields<'_, '_>,
    field: &'static str,
    problems: &mut Problems,
) -> Option<PathBuf> {
    let found = table.parsed(field, problems, |text| match text {
        "" => Err("is empty; name a path".to_owned()),
        text => Ok(folder.join(text)),
    });
    found.map(|path| path.value)
}

/// A name of a kind, by the rule of the store.
fn kind(table: &Fields<'_, '_>, field: &str, name: Taken<String>, problems: &mut Problems) -> Option<String> {
    match trimtab::backend::KindName::new(&name.value).validate() {
        Ok(()) => Some(name.value),
        Err(invalid) => {
            problems.push(table.problem(&name.place, field, invalid.what));
            None
        }
    }
}

/// Whether `references` takes it.
pub(crate) fn is_pointer(text: &str) -> bool {
    watch::pointer(text).is_ok()
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err(format!("`{text}` must be longer than nothing")),
        duration => Ok(duration),
    }
}
