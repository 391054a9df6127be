//! The folder of entries: every document in it, where each came from, and what is wrong with the rest.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;

use trimtab::backend::{Key, Tenancy};
use trimtab::store::Draft;

use super::checked::{Checked, checked};
use super::read::{Located, documents, text};
use super::{Schemas, files};
use crate::config::{Problem, Problems};

/// A document that can be applied.
#[derive(Debug)]
pub(crate) struct Declared {
    /// The file it came from, as it is kept with the entry: relative to the folder of trimtab.toml.
    pub(crate) origin: String,
    pub(crate) line: usize,
    pub(crate) key: Key,
    pub(crate) draft: Draft,
}

/// One look at the folder.
#[derive(Debug, Default)]
pub(crate) struct Folder {
    pub(crate) declared: Vec<Declared>,
    pub(crate) problems: Problems,
    /// The files that could be read, each with a fingerprint of what stands in it: of two looks, the files with another one have changed.
    pub(crate) files: BTreeMap<String, u64>,
    /// The folder is not there, or a file could not be read whole: nothing may be pruned, for it may hold what seems to be gone.
    pub(crate) incomplete: bool,
    /// The files that hold something wrong.
    pub(crate) wrong: BTreeSet<String>,
}

impl Folder {
    /// Reads every document below `folder`, in the order of their paths. `root` is what origins are relative to; specs must match the
    /// schemas. A folder that is not there holds nothing.
    pub(crate) fn read(root: &Path, folder: &Path, schemas: &Schemas) -> Self {
        let mut look = Self::default();
        let (mut files, mut unread) = (Vec::new(), Problems::default());
        let is_there = folder.exists();
        if is_there {
            (files, unread) = files::below(folder);
        }
        look.incomplete = !is_there || unread.errors() > 0;
        look.problems = unread;
        let mut places: BTreeMap<Key, String> = BTreeMap::new();
        for file in files {
            let shown = file.strip_prefix(root).unwrap_or(&file);
            let origin = shown.to_string_lossy().into_owned();
            let read = text(&file, shown).and_then(|text| {
                look.files.insert(origin.clone(), fingerprint(&text));
                documents(shown, &text)
            });
            match read {
                Err(problem) => look.fail(&origin, problem),
                Ok(documents) => {
                    for document in documents {
                        look.declare(&origin, document, schemas, &mut places);
                    }
                }
            }
        }
        look.leave_wrong_alone();
        look
    }

    /// Keeps entries of these kinds; of the others each is a problem.
    pub(crate) fn keep_kinds(&mut self, is_kept: impl Fn(&str) -> bool) {
        let declared = std::mem::take(&mut self.declared);
        for one in declared {
            if is_kept(one.key.kind()) {
                self.declared.push(one);
                continue;
            }
            let what = format!("`{}` is not declared by a `[[kind]]`", one.key.kind());
            self.fail(&one.origin, Problem::error(Path::new(&one.origin), Some(one.line), "kind", what));
        }
        self.leave_wrong_alone();
    }

    fn fail(&mut self, origin: &str, problem: Problem) {
        self.problems.push(problem);
        self.incomplete = true;
        self.wrong.insert(origin.to_owned());
    }

    /// Half of a file would be a state that nobody wrote: of one that is wrong nothing is applied.
    fn leave_wrong_alone(&mut self) {
        self.declared.retain(|one| !self.wrong.contains(&one.origin));
    }

    fn declare(
        &mut self,
        origin: &str,
        document: Located,
        schemas: &Schemas,
        places: &mut BTreeMap<Key, String>,
    ) {
        let Located { line, value } = document;
        let problem = |field: &str, what: String| Problem::error(Path::new(origin), Some(line), field, what);
        let spec = value.get("spec").cloned().unwrap_or_default();
        let Checked { key, draft, .. } = match checked(value, &Tenancy::default()) {
            Ok(checked) => checked,
            Err((field, what)) => return self.fail(origin, problem(&field, what)),
        };
        if let Err(invalid) = schemas.check(key.kind(), &spec) {
            return self.fail(origin, problem(invalid.field, invalid.of(&key).to_string()));
        }
        let place = format!("{origin}:{line}");
        if let Some(first) = places.get(&key) {
            let what = format!("{key} is declared in {first} too; keep one of them");
            return self.fail(origin, problem("name", what));
        }
        places.insert(key.clone(), place);
        let draft = draft.exactly().origin(origin);
        self.declared.push(Declared { origin: origin.to_owned(), line, key, draft });
    }
}

