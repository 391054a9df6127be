//! Label selectors: what is read prints and reads again as itself, and holds when a naive model says so.

use trimtab_store::Selector;

const LABELS: [(&str, &str); 4] =
    [("tier", "web"), ("in", "side"), ("example.com/zone", "north"), ("größe", "xl")];
const NAMES: [&str; 6] = ["tier", "in", "notin", "example.com/zone", "größe", "absent"];
const VALUES: [&str; 6] = ["web", "side", "north", "xl", "in", "a_b-c.d"];

/// Reads the bytes as a selector, and makes one of them that is known to be right.
///
/// # Panics
/// When a property does not hold.
pub fn selector(bytes: &[u8]) {
    if let Ok(text) = std::str::from_utf8(bytes) {
        as_text(text);
    }
    as_model(bytes);
}

fn of(name: &str) -> Option<&'static str> {
    LABELS.iter().find(|(label, _)| *label == name).map(|(_, value)| *value)
}

fn as_text(text: &str) {
    match text.parse::<Selector>() {
        Ok(selector) => {
            let shown = selector.to_string();
            let again: Selector =
                shown.parse().unwrap_or_else(|error| panic!("{text:?} shown as {shown:?}: {error}"));
            assert_eq!(again, selector, "{text:?} shown as {shown:?}");
            assert_eq!(again.matches(of), selector.matches(of), "{text:?}");
        }
        Err(error) => {
            let characters = text.chars().count();
            assert!((1..=characters + 1).contains(&error.at), "{text:?}: {error}");
        }
    }
}

/// Four bytes a requirement: its form, its label, and two values.
fn as_model(bytes: &[u8]) {
    let (mut texts, mut holds) = (Vec::new(), true);
    for four in bytes.chunks_exact(4).take(8) {
        let pick = |list: [&'static str; 6], byte: u8| list[usize::from(byte) % list.len()];
        let (name, one, two) = (pick(NAMES, four[1]), pick(VALUES, four[2]), pick(VALUES, four[3]));
        let value = of(name);
        let (text, one_holds) = match four[0] % 7 {
            0 => (format!("{name}={one}"), value == Some(one)),
            1 => (format!(" {name} == {one} "), value == Some(one)),
            2 => (format!("{name}!={one}"), value != Some(one)),
            3 => (name.to_owned(), value.is_some()),
            4 => (format!("! {name}"), value.is_none()),
            5 => (format!("{name} in ({one}, {two})"), value == Some(one) || value == Some(two)),
            _ => (format!("{name} notin({one},{two})"), value != Some(one) && value != Some(two)),
        };
        texts.push(text);
        holds &= one_holds;
    }
    let text = texts.join(",");
    let selector: Selector = text.parse().unwrap_or_else(|error| panic!("{text:?}: {error}"));
    assert_eq!(selector.matches(of), holds, "{text:?}");
}
