//! From the text of `trimtab.toml` to settings, gathering every problem on the way.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use toml::de::DeTable;

use super::duration::parse_duration;
use super::fields::{Fields, Source, Taken};
use super::model::{Backoff, Config, Controller, EntriesFolder, Follow, Placement, StoreUrl, Watch};
use super::problem::{Problem, Problems};
use super::size::parse_size;

const DEFAULT_LISTEN: &str = "127.0.0.1:7420";
const DEFAULT_HISTORY: u64 = 64 << 20;
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);
const DEFAULT_BACKOFF: Backoff = Backoff { base: Duration::from_millis(100), max: Duration::from_secs(300) };

/// Reads the text of a file that messages name `path` and that lies in `folder`. Settings that could not be read have their defaults; use them only without errors.
pub(super) fn parse(path: &Path, folder: &Path, text: &str) -> (Config, Problems) {
    let source = Source { path, text };
    let mut problems = Problems::default();
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let line = error.span().map(|span| source.line(span.start));
        problems.push(Problem::error(path, line, "", error.message().replace('\n', ", ")));
    }
    let mut root = Fields::new(&source, "", table);
    let defaults = defaults(path, folder);
    let config = if errors.is_empty() { read(defaults, &mut root, &mut problems) } else { defaults };
    if errors.is_empty() {
        root.finish(&mut problems);
    }
    (config, problems)
}

fn defaults(file: &Path, folder: &Path) -> Config {
    Config {
        file: file.to_owned(),
        folder: folder.to_owned(),
        store: StoreUrl::Embedded(folder.join("data")),
        history: DEFAULT_HISTORY,
        listen: DEFAULT_LISTEN.parse().expect("the default address is one"),
        entries: EntriesFolder { path: folder.join("entries"), watch: true, prune: false },
        controllers: Vec::new(),
        kinds: BTreeMap::new(),
    }
}

fn read(mut config: Config, root: &mut Fields<'_, '_>, problems: &mut Problems) -> Config {
    let folder = &config.folder.clone();
    if let Some(mut store) = root.table("store", problems) {
        config.store = store.parsed("url", problems, |url| store_url(folder, url)).unwrap_or(config.store);
        config.history = store.parsed("history", problems, parse_size).unwrap_or(config.history);
        store.finish(problems);
    }
    if let Some(mut http) = root.table("http", problems) {
        config.listen = http.parsed("listen", problems, listen).unwrap_or(config.listen);
        http.finish(problems);
    }
    if let Some(mut entries) = root.table("entries", problems) {
        let path = entries.text("path", problems).map(|path| folder.join(path.value));
        config.entries.path = path.unwrap_or(config.entries.path);
        config.entries.watch = entries.flag("watch", problems).unwrap_or(config.entries.watch);
        config.entries.prune = entries.flag("prune", problems).unwrap_or(config.entries.prune);
        entries.finish(problems);
    }
    for mut table in root.tables("kind", problems) {
        let name = table.required("name", problems).and_then(|name| kind(&table, "name", name, problems));
        let plural = table.text("plural", problems).map(|plural| plural.value);
        table.finish(problems);
        config.kinds.extend(name.map(|name| (name, plural)));
    }
    let mut names = BTreeSet::new();
    for table in root.tables("controller", problems) {
        config.controllers.extend(controller(table, &mut names, problems));
    }
    config
}

fn store_url(folder: &Path, url: &str) -> Result<StoreUrl, String> {
    match url.split_once(':') {
        Some(("memory", "")) => Ok(StoreUrl::Memory),
        Some(("embedded", path)) if !path.is_empty() => Ok(StoreUrl::Embedded(folder.join(path))),
        Some((scheme @ ("etcd" | "consul"), _)) => {
            Err(format!("`{scheme}` stores are not in this version; use `embedded:PATH` or `memory:`"))
        }
        _ => Err(format!("`{url}` is not a store: write `embedded:PATH` or `memory:`")),
    }
}

fn listen(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text
        .parse()
        .map_err(|_| format!("`{text}` is not an address and a port, such as `{DEFAULT_LISTEN}`"))?;
    if address.ip().is_loopback() {
        return Ok(address);
    }
    Err(format!(
        "`{text}` can be reached from outside, which needs tokens, and those are not in this version; use `127.0.0.1`"
    ))
}

/// A name of a kind, by the rule of the store.
fn kind(table: &Fields<'_, '_>, field: &str, name: Taken<String>, problems: &mut Problems) -> Option<String> {
    match trimtab::backend::KindName::new(&name.value).validate() {
        Ok(()) => Some(name.value),
        Err(invalid) => {
            problems.push(table.problem(name.line, field, invalid.what));
            None
        }
    }
}

/// The name of a controller: it is part of finalizers, metrics and log lines.
fn controller_name(text: &str) -> Result<(), String> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if (1..=63).contains(&text.len()) && text.chars().all(allowed) && !text.starts_with('-') {
        return Ok(());
    }
    Err(format!("`{text}` must be 1 to 63 lower-case letters, digits and `-`, not beginning with `-`"))
}

