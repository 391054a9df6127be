//! The entries that somebody names with `-f`: files, folders, standard input.
//!
//! All of it is read before anything is done with it, and every mistake is told at once: half of a set of files in the store is harder to mend than none of it.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};

use serde_json::Value;
use trimtab::backend::{Key, Tenancy};
use trimtab::store::Document;

use super::checked::{Checked, checked, named};
use super::read::{documents, parse, text, text_of};
use super::shape::Wrong;
use super::{Located, files};
use crate::config::{Problem, Problems};

/// The most that is read of all sources together: 64 MiB.
const MOST_TOTAL: usize = 64 << 20;
/// How messages name standard input.
const STANDARD_INPUT: &str = "standard input";

/// What `-f` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// `-`
    StandardInput,
    /// A file, or a folder with everything below it.
    Path(PathBuf),
}

/// What entries are read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be written: they must keep every rule that can be seen from here.
    Write,
    /// Only to say which: status and meta may stand there as they were read.
    Name,
}

/// An entry as it was given, and where.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    /// The file, as messages name it.
    pub(crate) file: PathBuf,
    /// The line it begins at, from 1.
    pub(crate) line: usize,
    /// With the tenancy it lies in.
    pub(crate) document: Document,
}

impl Source {
    /// Reads what stands behind `-f`.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        match text {
            "" => Err("must be a file, a folder, or `-` for standard input".into()),
            "-" => Ok(Self::StandardInput),
            url if url.starts_with("http://") || url.starts_with("https://") => {
                Err(format!("nothing is fetched from here; `curl -fsS {url} | trimtab .. -f -` does it"))
            }
            path => Ok(Self::Path(path.into())),
        }
    }
}

/// `blog.yaml:3`
impl fmt::Display for Given {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file.display(), self.line)
    }
}

/// Reads every entry of these sources, in the order they were named. One that names no tenancy lies in `home`.
pub(crate) fn given(sources: &[Source], home: &Tenancy, purpose: Purpose) -> Result<Vec<Given>, Problems> {
    let mut reading = Reading::of(home, purpose);
    let (mut unread, mut seen) = (Problems::default(), BTreeSet::new());
    for source in sources {
        match source {
            Source::StandardInput if !seen.insert(PathBuf::from("-")) => {}
            Source::StandardInput => {
                let shown = Path::new(STANDARD_INPUT);
                reading.add(shown, text_of(std::io::stdin().lock(), shown));
            }
            Source::Path(path) if path.is_dir() => {
                let (files, problems) = files::below(path);
                unread.extend(problems);
                for file in files.into_iter().filter(|file| seen.insert(file.clone())) {
                    reading.add(&file, text(&file, &file));
                }
            }
            Source::Path(path) if !seen.insert(path.clone()) => {}
            Source::Path(path) => reading.add(path, text(path, path)),
        }
    }
    let Reading { given, mut problems, .. } = reading;
    problems.extend(unread);
    if problems.errors() > 0 {
        return Err(problems);
    }
    if given.is_empty() {
        let what = "no entry stands there; one has `kind`, `name` and `spec`";
        let first = match sources.first() {
            Some(Source::Path(path)) => path,
            _ => Path::new(STANDARD_INPUT),
        };
        return Err(Problem::error(first, None, "", what).into());
    }
    Ok(given)
}

/// The one entry of a text in YAML; what was read of it may stand there too. The error names the line where it knows it.
pub(crate) fn entry_of(text: &str) -> Result<Document, (Option<usize>, String)> {
    let mut located = parse("yaml", text)?;
    let (Some(Located { value, .. }), true) = (located.pop(), located.is_empty()) else {
        return Err((None, format!("there must be one entry, not {}", located.len() + 1)));
    };
    let named = named(value, &Tenancy::default());
    named.map(|(_, document)| document).map_err(|(field, what)| match field.as_str() {
        "" => (None, what),
        field => (None, format!("{field}: {what}")),
    })
}

/// What was read so far.
struct Reading<'a> {
    home: &'a Tenancy,
    purpose: Purpose,
    given: Vec<Given>,
    problems: Problems,
    places: BTreeMap<Key, String>,
    /// Bytes.
    total: usize,
}

impl<'a> Reading<'a> {
    fn of(home: &'a Tenancy, purpose: Purpose) -> Self {
        let (given, problems, places) = (Vec::new(), Problems::default(), BTreeMap::new());
        Self { home, purpose, given, problems, places, total: 0 }
    }

    fn add(&mut self, shown: &Path, text: Result<String, Problem>) {
        let located = text.and_then(|text| {
            self.total += text.len();
            if self.total > MOST_TOTAL {
                let what = format!(
                    "comes after more than {MOST_TOTAL} bytes, the most that are read at once: do it in parts"
                );
                return Err(Problem::error(shown, None, "", what));
            }
            documents(shown, &text)
        });
        match located {
            Err(problem) => self.problems.push(problem),
            Ok(located) => {
                for one in located {
                    self.take(shown, one);
                }
            }
        }
    }

