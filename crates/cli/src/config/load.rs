//! Finding and reading the file, and what can only be seen beside it: whether programs are there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::credentials::{Credentials, Flaw};
use super::model::{Carrier, Command, Config, Follow, Webhook};
use super::parse::{Parsed, parse};
use super::place::{Above, Effective, Place};
use super::problem::{Problem, Problems};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "trimtab.toml";

/// What came of a file.
#[derive(Debug)]
pub(crate) struct Loaded {
    /// With the defaults in place of what is wrong. To be used only without errors.
    pub(crate) config: Config,
    pub(crate) problems: Problems,
    /// Each setting with where it came from.
    pub(crate) effective: Vec<Effective>,
}

/// Reads `DIR/trimtab.toml`, or the file itself when one is named, under what stands above it. All problems at once.
pub(crate) fn load(place: &Path, above: &Above) -> Result<Loaded, Problem> {
    let path = if place.is_dir() { place.join(FILE_NAME) } else { place.to_owned() };
    let text = fs::read_to_string(&path).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!(
                    "is not there; `trimtab init DIR` makes one, or name the folder that holds a {FILE_NAME}"
                )
            }
            std::io::ErrorKind::InvalidData => "is not UTF-8 text".into(),
            _ => format!("cannot be read: {error}"),
        };
        Problem::error(&path, None, "", what)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder)
        .map_err(|error| Problem::error(&path, None, "", format!("lies nowhere: {error}")))?;
    let Parsed { config, mut problems, effective } = parse(&path, &folder, &text, above);
    for Flaw { field, what, level } in Credentials::read(&config.store).1 {
        let said = effective.iter().find(|one| one.path == field);
        let place = said.map_or(&Place::Default, |one| &one.place);
        problems.push(Problem { level, ..place.problem(&path, field, what) });
    }
    let entries = &config.entries.path;
    if *entries != folder.join("entries") && !entries.exists() {
        let what = format!("{} is not there; until it is, there are no entries", entries.display());
        problems.push(Problem::warning(&path, None, "entries.path", what));
    }
    if problems.errors() == 0 && config.controllers.is_empty() {
        let what = "there is none, so nothing will be run; write a `[[controller]]`";
        problems.push(Problem::warning(&path, None, "controller", what));
    }
    for (number, controller) in config.controllers.iter().enumerate() {
        let field = format!("controller[{number}]");
        problems.extend(check_carrier(&config, &field, &controller.carrier));
        for (number, watch) in controller.watches.iter().enumerate() {
            if let Follow::Map { carrier, .. } = &watch.follow {
                problems.extend(check_carrier(&config, &format!("{field}.watch[{number}].map"), carrier));
            }
        }
    }
    Ok(Loaded { config, problems, effective })
}

/// What is wrong with the text of a file, without a look at what lies beside it.
pub(crate) fn parsed(file: &Path, text: &str, above: &Above) -> Problems {
    parse(file, Path::new("."), text, above).problems
}

fn check_carrier(config: &Config, field: &str, carrier: &Carrier) -> Problems {
    match carrier {
        Carrier::Exec(command) | Carrier::Persistent(command) => check_program(config, field, command),
        Carrier::Webhook(webhook) => check_files(config, field, webhook),
    }
}

fn check_files(config: &Config, field: &str, webhook: &Webhook) -> Problems {
    let mut problems = Problems::default();
    for (name, path) in [("token_file", &webhook.token_file), ("authority", &webhook.authority)] {
        let Some(path) = path else { continue };
        if let Err(error) = fs::File::open(path) {
            let (field, what) =
                (format!("{field}.webhook.{name}"), format!("{} cannot be read: {error}", path.display()));
            problems.push(Problem::error(&config.file, Some(webhook.line), &field, what));
        }
    }
    problems
}

fn check_program(config: &Config, field: &str, command: &Command) -> Problems {
    let shown = &command.words[0];
    let problem = |what: String| {
        Problem::error(&config.file, Some(command.line), &format!("{field}.exec"), what).into()
    };
    let candidate = command.program(&config.folder);
    if !shown.contains('/') {
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| is_runnable(&folder.join(shown))));
        return if found {
            Problems::default()
        } else {
            problem(format!(
                "`{shown}` is on no folder of the PATH; name it with a `/` when it lies beside the file"
            ))
        };
    }
    match fs::metadata(&candidate) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            problem(format!("`{shown}` is not there ({})", candidate.display()))
        }
        Err(error) => problem(format!("`{shown}` cannot be looked at: {error}")),
        Ok(found) if found.is_dir() => problem(format!("`{shown}` is a folder, not a program")),
        Ok(_) if !is_runnable(&candidate) => {
            problem(format!("`{shown}` has no run bit; do `chmod +x {}`", candidate.display()))
        }
        Ok(_) => Problems::default(),
    }
}

fn is_runnable(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

impl Command {
    /// The program as it will be started.
    pub(crate) fn program(&self, folder: &Path) -> PathBuf {
        let program = &self.words[0];
        if program.contains('/') { folder.join(program.trim_start_matches("./")) } else { program.into() }
    }
}
