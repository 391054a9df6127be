//! That the table, the reader, the schema and the reference page say the same.

use std::path::{Path, PathBuf};

use jsonschema::Validator;
use serde_json::Value;

use super::super::Above;
use super::super::parse::Parsed;
use super::super::tests::{OF_CONSUL, OF_ETCD, WHOLE, WRONG, parsed};
use super::*;
use crate::documents::toml_value;

fn tables(table: &'static Table, found: &mut Vec<&'static Table>) {
    found.push(table);
    for setting in table.settings {
        if let Shape::Table(inner) | Shape::Tables(inner) | Shape::TextOr(inner) = setting.shape {
            tables(inner, found);
        }
    }
}

fn all() -> Vec<&'static Table> {
    let mut found = Vec::new();
    tables(&ROOT, &mut found);
    found
}

fn value(text: &str) -> Value {
    toml_value(toml::de::DeValue::Table(toml::de::DeTable::parse(text).unwrap().into_inner())).unwrap()
}

fn validator() -> Validator {
    jsonschema::options().build(&schema(&ROOT)).unwrap()
}

/// The reader panics on a field that the table does not have, and at the end of a table in which it left out one that the table has. Every table is in one of the files here, so all
/// of them are read.
#[test]
fn the_reader_takes_what_is_documented_and_nothing_else() {
    let mut noted = Vec::new();
    for text in [WHOLE, OF_ETCD, OF_CONSUL] {
        let Parsed { problems, effective, .. } = parsed(text, &Above::default());
        assert_eq!(problems.sorted(), []);
        noted.extend(effective);
    }
    for table in all() {
        for setting in table.settings {
            let is_value = !matches!(setting.shape, Shape::Table(_) | Shape::Tables(_) | Shape::TextOr(_));
            let is_noted = noted.iter().any(|one| one.path.rsplit('.').next() == Some(setting.name));
            assert!(!is_value || is_noted, "{} is never read", setting.name);
        }
    }
}

#[test]
fn each_setting_says_what_it_is_and_has_an_example_and_a_default_of_its_shape() {
    for table in all() {
        assert!(table.doc.ends_with('.'), "{}", table.doc);
        for setting in table.settings {
            assert!(setting.doc.ends_with('.'), "{}: {}", setting.name, setting.doc);
            let of_shape =
                jsonschema::options().build(&Value::Object(schema::shape(&setting.shape))).unwrap();
            let default = match setting.presence {
                Presence::Default(text) => Some(text),
                _ => None,
            };
            for text in default.into_iter().chain([setting.example]) {
                let value = value(&format!("it = {text}"))["it"].clone();
                assert!(of_shape.is_valid(&value), "{}: {text}", setting.name);
                assert!(Some(setting.example) != default, "{}: the example is another value", setting.name);
            }
        }
    }
}

#[test]
fn the_schema_takes_what_the_reader_takes() {
    let mut texts = vec![WHOLE.to_owned(), OF_ETCD.to_owned(), OF_CONSUL.to_owned(), String::new()];
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/sites/trimtab.toml");
    texts.push(std::fs::read_to_string(example).unwrap());
    for text in texts {
        let errors: Vec<_> = validator().iter_errors(&value(&text)).map(|error| error.to_string()).collect();
        assert_eq!(errors, [""; 0], "{text}");
        assert_eq!(parsed(&text, &Above::default()).problems.errors(), 0, "{text}");
    }
}

#[test]
fn the_schema_refuses_what_the_reader_refuses() {
    for (text, _) in WRONG {
        assert!(!validator().is_valid(&value(text)), "{text}");
    }
}

/// What is made, and where it is kept.
fn made() -> [(PathBuf, String); 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let file = root.join("../../docs/book/src/reference/file.md");
    let around = std::fs::read_to_string(&file)
        .unwrap_or_else(|_| format!("# The file `trimtab.toml`\n\n{BEGIN}{END}"));
    let (before, rest) = around.split_once(BEGIN).expect("the page has a line where what is made begins");
    let (_, after) = rest.split_once(END).expect("the page has a line where it ends");
    [
        (root.join("schema/trimtab.toml.json"), format!("{:#}\n", schema(&ROOT))),
        (file, format!("{before}{BEGIN}\n{}\n{END}{after}", page(&ROOT))),
    ]
}

#[test]
fn the_schema_and_the_reference_page_are_those_of_the_settings() {
    for (path, text) in made() {
        if std::env::var_os("UPDATE").is_some_and(|set| !set.is_empty()) {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &text).unwrap();
        }
        assert!(
            std::fs::read_to_string(&path).is_ok_and(|kept| kept == text),
            "{} is not what the settings say; run `UPDATE=1 cargo test -p trimtab-cli --lib settings` and look at what changed",
            path.display()
        );
    }
}
