//! From a file to the JSON values of its documents, each with the line it begins at.
//!
//! The three forms give the same values. YAML is read without its surprises: `no` and `yes` are texts, as are `007` and `1_000`; a key that occurs
//! twice, an unknown tag or a name of an alias without end is an error, and so is an integer with more digits than are kept: it is not rounded in silence.

use std::io::Read;
use std::path::Path;

use serde_json::Value;
use trimtab::store::{Document, rounded};
use trimtab_polyglot::Unique;

use super::doubles::{is_integer, rounded_in};
use super::shape;
use crate::config::Problem;

/// The largest file of entries that is read: 16 MiB.
const MOST_BYTES: u64 = 16 << 20;

/// One document of a file.
#[derive(Debug, PartialEq)]
pub(crate) struct Located {
    /// The line it begins at, from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// Whether a file of this name is read at all: by its ending, and neither hidden nor an editor's leftover.
pub(crate) fn is_document(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    !name.starts_with('.') && matches!(extension(path), "yaml" | "yml" | "json" | "toml")
}

fn extension(path: &Path) -> &str {
    path.extension().and_then(|extension| extension.to_str()).unwrap_or_default()
}

/// The text of a file. `shown` is how messages name it.
pub(crate) fn text(path: &Path, shown: &Path) -> Result<String, Problem> {
    let file = std::fs::File::open(path)
        .map_err(|error| Problem::error(shown, None, "", format!("cannot be read: {error}")))?;
    text_of(file, shown)
}

/// The text of whatever can be read: of a pipe nobody knows the length before its end.
pub(super) fn text_of(reader: impl Read, shown: &Path) -> Result<String, Problem> {
    let problem = |what: String| Problem::error(shown, None, "", what);
    let mut bytes = Vec::new();
    let read = reader.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    read.map_err(|error| problem(format!("cannot be read: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(problem(format!(
            "is longer than {MOST_BYTES} bytes, the most that are read: part it into several files"
        )));
    }
    String::from_utf8(bytes).map_err(|_| problem("is not UTF-8 text".into()))
}

/// Every document of a file's text.
pub(crate) fn documents(shown: &Path, text: &str) -> Result<Vec<Located>, Problem> {
    let form = match extension(shown) {
        form @ ("yaml" | "yml" | "json" | "toml") => form,
        _ => form_of(text),
    };
    parse(form, text).map_err(|(line, what)| Problem::error(shown, line, "", what))
}

/// The form of a text whose name does not say it: JSON begins with a brace and a quote, TOML with a table or `name =`; all else is YAML.
fn form_of(text: &str) -> &'static str {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let first = lines.next().unwrap_or_default();
    let is_name = |text: &str| {
        !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "-_.\"' ".contains(c))
    };
    if let Some(inside) = first.strip_prefix('{') {
        let next = inside.trim_start().chars().next().or_else(|| lines.next()?.chars().next());
        return if matches!(next, Some('"' | '}')) { "json" } else { "yaml" };
    }
    let table = first.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if table.is_some_and(is_name) || first.split_once('=').is_some_and(|(name, _)| is_name(name)) {
        return "toml";
    }
    if first.starts_with('[') { "json" } else { "yaml" }
}

/// The entries of a text in the form that an ending names; the first that is none is the error.
pub(crate) fn entries(ending: &str, text: &str) -> Result<Vec<Document>, String> {
    let located = parse(ending, text).map_err(|(_, what)| what)?;
    let entry = |one: Located| match shape::wrong(&one.value) {
        Some((field, what)) => Err(format!("{field}: {what}")),
        None => serde_json::from_value(one.value).map_err(|error| error.to_string()),
    };
    located.into_iter().map(entry).collect()
}

type Wrong = (Option<usize>, String);

/// Reads every document of a text in the form that an ending names.
pub(crate) fn parse(extension: &str, text: &str) -> Result<Vec<Located>, Wrong> {
    match extension {
        "json" => json(text),
        "toml" => toml(text),
        _ => yaml(text),
    }
}

fn json(text: &str) -> Result<Vec<Located>, Wrong> {
    let mut documents = Vec::new();
    let mut stream = serde_json::Deserializer::from_str(text).into_iter::<Unique>();
    let line_at = |at: usize| {
        let blank = text[at..].len() - text[at..].trim_start().len();
        1 + text[..at + blank].matches('\n').count()
    };
    let mut start = 0;
    while let Some(document) = stream.next() {
        let Unique(value) = document.map_err(|error| (Some(error.line()), tidy(&error.to_string())))?;
        documents.push(Located { line: line_at(start), value });
        start = stream.byte_offset();
    }
    match rounded(text).find(|number| is_integer(number)) {
        // It is a part of the text: the distance of their addresses is where it stands.
        Some(number) => Err((Some(line_at(number.as_ptr().addr() - text.as_ptr().addr())), inexact(number))),
        None => Ok(documents),
    }
}

