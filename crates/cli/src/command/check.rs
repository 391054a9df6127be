//! `trimtab check`: every mistake that can be seen without running anything.

use std::collections::BTreeSet;
use std::path::Path;

use trimtab::seams::Seams;

use super::print::print;
use super::{Exit, Settings};
use crate::client::Failure;
use crate::config::{Config, Level, Loaded, Problem, Problems, exposure, load, misspelt, nearest};
use crate::daemon::api;
use crate::documents::{Folder, Schemas};

/// Looks at the file and the entries, tells all problems, changes nothing.
pub(crate) fn check(dir: &Path) -> Result<Exit, Failure> {
    let (above, mut problems) = Settings::default().above();
    let Loaded { config, problems: found, .. } = match load(dir, &above) {
        Ok(loaded) => loaded,
        Err(problem) => {
            eprintln!("{problem}");
            return Ok(Exit::Failed);
        }
    };
    problems.extend(found);
    // Whether `--insecure` will be given cannot be seen from here.
    if let Some(problem) = exposure(&config, false) {
        problems.push(Problem { level: Level::Warning, ..problem });
    }
    problems.extend(secrets(&config));
    let (schemas, unusable) = Schemas::load(&config);
    problems.extend(unusable);
    let mut folder = Folder::read(&config.folder, &config.entries.path, &schemas);
    problems.extend(std::mem::take(&mut folder.problems));
    problems.extend(kinds(&config, &folder));
    let (controllers, entries) = (config.controllers.len(), folder.declared.len());
    let errors = problems.errors();
    for problem in problems.sorted() {
        eprintln!("{problem}");
    }
    if errors > 0 {
        eprintln!("{errors} {} to mend", if errors == 1 { "mistake" } else { "mistakes" });
        return Ok(Exit::Failed);
    }
    let several =
        |count: usize, one: &str, more: &str| format!("{count} {}", if count == 1 { one } else { more });
    print(format!(
        "ok: {}, {}\n",
        several(controllers, "controller", "controllers"),
        several(entries, "entry", "entries")
    ))?;
    Ok(Exit::Done)
}

/// What is wrong with the files of tokens and certificates. The daemon starts without them and lets nobody in, so this is the place where they are errors.
fn secrets(config: &Config) -> Problems {
    let mut problems = Problems::default();
    if let Some(path) = &config.http.tokens {
        for what in api::read(path).1 {
            problems.push(Problem::error(&config.file, None, "http.tokens", what));
        }
    }
    if let Some(files) = &config.http.certificate {
        let field = "http.certificate";
        match api::load(files, None).map(|tls| api::validity(files, &tls, Seams::tokio().wall())) {
            Ok(api::Validity::Good) => {}
            Ok(api::Validity::Ends(what)) => problems.push(Problem::warning(&config.file, None, field, what)),
            Ok(api::Validity::Ended(what)) | Err(what) => {
                problems.push(Problem::error(&config.file, None, field, what));
            }
        }
    }
    problems
}

/// What the kinds of controllers, watches and entries say of each other. Kinds are an open set until the file closes it, so a kind that nobody else names is
/// suspicious only when it is nearly one that is known.
pub(crate) fn kinds(config: &Config, folder: &Folder) -> Problems {
    let mut problems = Problems::default();
    let declared: BTreeSet<&str> = folder.declared.iter().map(|declared| declared.key.kind()).collect();
    let controlled: BTreeSet<&str> =
        config.controllers.iter().map(|controller| controller.kind.as_str()).collect();
    let closed: BTreeSet<&str> = config.kinds.keys().map(String::as_str).collect();
    let did_you_mean = |near: Option<&str>| near.map(|near| format!("did you mean `{near}`?"));
    let file = &config.file;

    let mut seen = BTreeSet::new();
    for (number, controller) in config.controllers.iter().enumerate() {
        if !seen.insert(controller.kind.as_str()) {
            let what = format!(
                "`{}` is another controller's kind too; both will reconcile each entry",
                controller.kind
            );
            problems.push(Problem::warning(
                file,
                Some(controller.line),
                &format!("controller[{number}].kind"),
                what,
            ));
        }
        let own = (format!("controller[{number}].kind"), controller.kind.as_str(), controller.line, false);
        let watches = controller.watches.iter().enumerate().map(|(watch, watched)| {
            let kind = watched.kind.as_str();
            (
                format!("controller[{number}].watch[{watch}].kind"),
                kind,
                watched.line,
                controlled.contains(kind),
            )
        });
        for (field, kind, line, is_controlled) in std::iter::once(own).chain(watches) {
            if !closed.is_empty() {
                if !closed.contains(kind) {
                    let what = format!("`{kind}` is not declared by a `[[kind]]`");
                    let hint = did_you_mean(nearest(kind, closed.iter().copied()));
                    problems.push(Problem::error(file, Some(line), &field, what).hint(hint));
                }
            } else if !is_controlled && !declared.contains(kind) {
                let others = declared.union(&controlled).copied();
                if let Some(near) = nearest(kind, others) {
                    let what = format!("there is no entry of kind `{kind}`");
                    problems.push(
                        Problem::warning(file, Some(line), &field, what).hint(did_you_mean(Some(near))),
                    );
                }
            }
        }
    }
    if closed.is_empty() {
        problems.extend(unfollowed(config, folder));
    } else {
        for one in folder.declared.iter().filter(|one| !closed.contains(one.key.kind())) {
            let what = format!("`{}` is not declared by a `[[kind]]` of {}", one.key.kind(), file.display());
            let hint = did_you_mean(nearest(one.key.kind(), closed.iter().copied()));
            problems.push(Problem::error(Path::new(&one.origin), Some(one.line), "kind", what).hint(hint));
        }
    }
    problems
}

/// Entries of a kind that no controller reconciles or watches, and that is nearly one that is: also when there are entries of that one.
fn unfollowed(config: &Config, folder: &Folder) -> Problems {
    let followed: BTreeSet<&str> = config
        .controllers
        .iter()
        .flat_map(|controller| {
            let watched = controller.watches.iter().map(|watched| watched.kind.as_str());
            std::iter::once(controller.kind.as_str()).chain(watched)
        })
        .collect();
    let mut problems = Problems::default();
    for one in folder.declared.iter().filter(|one| !followed.contains(one.key.kind())) {
        let kind = one.key.kind();
        if let Some(near) = misspelt(kind, followed.iter().copied()) {
            let what = format!("no controller reconciles or watches the kind `{kind}`");
            let hint = Some(format!("did you mean `{near}`?"));
            problems.push(Problem::warning(Path::new(&one.origin), Some(one.line), "kind", what).hint(hint));
        }
    }
    problems
}
