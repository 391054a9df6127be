//! Integers of a text in YAML that were rounded.
//!
//! The library tells a number and not its digits. So they are looked for in the text: a word that has too many of them and reads as one of the doubles that came out is
//! what was rounded. It is looked for in texts of several words too, where it may be no number, but only where such a double came out.

use std::collections::BTreeSet;

use serde_json::Value;
use trimtab::store::rounded;

/// The first number of the text that these values do not hold as it is written, and its line.
pub(super) fn rounded_in<'a>(text: &'a str, values: &[&Value]) -> Option<(usize, &'a str)> {
    let mut doubles = BTreeSet::new();
    for value in values {
        gather(value, &mut doubles);
    }
    if doubles.is_empty() {
        return None;
    }
    let is_one = |word: &&str| word.parse::<f64>().is_ok_and(|read| doubles.contains(&read.to_bits()));
    (1..).zip(text.lines()).find_map(|(number, line)| {
        let words =
            without_comment(line).split(|letter: char| letter.is_whitespace() || "[]{},:".contains(letter));
        let mut inexact = words.filter(|word| is_integer(word) && rounded(word).next() == Some(word));
        Some((number, inexact.find(is_one)?))
    })
}

/// That the last digits of a decimal are rounded is what everybody expects of a decimal; of an integer, which may be somebody's number, nobody does.
pub(super) fn is_integer(number: &str) -> bool {
    !number.contains(['.', 'e', 'E'])
}

/// A mark behind a quote may be text.
fn without_comment(line: &str) -> &str {
    match line.find(" #") {
        _ if line.trim_start().starts_with('#') => "",
        Some(at) if !line[..at].contains(['"', '\'']) => &line[..at],
        _ => line,
    }
}

fn gather(value: &Value, doubles: &mut BTreeSet<u64>) {
    match value {
        Value::Number(number) if number.is_f64() => doubles.extend(number.as_f64().map(f64::to_bits)),
        Value::Array(items) => items.iter().for_each(|item| gather(item, doubles)),
        Value::Object(fields) => fields.values().for_each(|field| gather(field, doubles)),
        _ => {}
    }
}