/// A number that would be rounded.
fn inexact(number: &str) -> String {
    let shown: String = number.chars().take(60).collect();
    let kept = number.parse().ok().and_then(serde_json::Number::from_f64);
    let kept = kept.map(|kept| format!(", or write {kept}")).unwrap_or_default();
    format!("the number {shown} has more digits than are kept: put it in quotes{kept}")
}

/// Both libraries end their messages with the place, which is told apart already.
fn tidy(message: &str) -> String {
    message.rsplit_once(" at line ").map_or(message, |(what, _)| what).to_owned()
}

fn toml(text: &str) -> Result<Vec<Located>, Wrong> {
    let table = toml::de::DeTable::parse(text).map_err(|error| {
        let line = error.span().map(|span| 1 + text[..span.start].matches('\n').count());
        (line, error.message().replace('\n', ", "))
    })?;
    let value = toml_value(toml::de::DeValue::Table(table.into_inner())).map_err(|what| (None, what))?;
    Ok(vec![Located { line: 1, value }])
}

/// A value of TOML as one of JSON. Dates become texts.
pub(crate) fn toml_value(value: toml::de::DeValue<'_>) -> Result<Value, String> {
    use toml::de::DeValue;
    Ok(match value {
        DeValue::String(text) => Value::String(text.into_owned()),
        DeValue::Integer(number) => {
            let read = i64::from_str_radix(number.as_str(), number.radix());
            read.map_err(|_| format!("the number {} does not fit 64 bits", number.as_str()))?.into()
        }
        DeValue::Float(number) => {
            let read = number.as_str().parse::<f64>().ok().and_then(serde_json::Number::from_f64);
            Value::Number(
                read.ok_or_else(|| format!("the number {} cannot be kept as JSON", number.as_str()))?,
            )
        }
        DeValue::Boolean(flag) => Value::Bool(flag),
        DeValue::Datetime(date) => Value::String(date.to_string()),
        DeValue::Array(items) => Value::Array(
            items.into_iter().map(|item| toml_value(item.into_inner())).collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => {
            let fields = table
                .into_iter()
                .map(|(name, value)| Ok((name.into_inner().into_owned(), toml_value(value.into_inner())?)));
            Value::Object(fields.collect::<Result<_, String>>()?)
        }
    })
}

fn yaml(text: &str) -> Result<Vec<Located>, Wrong> {
    let mut options = serde_saphyr::Options::default();
    options.strict_booleans = true;
    options.leading_zero_numbers_as_strings = true;
    options.underscored_numbers_as_strings = true;
    options.reject_unsupported_tags = true;
    options.with_snippet = false;
    // Far more than the library's 1,024; its other bounds are those of nodes, and of what aliases make of them.
    options.budget = serde_saphyr::budget! { max_documents: 100_000 };
    let documents: Vec<serde_saphyr::Spanned<Value>> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| {
            let line = error.location().and_then(|location| usize::try_from(location.line()).ok());
            (line, yaml_words(&error.to_string()))
        })?;
    let values: Vec<&Value> = documents.iter().map(|document| &document.value).collect();
    if let Some((line, number)) = rounded_in(text, &values) {
        return Err((Some(line), inexact(number)));
    }
    let located = documents.into_iter().filter(|document| !document.value.is_null()).map(|document| {
        Located { line: usize::try_from(document.defined.line()).unwrap_or(1), value: document.value }
    });
    Ok(located.collect())
}