fn fingerprint(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn look(files: &[(&str, &str)]) -> (Folder, Vec<String>) {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join("entries").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut look = Folder::read(root.path(), &root.path().join("entries"), &Schemas::default());
        let problems = std::mem::take(&mut look.problems).sorted();
        (look, problems.iter().map(ToString::to_string).collect())
    }

    fn site(name: &str) -> String {
        format!("kind: site\nname: {name}\nspec: {{}}\n")
    }

    #[test]
    fn documents_of_all_files_are_declared_with_their_origin() {
        let two = format!("{}---\n{}", site("a"), site("b"));
        let (look, problems) = look(&[
            ("two.yaml", &two),
            ("deep/c.json", r#"{"kind": "site", "name": "c", "spec": {}}"#),
            ("README.md", "no"),
        ]);
        assert_eq!(problems, [""; 0]);
        let found: Vec<_> =
            look.declared.iter().map(|one| (one.key.name(), one.origin.as_str(), one.line)).collect();
        assert_eq!(
            found,
            [("c", "entries/deep/c.json", 1), ("a", "entries/two.yaml", 1), ("b", "entries/two.yaml", 5)]
        );
        assert!(!look.incomplete);
    }

    #[test]
    fn the_rest_is_declared_beside_a_file_that_is_wrong_and_nothing_may_be_pruned() {
        let (look, problems) = look(&[
            ("a.yaml", &site("a")),
            ("b.yaml", "kind: site\nkind: site\n"),
            ("c.yaml", "kind: site\nname: c\n"),
        ]);
        assert_eq!(look.declared.len(), 1);
        assert!(look.incomplete);
        assert!(
            problems[0].starts_with("error: entries/b.yaml:2: ") && problems[0].contains("duplicate"),
            "{problems:?}"
        );
        assert_eq!(problems[1], "error: entries/c.yaml:1: spec: is missing");
    }

    /// Story: of a file with a mistake in its second entry the first was applied, a state that nobody had written.
    #[test]
    fn of_a_file_that_is_wrong_nothing_is_declared() {
        let half = format!("{}---\nkind: site\nnam: b\nspec: {{}}\n", site("a"));
        let (look, problems) = look(&[("c.yaml", &site("c")), ("half.yaml", &half)]);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert_eq!(look.declared.iter().map(|one| one.key.name()).collect::<Vec<_>>(), ["c"]);
    }

    #[test]
    fn one_entry_declared_twice_names_both_places() {
        let (_, problems) = look(&[("a.yaml", &site("a")), ("b.yaml", &site("a"))]);
        assert_eq!(
            problems,
            ["error: entries/b.yaml:1: name: site/a is declared in entries/a.yaml:1 too; keep one of them"]
        );
    }

    #[test]
    fn a_name_and_a_spec_beyond_their_limits_are_told_with_field_limit_and_size() {
        let name = "n".repeat(254);
        let (_, problems) = look(&[("a.yaml", &site(&name))]);
        assert!(
            problems[0].starts_with("error: entries/a.yaml:1: name: ")
                && problems[0].ends_with("(254, the limit is 253)"),
            "{problems:?}"
        );
        let large = format!("kind: site\nname: a\nspec:\n  text: \"{}\"\n", "x".repeat(257 * 1024));
        let (_, problems) = look(&[("a.yaml", &large)]);
        assert!(
            problems[0].starts_with("error: entries/a.yaml:1: spec: ")
                && problems[0].ends_with("the limit is 262144)"),
            "{problems:?}"
        );
    }

    #[test]
    fn status_finalizers_and_meta_cannot_be_declared() {
        let (_, problems) = look(&[("a.yaml", &format!("{}status: {{}}\n", site("a")))]);
        assert_eq!(
            problems,
            [
                "error: entries/a.yaml:1: status: site/a: status cannot be given: it is written by controllers; leave it out"
            ]
        );
    }

    #[test]
    fn a_folder_that_is_not_there_holds_nothing_and_nothing_is_pruned_for_it() {
        let root = tempfile::tempdir().unwrap();
        let look = Folder::read(root.path(), &root.path().join("entries"), &Schemas::default());
        assert!(look.declared.is_empty() && look.problems.errors() == 0 && look.incomplete);
    }
}