fn controller(
    mut table: Fields<'_, '_>,
    names: &mut BTreeSet<String>,
    problems: &mut Problems,
) -> Option<Controller> {
    let line = table.line;
    let name = table.required("name", problems);
    if let Some(name) = &name {
        if let Err(what) = controller_name(&name.value) {
            problems.push(table.problem(name.line, "name", what));
        } else if !names.insert(name.value.clone()) {
            let what = format!("`{}` is the name of another controller; give each its own", name.value);
            problems.push(table.problem(name.line, "name", what));
        }
    }
    let kind_name = table.required("kind", problems).and_then(|name| kind(&table, "kind", name, problems));
    let exec = exec(&mut table, problems);
    let workers = table.number("workers", (1, 1024), problems).unwrap_or(1);
    let timeout = table.parsed("timeout", problems, positive_duration).unwrap_or(DEFAULT_TIMEOUT);
    let backoff = backoff(&mut table, problems);
    let resync = table.parsed("resync", problems, positive_duration);
    let finalizer = table.flag("finalizer", problems).unwrap_or(false);
    let env = table.free_texts("env", problems).into_iter().collect();
    let pass_env = table.texts("pass_env", problems).map(|names| names.value).unwrap_or_default();
    let placement = table.parsed("placement", problems, placement).unwrap_or(Placement::Everywhere);
    let watches = table
        .tables("watch", problems)
        .into_iter()
        .filter_map(|watch_table| watch(watch_table, problems))
        .collect();
    table.finish(problems);
    Some(Controller {
        name: name?.value,
        kind: kind_name?,
        exec: exec?,
        workers: usize::try_from(workers).ok()?,
        timeout,
        backoff,
        resync,
        finalizer,
        env,
        pass_env,
        placement,
        watches,
        line,
    })
}

fn exec(table: &mut Fields<'_, '_>, problems: &mut Problems) -> Option<Vec<String>> {
    let line = table.line;
    if let Some(webhook) = table.text("webhook", problems) {
        problems.push(table.problem(
            webhook.line,
            "webhook",
            "is not in this version; use `exec = [\"./program\"]`",
        ));
        return None;
    }
    let is_there = table.has("exec");
    match table.texts("exec", problems) {
        Some(exec) if exec.value.first().is_none_or(String::is_empty) => {
            problems.push(table.problem(exec.line, "exec", "must name a program: `exec = [\"./program\"]`"));
            None
        }
        Some(exec) => Some(exec.value),
        // Of the wrong type, which has been told.
        None if is_there => None,
        None => {
            problems.push(table.problem(line, "exec", "is missing: `exec = [\"./program\"]`"));
            None
        }
    }
}

fn positive_duration(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        Duration::ZERO => Err(format!("`{text}` must be longer than nothing")),
        duration => Ok(duration),
    }
}

fn backoff(table: &mut Fields<'_, '_>, problems: &mut Problems) -> Backoff {
    let Some(mut fields) = table.table("backoff", problems) else { return DEFAULT_BACKOFF };
    let base = fields.parsed("base", problems, positive_duration).unwrap_or(DEFAULT_BACKOFF.base);
    let max = fields.parsed("max", problems, positive_duration).unwrap_or(DEFAULT_BACKOFF.max.max(base));
    if base > max {
        problems.push(fields.problem(fields.line, "base", "must not be longer than `max`"));
    }
    fields.finish(problems);
    Backoff { base, max }
}

fn placement(text: &str) -> Result<Placement, String> {
    match text {
        "everywhere" => Ok(Placement::Everywhere),
        "leader" => Ok(Placement::Leader),
        "sharded" => Err("`sharded` is not in this version; use `everywhere` or `leader`".into()),
        _ => Err(format!("`{text}` is not a placement: write `everywhere` or `leader`")),
    }
}

fn watch(mut table: Fields<'_, '_>, problems: &mut Problems) -> Option<Watch> {
    let line = table.line;
    let kind_taken = table.required("kind", problems);
    let kind_line = kind_taken.as_ref().map_or(line, |taken| taken.line);
    let kind_name = kind_taken.and_then(|name| kind(&table, "kind", name, problems));
    let references = table.text("references", problems);
    let include = table.flag("include", problems);
    let owner = table.flag("owner", problems);
    if table.text("map", problems).is_some() {
        problems.push(table.problem(
            line,
            "map",
            "is not in this version; use `references` or `owner = true`",
        ));
    }
    let follow = match (references, owner) {
        (Some(pointer), None) => match check_pointer(&pointer.value) {
            Ok(()) => Some(Follow::References { pointer: pointer.value, include: include.unwrap_or(true) }),
            Err(what) => {
                problems.push(table.problem(pointer.line, "references", what));
                None
            }
        },
        (None, Some(true)) => Some(Follow::Owner),
        _ => {
            let what = "must have either `references = \"/spec/..\"` or `owner = true`";
            problems.push(table.problem(line, "kind", what));
            None
        }
    };
    table.finish(problems);
    Some(Watch { kind: kind_name?, follow: follow?, line: kind_line })
}

fn check_pointer(pointer: &str) -> Result<(), String> {
    let escaped = pointer.split('~').skip(1).all(|rest| rest.starts_with(['0', '1']));
    if pointer.starts_with("/spec/") && escaped {
        return Ok(());
    }
    Err(format!(
        "`{pointer}` is not a pointer into the spec: `/spec/`, then names or `*` for each element, parted by `/`"
    ))
}

/// The program of a controller as it will be started.
pub(crate) fn program(folder: &Path, program: &str) -> PathBuf {
    if program.contains('/') { folder.join(program.trim_start_matches("./")) } else { program.into() }
}