/// The library's message in words for whoever wrote the file.
fn yaml_words(message: &str) -> String {
    let what = tidy(message).replace(", set DuplicateKeyPolicy in Options if acceptable", "");
    match what.strip_prefix("budget breached: ") {
        Some(bound) => format!("is more than is read of one file ({bound}): part it into several files"),
        None => what,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_three_forms_give_the_same_value() {
        let wanted =
            json!({"kind": "site", "name": "blog", "spec": {"port": 80, "names": ["a", "b"], "on": true}});
        let yaml = "kind: site\nname: blog\nspec:\n  port: 80\n  names: [a, b]\n  on: true\n";
        let toml = "kind = \"site\"\nname = \"blog\"\n[spec]\nport = 80\nnames = [\"a\", \"b\"]\non = true\n";
        for (form, text) in
            [("yaml", yaml.to_owned()), ("toml", toml.to_owned()), ("json", wanted.to_string())]
        {
            assert_eq!(parse(form, &text), Ok(vec![Located { line: 1, value: wanted.clone() }]), "{form}");
        }
    }

    #[test]
    fn a_yaml_or_json_file_holds_many_documents_and_each_knows_its_line() {
        let lines =
            |form, text| parse(form, text).unwrap().iter().map(|document| document.line).collect::<Vec<_>>();
        assert_eq!(lines("yaml", "a: 1\n---\n\nb: 2\n---\n"), [1, 4]);
        assert_eq!(lines("json", "{\"a\": 1}\n\n{\"b\": 2}\n"), [1, 3]);
    }

    #[test]
    fn the_form_of_a_text_without_an_ending_is_seen_from_its_beginning() {
        for (text, wanted) in [
            ("# sites\nkind: site\n", "yaml"),
            ("--- {kind: site}\n", "yaml"),
            ("{kind: site, name: a}", "yaml"),
            ("{\"kind\": \"site\"}\n{}", "json"),
            ("{\n  \"kind\": \"site\"}", "json"),
            ("[{}]", "json"),
            ("# sites\n\nkind = \"site\"\n", "toml"),
            ("[spec]\n", "toml"),
            ("note: a = b\n", "yaml"),
            ("", "yaml"),
        ] {
            assert_eq!(form_of(text), wanted, "{text}");
        }
    }

    #[test]
    fn thousands_of_documents_are_read_and_aliases_that_multiply_are_refused() {
        let text = "---\na: 1\n".repeat(3000);
        assert_eq!(parse("yaml", &text).map(|documents| documents.len()), Ok(3000));
        let levels =
            (1..9).map(|n| format!("a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 10].join(", ")));
        let laughs = format!("a0: &a0 x\n{}", levels.collect::<String>());
        assert!(parse("yaml", &laughs).is_err());
    }

    #[test]
    fn yaml_has_no_surprises() {
        let read = |text: &str| parse("yaml", text).map(|mut documents| documents.remove(0).value);
        let wanted = json!({"country": "no", "zip": "007", "big": "1_000", "answer": "yes", "n": 10});
        assert_eq!(read("country: no\nzip: 007\nbig: 1_000\nanswer: yes\nn: 10\n"), Ok(wanted));
        assert!(read("a: !secret b\n").is_err(), "an unknown tag");
        for number in [".inf", ".nan", "1e999"] {
            assert!(read(&format!("a: {number}\n")).unwrap_err().1.contains("non-finite"), "{number}");
        }
    }

    #[test]
    fn a_key_that_occurs_twice_is_an_error_with_its_line_in_every_form() {
        for (form, text) in [
            ("yaml", "a: 1\nb: 2\na: 3\n"),
            ("json", "{\"a\": 1,\n\"b\": 2,\n\"a\": 3}"),
            ("toml", "a = 1\nb = 2\na = 3\n"),
        ] {
            let (line, what) = parse(form, text).unwrap_err();
            assert_eq!(line, Some(3), "{form}: {what}");
            assert!(what.contains("duplicate"), "{form}: {what}");
        }
    }

    #[test]
    fn a_number_that_would_be_rounded_is_an_error_with_its_line_in_every_form() {
        for number in ["123456789012345678901234567890", "-18446744073709551616"] {
            for (form, text) in [
                ("yaml", format!("a: 0.5\nb: {{c: [1, \"\u{65e5}{number}\", {number}]}}\n")),
                ("yaml", format!("\u{feff}# a\na: &x {number}\n---\na: 1\n").replace("# a", "")),
                ("yaml", format!("{{\"a\":'{number}',\n\"b\":{number}}}")),
                ("json", format!("{{\"a\": \"{number}\",\n\"b\": [{number}]}}")),
                ("toml", format!("a = 1\nb = {number}")),
            ] {
                let (line, what) = parse(form, &text).expect_err(&text);
                let fits = form == "toml";
                assert!(
                    fits || what.contains(&format!("the number {number} has more digits")),
                    "{form}: {what}"
                );
                assert!(form == "toml" || line == Some(2), "{form}: {line:?}");
            }
        }
        let kept =
            "a: [1.50, 1e3, -0.0, +.5, 1., 18446744073709551615, 0x1f, '0.1000000000000000055']\n---\n0.5\n";
        let beside = "# 0.1000000000000000055\na: 0.1 # 0.1000000000000000055\nb: '0.1000000000000000055'\n";
        for text in [kept, beside] {
            assert!(parse("yaml", text).is_ok(), "{:?}", parse("yaml", text));
        }
    }

    #[test]
    fn hidden_files_and_other_endings_are_passed_over() {
        let is = |name: &str| is_document(Path::new(name));
        assert!(is("a.yaml") && is("b/a.yml") && is("a.json") && is("a.toml"));
        assert!(!is(".a.yaml.swp") && !is(".a.yaml") && !is("a.yaml~") && !is("README.md") && !is("yaml"));
    }
}
