//! The JSON Schemas of kinds: what every spec must match, whoever writes it.
//!
//! A schema that is looked at only when files are applied lets everybody else write what no reconciler understands. So it is a rule of the store's door; files are
//! checked by it too, so that `trimtab check` tells the line.

use std::collections::BTreeMap;
use std::sync::Arc;

use jsonschema::Validator;
use serde_json::Value;
use trimtab::backend::Invalid;
use trimtab::store::Entry;

use crate::config::{Config, Problem, Problems, SchemaFile};

/// The largest file that is read: 1 MiB.
const MOST_BYTES: u64 = 1 << 20;
/// So many mismatches are told of one spec.
const MOST_TOLD: usize = 3;

/// The schemas of a file's kinds. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Schemas(Arc<BTreeMap<String, Schema>>);

struct Schema {
    /// The file, as messages name it.
    shown: String,
    validator: Validator,
}

impl Schemas {
    /// Reads every schema that the file names, and tells those that cannot be used.
    pub(crate) fn load(config: &Config) -> (Self, Problems) {
        let (mut schemas, mut problems) = (BTreeMap::new(), Problems::default());
        for (kind, declared) in &config.kinds {
            let Some(file) = &declared.schema else { continue };
            let shown = file.path.strip_prefix(&config.folder).unwrap_or(&file.path).display().to_string();
            match validator(file) {
                Ok(validator) => {
                    schemas.insert(kind.clone(), Schema { shown, validator });
                }
                Err(what) => {
                    let what = format!("{shown} {what}");
                    problems.push(Problem::error(&config.file, Some(file.line), &file.field, what));
                }
            }
        }
        (Self(Arc::new(schemas)), problems)
    }

    /// Whether a spec is as the schema of its kind wants it. The error names the JSON pointer and what is allowed there.
    pub(crate) fn check(&self, kind: &str, spec: &Value) -> Result<(), Invalid> {
        let Some(Schema { shown, validator }) = self.0.get(kind) else { return Ok(()) };
        let mut errors = validator.iter_errors(spec).peekable();
        if errors.peek().is_none() {
            return Ok(());
        }
        let told = errors.by_ref().take(MOST_TOLD).map(|error| {
            let place = match error.instance_path().as_str() {
                "" => "the whole".to_owned(),
                pointer => format!("`{pointer}`"),
            };
            format!("{place}: {}", error.masked_with("what stands there"))
        });
        let told = told.collect::<Vec<_>>().join("; ");
        let more = if errors.next().is_some() { "; and more" } else { "" };
        Err(Invalid::new("spec", format!("does not match {shown}: {told}{more}")))
    }

    /// The same of an entry: the rule for the store's door.
    pub(crate) fn rule(&self) -> impl Fn(&Entry) -> Result<(), Invalid> + Send + Sync + 'static {
        let schemas = self.clone();
        move |entry| match entry.spec_value() {
            Ok(spec) => schemas.check(entry.kind(), &spec),
            Err(error) => Err(Invalid::new("spec", error.to_string())),
        }
    }
}

fn validator(file: &SchemaFile) -> Result<Validator, String> {
    let size = std::fs::metadata(&file.path).map_err(|error| format!("cannot be read: {error}"))?.len();
    if size > MOST_BYTES {
        return Err(format!("is {size} bytes long; at most {MOST_BYTES} are read"));
    }
    let text = std::fs::read_to_string(&file.path).map_err(|error| format!("cannot be read: {error}"))?;
    let schema: Value = serde_json::from_str(&text).map_err(|error| format!("is not JSON: {error}"))?;
    // Nothing is fetched: neither from the network nor from other files.
    jsonschema::options().build(&schema).map_err(|error| {
        let place = error.instance_path().as_str().to_owned();
        format!("is not a JSON Schema that can be used: `{place}`: {error}")
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::config::{Above, load};

    fn schemas(schema: &str) -> (Schemas, Vec<String>) {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("trimtab.toml", "[[kind]]\nname = \"site\"\nschema = \"site.json\"\n");
        write("site.json", schema);
        let loaded = load(Path::new(folder.path()), &Above::default()).unwrap();
        let (schemas, problems) = Schemas::load(&loaded.config);
        (
            schemas,
            problems
                .sorted()
                .iter()
                .map(|problem| problem.text().replace(&folder.path().display().to_string(), "D"))
                .collect(),
        )
    }

    #[test]
    fn a_spec_that_does_not_match_is_told_with_its_pointer_and_what_is_allowed() {
        let (schemas, problems) = schemas(
            r#"{"type": "object", "properties": {"port": {"type": "integer", "maximum": 65535}}, "required": ["root"]}"#,
        );
        assert_eq!(problems, [""; 0]);
        assert_eq!(schemas.check("site", &json!({ "port": 80, "root": "/" })), Ok(()));
        assert_eq!(schemas.check("other", &json!({ "port": "x" })), Ok(()));
        let refused = schemas.check("site", &json!({ "port": "http" })).unwrap_err().to_string();
        for wanted in [
            "spec does not match site.json: ",
            "`/port`: what stands there is not of type \"integer\"",
            "the whole: \"root\" is a required property",
        ] {
            assert!(refused.contains(wanted), "{wanted} is not in {refused}");
        }
    }

    #[test]
    fn a_file_that_holds_no_usable_schema_is_told_with_the_line_that_names_it() {
        for (schema, wanted) in [
            ("{", "site.json is not JSON: "),
            (r#"{"type": "whatever"}"#, "site.json is not a JSON Schema that can be used: `/type`: "),
            (
                r#"{"$ref": "https://example.org/other.json"}"#,
                "site.json is not a JSON Schema that can be used: ",
            ),
        ] {
            let (_, problems) = schemas(schema);
            assert_eq!(problems.len(), 1, "{problems:?}");
            let start = format!("D/trimtab.toml:3: kind[0].schema: {wanted}");
            assert!(problems[0].starts_with(&start), "{problems:?}");
        }
    }
}
