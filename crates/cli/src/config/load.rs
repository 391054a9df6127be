//! Finding and reading the file, and what can only be seen beside it: whether programs are there.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::model::{Config, Controller};
use super::parse::{parse, program};
use super::problem::{Problem, Problems};

/// The name of the file.
pub(crate) const FILE_NAME: &str = "trimtab.toml";

/// Reads `DIR/trimtab.toml`, or the file itself when one is named. All problems at once; the settings are there unless the file could not be read
/// at all, and are to be used only without errors.
pub(crate) fn load(place: &Path) -> Result<(Config, Problems), Problem> {
    let path = if place.is_dir() { place.join(FILE_NAME) } else { place.to_owned() };
    let text = fs::read_to_string(&path).map_err(|error| {
        let what = match error.kind() {
            std::io::ErrorKind::NotFound => {
                format!("is not there; write one, or name the folder that holds a {FILE_NAME}")
            }
            std::io::ErrorKind::InvalidData => "is not UTF-8 text".into(),
            _ => format!("cannot be read: {error}"),
        };
        Problem::error(&path, None, "", what)
    })?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = std::path::absolute(folder)
        .map_err(|error| Problem::error(&path, None, "", format!("lies nowhere: {error}")))?;
    let (config, mut problems) = parse(&path, &folder, &text);
    let entries = &config.entries.path;
    if *entries != folder.join("entries") && !entries.exists() {
        let what = format!("{} is not there; until it is, there are no entries", entries.display());
        problems.push(Problem::warning(&path, None, "entries.path", what));
    }
    if problems.errors() == 0 && config.controllers.is_empty() {
        problems.push(Problem::warning(
            &path,
            None,
            "controller",
            "there is none, so nothing will be run; write a `[[controller]]`",
        ));
    }
    for (number, controller) in config.controllers.iter().enumerate() {
        problems.extend(check_program(&path, &config, number, controller));
    }
    Ok((config, problems))
}

fn check_program(path: &Path, config: &Config, number: usize, controller: &Controller) -> Problems {
    let field = format!("controller[{number}].exec");
    let shown = &controller.exec[0];
    let problem = |what: String| Problem::error(path, Some(controller.line), &field, what).into();
    let candidate = program(&config.folder, shown);
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