    fn take(&mut self, shown: &Path, Located { line, value }: Located) {
        let problem = |field: &str, what: String| Problem::error(shown, Some(line), field, what);
        let (key, document) = match self.entry(value) {
            Ok(entry) => entry,
            Err((field, what)) => return self.problems.push(problem(&field, what)),
        };
        let given = Given { file: shown.into(), line, document };
        if let Some(first) = self.places.get(&key) {
            let what = format!("{key} is given in {first} too; keep one of them");
            return self.problems.push(problem("name", what));
        }
        self.places.insert(key, given.to_string());
        self.given.push(given);
    }

    fn entry(&self, value: Value) -> Result<(Key, Document), Wrong> {
        match self.purpose {
            Purpose::Name => named(value, self.home),
            Purpose::Write => checked(value, self.home).map(|Checked { key, document, .. }| (key, document)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Told(Result<Vec<Given>, Vec<String>>);

    fn read(files: &[(&str, &str)], named: &[&str], purpose: Purpose) -> Told {
        let root = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = root.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let sources: Vec<_> = named.iter().map(|name| Source::Path(root.path().join(name))).collect();
        let home = Tenancy::new("default", "shop");
        let shown = |problem: &Problem| problem.text().replace(&format!("{}/", root.path().display()), "");
        Told(
            given(&sources, &home, purpose)
                .map_err(|problems| problems.sorted().iter().map(shown).collect::<Vec<_>>()),
        )
    }

    const A: &str = "kind: site\nname: a\nspec: {}\n";

    #[test]
    fn entries_come_in_the_order_of_the_sources_and_lie_where_they_say_or_at_home() {
        let two = "kind: site\nname: b\nnamespace: default\nspec: {}\n---\nkind: site\nname: c\nspec: {}\n";
        let files =
            [("z.yaml", A), ("more/b.yaml", two), ("more/.hidden.yaml", "broken: ["), ("more/x.md", "")];
        let given = read(&files, &["z.yaml", "more", "z.yaml"], Purpose::Write).0.unwrap();
        let place = |one: &Given| (one.document.name.clone(), one.document.namespace.clone(), one.line);
        let told: Vec<_> = given.iter().map(place).collect();
        // Default parts are left out.
        let wanted = [("a", Some("shop"), 1), ("b", None, 1), ("c", Some("shop"), 6)];
        assert_eq!(told, wanted.map(|(name, home, line)| (name.to_owned(), home.map(str::to_owned), line)));
    }

    #[test]
    fn every_mistake_of_every_file_is_told_and_nothing_is_given() {
        let files = [
            ("a.yaml", A),
            ("again.yaml", A),
            ("broken.yaml", "kind: [\n"),
            ("field.yaml", "kind: site\nname: d\nspce: {}\n"),
            ("name.json", r#"{"kind": "Site", "name": "a", "spec": {}}"#),
            ("status.toml", "kind = \"site\"\nname = \"e\"\nspec = {}\nstatus = {}\n"),
        ];
        let told = read(&files, &[".", "missing.yaml"], Purpose::Write).0.unwrap_err();
        let starts = [
            "again.yaml:1: name: site/a in default/shop is given in ",
            "broken.yaml:",
            "field.yaml:1: spce: is not a field here; known are kind, name, namespace, partition, labels, owners, finalizers, spec, status, meta; did you mean `spec`?",
            "missing.yaml: cannot be read: ",
            "name.json:1: kind: ",
            "status.toml:1: status: site/e in default/shop: status cannot be given: it is written by controllers; leave it out",
        ];
        let told: Vec<_> = told.iter().map(|line| line.trim_start_matches("./")).collect();
        assert_eq!(told.len(), starts.len(), "{told:#?}");
        for (line, start) in told.iter().zip(starts) {
            assert!(line.starts_with(start), "{line} does not begin with {start}");
        }
    }

    #[test]
    fn what_only_names_an_entry_may_say_what_was_read_of_it() {
        let text = format!("{A}status: {{}}\nfinalizers: [f]\n");
        let files = [("a.yaml", text.as_str())];
        assert!(read(&files, &["a.yaml"], Purpose::Write).0.is_err());
        assert_eq!(read(&files, &["a.yaml"], Purpose::Name).0.unwrap().len(), 1);
        let wrong = [("a.yaml", "kind: site\nname: ..\nspec: {}\n")];
        let told = read(&wrong, &["a.yaml"], Purpose::Name).0.unwrap_err();
        assert!(told[0].starts_with("a.yaml:1: name: "), "{told:?}");
    }

    #[test]
    fn a_source_without_an_entry_is_an_error() {
        for text in ["", "# only words\n---\n"] {
            let told = read(&[("a.yaml", text)], &["a.yaml"], Purpose::Write).0.unwrap_err();
            assert_eq!(told, ["a.yaml: no entry stands there; one has `kind`, `name` and `spec`"]);
        }
    }

    #[test]
    fn addresses_are_not_fetched() {
        assert_eq!(Source::parse("-"), Ok(Source::StandardInput));
        assert!(Source::parse("https://example.org/a.yaml").unwrap_err().contains("curl"));
        assert!(Source::parse("").is_err());
    }
}
